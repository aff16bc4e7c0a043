"""One component climbed rung by rung: each adds to its plan, or lowers its bound, for more work.

What ends a rung is counted in lanes and nodes, not in seconds, as long as time is not out: equal
components climb equally.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np

from solvers.exchange.arrays import Floats
from solvers.exchange.audit import breaches
from solvers.exchange.block import solve_block
from solvers.exchange.build import build
from solvers.exchange.engine import Effort, Ending, Engine
from solvers.exchange.greedy import greedy_plan
from solvers.exchange.integer import carried_plan, plans, relax, solve_integer
from solvers.exchange.kernel import (
    Kernel,
    kernel_of,
    nearest,
    proven_bound,
    relax_model,
    relaxation_of,
    within_reach,
)
from solvers.exchange.neighbourhood import Ground, neighbourhoods, sweep, values_of
from solvers.exchange.plan import plan_of, values
from solvers.exchange.problem import Exchange
from solvers.exchange.relaxation import Lanes, Relaxed, is_plain
from solvers.exchange.stages import conceivable, stage_program
from solvers.exchange.watch import Watch

SMALL: Final = 120  # lanes: so few are searched as a whole at once
SEARCHED: Final = 1500  # lanes of a kernel that is searched as a whole
FEW: Final = 300  # decisions: with so few, all lanes are searched as a whole, however many
WHOLE: Final = 6000  # lanes of a component that is searched as a whole while time is limited
SOME: Final = 1e-6  # of a decision: less is nothing
CHUNK: Final = 40  # groups of one rung: a pass over more takes several


class Kind(StrEnum):
    """What a rung does."""

    ROUND = "round"  # round the decisions of the linear relaxation
    KERNEL = "kernel"  # search the lanes that lose least as a whole
    GROUPS = "groups"  # search them again group by group of neighbours
    WHOLE = "whole"  # search all lanes that a better plan may use: plan and bound


@dataclass(frozen=True, slots=True)
class Rung:
    """One step up."""

    kind: Kind
    width: int = 0  # lanes of each end in the kernel
    size: int = 250  # lanes of a group
    nodes: int | None = None  # of the search tree
    close: float = 0.3  # part of the gap asked for, at which a search ends
    rough: float = 0.0  # or at this gap, if that is more


FIRST_FEW: Final = (Rung(Kind.ROUND),)  # of few decisions beside many lanes
FIRST_SMALL: Final = (Rung(Kind.WHOLE, nodes=1, rough=1e-2),)  # where there are many
SMALL_LADDER: Final = (
    Rung(Kind.WHOLE, nodes=500, close=0.5),
    Rung(Kind.WHOLE, nodes=5000, close=0.5),
    Rung(Kind.WHOLE, nodes=20_000, close=0.2),
)
LAST: Final = (Rung(Kind.WHOLE), Rung(Kind.WHOLE, close=0.0))
LADDER: Final = (
    Rung(Kind.KERNEL, width=3, nodes=1, rough=1e-2),
    Rung(Kind.GROUPS, width=6, size=250, rough=1e-3),
    Rung(Kind.GROUPS, width=8, size=400, rough=1e-3),
    Rung(Kind.WHOLE, nodes=1),
    Rung(Kind.KERNEL, width=8, nodes=200),
    Rung(Kind.GROUPS, width=8, size=300),
    Rung(Kind.WHOLE, nodes=50),
)
AGAIN: Final = (
    Rung(Kind.GROUPS, width=8, size=300),
    Rung(Kind.GROUPS, width=12, size=500),
    Rung(Kind.WHOLE, nodes=200),
)
ROUNDS: Final = 6  # of AGAIN, each with twice the nodes of the one before
GROUP_NODES: Final = 100  # of the search tree of one group


@dataclass(frozen=True, slots=True)
class Part:
    """A component to climb."""

    problem: Exchange
    most: Floats  # (k, T)
    number: int
    many: bool  # whether it is one of many, so that a first plan should come soon
    few: bool = False  # whether it holds few decisions, as where only hubs open

    @property
    def large(self) -> bool:
        """Whether a search of all lanes as a whole would take too long."""
        return self.problem.sizes["k"] > WHOLE and not self.few


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a component has come."""

    bound: float
    value: float  # of its plan; minus infinity without one
    shipped: Floats | None  # (k, T)
    ending: Ending
    relaxed: Relaxed | None
    rung: int  # the next
    message: str

    @property
    def wide(self) -> float:
        """What the bound passes the value by, >= 0."""
        return max(self.bound - self.value, 0.0)


def begin(part: Part, effort: Effort) -> Standing:
    """Bound a component by its relaxation, with a plan near it, or an idle one where it is one."""
    problem = part.problem
    idle = np.zeros_like(part.most)
    holds = not breaches(problem, plan_of(problem, idle))
    relaxed = None
    if problem.sizes["k"] > SMALL and not part.few:
        relaxed = relaxation_of(problem, part.most, effort)
        if relaxed is None:
            model = build(problem, part.most)
            relaxed = relax_model(problem, model, stage_program(model, 0, np.empty(0)), effort)
    bound = float(conceivable(problem, part.most)[0])
    standing = Standing(
        bound=bound if relaxed is None else min(bound, relaxed.bound),
        value=0.0 if holds else -np.inf,
        shipped=idle if holds else None,
        ending=Ending.FEASIBLE if holds else Ending.NOTHING,
        relaxed=relaxed,
        rung=0,
        message="",
    )
    if relaxed is None or not relaxed.proven:
        return standing
    first = greedy_plan(Lanes.of(problem, part.most), relaxed)
    return _better(part, standing, first, np.inf)


