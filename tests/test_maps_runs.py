"""Pages of real runs without a network: each control is operated and its effect read off."""

import os
import re
from pathlib import Path

import pytest
from support.browser import findings, visit

from eit import data, study
from eit.atlas import write_public
from eit.registers.irep import import_irep


def make_run(home, territory, *, scenario=None, lang="fr"):
    """Run a territory folder; pages for both audiences in ``maps`` and ``public``."""
    run = study.run(territory, home / "run", scenario_file=scenario, lang=lang)
    write_public(run.territory, run.plan, home / "run" / "public", lang=lang)
    return home / "run"


@pytest.fixture(scope="module")
def artois(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("artois"), data.path("demo", "artois"))


@pytest.fixture(scope="module")
def monthly(tmp_path_factory):
    scenario = data.path("demo", "artois", "scenario_mensuel.toml")
    home = tmp_path_factory.mktemp("monthly")
    return make_run(home, data.path("demo", "artois"), scenario=scenario)


def count(seen, tab="exchanges"):
    """The number that a tab states."""
    return int(re.search(r"\((\d+)\)", seen.page.inner_text(f"#tab-{tab}"))[1])


def operate(seen):
    """Operate every control of a map page and read its effect off the page."""
    page = seen.page
    page.click("#tab-exchanges")
    total = count(seen)
    lines = seen.run("page.lines.length")
    assert total == seen.run("page.exchanges.length") > 0
    assert seen.run("+document.querySelector('canvas.lines').dataset.drawn") <= lines
    _search(seen, total)
    _families(seen, total, lines)
    _selects(seen, total)
    _sorting(seen)
    _rows_and_lines(seen)
    _sites(seen)
    _layers(seen)
    assert (seen.errors, seen.requests) == ([], [])


def _search(seen, total):
    name = seen.run("page.exchanges[0].source.name")
    seen.page.fill("#search", name.upper())
    found = seen.run("page.exchanges.filter((one) => one.seen).map((one) => one.words)")
    assert 0 < count(seen) == len(found) <= total
    seen.page.fill("#search", "no such firm anywhere")
    assert count(seen) == 0
    assert seen.run("page.lines.length") == 0
    seen.page.fill("#search", "")
    assert count(seen) == total


def _families(seen, total, lines):
    switches = seen.page.query_selector_all(".family")
    held = int(switches[0].query_selector(".figure").inner_text())
    switches[0].click()
    assert count(seen) == total - held
    for switch in switches[1:]:
        switch.click()
    assert seen.run("page.exchanges.filter((one) => one.seen && one.family).length") == 0
    for switch in switches:
        switch.click()
    assert (count(seen), seen.run("page.lines.length")) == (total, lines)


def _selects(seen, total):
    for key in ("level", "certainty"):
        select = seen.page.query_selector(f"[data-filter={key}]")
        if select is None:
            continue
        values = [o.get_attribute("value") for o in select.query_selector_all("option")][1:]
        parts = []
        for value in values:
            select.select_option(value)
            kept = seen.run("page.exchanges.filter((one) => one.seen)")
            field = "existing" if value == "existing" else key
            assert all(one[field] in (value, True) for one in kept)
            parts += [len(kept)] if value != "existing" else []
        assert sum(parts) == total  # every exchange has one level, and one certainty
        select.select_option("")
    least = seen.page.query_selector("[data-filter=least]")
    if least is not None:
        most = seen.run("Math.max(...page.exchanges.map((one) => one.quantity))")
        least.fill(str(most))
        assert 0 < count(seen) < max(total, 2)
        least.fill("")
    assert count(seen) == total


def _sorting(seen):
    heads = len(seen.page.query_selector_all("th button"))
    for at in range(1, heads + 1):
        seen.page.click(f"th:nth-child({at}) button")
        first = seen.page.get_attribute(f"th:nth-child({at})", "aria-sort")
        seen.page.click(f"th:nth-child({at}) button")
        ways = {first, seen.page.get_attribute(f"th:nth-child({at})", "aria-sort")}
        assert ways == {"ascending", "descending"}
    numbers = seen.run("page.tables.sorted().map((row) => row.quantity)")
    assert len(numbers) > 0


