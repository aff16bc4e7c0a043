"""Hubs that feed each other in a circle: what may go round, and what must be refused."""

from typing import TYPE_CHECKING, Final

import numpy as np

from solvers.exchange.arrays import Flags, Floats, Ints

if TYPE_CHECKING:
    from solvers.exchange.problem import Exchange

ROUNDS: Final = 10.0  # in a circle without any limit, goods count at most so many times
ROUNDING: Final = 1e-9  # a circle whose yields multiply to one within this does not grow


def refuse_growing_circles(problem: "Exchange") -> None:
    """Refuse hubs in a circle that make more than they take, if nothing limits them.

    Raises
    ------
    ValueError
        Naming the hubs of one such circle.
    """
    tail, head, weight = unlimited_edges(problem)
    circle = _growing_circle(tail, head, weight, problem.sizes["p"])
    if circle.size:
        hubs = sorted(set(problem.product_hub[circle].tolist()))
        raise ValueError(
            f"hub_capacity must limit a circle of hubs whose yields multiply to more than 1; "
            f"got no limit on hubs {hubs}"
        )


def unlimited_edges(problem: "Exchange") -> tuple[Ints, Ints, Floats]:
    """Product-to-product edges along lanes that nothing limits, and the log of what they make."""
    m, n = problem.sizes["m"], problem.sizes["n"]
    lane = np.flatnonzero((problem.origin >= m) & (problem.destination >= n))
    recipe = problem.destination[lane] - n
    product = problem.recipe_product[recipe]
    factor = problem.ratio[lane] * problem.recipe_yield[recipe]
    keep = (product >= 0) & (factor > 0) & _unlimited(problem, lane, recipe)
    return problem.origin[lane][keep] - m, product[keep], np.log(factor[keep])


def _unlimited(problem: "Exchange", lane: Ints, recipe: Ints) -> Flags:
    group = problem.group[lane]
    capacity = np.append(problem.group_capacity, np.inf)[group]  # group -1 reads the last
    unlimited: Flags = (
        np.isinf(problem.hub_capacity[problem.recipe_hub[recipe]])
        & np.isinf(problem.max_quantity[problem.way[lane]])
        & np.isinf(capacity)
    )
    return unlimited


def longest_walk(tail: Ints, head: Ints, weight: Floats, size: int) -> tuple[Floats, Ints]:
    """Greatest sum of weights of any walk that ends in each node, and the edge it came by.

    Bellman and Ford, all edges at once. Where a circle grows, the sums of
    some of its nodes still grow after `size` rounds; see `_growing_circle`.
    """
    best = np.zeros(size)
    came = np.full(size, -1)
    for _ in range(size + 1):
        reach = best[tail] + weight
        order = np.lexsort((reach, head))
        last = np.append(head[order][1:] != head[order][:-1], True)
        edge = order[last]
        better = reach[edge] > best[head[edge]] + ROUNDING
        edge = edge[better]
        if not edge.size:
            break
        best[head[edge]] = reach[edge]
        came[head[edge]] = edge
    return best, came


def _growing_circle(tail: Ints, head: Ints, weight: Floats, size: int) -> Ints:
    """Nodes of one circle whose weights sum to more than zero, in order; empty if none."""
    if not tail.size:
        return np.empty(0, dtype=np.int64)
    best, came = longest_walk(tail, head, weight, size)
    growing = np.flatnonzero(best[tail] + weight > best[head] + ROUNDING)
    if not growing.size:
        return np.empty(0, dtype=np.int64)
    node = int(tail[growing[0]])
    for _ in range(size):
        node = int(tail[came[node]])
    circle = [node]
    while (node := int(tail[came[node]])) != circle[0]:
        circle.append(node)
    return np.array(circle[::-1], dtype=np.int64)
