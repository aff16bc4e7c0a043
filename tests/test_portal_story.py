"""The whole story in headless Chromium, on the portal as `eit serve` runs it.

Two browsers are open at once: in one those who steer, in the other firms and the manager of a
park. One firm has a telephone, the other a browser without scripts. Alpha gives 70 t of offcuts
that Beta takes; Alpha pays 60 €/t to be rid of them, Beta 40 €/t to buy them, transport is
free: Alpha would gain 4200 €, Beta 2800 €.
"""

import io
import json
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from python_calamine import CalamineWorkbook
from support.browser import ARGUMENTS, chromium
from support.portal.killing import free_port
from support.portal.town import FILES

SLOW_MS = 60_000
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
PASSWORD = "gaillette-mauve-84-terril"
SQUARE = [[2.79, 50.39], [2.82, 50.39], [2.82, 50.41], [2.79, 50.41], [2.79, 50.39]]
PARK = {
    "type": "Feature",
    "properties": {"park_id": "est", "name": "Parc Est"},
    "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
}
TERRITORY = {
    **{path: text for path, text in FILES.items() if not path.startswith(("declar", "scenario"))},
    "parks.geojson": json.dumps({"type": "FeatureCollection", "features": [PARK]}),
}
HEAD = "declaration_id;site_id;kind;resource;quantity;current_cost_eur_per_unit;confidentiality\n"
ALPHA = (
    HEAD
    + "A1;a1;residue;chutes;-70;60;park\n"  # a quantity below 0: mended on the page
    + "A2;a1;residue;;5;;park\n"  # no resource: mended in the file
    + "A3;a1;need;sable;12;18;park\n"
)
BETA = HEAD + "B1;b1;need;chutes;70;quarante;park\n"  # a cost that is no figure


@dataclass
class Desk:
    """Somebody's browser: what went wrong in it is remembered."""

    context: BrowserContext
    page: Page
    errors: list[str] = field(default_factory=list)
    narrow: bool = False

    @classmethod
    def at(cls, browser: Browser, base: str, **kind) -> "Desk":
        """Open one; everything waits long, since machines may be slow."""
        context = browser.new_context(base_url=base, locale="fr-FR", accept_downloads=True, **kind)
        context.set_default_timeout(SLOW_MS)
        page = context.new_page()
        desk = cls(context, page, narrow=kind.get("is_mobile", False))
        page.on("pageerror", lambda error: desk.errors.append(str(error)))
        page.on("console", lambda m: desk.errors.append(m.text) if m.type == "error" else None)
        return desk

    def go(self, path: str) -> str:
        """Open an address; what its page says."""
        answer = self.page.goto(path)
        assert answer.status == 200, (path, answer.status)
        return self.text()

    def text(self) -> str:
        """What the page says, without the thin spaces within figures; it fits the screen."""
        if self.narrow:
            wide = "document.documentElement.scrollWidth"
            assert self.page.evaluate(wide) <= PHONE["viewport"]["width"], self.page.url
        return re.sub(r"[\u202f\xa0]", " ", self.page.inner_text("body"))

    def send(self, action: str, **fields: str) -> str:
        """Fill the form of an action and send it; what the next page says."""
        form = self.page.locator(f"form[action$='{action}']").first
        for name, value in fields.items():
            form.locator(f"[name={name}]").fill(value)
        form.locator("button").first.click()
        self.page.wait_for_load_state()
        return self.text()

    def join(self, link: str, name: str, email: str = "") -> None:
        """Take an invitation."""
        self.go(link)
        if email:
            self.page.fill("[name=email]", email)
        self.page.fill("[name=name]", name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("main form button")
        self.page.wait_for_url(lambda url: "/invitation/" not in url)

    def download(self, selector: str) -> bytes:
        """Click on a link to a file; what the file holds."""
        with self.page.expect_download() as found:
            self.page.click(selector)
        return found.value.path().read_bytes()


@dataclass(frozen=True)
class Portal:
    """A portal that runs: its address, and the link of the first administrator."""

    base: str
    first: str


@pytest.fixture(scope="module")
def portal(tmp_path_factory) -> Iterator[Portal]:
    port = free_port()
    data = str(tmp_path_factory.mktemp("served"))
    command = [sys.executable, "-c", "from eit.cli.main import run; run()", "serve"]
    given = ["--data", data, "--port", str(port), "--json"]
    with subprocess.Popen([*command, *given], stdout=subprocess.PIPE, text=True) as process:
        try:
            told = json.loads(_object(process.stdout))
            _await(f"{told['address']}/help", process)
            yield Portal(told["address"], told["invitation"])
        finally:
            process.terminate()
            process.wait(60)


def _object(lines) -> str:
    """The first whole JSON object that is printed."""
    text = ""
    for line in lines:
        text += line
        if line.startswith("}") or (text.count("{") == text.count("}") > 0):
            return text
    raise AssertionError(f"the portal ended with {text!r}")


def _await(address: str, process: subprocess.Popen) -> None:
    for _ in range(600):
        assert process.poll() is None, "the portal ended"
        try:
            with urlopen(address, timeout=30) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"{address} is not answered")


