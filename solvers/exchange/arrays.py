"""The kinds of arrays the exchange model is written in, and what is done to them everywhere."""

from collections.abc import Iterator
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.signedinteger[Any]]  # of any width: what is long is kept narrow
Nodes = NDArray[np.int32]  # what the flow solver counts nodes in
Flags = NDArray[np.bool_]
Kind = TypeVar("Kind", bound=np.generic)

CHUNK: Final = 1 << 14  # elements worked on at once: what the processor's cache holds


def chunks(count: int) -> Iterator[slice]:
    """Cut that many elements into slices of at most `CHUNK`."""
    for start in range(0, count, CHUNK):
        yield slice(start, min(start + CHUNK, count))


def varied(array: NDArray[Kind]) -> NDArray[Kind]:
    """An array without the axes along which it repeats itself, as what takes no memory does."""
    return array[tuple(slice(0, 1 if step == 0 else None) for step in array.strides)]


def rows(table: NDArray[Kind], position: Ints) -> NDArray[Kind]:
    """Rows of a table (x, T) at some positions, shape (positions, T)."""
    if table.shape[1] == 1:  # several times as fast, one period being the rule
        return table[:, 0][position][:, None]
    found: NDArray[Kind] = table[position]
    return found


def any_period(flags: Flags) -> Flags:
    """Whether a flag is set in any period, shape (k,); flags are (k, T)."""
    if flags.shape[1] == 1:
        return flags[:, 0]
    found: Flags = np.any(flags, axis=1)
    return found


def spread(each: Floats, first: Ints) -> Iterator[tuple[slice, Floats]]:
    """Repeat what belongs to each of some consecutive groups, a slice of their members at once.

    `first` (groups + 1,) is where the members of each group begin, and where the last end.
    """
    for part in chunks(int(first[-1])):
        low, high = np.searchsorted(first, [part.start, part.stop - 1], side="right")
        some = np.clip(first[low - 1 : high + 1], part.start, part.stop)
        yield part, np.repeat(each[low - 1 : high], np.diff(some))


def sum_by(index: Ints, weight: Floats, size: int) -> Floats:
    """Sum the rows of `weight` (k, T) that share an index: shape (size, T)."""
    return np.stack([total(index, column, size) for column in weight.T], axis=1)


def total(index: Ints, weight: Floats, size: int) -> Floats:
    """Sum the weights (k,) that share an index: shape (size,)."""
    summed: Floats = np.bincount(index, weight, size).astype(np.float64, copy=False)
    return summed


def any_by(index: Ints, flag: Flags, size: int) -> Flags:
    """Whether any of the flags that share an index is set: shape (size,)."""
    found = np.zeros(size, dtype=bool)
    found[index[flag]] = True
    return found


def distinct(first: Ints, second: Ints) -> tuple[Ints, Ints]:
    """Distinct pairs (first, second), in increasing order."""
    both = np.unique(np.stack([first, second], axis=1), axis=0)
    return both[:, 0], both[:, 1]
