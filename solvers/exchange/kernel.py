"""The few lanes that good plans use, by what the relaxation says each would lose.

A kernel [1]_ of lanes is a problem of its own, small enough to be searched as a whole; a plan
of it is one of the component.

References
----------
.. [1] Angelelli, E., Mansini, R., Speranza, M. G. (2010). Kernel search: a general heuristic for
   the multi-dimensional knapsack problem. Computers & Operations Research 37, 2017-2026.
   doi:10.1016/j.cor.2010.02.002
"""

from dataclasses import dataclass

import numpy as np

from solvers.exchange.arrays import Flags, Floats, Ints, any_by
from solvers.exchange.build import Model
from solvers.exchange.engine import Effort, Program
from solvers.exchange.integer import relax
from solvers.exchange.problem import Exchange
from solvers.exchange.relaxation import Lanes, Relaxed, highest, is_plain, relax_lanes
from solvers.exchange.restrict import Members, restrict


@dataclass(frozen=True, slots=True)
class Kernel:
    """Some lanes of a problem as a problem of its own."""

    lanes: Ints  # their positions in the problem, increasing
    problem: Exchange
    most: Floats  # (lanes, T)
    outside: float  # the least that any lane left out loses against the bound; infinite if none


def relaxation_of(problem: Exchange, most: Floats, effort: Effort) -> Relaxed | None:
    """The relaxation of a plain component (`is_plain`); None for others, and in trouble."""
    return relax_lanes(Lanes.of(problem, most), effort) if is_plain(problem) else None


def relax_model(problem: Exchange, model: Model, program: Program, effort: Effort) -> Relaxed:
    """Relax any component by its whole linear program; `loss` only ranks the lanes."""
    answer = relax(program, effort)
    columns, way = model.columns, problem.way
    if answer.values is None or answer.prices is None:
        nothing = np.zeros(columns.shipped.shape)
        return Relaxed(answer.bound, nothing, nothing[:, 0], proven=False)
    reduced = program.gain - answer.prices @ program.matrix
    lost = np.append(np.maximum(-reduced, 0.0), 0.0)  # position -1, no decision, reads the 0
    loss = (lost[columns.shipped] * program.high[columns.shipped]).min(axis=1, initial=np.inf)
    loss += lost[columns.used[way]] + lost[columns.period[way]].min(axis=1, initial=np.inf)
    shipped = np.maximum(answer.values[columns.shipped], 0.0)
    return Relaxed(answer.bound, shipped, loss, proven=False)


def nearest(problem: Exchange, relaxed: Relaxed, shipped: Floats | None, width: int) -> Flags:
    """The lanes that lose least, `width` at each end, and all that ship: shape (k,)."""
    chosen = highest(problem.origin, -relaxed.loss, width)
    chosen |= highest(problem.destination, -relaxed.loss, width)
    chosen |= relaxed.shipped.any(axis=1)
    if shipped is not None:
        chosen |= shipped.any(axis=1)
    return chosen


def within_reach(relaxed: Relaxed, value: float) -> Flags:
    """The lanes that some plan of more than `value` may use, shape (k,)."""
    reach: Flags = relaxed.loss < max(relaxed.bound - value, 0.0)
    return reach if relaxed.proven else np.ones_like(reach)


def kernel_of(problem: Exchange, most: Floats, relaxed: Relaxed, chosen: Flags) -> Kernel:
    """Cut a component down to some lanes (k,)."""
    members = {axis: Members.of(np.zeros(size, np.int64), 1) for axis, size in _sizes(problem)}
    ways = any_by(problem.way, chosen, problem.sizes["w"])
    pairs = any_by(problem.pair, ways, problem.sizes["q"])
    for axis, kept in (("k", chosen), ("w", ways), ("q", pairs), ("b", chosen[problem.blend_lane])):
        members[axis] = Members.of(np.where(kept, 0, -1), 1)
    left = relaxed.loss[~chosen].min(initial=np.inf)
    return Kernel(
        lanes=members["k"][0],
        problem=restrict(problem, members, 0),
        most=most[chosen],
        outside=float(left) if relaxed.proven or np.isinf(left) else 0.0,
    )


def _sizes(problem: Exchange) -> list[tuple[str, int]]:
    sizes = [(axis, problem.sizes[axis]) for axis in "mnhrpg"]
    return [*sizes, ("y", problem.blend_rows), ("l", len(problem.limits))]


def proven_bound(kernel: Kernel, relaxed: Relaxed, bound: float) -> float:
    """The bound of a component, given one of its kernel alone.

    A plan either uses the lanes of the kernel only, or one of the others, which loses.
    """
    return max(bound, relaxed.bound - kernel.outside)