@pytest.fixture(scope="module")
def browsers() -> Iterator[tuple[Browser, Browser]]:
    """Two browsers, each a program of its own."""
    with chromium() as one:
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        other = one.browser_type.launch(executable_path=path, args=ARGUMENTS)
        yield one, other
        other.close()


def invite(desk: Desk, email: str, post: str) -> str:
    """Invite somebody on the page of a territory's people; the link that is shown once."""
    desk.go("/t/essai/people")
    desk.page.fill("form[action$='/invite'] [name=email]", email)
    choice = desk.page.locator("form[action$='/invite'] select")
    choice.select_option(label=post)
    text = desk.send("/invite")
    return re.search(r"https?://\S+/invitation/[\w-]+", text)[0]


@pytest.mark.long
def test_from_the_first_invitation_to_two_firms_that_know_each_other(portal, browsers):
    steering, visiting = browsers
    base = portal.base
    chief = Desk.at(steering, base)
    facilitator = Desk.at(steering, base)
    alpha = Desk.at(visiting, base, **PHONE)
    beta = Desk.at(visiting, base, java_script_enabled=False)
    manager = Desk.at(visiting, base)

    found_the_territory(chief, facilitator, portal.first)
    for desk, name, post in (
        (alpha, "Anna Alpha", "Alpha"),
        (beta, "Bruno Beta", "Beta"),
        (manager, "Gaston Parc", "Parc Est"),
    ):
        desk.join(invite(facilitator, f"{name.split()[0].lower()}@example.org", post), name)
    declare_with_a_telephone(alpha)
    declare_without_scripts(beta)
    follow_a_job(facilitator)
    look_at_the_park(manager)
    agree(alpha, beta)
    follow_the_synergy(facilitator)
    assert chief.errors + facilitator.errors + alpha.errors + beta.errors + manager.errors == []


def found_the_territory(chief: Desk, facilitator: Desk, first: str) -> None:
    """The first administrator makes a territory of a zip and invites its facilitator."""
    chief.join(first, "Ada Chef", "ada@example.org")
    chief.go("/admin/territories")
    chief.page.fill("[name=name]", "Essai")
    chief.page.set_input_files("[name=file]", file("essai.zip", zipped(TERRITORY)))
    chief.send("/admin/territories")
    assert "/t/essai/files/check" in chief.page.url
    facilitator.join(invite(chief, "fanny@example.org", "Essai"), "Fanny Relais")
    assert "Essai" in facilitator.go("/")


def declare_with_a_telephone(desk: Desk) -> None:
    """A file with two faults: one is mended on the page, the other in the file given back."""
    desk.go("/")
    desk.page.click("main .cards a[href$='/declarations']")
    template = desk.download("a[href$='template.xlsx']")
    book = CalamineWorkbook.from_filelike(io.BytesIO(template))
    sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    cells = [str(cell) for sheet in sheets for row in sheet for cell in row]
    assert any("a1" in cell for cell in cells)  # its own site
    assert not any("b1" in cell for cell in cells)
    assert "id_declaration" in desk.download("a[href$='template.csv']").decode("utf-8-sig")

    desk.page.set_input_files("[name=file]", file("flux.csv", ALPHA.encode()))
    desk.page.click("form[data-upload] button")
    desk.page.wait_for_url("**/submissions/**")
    row = desk.page.locator("tr.why").filter(has=desk.page.locator("[name='cell-2-quantity']"))
    expect(row).to_be_visible()
    assert desk.page.locator("tr.faulty").count() == 2
    desk.page.fill("[name='cell-2-quantity']", "70")
    desk.page.click("form[action$='/correct'] .save button")
    expect(desk.page.locator("tr.faulty")).to_have_count(1)
    desk.text()

    given = desk.download("a[href$='corrected.csv']").decode("utf-8-sig")
    assert "A2" in given
    mended = "\n".join(
        re.sub(r"A2;a1;residue;[^;]*;", "A2;a1;residue;gravats;", line)
        for line in given.splitlines()
    )
    assert mended != given
    desk.page.set_input_files(
        "form:has([name=corrects]) [name=file]", file("flux-corrections.csv", mended.encode())
    )
    desk.page.click("form:has([name=corrects]) button")
    expect(desk.page.locator("tr.faulty")).to_have_count(0)
    desk.page.click("form[action$='/declare'] button")
    desk.page.wait_for_url("**/declarations?done=**")
    said = desk.text()
    assert all(one in said for one in ("A1", "A2", "A3"))
    desk.page.click("a[href$='history?id=A1']")
    assert "-70" in desk.text()  # what was sent first is still readable


