"""Prices, and the bound that they prove by weak duality, in plain floats."""

from dataclasses import replace

import numpy as np

from solvers.exchange.arrays import Floats, Ints, sum_by
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


def signed(problem: Exchange, prices: Prices) -> Prices:
    """The prices with every sign that weak duality asks for; 0 where there is no limit."""
    positive = np.maximum
    return Prices(
        source=np.where(problem.must_ship[:, None], prices.source, positive(prices.source, 0.0)),
        sink=np.where(problem.must_fill[:, None], prices.sink, positive(prices.sink, 0.0)),
        product=prices.product,
        capacity=_limited(prices.capacity, problem.hub_capacity),
        way_max=_limited(prices.way_max, problem.max_quantity),
        way_min=_limited(prices.way_min, np.where(problem.required, 0.0, np.inf)),
        group=_limited(prices.group, problem.group_capacity),
        limit=_limited(prices.limit, np.array([row.limit for row in problem.limits])),
        blend=positive(prices.blend, 0.0),
    )


def _limited(price: Floats, limit: Floats) -> Floats:
    if not price.any():
        return price
    return np.where(np.isfinite(limit), np.maximum(price, 0.0), 0.0)


def reduced_gain(problem: Exchange, gain: Floats, prices: Prices) -> Floats:
    """Gain of each lane and period after all prices, shape (k, T); `gain` is (k,)."""
    reduced = -problem.ratio[:, None] * _destination_price(problem, prices)
    reduced -= _origin_price(problem, prices)
    reduced += gain[:, None]
    for price in (prices.way_max, -prices.way_min):
        if price.any():
            reduced -= price[problem.way, None]
    if prices.group.any():
        reduced -= np.append(prices.group, 0.0)[problem.group, None]
    for row, price in zip(problem.limits, prices.limit, strict=True):
        reduced -= price * row.lane_coef[:, None]
    if problem.blend_rows:
        amount = problem.blend_coef[:, None] * prices.blend[problem.blend_row]
        reduced -= sum_by(problem.blend_lane, amount, problem.sizes["k"])
    return reduced


def _origin_price(problem: Exchange, prices: Prices) -> Floats:
    """What a unit costs where the lane starts: of the source, or of the product, sold there."""
    return np.concatenate([prices.source, prices.product])[problem.origin]


def _destination_price(problem: Exchange, prices: Prices) -> Floats:
    """What a unit delivered costs: of the sink, or capacity less what it is made into."""
    made = np.concatenate([prices.product, np.zeros((1, problem.periods))])[problem.recipe_product]
    recipe = prices.capacity[problem.recipe_hub][:, None] - problem.recipe_yield[:, None] * made
    return np.concatenate([prices.sink, recipe])[problem.destination]


def bound(problem: Exchange, gain: Floats, prices: Prices, most: Floats) -> float:
    """The most that any plan can gain, as the given prices prove it; see `bound_terms`."""
    terms = bound_terms(problem, gain, prices, most)
    return float(sum(worth.sum() for worth in terms.values()))


def bound_by(
    problem: Exchange, gain: Floats, prices: Prices, most: Floats, parts: Components
) -> Floats:
    """The most that any plan can gain in each component, shape (components,)."""
    total = np.zeros(parts.count)
    for axis, worth in bound_terms(problem, gain, prices, most).items():
        # Label -1, of no component, counts in a place of its own.
        total += np.bincount(parts.label(axis) + 1, worth, parts.count + 1)[1:]
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
    above = np.maximum(reduced_gain(problem, gain, prices), 0.0)
    limits = np.array([row.limit for row in problem.limits])
    above *= most
    return {
        "k": above.sum(axis=1),
        "m": (prices.source * problem.supply).sum(axis=1) + _source_stores(problem, prices),
        "n": (prices.sink * problem.demand).sum(axis=1) + _sink_stores(problem, prices),
        "h": _worth(prices.capacity, problem.hub_capacity),
        "w": _worth(prices.way_max, problem.max_quantity)
        - _worth(prices.way_min, problem.min_quantity),
        "g": _worth(prices.group, problem.group_capacity),
        "l": _worth(prices.limit, limits),
    }


def _worth(price: Floats, limit: Floats) -> Floats:
    if not price.any():
        return np.zeros(len(price))
    return np.where(price > 0, price * np.where(np.isfinite(limit), limit, 0.0), 0.0)


def _source_stores(problem: Exchange, prices: Prices) -> Floats:
    rise = np.maximum(np.diff(prices.source, axis=1), 0.0)
    worth: Floats = supply_room(problem) * rise.sum(axis=1)
    return worth


def _sink_stores(problem: Exchange, prices: Prices) -> Floats:
    fall = np.maximum(-np.diff(prices.sink, axis=1), 0.0)
    worth: Floats = demand_room(problem) * fall.sum(axis=1)
    return worth


def settle(
    problem: Exchange, gain: Floats, prices: Prices, most: Floats, but: Ints | None = None
) -> Prices:
    """Raise the prices of ends until no lane, `but` some, gains above them, where an end can.

    A lane out of a source is settled at its source, one from a hub into a
    sink at its sink. Rounding leaves such lanes a hair above; a hair on the price of
    an end costs the bound a hair.
    """
    over = np.maximum(reduced_gain(problem, gain, prices), 0.0)
    over[most <= 0] = 0.0  # what carries nothing gains nothing
    if but is not None:
        over[but] = 0.0
    m, n = problem.sizes["m"], problem.sizes["n"]
    above = np.flatnonzero(over.any(axis=1))
    out = above[problem.origin[above] < m]
    into = above[(problem.origin[above] >= m) & (problem.destination[above] < n)]
    rise, lift = np.zeros_like(prices.source), np.zeros_like(prices.sink)
    np.maximum.at(rise, problem.origin[out], over[out])
    np.maximum.at(lift, problem.destination[into], over[into] / problem.ratio[into, None])
    return replace(prices, source=prices.source + rise, sink=prices.sink + lift)
