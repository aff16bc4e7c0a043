"""A territory folder: every mistake across its tables is said at once, each with its own mend."""

import json
import tomllib
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import Point, Polygon

from eit.faults import DeclarationError
from eit.scenario import SCENARIO_KEYS, TERRITORY_KEYS, check_settings
from eit.tables import schema
from eit.territory import check_territory, new_territory, read_territory

SITES = """site_id,firm,siret,lon,lat,postcode,city,park_id
S1,Scierie,,2.83,50.43,62300,Lens,
S2,Panneaux,,2.80,50.42,,,
S3,Mairie,,,,62300,Lens,
"""
DECLARATIONS = """declaration_id,site_id,kind,resource,quantity,unit,current_cost_eur_per_unit
D1,S1,residue,wood,100,t,20
D2,S2,need,wood,60,t,50
D3,S3,need,sand,10,t,
"""
HUBS = """hub_id,lon,lat,status,takes,gives,yield,capacity,unit_cost_eur,opening_cost_eur
H1,2.81,50.41,candidate,wood,wood_chips,0.9,1000,5,2000
H1,,,candidate,wood_fuel,,,,3,2000
"""
PARK = Polygon([(2.82, 50.42), (2.84, 50.42), (2.84, 50.44), (2.82, 50.44)])


def folder(tmp_path, **files):
    """Write a sound territory, then the given files over it; ``None`` takes one away."""
    root = tmp_path / "territory"
    pages = {
        "territory.toml": '[territory]\nname = "Essai"\n',
        "sites.csv": SITES,
        "declarations/all.csv": DECLARATIONS,
    }
    for name, text in (pages | {n.replace("__", "."): t for n, t in files.items()}).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is not None:
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def faults(root):
    return [(f.file, f.line, f.column, f.code) for f in check_territory(root).faults]


def notices(root):
    return [n.code for n in check_territory(root).notices if n.code != "placed_at_communes"]


def links(*rows, titles="from_id,to_id,mode,distance_km"):
    return "\n".join([titles, *rows, ""])


def geojson(*features, crs=None):
    frame = gpd.GeoDataFrame(
        {"park_id": [f[0] for f in features], "name": [f[1] for f in features]},
        geometry=[f[2] for f in features],
        crs=crs or 4326,
    )
    return frame.to_json(drop_id=True)


# a sound folder


def test_a_sound_folder_becomes_a_territory(tmp_path):
    root = folder(tmp_path, hubs__csv=HUBS, links__csv=links("D1,D2,road,4"))
    territory = read_territory(root)
    assert (territory.name, territory.crs, territory.year) == ("Essai", "EPSG:2154", 2026)
    assert territory.sites.index.tolist() == ["S1", "S2", "S3"]
    assert territory.sites["position_quality"].tolist() == ["exact", "exact", "commune"]
    assert territory.declarations.index.tolist() == ["D1", "D2", "D3"]
    assert territory.links["distance_km"].tolist() == [4.0]
    assert territory.parks.empty
    assert territory.parks.crs.to_epsg() == 4326
    assert (territory.builtin_rules, territory.links_only) == (True, False)


def test_every_file_read_is_named_with_its_fingerprint(tmp_path):
    """SHA-256 of the three bytes 'abc' is the test vector of FIPS 180-2."""
    root = folder(tmp_path)
    read = dict(read_territory(root).files)
    assert sorted(read) == ["declarations/all.csv", "sites.csv", "territory.toml"]
    (root / "territory.toml").write_bytes(b"abc")
    digest = dict(check_territory(root).territory.files)["territory.toml"]
    assert digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_tables_may_be_workbooks_and_titles_french(tmp_path):
    french = "id_declaration;id_site;nature;ressource;quantite\nD1;S1;résidu;wood;10\n"
    root = folder(tmp_path, **{"declarations/all.csv": french})
    (root / "sites.csv").unlink()
    with pd.ExcelWriter(root / "sites.xlsx", engine="xlsxwriter") as book:
        pd.DataFrame({"id_site": ["S1"], "longitude": [2.8], "latitude": [50.4]}).to_excel(
            book, index=False
        )
    assert faults(root) == []
    assert check_territory(root).territory.sites.loc["S1", "lon"] == 2.8


def test_the_folders_scenario_is_read_and_checked(tmp_path):
    root = folder(tmp_path, scenario__toml="[limits]\nbudget_eur = 5\n[solver]\nsed = 1\n")
    assert faults(root) == [("scenario.toml", 4, "solver.sed", "unknown_key")]
    assert check_territory(root).territory.scenario == {"limits": {"budget_eur": 5}, "solver": {}}