def _rows_and_lines(seen):
    drawn = seen.run(
        "page.lineLayer.shapes.filter(({line}) => line.exchanges.length === 1)"
        ".map(({line}) => line.exchanges[0].id)"
    )
    for key in drawn[:1]:
        seen.run(
            f"page.tables.more(10000); eit.bring(page, [page.lines.find((line) => "
            f"line.exchanges[0].id === {key!r})], [], false)"
        )
        lit = seen.run("[...document.querySelectorAll('tr.lit')].map((r) => r.dataset.row)")
        assert lit == [key]
        seen.run("eit.bring(page, [], [], false)")
    seen.page.click("tbody tr:first-child", position={"x": 80, "y": 8})
    assert seen.run("page.card !== null") or seen.run("page.nodes.every((n) => !n.drawn)")
    seen.page.keyboard.press("Escape")
    assert seen.run("page.card === null")


def _sites(seen):
    shown = "document.querySelectorAll('.spot[data-node]:not([hidden])')"
    spots = seen.run(f"[...{shown}].map((spot) => spot.dataset.node)")
    for key in spots[:3]:
        seen.run(f"eit.showNode(page, page.nodes.find(({{id}}) => id === {key!r}))")
        card = seen.page.inner_text(".leaflet-popup-content")
        node = f"page.nodes.find(({{id}}) => id === {key!r})"
        assert seen.run(f"{node}.name") in card
        for end, word in (("source", "gives"), ("target", "takes")):
            outward = (
                f"{node}.exchanges.some(({{source, target}}) => "
                f"[source, source.group].includes({node}) !== "
                f"[target, target.group].includes({node}) && "
                f"[{end}, {end}.group].includes({node}))"
            )
            assert (seen.run(f"page.say({word!r})") in card) == seen.run(outward)
        assert (seen.run("page.say('could')") in card) == seen.run(f"{node}.leftovers.length > 0")
    seen.page.keyboard.press("Escape")


def _layers(seen):
    for box in seen.page.query_selector_all("[data-layer]"):
        key = box.get_attribute("data-layer")
        before = box.is_checked()
        box.evaluate("(box) => box.click()")
        assert seen.run(f"page.root.classList.contains('without-{key}')") == before
        box.evaluate("(box) => box.click()")
    assert seen.run("page.state.layers.names")


@pytest.mark.parametrize(
    "name",
    [
        "maps/cavaliers.html",
        "public/index.html",
        pytest.param("maps/index.html", marks=pytest.mark.long),
    ],
)
def test_every_control_of_the_demonstration_has_its_effect(browser, artois, name):
    with visit(browser, artois / name) as seen:
        operate(seen)


@pytest.mark.parametrize(
    "name", ["maps/cavaliers.html", "maps/index.html", "maps/sankey.html", "public/index.html"]
)
def test_axe_finds_nothing_serious_on_one_page_of_each_kind(browser, artois, name):
    with visit(browser, artois / name) as seen:
        assert findings(seen) == []
        row = seen.page.query_selector("tbody tr[data-row]")
        if row is not None:
            seen.page.focus("tbody tr[data-row]")
            seen.page.keyboard.press("Enter")
            assert findings(seen) == []  # with a card open


