"""Flows of least cost by OR-Tools, batch by batch of components, in processes where it pays."""

import mmap
import multiprocessing
import sys
import threading
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from solvers.exchange.arrays import Flags, Ints
from solvers.exchange.network import Network

BATCH: Final = 2000  # arcs: small components are solved together up to so many
FORK: Final = 300_000  # arcs: from here on another process pays for itself


@dataclass(frozen=True, slots=True)
class Batches:
    """Where components, and batches of consecutive components, begin."""

    nodes: Ints  # (components + 1,): first node of each
    arcs: Ints  # (components + 1,): first arc of each
    begin: Ints  # (batches + 1,): first component of each


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be solved, and where the flows go; `flow` and `solved` are filled in."""

    network: Network
    cost: Ints  # (E,)
    plan: Batches
    flow: Ints  # (E,)
    solved: Ints  # (components,): 1 where the flow is optimal


def batches(network: Network) -> Batches:
    """Gather consecutive components up to `BATCH` arcs; larger ones stand alone."""
    component = network.component
    first = np.flatnonzero(np.append(component[:1] >= 0, component[1:] != component[:-1]))
    nodes = np.append(first, len(component))
    arcs = np.searchsorted(network.tail, nodes)
    begin, gathered = [], BATCH
    for position, size in enumerate(np.diff(arcs).tolist()):
        if gathered + size > BATCH:
            begin.append(position)
            gathered = 0
        gathered += size
    return Batches(nodes, arcs, np.array([*begin, len(first)]))


def least_cost_flow(network: Network, cost: Ints, workers: int) -> tuple[Ints, Flags]:
    """Ship at least cost within supplies, demands and capacities.

    Returns
    -------
    flow
        On each arc, shape (E,).
    solved
        Whether the flow of each node's component is optimal, shape (V,).
    """
    plan = batches(network)
    count = len(plan.begin) - 1
    if workers > 1 and len(cost) >= FORK and count > 1 and _can_fork():
        work = Work(network, cost, plan, _shared(len(cost)), _shared(len(plan.nodes) - 1))
        _fork(work, workers)
    else:
        flow, solved = (np.zeros(n, dtype=np.int64) for n in (len(cost), len(plan.nodes) - 1))
        work = Work(network, cost, plan, flow, solved)
        _solve_batches(work, range(count))
    return work.flow, np.repeat(work.solved > 0, np.diff(plan.nodes))


def _solve_batches(work: Work, chosen: Iterable[int]) -> None:
    """Solve batches; the components of one that fails are tried one by one."""
    for batch in chosen:
        begin, end = int(work.plan.begin[batch]), int(work.plan.begin[batch + 1])
        if not _solve_span(work, begin, end) and end - begin > 1:
            for component in range(begin, end):
                _solve_span(work, component, component + 1)


def _solve_span(work: Work, begin: int, end: int) -> bool:
    """Solve consecutive components in one call; False unless the solver says optimal."""
    network, plan = work.network, work.plan
    arcs, nodes = slice(*plan.arcs[[begin, end]]), slice(*plan.nodes[[begin, end]])
    start, count = nodes.start, nodes.stop - nodes.start
    supply, slack = network.supply[nodes], network.slack[nodes]
    root = count + np.repeat(np.arange(end - begin), np.diff(plan.nodes[begin : end + 1]))
    gives = np.flatnonzero(network.gives[nodes] & (slack > 0))
    takes = np.flatnonzero(~network.gives[nodes] & (slack > 0))
    free = np.zeros(len(gives) + len(takes), dtype=np.int64)
    solver = SimpleMinCostFlow()
    numbers = solver.add_arcs_with_capacity_and_unit_cost(
        np.concatenate([network.tail[arcs] - start, gives, root[takes]], dtype=np.int32),
        np.concatenate([network.head[arcs] - start, root[gives], takes], dtype=np.int32),
        np.concatenate([network.capacity(arcs), slack[gives], slack[takes]]),
        np.concatenate([work.cost[arcs], free]),
    )
    rest = -np.bincount(root - count, supply, end - begin).astype(np.int64)
    everyone = np.arange(count + len(rest), dtype=np.int32)
    solver.set_nodes_supplies(everyone, np.concatenate([supply, rest]))
    if solver.solve() != SimpleMinCostFlow.Status.OPTIMAL:
        return False
    work.flow[arcs] = solver.flows(numbers[: arcs.stop - arcs.start])
    work.solved[begin:end] = True
    return True


def _shared(size: int) -> Ints:
    """Zeros that forked processes write into for one another."""
    return np.frombuffer(mmap.mmap(-1, 8 * max(size, 1)), dtype=np.int64, count=size)


def _can_fork() -> bool:
    """Whether to fork is safe: on Linux, out of a process with one Python thread."""
    return sys.platform == "linux" and threading.active_count() == 1


def _fork(work: Work, workers: int) -> None:
    """Deal the batches out, largest first, and solve a hand here and one in each process.

    The solver holds the interpreter's lock, so that threads would not help.
    """
    hands = _deal(np.diff(work.plan.arcs[work.plan.begin]), workers)
    context = multiprocessing.get_context("fork")
    with warnings.catch_warnings():
        # Python warns of forking beside sleeping BLAS threads; the child calls no BLAS.
        warnings.simplefilter("ignore", DeprecationWarning)
        others = [context.Process(target=_solve_batches, args=(work, hand)) for hand in hands[1:]]
        for other in others:
            other.start()
    _solve_batches(work, hands[0])
    for other in others:
        other.join()


def _deal(sizes: Ints, hands: int) -> list[list[int]]:
    """Deal batches to hands of about equal size: the largest left to the lightest hand."""
    dealt: list[list[int]] = [[] for _ in range(hands)]
    load = [0] * hands
    for batch in np.argsort(-sizes, kind="stable").tolist():
        lightest = load.index(min(load))
        dealt[lightest].append(batch)
        load[lightest] += int(sizes[batch])
    return dealt
