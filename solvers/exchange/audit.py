"""Own check of a plan against the arrays of its problem, sharing nothing with the model's rows."""

from typing import Final

import numpy as np

from solvers.exchange.arrays import Floats, Ints, distinct, varied
from solvers.exchange.plan import Plan
from solvers.exchange.problem import Exchange

TOLERANCE: Final = 1e-7  # of the size of what is compared
SPECK: Final = 1e-9  # of the largest quantity of the plan: rounding, not a breach


def breaches(problem: Exchange, plan: Plan, *, limits: bool = True) -> list[str]:
    """Say every kind of constraint that a plan breaks; none if it holds.

    Yearly limits are looked at unless said otherwise.
    """
    speck = SPECK * max(
        float(plan.shipped.max(initial=0.0)), float(problem.supply.max(initial=0.0))
    )
    checks = {
        "shipped": bool((plan.shipped >= 0).all() and np.isfinite(plan.shipped).all()),
        "supply": _supply(problem, plan, speck),
        "demand": _demand(problem, plan, speck),
        "products": _products(problem, plan, speck),
        "capacity": _capacity(problem, plan, speck),
        "groups": _groups(problem, plan, speck),
        "ways": _ways(problem, plan, speck),
        "lots": _lots(problem, plan, speck),
        "partners": _partners(problem, plan),
        "trips": _trips(problem, plan, speck),
        "limits": not limits or _limits(problem, plan),
        "blends": _blends(problem, plan, speck),
    }
    return [name for name, held in checks.items() if not held]


def _within(found: Floats, limit: Floats, speck: float) -> bool:
    with np.errstate(invalid="ignore"):
        return bool(np.all(found <= limit + TOLERANCE * np.abs(limit) + speck))


def _totals(index: Ints, amount: Floats, size: int) -> Floats:
    periods = [np.bincount(index, column, size) for column in amount.T]
    return np.stack(periods, axis=1)


def _supply(problem: Exchange, plan: Plan, speck: float) -> bool:
    """What leaves a source is there: offered now, or offered before and stored."""
    mine = plan.moving[problem.origin[plan.moving] < len(problem.supply)]
    left = _totals(problem.origin[mine], plan.shipped[mine], len(problem.supply))
    stored = np.zeros(len(problem.supply))
    tolerance = TOLERANCE * problem.supply.max(axis=1, initial=0.0) + speck
    held = np.ones(len(problem.supply), dtype=bool)
    for t in range(problem.periods):
        rest = stored + problem.supply[:, t] - left[:, t]
        held &= rest >= -tolerance
        stored = np.clip(rest, 0.0, problem.supply_storage)
        held &= ~problem.must_ship | (rest <= problem.supply_storage + tolerance)
    return bool(np.all(held & (~problem.must_ship | (stored <= tolerance))))


def _demand(problem: Exchange, plan: Plan, speck: float) -> bool:
    """What reaches a sink is wanted: now, or later and stored until then."""
    mine = plan.moving[problem.destination[plan.moving] < len(problem.demand)]
    amount = plan.shipped[mine] * problem.ratio[mine, None]
    reached = _totals(problem.destination[mine], amount, len(problem.demand))
    waiting = np.zeros(len(problem.demand))
    tolerance = TOLERANCE * problem.demand.max(axis=1, initial=0.0) + speck
    held = np.ones(len(problem.demand), dtype=bool)
    for t in range(problem.periods):
        over = waiting + reached[:, t] - problem.demand[:, t]
        last = t == problem.periods - 1
        held &= over <= tolerance + (0.0 if last else problem.demand_storage)
        held &= ~problem.must_fill | (over >= -tolerance)
        waiting = np.clip(over, 0.0, problem.demand_storage)
    return bool(np.all(held))


def _taken(problem: Exchange, plan: Plan) -> Floats:
    """What each recipe takes, shape (r, T)."""
    n = len(problem.demand)
    mine = plan.moving[problem.destination[plan.moving] >= n]
    amount = plan.shipped[mine] * problem.ratio[mine, None]
    return _totals(problem.destination[mine] - n, amount, problem.sizes["r"])


def _products(problem: Exchange, plan: Plan, speck: float) -> bool:
    m, p = len(problem.supply), problem.sizes["p"]
    mine = plan.moving[problem.origin[plan.moving] >= m]
    left = _totals(problem.origin[mine] - m, plan.shipped[mine], p)
    makes = problem.recipe_product >= 0
    amount = _taken(problem, plan)[makes] * problem.recipe_yield[makes, None]
    made = _totals(problem.recipe_product[makes], amount, p)
    return _within(left, made, speck) and _within(made, left, speck)


