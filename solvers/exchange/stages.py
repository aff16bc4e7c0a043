"""Objectives in order of rank: what each stage maximises, and what it must keep."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse

from solvers.exchange.arrays import Floats
from solvers.exchange.build import Model
from solvers.exchange.engine import Ending, Program
from solvers.exchange.outcome import Prices
from solvers.exchange.plan import Plan

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
