"""Prices, and the bound that they prove by weak duality, in plain floats."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from solvers.exchange.arrays import Floats, Ints, any_period, chunks, rows, sum_by, varied
from solvers.exchange.components import Components
from solvers.exchange.outcome import Prices
from solvers.exchange.problem import Exchange
from solvers.exchange.reach import demand_room, supply_room


def no_prices(problem: Exchange) -> Prices:
    """All prices zero."""
    sizes, periods = problem.sizes, problem.periods
    return Prices(
        source=np.zeros((sizes["m"], periods)),
        sink=np.zeros((sizes["n"], periods)),
        product=np.zeros((sizes["p"], periods)),
        capacity=np.zeros(sizes["h"]),
        way_max=np.zeros(sizes["w"]),
        way_min=np.zeros(sizes["w"]),
        group=np.zeros(sizes["g"]),
        limit=np.zeros(len(problem.limits)),
        blend=np.zeros((problem.blend_rows, periods)),
    )


def free_prices(problem: Exchange) -> Prices:
    """All prices zero, those of ways without taking memory: read-only."""
    free = np.broadcast_to(0.0, problem.sizes["w"])
    return replace(no_prices(problem), way_max=free, way_min=free)


def signed(problem: Exchange, prices: Prices) -> Prices:
    """The prices with every sign that weak duality asks for; 0 where there is no limit."""
    positive = np.maximum
    return Prices(
        source=np.where(problem.must_ship[:, None], prices.source, positive(prices.source, 0.0)),
        sink=np.where(problem.must_fill[:, None], prices.sink, positive(prices.sink, 0.0)),
        product=prices.product,
        capacity=_limited(prices.capacity, problem.hub_capacity),
        way_max=_limited(prices.way_max, problem.max_quantity),
        way_min=_limited(prices.way_min, _least_of_required(problem, prices)),
        group=_limited(prices.group, problem.group_capacity),
        limit=_limited(prices.limit, np.array([row.limit for row in problem.limits])),
        blend=positive(prices.blend, 0.0),
    )


def _least_of_required(problem: Exchange, prices: Prices) -> Floats:
    """Limit 0 where a way is required, and none where not; nothing at all where no price is."""
    if not varied(prices.way_min).any():
        return prices.way_min
    return np.where(problem.required, 0.0, np.inf)


def _limited(price: Floats, limit: Floats) -> Floats:
    if not varied(price).any():
        return price
    return np.where(np.isfinite(limit), np.maximum(price, 0.0), 0.0)


def reduced_gain(problem: Exchange, gain: Floats, prices: Prices) -> Floats:
    """Gain of each lane and period after all prices, shape (k, T); `gain` is (k,)."""
    reduced = np.empty((problem.sizes["k"], problem.periods))
    for part, some in reduced_gains(problem, gain, prices):
        reduced[part] = some
    return reduced


def reduced_gains(
    problem: Exchange, gain: Floats, prices: Prices, lanes: Ints | None = None
) -> Iterator[tuple[slice | Ints, Floats]]:
    """Gain of lanes, of all if none are named, after all prices: some, and theirs (some, T)."""
    origin, destination = _origin_price(problem, prices), _destination_price(problem, prices)
    blended = np.zeros((0, problem.periods))
    if problem.blend_rows:
        amount = problem.blend_coef[:, None] * prices.blend[problem.blend_row]
        blended = sum_by(problem.blend_lane, amount, problem.sizes["k"])
    by_way = [sign * price for sign, price in _way_prices(prices)]
    by_group = np.append(prices.group, 0.0) if prices.group.any() else None
    for some in chunks(problem.sizes["k"] if lanes is None else len(lanes)):
        part = some if lanes is None else lanes[some]
        reduced = rows(destination, problem.destination[part])
        reduced *= -problem.ratio[part, None]
        reduced -= rows(origin, problem.origin[part])
        reduced += gain[part, None]
        for price in by_way:
            reduced -= price[problem.way[part], None]
        if by_group is not None:
            reduced -= by_group[problem.way_group[problem.way[part]], None]
        for row, each in zip(problem.limits, prices.limit, strict=True):
            reduced -= each * row.lane_coef[part, None]
        if problem.blend_rows:
            reduced -= blended[part]
        yield part, reduced


def _way_prices(prices: Prices) -> list[tuple[float, Floats]]:
    """Prices of ways, and with which sign a lane pays them; none that are all zero."""
    both = (1.0, prices.way_max), (-1.0, prices.way_min)
    return [(sign, price) for sign, price in both if varied(price).any()]


def _origin_price(problem: Exchange, prices: Prices) -> Floats:
    """What a unit costs where lanes start: of each source, or of each product, sold there."""
    return np.concatenate([prices.source, prices.product])


def _destination_price(problem: Exchange, prices: Prices) -> Floats:
    """What a unit delivered costs: of each sink, or capacity less what it is made into."""
    made = np.concatenate([prices.product, np.zeros((1, problem.periods))])[problem.recipe_product]
    recipe = prices.capacity[problem.recipe_hub][:, None] - problem.recipe_yield[:, None] * made
    return np.concatenate([prices.sink, recipe])


def bound(problem: Exchange, gain: Floats, prices: Prices, most: Floats) -> float:
    """The most that any plan can gain, as the given prices prove it; see `bound_terms`."""
    terms = bound_terms(problem, gain, prices, most)
    return float(sum(worth.sum() for worth in terms.values()))


def bound_by(
    problem: Exchange,
    gain: Floats,
    prices: Prices,
    most: Floats,
    parts: Components,
    lanes: Ints | None = None,
) -> Floats:
    """The most that any plan can gain in each component, shape (components,).

    No lane but `lanes`, where they are given, may gain above the prices.
    """
    total = np.zeros(parts.count)
    terms = {a: worth for a, worth in _end_terms(problem, prices).items() if varied(worth).any()}
    worths = [(axis, np.flatnonzero(worth), worth[worth != 0]) for axis, worth in terms.items()]
    worths += [("k", *found) for found in _lane_terms(problem, gain, prices, most, lanes)]
    for axis, at, worth in worths:
        label = parts.label(axis)[at]
        total += np.bincount(label[label >= 0], worth[label >= 0], parts.count)
    return total


def bound_terms(problem: Exchange, gain: Floats, prices: Prices, most: Floats) -> dict[str, Floats]:
    """What each element adds to the bound that prices prove, by axis.

    Weak duality: whatever the prices, as long as `signed` leaves them as they
    are, no plan gains more than all limits at their prices, plus what lanes and
    stores would gain above them, at their largest possible quantities.

    Parameters
    ----------
    gain
        Per unit shipped, shape (k,): one objective, or a weighted sum of several.
    most
        The most each lane can carry, shape (k, T).
    """
    above = np.zeros(problem.sizes["k"])
    for lane, worth in _lane_terms(problem, gain, prices, most):
        above[lane] = worth
    return {"k": above, **_end_terms(problem, prices)}


def _lane_terms(
    problem: Exchange, gain: Floats, prices: Prices, most: Floats, lanes: Ints | None = None
) -> Iterator[tuple[Ints, Floats]]:
    """Lanes that gain above all prices, some at once, and what they would at their largest."""
    for part, reduced in reduced_gains(problem, gain, prices, lanes):
        over = np.flatnonzero(any_period(reduced > 0))
        if over.size:
            lane = over + part.start if isinstance(part, slice) else part[over]
            yield lane, (np.maximum(reduced[over], 0.0) * most[lane]).sum(axis=1)


def _end_terms(problem: Exchange, prices: Prices) -> dict[str, Floats]:
    """What all else adds to the bound that prices prove, by axis."""
    limits = np.array([row.limit for row in problem.limits])
    return {
        "m": (prices.source * problem.supply).sum(axis=1) + _source_stores(problem, prices),
        "n": (prices.sink * problem.demand).sum(axis=1) + _sink_stores(problem, prices),
        "h": _worth(prices.capacity, problem.hub_capacity),
        "w": _less(
            _worth(prices.way_max, problem.max_quantity),
            _worth(prices.way_min, problem.min_quantity),
        ),
        "g": _worth(prices.group, problem.group_capacity),
        "l": _worth(prices.limit, limits),
    }


def _less(worth: Floats, other: Floats) -> Floats:
    return worth - other if varied(other).any() else worth


def _worth(price: Floats, limit: Floats) -> Floats:
    if not varied(price).any():
        return price
    return np.where(price > 0, price * np.where(np.isfinite(limit), limit, 0.0), 0.0)


def _source_stores(problem: Exchange, prices: Prices) -> Floats:
    rise = np.maximum(np.diff(prices.source, axis=1), 0.0)
    worth: Floats = supply_room(problem) * rise.sum(axis=1)
    return worth


def _sink_stores(problem: Exchange, prices: Prices) -> Floats:
    fall = np.maximum(-np.diff(prices.sink, axis=1), 0.0)
    worth: Floats = demand_room(problem) * fall.sum(axis=1)
    return worth


def settle(problem: Exchange, gain: Floats, prices: Prices, most: Floats) -> Prices:
    """Raise the prices of ends until no lane gains above them, where an end can: see `settled`."""
    return settled(problem, gain, prices, most, np.zeros(0, dtype=np.int64))[0]


def settled(
    problem: Exchange, gain: Floats, prices: Prices, most: Floats, but: Ints
) -> tuple[Prices, Ints]:
    """Raise the prices of ends until no lane, `but` some, gains above them, where an end can.

    A lane out of a source is settled at its source, one from a hub into a
    sink at its sink. Rounding leaves such lanes a hair above; a hair on the price of
    an end costs the bound a hair. Prices only rise, so that no lane is left above them
    but some of those that were: they are given back too.
    """
    m, n = problem.sizes["m"], problem.sizes["n"]
    rise, lift = np.zeros_like(prices.source), np.zeros_like(prices.sink)
    found = [but]
    for part, reduced in reduced_gains(problem, gain, prices):
        some = np.flatnonzero(any_period(reduced > 0))
        above = some + part.start if isinstance(part, slice) else part[some]
        # What carries nothing gains nothing.
        over = np.where(most[above] > 0, np.maximum(reduced[some], 0.0), 0.0)
        kept = any_period(over > 0)
        above, over = above[kept], over[kept]
        found.append(above)
        if but.size:
            free = ~np.isin(above, but)
            above, over = above[free], over[free]
        out = problem.origin[above] < m
        into = ~out & (problem.destination[above] < n)
        np.maximum.at(rise, problem.origin[above[out]], over[out])
        each = over[into] / problem.ratio[above[into], None]
        np.maximum.at(lift, problem.destination[above[into]], each)
    higher = replace(prices, source=prices.source + rise, sink=prices.sink + lift)
    return higher, np.unique(np.concatenate(found))
