"""Arrays of this room: their types, and the few operations every module needs."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

USED = 1e-6
"""Quantity in canonical units above which a way counts as used."""


def floats(column: pd.Series, *, blank: float = np.nan) -> Floats:
    """Read a column as numbers, ``blank`` where it says nothing."""
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isnan(numbers), blank, numbers)


def texts(column: pd.Series) -> pd.Series:
    """Read a column as text, ``""`` where it says nothing."""
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


def positions(names: Iterable[str], among: pd.Index) -> Ints:
    """Position of each name in an index, -1 where it has none."""
    return np.asarray(among.get_indexer(pd.Index(list(names), dtype=object)), dtype=np.int64)


def listed(numbers: Ints, sorted_list: Ints) -> Bools:
    """Tell which of many numbers stand in a short sorted list."""
    if not len(sorted_list):
        return np.zeros(len(numbers), dtype=bool)
    at = np.minimum(np.searchsorted(sorted_list, numbers), len(sorted_list) - 1)
    return np.asarray(sorted_list[at] == numbers, dtype=bool)
