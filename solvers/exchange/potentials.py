"""Prices of the nodes of a network, from a flow of least cost: the solver gives none."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from solvers.exchange.arrays import CHUNK, Flags, Ints, Nodes
from solvers.exchange.flow import Flow
from solvers.exchange.network import Network

FAR: Final = 2**61


@dataclass(frozen=True, slots=True)
class _Steps:
    """Ways a shorter path may take, sorted by where they start."""

    start: Ints  # (V + 1,): where the steps of each node begin
    head: Nodes
    cost: Ints

    @classmethod
    def of(cls, tail: Ints, head: Ints | Nodes, cost: Ints, nodes: int) -> "_Steps":
        order = np.argsort(tail, kind="stable")
        start = np.searchsorted(tail[order], np.arange(nodes + 1))
        return cls(start, head[order].astype(np.int32), cost[order])

    def reached(self, frontier: Ints, distance: Ints) -> Iterator[tuple[Nodes, Ints]]:
        """Nodes one step from the frontier, and how far they are this way; some at once."""
        begin = self.start[frontier]
        count = self.start[frontier + 1] - begin
        done = np.cumsum(count)
        skip, first = begin - done + count, 0
        while first < len(frontier):
            so_far = int(done[first - 1]) if first else 0
            last = max(first + 1, int(np.searchsorted(done, so_far + CHUNK, side="right")))
            each, far = count[first:last], distance[frontier[first:last]]
            step = np.arange(so_far, int(done[last - 1]))
            step += np.repeat(skip[first:last], each)
            yield self.head[step], np.repeat(far, each) + self.cost[step]
            first = last


def potentials(network: Network, cost: Ints, flow: Flow, within: Flags | None = None) -> Ints:
    """Shortest distances from the root of each component, against which no arc can gain.

    Bellman and Ford, frontier by frontier, over what the flow leaves open: every
    lane (its ends are what limits it), capped arcs that are not full, backwards all
    arcs that carry something, and the root, at distance zero, wherever something
    is left or could be left. The flow being of least cost, there is no circle
    that gains, and the search ends.

    Parameters
    ----------
    cost
        Of each arc, shape (E,); whole numbers.
    within
        Nodes of the components that are asked for, shape (V,); None: all.

    Returns
    -------
    potential
        Shape (V,): for every open arc, ``cost + potential[tail] - potential[head] >= 0``.
    """
    nodes = len(network.supply)
    here = np.ones(nodes, dtype=bool) if within is None else within
    steps = _open_steps(network, cost, flow)
    from_root, to_root = _beside_root(network, flow)
    distance = np.where(from_root & here, 0, FAR)
    _relax(distance, steps)
    lost = here & (distance >= FAR)
    if lost.any():
        _reach_lost(network, distance, steps, lost, to_root & lost)
    return distance


def _open_steps(network: Network, cost: Ints, flow: Flow) -> tuple[_Steps, ...]:
    """What the flow leaves open: lanes, and the rest."""
    nodes = len(network.supply)
    tail, head = network.tails_of(flow.arc), network.head[flow.arc]
    back = (head.astype(np.int64), tail, -cost[flow.arc])
    if not network.limited:
        return _Steps(network.start, network.head, cost), _Steps.of(*back, nodes)
    carried = np.zeros(len(cost), dtype=np.int64)
    carried[flow.arc] = flow.amount
    lanes = np.flatnonzero(~network.capped)
    full = np.flatnonzero(network.capped & (carried < network.own))
    return (
        _Steps.of(network.tails_of(lanes), network.head[lanes], cost[lanes], nodes),
        _Steps.of(
            np.concatenate([network.tails_of(full), back[0]]),
            np.concatenate([network.head[full], back[1]]),
            np.concatenate([cost[full], back[2]]),
            nodes,
        ),
    )


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


def cost_of(cost: Ints, flow: Flow) -> int:
    """What a flow costs, exact."""
    return _exact(cost[flow.arc], flow.amount)


def _exact(first: Ints, second: Ints) -> int:
    """Sum of products without bounds: they may pass 64 bits."""
    return sum(map(int.__mul__, first.tolist(), second.tolist()))


def _beside_root(network: Network, flow: Flow) -> tuple[Flags, Flags]:
    """Nodes to which the root leads, and nodes that lead to it.

    It leads to all sinks, and to sources that leave something; all sources lead
    to it, and sinks that are not filled: prices are then >= 0 where nothing must be.
    """
    nodes = len(network.supply)
    gone = np.bincount(network.tails_of(flow.arc), flow.amount, nodes)
    gone -= np.bincount(network.head[flow.arc], flow.amount, nodes)
    some = network.supply != gone  # unshipped, or unfilled
    open_ = network.slack > 0
    return open_ & (some | ~network.gives), open_ & (some | network.gives)


def _relax(distance: Ints, steps: tuple[_Steps, ...], within: Flags | None = None) -> None:
    """Shorten distances, in place, until none (`within` some nodes, if given) can be shortened.

    More rounds than nodes: a circle gains, the flow is not of least cost, and these are no proof.
    """
    open_ = distance < FAR if within is None else within & (distance < FAR)
    waiting = [open_.copy() for _ in steps]  # nearer since their steps were taken
    for _ in distance:
        for each, mine in zip(steps, waiting, strict=True):
            frontier = np.flatnonzero(mine)
            mine[frontier] = False
            for head, far in each.reached(frontier, distance):
                better = np.flatnonzero(far < distance[head])
                if within is not None:
                    better = better[within[head[better]]]
                nearer = head[better]
                np.minimum.at(distance, nearer, far[better])
                for other in waiting:
                    other[nearer] = True
        if not any(mine.any() for mine in waiting):
            break


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