# files


def test_a_folder_that_is_not_there_is_a_fault_and_no_crash(tmp_path):
    reading = check_territory(tmp_path / "nowhere")
    assert reading.territory is None
    assert [f.code for f in reading.faults] == ["no_folder"]
    with pytest.raises(DeclarationError):
        read_territory(tmp_path / "nowhere", sound_only=True)


def test_missing_files_are_faults_of_their_own(tmp_path):
    (tmp_path / "empty").mkdir()
    assert [f[3] for f in faults(tmp_path / "empty")] == [
        "missing_declarations",
        "missing_sites",
        "missing_territory",
    ]
    assert faults(folder(tmp_path, territory__toml="[territory]\nyear = 2026\n")) == [
        ("territory.toml", 0, "territory.name", "missing_name")
    ]


def test_hidden_and_backup_files_are_passed_over_with_a_notice(tmp_path):
    others = {
        "declarations/~$all.xlsx": b"x",
        "declarations/all.csv~": "x",
        "declarations/.all.csv": "x",
        "sites.csv.bak": "x",
        "notes.txt": "x",
        "README.md": "x",
        "scenario_b.toml": "x",
    }
    root = folder(tmp_path, **others)
    assert faults(root) == []
    assert notices(root) == ["file_ignored"] * 5


@pytest.mark.parametrize("name", ["roads.graphml", "nord.osm.pbf"])
def test_a_road_network_that_cannot_be_read_is_a_fault(tmp_path, name):
    root = folder(tmp_path, **{name: "x"})
    assert faults(root) == [(name, 0, "", "roads_unreadable")]
    assert check_territory(root).territory.roads is None


def test_two_road_networks_are_a_fault(tmp_path):
    root = folder(tmp_path, **{"roads.graphml": "x", "nord.osm.pbf": "x"})
    assert ("roads.graphml", 0, "", "roads_twice") in faults(root)


def test_two_files_of_one_table_are_a_fault(tmp_path):
    assert faults(folder(tmp_path, **{"sites.xlsx": b"x"}))[0][3] == "table_twice"


def test_an_empty_territory_is_a_notice(tmp_path):
    root = folder(tmp_path, **{"declarations/all.csv": DECLARATIONS.splitlines()[0] + "\n"})
    assert faults(root) == []
    assert "empty_territory" in notices(root)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_new_territory_has_no_fault(tmp_path, lang):
    written = new_territory(tmp_path / "neuf", lang)
    reading = check_territory(tmp_path / "neuf")
    assert "territory.toml" in written
    assert (reading.faults, reading.sound) == ((), 0)
    assert [n.code for n in reading.notices] == ["empty_territory"]
    assert reading.territory.name == "neuf"
    with pytest.raises(FileExistsError):
        new_territory(tmp_path / "neuf", lang)


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize(
    ("file", "keys"), [("territory.toml", TERRITORY_KEYS), ("scenario.toml", SCENARIO_KEYS)]
)
def test_the_commented_settings_of_a_new_territory_are_sound_and_complete(
    tmp_path, lang, file, keys
):
    """Without its #, every line is a key that may stand, and only what is refused is missing."""
    new_territory(tmp_path / "neuf", lang)
    text = (tmp_path / "neuf" / file).read_text(encoding="utf-8")
    lines = [line.removeprefix("# ") if " = " in line else line for line in text.splitlines()]
    content = tomllib.loads("\n".join(line for line in lines if not line.startswith("# ")))
    assert check_settings(content, keys=keys) == []
    shown = {(section, key) for section in content for key in content[section]}
    declared = {(section, key) for section in content for key in keys[section]}
    assert declared - shown <= {("solver", "engine"), ("solver", "scheduler")}


# hubs


def test_rows_of_a_hub_are_recipes_that_share_what_a_blank_leaves_out(tmp_path):
    territory = read_territory(folder(tmp_path, hubs__csv=HUBS))
    hubs = territory.hubs
    assert hubs[["takes", "recipe"]].to_numpy().tolist() == [["wood", 0], ["wood_fuel", 1]]
    assert hubs["capacity"].tolist() == [1000.0, 1000.0]
    assert hubs["lon"].tolist() == [2.81, 2.81]
    assert hubs["position_quality"].tolist() == ["exact", "exact"]


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("H1,,,candidate,sand,,,900,3,2000", "capacity", "hub_differs"),
        ("H1,,,existing,sand,,,,3,2000", "status", "hub_differs"),
        ("H1,,,candidate,sand,,,,3,1000", "opening_cost_eur", "hub_differs"),
        ("H1,3.5,50.41,candidate,sand,,,,3,2000", "lon", "hub_differs"),
        ("H1,,,candidate,wood_fuel,,,,9,2000", "takes", "recipe_twice"),
        ("D1,2.8,50.4,existing,sand,,,,3,0", "hub_id", "hub_is_declaration"),
        ("H2,2.8,50.4,existing,sand,aggregate,-1,,3,0", "yield", "positive"),
        ("H2,11,55,existing,sand,,,,3,0", "hub_id", "outside_crs"),
    ],
)
def test_a_hub_row_that_cannot_stand_is_a_fault(tmp_path, row, column, code):
    root = folder(tmp_path, hubs__csv=HUBS + row + "\n")
    assert faults(root) == [("hubs.csv", 4, column, code)]


