"""Better plans for components too large for one search: solve a part again, the rest held.

Large neighbourhood search [1]_: the ends of a component are gathered into groups of neighbours, and
for each in turn the lanes within it are solved for again while all else stays as it is. Every
row still holds, so that any plan found is one of the whole.

References
----------
.. [1] Shaw, P. (1998). Using constraint programming and local search methods to solve vehicle
   routing problems. CP98, LNCS 1520, 417-431. doi:10.1007/3-540-49481-2_30
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from scipy import sparse

from solvers.exchange.arrays import Flags, Floats, Ints
from solvers.exchange.build import Model
from solvers.exchange.engine import Effort, Engine, Program
from solvers.exchange.plan import plan_of
from solvers.exchange.problem import Exchange
from solvers.exchange.scaling import run_scaled
from solvers.exchange.watch import Watch

SECONDS: Final = 4.0  # for one group, where time is limited
BETTER: Final = 1e-9  # relative: a gain below this is rounding
NEIGHBOURS: Final = 6  # of an end, nearest first, that join its group


@dataclass(frozen=True, slots=True)
class Ground:
    """A component laid out for search."""

    problem: Exchange
    model: Model
    program: Program
    by_column: Any  # the program's matrix, scipy CSC array

    @classmethod
    def of(cls, problem: Exchange, model: Model, program: Program) -> "Ground":
        """Lay out a component."""
        return cls(problem, model, program, sparse.csc_array(program.matrix))


def values_of(problem: Exchange, model: Model, shipped: Floats, effort: Effort) -> Floats | None:
    """The variables (N,) of a plan (k, T); None if what its stores hold is not found."""
    plan, columns = plan_of(problem, shipped), model.columns
    values = np.zeros(columns.size + 1)  # position -1, no variable, is the one too many
    for position, each in (
        (columns.shipped, plan.shipped),
        (columns.used, plan.used),
        (columns.period, plan.period),
        (columns.trips, plan.trips),
        (columns.pair, plan.pair),
        (columns.open, plan.open),
        (columns.group, plan.group),
    ):
        values[position] = np.maximum(values[position], each)
    values = values[:-1]
    stores = np.concatenate([columns.source_store.ravel(), columns.sink_store.ravel()])
    if not np.any(stores >= 0):
        return values
    held = np.ones(columns.size, dtype=bool)
    held[stores[stores >= 0]] = False
    low, high = np.where(held, values, model.low), np.where(held, values, model.high)
    program = Program(
        gain=np.zeros(columns.size),
        matrix=model.matrix,
        row_low=model.row_low,
        row_high=model.row_high,
        low=low,
        high=high,
        whole=np.zeros(columns.size, dtype=bool),
    )
    return run_scaled(program, Engine.GLOP, effort).values


def sweep(
    ground: Ground,
    values: Floats,
    groups: list[Flags],
    effort: Effort,
    watch: Watch,
    threads: int = 1,
) -> Floats:
    """Improve a plan's variables (N,) group by group of lanes (k,), until the watch is over.

    With several threads as many groups are solved at once from the same plan, and what
    they find is put together: no two of them may share an end, nor a row.
    """
    seconds = SECONDS if np.isfinite(watch.until) else np.inf
    free = [_columns(ground, lanes) for lanes in groups]

    def better(base: Floats, columns: Ints) -> Floats | None:
        some = replace(effort, seconds=min(watch.left, seconds))
        return None if watch.over else _better(ground, base, columns, some)

    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(free), threads):
            chunk, base = free[start : start + threads], values
            found = list(pool.map(better, [base] * len(chunk), chunk))
            values = base.copy()
            for columns, new in zip(chunk, found, strict=True):
                if new is not None:
                    values[columns] = new
    return values


def neighbourhoods(
    problem: Exchange, loss: Floats, size: int, rng: np.random.Generator
) -> list[Flags]:
    """Lanes (k,) within groups of neighbouring ends, about `size` in each; no lane twice.

    Neighbours are nearest by the lane between them that loses least.
    """
    graph = _Graph.of(problem, loss)
    todo = np.diff(graph.begin) > 0
    found = []
    for seed in rng.permutation(np.flatnonzero(todo)).tolist():
        if todo[seed]:
            group = _grow(graph, todo, seed, size)
            todo &= ~group
            lanes: Flags = group[graph.start] & group[graph.stop]
            if lanes.any():
                found.append(lanes)
    return found


@dataclass(frozen=True, slots=True)
class _Graph:
    """Ends of a problem: sources, sinks, hubs, numbered in that order; and their neighbours."""

    start: Ints  # (k,): end where each lane starts
    stop: Ints  # (k,)
    begin: Ints  # (ends + 1,): where the neighbours of each end begin
    near: Ints  # neighbours, nearest first; an end may be named more than once

    @classmethod
    def of(cls, problem: Exchange, loss: Floats) -> "_Graph":
        start, stop, count = _ends(problem)
        here, there = np.append(start, stop), np.append(stop, start)
        order = np.lexsort((np.append(loss, loss), here))
        begin = np.searchsorted(here[order], np.arange(count + 1))
        return cls(start, stop, begin, there[order])


def _ends(problem: Exchange) -> tuple[Ints, Ints, int]:
    """Where each lane starts and ends, and how many ends there are."""
    m, n = problem.sizes["m"], problem.sizes["n"]
    made_by = np.append(problem.product_hub, 0)[np.maximum(problem.origin - m, -1)]
    start = np.where(problem.origin < m, problem.origin, m + n + made_by)
    end = np.where(problem.destination < n, m + problem.destination, m + n + problem.hub)
    return start, end, m + n + problem.sizes["h"]


def _grow(graph: _Graph, todo: Flags, seed: int, size: int) -> Flags:
    """Neighbours of a seed, nearest first, until they have so many lanes among themselves."""
    group = np.zeros(len(todo), dtype=bool)
    group[seed] = True
    queue, lanes = [seed], 0
    for node in queue:
        around = graph.near[graph.begin[node] : graph.begin[node + 1]]
        lanes += int(group[around].sum())
        if lanes >= size:
            break
        new = list(dict.fromkeys(around[todo[around] & ~group[around]].tolist()))[:NEIGHBOURS]
        group[new] = True
        queue.extend(new)
    return group


def _columns(ground: Ground, lanes: Flags) -> Ints:
    """Variables of some lanes (k,), of their ways and of their ends."""
    problem, columns = ground.problem, ground.model.columns
    m, n = problem.sizes["m"], problem.sizes["n"]
    start, end, count = _ends(problem)
    ends = np.zeros(count, dtype=bool)
    ends[start[lanes]] = ends[end[lanes]] = True
    ways = np.unique(problem.way[lanes])
    chosen = [
        columns.shipped[lanes],
        columns.used[ways],
        columns.period[ways],
        columns.trips[ways],
        columns.pair[problem.pair[ways]],
        columns.source_store[ends[:m]],
        columns.sink_store[ends[m : m + n]],
        columns.open[ends[m + n :]],
        np.append(columns.group, -1)[problem.way_group[ways]],
    ]
    free = np.unique(np.concatenate([each.ravel() for each in chosen]))
    return free[free >= 0]


def _better(ground: Ground, values: Floats, free: Ints, effort: Effort) -> Floats | None:
    """Solve for the free variables, all others held; None where nothing better is found."""
    program = ground.program
    part = sparse.csc_array(ground.by_column[:, free])
    rows = np.unique(part.indices)
    mine = sparse.csr_array(sparse.csr_array(part)[rows])
    held = sparse.csr_array(program.matrix[rows]) @ values - mine @ values[free]
    answer = run_scaled(
        Program(
            gain=program.gain[free],
            matrix=mine,
            row_low=program.row_low[rows] - held,
            row_high=program.row_high[rows] - held,
            low=program.low[free],
            high=program.high[free],
            whole=program.whole[free],
        ),
        Engine.HIGHS,
        effort,
    )
    if answer.values is None:
        return None
    gain = program.gain[free] @ (answer.values - values[free])
    return answer.values if gain > BETTER * abs(float(program.gain @ values)) else None
