"""Arrays of this room: their types, and the few operations every module needs."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.signedinteger[Any]]  # of any width
Bools = NDArray[np.bool_]
Places = NDArray[np.int32]  # positions of what there are many of
Codes = NDArray[np.int8]  # positions in a short list

USED = 1e-6
"""Quantity in canonical units above which a way counts as used."""

CHUNK = 1 << 15
"""Rows worked on at once where there are many: what the processor's cache holds."""


def chunks(count: int, size: int = CHUNK) -> Iterator[slice]:
    """Cut that many rows into slices of at most ``size``."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def constant(value: Any, count: int, dtype: Any = None) -> Any:
    """Say one thing in every row, read-only, without taking memory for it."""
    return np.broadcast_to(np.asarray(value, dtype=dtype), (count,))


def is_constant(array: NDArray[Any]) -> bool:
    """Whether an array takes no memory for its rows, as `constant` makes it."""
    return array.ndim == 1 and array.strides == (0,) and len(array) > 0


def condensed(array: NDArray[Any]) -> Any:
    """The same array, without memory if it says one thing throughout: to look it up is free."""
    if len(array) and (array == array[0]).all():
        return constant(array[0], len(array))
    return array


def taken(array: NDArray[Any], rows: Any) -> Any:
    """Some rows of an array; of a constant one, as many, again without memory."""
    if not is_constant(array):
        by_place = not isinstance(rows, slice) and rows.dtype != np.bool_
        return array.take(rows, axis=0) if by_place else array[rows]  # take is the quicker one
    if isinstance(rows, slice):
        count = len(range(*rows.indices(len(array))))
    else:
        count = int(np.count_nonzero(rows)) if rows.dtype == np.bool_ else len(rows)
    return constant(array[0], count)


def looked_up(table: NDArray[Any], rows: NDArray[Any]) -> Any:
    """Entry of a table for each row that says its position; one for all if that is constant."""
    return constant(table[rows[0]], len(rows)) if is_constant(rows) else table.take(rows)


def chosen(where: Bools, yes: Any, no: Any) -> Any:
    """One array where something holds, else another; whole, if it holds throughout or nowhere."""
    if is_constant(where):
        return yes if where[0] else no
    return np.where(where, yes, no)


def floats(column: pd.Series, *, blank: float = np.nan) -> Floats:
    """Read a column as numbers, ``blank`` where it says nothing."""
    if column.dtype != np.float64:
        column = pd.to_numeric(column, errors="coerce")
    numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isnan(numbers), blank, numbers)


def texts(column: pd.Series) -> pd.Series:
    """Read a column as text, ``""`` where it says nothing."""
    if isinstance(column.dtype, pd.StringDtype):
        return column.fillna("")
    return column.astype(object).where(column.notna(), "").astype(str)


def says(column: pd.Series, answer: str) -> Bools:
    """Where a yes-or-no column says ``answer``; a blank cell says neither."""
    meant = {"yes": ("yes", "true"), "no": ("no", "false")}[answer]
    return texts(column).str.lower().isin(meant).to_numpy(dtype=bool)


def folded(first: Ints, second: Ints, size: int) -> Ints:
    """One number per pair of numbers, the second being below ``size``; keeps their order."""
    return np.asarray(first * np.int64(size) + second, dtype=np.int64)


def repeat_ranges(starts: Ints, lengths: Ints) -> Ints:
    """Concatenate the ranges ``start, start + 1, ...`` of the given lengths.

    Examples
    --------
    >>> repeat_ranges(np.array([5, 0]), np.array([2, 3])).tolist()
    [5, 6, 0, 1, 2]
    """
    ends = np.cumsum(lengths)
    within = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - lengths, lengths)
    return np.asarray(np.repeat(starts, lengths) + within, dtype=np.int64)


def sum_by(number: Ints, amount: Floats | Bools, size: int) -> Floats:
    """Sum amounts by number, shape (size,); numbers below 0 or beyond ``size`` are left out."""
    inside = (number >= 0) & (number < size)
    return np.bincount(number[inside], amount[inside], size).astype(np.float64)


def counted(numbers: Ints, size: int) -> Ints:
    """How often each number below ``size`` stands in an array, shape (size,)."""
    found = np.zeros(size, dtype=np.int64)
    for part in chunks(len(numbers)):
        found += np.bincount(numbers[part], minlength=size)
    return found


def present(numbers: Ints, size: int) -> Bools:
    """Whether each number below ``size`` stands in an array, shape (size,)."""
    found = np.zeros(size, dtype=bool)
    for part in chunks(len(numbers)):
        found[numbers[part].astype(np.intp)] = True  # any other width is slow to set
    return found


def positions(names: Iterable[str], among: pd.Index) -> Ints:
    """Position of each name in an index, -1 where it has none."""
    listed = names.to_numpy(dtype=object) if isinstance(names, pd.Series) else list(names)
    return np.asarray(among.get_indexer(pd.Index(listed, dtype=object)), dtype=np.int64)


def listed(numbers: Ints, sorted_list: Ints) -> Bools:
    """Tell which of many numbers stand in a short sorted list."""
    if not len(sorted_list):
        return np.zeros(len(numbers), dtype=bool)
    at = np.minimum(np.searchsorted(sorted_list, numbers), len(sorted_list) - 1)
    return np.asarray(sorted_list[at] == numbers, dtype=bool)
