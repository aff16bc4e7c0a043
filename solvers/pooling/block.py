"""The part of a problem that has pools in it: bounded by relaxation, solved globally if small."""

import time
from dataclasses import replace
from itertools import islice
from typing import Final

import numpy as np

from solvers.exchange.arrays import Flags, Floats
from solvers.exchange.block import Block
from solvers.exchange.build import Model, build
from solvers.exchange.engine import Answer, Effort, Ending, Engine, Program
from solvers.exchange.plan import Plan, plan_of, values
from solvers.exchange.stages import EXACT, Found, floor_of, most_conceivable, stage_program
from solvers.exchange.watch import Watch
from solvers.pooling.engine import relaxed_bound, run_pooled
from solvers.pooling.formulation import Formulation, formulate
from solvers.pooling.problem import Pooling
from solvers.pooling.search import Stage, improve, read_plan, settle, starts

GLOBAL, RELAXED = "global", "relaxation"
BY_SEARCH: Final = "global, by spatial branch and bound"
BY_HULL: Final = "global, by the linear hull of the pq-formulation"
HULL_ONLY: Final = "relaxation, linear"
STOPPED: Final = "relaxation, of a spatial branch and bound stopped before its end"
LARGEST_GLOBAL: Final = 30_000  # products of a proportion and a flow: with more, no search
QUICK: Final = 300  # products: fewer are searched globally after one start
LOWER: Final = 1e-6  # relative: rows of the hull that lower the bound by less bring nothing
IDLE: Final = 2  # rounds that bring nothing before no more rows join
BROKEN: Final = 1e-6  # of a row of the hull: less is rounding
LEAST_SECONDS: Final = 0.1
FIRST_TURN: Final = 60.0  # seconds of a global search without a limit; each further one twice that
RELAX, SEARCH = 0.2, 0.3  # of the time left: for each solve of a relaxation, for plans near it


def solve_pools(problem: Pooling, most: Floats, effort: Effort, watch: Watch) -> Block:
    """Solve the pooled part, each objective keeping what those of higher rank found.

    Parameters
    ----------
    problem
        The part alone.
    most
        The most each lane can carry, shape (k, T).
    effort
        Gap asked for.
    watch
        When to end, and whom to tell.
    """
    model = build(problem.exchange, most)
    pools = formulate(problem, model, most)
    count = problem.exchange.sizes["o"]
    bounds, floors, methods, messages = [], np.empty(0), [], []
    plan: Plan | None = None
    ending = Ending.OPTIMAL
    for rank in range(count):
        if rank and plan is None:
            bounds.append(most_conceivable(model, rank))
            continue
        stage = _stage(problem, model, pools, rank, floors)
        found, method = _solve_stage(stage, plan, effort, watch.part(1 / (count - rank)))
        plan, ending = found.plan, found.ending if ending is Ending.OPTIMAL else ending
        bounds.append(found.bound)
        methods.append(method)
        messages.append(found.message)
        if plan is not None:
            best = values(problem.exchange, plan)[rank]
            floors = np.append(floors, floor_of(best, problem.exchange.tolerance))
    worth = np.zeros(count) if plan is None else values(problem.exchange, plan)
    method = GLOBAL if set(methods) == {GLOBAL} else RELAXED
    message = "; ".join(dict.fromkeys(messages))
    return Block(ending, plan, worth, np.array(bounds), None, method, message)


def _stage(problem: Pooling, model: Model, pools: Formulation, rank: int, floors: Floats) -> Stage:
    program = pools.extend(stage_program(model, rank, floors))
    return Stage(problem, model, pools, program, floors)


