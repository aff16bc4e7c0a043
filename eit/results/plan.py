"""The plan: who does what, how good that is, and how it was found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from eit.faults import Notice
from eit.scenario import Settings

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "flows": {
        "from_id": "text",
        "to_id": "text",
        "period": "whole",
        "resource": "text",
        "quantity": "number",
        "unit": "text",
        "delivered": "number",
        "rule_id": "text",
        "mode": "text",
        "distance_km": "number",
        "trips": "whole",
        "transport_cost_eur": "number",
        "treatment_cost_eur": "number",
        "fixed_cost_eur": "number",
        "saving_donor_eur": "number",
        "saving_receiver_eur": "number",
        "value_eur": "number",
        "co2e_kg": "number",
        "distance_source": "text",
        "recipe": "whole",
    },
    "synergies": {
        "donor_id": "text",
        "receiver_id": "text",
        "via": "text",
        "quantity": "number",
        "unit": "text",
        "delivered": "number",
        "value_eur": "number",
        "distance_km": "number",
    },
    "unmatched": {
        "declaration_id": "text",
        "kind": "text",
        "quantity_left": "number",
        "unit": "text",
        "reason": "text",
        "detail": "text",
        "change": "text",
    },
    "hubs": {
        "hub_id": "text",
        "used": "text",
        "taken": "number",
        "given": "number",
        "unit_cost_eur": "number",
        "opening_cost_eur": "number",
    },
    "groups": {"capacity_group": "text", "fixed_cost_eur": "number"},
    "prices": {
        "row": "text",
        "id": "text",
        "period": "whole",
        "price": "number",
        "objective_stage": "whole",
    },
}
"""Columns of every table of a plan, in order, and what a cell holds."""

DTYPES = {"text": "str", "whole": "Int64", "number": "float64"}
HAS_PLAN = ("optimal", "feasible")
"""Statuses of a run that has a plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan and everything that was found out on the way to it.

    Attributes
    ----------
    status
        ``optimal``, ``feasible``, ``infeasible`` or ``no_plan``.
    flows, synergies, unmatched, hubs, groups, prices
        Tables of the run folder, with the columns of `COLUMNS`; empty without a plan.
    objective
        One ``{"name", "value", "bound", "gap"}`` per objective, in order of rank.
    totals
        ``value_eur``, ``quantity_t``, ``quantity_by_unit``, ``co2e_avoided_t``, ``t_km``,
        ``exchanges``; empty without a plan.
    counts
        How many declarations, hubs, ways looked at, lanes, components and flows there were.
    assumptions
        One ``{"name", "value", "low", "high", "unit", "year", "source", "used_for"}`` per
        figure that nobody declared.
    shortfalls
        If infeasible: what is required and cannot be had, ``{"kind", "id", "period", "short",
        "unit"}`` each.
    conflicts
        If infeasible: sets of declarations, links and limits that cannot hold together; see
        `eit.results.conflicts.Conflict`.
    reasons
        If there is no plan: why, in sentences.
    solver
        ``method``, ``seconds``, ``message``, ``scale`` and ``bound_from``.
    timings
        Seconds by stage: ``lanes``, ``build``, ``solve``, ``write`` (as far as the tables).
    """

    status: str
    flows: pd.DataFrame
    synergies: pd.DataFrame
    unmatched: pd.DataFrame
    hubs: pd.DataFrame
    groups: pd.DataFrame
    prices: pd.DataFrame
    objective: tuple[Mapping[str, Any], ...]
    totals: Mapping[str, Any]
    counts: Mapping[str, int]
    assumptions: tuple[Mapping[str, Any], ...]
    shortfalls: tuple[Mapping[str, Any], ...]
    reasons: tuple[str, ...]
    solver: Mapping[str, Any]
    settings: Settings
    timings: Mapping[str, float]
    notices: tuple[Notice, ...]
    conflicts: tuple[Mapping[str, Any], ...] = ()


def table(name: str, columns: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """Make a table of a plan from its columns, in order and of the right kinds; empty if none.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    kinds = COLUMNS[name]
    if columns is None:
        columns = {column: [] for column in kinds}
    frame = pd.DataFrame({column: columns[column] for column in kinds})
    return frame.astype({column: DTYPES[kind] for column, kind in kinds.items()})
