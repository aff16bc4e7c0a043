"""Headless Chromium with the network cut: opens pages from disk and notes what goes wrong."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, Route, sync_playwright

ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
PATIENCE_MS = 30_000
"""How long anything is waited for: far longer than a busy machine takes."""


@dataclass
class Visit:
    """A page under test, the requests it made beyond its file, and the errors it raised."""

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def run(self, script: str) -> object:
        """Evaluate an expression in the page."""
        return self.page.evaluate(script)

    def settle(self) -> None:
        """Let the map come to rest, and draw now what waits for the next frame."""
        self.page.wait_for_function("!page.map?._panAnim?._inProgress")
        self.page.evaluate("page.refreshNow()")

    def card(self, text: str = "") -> str:
        """Text of the card that is open, once it is the one that holds a text."""
        card = self.page.locator(".leaflet-popup-content", has_text=text)
        card.wait_for()
        return card.inner_text()

    def texts(self, selector: str) -> list[str]:
        """Text of every visible element that matches."""
        return [e.inner_text() for e in self.page.query_selector_all(selector) if e.is_visible()]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a browser."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "the browser tests need Chromium: sudo apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def visit(browser: Browser, file: Path, *, width: int = 1440, height: int = 900) -> Iterator[Visit]:
    """Open a page from disk without a network, once it says that it is ready."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="fr-FR", offline=True
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    seen = Visit(page)

    def gate(route: Route) -> None:
        if route.request.url == file.as_uri():
            route.continue_()
        else:
            seen.requests.append(route.request.url)
            route.abort()

    page.route("**/*", gate)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("console", lambda m: seen.errors.append(m.text) if m.type == "error" else None)
    page.on("dialog", lambda dialog: (seen.errors.append(dialog.message), dialog.dismiss()))
    page.goto(file.as_uri())
    page.wait_for_selector("body[data-ready=yes]")
    seen.settle()
    yield seen
    context.close()


AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = {"serious", "critical"}


def findings(seen: Visit) -> list[str]:
    """Serious and critical findings of axe-core on the page as it stands."""
    assert AXE.is_file(), "axe-core is missing: run `make install` to fetch it"
    seen.page.evaluate(AXE.read_text(encoding="utf-8"))
    result = seen.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{found['id']} ({found['impact']}): {node['target']} {node['html'][:160]}"
        for found in result["violations"]
        if found["impact"] in GRAVE
        for node in found["nodes"]
    ]
