"""What moves between whom: the plan's rows as exchanges of a year, and what is left over."""

import numpy as np
import pandas as pd

from eit import nomenclature
from eit.atlas.places import HUB, SITE, site_titles
from eit.atlas.sentences import reworded
from eit.results import Plan
from eit.territory import Territory

WEAKEST_FIRST = ("inferred", "estimated", "measured", "")
MONTHS = 12
KEY = ["from_id", "to_id", "mode", "resource", "unit"]


def node_of(territory: Territory) -> dict[str, str]:
    """Node key of each declaration (its site) and hub."""
    nodes = {str(d): SITE + site for d, site in territory.declarations["site_id"].items()}
    return nodes | {hub: HUB + hub for hub in territory.hubs["hub_id"]}


def list_exchanges(territory: Territory, plan: Plan, lang: str) -> pd.DataFrame:
    """Flows of a year: one row per origin, end, mode and resource, periods and recipes together.

    Returns
    -------
    exchanges
        Index: a stable text. The columns that `maps.sheet` wants, and ``from_id``, ``to_id``,
        ``mode``, ``substance`` (the resource's id), ``mass_t``, ``t_km``. ``value_eur`` is what
        both firms gain together, NaN where one end is a hub: the rest would be one firm's own
        costs.
    """
    flows = plan.flows
    groups = flows.groupby(KEY, sort=True)
    rows = groups[["quantity", "delivered", "value_eur", "co2e_kg"]].sum()
    rows = rows.join(groups[["distance_km", "rule_id", "recipe"]].first())
    rows["months"] = _months(flows, rows.index, plan.settings.periods)
    rows = rows.reset_index()
    keys = [" ".join(key) for key in rows[KEY].astype(str).itertuples(index=False)]
    return _described(rows.set_axis(pd.Index(keys, dtype=str)), territory, lang)


def _months(flows: pd.DataFrame, index: pd.Index, periods: int) -> list[list[float]]:
    """Twelve quantities each where the plan has months, else nothing."""
    if periods != MONTHS or flows.empty:
        return [[]] * len(index)
    table = flows.pivot_table("quantity", KEY, "period", "sum", fill_value=0.0)
    table = table.reindex(index).reindex(columns=range(1, MONTHS + 1), fill_value=0.0)
    return table.to_numpy(dtype=float).tolist()


def _described(rows: pd.DataFrame, territory: Territory, lang: str) -> pd.DataFrame:
    """Ends, names, use and certainty beside the figures."""
    nodes = node_of(territory)
    declared = territory.declarations
    known = rows["to_id"].isin(declared.index)
    firms_only = rows["from_id"].isin(declared.index) & known
    delivered_unit = rows["to_id"].map(declared["unit"]).where(known, rows["unit"])
    mass = [
        quantity * nomenclature.mass_t_per_unit(resource, unit)
        for quantity, resource, unit in rows[["quantity", "resource", "unit"]].itertuples(
            index=False
        )
    ]
    return rows.assign(
        source=rows["from_id"].map(nodes),
        target=rows["to_id"].map(nodes),
        substance=rows["resource"],
        resource=[resource_name(r, lang) for r in rows["resource"]],
        code=[resource_code(r) for r in rows["resource"]],
        family=[nomenclature.family(r) for r in rows["resource"]],
        delivered_unit=delivered_unit,
        value_eur=rows["value_eur"].where(firms_only, np.nan),
        co2e_t=rows["co2e_kg"] / 1000,
        level=_levels(rows, territory),
        certainty=_certainty(rows, declared["data_quality"]),
        existing=np.array(_existing(rows, territory), dtype=bool),
        mass_t=mass,
        t_km=mass * rows["distance_km"].fillna(0.0),
    )


def resource_name(resource: str, lang: str) -> str:
    """Name of a resource with a capital, the id itself if it has none."""
    name = nomenclature.label(resource, lang)
    return name[:1].upper() + name[1:]


