"""Programs with proportions in them, solved in numbers that solvers like."""

from dataclasses import replace

import numpy as np
from scipy import sparse

from solvers.exchange.arrays import Flags, Floats
from solvers.exchange.engine import Answer, Effort, Engine, Products, Program, run
from solvers.exchange.scaling import LARGEST


def run_pooled(
    program: Program,
    quantity: Flags,
    engine: Engine,
    effort: Effort,
    products: Products | None = None,
) -> Answer:
    """Solve a program with all quantities in one other unit, a power of two; answer in its own.

    Proportions and decisions keep theirs, so that a product of a proportion and a quantity
    stays one. Each row and the gain have a unit of their own.
    """
    size = program.high[quantity & np.isfinite(program.high)].max(initial=0.0)
    column = np.where(quantity, _powers(np.array([size / LARGEST]))[0], 1.0)
    matrix = program.matrix
    entries = matrix.data * column[matrix.indices]
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    largest = np.zeros(matrix.shape[0])
    np.maximum.at(largest, rows, np.abs(entries))
    row = 1.0 / _powers(largest)
    reach = np.abs(program.gain * np.where(np.isfinite(program.high), program.high, size))
    gain = LARGEST / float(_powers(np.array([reach.max(initial=0.0)]))[0])
    scaled = Program(
        gain=program.gain * column * gain,
        matrix=sparse.csr_array((entries * row[rows], matrix.indices, matrix.indptr), matrix.shape),
        row_low=program.row_low * row,
        row_high=program.row_high * row,
        low=program.low / column,
        high=program.high / column,
        whole=program.whole,
    )
    answer = run(scaled, engine, effort, products)
    return replace(
        answer,
        values=None if answer.values is None else answer.values * column,
        bound=answer.bound / gain,
        prices=None if answer.prices is None else answer.prices * row / gain,
    )


def relaxed_bound(program: Program, answer: Answer) -> float:
    """Bound on a linear program that the prices of an answer prove, added up in floats.

    By weak duality it holds whatever the prices: each row at its price, each column at the
    better of its ends by its reduced gain.
    """
    if answer.prices is None:
        return np.inf
    limit = np.where(answer.prices > 0, program.row_high, program.row_low)
    price = np.where(np.isfinite(limit), answer.prices, 0.0)
    rows = price[price != 0] * limit[price != 0]
    reduced: Floats = program.gain - price @ program.matrix
    columns = np.maximum(reduced * program.low, reduced * program.high)
    return float(rows.sum() + columns.sum())


def _powers(size: Floats) -> Floats:
    """Nearest powers of two; 1 where there is nothing."""
    known = (size > 0) & np.isfinite(size)
    return np.asarray(np.exp2(np.round(np.log2(np.where(known, size, 1.0)))))
