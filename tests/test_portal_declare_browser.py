"""A firm's pages in a browser, on a desk and on a phone, with scripts and without."""

import socket
import threading
import time
from contextlib import contextmanager

import pytest
import uvicorn
from support.portal.desk import HEADER, MIXED

from eit.portal import sessions

pytestmark = pytest.mark.long
SIZES = {"desk": (1280, 900), "phone": (390, 844)}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def serving(app):
    """The portal on a port of this machine."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://localhost:{port}"
    server.should_exit = True
    thread.join(20)


@pytest.fixture(scope="module")
def address(firms):
    with serving(firms.portal.app) as found:
        yield found


@contextmanager
def visiting(browser, firms, address, size, *, scripts=True):
    """A page of somebody of Acme's; fails if a script does, or if the page is wider than it."""
    with firms.store.changing() as session:
        secret = sessions.start(session, firms.people["acme"])
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, java_script_enabled=scripts, locale="fr-FR"
    )
    context.add_cookies([{"name": "eit_session", "value": secret, "url": address}])
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    yield page
    assert errors == []
    context.close()


def fits(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def tell(tmp_path, text):
    file = tmp_path / "flux.csv"
    file.write_text(text, encoding="cp1252")
    return file


@pytest.mark.parametrize("size", SIZES)
def test_a_firm_sends_a_file_mends_it_and_declares(firms, address, browser, tmp_path, size):
    with visiting(browser, firms, address, size) as page:
        page.goto(f"{address}{firms.base}/declarations")
        assert fits(page)
        page.set_input_files(
            "input[name=file]", tell(tmp_path, MIXED.replace("R", size[0].upper()))
        )
        page.get_by_role("button", name="Envoyer et vérifier").click()
        page.wait_for_url("**/submissions/**")
        assert fits(page)
        assert page.locator("td.wrongcell mark").count() == 3
        page.get_by_label("Quantité, ligne 3").fill("3")
        page.get_by_label("Site, ligne 4").select_option("a2")
        page.get_by_label("Ressource, ligne 4").fill("sand")
        page.get_by_role("button", name="Enregistrer les corrections").click()
        page.get_by_text("4 lignes sont prêtes.").wait_for()
        page.get_by_role("button", name="Déclarer", exact=True).click()
        page.get_by_text("C'est déclaré.").wait_for()
        assert fits(page)
    assert f"{size[0].upper()}3" in firms.live()


def test_without_scripts_a_file_and_a_form_go_through_all_the_same(
    firms, address, browser, tmp_path
):
    with visiting(browser, firms, address, "phone", scripts=False) as page:
        page.goto(f"{address}{firms.base}/declarations")
        page.set_input_files("input[name=file]", tell(tmp_path, MIXED.replace("R", "N")))
        page.get_by_role("button", name="Envoyer et vérifier").click()
        page.get_by_text("2 lignes sont à corriger.").wait_for()

        page.goto(f"{address}{firms.base}/declarations/new")
        page.get_by_label("Un besoin").check()
        page.get_by_text("Trouver une ressource par son nom").click()
        page.get_by_label("Mots", exact=True).fill("sable")
        page.get_by_role("button", name="Chercher").click()
        page.locator("input[name=chosen][value=sand]").check()
        page.get_by_label("Quantité", exact=True).fill("12,5")
        page.get_by_label("Site", exact=True).select_option("a1")
        page.get_by_label("Votre identifiant").fill("SANS-1")
        page.get_by_role("button", name="Déclarer", exact=True).click()
        page.get_by_text("C'est déclaré.").wait_for()
    assert "SANS-1" in firms.live()


def test_a_large_file_shows_its_progress_and_then_its_table(firms, address, browser, tmp_path):
    rows = "".join(f"G{n};a1;need;sand;{n % 50};t;\n" for n in range(20_000))
    with visiting(browser, firms, address, "desk") as page:
        page.goto(f"{address}{firms.base}/declarations")
        page.set_input_files("input[name=file]", tell(tmp_path, HEADER + rows))
        page.get_by_role("button", name="Envoyer et vérifier").click()
        page.locator("progress[data-progress]").wait_for()
        ready = page.get_by_text("19\u202f600 lignes sont prêtes.")
        ready.wait_for(timeout=90_000)
