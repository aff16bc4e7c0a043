"""From what the solver found to the plan: tables, totals and objectives, all in floats."""

from typing import Any

import numpy as np
import pandas as pd

from eit.matching.arrays import USED, Floats
from eit.matching.flows import Flows
from eit.matching.problem import CO2E, EXCHANGES, KG_PER_T, QUANTITY, VALUE, Offer, objectives
from eit.results import table
from eit.scenario import Settings
from solvers.exchange import Outcome, Status

EXACT, EXACT_LATER = 1e-9, 1e-7
"""The gap that ``gap = 0`` asks for; of a later objective, which is worth a little more wherever an
earlier one is kept only within its own."""


def list_hubs(offer: Offer, flows: Flows) -> pd.DataFrame:
    """Write one row per hub in use, as in hubs.csv; ``unit_cost_eur`` is the mean per unit."""
    ends, hubs = offer.ends, offer.ends.hubs
    stop = ends.destinations.iloc[offer.lanes.end[flows.lane]]
    into = stop["hub"].to_numpy() >= 0
    hub, taken = stop["hub"].to_numpy()[into], flows.quantity[into]
    gives = (stop["product"] >= 0).to_numpy()[into]
    made = np.where(gives, taken * stop["yield"].to_numpy(dtype=float)[into], 0.0)
    paid = flows.table["treatment_cost_eur"].to_numpy()[into]
    total, given, cost = (np.bincount(hub, of, len(hubs)) for of in (taken, made, paid))
    used = np.flatnonzero(total > USED)
    return table(
        "hubs",
        {
            "hub_id": hubs["id"].to_numpy()[used],
            "used": "yes",
            "taken": total[used],
            "given": given[used],
            "unit_cost_eur": cost[used] / total[used],
            "opening_cost_eur": hubs["opening_eur"].to_numpy()[used],
        },
    )


def list_groups(offer: Offer, flows: Flows) -> pd.DataFrame:
    """Write one row per capacity group in use, with its fixed cost."""
    group = offer.term_of("group", offer.bundles.way[flows.lane])
    used = np.unique(group[group >= 0])
    groups = offer.links.groups.iloc[used]
    return table(
        "groups", {"capacity_group": groups["group"], "fixed_cost_eur": groups["fixed_eur"]}
    )


def add_up(offer: Offer, flows: Flows, hubs: pd.DataFrame, groups: pd.DataFrame) -> dict[str, Any]:
    """Totals of the plan, from its tables."""
    rows = flows.table
    origin = offer.lanes.origin[flows.lane]
    leaves = origin < offer.ends.residues
    mass = offer.ends.origins["mass_t"].to_numpy()[origin]
    fixed = float(hubs["opening_cost_eur"].sum() + groups["fixed_cost_eur"].sum())
    by_unit = rows[leaves].groupby("unit")["quantity"].sum()
    return {
        "value_eur": float(rows["value_eur"].sum()) - fixed,
        "quantity_t": float((flows.quantity * mass)[leaves].sum()),
        "quantity_by_unit": {str(unit): float(of) for unit, of in by_unit.items()},
        "co2e_avoided_t": float(rows["co2e_kg"].sum()) / KG_PER_T,
        "t_km": float((offer.prices.of(flows.lane).t_km * flows.quantity).sum()),
        "exchanges": len(rows[["from_id", "to_id"]].drop_duplicates()),
    }


def rank_objectives(
    totals: dict[str, Any], outcome: Outcome, settings: Settings
) -> list[dict[str, Any]]:
    """Value, bound and gap of each objective; values from the totals, bounds never below them."""
    values = {
        VALUE: totals["value_eur"],
        CO2E: totals["co2e_avoided_t"],
        QUANTITY: float(sum(totals["quantity_by_unit"].values())),
        EXCHANGES: float(totals["exchanges"]),
    }
    ranked = []
    for name, bound in zip(objectives(settings), outcome.bounds, strict=True):
        value = values[name]
        bound = max(float(bound), value)
        gap = (bound - value) / max(1.0, abs(value))
        ranked.append({"name": name, "value": value, "bound": bound, "gap": gap})
    return ranked


def status_of(outcome: Outcome, ranked: list[dict[str, Any]], settings: Settings) -> str:
    """How the solve ended; optimal only if every gap is within what was asked.

    What a tolerance lets a later objective take from an earlier one was asked for too.
    """
    if outcome.status != Status.OPTIMAL:
        return str(outcome.status)
    asked = np.maximum(settings.gap, [EXACT] + [EXACT_LATER] * (len(ranked) - 1))
    value, bound, gap = (
        np.array([one[key] for one in ranked]) for key in ("value", "bound", "gap")
    )
    given_up = settings.tolerance * np.abs(bound) / np.maximum(1.0, np.abs(value))
    given_up[-1] = 0.0
    return str(Status.OPTIMAL if (gap <= asked + given_up).all() else Status.FEASIBLE)


def describe_solver(outcome: Outcome) -> dict[str, Any]:
    """How the plan was found, and what its bound rests on."""
    method = np.array(outcome.component_method, dtype=object)
    proven = np.isin(method, ["flow", "lp"])
    scale = outcome.component_scale
    return {
        "method": outcome.method,
        "seconds": outcome.seconds,
        "message": outcome.message,
        "components": {str(name): int((method == name).sum()) for name in sorted(set(method))},
        "scale": sorted({float(of) for of in scale[scale > 0]}),
        "bound_from": {
            "certificate": int(proven.sum()),
            "solver": int((~proven).sum()),
            "certificate_value": _sum(outcome.component_bound, proven),
            "solver_value": _sum(outcome.component_bound, ~proven),
        },
    }


def _sum(bounds: Floats, which: Any) -> float:
    return float(bounds[which].sum())