def test_the_months_of_a_real_plan_add_up_to_its_year(browser, monthly):
    with visit(browser, monthly / "maps" / "cavaliers.html") as seen:
        slider = seen.page.query_selector("#months input")
        assert slider.is_visible()
        year = dict(seen.run("page.exchanges.map((one) => [one.id, one.quantity])"))
        sums = dict.fromkeys(year, 0.0)
        shown = []
        slider.focus()
        for month in range(1, 13):
            seen.page.keyboard.press("ArrowRight")
            assert seen.run("page.state.month") == month
            for key, amount in seen.run("page.exchanges.map((one) => [one.id, one.amount])"):
                sums[key] += amount
            shown.append(count(seen))
            assert shown[-1] == seen.run("page.exchanges.filter(({amount}) => amount > 0).length")
        for key, quantity in year.items():
            assert sums[key] == pytest.approx(quantity, rel=1e-4)
        assert min(shown) < max(shown) < len(year)  # seasons: no month has all of the year
        assert seen.page.inner_text("#months output") == "décembre"
        assert seen.page.inner_text("th:nth-child(5)") == "En décembre"
        seen.page.keyboard.press("Home")
        assert count(seen) == len(year)
        assert (seen.errors, seen.requests) == ([], [])


def test_the_diagram_of_the_demonstration_keeps_every_tonne(browser, artois):
    with visit(browser, artois / "maps" / "sankey.html") as seen:
        units = seen.run("page.diagrams.filter(({view}) => view === 'who').map(({unit}) => unit)")
        assert units[0] == "t"
        for unit in units:
            seen.page.select_option("#choices select", unit)
            balance = seen.run(
                "(() => { const { paths } = page.diagrams[page.state.at];"
                " const sum = (at) => paths.reduce((t, p) => t + (p.ends[at] ? p.quantity : 0), 0);"
                " return [sum(0), sum(1), sum(2)]; })()"
            )
            assert balance[0] == pytest.approx(balance[1]) == pytest.approx(balance[2])
        seen.page.click("[data-view=hub]")
        assert seen.run("document.querySelectorAll('.band').length") > 5
        seen.page.focus(".block")
        seen.page.keyboard.press("Enter")
        assert len([r for r in seen.page.query_selector_all("tbody tr") if r.is_visible()]) > 0
        assert (seen.errors, seen.requests) == ([], [])


def test_the_diagram_is_linked_from_the_territory_and_from_every_park(browser, artois):
    for name in ("index.html", "cavaliers.html"):
        with visit(browser, artois / "maps" / name) as seen:
            links = seen.run("[...document.querySelectorAll('#links a')].map((a) => a.href)")
            assert (artois / "maps" / "sankey.html").as_uri() in links


@pytest.mark.long
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_page_of_kalundborg_opens_and_answers(browser, tmp_path, lang):
    run = make_run(tmp_path, data.path("demo", "kalundborg"), lang=lang)
    _every_page(browser, run)


@pytest.mark.long
def test_axe_finds_nothing_serious_on_any_page(browser, artois, monthly):
    for run in (artois, monthly):
        for file in sorted([*(run / "maps").glob("*.html"), *(run / "public").glob("*.html")]):
            with visit(browser, file) as seen:
                assert findings(seen) == []
                for tab in seen.page.query_selector_all(".tabs button"):
                    tab.click()
                    assert findings(seen) == []
                for view in seen.run("[...new Set((page.diagrams ?? []).map((d) => d.view))]"):
                    seen.page.click(f"[data-view={view}]")
                    assert findings(seen) == []


@pytest.mark.data
def test_every_page_of_a_regional_register_opens_and_answers(browser, tmp_path):
    source = Path(os.environ["EIT_DATA"]) / "irep" / "irep2020_etablissements_HDF.csv"
    import_irep(source, tmp_path / "hdf", "fr")
    run = make_run(tmp_path, tmp_path / "hdf")
    _every_page(browser, run)


def _every_page(browser, run):
    for file in sorted([*(run / "maps").glob("*.html"), *(run / "public").glob("*.html")]):
        with visit(browser, file) as seen:
            if file.name == "sankey.html":
                assert seen.run("page.diagrams.length") > 0
            elif seen.run("page.exchanges.length"):
                operate(seen)
            assert findings(seen) == []
            assert (seen.errors, seen.requests) == ([], [])