def resource_code(resource: str) -> str:
    """The waste code, "" for what has none."""
    return resource if nomenclature.is_waste_code(resource) else ""


def _levels(rows: pd.DataFrame, territory: Territory) -> list[str]:
    """Waste-hierarchy level: the rule's, the recipe's, or that of equal resources."""
    rules = pd.concat([nomenclature.builtin_rules(), territory.rules])["hierarchy"]
    of_rule = rules[~rules.index.duplicated(keep="last")]
    hubs = territory.hubs
    of_recipe = pd.Series(
        [
            nomenclature.hierarchy_of_operation(operation)
            if operation
            else ("recycling" if gives else "other")
            for operation, gives in zip(hubs["operation"], hubs["gives"], strict=True)
        ],
        pd.MultiIndex.from_arrays([hubs["hub_id"], hubs["recipe"].astype("Int64")]),
        dtype=object,
    )
    by_recipe = of_recipe.reindex(pd.MultiIndex.from_frame(rows[["to_id", "recipe"]])).to_numpy()
    identity = np.where(rows["from_id"].isin(hubs["hub_id"]), "recycling", "reuse")
    level = rows["rule_id"].map(of_rule)
    level = level.where(level.notna(), pd.Series(by_recipe, rows.index))
    equal = (rows["rule_id"] == "") & ~rows["to_id"].isin(hubs["hub_id"])
    return [str(v) for v in level.mask(equal, pd.Series(identity, rows.index)).fillna("other")]


def _certainty(rows: pd.DataFrame, quality: pd.Series) -> list[str]:
    """The weaker of what both ends say of their figures; ``declared`` where neither says."""
    rank = {name: at for at, name in enumerate(WEAKEST_FIRST)}
    origin, end = (rows[name].map(quality).fillna("").map(rank) for name in ("from_id", "to_id"))
    weakest = origin.where(origin < end, end).astype(int)
    return [WEAKEST_FIRST[at] or "declared" for at in weakest]


def _existing(rows: pd.DataFrame, territory: Territory) -> list[bool]:
    """Whether a link says that the lane runs today."""
    links = territory.links
    if links.empty:
        return [False] * len(rows)
    running = links[links["existing"]]
    known = set(zip(running["from_id"], running["to_id"], running["mode"], strict=True))
    site = {str(d): str(s) for d, s in territory.declarations["site_id"].items()}
    return [
        any(
            (start, stop, mode) in known
            for start in {origin, site.get(origin, origin)}
            for stop in {end, site.get(end, end)}
        )
        for origin, end, mode in rows[["from_id", "to_id", "mode"]].itertuples(index=False)
    ]


def list_leftovers(territory: Territory, plan: Plan, lang: str) -> pd.DataFrame:
    """Declarations with quantity left, as `maps.sheet` wants leftovers; largest reasons as told."""
    left = plan.unmatched
    nodes = node_of(territory)
    resource = left["declaration_id"].map(territory.declarations["resource"])
    told = _reasons(territory, left, lang)
    return pd.DataFrame(
        {
            "node": left["declaration_id"].map(nodes),
            "kind": left["kind"],
            "resource": [resource_name(r, lang) for r in resource],
            "code": [resource_code(r) for r in resource],
            "family": [nomenclature.family(r) for r in resource],
            "quantity": left["quantity_left"],
            "unit": left["unit"],
            "reason": [reason for reason, _ in told],
            "change": [change for _, change in told],
        }
    )


def _reasons(territory: Territory, left: pd.DataFrame, lang: str) -> list[tuple[str, str]]:
    """Why each is left and what would change it, firms by name."""
    title = site_titles(territory.sites)
    names = {str(d): str(title[site]) for d, site in territory.declarations["site_id"].items()}
    hubs = dict(zip(territory.hubs["hub_id"], territory.hubs["name"], strict=True))
    names |= {hub: name or hub for hub, name in hubs.items()}
    sentences = zip(left["detail"], left["change"], strict=True)
    return [reworded(*pair, lang, names=names, hubs=hubs) for pair in sentences]