def declare_without_scripts(desk: Desk) -> None:
    """The same without JavaScript: a file that is mended, and a flow by the form."""
    desk.go("/")
    desk.page.click("main .cards a[href$='/declarations']")
    home = desk.page.url
    desk.page.set_input_files("[name=file]", file("besoins.csv", BETA.encode()))
    desk.page.click("form[data-upload] button")
    desk.page.wait_for_url("**/submissions/**")
    desk.page.fill("[name='cell-2-current_cost_eur_per_unit']", "40")
    desk.page.click("form[action$='/correct'] .save button")
    expect(desk.page.locator("tr.faulty")).to_have_count(0)
    desk.page.click("form[action$='/declare'] button")
    desk.page.wait_for_url("**/declarations?done=**")
    assert "B1" in desk.text()

    desk.go(home)
    desk.page.click("a[href$='/declarations/new']")
    desk.page.check("[name=kind][value=residue]")
    desk.page.fill("[name=resource]", "film")
    desk.page.fill("[name=quantity]", "3")
    desk.page.fill("[name=declaration_id]", "B2")
    desk.page.click("button[value=declare]")
    desk.page.wait_for_url("**/declarations?done=**")
    assert "B2" in desk.text()


def follow_a_job(desk: Desk) -> None:
    """A facilitator starts a job, sees how far it is, and publishes its run."""
    desk.go("/t/essai/jobs")
    desk.page.fill("[name=name]", "premier plan")
    desk.page.click("form[action$='/jobs'] button")
    desk.page.wait_for_url(re.compile(r"/(jobs|runs)/\w"))
    expect(desk.page.locator("progress")).to_be_visible()
    desk.page.wait_for_url("**/runs/**", timeout=4 * SLOW_MS)  # the page goes on by itself
    text = desk.text()
    assert "7 000" in text  # 70 t at 60 + 40 euros
    assert "4 200" not in text
    drawn(desk)
    desk.send("/publish")
    assert desk.page.locator("form[action$='/withdraw']").count() == 1


PAINTED = """(shown) => {
  const pen = shown.getContext("2d");
  return pen.getImageData(0, 0, shown.width, shown.height).data.some((value) => value > 0);
}"""


def drawn(desk: Desk) -> None:
    """The map in the frame is drawn: the outline of the park is there."""
    desk.page.locator("iframe.map").scroll_into_view_if_needed()
    inside = desk.page.frame_locator("iframe.map")
    expect(inside.locator("body[data-ready=yes]")).to_be_attached(timeout=SLOW_MS)
    outline = inside.locator(".leaflet-overlay-pane path.outline").first
    expect(outline).to_have_attribute("d", re.compile(r"^M\d"), timeout=SLOW_MS)


def look_at_the_park(desk: Desk) -> None:
    """The manager of the park opens its map and its table; there is no money in either."""
    desk.go("/t/essai/")
    desk.page.click("main .cards a[href$='/parks/est']")
    text = desk.text()
    assert "Parc Est" in text
    assert "Alpha" in text
    assert "Beta" in text
    assert "€" not in text
    drawn(desk)
    lines = desk.page.frame_locator("iframe.map").locator("canvas.lines")  # of exchanges
    assert any(lines.evaluate(PAINTED) or desk.page.wait_for_timeout(500) for _ in range(40))
    inside = desk.page.frames[-1].content()
    assert not re.search(r"4\D?200|2\D?800|7\D?000 ?€", inside.partition("<script")[0])
    table = desk.download("a[href$='exchanges.csv']").decode("utf-8-sig")
    assert "Alpha" in table


def agree(alpha: Desk, beta: Desk) -> None:
    """Two firms say that they are interested, and see each other's names from then on."""
    for desk, gain, other in ((alpha, "4 200 €", "Beta"), (beta, "2 800 €", "Alpha")):
        desk.go("/t/essai/synergies")
        desk.page.click("main table a[href*='/synergies/']")
        text = desk.text()
        assert gain in text
        assert other not in text
        desk.page.check("[name=interested][value=yes]")
        desk.page.check("[name=contact]")
        desk.send("/answer", why="dès que possible")
    for desk, other in ((alpha, "Beta"), (beta, "Alpha")):
        text = desk.go(desk.page.url.partition("?")[0])
        assert other in text
    assert "bruno@example.org" in alpha.text()
    assert "anna@example.org" in beta.text()
    assert "2 800" not in alpha.text()
    assert "4 200" not in beta.text()


def follow_the_synergy(desk: Desk) -> None:
    """The facilitator takes the synergy to its next stage, with a note."""
    desk.go("/t/essai/synergies")
    desk.page.click("main table a[href*='/synergies/']")
    desk.page.select_option("[name=stage]", "discussion")
    text = desk.send("/stage", text="visite prévue", next_date="2027-02-03")
    assert "visite prévue" in text
    assert "3 févr. 2027" in text


def file(name: str, content: bytes) -> dict[str, object]:
    """A file as a browser chooses it."""
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def zipped(files: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return out.getvalue()