def ladder(part: Part, standing: Standing, limited: bool) -> Sequence[Rung]:
    """The rungs of a component; the last searches it to the end where time is not limited."""
    last = () if limited and part.large else LAST
    if part.few:
        return (*FIRST_FEW, *SMALL_LADDER, *last)
    if standing.relaxed is None or standing.shipped is None:
        return (*(FIRST_SMALL if part.many else ()), *SMALL_LADDER, *last)
    again = [
        replace(rung, nodes=rung.nodes and rung.nodes << turn)
        for turn in range(ROUNDS)
        for rung in AGAIN
    ]
    return (*LADDER, *again, *last)


def climb(
    part: Part, standing: Standing, effort: Effort, watch: Watch, threads: int = 1
) -> Standing:
    """Climb the next rung of a component."""
    limited = bool(np.isfinite(watch.until))
    rung = ladder(part, standing, limited)[standing.rung]
    after = replace(standing, rung=standing.rung + 1)
    effort = replace(effort, nodes=rung.nodes, gap=max(effort.gap * rung.close, rung.rough))
    if rung.kind is Kind.ROUND:
        return _round(part, after, effort)
    if rung.kind is Kind.WHOLE:
        too_many = limited and part.large and standing.shipped is not None
        return after if too_many else _whole(part, after, effort)
    assert standing.relaxed is not None  # by the ladder
    assert standing.shipped is not None
    chosen = nearest(part.problem, standing.relaxed, standing.shipped, rung.width)
    kernel = kernel_of(part.problem, part.most, standing.relaxed, chosen)
    if rung.kind is Kind.KERNEL and len(kernel.lanes) <= SEARCHED:
        after = _search(part, after, kernel, effort)
        if after.value > 0 or watch.over:
            return after
    return _sweep(part, after, kernel, rung, effort, watch, threads)


def _round(part: Part, standing: Standing, effort: Effort) -> Standing:
    """Relax a component, round what is to be decided to the nearest, else up, and ship the best."""
    problem = part.problem
    model = build(problem, part.most)
    program = stage_program(model, 0, np.empty(0))
    relaxed = relax(program, effort)
    if relaxed.values is None:
        return standing
    standing = replace(standing, bound=min(standing.bound, relaxed.bound))
    for least in (0.5, SOME):
        values = relaxed.values.copy()
        values[program.whole] = np.ceil(values[program.whole] - least)
        plan = carried_plan(problem, model, program, values, effort)
        if plan is not None:
            standing = _better(part, standing, plan.shipped, np.inf)
        if standing.wide <= effort.gap * max(1.0, abs(standing.value)):
            break
    return standing


def _whole(part: Part, standing: Standing, effort: Effort) -> Standing:
    """Search all lanes that a better plan may use."""
    if standing.relaxed is not None and standing.relaxed.proven:
        chosen = within_reach(standing.relaxed, standing.value * (1 + effort.gap))
        if not chosen.all():
            if standing.shipped is not None:
                chosen |= standing.shipped.any(axis=1)
            kernel = kernel_of(part.problem, part.most, standing.relaxed, chosen)
            return _search(part, standing, kernel, effort)
    block = solve_block(part.problem, part.most, effort)
    if block.ending is Ending.INFEASIBLE:
        return replace(standing, ending=block.ending, message=block.message)
    shipped = None if block.plan is None else block.plan.shipped
    told = replace(standing, message=block.message if block.plan is None else "")
    return _better(part, told, shipped, float(block.bounds[0]))


def _search(part: Part, standing: Standing, kernel: Kernel, effort: Effort) -> Standing:
    """Search a kernel as a whole."""
    assert standing.relaxed is not None  # a kernel comes of it
    model = build(kernel.problem, kernel.most)
    if not len(kernel.lanes):
        return standing
    found = solve_integer(kernel.problem, model, 0, np.empty(0), effort, engines=(Engine.HIGHS,))
    shipped = None
    if found.plan is not None:
        shipped = np.zeros_like(part.most)
        shipped[kernel.lanes] = found.plan.shipped
    bound = proven_bound(kernel, standing.relaxed, found.bound)
    return _better(part, standing, shipped, bound)


def _sweep(
    part: Part,
    standing: Standing,
    kernel: Kernel,
    rung: Rung,
    effort: Effort,
    watch: Watch,
    threads: int,
) -> Standing:
    """Search a kernel group by group."""
    assert standing.relaxed is not None  # by the ladder
    assert standing.shipped is not None
    problem = kernel.problem
    model = build(problem, kernel.most)
    values = values_of(problem, model, standing.shipped[kernel.lanes], effort)
    if values is None:
        return standing
    ground = Ground.of(problem, model, stage_program(model, 0, np.empty(0)))
    threads = threads if is_plain(problem) else 1
    rng = np.random.default_rng([effort.seed, part.number, standing.rung])
    groups = neighbourhoods(problem, standing.relaxed.loss[kernel.lanes], rung.size, rng)
    some = replace(effort, nodes=GROUP_NODES)
    found = sweep(ground, values, groups[:CHUNK], some, watch, threads)
    for plan in plans(problem, model, ground.program, found, watch.until):
        shipped = np.zeros_like(part.most)
        shipped[kernel.lanes] = plan.shipped
        standing = _better(part, standing, shipped, np.inf)
    return standing


def _better(part: Part, standing: Standing, shipped: Floats | None, bound: float) -> Standing:
    """The better plan of two, if it holds, and the lower bound."""
    lower = replace(standing, bound=min(standing.bound, bound))
    if shipped is None:
        return lower
    plan = plan_of(part.problem, shipped)
    value = float(values(part.problem, plan)[0])
    if value <= standing.value or breaches(part.problem, plan):
        return lower
    return replace(lower, value=value, shipped=shipped, ending=Ending.FEASIBLE)
