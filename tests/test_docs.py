"""The manual says what the software does: columns, commands and examples are held against it."""

import doctest
import importlib
import re
from pathlib import Path

import pytest
from support.modules import modules

from docs import tables
from eit import data
from eit.cli.main import main

DOCS = Path(__file__).parent.parent / "docs"
README = DOCS.parent / "README.md"


@pytest.mark.parametrize("name", ["columns", "cli", "rights"])
def test_made_pages_are_those_of_today(name):
    makers = {"columns": tables.columns, "cli": tables.commands, "rights": tables.rights}
    made = makers[name]()
    assert (DOCS / f"{name}.md").read_text(encoding="utf-8") == made + "\n", "run `make docs`"


def test_every_command_of_the_readme_exists(capsys):
    commands = set(re.findall(r"^\$ eit ([a-z]+)", README.read_text(encoding="utf-8"), re.M))
    assert {"new", "template", "check", "match", "verify"} <= commands
    for command in commands:
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert not ended.value.code
    capsys.readouterr()


def test_every_link_of_the_manual_leads_somewhere():
    for page in [README, *DOCS.glob("*.md")]:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_every_page_is_in_the_table_of_contents():
    listed = set((DOCS / "index.md").read_text(encoding="utf-8").split())
    assert {page.stem for page in DOCS.glob("*.md")} - {"index"} <= listed


@pytest.mark.parametrize("name", sorted(modules()))
def test_examples_in_docstrings_run(name):
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert failed == 0


def test_every_message_says_something_in_both_languages():
    for file in data.path("messages").glob("*.csv"):
        frame = data.read_csv(f"messages/{file.name}")
        blank = frame[(frame["en"].str.strip() == "") != (frame["fr"].str.strip() == "")]
        assert blank["key"].tolist() == []
        for text in ("en", "fr"):
            frame[text] = frame[text].map(named)
        assert frame.loc[frame["en"] != frame["fr"], "key"].tolist() == []


def named(sentence: str) -> frozenset[str]:
    """What a sentence is filled in with; a word in two languages counts once."""
    return frozenset(re.sub("_(en|fr)$", "", name) for name in re.findall(r"{(\w+)", sentence))
