"""Pages for everybody: their language, their help, and that every sentence exists."""

import io
import re
from pathlib import Path

from support.portal.entering import EMAIL

from eit.portal import pages
from eit.texts import catalogue


def test_pages_speak_the_language_of_whoever_looks(portal):
    assert "Sign in" in portal.client(**{"accept-language": "en-GB,en"}).get("/sign-in").text
    assert "Se connecter" in portal.client(**{"accept-language": "de"}).get("/sign-in").text
    client = portal.client()
    client.get("/language/en")
    assert 'lang="en"' in client.get("/").text
    account = portal.account(EMAIL)
    reader = portal.client(account, **{"accept-language": "en"})
    assert 'lang="fr"' in reader.get("/account").text
    reader.post("/account", data={"name": "Anna", "lang": "en"})
    assert "Your account" in reader.get("/account").text


def test_every_page_without_a_person_and_every_help_page_is_there(portal):
    client = portal.client()
    for url in (
        "/",
        "/sign-in",
        "/help",
        *(f"/help/{role}" for role in ("firm", "manager", "facilitator", "administrator")),
    ):
        assert client.get(url).status_code == 200, url
    assert client.get("/help/king").status_code == 404
    assert io.StringIO(client.get("/static/portal.css").text).readline().startswith(":root")


def test_every_sentence_that_a_page_names_exists_and_every_act_has_its_words():
    known = catalogue("fr")
    folder = Path(pages.TEMPLATES)
    named = {
        (file.name, key)
        for file in folder.rglob("*.jinja")
        for key in re.findall(r"""say\(["']([\w.]+)["'][,)]""", file.read_text(encoding="utf-8"))
    }
    assert len(named) > 150
    assert {one for one in named if one[1] not in known} == set()
    core = [folder.parent, folder.parent / "entry", folder.parent / "admin"]
    text = "".join(
        file.read_text(encoding="utf-8") for place in core for file in place.glob("*.py")
    )
    acts = set(re.findall(r'"((?:account|invitation|membership|token|file|firm|site)\.\w+)"', text))
    assert len(acts) > 15
    assert {act for act in acts if f"portal.audit.{act}" not in known} == {"account.json"}
    done = set(re.findall(r'"portal\.(\w+)"\)', text))
    assert len(done) > 15
    assert {word for word in done if f"portal.done.{word}" not in known} == set()
    codes = set(re.findall(r'(?:Unsound|Impossible)\("(\w+)"\)', text))
    assert len(codes) > 10
    assert {code for code in codes if f"portal.error.{code}" not in known} == set()