def _capacity(problem: Exchange, plan: Plan, speck: float) -> bool:
    taken = _totals(problem.recipe_hub, _taken(problem, plan), problem.sizes["h"]).sum(axis=1)
    return _within(taken, problem.hub_capacity, speck) and bool(
        np.all(plan.open | (taken <= speck))
    )


def _carried(problem: Exchange, plan: Plan) -> tuple[Ints, Floats]:
    """Ways with a lane that ships something, and what they carry."""
    way, shipped = problem.way[plan.moving], plan.shipped[plan.moving]
    if np.all(way[1:] > way[:-1]):  # each lane a way of its own
        return way, shipped
    way, number = np.unique(way, return_inverse=True)
    return way, _totals(number, shipped, len(way))


def _groups(problem: Exchange, plan: Plan, speck: float) -> bool:
    if not problem.sizes["g"]:
        return True
    way, carried = _carried(problem, plan)
    group = problem.way_group[way]
    total = _totals(group[group >= 0], carried[group >= 0], problem.sizes["g"]).sum(axis=1)
    held = bool(np.all(plan.group | (total <= speck)))
    return held and _within(total, problem.group_capacity, speck)


def _ways(problem: Exchange, plan: Plan, speck: float) -> bool:
    way, carried = _carried(problem, plan)
    total = carried.sum(axis=1)
    idle = np.flatnonzero(problem.required)
    if idle.size:
        idle = idle[~np.isin(idle, way)]
    held = bool(np.all(plan.used[way] | (total <= speck)))
    held = held and _within(total, problem.max_quantity[way], speck)
    held = held and _within(problem.min_quantity[way], total, speck)
    return held and _within(problem.min_quantity[idle], np.zeros(len(idle)), speck)


def _lots(problem: Exchange, plan: Plan, speck: float) -> bool:
    if not (varied(problem.min_lot).any() or varied(problem.min_delivered).any()):
        return True
    way, carried = _carried(problem, plan)
    amount = plan.shipped[plan.moving] * problem.ratio[plan.moving, None]
    brought = _totals(np.searchsorted(way, problem.way[plan.moving]), amount, len(way))
    running = carried > 0
    shipped = _within(np.where(running, problem.min_lot[way, None], 0.0), carried, speck)
    least = np.where(running, problem.min_delivered[way, None], 0.0)
    return shipped and _within(least, brought, speck)


def _partners(problem: Exchange, plan: Plan) -> bool:
    return _few(problem, plan, problem.origin, problem.supply_partners) and _few(
        problem, plan, problem.destination, problem.demand_partners
    )


def _few(problem: Exchange, plan: Plan, end: Ints, most: Floats) -> bool:
    if np.isinf(most).all():
        return True
    mine = plan.moving[end[plan.moving] < len(most)]
    ends, _ = distinct(end[mine], problem.pair[problem.way[mine]])
    return bool(np.all(np.bincount(ends, minlength=len(most)) <= most))


def _trips(problem: Exchange, plan: Plan, speck: float) -> bool:
    if np.isinf(varied(problem.trip_payload)).all():
        return True
    way, carried = _carried(problem, plan)
    paid = np.isfinite(problem.trip_payload[way])
    room = plan.trips[way[paid]] * problem.trip_payload[way[paid], None]
    return _within(carried[paid], room, speck)


def _limits(problem: Exchange, plan: Plan) -> bool:
    for row in problem.limits:
        terms = (
            row.lane_coef[plan.moving] * plan.moved,
            row.way_coef * plan.used,
            row.period_coef * plan.period.sum(axis=1),
            row.trip_coef * plan.trips.sum(axis=1),
            row.pair_coef * plan.pair,
            row.hub_coef * plan.open,
            row.group_coef * plan.group,
        )
        size = sum(float(np.abs(term).sum()) for term in terms)
        if sum(float(term.sum()) for term in terms) > row.limit + TOLERANCE * max(size, row.limit):
            return False
    return True


def _blends(problem: Exchange, plan: Plan, speck: float) -> bool:
    amount = problem.blend_coef[:, None] * plan.shipped[problem.blend_lane]
    total = _totals(problem.blend_row, amount, problem.blend_rows)
    size = _totals(problem.blend_row, np.abs(amount), problem.blend_rows)
    return bool(
        np.all(total <= TOLERANCE * size + speck * np.abs(problem.blend_coef).max(initial=1.0))
    )