def _solve_stage(
    stage: Stage, before: Plan | None, effort: Effort, watch: Watch
) -> tuple[Found, str]:
    """One objective: relax, look for plans near the relaxation, then search globally."""
    bound, relaxed = _relax(
        stage, replace(effort, seconds=max(watch.left * RELAX, LEAST_SECONDS)), watch
    )
    if relaxed.ending is Ending.INFEASIBLE:
        return Found(Ending.INFEASIBLE, None, bound, None, relaxed.message), RELAXED
    plan = _idle(stage) if before is None else before
    large = len(stage.pools.products.result) > LARGEST_GLOBAL
    plan = _near(stage, plan, bound, relaxed, effort, watch.part(1.0 if large else SEARCH))
    if plan is not None and _within(stage, plan, bound, effort.gap):
        return Found(Ending.OPTIMAL, plan, bound, None, _say(stage, BY_HULL)), GLOBAL
    said = HULL_ONLY if large or watch.look() else STOPPED
    ending = Ending.NOTHING if plan is None else Ending.FEASIBLE
    found = Found(ending, plan, bound, None, _say(stage, said)), RELAXED
    return found if large else _search(stage, found, effort, watch)


def _search(
    stage: Stage, found: tuple[Found, str], effort: Effort, watch: Watch
) -> tuple[Found, str]:
    """Search globally in the time that is left; without a limit, in longer and longer turns.

    A search under way cannot be interrupted: asked to stop, it is left to end its turn.
    """
    seconds = FIRST_TURN if np.isinf(watch.until) else watch.left
    while not watch.look():
        before, start = found[0], time.perf_counter()

        def turn(first: Found, limit: float = seconds) -> tuple[Found, str]:
            return _globally(stage, first.plan, first.bound, replace(effort, seconds=limit))

        def say(first: Found = before) -> None:
            _tell(stage, first.plan, first.bound, watch)

        found = next((new for _, new in watch.each(turn, [before], 1, say)), found)
        ended = time.perf_counter() - start < seconds  # by itself: a longer turn brings no more
        if ended or found[1] == GLOBAL or np.isfinite(watch.until):
            break
        seconds *= 2
    return found


def _tell(stage: Stage, plan: Plan | None, bound: float, watch: Watch) -> None:
    """Tell the gap proven so far of the pooled part."""
    gap = np.inf if plan is None else _gap(stage, plan, bound)
    watch.report("pools", 0.0, gap if np.isfinite(gap) else np.nan)


def _globally(stage: Stage, plan: Plan | None, bound: float, effort: Effort) -> tuple[Found, str]:
    """Spatial branch and bound; the better of its plan and the one at hand, and of both bounds."""
    products = stage.pools.products
    answer = run_pooled(stage.program, stage.pools.quantity, Engine.GSCIP, effort, products)
    if answer.ending is Ending.INFEASIBLE and plan is None:
        return Found(Ending.INFEASIBLE, None, bound, None, answer.message), GLOBAL
    if answer.ending is not Ending.INFEASIBLE:
        bound = min(bound, answer.bound)
    if answer.values is not None:
        shipped = np.maximum(answer.values[stage.model.columns.shipped], 0.0)
        shares = stage.pools.shares_of(shipped, answer.values[stage.pools.share])
        closer = replace(effort, gap=0.0)
        for found in (
            read_plan(stage, answer.values),
            settle(stage, answer.values, closer),
            improve(stage, shares, closer),
        ):
            plan = _better(stage, plan, found)
    if plan is None:
        return Found(Ending.NOTHING, None, bound, None, answer.message), RELAXED
    proven = _within(stage, plan, bound, effort.gap)
    method = GLOBAL if proven else RELAXED
    ending = Ending.OPTIMAL if proven else Ending.FEASIBLE
    return Found(ending, plan, bound, None, _say(stage, BY_SEARCH if proven else STOPPED)), method


def _relax(stage: Stage, effort: Effort, watch: Watch) -> tuple[float, Answer]:
    """Bound and values of the linear hull; whole numbers stay whole where time allows."""
    program = stage_program(stage.model, len(stage.floors), stage.floors)
    without, _ = _linear(program, stage.pools.quantity[: len(program.low)], effort)
    found, hull, linear = _hull(stage, program, effort, watch)
    bound = min(most_conceivable(stage.model, len(stage.floors)), without, found)
    if linear.ending is not Ending.NOTHING and not hull.whole.any():
        return bound, linear
    closer = run_pooled(hull, stage.pools.quantity, Engine.HIGHS, effort)
    if closer.ending is Ending.INFEASIBLE:
        return bound, linear if linear.values is not None else closer
    return min(bound, closer.bound), linear if closer.values is None else closer


