"""Flows of least cost by OR-Tools, batch by batch of components."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from solvers.exchange.arrays import Flags, Ints
from solvers.exchange.network import Network

BATCH: Final = 2000  # arcs: small components are solved together up to so many


@dataclass(frozen=True, slots=True)
class Batches:
    """Where components, and batches of consecutive components, begin."""

    nodes: Ints  # (components + 1,): first node of each
    begin: Ints  # (batches + 1,): first component of each

    def __len__(self) -> int:
        return len(self.begin) - 1

    @property
    def first_nodes(self) -> Ints:
        """First node of each batch, and the end of the last one's, shape (batches + 1,)."""
        return self.nodes[self.begin]


@dataclass(frozen=True, slots=True)
class Flow:
    """What is carried, in whole units; all other arcs carry nothing."""

    arc: Ints  # those that carry something, in order
    amount: Ints  # on each of them
    fine: Flags  # (V,): the solver calls the flow of the node's component optimal


def batches(network: Network) -> Batches:
    """Gather consecutive components up to `BATCH` arcs; larger ones stand alone."""
    nodes = network.first_nodes
    begin, gathered = [], BATCH
    for position, size in enumerate(np.diff(network.start[nodes]).tolist()):
        if gathered + size > BATCH:
            begin.append(position)
            gathered = 0
        gathered += size
    return Batches(nodes, np.array([*begin, len(nodes) - 1]))


def least_cost_flow(network: Network, cost: Ints) -> Flow:
    """Ship at least cost, given each arc's (E,), within supplies, demands and capacities."""
    plan = batches(network)
    return solve_batches(network, cost, plan, range(len(plan)))


def solve_batches(network: Network, cost: Ints, plan: Batches, chosen: Iterable[int]) -> Flow:
    """Solve batches; the components of one that fails are tried one by one."""
    fine = np.zeros(len(network.supply), dtype=bool)
    found = [(np.zeros(0, dtype=np.int64),) * 2]
    for batch in chosen:
        nodes = plan.nodes[plan.begin[batch] : plan.begin[batch + 1] + 1]
        spans = [nodes]
        while spans:
            span = spans.pop()
            carried = _solve_span(network, cost, span)
            if carried is not None:
                fine[span[0] : span[-1]] = True
                found.append(carried)
            elif len(span) > 2:
                spans.extend(span[i : i + 2] for i in range(len(span) - 1))
    arc, amount = (np.concatenate(each) for each in zip(*found, strict=True))
    order = np.argsort(arc)
    return Flow(arc[order], amount[order], fine)


def _solve_span(network: Network, cost: Ints, first: Ints) -> tuple[Ints, Ints] | None:
    """What arcs of consecutive components carry; None unless the solver says optimal.

    `first` (components + 1,) is the first node of each, and the end of the last one's.
    What is shipped comes from the root of the component, through its source, and goes back there
    from its sink: a circulation, which the solver finds in less time than what is left over.
    """
    nodes = slice(int(first[0]), int(first[-1]))
    start, count = nodes.start, nodes.stop - nodes.start
    arcs = slice(*network.start[[nodes.start, nodes.stop]].tolist())
    slack = network.slack[nodes]
    supply = network.supply[nodes] - np.where(network.gives[nodes], slack, -slack)
    number = np.repeat(np.arange(len(first) - 1), np.diff(first))
    root = count + number
    gives = np.flatnonzero(network.gives[nodes] & (slack > 0))
    takes = np.flatnonzero(~network.gives[nodes] & (slack > 0))
    free = np.zeros(len(gives) + len(takes), dtype=np.int64)
    solver = SimpleMinCostFlow()
    arc = solver.add_arcs_with_capacity_and_unit_cost(
        np.concatenate([network.tails(nodes) - start, root[gives], takes], dtype=np.int32),
        np.concatenate([network.head[arcs] - start, gives, root[takes]], dtype=np.int32),
        np.concatenate([network.capacity(nodes), slack[gives], slack[takes]]),
        np.concatenate([cost[arcs], free]),
    )
    rest = -np.bincount(number, supply, len(first) - 1).astype(np.int64)
    everyone = np.arange(count + len(rest), dtype=np.int32)
    solver.set_nodes_supplies(everyone, np.concatenate([supply, rest]))
    if solver.solve() != SimpleMinCostFlow.Status.OPTIMAL:
        return None
    flow = solver.flows(arc[: arcs.stop - arcs.start])
    carries = np.flatnonzero(flow)
    return carries + arcs.start, flow[carries]
