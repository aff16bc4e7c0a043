"""The kinds of arrays the exchange model is written in, and what is done to them everywhere."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Nodes = NDArray[np.int32]  # what the flow solver counts nodes in
Cells = NDArray[np.int32] | NDArray[np.int64]  # positions of lanes, as small as they may be
Flags = NDArray[np.bool_]

CHUNK: Final = 1 << 14  # elements worked on at once: what the processor's cache holds


def chunks(count: int) -> Iterator[slice]:
    """Cut that many elements into slices of at most `CHUNK`."""
    for start in range(0, count, CHUNK):
        yield slice(start, min(start + CHUNK, count))


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
