"""Plans of a pooling problem: hold the proportions, solve, and move them where it pays."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from solvers.exchange.arrays import Floats
from solvers.exchange.audit import breaches
from solvers.exchange.build import Model
from solvers.exchange.engine import Effort, Engine, Program
from solvers.exchange.integer import polish, switched_off, within_trips
from solvers.exchange.plan import Plan, plan_of, tidy, values
from solvers.pooling.engine import run_pooled
from solvers.pooling.formulation import Formulation
from solvers.pooling.mixing import mix_breaches
from solvers.pooling.problem import Pooling

ROUNDS: Final = 40  # steps of a search
STARTS: Final = 4  # compositions tried of each kind
WIDEST: Final = 0.5  # step of a proportion, at first
NARROWEST: Final = 1e-3
NARROWER: Final = 4.0  # by so much after a step that brought nothing
STEPS: Final = (1e-2, 1e-4, 1e-6, 1e-8)  # by which a proportion may move, step by step
BETTER: Final = 1e-9  # relative: less is no progress
KEPT: Final = 1e-9  # relative: a plan that keeps the earlier objectives so nearly keeps them


@dataclass(frozen=True, slots=True)
class Stage:
    """One objective of a pooling problem: what to solve, and what a plan must keep."""

    problem: Pooling
    model: Model
    pools: Formulation
    program: Program  # with the pools, without the hull
    floors: Floats  # (stage,): what is kept of the earlier objectives

    def worth(self, plan: Plan) -> float:
        """The stage's objective of a plan."""
        return float(values(self.problem.exchange, plan)[len(self.floors)])

    def accepts(self, plan: Plan) -> bool:
        """Whether a plan holds: rows, means, and what is kept of the earlier objectives."""
        had = values(self.problem.exchange, plan)[: len(self.floors)]
        if (had < self.floors - KEPT * np.abs(self.floors)).any():
            return False
        exchange = self.problem.exchange
        return not breaches(exchange, plan) and not mix_breaches(self.problem, plan.shipped)


def read_plan(stage: Stage, answer: Floats) -> Plan | None:
    """The plan that a solver's values make; None if it does not hold."""
    exchange, model = stage.problem.exchange, stage.model
    own = answer[: model.columns.size]
    off = switched_off(exchange, model, own)
    shipped = np.where(off, 0.0, tidy(own[model.columns.shipped]))
    plan = plan_of(exchange, within_trips(exchange, model, shipped, own))
    return plan if stage.accepts(plan) else None


def starts(stage: Stage, relaxed: Floats | None) -> Iterator[Floats]:
    """Proportions (F, T) to begin with.

    From a relaxed plan, if there is one: those of all that is taken, and what it means for
    each of the largest ways out. Then pools of one feed each.
    """
    if relaxed is not None:
        yield from _from_relaxed(stage, relaxed)
    pools = stage.pools
    first = np.searchsorted(pools.feed_pool, pools.feed_pool)
    number = np.arange(len(first)) - first
    count = np.bincount(pools.feed_pool)[pools.feed_pool]
    for nth in range(min(STARTS, int(count.max(initial=0)))):
        yield np.repeat((number == nth % count)[:, None] * 1.0, pools.share.shape[1], axis=1)


def _from_relaxed(stage: Stage, relaxed: Floats) -> Iterator[Floats]:
    pools, products = stage.pools, stage.pools.products
    shipped = relaxed[stage.model.columns.shipped]
    whole = pools.shares_of(shipped, relaxed[pools.share])
    yield whole
    leaving = relaxed[products.right]
    part = relaxed[products.result] / np.where(leaving > 0, leaving, 1.0)
    order = np.lexsort((-leaving, products.left))
    left = products.left[order]
    rank = np.arange(len(left)) - np.searchsorted(left, left)
    for nth in range(STARTS):
        chosen = order[(rank == nth) & (leaving[order] > 0)]
        if not len(chosen):
            break
        by_column = relaxed.copy()
        by_column[pools.share] = whole
        by_column[products.left[chosen]] = part[chosen]
        yield by_column[pools.share]


def improve(stage: Stage, shares: Floats, effort: Effort) -> Plan | None:
    """Hold proportions, then move them where a linear model of the products says it pays."""
    until = time.perf_counter() + effort.seconds
    radius, rounds = WIDEST, 0
    point = _held(stage, shares, effort)
    best = None if point is None else read_plan(stage, point)
    while best is not None and point is not None and radius > NARROWEST and rounds < ROUNDS:
        left = replace(effort, seconds=until - time.perf_counter())
        if left.seconds <= 0:
            break
        rounds += 1
        near = _solved(stage, stage.pools.near(stage.program, point, radius), left)
        moved = None if near is None else _held(stage, near[stage.pools.share], left)
        plan = None if moved is None else read_plan(stage, moved)
        if plan is not None and stage.worth(plan) > stage.worth(best) + _least(stage, best):
            best, point = plan, moved
        else:
            radius /= NARROWER
    return best


def _least(stage: Stage, plan: Plan) -> float:
    return BETTER * max(1.0, abs(stage.worth(plan)))


def settle(stage: Stage, answer: Floats, effort: Effort) -> Plan | None:
    """Step from a solver's point, which holds all but exactly, to one that holds and is best near.

    Whole numbers stay. Each step is a linear program that is off by the square of the step.
    """
    program, pools = stage.program, stage.pools
    whole = np.round(answer[program.whole])
    low, high = program.low.copy(), program.high.copy()
    low[program.whole] = high[program.whole] = whole
    off = switched_off(stage.problem.exchange, stage.model, answer[: stage.model.columns.size])
    high[stage.model.columns.shipped[off]] = 0.0
    fixed = replace(program, low=low, high=high, whole=np.zeros_like(program.whole))
    point, plan = answer, None
    for radius in STEPS:
        near = pools.near(fixed, point, radius)
        found = run_pooled(near, pools.quantity, Engine.GLOP, effort).values
        if found is None:
            break
        shipped = tidy(found[stage.model.columns.shipped])
        found[pools.share] = pools.shares_of(shipped, found[pools.share])
        point, stepped = found, read_plan(stage, found)
        if stepped is not None and (plan is None or stage.worth(stepped) >= stage.worth(plan)):
            plan = stepped
    return plan


def _held(stage: Stage, shares: Floats, effort: Effort) -> Floats | None:
    """Values of the best plan with these proportions, (F, T)."""
    return _solved(stage, stage.pools.holding(stage.program, shares), effort)


def _solved(stage: Stage, program: Program, effort: Effort) -> Floats | None:
    """Values of the best point of a linear program, whole numbers polished; None if it has none."""
    whole = bool(program.whole.any())
    engine = Engine.HIGHS if whole else Engine.GLOP
    found = run_pooled(program, stage.pools.quantity, engine, effort).values
    if found is None or not whole:
        return found
    off = switched_off(stage.problem.exchange, stage.model, found[: stage.model.columns.size])
    polished = polish(stage.model, program, found, off, effort)
    return found if polished is None else polished
