"""Quantities as the public sees them: which of a few wide, fixed bands they fall in."""

import numpy as np
from numpy.typing import NDArray

EDGES = (10.0, 100.0, 1_000.0, 10_000.0)
"""Where one band ends and the next begins, in any unit: decades, as most declarations in the
registers and in the demonstration lie between a few units and some ten thousands a year."""
_MIDDLES = np.array([3.0, 30.0, 300.0, 3_000.0, 30_000.0])
_STARTS = np.array([0.0, *EDGES])
_ENDS = np.array([*EDGES, np.inf])

Floats = NDArray[np.float64]
Bands = NDArray[np.int64]


def band(quantity: Floats) -> Bands:
    """Band of each quantity, shape (n,): 0 is below the first edge, an edge begins its band.

    Examples
    --------
    >>> band(np.array([9.99, 10.0, 250.0, 10_000.0, 1e6])).tolist()
    [0, 1, 2, 4, 4]
    """
    return np.searchsorted(EDGES, quantity, side="right").astype(np.int64)


def middle(bands: Bands) -> Floats:
    """One figure that stands for each band, shape (n,): a function of the band alone."""
    return _MIDDLES[bands]


def span(bands: Bands) -> tuple[float, float]:
    """Least and most that quantities in these bands can add up to; the most may be infinite."""
    return float(_STARTS[bands].sum()), float(_ENDS[bands].sum())
