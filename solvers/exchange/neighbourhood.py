"""Better plans for components too large for one search: solve a part again, the rest held.

Large neighbourhood search [1]_: the ends of a component are gathered into groups of neighbours, and
for each in turn the lanes within it are solved for again while all else stays as it is. Every
row still holds, so that any plan found is one of the whole.

References
----------
.. [1] Shaw, P. (1998). Using constraint programming and local search methods to solve vehicle
   routing problems. CP98, LNCS 1520, 417-431. doi:10.1007/3-540-49481-2_30
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np
from scipy import sparse

from solvers.exchange.arrays import Flags, Floats, Ints
from solvers.exchange.build import Model
from solvers.exchange.engine import Effort, Engine, Program
from solvers.exchange.problem import Exchange
from solvers.exchange.scaling import run_scaled

SIZES: Final = (500, 1000, 250)  # lanes of a group, pass after pass
KERNEL: Final = 0.35  # of the time: lanes of the relaxation alone
SECONDS: Final = 3.0  # for one group
CLOSE: Final = 2e-3  # gap of one group: the next pass comes back to it
BETTER: Final = 1e-9  # relative: a gain below this is rounding
STALE: Final = 2e-4  # relative: a pass that gains less is as good as none


def improve(
    problem: Exchange,
    model: Model,
    program: Program,
    values: Floats,
    relaxed: Floats | None,
    effort: Effort,
) -> Floats:
    """Improve a plan's variables (N,) part by part, until time is out or no part gets better.

    The first part is what the relaxation ships, if given: the lanes most likely in a good plan.
    """
    until = time.perf_counter() + effort.seconds
    by_column = sparse.csc_array(program.matrix)
    if relaxed is not None:
        shipped = model.columns.shipped
        likely = np.any((relaxed[shipped] > 0) | (values[shipped] > 0), axis=1)
        some = replace(effort, seconds=effort.seconds * KERNEL)
        values = _better(program, by_column, values, _columns(problem, model, likely), some)
    rng = np.random.default_rng(effort.seed)
    stale = passes = 0
    while stale < len(SIZES):
        before = float(program.gain @ values)
        for lanes in _neighbourhoods(problem, SIZES[passes % len(SIZES)], rng):
            left = until - time.perf_counter()
            if left <= 0:
                return values
            some = replace(effort, seconds=min(left, SECONDS))
            values = _better(program, by_column, values, _columns(problem, model, lanes), some)
        gained = float(program.gain @ values) - before
        stale = 0 if gained > STALE * abs(before) else stale + 1
        passes += 1
    return values


def _ends(problem: Exchange) -> tuple[Ints, Ints, int]:
    """Where each lane starts and ends: sources, sinks, hubs, numbered in that order."""
    m, n = problem.sizes["m"], problem.sizes["n"]
    made_by = np.append(problem.product_hub, 0)[np.maximum(problem.origin - m, -1)]
    start = np.where(problem.origin < m, problem.origin, m + n + made_by)
    end = np.where(problem.destination < n, m + problem.destination, m + n + problem.hub)
    return start, end, m + n + problem.sizes["h"]


def _neighbourhoods(problem: Exchange, size: int, rng: np.random.Generator) -> Iterator[Flags]:
    """Lanes (k,) within groups of neighbouring ends, about `size` in each; no lane twice."""
    start, end, count = _ends(problem)
    both = np.concatenate([start, end]), np.concatenate([end, start])
    graph = sparse.csr_array((np.ones(len(both[0])), both), shape=(count, count))
    todo = np.diff(graph.indptr) > 0
    for seed in rng.permutation(np.flatnonzero(todo)).tolist():
        if todo[seed]:
            group = _grow(graph, todo, seed, size)
            todo &= ~group
            lanes: Flags = group[start] & group[end]
            if lanes.any():
                yield lanes


def _grow(graph: Any, todo: Flags, seed: int, size: int) -> Flags:
    """Neighbours of a seed, nearest first, until they have so many lanes among themselves."""
    group = np.zeros(len(todo), dtype=bool)
    group[seed] = True
    queue, lanes = [seed], 0
    for node in queue:
        around = graph.indices[graph.indptr[node] : graph.indptr[node + 1]]
        lanes += int(group[around].sum())
        if lanes >= 2 * size:
            break
        new = np.unique(around[todo[around] & ~group[around]])
        group[new] = True
        queue.extend(new.tolist())
    return group


def _columns(problem: Exchange, model: Model, lanes: Flags) -> Ints:
    """Variables of some lanes (k,), of their ways and of their ends."""
    columns, (m, n) = model.columns, (problem.sizes["m"], problem.sizes["n"])
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


def _better(program: Program, by_column: Any, values: Floats, free: Ints, effort: Effort) -> Floats:
    """Solve for the free variables, all others held; the plan as it was where none is better."""
    part = sparse.csc_array(by_column[:, free])
    held = program.matrix @ values - part @ values[free]
    rows = np.unique(part.indices)
    answer = run_scaled(
        Program(
            gain=program.gain[free],
            matrix=sparse.csr_array(sparse.csr_array(part)[rows]),
            row_low=program.row_low[rows] - held[rows],
            row_high=program.row_high[rows] - held[rows],
            low=program.low[free],
            high=program.high[free],
            whole=program.whole[free],
        ),
        Engine.HIGHS,
        replace(effort, gap=CLOSE),
    )
    if answer.values is None:
        return values
    gain = program.gain[free] @ (answer.values - values[free])
    if gain <= BETTER * abs(float(program.gain @ values)):
        return values
    better = values.copy()
    better[free] = answer.values
    return better
