"""By how much a plan passes each claim, worked out from what it ships."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from solvers.exchange.arrays import Floats
from solvers.exchange.claims import Claim, Kind, pairs_of, ways_of
from solvers.exchange.plan import Plan, limit_totals
from solvers.exchange.problem import Exchange


def excess(problem: Exchange, plan: Plan, claim: Claim) -> float:
    """How much a claim would have to give way for the plan to hold; 0 if it holds it.

    In the claim's unit; of a source or sink over the year; of lots, how much smaller they
    would have to be; of a blend, the largest sum that should not be above zero.
    """
    return float(max(0.0, MEASURES[claim.kind](problem, plan, claim.position, claim)))


def _not_shipped(problem: Exchange, plan: Plan, source: int, _: Claim) -> float:
    """What neither leaves nor fits into storage, and what is stored at the end."""
    left = plan.shipped[problem.origin == source].sum(axis=0)
    stored = lost = 0.0
    for offered, gone in zip(problem.supply[source], left, strict=True):
        rest = stored + offered - gone
        stored = float(np.clip(rest, 0.0, problem.supply_storage[source]))
        lost += max(0.0, rest - stored)
    return lost + stored


def _not_filled(problem: Exchange, plan: Plan, sink: int, _: Claim) -> float:
    """What is wanted and has neither come nor come early."""
    lanes = problem.destination == sink
    reached = (plan.shipped[lanes] * problem.ratio[lanes, None]).sum(axis=0)
    early = short = 0.0
    for wanted, came in zip(problem.demand[sink], reached, strict=True):
        over = early + came - wanted
        short += max(0.0, -over)
        early = float(np.clip(over, 0.0, problem.demand_storage[sink]))
    return short


def _carried(plan: Plan, way: int) -> float:
    return float(plan.carried[way].sum())


def _below_least(problem: Exchange, plan: Plan, way: int, claim: Claim) -> float:
    carried = _carried(plan, way)
    asked = claim.kind is Kind.REQUIRED or carried > 0
    return float(problem.min_quantity[way]) - carried if asked else 0.0


def _above_most(problem: Exchange, plan: Plan, way: int, _: Claim) -> float:
    return _carried(plan, way) - float(problem.max_quantity[way])


def _over_hub(problem: Exchange, plan: Plan, hub: int, _: Claim) -> float:
    lanes = problem.hub == hub
    taken = (plan.shipped[lanes] * problem.ratio[lanes, None]).sum()
    return float(taken - problem.hub_capacity[hub])


def _over_group(problem: Exchange, plan: Plan, group: int, _: Claim) -> float:
    carried = plan.carried[problem.way_group == group].sum()
    return float(carried - problem.group_capacity[group])


def _below_lot(problem: Exchange, plan: Plan, _: int, claim: Claim) -> float:
    ways = ways_of(problem, claim)
    moved, lots = plan.carried[ways], problem.min_lot[ways]
    if claim.kind is Kind.MIN_DELIVERED:
        moved, lots = _delivered(problem, plan)[ways], problem.min_delivered[ways]
    short = np.where(plan.carried[ways] > 0, lots[:, None] - moved, 0.0)
    return float(short.max(initial=0.0))


def _delivered(problem: Exchange, plan: Plan) -> Floats:
    brought = plan.shipped * problem.ratio[:, None]
    delivered = np.zeros_like(plan.carried)
    np.add.at(delivered, problem.way, brought)
    return delivered


def _over_partners(problem: Exchange, plan: Plan, end: int, claim: Claim) -> float:
    most = getattr(problem, claim.kind.value)[end]
    return float(plan.pair[pairs_of(problem, claim)].sum() - np.floor(most))


def _over_limit(problem: Exchange, plan: Plan, row: int, _: Claim) -> float:
    return float(limit_totals(problem, plan)[row] - problem.limits[row].limit)


def _over_blend(problem: Exchange, plan: Plan, row: int, _: Claim) -> float:
    terms = np.flatnonzero(problem.blend_row == row)
    amount = problem.blend_coef[terms, None] * plan.shipped[problem.blend_lane[terms]]
    return float(amount.sum(axis=0).max(initial=0.0))


MEASURES: Final[Mapping[Kind, Callable[[Exchange, Plan, int, Claim], float]]] = {
    Kind.MUST_SHIP: _not_shipped,
    Kind.MUST_FILL: _not_filled,
    Kind.REQUIRED: _below_least,
    Kind.MIN_QUANTITY: _below_least,
    Kind.MAX_QUANTITY: _above_most,
    Kind.HUB_CAPACITY: _over_hub,
    Kind.GROUP_CAPACITY: _over_group,
    Kind.MIN_LOT: _below_lot,
    Kind.MIN_DELIVERED: _below_lot,
    Kind.SUPPLY_PARTNERS: _over_partners,
    Kind.DEMAND_PARTNERS: _over_partners,
    Kind.LIMIT: _over_limit,
    Kind.BLEND: _over_blend,
}
