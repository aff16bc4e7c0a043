"""What is in each pool under a plan, and whether the means hold; worked out from flows alone."""

from dataclasses import replace
from typing import Final

import numpy as np

from solvers.exchange.arrays import Floats, Ints, sum_by
from solvers.exchange.audit import SPECK, TOLERANCE
from solvers.pooling.problem import Pooling, feeding

MIXED: Final = "mixtures"
"""Name of the breach of a mean, beside those of `solvers.exchange.audit`."""
SLACK: Final = 1e-9
"""Relative slack by which what a mean counts may pass its limit, for rounding."""


def made_by(problem: Pooling) -> tuple[Ints, Ints, Floats]:
    """Lanes that feed products, the product, and what a unit shipped makes of it; (f,)."""
    exchange = problem.exchange
    lane, product = feeding(problem)
    recipe = exchange.destination[lane] - exchange.sizes["n"]
    return lane, product, exchange.recipe_yield[recipe] * exchange.ratio[lane]


def feed_quality(problem: Pooling) -> tuple[Ints, Ints, Floats]:
    """Lanes from sources that feed a product, the product, and its quality made of each alone.

    Shapes (f,), (f,) and (f, c); NaN where the source states nothing.
    """
    lane, product, rate = made_by(problem)
    m = problem.exchange.sizes["m"]
    here = (problem.exchange.origin[lane] < m) & (problem.weight[m + product] * rate > 0)
    lane, product, rate = lane[here], product[here], rate[here]
    source = problem.exchange.origin[lane]
    dense = problem.weight[source] / (rate * problem.weight[m + product])
    return lane, product, problem.quality[source] * dense[:, None]


def binding(problem: Pooling) -> Pooling:
    """The same problem without the means that no mixture could break: they hold of themselves."""
    m, products = problem.exchange.sizes["m"], problem.exchange.sizes["p"]
    _, product, content = feed_quality(problem)
    worst = np.full((2, m + products, problem.quality.shape[1]), -np.inf)
    for at, sign in enumerate((1.0, -1.0)):
        worst[at, :m] = sign * problem.quality
        np.maximum.at(worst[at, m:], product, sign * content)
    row = problem.mix_row
    sense, limit = problem.mix_sense[row], problem.mix_limit[row]
    side = (sense < 0).astype(np.int64)
    found = worst[side, problem.exchange.origin[problem.mix_lane], problem.mix_property[row]]
    over = found - sense * limit > SLACK * np.maximum(1.0, np.abs(limit))
    kept = np.zeros(len(problem.mix_limit), dtype=bool)
    kept[row[over & (problem.mix_weight > 0)]] = True
    here = kept[row]
    return replace(
        problem,
        mix_property=problem.mix_property[kept],
        mix_sense=problem.mix_sense[kept],
        mix_limit=problem.mix_limit[kept],
        mix_row=(np.cumsum(kept) - 1)[row[here]],
        mix_lane=problem.mix_lane[here],
        mix_weight=problem.mix_weight[here],
    )


def pool_quality(problem: Pooling, shipped: Floats) -> Floats:
    """Quality of each product in each period, shape (p, c, T); NaN where none is made.

    Also NaN where something in the pool is not known, or the pool is fed by another pool.
    """
    exchange = problem.exchange
    m, products = exchange.sizes["m"], exchange.sizes["p"]
    lane, product, rate = made_by(problem)
    origin = exchange.origin[lane]
    known = np.append(problem.quality, np.full((1, problem.quality.shape[1]), np.nan), axis=0)
    of_origin = known[np.minimum(origin, m)] * problem.weight[origin][:, None]
    made = sum_by(product, shipped[lane] * rate[:, None], products)
    found = np.full((products, problem.quality.shape[1], exchange.periods), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        for name in range(problem.quality.shape[1]):
            content = np.where(shipped[lane] > 0, of_origin[:, name, None] * shipped[lane], 0.0)
            found[:, name] = sum_by(product, content, products)
        return np.asarray(found / (problem.weight[m:, None, None] * made[:, None]))


def mix_excess(problem: Pooling, shipped: Floats) -> tuple[Floats, Floats]:
    """By how much each mean passes its limit, times weight; and the size of what it counts.

    Both of shape (l, T); at most 0 where the limit holds.
    """
    exchange = problem.exchange
    m = exchange.sizes["m"]
    pools = pool_quality(problem, shipped)
    origin, row = exchange.origin[problem.mix_lane], problem.mix_row
    name = problem.mix_property[row]
    value = np.empty((len(row), exchange.periods))
    direct = origin < m
    value[direct] = problem.quality[origin[direct], name[direct]][:, None]
    value[~direct] = pools[origin[~direct] - m, name[~direct]]
    amount = problem.mix_weight[:, None] * shipped[problem.mix_lane]
    value = np.where(amount > 0, value, 0.0)
    limit = problem.mix_limit[row][:, None]
    over = problem.mix_sense[row][:, None] * (value - limit) * amount
    size = (np.abs(value) + np.abs(limit)) * amount
    return sum_by(row, over, len(problem.mix_limit)), sum_by(row, size, len(problem.mix_limit))


def mix_breaches(problem: Pooling, shipped: Floats) -> list[int]:
    """Rows of means that a plan breaks in some period; none if all hold."""
    over, size = mix_excess(problem, shipped)
    speck = SPECK * float(shipped.max(initial=0.0)) * np.maximum(1.0, np.abs(problem.mix_limit))
    held = over <= TOLERANCE * size + speck[:, None]
    rows: list[int] = np.flatnonzero(~held.all(axis=1)).tolist()
    return rows
