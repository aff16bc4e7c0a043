"""Walks and circles in a small graph with weights: hubs that feed each other."""

from typing import Final

import numpy as np

from solvers.exchange.arrays import Floats, Ints

ROUNDING: Final = 1e-9  # a circle whose yields multiply to one within this does not grow


def longest_walk(tail: Ints, head: Ints, weight: Floats, size: int) -> tuple[Floats, Ints]:
    """Greatest sum of weights of any walk that ends in each node, and the edge it came by.

    Bellman and Ford, all edges at once. Where a circle grows, the sums of
    some of its nodes still grow after `size` rounds; see `growing_circle`.
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


def growing_circle(tail: Ints, head: Ints, weight: Floats, size: int) -> Ints:
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
