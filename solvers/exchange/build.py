"""The whole model in sparse arrays: variables, families of rows, objectives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from scipy import sparse

from solvers.exchange import rows
from solvers.exchange.arrays import Flags, Floats
from solvers.exchange.columns import Columns, column_bounds, lay_out, objective
from solvers.exchange.features import decisions
from solvers.exchange.problem import Exchange

FAMILIES: Final[Mapping[str, Callable[[rows.Frame], rows.Rows]]] = MappingProxyType(
    {
        "source": rows.source_rows,
        "sink": rows.sink_rows,
        "product": rows.product_rows,
        "capacity": rows.capacity_rows,
        "way_max": rows.way_max_rows,
        "way_min": rows.required_rows,
        "group": rows.group_rows,
        "limit": rows.limit_rows,
        "blend": rows.blend_rows,
        "open": rows.open_rows,
        "group_open": rows.group_open_rows,
        "least": rows.way_min_rows,
        "lot": rows.lot_rows,
        "delivered_lot": rows.delivered_lot_rows,
        "link": rows.link_rows,
        "lane_link": rows.lane_link_rows,
        "year": rows.year_rows,
        "trip": rows.trip_rows,
        "pair": rows.pair_rows,
        "pair_use": rows.pair_use_rows,
        "supply_partner": rows.supply_partner_rows,
        "demand_partner": rows.demand_partner_rows,
    }
)


@dataclass(frozen=True, slots=True)
class Model:
    """Maximise ``gain[s] @ v``, row_low <= matrix @ v <= row_high, low <= v <= high."""

    gain: Floats  # (o, N)
    matrix: Any  # scipy CSR array, (R, N)
    row_low: Floats
    row_high: Floats
    low: Floats
    high: Floats
    columns: Columns
    families: Mapping[str, slice]  # rows of each family

    @property
    def whole(self) -> Flags:
        """Which variables are whole numbers, shape (N,)."""
        return np.arange(self.columns.size) >= self.columns.first_whole


def build(problem: Exchange, most: Floats) -> Model:
    """Build the model of a problem, given the most each lane can carry (k, T)."""
    needed = decisions(problem)
    columns = lay_out(problem, needed)
    frame = rows.Frame.of(problem, columns, needed, most)
    made = {name: family(frame) for name, family in FAMILIES.items()}
    starts = np.cumsum([0] + [len(family.low) for family in made.values()])
    matrix = sparse.csr_array(
        (
            np.concatenate([family.value for family in made.values()]),
            (
                np.concatenate([f.row + at for f, at in zip(made.values(), starts, strict=False)]),
                np.concatenate([family.column for family in made.values()]),
            ),
        ),
        shape=(int(starts[-1]), columns.size),
    )
    low, high = column_bounds(problem, columns, most)
    return Model(
        gain=objective(problem, columns),
        matrix=matrix,
        row_low=np.concatenate([family.low for family in made.values()]),
        row_high=np.concatenate([family.high for family in made.values()]),
        low=low,
        high=high,
        columns=columns,
        families=MappingProxyType(
            {
                name: slice(int(a), int(b))
                for name, a, b in zip(made, starts, starts[1:], strict=False)
            }
        ),
    )
