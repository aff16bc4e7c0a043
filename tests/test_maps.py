import base64
import csv
import hashlib
import json
import re
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Point, Polygon

from maps import bundle, diagram, frame, page
from maps.sheet import LEFTOVER_COLUMNS, START_COLUMNS, Sheet, as_json, columns_of

MESSAGES = Path(__file__).parent.parent / "datasets" / "messages" / "maps.csv"


def label_keys():
    """Every key that the catalogue holds for maps."""
    with MESSAGES.open(encoding="utf-8", newline="") as lines:
        return [row["key"].removeprefix("map.") for row in csv.DictReader(lines)]


LABELS = {key: f"«{key}»" for key in label_keys() if not key.endswith(".one")} | {
    "per.year": "{quantity}/an",
    "table.exchanges": "Échanges ({n})",
    "headline.park": "{n} échanges",
    "unit.t": "t",
    "unit.eur": "€",
    "column.month": "En {month}",
    "via": "via {name}",
    "spot": "{name} : {n}",
    "edge": "{name}, dehors",
}
NODES = [
    ("a", "Alpha", "site", True, Point(2.80, 50.44)),
    ("b", "Bêta", "site", True, Point(2.81, 50.445)),
    ("c", "Gamma", "site", True, Point(2.805, 50.437)),
    ("far", "Lointaine", "site", False, Point(3.4, 50.9)),
    ("hub", "Centre de tri", "hub", True, Point(2.803, 50.443)),
    ("new", "Broyeur", "candidate", True, Point(2.808, 50.441)),
    ("lost", "Sans adresse", "site", True, None),
]
EXCHANGES = [
    ("f1", "a", "b", "Carton", "paper", 400.0, 12000.0, "measured"),
    ("f2", "b", "a", "Palettes", "wood", 100.0, 3000.0, "inferred"),
    ("f3", "a", "far", "Chutes de bois", "wood", 50.0, 900.0, "measured"),
    ("f4", "c", "hub", "Emballages", "paper", 900.0, None, "measured"),
    ("f5", "lost", "b", "Sciure", "wood", 10.0, 50.0, "measured"),
]


def made_sheet(names=None, *, months=False, lang="fr", **changes) -> Sheet:
    """A park of made-up sites, small enough to count by hand; `names` renames nodes."""
    names = names or {}
    nodes = gpd.GeoDataFrame(
        [
            (key, names.get(key, name), role, "Loos", "", "", "", inside, point)
            for key, name, role, inside, point in NODES
        ],
        columns=["id", "name", "role", "place", "note", "group", "link", "inside", "geometry"],
        crs=4326,
    ).set_index("id")
    split = (lambda q: [q, *[0.0] * 11]) if months else (lambda q: [])
    exchanges = pd.DataFrame(
        [
            {
                "id": key,
                "source": source,
                "target": target,
                "resource": resource,
                "code": "",
                "family": family,
                "quantity": quantity,
                "unit": "t",
                "delivered": quantity,
                "delivered_unit": "t",
                "distance_km": 1.5,
                "value_eur": value,
                "co2e_t": 2.0,
                "level": "recycling",
                "certainty": certainty,
                "existing": False,
                "months": split(quantity),
            }
            for key, source, target, resource, family, quantity, value, certainty in EXCHANGES
        ]
    ).set_index("id")
    starts = pd.DataFrame(
        [
            ("a", "", "b", "Carton", "paper", 400.0, "t", 12000.0, 1.5, ["near"], ["f1"]),
            ("a", "hub", "b", "Bois", "wood", 9.0, "t", 90.0, 1.5, ["check"], ["f2", "f4"]),
        ],
        columns=START_COLUMNS,
    )
    leftovers = pd.DataFrame(
        [
            ("c", "residue", "PVC", "", "paper", 7.0, "t", "trop loin", "se rapprocher"),
            ("b", "need", "Eau", "", None, 80.0, "m3", "personne", "chercher"),
        ],
        columns=LEFTOVER_COLUMNS,
    )
    corners = [(2.795, 50.435), (2.815, 50.435), (2.815, 50.448), (2.795, 50.448)]
    outlines = gpd.GeoDataFrame(
        {"name": ["Parc"], "role": ["park"]}, geometry=[Polygon(corners)], crs=4326
    )
    families = pd.DataFrame(
        {"label": ["Papier", "Bois"], "colour": ["#E69F00", "#D55E00"], "letter": ["A", "B"]},
        index=["paper", "wood"],
    )
    totals = pd.DataFrame({"label": ["valorisés"], "value": [1460.0], "unit": ["t"]})
    given = {
        "kind": "park",
        "title": names.get("title", "Parc d'essai"),
        "subtitle": "Artois · 2026",
        "lang": lang,
        "labels": LABELS,
        "nodes": nodes,
        "exchanges": exchanges,
        "starts": starts,
        "leftovers": leftovers,
        "outlines": outlines,
        "families": families,
        "totals": totals,
        "links": (("Tous les parcs", "index.html"),),
        "months": months,
    }
    return Sheet(**(given | changes))


def test_the_same_sheet_gives_the_same_bytes():
    assert page.render(made_sheet()) == page.render(made_sheet())


def test_nothing_in_a_page_points_outside_it():
    html = page.render(made_sheet())
    markup = re.sub(r"<(script|style)\b.*?</\1>|<!--.*?-->", "", html, flags=re.DOTALL)
    assert not re.search(r"\b(src|href)\s*=", markup)
    assert "@import" not in html
    assert not re.search(r"url\((?!data:)", "".join(re.findall(r"<style>.*?</style>", html, re.S)))


