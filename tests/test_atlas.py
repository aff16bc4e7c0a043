import json
import re
import sqlite3

import geopandas as gpd
import pandas as pd
import pytest
from pyproj import Geod
from shapely import Point
from support.atlas import made_plan, made_territory
from support.browser import chromium, visit

from eit.atlas import layers, page_names, write_geopackage, write_maps
from eit.atlas.colours import family_colours
from eit.atlas.exchanges import list_exchanges
from eit.atlas.places import locate_sites, outline_parks
from eit.atlas.starts import list_starts
from eit.nomenclature import families


def data_of(path):
    """What a page's script reads."""
    html = path.read_text(encoding="utf-8")
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)[1]
    return json.loads(block)


def exchanges_of(**plan):
    return list_exchanges(made_territory(), made_plan(**plan), "fr").set_index(["from_id", "to_id"])


def test_an_exchange_adds_up_its_periods():
    rows = exchanges_of(periods=12)
    assert rows["quantity"]["r1", "n1"] == 400.0
    assert rows["value_eur"]["r1", "n1"] == 4000.0
    assert rows["co2e_t"]["r1", "n1"] == 2.0
    assert rows["months"]["r1", "n1"] == [100.0, 300.0, *[0.0] * 10]
    assert exchanges_of()["months"]["r1", "n1"] == []


def test_no_exchange_with_a_hub_shows_money():
    rows = exchanges_of()
    assert rows["value_eur"][[("r4", "H1"), ("H1", "n4")]].isna().all()


def test_an_exchange_is_as_sure_as_its_weaker_end():
    certainty = exchanges_of()["certainty"]
    assert certainty["r1", "n1"] == "measured"
    assert certainty["r2", "n2"] == "inferred"
    assert certainty["r3", "n3"] == "estimated"
    assert certainty["r4", "H1"] == "declared"


def test_the_level_of_use_follows_rule_recipe_or_identity():
    level = exchanges_of()["level"]
    assert level["r1", "n1"] == "reuse"
    assert level["r4", "H1"] == "recycling"  # R3
    assert level["H1", "n4"] == "recycling"  # equal resources, after a hub


def test_a_link_between_site_and_declaration_marks_what_runs_today():
    existing = exchanges_of()["existing"]
    assert existing["r2", "n2"]
    assert existing.sum() == 1


def test_mass_and_distance_count_tonnes_only():
    rows = exchanges_of()
    assert rows["t_km"]["r1", "n1"] == pytest.approx(360.0)
    assert rows["mass_t"]["r3", "n3"] == 0.0
    assert rows["t_km"]["H1", "n4"] == 0.0  # no distance known


def test_a_firm_with_several_sites_bears_their_names():
    titles = locate_sites(made_territory())["title"]
    assert titles.to_dict() == {
        **{"S1": "Alpha", "S2": "Bêta – Nord", "S3": "Bêta – Sud"},
        **{"S4": "Delta", "S5": "Loin", "S6": "Nulle part"},
    }


def test_a_park_without_outline_is_drawn_around_its_sites_in_metres():
    territory = made_territory()
    parks = outline_parks(territory, locate_sites(territory))
    assert parks["outline"].to_dict() == {"P/2": "hull", "P1": "given"}
    hull = parks.geometry["P/2"]
    assert all(hull.contains(Point(*place)) for place in [(2.750, 50.420), (2.755, 50.424)])
    edge = Geod(ellps="WGS84").inv(2.750, 50.420, hull.bounds[0], 50.420)[2]
    assert edge == pytest.approx(80.0, rel=0.02)


def test_starts_come_by_gain_halved_for_each_obstacle():
    territory, plan = made_territory(), made_plan()
    starts = list_starts(territory, plan, list_exchanges(territory, plan, "fr"), "fr")
    # r2 -> n2 gains most, and runs today: no start. r1 4000; r3 4500 / 2, estimated; r4 1200 / 4
    assert starts["value_eur"].tolist() == [4000.0, 4500.0, 1200.0]
    assert starts["remarks"].tolist() == [
        ["near", "measured"],
        ["check"],
        ["candidate", "hazardous"],
    ]
    assert starts["score"].tolist() == [4000.0, 2250.0, 300.0]
    assert starts["exchanges"].map(len).tolist() == [1, 1, 2]  # the last one through the hub


