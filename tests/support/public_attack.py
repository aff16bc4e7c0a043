"""Public pages, attacked: all that they say as linear constraints, and the least each hides."""

import json
import re

import numpy as np
from scipy.optimize import linprog

from eit.atlas.exchanges import list_exchanges
from eit.nomenclature import families


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


def wide(low, high):
    """Whether an interval is at least one order of magnitude, or says nothing from below."""
    return low < 1e-6 or high / low > 10 - 1e-6
