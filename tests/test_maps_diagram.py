import re

import pandas as pd
import pytest
from support.browser import visit
from support.sheets import FAMILIES, LABELS

from maps import diagram
from maps.diagram import Album, Diagram, render

PATHS = [
    ("alpha", "card", "beta", "paper", 400.0),
    ("alpha", "wood", "gamma", "wood", 100.0),
    ("delta", "card", "beta", "paper", 60.0),
    ("delta", "card", "hub", "paper", 40.0),
]
THROUGH = [("card", "hub", "", "paper", 40.0), ("", "hub", "pulp", "paper", 30.0)]


def made_album(paths=PATHS, names=None, **changes):
    """Two diagrams of made-up firms, small enough to count by hand."""
    columns = [*diagram.PATH_COLUMNS]
    keys = {key for path in [*paths, *THROUGH] for key in path[:3]} - {""}
    given = {
        "title": "Essai",
        "subtitle": "2026",
        "lang": "fr",
        "labels": LABELS,
        "diagrams": (
            Diagram("who", "t", pd.DataFrame(paths, columns=columns)),
            Diagram("hub", "t", pd.DataFrame(THROUGH, columns=columns)),
        ),
        "names": {key: key.title() for key in keys} | (names or {}),
        "families": FAMILIES,
    }
    return Album(**(given | changes))


@pytest.fixture
def open_album(browser, tmp_path):
    def opened(album):
        file = tmp_path / "sankey.html"
        file.write_text(render(album), encoding="utf-8")
        return visit(browser, file)

    return opened


def rows(seen):
    return [
        [cell.inner_text().strip() for cell in row.query_selector_all("td")][1:]
        for row in seen.page.query_selector_all("tbody tr")
        if row.is_visible()
    ]


def test_the_same_album_gives_the_same_bytes_and_links_nothing():
    html = render(made_album())
    assert html == render(made_album())
    markup = re.sub(r"<(script|style)\b.*?</\1>|<!--.*?-->", "", html, flags=re.DOTALL)
    assert not re.search(r"\b(src|href)=", markup)
    assert "http" not in re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1]
    assert "Mike Bostock" in html  # the licences of what is bundled
    assert len(html) < 150_000


def test_bands_are_as_wide_as_their_quantities_and_nothing_is_lost(open_album):
    with open_album(made_album()) as seen:
        widths = dict(
            seen.run(
                "[...document.querySelectorAll('.band')].map((b) => ["
                "b.querySelector('title').textContent, +b.getAttribute('stroke-width')])"
            )
        )
        assert len(widths) == 3 + 3
        by_name = {text.split(":")[0]: width for text, width in widths.items()}
        assert by_name["Alpha → Card"] == pytest.approx(4 * by_name["Alpha → Wood"])
        blocks = seen.run(
            "[...document.querySelectorAll('.block')].map((b) => b.getAttribute('aria-label'))"
        )
        assert "Card 500\u00a0t" in blocks
        assert "Beta 460\u00a0t" in blocks
        assert (seen.errors, seen.requests) == ([], [])


def test_beyond_the_largest_of_a_stage_the_others_are_one():
    few = [(f"f{n}", "card", "beta", "paper", 10.0 + n) for n in range(diagram.LARGEST + 1)]
    many = [*few, ("last", "card", "beta", "paper", 1.0)]
    drawn = made_album(few).data()["diagrams"][0]
    assert all(node["name"] for node in drawn["nodes"])  # one more needs no place than "1 other"
    drawn = made_album(many).data()["diagrams"][0]
    others = [node for node in drawn["nodes"] if node["name"] is None]
    assert [(node["stage"], node["others"]) for node in others] == [(0, 2)]
    assert sum(drawn["paths"]["quantity"]) == sum(path[-1] for path in many)


def test_a_block_keeps_what_runs_through_it_by_mouse_and_by_keyboard(open_album):
    with open_album(made_album()) as seen:
        assert len(rows(seen)) == 4
        seen.page.click(".block[aria-label^=Delta] rect", force=True)
        assert rows(seen) == [
            ["Delta", "Card", "Beta", "60\u00a0t"],
            ["Delta", "Card", "Hub", "40\u00a0t"],
        ]
        pressed = seen.page.query_selector(".block[aria-pressed=true]")
        assert pressed.get_attribute("aria-label").startswith("Delta")
        assert seen.run("document.querySelectorAll('.block.dim').length") == 3
        seen.page.keyboard.press("Escape")
        assert len(rows(seen)) == 4
        seen.page.focus(".block[aria-label^=Wood]")
        seen.page.keyboard.press("Enter")
        assert rows(seen) == [["Alpha", "Wood", "Gamma", "100\u00a0t"]]


def test_search_keeps_the_paths_that_answer(open_album):
    with open_album(made_album(names={"gamma": "Gammà"})) as seen:
        seen.page.fill("#search", "gamma")
        assert rows(seen) == [["Alpha", "Wood", "Gammà", "100\u00a0t"]]
        assert seen.run("document.querySelectorAll('.band:not(.dim)').length") == 2


def test_treatment_sites_have_a_diagram_of_their_own(open_album):
    with open_album(made_album()) as seen:
        seen.page.click("[data-view=hub]")
        assert rows(seen) == [["Card", "Hub", "–", "40\u00a0t"], ["–", "Hub", "Pulp", "30\u00a0t"]]
        assert seen.run("document.querySelectorAll('.band').length") == 2
        assert seen.run("document.activeElement.dataset.view") == "hub"
        assert (seen.errors, seen.requests) == ([], [])


@pytest.mark.parametrize(
    "name", ["</script><b>x", "${alert(1)}", "deux\nlignes", "É" * 300, "شركة 🏭"]
)
def test_a_hostile_name_is_text_in_the_diagram_and_the_table(open_album, name):
    with open_album(made_album(names={"beta": name}, title=name)) as seen:
        assert name in seen.page.text_content("tbody")
        assert name in seen.page.text_content("#title")
        assert any(
            name in text
            for text in seen.run(
                "[...document.querySelectorAll('.block title')].map((t) => t.textContent)"
            )
        )
        assert seen.run("document.querySelectorAll('img, script[src]').length") == 0
        assert (seen.errors, seen.requests) == ([], [])


def test_an_album_without_a_diagram_says_so(open_album):
    with open_album(made_album(diagrams=())) as seen:
        assert seen.page.inner_text("#choices") == "«sankey.none»"
        assert (seen.errors, seen.requests) == ([], [])


def test_paths_without_quantity_or_column_are_refused():
    bad = pd.DataFrame([("a", "b", "c", "paper", 0.0)], columns=[*diagram.PATH_COLUMNS])
    with pytest.raises(ValueError, match="quantities above 0"):
        made_album(diagrams=(Diagram("who", "t", bad),))
    with pytest.raises(ValueError, match=r"lack the columns \['last'\]"):
        made_album(diagrams=(Diagram("who", "t", bad.drop(columns="last")),))