def test_layers_of_a_plan_are_in_degrees_and_tell_no_ones_costs(tmp_path):
    found = layers(made_territory(), made_plan(), "fr")
    assert [*found] == ["sites", "parks", "flows", "hubs"]
    assert {frame.crs.to_epsg() for frame in found.values()} == {4326}
    columns = {column for frame in found.values() for column in frame.columns}
    assert not {c for c in columns if "cost" in c or "saving" in c}
    flows = found["flows"].set_index(["from_id", "to_id"])
    assert [*flows.geometry["r1", "n1"].coords] == [(2.8, 50.44), (2.81, 50.44)]
    assert flows.geometry["H1", "n4"] is None
    assert found["parks"].set_index("park_id")["exchanges"].to_dict() == {"P/2": 1, "P1": 2}


def test_a_geopackage_holds_the_layers_and_is_the_same_each_time(tmp_path):
    found = layers(made_territory(), made_plan(), "fr")
    for name in ("one.gpkg", "two.gpkg"):
        write_geopackage(found, tmp_path / name)
    assert (tmp_path / "one.gpkg").read_bytes() == (tmp_path / "two.gpkg").read_bytes()
    with sqlite3.connect(tmp_path / "one.gpkg") as base:
        tables = {row[0] for row in base.execute("select table_name from gpkg_contents")}
    base.close()
    assert tables == set(found)
    assert len(gpd.read_file(tmp_path / "one.gpkg", layer="flows")) == 5


def test_there_is_a_page_for_the_territory_and_for_every_park(tmp_path):
    written = write_maps(made_territory(), made_plan(), tmp_path / "maps", lang="fr")
    assert [path.name for path in written[:1]] == ["index.html"]
    assert {path.name for path in written} == {path.name for path in (tmp_path / "maps").iterdir()}
    assert [path.name for path in written[2:]] == ["P1.html", "sankey.html"]


def test_pages_are_the_same_bytes_each_time_and_old_ones_go(tmp_path):
    first = write_maps(made_territory(), made_plan(), tmp_path, lang="fr")
    before = [path.read_bytes() for path in first]
    (tmp_path / "gone.html").write_text("of an earlier run")
    again = write_maps(made_territory(), made_plan(), tmp_path, lang="fr")
    assert [path.read_bytes() for path in again] == before
    assert not (tmp_path / "gone.html").exists()


def test_a_park_page_shows_what_touches_the_park_and_its_partners(tmp_path):
    write_maps(made_territory(), made_plan(), tmp_path, lang="fr")
    data = data_of(tmp_path / "P1.html")
    names = dict(zip(data["nodes"]["name"], data["nodes"]["inside"], strict=True))
    # the hub lies in the park: what enters and leaves it is the park's
    assert names == {
        **{"Alpha": True, "Bêta – Nord": True, "Centre de tri": True},
        **{"Loin": False, "Nulle part": False},
    }
    assert len(data["exchanges"]["id"]) == 4
    totals = dict(zip(data["totals"]["unit"], data["totals"]["value"], strict=True))
    assert totals["eur"] == 4000 + 4500  # pairs of its firms; Loin to Nulle part is not its own
    assert data["title"] == "Parc Un"


def test_the_territory_page_counts_sites_behind_parks_and_communes(tmp_path):
    write_maps(made_territory(), made_plan(), tmp_path, lang="fr")
    nodes = data_of(tmp_path / "index.html")["nodes"]
    standing = [nodes["name"][at] for at in nodes["group"]]
    by_name = dict(zip(nodes["name"], standing, strict=True))
    assert by_name["Alpha"] == "Parc Un"
    assert by_name["Bêta – Sud"] == "P/2"
    assert by_name["Loin"] == "Loin"  # few sites outside parks stand for themselves
    assert by_name["Nulle part"] == "Nulle part"
    links = dict(zip(nodes["name"], nodes["link"], strict=True))
    assert links["Parc Un"] == "P1.html"
    assert (tmp_path / links["P/2"]).exists()


