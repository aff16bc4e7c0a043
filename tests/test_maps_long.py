"""Every page of the demonstration, and one with ten thousand lines, without a network."""

import time

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from support.browser import visit
from support.sheets import made_sheet

from eit import data, study
from maps import page

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    run = tmp_path_factory.mktemp("demo") / "run"
    study.run(data.path("demo", "artois"), run, lang="fr")
    return sorted((run / "maps").glob("*.html"))


def maps_of(pages):
    """The pages with a map; the other one holds the diagrams."""
    return [file for file in pages if file.name != "sankey.html"]


def test_every_page_of_the_demonstration_opens_and_answers(browser, pages):
    assert len(pages) > 5
    for file in maps_of(pages):
        with visit(browser, file) as seen:
            drawn = seen.run("+document.querySelector('canvas.lines').dataset.drawn")
            assert drawn == seen.run("page.lines.length") > 5
            for key in seen.run(
                "page.nodes.filter((n) => n.drawn && n.group === n).map((n) => n.at)"
            ):
                seen.run(f"eit.showNode(page, page.nodes[{key}])")
                assert seen.page.inner_text(".leaflet-popup-content")
            for at in range(seen.run("page.exchanges.length")):
                seen.run(f"eit.showExchange(page, page.exchanges[{at}])")
            seen.run("eit.showNothing(page)")
            for tab in seen.page.query_selector_all(".tabs button"):
                tab.click()
                heads = seen.page.query_selector_all("th button")
                for number in range(len(heads)):
                    seen.page.query_selector_all("th button")[number].click()
            for family in seen.page.query_selector_all(".family"):
                family.click()
            assert seen.run("page.lines.length") == 0
            for family in seen.page.query_selector_all(".family"):
                family.click()
            assert seen.run("page.lines.length") == drawn
            assert seen.run("document.documentElement.scrollWidth <= innerWidth")
            assert (seen.errors, seen.requests) == ([], [])


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (820, 1180), (390, 844)])
def test_every_page_fits_a_smaller_window(browser, pages, width, height):
    for file in pages:
        with visit(browser, file, width=width, height=height) as seen:
            assert seen.run("document.documentElement.scrollWidth <= innerWidth")
            if file in maps_of(pages):
                assert seen.run("+document.querySelector('canvas.lines').dataset.drawn") > 5
            assert (seen.errors, seen.requests) == ([], [])


def test_ten_thousand_exchanges_stay_usable(browser, tmp_path):
    rng = np.random.default_rng(0)
    keys = [f"s{n}" for n in range(3000)]
    points = gpd.points_from_xy(rng.uniform(2.79, 2.82, 3000), rng.uniform(50.43, 50.45, 3000))
    small = made_sheet()
    blank = {"place": "", "note": "", "group": "", "link": "", "inside": True, "role": "site"}
    nodes = gpd.GeoDataFrame(blank, index=keys, geometry=points, crs=4326).assign(name=keys)
    many = pd.concat([small.exchanges.iloc[[0]]] * 10_000).set_axis(
        [f"f{n}" for n in range(10_000)]
    )
    many = many.assign(
        source=rng.choice(keys[:1500], 10_000),
        target=rng.choice(keys[1500:], 10_000),
        quantity=rng.lognormal(4, 1, 10_000),
    )
    file = tmp_path / "many.html"
    sheet = made_sheet(
        nodes=nodes,
        exchanges=many,
        starts=small.starts.iloc[:0],
        leftovers=small.leftovers.iloc[:0],
    )
    file.write_text(page.render(sheet), encoding="utf-8")
    assert file.stat().st_size < 5e6
    start = time.perf_counter()
    with visit(browser, file) as seen:
        assert time.perf_counter() - start < 15
        assert seen.run("page.lines.length") == 10_000
        seen.run("window.began = performance.now()")
        seen.run("page.refreshNow()")
        assert seen.run("performance.now() - began") < 3000
        seen.page.fill("#search", "s17 ")
        assert 0 < seen.run("page.lines.length") < 1000
        assert len(seen.page.query_selector_all("tbody tr")) <= 200
        assert (seen.errors, seen.requests) == ([], [])
