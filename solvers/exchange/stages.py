"""Objectives in order of rank: what each stage maximises, and what it must keep."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy import sparse

from solvers.exchange.arrays import Floats
from solvers.exchange.build import Model
from solvers.exchange.engine import Ending, Program
from solvers.exchange.outcome import Prices
from solvers.exchange.plan import Plan
from solvers.exchange.problem import Exchange
from solvers.exchange.schema import COLUMNS

EXACT: Final = 1e-9  # relative: what a gap of 0 asks for
ARTEFACT: Final = 1e-7  # relative: what leeway `KEPT` for others may be worth to an objective
KEPT: Final = 1e-10  # relative: a later stage may lose so much of an earlier one to rounding


@dataclass(frozen=True, slots=True)
class Found:
    """What came of one stage."""

    ending: Ending
    plan: Plan | None
    bound: float
    prices: Prices | None
    message: str


def first_alone(problem: Exchange) -> Exchange:
    """The problem with its first objective alone."""
    if problem.sizes["o"] == 1:
        return problem
    names = [name for name, column in COLUMNS.items() if column.axes.startswith("o")]
    return replace(problem, **{name: getattr(problem, name)[:1] for name in names}, tolerance=0.0)


def nothing_found(endings: Sequence[Ending], bound: float, message: str) -> Found:
    """No plan: infeasible only if every solver that was asked says so."""
    agreed = all(ending is Ending.INFEASIBLE for ending in endings)
    return Found(Ending.INFEASIBLE if agreed else Ending.NOTHING, None, bound, None, message)


def floor_of(value: float, tolerance: float) -> float:
    """The least that later stages keep of an objective."""
    return value - (tolerance + KEPT) * abs(value)


def stage_program(model: Model, stage: int, floors: Floats) -> Program:
    """Program of one stage: its objective, and rows that keep the earlier ones.

    The rows of `floors` (stage,) come last: gain[i] @ v >= floors[i].
    """
    kept = sparse.csr_array(model.gain[:stage])
    return Program(
        gain=model.gain[stage],
        matrix=sparse.csr_array(sparse.vstack([model.matrix, kept], format="csr")),
        row_low=np.append(model.row_low, floors),
        row_high=np.append(model.row_high, np.full(stage, np.inf)),
        low=model.low,
        high=model.high,
        whole=model.whole,
    )


def most_conceivable(model: Model, stage: int) -> float:
    """A bound that holds whatever the rows: every variable at its better end."""
    gain = model.gain[stage]
    return float(np.maximum(gain * model.low, gain * model.high).sum())


def conceivable(problem: Exchange, most: Floats) -> Floats:
    """Bounds that need no model: all that gains, at its most, in each objective; shape (o,)."""
    total: Floats = (np.maximum(problem.gain, 0.0) * most.sum(axis=1)).sum(axis=1)
    total = total + np.maximum(problem.period_gain, 0.0).sum(axis=1) * problem.periods
    for gain in (problem.way_gain, problem.pair_gain):
        total = total + np.maximum(gain, 0.0).sum(axis=1)
    return total
