"""A small made-up territory and a plan for it, for the maps; nothing in it was solved."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Polygon

from eit.results import Plan, table
from eit.scenario import Scenario, resolve
from eit.territory import Territory

SITES = [
    ("S1", "Alpha", "", "Lens", "P1", 2.800, 50.440, "exact"),
    ("S2", "Bêta", "Nord", "Lens", "P1", 2.810, 50.440, "exact"),
    ("S3", "Bêta", "Sud", "Liévin", "P/2", 2.750, 50.420, "exact"),
    ("S4", "Delta", "", "Liévin", "P/2", 2.755, 50.424, "exact"),
    ("S5", "Loin", "", "Carvin", "", 2.950, 50.490, "commune"),
    ("S6", "Nulle part", "", "", "", None, None, "none"),
]
DECLARED = [
    ("r1", "S1", "residue", "15 01 01", 500.0, "t", "measured", False),
    ("r2", "S3", "residue", "03 01 05", 80.0, "t", "inferred", False),
    ("r3", "S2", "residue", "heat", 900.0, "MWh", "estimated", False),
    ("r4", "S5", "residue", "15 01 01", 60.0, "t", "", True),
    ("n1", "S2", "need", "15 01 01", 400.0, "t", "measured", False),
    ("n2", "S4", "need", "03 01 05", 100.0, "t", "measured", False),
    ("n3", "S1", "need", "heat", 900.0, "MWh", "measured", False),
    ("n4", "S6", "need", "19 12 01", 50.0, "t", "measured", False),
]
FLOWS = [
    # from, to, period, resource, quantity, unit, km, value, co2e_kg, recipe
    ("r1", "n1", 1, "15 01 01", 100.0, "t", 0.9, 1000.0, 500.0, None),
    ("r1", "n1", 2, "15 01 01", 300.0, "t", 0.9, 3000.0, 1500.0, None),
    ("r2", "n2", 1, "03 01 05", 80.0, "t", 0.7, 5000.0, 100.0, None),
    ("r3", "n3", 1, "heat", 900.0, "MWh", 1.2, 4500.0, 9000.0, None),
    ("r4", "H1", 1, "15 01 01", 50.0, "t", 12.0, -700.0, -60.0, 0),
    ("H1", "n4", 1, "19 12 01", 50.0, "t", None, 1900.0, 80.0, None),
]
PAIRS = [
    ("r1", "n1", "", 400.0, "t", 4000.0, 0.9),
    ("r2", "n2", "", 80.0, "t", 5000.0, 0.7),
    ("r3", "n3", "", 900.0, "MWh", 4500.0, 1.2),
    ("r4", "n4", "H1", 50.0, "t", 1200.0, None),
]


def made_territory(**changes):
    """Two parks, one with an outline, a site outside both and one without a place."""
    sites = pd.DataFrame(
        SITES,
        columns=["site_id", "firm", "name", "city", "park_id", "lon", "lat", "position_quality"],
    ).assign(naf="", siret="", insee="")
    declared = pd.DataFrame(
        DECLARED,
        columns=[
            *("declaration_id", "site_id", "kind", "resource", "quantity", "unit"),
            *("data_quality", "hazardous"),
        ],
    ).assign(confidentiality="restricted")
    corners = [(2.79, 50.43), (2.82, 50.43), (2.82, 50.45), (2.79, 50.45)]
    parks = gpd.GeoDataFrame(
        {"park_id": ["P1"], "name": ["Parc Un"]}, geometry=[Polygon(corners)], crs=4326
    )
    hubs = pd.DataFrame(
        {
            "hub_id": ["H1"],
            "name": ["Centre de tri"],
            "city": ["Lens"],
            "status": ["candidate"],
            "takes": ["15 01"],
            "gives": ["19 12 01"],
            "operation": ["R3"],
            "recipe": [0],
            "lon": [2.805],
            "lat": [50.441],
            "position_quality": ["exact"],
        }
    )
    links = pd.DataFrame({"from_id": ["S3"], "to_id": ["n2"], "mode": ["road"], "existing": [True]})
    given = {
        "name": "Essai",
        "crs": "EPSG:2154",
        "year": 2026,
        "folder": None,
        "builtin_rules": True,
        "links_only": False,
        "toml": {},
        "scenario": {},
        "sites": sites.set_index("site_id"),
        "parks": parks,
        "declarations": declared.set_index("declaration_id"),
        "rules": pd.DataFrame(columns=["hierarchy"]),
        "hubs": hubs,
        "links": links,
        "pooling": {},
        "files": (),
        "notices": (),
    }
    return Territory(**(given | changes))


def made_plan(*, periods=1, flows=FLOWS, pairs=PAIRS):
    """A plan for the territory above; nothing in it was solved."""
    ends = ["from_id", "to_id", "period", "resource", "quantity", "unit", "distance_km"]
    given = pd.DataFrame(flows, columns=[*ends, "value_eur", "co2e_kg", "recipe"])
    blank = dict.fromkeys(("rule_id", "distance_source"), "") | dict.fromkeys(
        ("transport_cost_eur", "treatment_cost_eur", "fixed_cost_eur", "trips"), None
    )
    saving = {"saving_donor_eur": given["value_eur"], "saving_receiver_eur": 0.0}
    known = given.assign(delivered=given["quantity"], mode="road", **blank, **saving)
    names = ["donor_id", "receiver_id", "via", "quantity", "unit", "value_eur", "distance_km"]
    synergies = pd.DataFrame(pairs, columns=names)
    left = {
        "declaration_id": ["r1", "n2"],
        "kind": ["residue", "need"],
        "quantity_left": [100.0, 20.0],
        "unit": ["t", "t"],
        "reason": ["competition", "competition"],
        "detail": ["les besoins sont servis", "d'autres livrent"],
        "change": ["un autre besoin", "un autre résidu"],
    }
    used = {"hub_id": ["H1"], "used": ["yes"], "taken": [50.0], "given": [50.0]}
    return Plan(
        status="optimal",
        flows=table("flows", {c: known[c] for c in known}),
        synergies=table("synergies", {c: synergies[c] for c in names} | {"delivered": 0.0}),
        unmatched=table("unmatched", left),
        hubs=table("hubs", used | {"unit_cost_eur": [1.0], "opening_cost_eur": [2.0]}),
        groups=table("groups"),
        prices=table("prices"),
        objective=(),
        totals={},
        counts={},
        assumptions=(),
        shortfalls=(),
        reasons=(),
        solver={},
        settings=resolve({}, {}, Scenario(periods={"count": periods})),
        timings={},
        notices=(),
    )


HOSTILE = [
    '<script>alert("secret{n}")</script>',
    "Secret{n} ${{alert(1)}}",
    "Sécrèt{n} & fils </script>",
    "شركة سر{n}",
    "Secret{n} 🏭\n'`",
]
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 12))]
RESOURCES = ["15 01 01", "03 01 05", "17 01 01", "12 01 01"]


def made_case(seed, *, firms=36, flows=70):
    """A territory of hostile names in three parks, and a plan with flows of all sizes."""
    rng = np.random.default_rng(seed)
    parks = ["PA", "PB", "PC", ""]
    keys = [f"secretsite{n}x" for n in range(firms)]
    sites = pd.DataFrame(
        {
            "firm": [HOSTILE[n % len(HOSTILE)].format(n=f"{n}z") for n in range(firms)],
            "name": [f"secretname{n}x" for n in range(firms)],
            "city": "Lens",
            "park_id": rng.choice(parks, firms, p=[0.4, 0.3, 0.2, 0.1]),
            "lon": rng.uniform(2.7, 2.9, firms),
            "lat": rng.uniform(50.4, 50.5, firms),
            "position_quality": "exact",
            "naf": "",
            "siret": "",
            "insee": "62498",
        },
        index=pd.Index(keys, name="site_id"),
    )
    blank = {"unit": "t", "data_quality": "measured", "hazardous": False}
    rows, plan, left = [], [], []
    for n in range(flows):
        giver, taker = rng.choice(firms, 2, replace=False)
        resource = str(rng.choice(RESOURCES))
        quantity = float(np.round(10 ** rng.uniform(0.5, 4.6), 3))
        secret = rng.choice(["open", "park", "restricted"], 2, p=[0.35, 0.15, 0.5])
        for kind, site, how in (("residue", giver, secret[0]), ("need", taker, secret[1])):
            key = f"secret{kind}{n}x"
            rows.append((key, keys[site], kind, resource, quantity, how))
        to_hub = rng.random() < 0.15
        end = "H1" if to_hub else f"secretneed{n}x"
        plan.append((f"secretresidue{n}x", end, 1, resource, quantity, "t", 1.0, 9.0, 1.0, None))
        if to_hub:
            back = (f"secretneed{n}x", 1, "19 12 01", quantity, "t", 1.0, 9.0, 1.0, None)
            plan.append(("H1", *back))
        if n % 4 == 0:
            left.append((f"secretresidue{n}x", "residue", quantity * 3, "t", "x", "Secret1z", "y"))
    names = ["declaration_id", "site_id", "kind", "resource", "quantity", "confidentiality"]
    declared = (
        pd.DataFrame(rows, columns=names)
        .assign(**blank, label="secretlabel")
        .set_index("declaration_id")
    )
    corners = [(2.79, 50.43), (2.82, 50.43), (2.82, 50.45), (2.79, 50.45)]
    shapes = [Polygon([(x + n / 10, y) for x, y in corners]) for n in range(2)]
    given = gpd.GeoDataFrame(
        {"park_id": ["PA", "PB"], "name": ["Parc A", "Parc B"]}, geometry=shapes, crs=4326
    )
    columns = [*("declaration_id", "kind", "quantity_left", "unit"), "reason", "detail", "change"]
    unmatched = pd.DataFrame(left, columns=columns)
    empty = pd.DataFrame(columns=["from_id", "to_id", "mode", "existing"])
    territory = made_territory(sites=sites, declarations=declared, parks=given, links=empty)
    found = made_plan(flows=plan, pairs=[])
    return territory, replace(
        found, unmatched=table("unmatched", {c: unmatched[c] for c in columns})
    )
