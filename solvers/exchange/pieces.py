"""All components of a problem, each by the method that fits it, and put together again."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from threading import Lock
from typing import Final

import numpy as np

from solvers.exchange.arrays import Flags, Floats
from solvers.exchange.audit import breaches
from solvers.exchange.block import Block, solve_block
from solvers.exchange.components import Components
from solvers.exchange.engine import Effort, Ending
from solvers.exchange.features import decisions
from solvers.exchange.flows import Flows, solve_flows
from solvers.exchange.network import flow_components
from solvers.exchange.outcome import Prices
from solvers.exchange.plan import plan_of, values_by
from solvers.exchange.pricing import no_prices
from solvers.exchange.problem import Exchange
from solvers.exchange.restrict import Members, membership, restrict
from solvers.exchange.stages import EXACT

Progress = Callable[[str, float, float], None]

CLOSER: Final = (1.0, 1e-2, 0.0)  # of the gap asked for: tried in turn until all together is in it


PRICED: Final = {
    "source": "m",
    "sink": "n",
    "product": "p",
    "capacity": "h",
    "way_max": "w",
    "way_min": "w",
    "group": "g",
    "limit": "l",
    "blend": "y",
}

LEAST_SHARE: Final = 0.01  # of the time left, for any component: small ones rarely need it


@dataclass(frozen=True, slots=True)
class Task:
    """A problem, and how it falls into parts."""

    problem: Exchange
    most: Floats  # (k, T)
    live: Flags  # (k,)
    parts: Components
    joined: bool  # all in one part


@dataclass(slots=True)
class Solved:
    """What came of all components, filled in one by one."""

    shipped: Floats  # (k, T)
    ending: list[Ending]  # of each component
    method: list[str]
    bounds: Floats  # (o, components)
    scale: Floats  # (components,): whole units per flow; 0 where floats
    prices: Prices  # zero in components that are not proven by prices
    messages: list[str]

    def take_flows(self, task: Task, flows: Flows) -> None:
        """Take the components that flows solved."""
        lanes = task.parts.within("k", flows.solved)
        self.shipped[lanes] = flows.shipped[lanes]
        self.bounds[:, flows.solved] = flows.bounds[:, flows.solved]
        self.scale[flows.solved] = flows.scale[flows.solved]
        for component in np.flatnonzero(flows.solved).tolist():
            self.ending[component] = Ending.OPTIMAL
            self.method[component] = "flow"
        for name, axis in PRICED.items():
            if not getattr(flows.prices, name).any():
                continue
            here = task.parts.within(axis, flows.solved)
            getattr(self.prices, name)[here] = getattr(flows.prices, name)[here]

    def take_block(self, members: dict[str, Members], component: int, block: Block) -> None:
        """Take one component."""
        self.ending[component] = block.ending
        self.method[component] = block.method
        self.bounds[:, component] = block.bounds
        if block.message and block.ending is not Ending.OPTIMAL:
            self.messages.append(block.message)
        if block.plan is not None:
            self.shipped[members["k"][component]] = block.plan.shipped
        if block.prices is not None:
            for name, axis in PRICED.items():
                here = members[axis][component]
                getattr(self.prices, name)[here] = getattr(block.prices, name)


def solve_parts(task: Task, effort: Effort, threads: int, report: Progress) -> Solved:
    """Solve all components: plain flows together, the others one by one in threads."""
    count = task.parts.count
    solved = Solved(
        shipped=np.zeros_like(task.most),
        ending=[Ending.NOTHING] * count,
        method=["milp"] * count,
        bounds=np.zeros((task.problem.sizes["o"], count)),
        scale=np.zeros(count),
        prices=no_prices(task.problem),
        messages=[],
    )
    until = time.perf_counter() + effort.seconds
    flowing = flow_components(task.problem, task.most, task.parts, _whole(task))
    if task.joined:  # what is kept of earlier objectives is then a row of all lanes
        flowing[:] = False
    if flowing.any():
        flows = solve_flows(task.problem, task.most, task.parts, flowing, effort.gap, threads)
        if not breaches(task.problem, plan_of(task.problem, flows.shipped)):
            solved.take_flows(task, flows)
    report("flow", 1.0, np.nan)
    rest = np.array([e is Ending.NOTHING for e in solved.ending], dtype=bool)
    rest |= _too_wide(task, solved, max(effort.gap, EXACT), "flow")  # prices that prove too little
    for closer in CLOSER:
        left = replace(effort, seconds=until - time.perf_counter(), gap=effort.gap * closer)
        _solve_blocks(task, solved, rest, left, threads, report)
        rest = _too_wide(task, solved, effort.gap, "milp")
        if not rest.any() or effort.gap == 0 or time.perf_counter() > until:
            break
    return solved


def _whole(task: Task) -> Flags:
    """Components in which something is to be decided in whole numbers, shape (components,)."""
    needed = decisions(task.problem, task.live)
    parts = task.parts
    return (
        parts.flag("w", needed.used | needed.period | needed.trips)
        | parts.flag("q", needed.pair)
        | parts.flag("h", needed.open)
        | parts.flag("g", needed.group)
    )


def _too_wide(task: Task, solved: Solved, gap: float, by: str) -> Flags:
    """Components solved by a method to solve closer, since all together are not within the gap."""
    plan = plan_of(task.problem, solved.shipped)
    value = values_by(task.problem, plan, task.parts)
    wide = solved.bounds - value
    allowed = gap * np.maximum(1.0, np.abs(value.sum(axis=1)))
    over = wide.sum(axis=1) > allowed
    share = allowed / (2 * max(task.parts.count, 1))
    may = [
        method == by and ending is Ending.OPTIMAL
        for method, ending in zip(solved.method, solved.ending, strict=True)
    ]
    far: Flags = np.array(may, dtype=bool) & (wide[over] > share[over, None]).any(axis=0)
    return far


def _solve_blocks(
    task: Task, solved: Solved, chosen: Flags, effort: Effort, threads: int, report: Progress
) -> None:
    """Solve components in threads, small ones first; time is shared by size."""
    members = membership(task.parts, chosen)
    size = task.parts.sizes("k")
    order = [c for c in np.argsort(size, kind="stable").tolist() if chosen[c]]
    shares = _Shares(time.perf_counter() + effort.seconds, float(size[chosen].sum()), threads)

    def solve_one(component: int) -> Block:
        lanes = members["k"][component]
        seconds = shares.take(len(lanes))
        part = restrict(task.problem, members, component)
        return solve_block(part, task.most[lanes], replace(effort, seconds=seconds))

    value = bound = 0.0
    with ThreadPoolExecutor(threads) as pool:
        futures = {pool.submit(solve_one, component): component for component in order}
        for done, future in enumerate(as_completed(futures), start=1):
            block = future.result()
            solved.take_block(members, futures[future], block)
            value, bound = value + float(block.values[0]), bound + float(block.bounds[0])
            report("components", done / len(order), (bound - value) / max(1.0, abs(value)))


class _Shares:
    """Deals out the time that is left, by size, among the components still to solve."""

    def __init__(self, until: float, size: float, threads: int) -> None:
        self._until, self._size, self._threads = until, size, threads
        self._lock = Lock()

    def take(self, size: int) -> float:
        """Seconds for a component of the given size."""
        with self._lock:
            part = min(1.0, max(LEAST_SHARE, self._threads * size / max(self._size, 1.0)))
            self._size -= size
        return (self._until - time.perf_counter()) * part