def test_the_policy_names_every_script_by_its_hash_and_no_host():
    html = page.render(made_sheet())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    scripts = re.findall(r"<script>(.*?)</script>", html, re.S)
    assert len(scripts) == 2 + len(page.SCRIPTS)
    assert policy.count("'sha256-") == len(scripts)
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_an_online_background_opens_the_policy_to_its_host_alone():
    html = page.render(made_sheet(background="osm"))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1]
    assert re.findall(r"https?://[^ ;]+", policy) == ["https://tile.openstreetmap.org"]
    with pytest.raises(ValueError, match="background must be one of"):
        page.render(made_sheet(background="elsewhere"))


def test_a_link_that_is_not_bundled_is_refused(monkeypatch):
    foreign = (("leaflet", "https://cdn.example/leaflet.js"),)
    monkeypatch.setattr(page.QuietMap, "default_js", foreign)
    with pytest.raises(ValueError, match=r"self-contained; it links https://cdn\.example"):
        page.render(made_sheet())


def test_the_licence_of_what_is_bundled_is_in_the_page():
    html = page.render(made_sheet())
    assert "Redistribution and use in source and binary forms" in html
    assert "Volodymyr Agafonkin" in html


def test_text_from_data_stands_in_the_data_block_and_the_title_alone():
    hostile = "<img src=x onerror=alert(1)>{{ 7 * 7 }}${alert(1)}"
    html = page.render(made_sheet({"a": hostile, "title": hostile}))
    assert "<img" not in html
    assert "49" not in re.search(r"<title>(.*?)</title>", html)[1]
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)[1]
    data = json.loads(block)
    assert data["title"] == hostile
    assert data["nodes"]["name"][0] == hostile


@pytest.mark.parametrize("text", ["</script>", "<!--", "]]>", "\u2028\u2029", "&lt;", "a\\b\"'"])
def test_json_in_a_script_block_comes_back_and_cannot_close_it(text):
    written = as_json([text])
    assert json.loads(written) == [text]
    assert not set("<>&\u2028\u2029") & set(written)


def test_a_frame_is_sent_without_nan_and_without_needless_digits():
    frame = pd.DataFrame({"q": [1 / 3, float("nan"), 12.0]}, index=["x", "y", "z"])
    assert columns_of(frame) == {"id": ["x", "y", "z"], "q": [0.3333333, None, 12]}


def test_a_projected_frame_is_drawn_where_the_same_degrees_are():
    nodes = made_sheet().nodes
    metres = made_sheet(nodes=nodes.to_crs(2154)).data()["nodes"]
    assert metres["lon"][0] == pytest.approx(2.80, abs=2e-6)
    assert metres["lat"][0] == pytest.approx(50.44, abs=2e-6)
    assert metres["lat"][6] is None


def test_a_sheet_refuses_what_it_could_not_draw():
    sheet = made_sheet()
    with pytest.raises(ValueError, match=r"exchanges lacks the columns \['unit'\]"):
        made_sheet(exchanges=sheet.exchanges.drop(columns="unit"))
    with pytest.raises(ValueError, match="nodes has no CRS"):
        made_sheet(nodes=sheet.nodes.set_crs(None, allow_override=True))
    with pytest.raises(ValueError, match=r"unknown nodes in target: \['nobody'\]"):
        made_sheet(exchanges=sheet.exchanges.assign(target="nobody"))


def test_a_missing_asset_names_the_command_that_fetches_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="make install"):
        bundle.read("leaflet.js", tmp_path)


def test_copied_assets_need_no_other_file(tmp_path):
    packages = tmp_path / "node_modules"
    for source in bundle.SOURCES.values():
        (packages / source).parent.mkdir(parents=True, exist_ok=True)
        (packages / source).write_text("let a;\n//# sourceMappingURL=a.js.map\n")
    dist = packages / "leaflet" / "dist"
    (dist / "images").mkdir()
    (dist / "images" / "a.png").write_bytes(b"png")
    (dist / "leaflet.css").write_text("a{b:url(images/a.png)} c{d:url(#default#VML)}")
    bundle.copy(packages, tmp_path / "assets")
    assert bundle.read("leaflet.js", tmp_path / "assets") == "let a;\n"
    style = bundle.read("leaflet.css", tmp_path / "assets")
    assert style == "a{b:url(data:image/png;base64,cG5n)} c{d:none}"


def test_a_script_that_would_close_its_element_is_not_copied(tmp_path):
    dist = tmp_path / "leaflet" / "dist"
    dist.mkdir(parents=True)
    (dist / "leaflet.js").write_text("'</SCRIPT>'")
    with pytest.raises(ValueError, match="cannot be inlined"):
        bundle.copy(tmp_path, tmp_path / "assets")


def test_every_word_that_the_scripts_say_is_in_the_catalogue():
    scripts = "".join(frame.static(name) for name in {*page.SCRIPTS, *diagram.SCRIPTS})
    template = (frame.STATIC.parent / "templates" / "page.html").read_text(encoding="utf-8")
    said = set(re.findall(r'say\("([a-z_.0-9]+)"', scripts))
    said |= set(re.findall(r'data-say="([a-z_.]+)"', template))
    assert len(said) > 60
    assert said <= set(label_keys())
