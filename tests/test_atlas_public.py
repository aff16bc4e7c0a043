"""Public pages, attacked: all that they say as linear constraints, and the least each hides."""

import json
import re
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from browser import chromium, visit
from scipy.optimize import linprog
from shapely import Polygon
from test_atlas import made_plan, made_territory

from eit import data, study
from eit.atlas import write_public
from eit.atlas.bands import EDGES, band, middle, span
from eit.atlas.exchanges import list_exchanges
from eit.atlas.publishing import firm_of
from eit.nomenclature import families
from eit.results import table

HOSTILE = [
    '<script>alert("secret{n}")</script>',
    "Secret{n} ${{alert(1)}}",
    "Sécrèt{n} & fils </script>",
    "شركة سر{n}",
    "Secret{n} 🏭\n'`",
]
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 12))]
RESOURCES = ["15 01 01", "03 01 05", "17 01 01", "12 01 01"]


def page_data(path):
    """What a public page holds, its byte stream aside."""
    html = path.read_text(encoding="utf-8")
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)[1]
    return json.loads(block)


def rows_of(page, name):
    columns = page[name]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def told(folder):
    """Every figure of every page: who, what, where, and the interval that the page gives it."""
    found = {}
    totals = []
    for path in sorted(folder.glob("*.html")):
        page = page_data(path)
        nodes = rows_of(page, "nodes")
        edges = [0.0, *page["bands"], np.inf]
        here = []
        for row in rows_of(page, "exchanges"):
            giver, taker = nodes[row["source"]], nodes[row["target"]]
            at = sum(row["quantity"] >= edge for edge in page["bands"])
            key = (
                giver["role"] == "crowd",
                giver["name"],
                taker["name"],
                nodes[giver["group"]]["name"] if giver["role"] == "crowd" else "",
                nodes[taker["group"]]["name"] if taker["role"] == "crowd" else "",
                row["resource"],
                row["unit"],
            )
            found[key] = (edges[at], edges[at + 1])
            here.append(key)
        for label, value in zip(page["totals"]["label"], page["totals"]["value"], strict=True):
            totals.append((label, value, [key for key in here if key[-1] == "t"]))
    return found, totals


def covered(found, flows):
    """Which flows each published figure counts: the finest that names them or their crowd.

    The attacker knows who ships what to whom, and lacks the quantities alone.
    """
    members = {key: [] for key in found}
    somewhere = {n for crowd, g, _, place, *_ in found if crowd for n in [place] if place == g}
    for at, flow in enumerate(flows):
        if not flow["giver"]:
            continue  # what leaves a hub was told where it left a firm
        named = (False, flow["giver"], flow["taker"], "", "", flow["resource"], flow["unit"])
        if named in found and flow["open"]:
            members[named].append(at)
            continue
        fits = []
        for key in found:
            crowd, giver, taker, origin, end, resource, unit = key
            anywhere = (giver in somewhere, taker == end)
            if not crowd or unit != flow["unit"]:
                continue
            if not anywhere[0] and origin != flow["origin"]:
                continue
            if not anywhere[1] and end != flow["end"]:
                continue
            if resource in flow["families"] or resource == "Ressources diverses":
                fine = 4 * (not anywhere[0]) + 2 * (resource in flow["families"])
                fits.append((fine, key))
        if fits:
            members[max(fits)[1]].append(at)
    return members


def intervals(count, constraints, targets):
    """Least and most of each target (a set of flows), given low <= sum(weights) <= high."""
    rows, ends = [], []
    for weights, low, high in constraints:
        line = np.zeros(count)
        for at, weight in weights:
            line[at] += weight
        if np.isfinite(high):
            rows.append(line)
            ends.append(high)
        rows.append(-line)
        ends.append(-low)
    for target in targets:
        cost = np.zeros(count)
        cost[target] = 1.0
        least = linprog(cost, A_ub=rows, b_ub=ends, bounds=(0, None), method="highs")
        most = linprog(-cost, A_ub=rows, b_ub=ends, bounds=(0, None), method="highs")
        assert least.status == 0
        yield least.fun, (-most.fun if most.status == 0 else np.inf)


