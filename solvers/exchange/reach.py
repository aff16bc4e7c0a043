"""The largest quantity each lane can carry in each period: the tight bounds of the model."""

from typing import Final

import numpy as np

from solvers.exchange.arrays import Floats, Ints, chunks, rows, sum_by, varied
from solvers.exchange.circles import longest_walk
from solvers.exchange.problem import Exchange, hub_edges

ROUNDS: Final = 10.0  # in a circle of hubs without any limit, goods count at most so many times


def supply_room(problem: Exchange) -> Floats:
    """Storage a source can fill at most, shape (m,); finite."""
    room: Floats = np.minimum(problem.supply_storage, problem.supply.sum(axis=1))
    return room


def demand_room(problem: Exchange) -> Floats:
    """Storage a sink can fill at most, shape (n,); finite."""
    room: Floats = np.minimum(problem.demand_storage, problem.demand.sum(axis=1))
    return room


def most_leaving(problem: Exchange) -> Floats:
    """The most that can leave each source in each period, stored quantities included: (m, T)."""
    earlier = np.cumsum(problem.supply, axis=1) - problem.supply
    return problem.supply + np.minimum(supply_room(problem)[:, None], earlier)


def most_reaching(problem: Exchange) -> Floats:
    """The most that can reach each sink in each period, early deliveries included: (n, T)."""
    later = np.cumsum(problem.demand[:, ::-1], axis=1)[:, ::-1] - problem.demand
    return problem.demand + np.minimum(demand_room(problem)[:, None], later)


def most_shipped(problem: Exchange) -> Floats:
    """The most each lane can carry in each period, shape (k, T); finite.

    The least of what its origin can give, what its destination can take, and
    the limits of its way, group and hub. Quantities through hubs follow from
    one another: bounds are passed along hubs until they stand still, and each
    round leaves valid ones. Around hubs in a circle without any limit nothing
    stands in the way of goods that only go round; there a lane carries at
    most what all sources could send through it, counted `ROUNDS` times.
    """
    endless = {axis: np.full((problem.sizes[axis], problem.periods), np.inf) for axis in "pr"}
    leaving = np.concatenate([most_leaving(problem), endless["p"]])
    reaching = np.concatenate([most_reaching(problem), endless["r"]])
    limited = bool(np.isfinite(varied(problem.max_quantity)).any()) or problem.sizes["g"] > 0
    lane = np.empty((problem.sizes["k"], problem.periods))
    for part in chunks(len(lane)):
        room = rows(reaching, problem.destination[part])
        room /= problem.ratio[part, None]
        np.minimum(rows(leaving, problem.origin[part]), room, out=lane[part])
        if limited:
            np.minimum(lane[part], _way_limits(problem, problem.way[part])[:, None], out=lane[part])
    if problem.sizes["r"] and problem.sizes["m"] + problem.sizes["n"]:
        lane = _through_hubs(problem, lane)
    return lane


def _way_limits(problem: Exchange, way: Ints) -> Floats:
    """The most each of some ways carries, by itself or in its group."""
    capacity = np.append(problem.group_capacity, np.inf)[problem.way_group[way]]
    limit: Floats = np.minimum(problem.max_quantity[way], capacity)
    return limit


def _through_hubs(problem: Exchange, lane: Floats) -> Floats:
    """Pass bounds along hubs, forwards and backwards, until they stand still."""
    lane = _settle(problem, lane)
    endless = np.isinf(lane)
    if endless.any():
        lane = _settle(problem, np.where(endless, _circle_limit(problem, lane), lane))
    return lane


def _settle(problem: Exchange, lane: Floats) -> Floats:
    for _ in range(2 * problem.sizes["p"] + 2):
        tighter = _pass_backwards(problem, _pass_forwards(problem, lane))
        settled = bool(np.all((tighter >= lane * (1 - 1e-9)) | (tighter == lane)))
        lane = tighter
        if settled:
            break
    return lane


def _taken(problem: Exchange, lane: Floats) -> Floats:
    """The most each recipe can take, shape (r, T)."""
    n, r = problem.sizes["n"], problem.sizes["r"]
    inward = np.flatnonzero(problem.destination >= n)
    amount = problem.ratio[inward, None] * lane[inward]
    taken = sum_by(problem.destination[inward] - n, amount, r)
    return np.minimum(taken, problem.hub_capacity[problem.recipe_hub][:, None])


def _pass_forwards(problem: Exchange, lane: Floats) -> Floats:
    """What leaves a product is at most what its recipes can make of what they can take."""
    m, p = problem.sizes["m"], problem.sizes["p"]
    makes = np.flatnonzero((problem.recipe_product >= 0) & (problem.recipe_yield > 0))
    amount = problem.recipe_yield[makes, None] * _taken(problem, lane)[makes]
    made = sum_by(problem.recipe_product[makes], amount, p)
    outward = np.flatnonzero(problem.origin >= m)
    tighter = lane.copy()
    tighter[outward] = np.minimum(lane[outward], made[problem.origin[outward] - m])
    return tighter


def _pass_backwards(problem: Exchange, lane: Floats) -> Floats:
    """What a recipe takes is at most what can leave as its product."""
    m, n, p = (problem.sizes[axis] for axis in "mnp")
    outward = np.flatnonzero(problem.origin >= m)
    gone = sum_by(problem.origin[outward] - m, lane[outward], p)
    taken = _taken(problem, lane)
    makes = np.flatnonzero((problem.recipe_product >= 0) & (problem.recipe_yield > 0))
    asked = gone[problem.recipe_product[makes]] / problem.recipe_yield[makes, None]
    taken[makes] = np.minimum(taken[makes], asked)
    inward = np.flatnonzero(problem.destination >= n)
    room = taken[problem.destination[inward] - n] / problem.ratio[inward, None]
    tighter = lane.copy()
    tighter[inward] = np.minimum(lane[inward], room)
    return tighter


def _circle_limit(problem: Exchange, lane: Floats) -> float:
    """What a lane in a circle without limits carries at most; see `ROUNDS`."""
    n = problem.sizes["n"]
    inward = problem.destination >= n
    amount = np.where(inward, problem.ratio, 0.0)[:, None] * lane
    entering = float(amount[np.isfinite(amount)].sum())
    best, _ = longest_walk(*hub_edges(problem), problem.sizes["p"])
    steps = max(1.0, float(problem.recipe_yield.max(initial=0.0)), float(problem.ratio.max()))
    return ROUNDS * float(np.exp(best.max(initial=0.0))) * steps * entering
