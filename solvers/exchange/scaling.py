"""Programs in numbers that solvers like: solve one scaled by powers of two, and scale back."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy import sparse

from solvers.exchange.arrays import Floats
from solvers.exchange.engine import Answer, Effort, Engine, Program, run

LARGEST: Final = 1024.0  # what the largest quantity and the largest gain become


@dataclass(frozen=True, slots=True)
class Scale:
    """Powers of two, which cost no digit: of each variable, each row and the gain."""

    column: Floats  # (N,)
    row: Floats  # (R,)
    gain: float


def scale_of(program: Program) -> Scale:
    """One unit for all quantities, one for each row, one for the gain."""
    quantity = ~program.whole
    finite = np.isfinite(program.high)
    largest = program.high[quantity & finite].max(initial=0.0)
    column = np.where(quantity, _power(largest / LARGEST), 1.0)
    entries = np.abs(program.matrix.data) * column[program.matrix.indices]
    largest_entry = np.zeros(program.matrix.shape[0])
    rows = np.repeat(np.arange(len(largest_entry)), np.diff(program.matrix.indptr))
    np.maximum.at(largest_entry, rows, entries)
    reach = np.abs(program.gain * np.where(finite, program.high, largest))
    return Scale(column, 1.0 / _powers(largest_entry), LARGEST / _power(reach.max(initial=0.0)))


def _power(size: float) -> float:
    return float(_powers(np.array([size]))[0])


def _powers(size: Floats) -> Floats:
    """Nearest powers of two; 1 where there is nothing."""
    known = (size > 0) & np.isfinite(size)
    return np.exp2(np.round(np.log2(np.where(known, size, 1.0))))


def run_scaled(program: Program, engine: Engine, effort: Effort) -> Answer:
    """Solve a program in scaled numbers; the answer is in the program's own."""
    scale = scale_of(program)
    matrix = program.matrix
    entries = matrix.data * scale.column[matrix.indices]
    entries *= np.repeat(scale.row, np.diff(matrix.indptr))
    answer = run(
        Program(
            gain=program.gain * scale.column * scale.gain,
            matrix=sparse.csr_array((entries, matrix.indices, matrix.indptr), shape=matrix.shape),
            row_low=program.row_low * scale.row,
            row_high=program.row_high * scale.row,
            low=program.low / scale.column,
            high=program.high / scale.column,
            whole=program.whole,
        ),
        engine,
        effort,
    )
    return replace(
        answer,
        values=None if answer.values is None else answer.values * scale.column,
        bound=answer.bound / scale.gain,
        prices=None if answer.prices is None else answer.prices * scale.row / scale.gain,
    )
