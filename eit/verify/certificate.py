"""What prices prove: no plan passes a value, by weak duality over all permitted lanes.

For prices ``y`` of the rows of ``max c @ x, low <= A x <= high, 0 <= x <= top``, every
feasible ``x`` satisfies ``c @ x <= sum of y x row limits + sum of max(0, c - A' y) x top``.
That holds for any prices: who found them, and how, does not matter.
"""

import numpy as np
import pandas as pd

from eit.verify.market import Floats, Ints
from eit.verify.sheet import Model

ROWS = {
    "source": "supply",
    "sink": "need",
    "product": "product",
    "capacity": "capacity",
    "way_max": "way_max",
    "group": "group",
    "blend": "quality",
    "budget": "budget",
    "fleet": "fleet",
    "exchanges": "exchanges",
}
"""Names of rows in prices.csv, and of the rows of the model here."""
KEY = ["kind", "id", "period"]


def priced_rows(model: Model, prices: pd.DataFrame) -> Floats:
    """Prices of the first objective laid out on the rows of the model; 0 where there is none.

    A price of the wrong sign for its row counts 0: an inequality cannot help in that direction.
    """
    stage = prices[prices["objective_stage"] == 1]
    named = pd.DataFrame(
        {
            "kind": stage["row"].map(ROWS),
            "id": stage["id"].astype(object),
            "period": stage["period"].fillna(0).astype(int),
            "price": stage["price"].astype(float),
        }
    ).drop_duplicates(KEY)
    rows = model.rows.merge(named, on=KEY, how="left")
    price = rows["price"].fillna(0.0).to_numpy(float)
    no_room = (price > 0) & np.isinf(model.row_high) | (price < 0) & np.isinf(model.row_low)
    return np.where(no_room, 0.0, price)


def proven_bounds(
    model: Model, aim: Floats, price: Floats, parts: tuple[Ints, Ints], count: int
) -> Floats:
    """What no plan can pass in each part of the model, shape (count,)."""
    row_part, column_part = parts
    limit = np.where(price > 0, model.row_high, np.where(price < 0, model.row_low, 0.0))
    of_rows = np.where(price != 0, price * np.where(price != 0, limit, 0.0), 0.0)
    rest = np.maximum(aim - model.matrix.T @ price, 0.0)
    of_columns = np.where(rest > 0, rest * np.where(rest > 0, model.high, 0.0), 0.0)
    by_row = np.bincount(row_part, of_rows, count)
    by_column = np.bincount(column_part, of_columns, count)
    return np.asarray(by_row + by_column, dtype=np.float64)