def test_many_sites_outside_parks_are_gathered_by_commune(tmp_path):
    few = made_territory().sites
    row = {"firm": "Seul", "name": "", "city": "Carvin", "naf": "", "park_id": ""}
    place = {"lon": 2.96, "lat": 50.5, "position_quality": "exact"}
    more = pd.DataFrame([row | place] * 60, index=[f"T{n}" for n in range(60)])
    territory = made_territory(sites=pd.concat([few, more]))
    write_maps(territory, made_plan(), tmp_path, lang="fr")
    nodes = data_of(tmp_path / "index.html")["nodes"]
    at = nodes["name"].index("Carvin, hors parc")
    assert nodes["role"][at] == "cluster"
    assert nodes["group"].count(at) == 1 + 61  # itself, Loin and the sixty
    assert nodes["lon"][at] == pytest.approx((2.95 + 2.96) / 2)  # in the midst of two places


def test_a_page_of_a_plan_without_flows_opens(tmp_path):
    written = write_maps(made_territory(), made_plan(flows=[], pairs=[]), tmp_path, lang="en")
    with chromium() as browser:
        for path in written:
            with visit(browser, path) as seen:
                if path.name == "sankey.html":
                    assert "No exchange in this plan" in seen.page.inner_text("#choices")
                    continue
                assert seen.run("page.lines.length") == 0
                assert "Nothing to start between two firms" in seen.page.inner_text("#panel")
                assert (seen.errors, seen.requests) == ([], [])


def test_pages_of_a_run_open_in_both_languages_and_lead_to_each_other(tmp_path):
    with chromium() as browser:
        for lang, headline in (("fr", "5 échanges possibles"), ("en", "5 possible exchanges")):
            write_maps(made_territory(), made_plan(periods=12), tmp_path / lang, lang=lang)
            with visit(browser, tmp_path / lang / "index.html") as seen:
                assert headline in seen.page.inner_text(".headline")
                assert seen.run("document.documentElement.lang") == lang
                assert seen.run("document.querySelector('.spot.park .mark').dataset.sites") == "2"
                links = seen.run("[...document.querySelectorAll('tbody a')].map((a) => a.href)")
                assert links[0] == (tmp_path / lang / "P1.html").as_uri()
                assert (seen.errors, seen.requests) == ([], [])


@pytest.mark.parametrize(
    "ids",
    [
        ["../../etc/passwd", "..", ".", "/", "\\", "a/b", "a\\b", "a:b", "a\0b", " ", ""],
        ["CON", "nul", "com1", "index", "Index", "aux.html"],
        ["p", "P", "é", "e", "É", "é ", "x" * 300, "x" * 301, "東京", "大阪"],
    ],
)
def test_no_two_parks_share_a_file_on_any_file_system(ids, tmp_path):
    names = page_names(ids)
    assert [*names] == ids
    assert len({name.casefold() for name in names.values()}) == len(ids)
    for name in names.values():
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*\.html", name)
        assert len(name) < 100
        assert name.casefold() != "index.html"
        assert name.split(".")[0].casefold() not in {"con", "nul", "aux", "com1"}


def test_a_park_keeps_its_plain_id_even_beside_one_that_imitates_a_safe_name():
    safe = page_names(["a b"])["a b"].removesuffix(".html")
    names = page_names(["a b", safe])
    assert names[safe] == f"{safe}.html"
    assert names["a b"] != names[safe]


def test_every_family_has_a_colour_of_its_own():
    colours = family_colours(set(families().index), "fr")["colour"]
    assert colours.is_unique
    assert colours.str.fullmatch("#[0-9a-fA-F]{6}").all()
