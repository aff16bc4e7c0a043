"""Flows of least cost with the prices of their nodes, in several processes where it pays."""

import multiprocessing
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final

import numpy as np

from solvers.exchange.arrays import Flags, Ints
from solvers.exchange.flow import Batches, Flow, batches, solve_batches
from solvers.exchange.network import Network
from solvers.exchange.potentials import potentials

FORK: Final = 300_000  # arcs: from here on another process pays for itself
NUMBER: Final = 8  # bytes of the number of a batch


@dataclass(frozen=True, slots=True)
class Hand:
    """What one process found: the flow and the potentials of the components it took."""

    flow: Flow
    node: Ints  # those of its components, in order
    potential: Ints  # of each of them


def priced_flow(network: Network, cost: Ints, workers: int) -> tuple[Flow, Ints]:
    """Ship at least cost, and prove it: see `flow.least_cost_flow` and `potentials`.

    Parameters
    ----------
    cost
        Of each arc, in whole units, shape (E,).
    workers
        The most processes at work.

    Returns
    -------
    flow, potential
        What arcs carry, and the potential of each node, shape (V,).
    """
    plan = batches(network)
    if workers > 1 and len(cost) >= FORK and len(plan) > 1 and _can_fork():
        return _together(_fork(network, cost, plan, workers), len(network.supply))
    flow = solve_batches(network, cost, plan, range(len(plan)))
    return flow, potentials(network, cost, flow)


def _can_fork() -> bool:
    """Whether to fork is safe: on Linux, out of a process with one Python thread."""
    return sys.platform == "linux" and threading.active_count() == 1


def _fork(network: Network, cost: Ints, plan: Batches, workers: int) -> list[Hand]:
    """Solve batches here and in other processes, each taking the next largest one in turn.

    The solver holds the interpreter's lock, so that threads would not help. What a process
    that died had taken stays unsolved.
    """
    deck = _deck(np.diff(network.start[plan.first_nodes]))
    context = multiprocessing.get_context("fork")
    pipes = [context.Pipe(duplex=False) for _ in range(workers - 1)]
    with warnings.catch_warnings():
        # Python warns of forking beside sleeping BLAS threads; the child calls no BLAS.
        warnings.simplefilter("ignore", DeprecationWarning)
        others = [
            context.Process(target=_work_apart, args=(network, cost, plan, deck, end))
            for _, end in pipes
        ]
        for other in others:
            other.start()
    for _, end in pipes:
        end.close()  # so that the death of the process that holds the other copy is seen
    hands = [_work(network, cost, plan, deck)]
    os.close(deck)
    for (mine, _), other in zip(pipes, others, strict=True):
        with mine:
            hands.extend(_received(mine))
        other.join()
    return hands


def _deck(sizes: Ints) -> int:
    """A file of the numbers of all batches, the largest first, that processes read on in turn."""
    deck = os.memfd_create("batches")
    os.write(deck, np.argsort(-sizes, kind="stable").astype(np.int64).tobytes())
    os.lseek(deck, 0, os.SEEK_SET)
    return deck


def _drawn(deck: int, taken: list[int]) -> Iterator[int]:
    """Draw batches until there are no more; `taken` is told which."""
    while number := os.read(deck, NUMBER):
        taken.append(int.from_bytes(number, sys.byteorder))
        yield taken[-1]


def _work(network: Network, cost: Ints, plan: Batches, deck: int) -> Hand:
    """Solve the batches that are drawn, and find the potentials of their nodes."""
    taken: list[int] = []
    flow = solve_batches(network, cost, plan, _drawn(deck, taken))
    mine: Flags = np.zeros(len(network.supply), dtype=bool)
    for batch in taken:
        mine[slice(*plan.first_nodes[batch : batch + 2])] = True
    node = np.flatnonzero(mine)
    return Hand(flow, node, potentials(network, cost, flow, mine)[node])


def _work_apart(network: Network, cost: Ints, plan: Batches, deck: int, end: Connection) -> None:
    end.send(_work(network, cost, plan, deck))


def _received(end: Connection) -> list[Hand]:
    """What the process at the other end found; nothing if it died."""
    try:
        return [end.recv()]
    except EOFError:
        return []


def _together(hands: list[Hand], nodes: int) -> tuple[Flow, Ints]:
    """The flow and the potentials of all hands."""
    arc = np.concatenate([hand.flow.arc for hand in hands])
    amount = np.concatenate([hand.flow.amount for hand in hands])
    fine, potential = np.zeros(nodes, dtype=bool), np.zeros(nodes, dtype=np.int64)
    for hand in hands:
        fine |= hand.flow.fine
        potential[hand.node] = hand.potential
    order = np.argsort(arc)
    return Flow(arc[order], amount[order], fine), potential