def attack(folder, territory, plan, *, knows=()):
    """Tightest interval of every firm's flows, by declaration; `knows` are flows known exactly."""
    declared = territory.declarations
    rows = list_exchanges(territory, plan, "fr")
    flows = list(described(territory, rows))
    found, totals = told(folder)
    members = covered(found, flows)
    constraints = [([(at, 1.0) for at in members[key]], *found[key]) for key in found]
    assert all(weights for weights, *_ in constraints)  # no figure without somebody behind it
    for label, value, keys in totals:
        inside = [(at, 1.0) for key in keys for at in members[key]]
        low, high = (value, np.inf) if "moins" in label else (0.0, value)
        constraints.append((inside, low, high))
    hubs = set(rows["to_id"]) - set(declared.index)
    for hub in hubs:  # what leaves a hub is what entered it
        into = [(at, 1.0) for at, end in enumerate(rows["to_id"]) if end == hub]
        out = [(at, -1.0) for at, end in enumerate(rows["from_id"]) if end == hub]
        if out:
            constraints.append((into + out, 0.0, 0.0))
    exact = rows["quantity"].to_numpy()
    constraints += [([(at, 1.0)], exact[at], exact[at]) for at in knows]
    hidden = declared.index[declared["confidentiality"] != "open"]
    targets = {
        key: [
            at
            for at, ends in enumerate(zip(rows["from_id"], rows["to_id"], strict=True))
            if key in ends
        ]
        for key in hidden
    }
    targets = {key: ats for key, ats in targets.items() if ats and not set(ats) <= set(knows)}
    found_out = intervals(len(rows), constraints, list(targets.values()))
    return dict(zip(targets, found_out, strict=True)), members, found


def described(territory, rows):
    """Each flow as the attacker knows it."""
    sites, declared = territory.sites, territory.declarations
    labels = families()["label_fr"]
    park = territory.parks.set_index("park_id")["name"]
    title = sites["firm"]
    for row in rows.itertuples():
        ends = [declared["site_id"].get(key, "") for key in (row.from_id, row.to_id)]
        at = [sites["park_id"].get(site, "PA") for site in ends]  # the hub lies in the first park
        places = [park.get(key, key or "Lens, hors parc") for key in at]
        hubs = territory.hubs.drop_duplicates("hub_id").set_index("hub_id")["name"]
        open_ = [
            declared["confidentiality"].get(key, "open") == "open"
            for key in (row.from_id, row.to_id)
        ]
        yield {
            "giver": title.get(ends[0], ""),
            "taker": title.get(ends[1], hubs.get(row.to_id, "")),
            "origin": places[0],
            "end": places[1],
            "resource": row.resource,
            "families": {labels.get(row.family, "")},
            "unit": row.unit,
            "open": all(open_),
        }


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


def wide(low, high):
    """Whether an interval is at least one order of magnitude, or says nothing from below."""
    return low < 1e-6 or high / low > 10 - 1e-6


@pytest.fixture(scope="module")
def artois(tmp_path_factory):
    run = study.run(
        data.path("demo", "artois"), tmp_path_factory.mktemp("artois") / "run", lang="fr"
    )
    folder = tmp_path_factory.mktemp("public")
    write_public(run.territory, run.plan, folder, lang="fr")
    return run, folder


def test_the_attack_finds_a_figure_where_totals_give_it_away():
    # a total of 900 to 1000 and two of its three parts known to a unit: the third is 695 to 805
    constraints = [([(0, 1), (1, 1), (2, 1)], 900, 1000), ([(0, 1)], 95, 100), ([(1, 1)], 100, 105)]
    low, high = next(intervals(3, constraints, [[2]]))
    assert (low, high) == pytest.approx((695, 805))
    assert not wide(low, high)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_hidden_figure_is_found_narrower_than_a_band(seed, tmp_path):
    territory, plan = made_case(seed)
    write_public(territory, plan, tmp_path, lang="fr")
    found, members, _ = attack(tmp_path, territory, plan)
    assert len(found) > 30
    assert sum(len(ats) for ats in members.values()) > 30  # much is told, yet nothing is given away
    assert [key for key, ends in found.items() if not wide(*ends)] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_firm_that_knows_its_own_figures_finds_no_other(seed, tmp_path):
    territory, plan = made_case(seed)
    write_public(territory, plan, tmp_path, lang="fr")
    rows = list_exchanges(territory, plan, "fr")
    site = territory.declarations["site_id"]
    for insider in territory.sites.index[::6]:
        own = [
            at
            for at, ends in enumerate(zip(rows["from_id"], rows["to_id"], strict=True))
            if insider in {site.get(end, "") for end in ends}
        ]
        found, *_ = attack(tmp_path, territory, plan, knows=own)
        assert [key for key, ends in found.items() if not wide(*ends)] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_who_knows_all_other_quantities_still_finds_an_order_of_magnitude(seed, tmp_path):
    territory, plan = made_case(seed)
    write_public(territory, plan, tmp_path, lang="fr")
    rows = list_exchanges(territory, plan, "fr")
    declared = territory.declarations
    hidden = declared.index[(declared["confidentiality"] != "open")][::9]
    for secret in hidden:
        ends = zip(rows["from_id"], rows["to_id"], strict=True)
        others = [at for at, pair in enumerate(ends) if secret not in pair and "H1" not in pair]
        found, *_ = attack(tmp_path, territory, plan, knows=others)
        if secret in found:
            assert wide(*found[secret])


