"""What a plan uses and brings, worked out from the quantities shipped alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from solvers.exchange.arrays import Flags, Floats, Ints, any_by, any_period, sum_by, varied
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
    moving: Ints  # lanes that ship something, in order

    @property
    def moved(self) -> Floats:
        """What each moving lane ships over the year."""
        moved: Floats = self.shipped[self.moving].sum(axis=1)
        return moved


def tidy(shipped: Floats) -> Floats:
    """The quantities a solver gave, without what is below zero or mere dust."""
    positive = np.maximum(shipped, 0.0)
    return np.where(positive > DUST * positive.max(initial=0.0), positive, 0.0)


def plan_of(problem: Exchange, shipped: Floats) -> Plan:
    """Work out what a plan uses from what it ships, shape (k, T)."""
    sizes, alone = problem.sizes, problem.separate
    carried = shipped if alone else sum_by(problem.way, shipped, sizes["w"])
    period = carried > 0
    used = any_period(period)
    moving = np.flatnonzero(used if alone else any_period(shipped > 0))
    recipe = problem.destination[moving] - sizes["n"]
    grouped = np.flatnonzero(used & (problem.way_group >= 0)) if sizes["g"] else moving[:0]
    return Plan(
        shipped=shipped,
        carried=carried,
        used=used,
        period=period,
        trips=_trips(problem, carried),
        pair=used if alone else any_by(problem.pair, used, sizes["q"]),
        open=_marked(problem.recipe_hub[recipe[recipe >= 0]], sizes["h"]),
        group=_marked(problem.way_group[grouped], sizes["g"]),
        moving=moving,
    )


def _marked(position: Ints, size: int) -> Flags:
    found = np.zeros(size, dtype=bool)
    found[position] = True
    return found


def _trips(problem: Exchange, carried: Floats) -> Floats:
    if not np.isfinite(varied(problem.trip_payload)).any():
        return np.broadcast_to(0.0, carried.shape)
    with np.errstate(invalid="ignore"):
        loads = carried / problem.trip_payload[:, None]
    trips: Floats = np.where(np.isfinite(loads), np.ceil(loads - TRIP_ROUNDING), 0.0)
    return np.maximum(trips, 0.0)


def values(problem: Exchange, plan: Plan) -> Floats:
    """Each objective of a plan, shape (o,)."""
    each = np.zeros(problem.sizes["o"])
    for _, gain, at, amount in _terms(problem, plan):
        each += (gain[:, at] * amount).sum(axis=1)
    return each


def _terms(problem: Exchange, plan: Plan) -> Iterator[tuple[str, Floats, Ints, Floats]]:
    """Axis, gain (o, axis), where something counts on it, and how much there."""
    yield "k", problem.gain, plan.moving, plan.moved
    for axis, gain, flag, amount in (
        ("w", problem.way_gain, plan.used, None),
        ("w", problem.period_gain, plan.used, plan.period),
        ("w", problem.trip_gain, plan.used, plan.trips),
        ("q", problem.pair_gain, plan.pair, None),
        ("h", problem.hub_gain, plan.open, None),
        ("g", problem.group_gain, plan.group, None),
    ):
        if varied(gain).any():
            at = np.flatnonzero(flag)
            yield axis, gain, at, np.ones(len(at)) if amount is None else _yearly(amount[at])


def _yearly(amount: Floats | Flags) -> Floats:
    total: Floats = amount.sum(axis=1, dtype=np.float64)
    return total


def values_by(problem: Exchange, plan: Plan, parts: Components) -> Floats:
    """Each objective of a plan in each component, shape (o, components)."""
    total = np.zeros((problem.sizes["o"], parts.count))
    for axis, gain, at, amount in _terms(problem, plan):
        label = parts.label(axis)[at]
        here = label >= 0
        for row, each in zip(total, gain, strict=True):
            row += np.bincount(label[here], each[at[here]] * amount[here], parts.count)
    return total


def limit_totals(problem: Exchange, plan: Plan) -> Floats:
    """What a plan counts in each yearly limit, shape (limits,)."""
    return np.array(
        [
            row.lane_coef[plan.moving] @ plan.moved
            + row.way_coef @ plan.used
            + row.period_coef @ plan.period.sum(axis=1)
            + row.trip_coef @ plan.trips.sum(axis=1)
            + row.pair_coef @ plan.pair
            + row.hub_coef @ plan.open
            + row.group_coef @ plan.group
            for row in problem.limits
        ]
    )