def _hull(
    stage: Stage, program: Program, effort: Effort, watch: Watch
) -> tuple[float, Program, Answer]:
    """The linear hull without its whole numbers: the bound, the rows it took, the last answer.

    All rows where they are few; else those that an answer breaks join, until none is broken
    or they no longer lower the bound. What is left out only loosens it.
    """
    pools, until = stage.pools, time.perf_counter() + effort.seconds
    few = len(pools.products.result) <= QUICK
    chosen = np.full(len(pools.hull_high), few)
    bound, idle = np.inf, 0
    while True:
        hull = pools.extend(program, chosen)
        left = replace(effort, seconds=max(until - time.perf_counter(), LEAST_SECONDS))
        found, answer = _linear(hull, pools.quantity, left)
        idle = 0 if bound - found > LOWER * max(1.0, abs(found)) else idle + 1
        bound = min(bound, found)
        if answer.values is None or idle > IDLE or watch.look() or time.perf_counter() > until:
            return bound, hull, answer
        over = pools.hull @ answer.values - pools.hull_high
        broken = over > BROKEN * np.maximum(1.0, np.abs(pools.hull_high))
        if not np.any(broken & ~chosen):
            return bound, hull, answer
        chosen = chosen | broken


def _linear(program: Program, quantity: Flags, effort: Effort) -> tuple[float, Answer]:
    """A program without its whole numbers, and the bound that its prices prove."""
    free = replace(program, whole=np.zeros_like(program.whole))
    answer = run_pooled(free, quantity, Engine.GLOP, effort)
    if answer.ending is Ending.INFEASIBLE:  # not believed before another solver says so too
        answer = replace(answer, ending=Ending.NOTHING)
    return relaxed_bound(free, answer), answer


def _near(
    stage: Stage, plan: Plan | None, bound: float, relaxed: Answer, effort: Effort, watch: Watch
) -> Plan | None:
    """The best plan found from the relaxed one, and from the plan at hand."""
    quick = len(stage.pools.products.result) <= min(QUICK, LARGEST_GLOBAL)
    begun = list(islice(starts(stage, relaxed.values), 1 if quick else None))
    if plan is not None and plan.shipped.any():
        begun.insert(0, stage.pools.shares_of(plan.shipped, begun[0]))
    for shares in begun:
        if watch.look() or (plan is not None and _within(stage, plan, bound, 0.0)):
            break
        plan = _better(stage, plan, improve(stage, shares, replace(effort, seconds=watch.left)))
        _tell(stage, plan, bound, watch)
    return plan


def _idle(stage: Stage) -> Plan | None:
    """Shipping nothing, where that is a plan."""
    exchange = stage.problem.exchange
    plan = plan_of(exchange, np.zeros((exchange.sizes["k"], exchange.periods)))
    return plan if stage.accepts(plan) else None


def _better(stage: Stage, one: Plan | None, other: Plan | None) -> Plan | None:
    if one is None or other is None:
        return one or other
    return other if stage.worth(other) > stage.worth(one) else one


def _within(stage: Stage, plan: Plan, bound: float, gap: float) -> bool:
    return _gap(stage, plan, bound) <= max(gap, EXACT)


def _gap(stage: Stage, plan: Plan, bound: float) -> float:
    value = stage.worth(plan)
    return (bound - value) / max(1.0, abs(value))


def _say(stage: Stage, how: str) -> str:
    """One line for the reader of the outcome: which method proved it."""
    count = f"{len(stage.problem.pooled)} pools, {len(stage.pools.products.result)} products"
    return f"pooling ({count}): {how}"
