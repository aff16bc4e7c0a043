"""One component as a linear or mixed-integer program, objective after objective."""

import time
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from solvers.exchange.arrays import Floats
from solvers.exchange.audit import breaches
from solvers.exchange.build import Model, build
from solvers.exchange.engine import Effort, Ending
from solvers.exchange.integer import solve_integer
from solvers.exchange.linear import solve_linear
from solvers.exchange.outcome import Prices
from solvers.exchange.plan import Plan, plan_of, values
from solvers.exchange.problem import Exchange
from solvers.exchange.stages import Found, conceivable, floor_of, most_conceivable

KEPT: Final = 1e-9  # relative: a plan that keeps the earlier objectives so nearly keeps them


@dataclass(frozen=True, slots=True)
class Block:
    """What came of one component."""

    ending: Ending
    plan: Plan | None
    values: Floats  # (o,): zero without a plan
    bounds: Floats  # (o,)
    prices: Prices | None  # of the first objective, where they prove its bound
    method: str  # "lp" or "milp"
    message: str


def solve_block(
    problem: Exchange, most: Floats, effort: Effort, first: Found | None = None
) -> Block:
    """Solve one component, each objective keeping what those of higher rank found.

    `first` is what came of the first objective, if that is solved already.
    """
    model = build(problem, most)
    method = "milp" if model.whole.any() else "lp"
    until = time.perf_counter() + effort.seconds
    found = first
    if found is None:
        found = _first(problem, model, most, _share(effort, until, problem.sizes["o"]))
    ending, plan, prices = found.ending, found.plan, found.prices
    bounds, floors, messages = [found.bound], np.empty(0), [found.message]
    for stage in range(1, problem.sizes["o"]):
        if plan is None:
            bounds.append(most_conceivable(model, stage))
            continue
        best = values(problem, plan)[stage - 1]
        floors = np.append(floors, floor_of(best, problem.tolerance))
        left = _share(effort, until, problem.sizes["o"] - stage)
        found = _later(problem, model, most, plan, floors, left)
        plan, ending = found.plan, _worse(ending, found.ending)
        bounds.append(found.bound)
        messages.append(found.message)
    message = "; ".join(dict.fromkeys(filter(None, messages)))
    worth = np.zeros(len(bounds)) if plan is None else values(problem, plan)
    return Block(ending, plan, worth, np.array(bounds), prices, method, message)


def idle_block(problem: Exchange, most: Floats, method: str) -> Block:
    """A component without time to solve it: shipping nothing, where that is a plan."""
    plan = plan_of(problem, np.zeros_like(most))
    holds = not breaches(problem, plan)
    ending = Ending.FEASIBLE if holds else Ending.NOTHING
    nothing = np.zeros(problem.sizes["o"])
    bounds = conceivable(problem, most)
    return Block(ending, plan if holds else None, nothing, bounds, None, method, "")


def _share(effort: Effort, until: float, stages: int) -> Effort:
    return replace(effort, seconds=(until - time.perf_counter()) / stages)


def _worse(one: Ending, other: Ending) -> Ending:
    order = (Ending.OPTIMAL, Ending.FEASIBLE, Ending.NOTHING, Ending.INFEASIBLE)
    return max(one, other, key=order.index)


def _first(problem: Exchange, model: Model, most: Floats, effort: Effort) -> Found:
    """The first stage; where the solver has no plan, shipping nothing may be one."""
    found = _solve(problem, model, most, 0, np.empty(0), effort)
    if found.plan is None:
        idle = plan_of(problem, np.zeros_like(most))
        if not breaches(problem, idle):
            return replace(found, ending=Ending.FEASIBLE, plan=idle)
    return found


def _later(
    problem: Exchange, model: Model, most: Floats, before: Plan, floors: Floats, effort: Effort
) -> Found:
    """A later stage; the plan before stands where the solver has none that is better."""
    stage = len(floors)
    if not model.gain[stage].any():
        return Found(Ending.OPTIMAL, before, 0.0, None, "")
    found = _solve(problem, model, most, stage, floors, effort)
    had = values(problem, before)[stage]
    if found.plan is not None:
        has = values(problem, found.plan)
        if np.all(has[:stage] >= floors - KEPT * np.abs(floors)) and has[stage] >= had:
            return found
    ending = Ending.OPTIMAL if found.ending is Ending.OPTIMAL else Ending.FEASIBLE
    return replace(found, ending=ending, plan=before)


def _solve(
    problem: Exchange, model: Model, most: Floats, stage: int, floors: Floats, effort: Effort
) -> Found:
    if model.whole.any():
        return solve_integer(problem, model, stage, floors, effort)
    return solve_linear(problem, model, most, stage, floors, effort)