def test_what_may_be_meant_of_a_hub_is_a_notice(tmp_path):
    free = "H2,2.8,50.4,candidate,sand,,0.5,,3,\nS1,2.8,50.4,existing,sand,,,,1,0\n"
    assert notices(folder(tmp_path, hubs__csv=HUBS + free)) == [
        "hub_free",
        "yield_of_nothing",
        "id_of_site_too",
    ]


# links


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("D9,D2,road,1", "from_id", "unknown_end"),
        ("D1,D9,road,1", "to_id", "unknown_end"),
        ("D2,D1,road,1", "from_id", "link_from_need"),
        ("H1,D1,road,1", "to_id", "link_to_residue"),
        ("H1,H1,road,1", "to_id", "link_to_itself"),
        ("D1,D2,road,3", "from_id", "link_twice"),
    ],
)
def test_a_link_joins_what_can_be_joined(tmp_path, row, column, code):
    root = folder(tmp_path, hubs__csv=HUBS, links__csv=links("D1,D2,road,2", row))
    assert ("links.csv", 3, column, code) in faults(root)
    assert {f[3] for f in faults(root)} <= {code, "link_to_residue"}


def test_an_unknown_end_names_the_nearest(tmp_path):
    (fault,) = check_territory(folder(tmp_path, links__csv=links("S1,S22,road,2"))).faults
    assert "S2" in fault.mend("en")


def test_rows_that_differ_in_mode_or_level_are_no_repeats(tmp_path):
    rows = links("D1,D2,road,2", "D1,D2,rail,2", "S1,S2,road,2", "S1,D2,road,2", "S1,S1,road,0")
    assert faults(folder(tmp_path, links__csv=rows)) == []


FIGURES = (
    "from_id,to_id,min_quantity,max_quantity,required,allowed,trip_payload,trip_cost_eur,"
    "capacity_group,group_capacity,group_fixed_cost_eur,fixed_cost_eur"
)


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("D1,D2,,,yes,,,,,,,", "min_quantity", "link_without_minimum"),
        ("D1,D2,0,,yes,,,,,,,", "min_quantity", "link_without_minimum"),
        ("D1,D2,5,,yes,no,,,,,,", "allowed", "required_forbidden"),
        ("D1,D2,5,4,,,,,,,,", "min_quantity", "minimum_above_maximum"),
        ("D1,D2,,,,,20,,,,,", "trip_cost_eur", "trip_without_cost"),
        ("D1,D2,,,,,,,,100,,", "capacity_group", "group_unnamed"),
        ("D1,D2,,,,,,,G,90,,", "group_capacity", "group_differs"),
        ("D1,D2,,,,,,,G,,7,", "group_fixed_cost_eur", "group_differs"),
        ("D1,D2,,,,,20,-1,,,,", "trip_cost_eur", "nonnegative"),
        ("D1,D2,,,,,,,,,,-1", "fixed_cost_eur", "nonnegative"),
    ],
)
def test_figures_of_a_link_go_together(tmp_path, row, column, code):
    rows = links("S1,S2,,,,,,,G,100,5,", row, titles=FIGURES)
    root = folder(tmp_path, links__csv=rows)
    assert ("links.csv", 3, column, code) in faults(root)


def test_what_a_group_shares_stands_on_every_row_of_it(tmp_path):
    rows = links("S1,S2,,,,,,,G,100,,", "D1,D2,,,,,,,G,,,", "S2,S1,,,,,,,,,,", titles=FIGURES)
    shared = read_territory(folder(tmp_path, links__csv=rows)).links["group_capacity"]
    assert shared.isna().tolist() == [False, False, True]
    assert shared[:2].tolist() == [100.0, 100.0]


def test_a_link_to_a_declaration_that_is_cancelled_is_a_notice(tmp_path):
    more = "declaration_id,action,declared_at\nD2,cancel,2026-02-01\n"
    root = folder(tmp_path, links__csv=links("D1,D2,road,2"), **{"declarations/z.csv": more})
    assert faults(root) == []
    assert {"link_not_live", "links_left_out"} <= set(notices(root))
    assert check_territory(root).territory.links.empty


