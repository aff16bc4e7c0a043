"""One stage of a component without whole numbers: a linear program, proven by its prices."""

from dataclasses import replace

import numpy as np

from solvers.exchange.arrays import Flags, Floats
from solvers.exchange.audit import breaches
from solvers.exchange.build import Model
from solvers.exchange.engine import Answer, Effort, Ending, Engine, Program
from solvers.exchange.outcome import Prices
from solvers.exchange.plan import plan_of, tidy
from solvers.exchange.pricing import bound, settle, signed
from solvers.exchange.problem import Exchange
from solvers.exchange.scaling import run_scaled
from solvers.exchange.stages import Found, most_conceivable, nothing_found, stage_program


def solve_linear(
    problem: Exchange, model: Model, most: Floats, stage: int, floors: Floats, effort: Effort
) -> Found:
    """Solve one stage by GLOP, by HiGHS where GLOP fails, and prove its bound by prices."""
    program = _unbounded_lanes(problem, model, stage_program(model, stage, floors))
    endings, message = [], ""
    for engine in (Engine.GLOP, Engine.HIGHS):
        answer = run_scaled(program, engine, effort)
        endings.append(answer.ending)
        message = answer.message
        if answer.values is not None:
            plan = plan_of(problem, tidy(answer.values[model.columns.shipped]))
            broken = breaches(problem, plan)
            if not broken:
                proven, prices = _prove(problem, model, most, stage, floors, answer)
                return Found(Ending.OPTIMAL, plan, proven, prices, message)
            message = f"{engine} broke {', '.join(broken)}"
    return nothing_found(endings, most_conceivable(model, stage), message)


def _unbounded_lanes(problem: Exchange, model: Model, program: Program) -> Program:
    """Leave lanes to the rows of their ends, so that the prices of rows tell all.

    A lane between hubs keeps a bound it never reaches, against goods that go round for nothing.
    """
    ends = (problem.origin < problem.sizes["m"]) | (problem.destination < problem.sizes["n"])
    high = program.high.copy()
    high[model.columns.shipped[ends]] = np.inf
    high[model.columns.shipped[~ends]] *= 2.0
    return replace(program, high=high)


def _prove(
    problem: Exchange, model: Model, most: Floats, stage: int, floors: Floats, answer: Answer
) -> tuple[float, Prices | None]:
    """The bound of a stage, and the prices that prove it if the solver gave any."""
    if answer.prices is None:
        return answer.bound, None
    weight = np.maximum(-answer.prices[len(answer.prices) - stage :], 0.0)
    gain = problem.gain[stage] + weight @ problem.gain[:stage]
    prices = signed(problem, read_prices(problem, model, answer.prices))
    prices = settle(problem, gain, prices, most)
    return bound(problem, gain, prices, most) - float(weight @ floors), prices


def read_prices(problem: Exchange, model: Model, row_prices: Floats) -> Prices:
    """Row prices of the model as prices of what the rows are about."""
    part = {name: row_prices[rows] for name, rows in model.families.items()}
    shape = (-1, problem.periods)
    return Prices(
        source=part["source"].reshape(shape),
        sink=part["sink"].reshape(shape),
        product=part["product"].reshape(shape),
        capacity=_placed(np.isfinite(problem.hub_capacity), part["capacity"]),
        way_max=_placed(np.isfinite(problem.max_quantity), part["way_max"]),
        way_min=_placed(problem.required, -part["way_min"]),
        group=_placed(np.isfinite(problem.group_capacity), part["group"]),
        limit=part["limit"],
        blend=part["blend"].reshape(shape),
    )


def _placed(where: Flags, price: Floats) -> Floats:
    placed = np.zeros(len(where))
    placed[where] = price
    return placed
