"""How a year's quantity spreads over the periods."""

import numpy as np
import pandas as pd

from eit.matching.arrays import Floats, floats, texts

MONTHS = 12


def per_period(declared: pd.DataFrame, periods: int) -> Floats:
    """Quantity of each declaration in each period, shape (declarations, periods).

    With 12 periods ``months`` gives the weights: ``all`` for equal twelfths, else twelve
    weights ``w1|...|w12``.
    """
    quantity = floats(declared["quantity"])
    if periods == 1:
        return quantity[:, None].copy()
    number, months = pd.factorize(texts(declared["months"]))
    shares = np.array([_shares(text) for text in months], dtype=np.float64)
    return quantity[:, None] * shares.reshape(-1, MONTHS)[number]


def _shares(months: str) -> Floats:
    if months in ("", "all"):
        return np.full(MONTHS, 1 / MONTHS)
    weights = np.array([float(weight) for weight in months.split("|")])
    return np.asarray(weights / weights.sum(), dtype=np.float64)
