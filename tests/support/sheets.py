"""A made-up map sheet, small enough to count by hand."""

import csv
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import pandas as pd
from shapely import Point, Polygon

from maps.sheet import LEFTOVER_COLUMNS, START_COLUMNS, Sheet

MESSAGES = Path(__file__).parents[2] / "datasets" / "messages" / "maps.csv"


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
FAMILIES = pd.DataFrame(
    {"label": ["Papier", "Bois"], "colour": ["#E69F00", "#D55E00"], "letter": ["A", "B"]},
    index=["paper", "wood"],
)


def made_nodes(names: Mapping[str, str]) -> gpd.GeoDataFrame:
    """Sites about a park, two hubs, a firm far off and one without a place."""
    rows = [
        (key, names.get(key, name), role, "Loos", "", "", "", inside, point)
        for key, name, role, inside, point in NODES
    ]
    columns = ["id", "name", "role", "place", "note", "group", "link", "inside", "geometry"]
    return gpd.GeoDataFrame(rows, columns=columns, crs=4326).set_index("id")


def made_exchanges(*, months: bool) -> pd.DataFrame:
    """Five exchanges; with months, all of each flows in January."""
    columns = ["id", "source", "target", "resource", "family", "quantity", "value_eur", "certainty"]
    told = pd.DataFrame(EXCHANGES, columns=columns).set_index("id")
    return told.assign(
        code="",
        unit="t",
        delivered=told["quantity"],
        delivered_unit="t",
        distance_km=1.5,
        co2e_t=2.0,
        level="recycling",
        existing=False,
        months=[[quantity, *[0.0] * 11] if months else [] for quantity in told["quantity"]],
    )


def made_starts() -> pd.DataFrame:
    """Two synergies to start with, one of them through the hub."""
    rows = [
        ("a", "", "b", "Carton", "paper", 400.0, "t", 12000.0, 1.5, ["near"], ["f1"]),
        ("a", "hub", "b", "Bois", "wood", 9.0, "t", 90.0, 1.5, ["check"], ["f2", "f4"]),
    ]
    return pd.DataFrame(rows, columns=START_COLUMNS)


def made_leftovers() -> pd.DataFrame:
    """A residue and a need that nobody took."""
    rows = [
        ("c", "residue", "PVC", "", "paper", 7.0, "t", "trop loin", "se rapprocher"),
        ("b", "need", "Eau", "", None, 80.0, "m3", "personne", "chercher"),
    ]
    return pd.DataFrame(rows, columns=LEFTOVER_COLUMNS)


def made_outlines() -> gpd.GeoDataFrame:
    """The park."""
    corners = [(2.795, 50.435), (2.815, 50.435), (2.815, 50.448), (2.795, 50.448)]
    outline = {"name": ["Parc"], "role": ["park"]}
    return gpd.GeoDataFrame(outline, geometry=[Polygon(corners)], crs=4326)


def made_sheet(
    names: Mapping[str, str] | None = None,
    *,
    months: bool = False,
    lang: str = "fr",
    **changes: object,
) -> Sheet:
    """A park of made-up sites, small enough to count by hand; `names` renames nodes."""
    names = names or {}
    given = {
        "kind": "park",
        "title": names.get("title", "Parc d'essai"),
        "subtitle": "Artois · 2026",
        "lang": lang,
        "labels": LABELS,
        "nodes": made_nodes(names),
        "exchanges": made_exchanges(months=months),
        "starts": made_starts(),
        "leftovers": made_leftovers(),
        "outlines": made_outlines(),
        "families": FAMILIES,
        "totals": pd.DataFrame({"label": ["valorisés"], "value": [1460.0], "unit": ["t"]}),
        "links": (("Tous les parcs", "index.html"),),
        "months": months,
    }
    return Sheet(**(given | changes))
