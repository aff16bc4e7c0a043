"""One stage of a component with whole numbers: a mixed-integer program, polished and checked."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from solvers.exchange.arrays import Flags, Floats
from solvers.exchange.audit import breaches
from solvers.exchange.build import Model
from solvers.exchange.engine import Answer, Effort, Ending, Engine, Program
from solvers.exchange.plan import Plan, plan_of, tidy
from solvers.exchange.problem import Exchange
from solvers.exchange.scaling import run_scaled
from solvers.exchange.stages import Found, most_conceivable, nothing_found, stage_program

LEAST: Final = 1.0  # seconds for a search, however little time is left
POLISH: Final = 5.0  # seconds a plan may take to polish after time is out
ROUNDING: Final = 1e-13  # relative, of each term of a bound added up in floats
BOTH: Final = (Engine.HIGHS, Engine.GSCIP)


def solve_integer(
    problem: Exchange,
    model: Model,
    stage: int,
    floors: Floats,
    effort: Effort,
    engines: Sequence[Engine] = BOTH,
) -> Found:
    """Solve one stage by HiGHS, by GSCIP where HiGHS fails; a plan that breaks a row is no plan."""
    program = stage_program(model, stage, floors)
    until = time.perf_counter() + effort.seconds
    bound, endings, message = most_conceivable(model, stage), [], ""
    for engine in engines:
        left = until - time.perf_counter()
        if left <= 0 and Ending.NOTHING in endings:
            break
        answer = run_scaled(program, engine, replace(effort, seconds=max(left, LEAST)))
        endings.append(answer.ending)
        message = answer.message
        if answer.ending is not Ending.INFEASIBLE:
            bound = min(bound, answer.bound)
        if answer.values is not None:
            near = answer.bound - effort.gap * max(1.0, abs(answer.bound))
            for plan in plans(problem, model, program, answer.values, until, near):
                broken = breaches(problem, plan)
                if not broken:
                    return Found(answer.ending, plan, bound, None, message)
                message = f"{engine} broke {', '.join(broken)}"
    return nothing_found(endings, bound, message)


def relax(program: Program, effort: Effort) -> Answer:
    """The program without its whole numbers, and the bound that its prices prove in floats."""
    answer = run_scaled(replace(program, whole=np.zeros_like(program.whole)), Engine.GLOP, effort)
    if answer.prices is None:
        return replace(answer, bound=np.inf)
    limit = np.where(answer.prices > 0, program.row_high, program.row_low)
    # A price with the wrong sign for its row is rounding, and zero.
    price = np.where(np.isfinite(limit), answer.prices, 0.0)
    rows = price[price != 0] * limit[price != 0]
    reduced = program.gain - price @ program.matrix
    columns = np.maximum(reduced * program.low, reduced * program.high)
    rounding = ROUNDING * float(np.abs(rows).sum() + np.abs(columns).sum())
    return replace(answer, bound=float(rows.sum() + columns.sum()) + rounding)


def plans(
    problem: Exchange,
    model: Model,
    program: Program,
    values: Floats,
    until: float,
    near: float = np.inf,
) -> Iterator[Plan]:
    """The solver's plan, its whole numbers made whole and the rest solved again; and as it came.

    What the plan carries is solved again alone, at first; a plan that gains `near` is enough.
    """
    off = switched_off(problem, model, values)
    left = max(until - time.perf_counter(), POLISH)
    fixed = _fixed(model, program, values, off)
    for each in _polished(fixed, values, Effort(0.0, left, 0), near):
        yield _as_plan(problem, model, values, off, each)


def carried_plan(
    problem: Exchange, model: Model, program: Program, values: Floats, effort: Effort
) -> Plan | None:
    """The best plan with the whole numbers given, over what `values` carry; None without one."""
    off = switched_off(problem, model, values)
    fixed = _fixed(model, program, values, off)
    found = _over_some(fixed, (values > 0) & (fixed.low < fixed.high), effort)
    return None if found is None else _as_plan(problem, model, values, off, found)


def _as_plan(problem: Exchange, model: Model, values: Floats, off: Flags, found: Floats) -> Plan:
    """What is `found`, as a plan whose whole numbers are those of `values`."""
    shipped = np.where(off, 0.0, tidy(found[model.columns.shipped]))
    return plan_of(problem, within_trips(problem, model, shipped, values))


def polish(
    model: Model, program: Program, values: Floats, off: Flags, effort: Effort
) -> Floats | None:
    """Fix the whole numbers and solve for the quantities again; None if that fails."""
    return run_scaled(_fixed(model, program, values, off), Engine.GLOP, effort).values


def _fixed(model: Model, program: Program, values: Floats, off: Flags) -> Program:
    """The program with the whole numbers of a plan, and nothing on what is switched off."""
    low, high = program.low.copy(), program.high.copy()
    low[program.whole] = high[program.whole] = np.round(values[program.whole])
    high[model.columns.shipped[off]] = 0.0
    return replace(program, low=low, high=high, whole=np.zeros_like(program.whole))


def _polished(fixed: Program, values: Floats, effort: Effort, near: float) -> Iterator[Floats]:
    """Quantities solved for again: those the plan has, if that is near enough; all; as they are."""
    if np.isfinite(near):
        few = _over_some(fixed, (values > 0) & (fixed.low < fixed.high), effort)
        if few is not None and fixed.gain @ few >= near:
            yield few
    every = run_scaled(fixed, Engine.GLOP, effort).values
    if every is not None:
        yield every
    yield values


def _over_some(program: Program, chosen: Flags, effort: Effort) -> Floats | None:
    """A program solved over some variables, all others at their least; None if that fails."""
    rest = np.where(chosen, 0.0, program.low)
    had, columns = program.matrix @ rest, program.matrix[:, np.flatnonzero(chosen)]
    rows = np.diff(columns.indptr) > 0
    part = Program(
        gain=program.gain[chosen],
        matrix=columns[rows],
        row_low=(program.row_low - had)[rows],
        row_high=(program.row_high - had)[rows],
        low=program.low[chosen],
        high=program.high[chosen],
        whole=program.whole[chosen],
    )
    found = run_scaled(part, Engine.GLOP, effort).values
    if found is None:
        return None
    rest[chosen] = found
    return rest


def switched_off(problem: Exchange, model: Model, values: Floats) -> Flags:
    """Lanes and periods whose way, hub or group the plan does not use: shape (k, T)."""
    columns = model.columns
    # A position of -1, no decision, reads the 1 at the end.
    decided = np.append(np.round(values), 1.0)
    off = decided[columns.period[problem.way]] < 1
    off |= decided[columns.used[problem.way]][:, None] < 1
    off |= decided[np.append(columns.open, -1)[problem.hub]][:, None] < 1
    off |= decided[np.append(columns.group, -1)[problem.group]][:, None] < 1
    return off


def within_trips(problem: Exchange, model: Model, shipped: Floats, values: Floats) -> Floats:
    """Shrink what overfills its trips by a rounding, which would cost a trip more."""
    columns = model.columns.trips
    trips = np.where(columns >= 0, np.append(np.round(values), np.inf)[columns], np.inf)
    if not np.isfinite(trips).any():
        return shipped
    plan = plan_of(problem, shipped)
    room = trips * np.where(np.isfinite(trips), problem.trip_payload[:, None], 1.0)
    over = (plan.carried > room) & (plan.carried <= room * (1 + 1e-7))
    factor = np.where(over, room / np.where(over, plan.carried, 1.0), 1.0)
    return shipped * factor[problem.way]
