"""What one more unit along each lane could bring in the best case, hubs further on included."""

import numpy as np

from eit.matching.arrays import Floats, Ints
from eit.matching.problem import Offer
from solvers.exchange import Exchange

NOTHING = 1e-9
"""Gain per unit below which a lane brings nothing to an objective."""


def worth(offer: Offer, problem: Exchange) -> tuple[Floats, Floats]:
    """Gain of each lane per unit shipped, its chain through hubs and its fixed costs included.

    In the objective of highest rank in which the lane does anything at all. Fixed costs are
    spread over the most the way could carry; what opening a hub costs is left out.

    Returns
    -------
    worth, rank
        Gain per unit, shape (k,); the objective it is counted in, shape (k,).
    """
    best = np.zeros(len(offer.lanes))
    rank = np.zeros(len(offer.lanes))
    for objective in reversed(range(len(problem.gain))):
        gain = _whole_chain(offer, problem, objective) + _once(offer, problem, objective)
        counts = np.abs(gain) > NOTHING
        best = np.where(counts, gain, best)
        rank = np.where(counts, objective, rank)
    return best, rank


def most_shipped(offer: Offer, problem: Exchange) -> Floats:
    """Most that the two ends of each way, and its own limit, leave it in a year, shape (w,)."""
    ends, first = offer.ends, offer.bundles.lane
    offered = np.full(len(ends.origins), np.inf)
    offered[: ends.residues] = ends.offered.sum(axis=1)
    wanted = np.full(len(ends.destinations), np.inf)
    wanted[: ends.needs] = ends.wanted.sum(axis=1)
    room = wanted[offer.lanes.end[first]] / offer.ratio[first]
    sent = offered[offer.lanes.origin[first]]
    return np.asarray(np.minimum(np.minimum(sent, room), problem.max_quantity))


def _once(offer: Offer, problem: Exchange, objective: int) -> Floats:
    """Gains that come once per way, period, trip or pair, per unit of a full way; shape (k,)."""
    most = most_shipped(offer, problem)
    fixed = problem.way_gain[objective] + problem.period_gain[objective]
    fixed = fixed + problem.pair_gain[objective][problem.pair]
    trip = problem.trip_gain[objective] / np.minimum(problem.trip_payload, most)
    with np.errstate(divide="ignore", invalid="ignore"):
        per_unit = np.where(fixed == 0, 0.0, fixed / most) + np.where(trip == 0, 0.0, trip)
    return np.asarray(np.nan_to_num(per_unit)[offer.bundles.way])


def _whole_chain(offer: Offer, problem: Exchange, objective: int) -> Floats:
    """Gain of the best chain that each lane can be part of, per unit along the lane."""
    m, n = offer.ends.residues, offer.ends.needs
    chain: Floats = problem.gain[objective].copy()
    leaving = np.flatnonzero(problem.origin >= m)
    entering = np.flatnonzero(problem.destination >= n)
    ahead = _ahead(problem, chain, leaving)
    behind = _behind(problem, chain, entering)
    chain[entering] += ahead[problem.destination[entering] - n]
    chain[leaving] += behind[problem.origin[leaving] - m]
    return chain


def _ahead(problem: Exchange, gain: Floats, leaving: Ints) -> Floats:
    """Best that becomes of one unit a recipe takes, shape (r,); -inf if nothing can."""
    m, n = len(problem.supply), len(problem.demand)
    product = problem.origin[leaving] - m
    onward = problem.destination[leaving] >= n
    recipe = np.where(onward, problem.destination[leaving] - n, 0)
    makes = problem.recipe_product >= 0
    best = np.full(len(problem.product_hub) + 1, -np.inf)
    for _ in range(len(best)):
        made = problem.recipe_yield * best[problem.recipe_product]
        ahead = np.append(np.where(makes, made, 0.0), 0.0)
        reached = best.copy()
        np.maximum.at(reached, product, gain[leaving] + np.where(onward, ahead[recipe], 0.0))
        if np.array_equal(reached, best):
            break
        best = reached
    return np.where(makes, problem.recipe_yield * best[problem.recipe_product], 0.0)


def _behind(problem: Exchange, gain: Floats, entering: Ints) -> Floats:
    """Best that one unit of a product can be made for, shape (p,); -inf if it cannot."""
    m, n = len(problem.supply), len(problem.demand)
    recipe = problem.destination[entering] - n
    product = problem.recipe_product[recipe]
    made = product >= 0
    entering, recipe, product = entering[made], recipe[made], product[made]
    from_hub = problem.origin[entering] >= m
    before = np.where(from_hub, problem.origin[entering] - m, 0)
    best = np.full(len(problem.product_hub), -np.inf)
    for _ in range(len(best) + 1):
        earlier = np.zeros(len(entering))
        earlier[from_hub] = best[before[from_hub]]
        reached = best.copy()
        np.maximum.at(reached, product, (gain[entering] + earlier) / problem.recipe_yield[recipe])
        if np.array_equal(reached, best):
            break
        best = reached
    return best