def test_what_an_open_firm_has_left_is_told_only_where_it_gives_no_hidden_rest_away(tmp_path):
    opened = made_territory().declarations.assign(
        confidentiality=["open", "restricted", "open", "open", "restricted", "open", "open", "open"]
    )
    territory = made_territory(declarations=opened)
    write_public(territory, made_plan(), tmp_path, lang="fr")
    page = page_data(tmp_path / "index.html")
    # r1 ships to n1, which is hidden: its 500 t less what is left would be what n1 takes;
    # n2 is open and takes from r2, which is hidden
    assert page["leftovers"]["id"] == []
    everything = made_territory(declarations=opened.assign(confidentiality="open"))
    write_public(everything, made_plan(), tmp_path, lang="fr")
    assert len(page_data(tmp_path / "index.html")["leftovers"]["id"]) == 2


def test_the_demonstration_gives_no_hidden_figure_away(artois):
    run, folder = artois
    found, *_ = attack(folder, run.territory, run.plan)
    assert len(found) > 50
    assert [key for key, ends in found.items() if not wide(*ends)] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_three_firms_give_and_three_take_behind_every_unnamed_figure(seed, tmp_path):
    territory, plan = made_case(seed)
    write_public(territory, plan, tmp_path, lang="fr")
    _, members, found = attack(tmp_path, territory, plan)
    site = territory.declarations["site_id"]
    rows = list_exchanges(territory, plan, "fr")
    crowds = [key for key in found if key[0]]
    assert crowds
    for key in crowds:
        behind = rows.iloc[members[key]]
        assert behind["from_id"].map(site).nunique() >= 3
        assert behind["to_id"].map(lambda end: site.get(end, end)).nunique() >= 3


def secrets(territory):
    """Texts of firms that opened nothing: names, ids of sites and declarations, labels."""
    declared = territory.declarations
    hidden = declared[declared["confidentiality"] != "open"]
    openly = set(declared.loc[declared["confidentiality"] == "open", "site_id"])
    firms = firm_of(territory)
    names = {firms[f"site:{site}"] for site in openly}
    closed = [s for s in territory.sites.index if firms[f"site:{s}"] not in names]
    sites = territory.sites.loc[closed]
    texts = {*sites.index, *sites["firm"], *sites["name"], *hidden.index, *hidden["label"]}
    return {text for text in texts if len(text) > 3}


def strings(value):
    """Every text in a JSON document."""
    if isinstance(value, dict):
        return [text for part in (*value.keys(), *value.values()) for text in strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in strings(part)]
    return [value] if isinstance(value, str) else []


def test_no_restricted_name_id_or_label_stands_in_the_demonstration(artois):
    run, folder = artois
    hidden = secrets(run.territory)
    assert len(hidden) > 60
    for path in folder.iterdir():
        html = path.read_text(encoding="utf-8")
        words = {
            word for text in strings(page_data(path)) for word in (text, *re.split(r"\W", text))
        }
        assert not hidden & words
        assert [text for text in hidden if len(text) > 8 and text in html] == []
        assert "€" not in html
        nodes = page_data(path)["nodes"]
        spots = {*zip(nodes["lon"], nodes["lat"], strict=True)}
        placed = run.territory.sites.query("position_quality == 'exact'")
        assert not spots & {*zip(placed["lon"], placed["lat"], strict=True)}


@pytest.mark.parametrize("seed", SEEDS)
def test_no_restricted_name_id_or_label_stands_among_hostile_ones(seed, tmp_path):
    territory, plan = made_case(seed)
    write_public(territory, plan, tmp_path, lang="en")
    texts = [text for path in tmp_path.iterdir() for text in strings(page_data(path))]
    together = "\n".join(texts) + "".join(
        re.sub(r'id="data">.*?</script>', "", path.read_text(encoding="utf-8"), flags=re.S)
        for path in tmp_path.iterdir()
    )
    assert [text for text in secrets(territory) if text in together] == []
    assert "€" not in together


def test_every_number_of_a_public_page_is_of_a_band_or_a_place(artois):
    _, folder = artois
    allowed = set(middle(np.arange(5)).tolist())
    for path in folder.glob("*.html"):
        page = page_data(path)
        figures = {*page["exchanges"]["quantity"], *page["exchanges"]["delivered"]}
        figures |= {*page["starts"]["quantity"], *page["leftovers"]["quantity"]}
        assert figures <= allowed
        for name in ("distance_km", "value_eur", "co2e_t"):
            assert set(page["exchanges"][name]) <= {None}
        rows = rows_of(page, "exchanges")
        weights = [row["quantity"] for row in rows if row["unit"] == "t"]
        sums = span(band(np.array(weights)))
        assert page["totals"]["value"] == [end for end in sums if 0 < end < np.inf]