def test_an_id_of_a_declaration_wins_over_an_equal_site(tmp_path):
    sites = SITES + "D1,Homonyme,,2.8,50.4,,,\n"
    assert notices(folder(tmp_path, sites__csv=sites)) == ["id_of_site_too"]


# rules


RULES = "rule_id,residue,need,ratio\n"


def test_a_rule_whose_need_is_misspelt_is_a_fault_and_an_idle_one_a_notice(tmp_path):
    root = folder(tmp_path, rules__csv=RULES + "R1,wood,wood_chip,1\nR2,wood,zeolite,1\n")
    assert faults(root) == [("rules.csv", 2, "need", "unknown_need")]
    assert "wood_chips" in check_territory(root).faults[0].mend("fr")
    assert notices(root) == ["rule_idle"]


def test_a_rule_may_name_what_only_a_declaration_knows(tmp_path):
    own = DECLARATIONS + "D4,S2,need,zeolite,5,t,\n"
    files = {"declarations/all.csv": own, "rules.csv": RULES + "R1,wood,zeolite,1\n"}
    root = folder(tmp_path, **files)
    assert (faults(root), notices(root)) == ([], [])
    assert read_territory(root).rules.index.tolist() == ["R1"]


def test_a_ratio_of_nothing_is_a_fault(tmp_path):
    root = folder(tmp_path, rules__csv=RULES + "R1,wood,sand,0\n")
    assert faults(root) == [("rules.csv", 2, "ratio", "positive")]


# places and parks


def test_a_site_outside_the_metric_system_is_a_fault(tmp_path):
    root = folder(tmp_path, sites__csv=SITES + "S4,Danemark,,11.09,55.68,,,\n")
    assert faults(root) == [("sites.csv", 5, "site_id", "outside_crs")]
    wide = '[territory]\nname = "D"\ncrs = "EPSG:25832"\n'
    danish = "site_id,lon,lat\nS1,11.09,55.68\nS2,11.1,55.66\nS3,11.2,55.6\n"
    assert faults(folder(tmp_path, territory__toml=wide, sites__csv=danish)) == []


@pytest.mark.parametrize("crs", ["EPSG:4326", "WGS84", "EPSG:0", "", "EPSG:2225"])
def test_a_system_that_is_not_metric_is_a_fault(tmp_path, crs):
    root = folder(tmp_path, territory__toml=f'[territory]\nname = "D"\ncrs = "{crs}"\n')
    assert [(f[1], f[3]) for f in faults(root)] == [(3, "setting_crs")]


def test_a_site_gets_the_park_it_lies_in_unless_it_names_one(tmp_path):
    sites = SITES.replace("S2,Panneaux,,2.80,50.42,,,", "S2,Panneaux,,2.80,50.42,,,P2")
    other = Polygon([(2.9, 50.4), (2.91, 50.4), (2.91, 50.41)])
    parks = geojson(("P1", "Zone 1", PARK), ("P2", "", other))
    territory = read_territory(folder(tmp_path, sites__csv=sites, parks__geojson=parks))
    assert territory.sites["park_id"].to_dict() == {"S1": "P1", "S2": "P2", "S3": ""}
    assert territory.parks["name"].tolist() == ["Zone 1", "P2"]


def test_an_unknown_park_is_a_fault_that_names_the_nearest(tmp_path):
    sites = SITES.replace("62300,Lens,\nS2", "62300,Lens,P11\nS2")
    root = folder(tmp_path, sites__csv=sites, parks__geojson=geojson(("P1", "", PARK)))
    assert faults(root) == [("sites.csv", 2, "park_id", "unknown_park")]
    assert notices(folder(tmp_path, sites__csv=sites, parks__geojson=None)) is not None


def test_parks_named_without_outlines_are_a_notice(tmp_path):
    sites = SITES.replace("62300,Lens,\nS2", "62300,Lens,P1\nS2")
    root = folder(tmp_path, sites__csv=sites)
    assert (faults(root), notices(root)) == ([], ["parks_missing"])


def test_parks_in_metres_come_back_in_degrees(tmp_path):
    metres = gpd.GeoSeries([PARK], crs=4326).to_crs(2154)[0]
    labelled = geojson(("P1", "", metres), crs="EPSG:2154")
    bare = json.loads(labelled)
    bare.pop("crs", None)
    for text, said in ((labelled, "parks_reprojected"), (json.dumps(bare), "parks_metres")):
        root = folder(tmp_path, parks__geojson=text)
        assert notices(root) == [said]
        park = check_territory(root).territory.parks.geometry[0]
        assert park.symmetric_difference(PARK).area < 1e-6 * PARK.area


