"""What a plan adds up to: spending, objectives, the scenario's limits, summary.json."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from eit.scenario import Settings
from eit.verify.ledger import Ledger
from eit.verify.limits import group_volumes, hub_volumes, used_pairs
from eit.verify.market import USED
from eit.verify.model import group_terms
from eit.verify.oracle import objective_order
from eit.verify.rows import expected_figures
from eit.verify.verdict import Violation, above, below, unlike

EXACT = 1e-9
"""What a gap of 0 asks for."""


def fixed_spending(ledger: Ledger) -> float:
    """Opening costs of the hubs in use and fixed costs of the groups in use, EUR per year."""
    taken, _, _ = hub_volumes(ledger)
    opened = ledger.ground.market.hubs["opening_cost"][taken > USED].sum()
    carried = group_volumes(ledger)
    groups = group_terms(ledger.ground.terms)["group_fixed_cost_eur"]
    return float(opened + groups[groups.index.isin(carried.index[carried > USED])].sum())


def plan_totals(ledger: Ledger) -> dict[str, float]:
    """What summary.json should say of the plan, worked out from its flows."""
    flows, figures = ledger.flows, expected_figures(ledger)
    start = ledger.ground.market.origins.iloc[flows["origin"]].reset_index(drop=True)
    leaves = ~start["hub"].astype(bool)
    return {
        "value_eur": float(figures["value_eur"].sum()) - fixed_spending(ledger),
        "quantity_t": float((flows["quantity"] * start["mass"])[leaves].sum()),
        "co2e_avoided_t": float(figures["co2e_kg"].sum()) / 1000.0,
        "t_km": float((flows["quantity"] * flows["t_km"]).sum()),
        "exchanges": float(len(used_pairs(ledger))),
    }


def plan_values(ledger: Ledger) -> dict[str, float]:
    """Value of the plan under each objective."""
    totals, flows = plan_totals(ledger), ledger.flows
    leaves = ~ledger.ground.market.origins["hub"].to_numpy(bool)[flows["origin"]]
    return {
        "value": totals["value_eur"],
        "co2e": totals["co2e_avoided_t"],
        "quantity": float(flows.loc[leaves, "quantity"].sum()),
        "exchanges": totals["exchanges"],
    }


def check_scenario(ledger: Ledger) -> list[Violation]:
    """Budget, fleet and number of exchanges."""
    settings, figures = ledger.ground.market.settings, expected_figures(ledger)
    costs = ["transport_cost_eur", "treatment_cost_eur", "fixed_cost_eur"]
    totals = plan_totals(ledger)
    spent = float(figures[costs].to_numpy().sum()) + fixed_spending(ledger)
    limits = (
        ("budget", spent, settings.budget_eur),
        ("fleet", totals["t_km"], settings.fleet_t_km),
        ("exchanges", totals["exchanges"], settings.max_exchanges),
    )
    return [
        violation
        for check, found, limit in limits
        if limit is not None
        for violation in above(check, ["scenario"], [found], limit)
    ]


def check_totals(ledger: Ledger) -> list[Violation]:
    """Totals of summary.json, and the sum that flows.csv and hubs.csv give by themselves."""
    said = ledger.files.summary.get("totals")
    if not isinstance(said, Mapping):
        return [Violation("totals", "totals", "", "")]
    expected = plan_totals(ledger)
    wrong = [
        violation
        for name, figure in expected.items()
        for violation in unlike("totals", [name], [_figure(said.get(name))], figure)
    ]
    flows = ledger.flows
    start = ledger.ground.market.origins.iloc[flows["origin"]].reset_index(drop=True)
    leaves = ~start["hub"].astype(bool)
    by_unit = flows.loc[leaves, "quantity"].groupby(start.loc[leaves, "unit"]).sum()
    told = said.get("quantity_by_unit")
    told = pd.Series(told if isinstance(told, Mapping) else {}, dtype=float)
    units = sorted(set(by_unit.index) | set(told.index))
    names = [f"quantity_by_unit.{unit}" for unit in units]
    found = told.reindex(units).fillna(0.0)
    return wrong + unlike("totals", names, found, by_unit.reindex(units).fillna(0.0))


def check_objective(ledger: Ledger) -> list[Violation]:
    """Value, bound, gap and status of each objective, as the contract defines them."""
    settings, summary = ledger.ground.market.settings, ledger.files.summary
    order, values = objective_order(settings), plan_values(ledger)
    said = objectives_said(summary)
    listed = tuple(said)
    if listed not in (order, tuple(settings.maximise)):
        return [Violation("objective", "objective", ", ".join(listed), ", ".join(order))]
    wrong: list[Violation] = []
    for name, (value, bound, gap) in said.items():
        wrong += unlike("objective", [name], [value], values[name])
        wrong += below("bound", [name], [bound], value)
        expected = (bound - value) / max(1.0, abs(value))
        wrong += unlike("gap", [name], [gap], expected)
    return wrong + _check_status(summary["status"], said, settings)


def objectives_said(summary: Mapping[str, Any]) -> dict[str, tuple[float, float, float]]:
    """Value, bound and gap of each objective as summary.json has them; NaN where it has none."""
    rows = summary.get("objective")
    rows = rows if isinstance(rows, list) else []
    return {
        str(row.get("name")): (
            _figure(row.get("value")),
            _figure(row.get("bound")),
            _figure(row.get("gap")),
        )
        for row in rows
        if isinstance(row, Mapping)
    }


def _check_status(
    status: str, said: Mapping[str, tuple[float, float, float]], settings: Settings
) -> list[Violation]:
    """Optimal means that no gap passes the one asked for, but for what a tolerance gives up."""
    if status != "optimal" or not said:
        return []
    asked, last = max(settings.gap, EXACT), list(said)[-1]
    given_up = {
        name: 0.0 if name == last else settings.tolerance * abs(bound) / max(1.0, abs(value))
        for name, (value, bound, _) in said.items()
    }
    gaps = [gap for _, _, gap in said.values()]
    return above("status", said, gaps, [asked + loss for loss in given_up.values()])


def _figure(cell: object) -> float:
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return float("nan")
    return float(cell)