def test_figures_of_one_band_stand_in_no_telling_order(tmp_path):
    territory = made_territory()
    opened = territory.declarations.assign(confidentiality="open")
    for name, first, second in (("one", 20.0, 90.0), ("two", 90.0, 20.0)):
        flows = [
            ("r1", "n1", 1, "15 01 01", first, "t", 0.9, 1000.0, 500.0, None),
            ("r2", "n2", 1, "03 01 05", second, "t", 0.7, 5000.0, 100.0, None),
        ]
        plan = made_plan(flows=flows, pairs=[])
        write_public(replace(territory, declarations=opened), plan, tmp_path / name, lang="fr")
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    assert len(page_data(tmp_path / "one" / "index.html")["exchanges"]["id"]) == 2


def test_positions_depend_on_no_site(tmp_path):
    territory, plan = made_case(5)
    write_public(territory, plan, tmp_path / "one", lang="fr")
    moved = territory.sites.assign(
        lon=np.where(territory.sites["park_id"].isin(["PA", "PB"]), 2.801, territory.sites["lon"])
    )
    write_public(replace(territory, sites=moved), plan, tmp_path / "two", lang="fr")
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    places = page_data(tmp_path / "one" / "index.html")["nodes"]
    drawn = [role for role, lon in zip(places["role"], places["lon"], strict=True) if lon]
    assert set(drawn) <= {"park", "cluster"}


def test_sites_with_one_siren_or_one_name_are_one_firm():
    sites = pd.DataFrame(
        {
            "firm": ["Alpha", "ALPHA", "Bêta", "Gamma", ""],
            "name": "",
            "siret": ["", "", "11111111100001", "11111111100002", ""],
        },
        index=list("abcde"),
    )
    firms = firm_of(made_territory(sites=sites))
    assert firms["site:a"] == firms["site:b"]
    assert firms["site:c"] == firms["site:d"]
    assert firms.nunique() == 3


def test_bands_are_decades_and_their_middles_lie_in_them():
    assert EDGES == (10, 100, 1000, 10000)
    assert band(middle(np.arange(5))).tolist() == [0, 1, 2, 3, 4]
    assert band(np.array([10.0, 9.999])).tolist() == [1, 0]
    assert span(np.array([1, 2, 2])) == (210, 2100)
    assert span(np.array([4])) == (10000, np.inf)


def test_a_run_where_nobody_opened_anything_still_has_its_pages(tmp_path):
    written = write_public(made_territory(), made_plan(), tmp_path, lang="fr")
    assert written[0].name == "index.html"
    assert len(written) == 3
    page = page_data(written[0])
    # in tonnes Alpha, Bêta and Loin give, Bêta, Delta and the hub take: one crowd, large enough;
    # the heat of two firms is in none
    assert page["exchanges"]["resource"] == ["Ressources diverses"]
    assert page["exchanges"]["unit"] == ["t"]
    assert set(page["nodes"]["role"]) == {"park", "crowd"}


def test_public_pages_open_and_answer_in_both_languages(artois, tmp_path):
    run, _ = artois
    with chromium() as browser:
        for lang, word in (("fr", "Public – ordres de grandeur"), ("en", "Public – orders of")):
            written = write_public(run.territory, run.plan, tmp_path / lang, lang=lang)
            for file in written[:2]:
                with visit(browser, file) as seen:
                    assert word in seen.page.inner_text("header")
                    cells = seen.texts("tbody tr td:nth-child(5)")
                    assert cells
                    assert all(re.match(r"[<>]\s|\d[\d\s,]* – \d", cell) for cell in cells)
                    seen.page.click("tbody tr")
                    assert seen.page.query_selector(".leaflet-popup-content") is not None
                    assert "€" not in seen.page.inner_text("body")
                    for tab in seen.page.query_selector_all(".tabs button"):
                        tab.click()
                    seen.page.fill("#search", "palette")
                    assert (seen.errors, seen.requests) == ([], [])


def test_a_treatment_site_with_the_name_of_a_hidden_firm_is_not_named(tmp_path):
    opened = made_territory().declarations.assign(
        confidentiality=["open", "open", "open", "open", "open", "restricted", "open", "open"]
    )  # n2 of Delta is hidden; r4 of Loin goes to the hub
    for name, told in (("Centre de tri", True), ("Plateforme DELTA (Lens)", False)):
        territory = made_territory(declarations=opened)
        hubs = territory.hubs.assign(name=name)
        write_public(replace(territory, hubs=hubs), made_plan(), tmp_path, lang="fr")
        names = page_data(tmp_path / "index.html")["nodes"]["name"]
        assert (name in names) == told