def test_a_crossed_outline_is_mended_and_a_point_is_a_fault(tmp_path):
    crossed = Polygon([(2.82, 50.42), (2.84, 50.44), (2.84, 50.42), (2.82, 50.44)])
    parks = geojson(("P1", "", crossed), ("P2", "", Point(2.8, 50.4)), ("P3", "", None))
    root = folder(tmp_path, parks__geojson=parks)
    assert [f[3] for f in faults(root)] == ["park_not_polygon", "park_not_polygon"]
    assert notices(root) == ["park_mended"]
    shape = check_territory(root).territory.parks.geometry[0]
    assert shape.is_valid
    assert shape.area == pytest.approx(PARK.area / 2)


def test_park_ids_are_given_and_given_once(tmp_path):
    parks = geojson(("P1", "", PARK), ("P1", "", PARK), ("", "", PARK))
    found = [f[3] for f in faults(folder(tmp_path, parks__geojson=parks))]
    assert sorted(found) == ["park_twice", "park_without_id"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"features": 3}',
        b"\xff\xfe",
        '{"type":"FeatureCollection","features":[{}]}',
    ],
)
def test_parks_that_are_no_geojson_are_a_fault_and_no_crash(tmp_path, text):
    assert [f[3] for f in faults(folder(tmp_path, parks__geojson=text))] == ["parks_unreadable"]


def test_numbers_and_french_names_serve_as_park_ids(tmp_path):
    text = geojson((7.0, "", PARK)).replace('"park_id"', '"id_zone"').replace('"name"', '"nom"')
    territory = read_territory(folder(tmp_path, parks__geojson=text))
    assert territory.parks["park_id"].tolist() == ["7"]


# sound rows


def test_sound_only_leaves_out_what_is_faulty_and_what_hangs_on_it(tmp_path):
    sites = SITES + "S4,Danemark,,11.09,55.68,,,\n"
    more = DECLARATIONS + "D4,S4,need,wood,5,t,\nD5,S1,residue,wood,-3,t,\n"
    files = {
        "sites.csv": sites,
        "declarations/all.csv": more,
        "links.csv": links("D1,D4,road,3", "D1,D2,road,3"),
    }
    root = folder(tmp_path, **files)
    with pytest.raises(DeclarationError) as raised:
        read_territory(root)
    assert {f.code for f in raised.value.faults} == {"outside_crs", "positive"}
    sound = read_territory(root, sound_only=True)
    assert sound.declarations.index.tolist() == ["D1", "D2", "D3"]
    assert sound.sites.index.tolist() == ["S1", "S2", "S3"]
    assert sound.links["to_id"].tolist() == ["D2"]
    assert {"left_out_with_site", "links_left_out"} <= {n.code for n in sound.notices}


def test_sound_declarations_are_counted_though_another_file_is_faulty(tmp_path):
    reading = check_territory(folder(tmp_path, links__csv=links("X,Y,road,1")))
    assert (len(reading.faults), reading.sound) == (2, 3)


def test_every_sentence_exists_in_both_languages(tmp_path):
    rows = [links("D9,D2,road,2", "D2,D1,road,1", "D2,D1,road,1")]
    root = folder(
        tmp_path,
        links__csv=rows[0],
        hubs__csv=HUBS + "H1,,,existing,sand,,,900,3,1\n",
        parks__geojson=geojson(("", "", PARK)),
        **{"roads.graphml": "", "x.txt": ""},
    )
    reading = check_territory(root)
    for one in (*reading.faults, *reading.notices):
        french, english = one.text("fr"), one.text("en")
        assert french
        assert english
        assert french != english


def test_the_columns_of_the_frames_are_those_that_others_rely_on(tmp_path):
    territory = read_territory(folder(tmp_path, hubs__csv=HUBS))
    dropped = {"x", "y", "crs"}
    assert set(territory.sites) >= {*schema("sites").names} - {*dropped, "site_id"}
    assert set(territory.hubs) >= {*schema("hubs").names, "recipe", "file", "line"} - dropped
    assert not dropped & {*territory.sites, *territory.hubs}
    assert list(territory.parks) == ["park_id", "name", "rail", "quay", "geometry"]


def test_reading_changes_nothing_in_the_folder(tmp_path):
    root = folder(tmp_path)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    check_territory(root)
    assert {path: path.read_bytes() for path in Path(root).rglob("*") if path.is_file()} == before
