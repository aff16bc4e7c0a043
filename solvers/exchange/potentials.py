"""Prices of the nodes of a network, from a flow of least cost: the solver gives none."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from solvers.exchange.arrays import CHUNK, Flags, Ints, Nodes
from solvers.exchange.network import Network

FAR: Final = 2**61


@dataclass(frozen=True, slots=True)
class _Steps:
    """Ways a shorter path may take, sorted by where they start."""

    start: Ints  # (V + 1,): where the steps of each node begin
    head: Nodes
    cost: Ints

    @classmethod
    def of(cls, tail: Nodes, head: Nodes, cost: Ints, nodes: int) -> "_Steps":
        if np.any(tail[1:] < tail[:-1]):
            order = np.argsort(tail, kind="stable")
            tail, head, cost = tail[order], head[order], cost[order]
        return cls(np.searchsorted(tail, np.arange(nodes + 1)), head, cost)

    def reached(self, frontier: Ints, distance: Ints) -> Iterator[tuple[Nodes, Ints]]:
        """Nodes one step from the frontier, and how far they are this way; some at once."""
        count = np.diff(self.start)[frontier]
        done = np.cumsum(count)
        first = 0
        while first < len(frontier):
            so_far = int(done[first - 1]) if first else 0
            last = max(first + 1, int(np.searchsorted(done, so_far + CHUNK, side="right")))
            some, each = frontier[first:last], count[first:last]
            skip = self.start[some] - (done[first:last] - each - so_far)
            step = np.arange(int(done[last - 1]) - so_far) + np.repeat(skip, each)
            yield self.head[step], np.repeat(distance[some], each) + self.cost[step]
            first = last


def potentials(network: Network, cost: Ints, flow: Ints) -> Ints:
    """Shortest distances from the root of each component, against which no arc can gain.

    Bellman and Ford, frontier by frontier, over what the flow leaves open: every
    lane (its ends are what limits it), capped arcs that are not full, backwards all
    arcs that carry something, and the root, at distance zero, wherever something
    is left or could be left. The flow being of least cost, there is no circle
    that gains, and the search ends.

    Parameters
    ----------
    cost, flow
        Of each arc, shape (E,); whole numbers.

    Returns
    -------
    potential
        Shape (V,): for every open arc, ``cost + potential[tail] - potential[head] >= 0``.
    """
    nodes = len(network.supply)
    if network.capped.any():
        lanes = ~network.capped
        wide = _Steps.of(network.tail[lanes], network.head[lanes], cost[lanes], nodes)
    else:
        wide = _Steps.of(network.tail, network.head, cost, nodes)
    full = np.flatnonzero(network.capped)
    full = full[flow[full] < network.own[full]]
    back = np.flatnonzero(flow)
    narrow = _Steps.of(
        np.concatenate([network.tail[full], network.head[back]]),
        np.concatenate([network.head[full], network.tail[back]]),
        np.concatenate([cost[full], -cost[back]]),
        nodes,
    )
    from_root, to_root = _beside_root(network, flow)
    distance = np.where(from_root, 0, FAR)
    _relax(distance, (wide, narrow), np.ones(nodes, dtype=bool))
    lost = distance >= FAR
    if lost.any():
        _reach_lost(network, distance, (wide, narrow), lost, to_root & lost)
    return distance


def least_by_prices(network: Network, cost: Ints, potential: Ints) -> int:
    """The least that any flow can cost, as potentials prove it; exact, in whole units.

    Equal to what a flow of least cost does cost: strong duality in whole numbers.

    Raises
    ------
    ValueError
        If the potentials prove nothing: an open arc would gain.
    """
    reduced = cost + potential[network.tail] - potential[network.head]
    price = np.where(network.gives, potential, -potential)
    if (reduced[~network.capped] < 0).any() or (price[network.slack > 0] < 0).any():
        raise ValueError("potential must leave no open arc a gain")
    full = np.flatnonzero(network.capped & (reduced < 0))
    ends = np.flatnonzero(potential)
    return _exact(reduced[full], network.own[full]) - _exact(potential[ends], network.supply[ends])


def cost_of(cost: Ints, flow: Ints) -> int:
    """What a flow costs, exact."""
    some = np.flatnonzero(flow)
    return _exact(cost[some], flow[some])


def _exact(first: Ints, second: Ints) -> int:
    """Sum of products without bounds: they may pass 64 bits."""
    return sum(map(int.__mul__, first.tolist(), second.tolist()))


def _beside_root(network: Network, flow: Ints) -> tuple[Flags, Flags]:
    """Nodes to which the root leads, and nodes that lead to it.

    It leads to all sinks, and to sources that leave something; all sources lead
    to it, and sinks that are not filled: prices are then >= 0 where nothing must be.
    """
    nodes = len(network.supply)
    some = np.flatnonzero(flow)
    tail, head, moved = network.tail[some], network.head[some], flow[some]
    gone = np.bincount(tail, moved, nodes) - np.bincount(head, moved, nodes)
    some = network.supply != gone  # unshipped, or unfilled
    open_ = network.slack > 0
    return open_ & (some | ~network.gives), open_ & (some | network.gives)


def _relax(distance: Ints, steps: tuple[_Steps, ...], within: Flags) -> None:
    """Shorten distances, in place, until none among the nodes `within` can be shortened.

    More rounds than nodes: a circle gains, the flow is not of least cost, and these are no proof.
    """
    frontier = np.flatnonzero((distance < FAR) & within)
    for _ in distance:
        if not frontier.size:
            break
        nearer = np.zeros(len(distance), dtype=bool)
        for each in steps:
            for head, far in each.reached(frontier, distance):
                better = np.flatnonzero((far < distance[head]) & within[head])
                np.minimum.at(distance, head[better], far[better])
                nearer[head[better]] = True
        frontier = np.flatnonzero(nearer)


def _reach_lost(
    network: Network, distance: Ints, steps: tuple[_Steps, ...], lost: Flags, to_root: Flags
) -> None:
    """Give nodes the root does not lead to (all that is required) prices, in place.

    Among themselves any start will do; then all of a component's are raised
    together by the least that leaves no open arc to the others, or the root, a gain.
    """
    distance[lost] = 0
    _relax(distance, steps, lost)
    shift = np.full(int(network.component.max()) + 1, -FAR)
    np.maximum.at(shift, network.component[to_root], -distance[to_root])
    for each in steps:
        tail = np.repeat(np.arange(len(lost)), np.diff(each.start))
        crossing = np.flatnonzero(lost[tail] & ~lost[each.head])
        tail, head = tail[crossing], each.head[crossing]
        short = distance[head] - each.cost[crossing] - distance[tail]
        np.maximum.at(shift, network.component[tail], short)
    shift = np.where(shift > -FAR, shift, 0)
    distance[lost] += shift[network.component[lost]]
