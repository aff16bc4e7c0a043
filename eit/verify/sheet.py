"""A mixed-integer model as arrays, and the draft on which it is written down row by row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from eit.verify.market import Floats, Ints

Flags = npt.NDArray[np.bool_]


class Bends(NamedTuple):
    """Columns that are products of two others: ``x[result] = x[left] * x[right]``.

    The rows of a model hold of every such product; with `bends` left out it is a relaxation.
    """

    result: Ints
    left: Ints
    right: Ints


NO_BENDS = Bends(*(np.empty(0, dtype=np.int64) for _ in range(3)))


@dataclass(frozen=True, slots=True)
class Model:
    """A mixed-integer linear model whose rows and columns bear names.

    ``max objective @ x`` with ``row_low <= matrix @ x <= row_high`` and ``0 <= x <= high``,
    some columns whole.

    Attributes
    ----------
    matrix
        Coefficients, shape (rows, columns).
    row_low, row_high
        Limits of the rows, shape (rows,).
    high
        Upper limits of the columns, shape (columns,); the lower ones are 0.
    whole
        Whether a column takes whole numbers alone, shape (columns,).
    objectives
        Coefficients of each objective, shape (columns,), all maximised.
    columns
        Positions of each kind of column; ``ship`` and the like have shape (items, T).
    rows
        Frame with one line per row of the matrix: ``kind``, ``id``, ``period`` (0 = the year).
    lanes, ways
        The lanes the columns ``ship`` stand for, and the ways they belong to.
    bends
        Columns that are products of two others.
    """

    matrix: csr_array
    row_low: Floats
    row_high: Floats
    high: Floats
    whole: Flags
    objectives: Mapping[str, Floats]
    columns: Mapping[str, Ints]
    rows: pd.DataFrame
    lanes: pd.DataFrame
    ways: pd.DataFrame
    bends: Bends = NO_BENDS


@dataclass(slots=True)
class Draft:
    """Columns and rows as they are written down; `finished` makes arrays of them."""

    high: list[Floats] = field(default_factory=list)
    whole: list[Flags] = field(default_factory=list)
    columns: dict[str, Ints] = field(default_factory=dict)
    width: int = 0
    low: list[Floats] = field(default_factory=list)
    top: list[Floats] = field(default_factory=list)
    names: list[tuple[str, npt.NDArray[np.object_], int]] = field(default_factory=list)
    cells: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)
    height: int = 0
    bends: list[Bends] = field(default_factory=list)

    def add_columns(self, kind: str, high: Floats, *, whole: bool = False) -> Ints:
        """Write down a block of columns; give back their positions in the same shape."""
        at = np.arange(self.width, self.width + high.size, dtype=np.int64).reshape(high.shape)
        self.width += high.size
        self.high.append(high.astype(float).ravel())
        self.whole.append(np.full(high.size, whole))
        self.columns[kind] = at
        return at

    def high_of(self, columns: Ints) -> Floats:
        """Upper limits of columns already written down, in their shape."""
        return np.concatenate(self.high)[columns]

    def add_rows(
        self,
        kind: str,
        ids: npt.ArrayLike,
        low: npt.ArrayLike,
        high: npt.ArrayLike,
        period: int = 0,
    ) -> Ints:
        """Write down a block of rows, one per id; give back their positions."""
        names = np.asarray(ids, dtype=object)
        at = np.arange(self.height, self.height + len(names), dtype=np.int64)
        self.height += len(names)
        self.names.append((kind, names, period))
        self.low.append(np.broadcast_to(np.asarray(low, dtype=float), len(names)))
        self.top.append(np.broadcast_to(np.asarray(high, dtype=float), len(names)))
        return at

    def put(self, rows: npt.ArrayLike, columns: npt.ArrayLike, values: npt.ArrayLike) -> None:
        """Add coefficients; those of one cell add up."""
        row, column, value = np.broadcast_arrays(rows, columns, np.asarray(values, dtype=float))
        self.cells.append((row.ravel(), column.ravel(), value.ravel()))

    def bend(self, result: Ints, left: Ints, right: Ints) -> None:
        """Say that columns are products of two others, with the rows that hold of them.

        With 0 <= x[left] <= L and 0 <= x[right] <= R: ``result <= L right``,
        ``result <= R left``, ``result >= L right + R left - L R`` (McCormick 1976).
        """
        parts = (np.asarray(part).ravel() for part in np.broadcast_arrays(result, left, right))
        whole = Bends(*parts)
        self.bends.append(whole)
        most_left, most_right = self.high_of(whole.left), self.high_of(whole.right)
        one = np.ones(len(whole.result))
        for of_result, of_left, of_right, high in (
            (one, 0.0 * one, -most_left, 0.0 * one),
            (one, -most_right, 0.0 * one, 0.0 * one),
            (-one, most_right, most_left, most_left * most_right),
        ):
            names = np.full(len(one), "", dtype=object)
            rows = self.add_rows("bend", names, -np.inf, high)
            for place, value in zip(whole, (of_result, of_left, of_right), strict=True):
                self.put(rows, place, value)

    def finished(
        self, objectives: Mapping[str, Floats], lanes: pd.DataFrame, ways: pd.DataFrame
    ) -> Model:
        """The model as arrays."""
        row, column, value = (np.concatenate(part) for part in zip(*self.cells, strict=True))
        return Model(
            matrix=csr_array((value, (row, column)), shape=(self.height, self.width)),
            row_low=np.concatenate(self.low),
            row_high=np.concatenate(self.top),
            high=np.concatenate(self.high),
            whole=np.concatenate(self.whole),
            objectives=objectives,
            columns=self.columns,
            rows=self._row_names(),
            lanes=lanes,
            ways=ways,
            bends=Bends(
                *(np.concatenate(part) for part in zip(NO_BENDS, *self.bends, strict=True))
            ),
        )

    def _row_names(self) -> pd.DataFrame:
        sizes = [len(ids) for _, ids, _ in self.names]
        return pd.DataFrame(
            {
                "kind": np.repeat(np.array([kind for kind, _, _ in self.names], object), sizes),
                "id": np.concatenate([ids for _, ids, _ in self.names]),
                "period": np.repeat([period for _, _, period in self.names], sizes),
            }
        )
