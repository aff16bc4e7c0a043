"""The best plan by an independent model and solver: scipy's HiGHS on the whole territory.

Slow and plain on purpose. Every answer is polished: whole columns are fixed where the
solver put them, and the rest is solved again as a linear program, so that no rounding of
a switch leaks into the value.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import csr_array, vstack

from eit.scenario import Scenario, Settings, resolve
from eit.territory import Territory
from eit.verify.lanes import permitted_lanes, survey
from eit.verify.market import Floats
from eit.verify.model import build_model
from eit.verify.pools import with_pools
from eit.verify.sheet import Model
from eit.verify.spatial import search

HELD = 1e-9
"""Relative slack by which an earlier objective is held."""
NODES = 200_000
SECONDS = 60.0
SPLITS = 20_000
"""Nodes of a search of a model with products of columns."""


class Ending(StrEnum):
    """How the oracle ended."""

    OPTIMAL = "optimal"
    INFEASIBLE = "infeasible"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Optimum:
    """What the independent model found.

    Attributes
    ----------
    ending
        Optimal, infeasible, or stopped at a limit.
    values
        Value of each objective at the last plan, in the order of `order`; NaN without a plan.
    bests
        Value of each objective when it was maximised itself; NaN where it was not reached.
    bounds
        What no plan can pass, each objective given the earlier ones; NaN where unknown.
    order
        Names of the objectives, "value" last where it is not listed.
    shipped
        Quantity of each lane and period, shape (lanes, T).
    lanes
        The permitted lanes.
    """

    ending: Ending
    values: tuple[float, ...]
    bests: tuple[float, ...]
    bounds: tuple[float, ...]
    order: tuple[str, ...]
    shipped: Floats
    lanes: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Found:
    """One solve: how it ended, its plan if there is one, its value, what no plan can pass."""

    ending: Ending
    plan: Floats | None
    value: float
    bound: float


def optimum(territory: Territory, scenario: Scenario | None = None) -> Optimum:
    """Find the best plan of a territory.

    Parameters
    ----------
    scenario
        What the caller overrides, as for `eit.match`.
    """
    settings = resolve(territory.toml, territory.scenario, scenario or Scenario())
    ground = with_pools(survey(territory, settings))
    return best_plan(build_model(ground, permitted_lanes(ground)), settings)


def objective_order(settings: Settings) -> tuple[str, ...]:
    """Objectives in the order they are maximised, value as the last tie-break."""
    listed = tuple(settings.maximise)
    return listed if "value" in listed else (*listed, "value")


def best_plan(
    model: Model, settings: Settings, *, nodes: int = NODES, seconds: float = SECONDS
) -> Optimum:
    """Maximise the objectives one after the other, each held while the next is sought."""
    order = objective_order(settings)
    held: list[tuple[Floats, float]] = []
    found: list[Found] = []
    for name in order:
        aim = model.objectives[name]
        found.append(maximise(model, aim, held, nodes=nodes, seconds=seconds))
        if found[-1].plan is None:
            break
        best = found[-1].value
        held.append((aim, best - (settings.tolerance + HELD) * abs(best)))
    plans = [step.plan for step in found if step.plan is not None]
    missing = (np.nan,) * (len(order) - len(found))
    ship = model.columns["ship"]
    return Optimum(
        ending=_ending(found),
        values=tuple(float(model.objectives[name] @ plans[-1]) for name in order)
        if plans
        else (np.nan,) * len(order),
        bests=(*(step.value for step in found), *missing),
        bounds=(*(max(step.bound, step.value) for step in found), *missing),
        order=order,
        shipped=plans[-1][ship] if plans else np.zeros(ship.shape),
        lanes=model.lanes,
    )


def _ending(found: list[Found]) -> Ending:
    """Infeasible only at the first objective: the plan before it stands for a later one."""
    if found[0].plan is None:
        return found[0].ending
    optimal = all(step.ending == Ending.OPTIMAL for step in found)
    return Ending.OPTIMAL if optimal else Ending.STOPPED


def maximise(
    model: Model,
    aim: Floats,
    held: list[tuple[Floats, float]],
    *,
    nodes: int = NODES,
    seconds: float = SECONDS,
    enough: float = -np.inf,
) -> Found:
    """Maximise one objective while the earlier ones stay at least where they are held.

    A model with products of columns is searched; a bound of `enough` then needs no better one.
    """
    if not len(aim):
        return _empty(model)
    if len(model.bends.result):
        return _searched(model, aim, held, nodes=nodes, seconds=seconds, enough=enough)
    matrix, low, high = _with_held(model, held)
    answer = milp(
        -aim,
        constraints=LinearConstraint(matrix, low, high),
        bounds=Bounds(np.zeros(len(aim)), model.high),
        integrality=model.whole.astype(int),
        options={"mip_rel_gap": 0.0, "node_limit": nodes, "time_limit": seconds},
    )
    if answer.status == 2:
        return Found(Ending.INFEASIBLE, None, np.nan, -np.inf)
    bound = _bound(answer)
    if answer.x is None:
        return Found(Ending.STOPPED, None, np.nan, bound)
    ending = Ending.OPTIMAL if answer.status == 0 else Ending.STOPPED
    plan = _polished(model, aim, (matrix, low, high), answer.x)
    return Found(ending, plan, float(aim @ plan), bound)


def _searched(
    model: Model,
    aim: Floats,
    held: list[tuple[Floats, float]],
    *,
    nodes: int,
    seconds: float,
    enough: float,
) -> Found:
    """The same for a model with products of columns, each node within the limits of one solve."""

    def solve(linear: Model) -> tuple[Floats | None, float]:
        found = maximise(linear, aim, held, nodes=nodes, seconds=seconds)
        return found.plan, found.bound

    searched = search(model, aim, solve, enough=enough, nodes=SPLITS, seconds=seconds)
    if searched.plan is None and searched.complete and searched.bound == -np.inf:
        return Found(Ending.INFEASIBLE, None, np.nan, -np.inf)
    ending = Ending.OPTIMAL if searched.complete else Ending.STOPPED
    value = searched.value if searched.plan is not None else np.nan
    return Found(ending, searched.plan, value, searched.bound)


def _empty(model: Model) -> Found:
    """A model without columns: its rows hold at zero or never."""
    slack = 1e-9 * np.maximum(1.0, np.abs(model.row_low))
    if (model.row_low > slack).any() or (model.row_high < -slack).any():
        return Found(Ending.INFEASIBLE, None, np.nan, -np.inf)
    return Found(Ending.OPTIMAL, np.zeros(0), 0.0, 0.0)


def _bound(answer: OptimizeResult) -> float:
    """What the solver says no plan can pass; infinite where it says nothing."""
    dual = getattr(answer, "mip_dual_bound", None)
    if dual is not None and np.isfinite(dual):
        return -float(dual)
    return -float(answer.fun) if answer.status == 0 else np.inf


def _with_held(model: Model, held: list[tuple[Floats, float]]) -> tuple[csr_array, Floats, Floats]:
    """Rows of the model and one more for each held objective, scaled so that 1 is its largest."""
    if not held:
        return model.matrix, model.row_low, model.row_high
    aims, least = np.array([aim for aim, _ in held]), np.array([best for _, best in held])
    scale = np.maximum(np.abs(aims).max(axis=1), np.finfo(float).tiny)
    rows, least = csr_array(aims / scale[:, None]), least / scale
    matrix = csr_array(vstack([model.matrix, rows]))
    low = np.concatenate([model.row_low, least])
    return matrix, low, np.concatenate([model.row_high, np.full(len(held), np.inf)])


def _polished(
    model: Model, aim: Floats, rows: tuple[csr_array, Floats, Floats], plan: Floats
) -> Floats:
    """Fix the whole columns where they are and solve the others once more."""
    if not model.whole.any():
        return plan
    matrix, low, high = rows
    fixed = np.round(plan)
    floor = np.where(model.whole, fixed, 0.0)
    ceiling = np.where(model.whole, fixed, model.high)
    answer = milp(
        -aim,
        constraints=LinearConstraint(matrix, low, high),
        bounds=Bounds(floor, ceiling),
        integrality=np.zeros(len(aim)),
    )
    return plan if answer.x is None else answer.x
