"""What is required and cannot be had: the least total violation, by name."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy import sparse

from solvers.exchange.arrays import Floats, Ints
from solvers.exchange.audit import breaches
from solvers.exchange.build import Model, build
from solvers.exchange.engine import Answer, Effort, Ending, Engine, Program
from solvers.exchange.integer import switched_off
from solvers.exchange.plan import Plan, plan_of, tidy
from solvers.exchange.problem import Exchange
from solvers.exchange.scaling import run_scaled

NEGLIGIBLE: Final = 1e-7  # of what is required: rounding, not a shortfall


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """How far from feasible a component is."""

    ending: Ending  # INFEASIBLE: short for sure; OPTIMAL: feasible after all; NOTHING: not known
    must_ship: Floats  # (m, T)
    must_fill: Floats  # (n, T)
    required: Floats  # (w,)
    plan: Plan | None  # one that holds, if feasible after all


def diagnose(problem: Exchange, most: Floats, effort: Effort) -> Diagnosis:
    """Find the plan that falls short least, in total, of what is required.

    The rows of required sources, sinks and ways take a slack each, and the
    sum of slacks is made least; all other rows hold as they are. This problem
    always has a plan. A least sum above zero proves that the problem itself
    has none, whatever a solver said of it.
    """
    model = build(problem, most)
    rows = _required_rows(problem, model)
    program = _elastic(model, rows)
    for engine in (Engine.HIGHS, Engine.GSCIP):
        answer = run_scaled(program, engine, replace(effort, gap=0.0))
        if answer.values is not None:
            return _read(problem, model, rows, answer)
    return _by_kind(problem, model, rows, np.zeros(len(rows)), Ending.NOTHING, None)


def _required_rows(problem: Exchange, model: Model) -> Ints:
    """Rows that say what must be: of sources, sinks and ways that are required."""
    must = np.zeros(len(model.row_low), dtype=bool)
    must[model.families["source"]] = np.repeat(problem.must_ship, problem.periods)
    must[model.families["sink"]] = np.repeat(problem.must_fill, problem.periods)
    must[model.families["way_min"]] = True
    return np.flatnonzero(must & (model.row_low > 0))


def _elastic(model: Model, rows: Ints) -> Program:
    """The model with a slack in each of the given rows, and the sum of slacks made least."""
    count = len(rows)
    slack = sparse.csr_array(
        (np.ones(count), (rows, np.arange(count))), shape=(len(model.row_low), count)
    )
    return Program(
        gain=np.append(np.zeros(len(model.low)), -np.ones(count)),
        matrix=sparse.csr_array(sparse.hstack([model.matrix, slack], format="csr")),
        row_low=model.row_low,
        row_high=model.row_high,
        low=np.append(model.low, np.zeros(count)),
        high=np.append(model.high, model.row_low[rows]),
        whole=np.append(model.whole, np.zeros(count, dtype=bool)),
    )


def _read(problem: Exchange, model: Model, rows: Ints, answer: Answer) -> Diagnosis:
    assert answer.values is not None  # the caller looked
    columns = len(model.low)
    wanted = model.row_low[rows]
    short = answer.values[columns:]
    short = np.where(short > NEGLIGIBLE * wanted, short, 0.0)
    if not short.any():
        off = switched_off(problem, model, answer.values[:columns])
        shipped = np.where(off, 0.0, tidy(answer.values[model.columns.shipped]))
        plan = plan_of(problem, shipped)
        if not breaches(problem, plan):
            return _by_kind(problem, model, rows, short, Ending.OPTIMAL, plan)
    sure = -answer.bound > NEGLIGIBLE * wanted.max(initial=0.0)
    ending = Ending.INFEASIBLE if sure else Ending.NOTHING
    return _by_kind(problem, model, rows, short, ending, None)


def _by_kind(
    problem: Exchange, model: Model, rows: Ints, short: Floats, ending: Ending, plan: Plan | None
) -> Diagnosis:
    missing = np.zeros(len(model.row_low))
    missing[rows] = short
    required = np.zeros(problem.sizes["w"])
    required[problem.required] = missing[model.families["way_min"]]
    shape = (-1, problem.periods)
    return Diagnosis(
        ending=ending,
        must_ship=missing[model.families["source"]].reshape(shape),
        must_fill=missing[model.families["sink"]].reshape(shape),
        required=required,
        plan=plan,
    )
