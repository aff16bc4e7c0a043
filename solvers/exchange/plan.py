"""What a plan uses and brings, worked out from the quantities shipped alone."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from solvers.exchange.arrays import Flags, Floats, any_by, sum_by
from solvers.exchange.components import Components
from solvers.exchange.problem import Exchange

TRIP_ROUNDING: Final = 1e-9  # of a trip
DUST: Final = 1e-11  # of the largest quantity: what solvers leave where there is nothing


@dataclass(frozen=True, slots=True)
class Plan:
    """Quantities shipped and all that follows from them."""

    shipped: Floats  # (k, T)
    carried: Floats  # (w, T): shipped by each way
    used: Flags  # (w,)
    period: Flags  # (w, T)
    trips: Floats  # (w, T)
    pair: Flags  # (q,)
    open: Flags  # (h,)
    group: Flags  # (g,)


def tidy(shipped: Floats) -> Floats:
    """The quantities a solver gave, without what is below zero or mere dust."""
    positive = np.maximum(shipped, 0.0)
    return np.where(positive > DUST * positive.max(initial=0.0), positive, 0.0)


def plan_of(problem: Exchange, shipped: Floats) -> Plan:
    """Work out what a plan uses from what it ships, shape (k, T)."""
    sizes = problem.sizes
    carried = sum_by(problem.way, shipped, sizes["w"])
    used = carried.sum(axis=1) > 0
    moved = shipped.sum(axis=1) > 0
    hub = problem.hub
    grouped = used & (problem.way_group >= 0)
    return Plan(
        shipped=shipped,
        carried=carried,
        used=used,
        period=carried > 0,
        trips=_trips(problem, carried),
        pair=any_by(problem.pair, used, sizes["q"]),
        open=any_by(hub, moved & (hub >= 0), sizes["h"]),
        group=any_by(problem.way_group, grouped, sizes["g"]),
    )


def _trips(problem: Exchange, carried: Floats) -> Floats:
    if np.isinf(problem.trip_payload).all():
        return np.zeros_like(carried)
    with np.errstate(invalid="ignore"):
        loads = carried / problem.trip_payload[:, None]
    trips: Floats = np.where(np.isfinite(loads), np.ceil(loads - TRIP_ROUNDING), 0.0)
    return np.maximum(trips, 0.0)


def values(problem: Exchange, plan: Plan) -> Floats:
    """Each objective of a plan, shape (o,)."""
    each: Floats = (
        problem.gain @ plan.shipped.sum(axis=1)
        + problem.way_gain @ plan.used
        + problem.period_gain @ plan.period.sum(axis=1)
        + problem.trip_gain @ plan.trips.sum(axis=1)
        + problem.pair_gain @ plan.pair
        + problem.hub_gain @ plan.open
        + problem.group_gain @ plan.group
    )
    return each


def values_by(problem: Exchange, plan: Plan, parts: Components) -> Floats:
    """Each objective of a plan in each component, shape (o, components)."""
    terms = (
        ("k", problem.gain, plan.shipped.sum(axis=1)),
        ("w", problem.way_gain, plan.used),
        ("w", problem.period_gain, plan.period.sum(axis=1)),
        ("w", problem.trip_gain, plan.trips.sum(axis=1)),
        ("q", problem.pair_gain, plan.pair),
        ("h", problem.hub_gain, plan.open),
        ("g", problem.group_gain, plan.group),
    )
    total = np.zeros((problem.sizes["o"], parts.count))
    for axis, gain, amount in terms:
        label = parts.label(axis)
        here = np.flatnonzero((label >= 0) & (amount > 0))
        for row, each in zip(total, gain, strict=True):
            row += np.bincount(label[here], each[here] * amount[here], parts.count)
    return total


def limit_totals(problem: Exchange, plan: Plan) -> Floats:
    """What a plan counts in each yearly limit, shape (limits,)."""
    return np.array(
        [
            row.lane_coef @ plan.shipped.sum(axis=1)
            + row.way_coef @ plan.used
            + row.period_coef @ plan.period.sum(axis=1)
            + row.trip_coef @ plan.trips.sum(axis=1)
            + row.pair_coef @ plan.pair
            + row.hub_coef @ plan.open
            + row.group_coef @ plan.group
            for row in problem.limits
        ]
    )
