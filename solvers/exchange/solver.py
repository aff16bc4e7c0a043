"""Solve an exchange problem: split it, solve its parts, put them together, prove and check."""

import os
import time
from dataclasses import replace
from typing import Final

import numpy as np

from solvers.exchange.arrays import Floats, Ints
from solvers.exchange.audit import TOLERANCE, breaches
from solvers.exchange.components import split, worthwhile
from solvers.exchange.diagnosis import rescue, shortfalls
from solvers.exchange.engine import Effort, Ending
from solvers.exchange.multiplier import under_limit
from solvers.exchange.outcome import Outcome, Status
from solvers.exchange.pieces import Solved, Task, solve_parts
from solvers.exchange.plan import limit_totals, plan_of, values, values_by
from solvers.exchange.problem import Exchange
from solvers.exchange.reach import most_shipped
from solvers.exchange.stages import ARTEFACT, EXACT
from solvers.exchange.watch import Progress, Stop, Watch

STOPPED: Final = "stopped"


def solve(
    problem: Exchange,
    *,
    gap: float = 1e-4,
    time_limit_s: float | None = None,
    threads: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Outcome:
    """Find who ships what to whom for the greatest gain, and prove how good that is.

    The objectives are maximised in order, each keeping the earlier ones at
    their best within `Exchange.tolerance`. Parts of the problem that share nothing are
    solved apart: as flows where they are flows, as linear programs where they
    are continuous, else as mixed-integer programs. Every plan is checked against
    the arrays before it is given back. Equal arrays give equal outcomes, unless
    time runs out.

    Parameters
    ----------
    problem
        Supplies, demands, lanes, hubs and limits.
    gap
        Relative gap at which a plan counts as optimal; >= 0, 0 asks for 1e-9.
    time_limit_s
        Seconds after which the best plan so far is given back; None: no limit.
    threads
        Threads, and processes for large flows; None: one for each core.
    seed
        Of the mixed-integer solvers.
    progress
        Called with the stage, how much of it is done (0 to 1) and the gap so far
        (NaN where it is not known), every second or so while a search runs.
    stop
        Asked several times a second whether to end; once it says so, the best plan so far
        is given back with its bound, and the message says "stopped".

    Returns
    -------
    outcome
        Status, plan, bounds and prices; see `Outcome`.

    Raises
    ------
    ValueError
        If an option is out of range.

    Examples
    --------
    Dantzig's two canneries and three markets, in cases and thousands of dollars.

    >>> miles = np.array([2.5, 1.7, 1.8, 2.5, 1.8, 1.4])
    >>> outcome = solve(
    ...     Exchange(
    ...         supply=np.array([350.0, 600.0]),
    ...         demand=np.array([325.0, 300.0, 275.0]),
    ...         must_fill=np.array([True, True, True]),
    ...         origin=np.array([0, 0, 0, 1, 1, 1]),
    ...         destination=np.array([0, 1, 2, 0, 1, 2]),
    ...         gain=-90.0 * miles / 1000.0,
    ...     )
    ... )
    >>> outcome.status, round(float(outcome.values[0]), 3)
    (<Status.OPTIMAL: 'optimal'>, -153.675)
    """
    _check(gap, time_limit_s, threads)
    start = time.perf_counter()
    until = start + (np.inf if time_limit_s is None else time_limit_s)
    workers = threads or os.cpu_count() or 1
    watch = Watch(until, stop, progress)
    watch.report("split", 0.0, np.nan)
    task, solved = _solve(problem, Effort(gap, np.inf, seed), workers, watch)
    left = Effort(gap, until - time.perf_counter(), seed)
    if Ending.INFEASIBLE in solved.ending:
        outcome = _infeasible(task, solved, left, start)
    else:
        outcome = _outcome(task, solved, gap, start)
    watch.report("done", 1.0, float(outcome.gaps[0]))
    return outcome


def _check(gap: float, time_limit_s: float | None, threads: int | None) -> None:
    if not (np.isfinite(gap) and gap >= 0):
        raise ValueError(f"gap must be finite and >= 0; got {gap}")
    if time_limit_s is not None and not time_limit_s > 0:
        raise ValueError(f"time_limit_s must be > 0 or None; got {time_limit_s}")
    if threads is not None and threads < 1:
        raise ValueError(f"threads must be >= 1 or None; got {threads}")


def _solve(problem: Exchange, effort: Effort, threads: int, watch: Watch) -> tuple[Task, Solved]:
    """Solve without the yearly limits, which join what they count; add those that do not hold.

    A plan that is best without a limit and keeps it is best with it. Not so where a tolerance
    gives up part of an objective: of how much it may then give up, all limits have a say.
    """
    most = most_shipped(problem)
    live = worthwhile(problem, most)
    joined = problem.tolerance > 0 and problem.sizes["o"] > 1
    active = list(range(len(problem.limits))) if joined else []
    while True:
        parts = split(problem, live, active, joined=joined)
        task = Task(problem, most, live, parts, joined)
        some = watch.part(1 / 2) if len(active) < len(problem.limits) else watch
        solved = solve_parts(task, effort, threads, some)
        if watch.stopped.is_set():
            return task, _as_stopped(task, solved)
        rescue(task, solved, replace(effort, seconds=watch.left))
        broken = set(_broken_limits(task, solved).tolist()) - set(active)
        if not broken or Ending.INFEASIBLE in solved.ending:
            return task, solved
        if not active and len(broken) == 1:
            met = under_limit(task, solved, min(broken), effort, threads, watch)
            if met is not None and _holds(*met, effort.gap):
                return met
        active = sorted(broken.union(active))


def _holds(task: Task, solved: Solved, gap: float) -> bool:
    """Whether a plan keeps all limits, and its bound is as near as was asked."""
    plan = plan_of(task.problem, solved.shipped)
    value = values(task.problem, plan)
    far = solved.bounds.sum(axis=1) - value > max(gap, EXACT) * np.maximum(1.0, np.abs(value))
    return not far.any() and not breaches(task.problem, plan)


def _as_stopped(task: Task, solved: Solved) -> Solved:
    """What came before a stop: no limit may be broken, and no word of a solver is verified."""
    if _broken_limits(task, solved).size:
        solved.shipped[:] = 0.0
    for component, ending in enumerate(solved.ending):
        if ending is Ending.INFEASIBLE:
            solved.ending[component] = Ending.NOTHING
    solved.messages.append(STOPPED)
    return solved


def _broken_limits(task: Task, solved: Solved) -> Ints:
    if not task.problem.limits:
        return np.zeros(0, dtype=np.int64)
    plan = plan_of(task.problem, solved.shipped)
    most = np.array([row.limit for row in task.problem.limits])
    slack = TOLERANCE * np.maximum(1.0, most)
    return np.flatnonzero(limit_totals(task.problem, plan) > most + slack)


def _outcome(task: Task, solved: Solved, gap: float, start: float) -> Outcome:
    """Put the parts together, and check the whole once more."""
    problem = task.problem
    plan = plan_of(problem, solved.shipped)
    broken = breaches(problem, plan)
    value, part_value = values(problem, plan), values_by(problem, plan, task.parts)
    part_bound = np.maximum(solved.bounds, part_value)
    bound = _without_artefact(value, np.maximum(part_bound.sum(axis=1), value))
    gaps = (bound - value) / np.maximum(1.0, np.abs(value))
    allowed = max(gap, EXACT) + _given_up(problem, value, bound)
    status = Status.OPTIMAL if np.all(gaps <= allowed) else Status.FEASIBLE
    if broken or Ending.NOTHING in solved.ending:
        status = Status.NO_PLAN
        plan = plan_of(problem, np.zeros_like(solved.shipped))
        value, gaps = np.full_like(value, np.nan), np.full_like(gaps, np.inf)
    messages = sorted(set(solved.messages))
    if broken:
        messages.append(f"the plan broke {', '.join(broken)}")
    proven = any(method != "milp" for method in solved.method)
    return Outcome(
        status=status,
        values=value,
        bounds=bound,
        gaps=gaps,
        shipped=plan.shipped,
        used=plan.used,
        trips=plan.trips,
        open=plan.open,
        group_used=plan.group,
        prices=solved.prices if proven and status is not Status.NO_PLAN else None,
        component=task.parts.label("k"),
        component_method=tuple(solved.method),
        component_value=part_value[0],
        component_bound=part_bound[0],
        component_scale=solved.scale,
        shortfalls=None,
        method="+".join(sorted(set(solved.method))) or "none",
        seconds=time.perf_counter() - start,
        message="; ".join(messages),
    )


def _given_up(problem: Exchange, value: Floats, bound: Floats) -> Floats:
    """Gap that `Exchange.tolerance` allows the later objectives to open in each earlier one."""
    earlier = np.arange(len(value)) < len(value) - 1
    return earlier * problem.tolerance * np.abs(bound) / np.maximum(1.0, np.abs(value))


def _without_artefact(value: Floats, bound: Floats) -> Floats:
    """Bounds of lower objectives without what others' rounding is worth to them.

    A higher objective is kept at its best to within `stages.KEPT`; a bound found with that
    much leeway passes the value by what the leeway is worth, not by what a plan could gain.
    """
    slight = bound - value <= ARTEFACT * np.maximum(1.0, np.abs(value))
    return np.where(slight & (np.arange(len(value)) > 0), value, bound)


def _infeasible(task: Task, solved: Solved, effort: Effort, start: float) -> Outcome:
    """Nothing to ship: what is required cannot all be had, and by how much."""
    problem = task.problem
    short = shortfalls(task, effort)
    plan = plan_of(problem, np.zeros_like(solved.shipped))
    unknown = np.full(problem.sizes["o"], np.nan)
    return Outcome(
        status=Status.INFEASIBLE,
        values=unknown,
        bounds=unknown,
        gaps=unknown,
        shipped=plan.shipped,
        used=plan.used,
        trips=plan.trips,
        open=plan.open,
        group_used=plan.group,
        prices=None,
        component=task.parts.label("k"),
        component_method=tuple(solved.method),
        component_value=np.full(task.parts.count, np.nan),
        component_bound=np.full(task.parts.count, np.nan),
        component_scale=solved.scale,
        shortfalls=short,
        method="+".join(sorted(set(solved.method))),
        seconds=time.perf_counter() - start,
        message=short.message,
    )
