"""What is required of a pooled part and cannot be had: the least total violation."""

from dataclasses import replace
from typing import Final

import numpy as np
from scipy import sparse

from solvers.exchange.arrays import Floats
from solvers.exchange.build import build
from solvers.exchange.engine import Effort, Engine, Program
from solvers.exchange.outcome import Shortfalls
from solvers.pooling.engine import run_pooled
from solvers.pooling.formulation import formulate
from solvers.pooling.problem import Pooling

NEGLIGIBLE: Final = 1e-7  # of what is required: rounding, not a shortfall
LONGEST: Final = 60.0  # seconds: an explanation is not worth more


def shortfalls(problem: Pooling, most: Floats, effort: Effort) -> Shortfalls:
    """Find what falls short least, in total, of what is required; all other rows hold.

    Solved globally, or as far as time allows: what is then said is short of some plan.
    """
    exchange = problem.exchange
    model = build(exchange, most)
    pools = formulate(problem, model, most)
    must = np.zeros(len(model.row_low), dtype=bool)
    must[model.families["source"]] = np.repeat(exchange.must_ship, exchange.periods)
    must[model.families["sink"]] = np.repeat(exchange.must_fill, exchange.periods)
    must[model.families["way_min"]] = True
    rows = np.flatnonzero(must & (model.row_low > 0))
    whole = pools.extend(
        Program(
            np.zeros(len(model.low)),
            model.matrix,
            model.row_low,
            model.row_high,
            model.low,
            model.high,
            model.whole,
        )
    )
    count = len(rows)
    slack = sparse.csr_array(
        (np.ones(count), (rows, np.arange(count))), shape=(len(whole.row_low), count)
    )
    program = replace(
        whole,
        gain=np.append(whole.gain, -np.ones(count)),
        matrix=sparse.csr_array(sparse.hstack([whole.matrix, slack], format="csr")),
        low=np.append(whole.low, np.zeros(count)),
        high=np.append(whole.high, model.row_low[rows]),
        whole=np.append(whole.whole, np.zeros(count, dtype=bool)),
    )
    quantity = np.append(pools.quantity, np.ones(count, dtype=bool))
    near = replace(effort, gap=1e-6, seconds=min(max(effort.seconds, 1.0), LONGEST))
    answer = run_pooled(program, quantity, Engine.GSCIP, near, pools.products)
    missing = np.zeros(len(model.row_low))
    if answer.values is not None:
        short = answer.values[len(whole.low) :]
        missing[rows] = np.where(short > NEGLIGIBLE * model.row_low[rows], short, 0.0)
    required = np.zeros(exchange.sizes["w"])
    required[exchange.required] = missing[model.families["way_min"]]
    shape = (-1, exchange.periods)
    must_ship = missing[model.families["source"]].reshape(shape)
    must_fill = missing[model.families["sink"]].reshape(shape)
    total = must_ship.sum() + must_fill.sum() + required.sum()
    message = f"no mix of what the pools take meets what is required: {total:g} short in all"
    return Shortfalls(must_ship, must_fill, required, message)
