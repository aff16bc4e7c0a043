"""Lanes that no best plan uses: too small for their smallest lot, or never worth their cost.

Of lanes that are the only ones of their pair: without one of them a plan still holds, unless
something requires what it carries, and what it costs once is its own alone.
"""

from typing import Final

import numpy as np

from solvers.exchange.arrays import Flags, Floats, varied
from solvers.exchange.problem import Exchange

ROUNDING: Final = 1e-9  # relative: by so little a lot may pass the room for it


def decided_by_cost_or_lot(problem: Exchange) -> bool:
    """Whether any way has a least quantity, or counts by being used."""
    arrays = (
        problem.min_lot,
        problem.min_delivered,
        problem.min_quantity,
        problem.way_gain,
        problem.period_gain,
        problem.pair_gain,
    )
    return any(bool(varied(array).any()) for array in arrays)


def alone(problem: Exchange) -> Flags:
    """Lanes that are the only ones of their pair, and not required, shape (k,)."""
    sizes, way = problem.sizes, problem.way
    single: Flags = np.bincount(way, minlength=sizes["w"]) == 1
    single &= (np.bincount(problem.pair, minlength=sizes["q"]) == 1)[problem.pair]
    single &= ~problem.required
    mine: Flags = single[way]
    return mine


def least_shipped(problem: Exchange) -> Floats:
    """The least a lane alone in its way ships in a period in use, shape (k,)."""
    delivered = problem.min_delivered[problem.way] / problem.ratio
    least: Floats = np.maximum(problem.min_lot[problem.way], delivered)
    return least


def too_small(problem: Exchange, most: Floats) -> Flags:
    """Lanes, alone in their ways, that cannot carry the least they must if used, shape (k,)."""
    least = least_shipped(problem) * (1 - ROUNDING)
    small: Flags = np.all(most < least[:, None], axis=1)
    small |= most.sum(axis=1) < problem.min_quantity[problem.way] * (1 - ROUNDING)
    return small


def pays(problem: Exchange, most: Floats) -> Flags:
    """Lanes that gain in some objective on the most they can carry, fixed costs paid: (k,)."""
    way = problem.way
    pair = problem.pair[way]
    found = np.zeros(problem.sizes["k"], dtype=bool)
    for gain, once, period, joint in zip(
        problem.gain, problem.way_gain, problem.period_gain, problem.pair_gain, strict=True
    ):
        each = np.maximum(gain[:, None] * most + period[way, None], 0.0).sum(axis=1)
        found |= each + once[way] + joint[pair] > 0
    return found
