"""Figures as a run folder says them: twelve significant digits, many at once."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

DIGITS: Final = 12
"""Significant digits of every figure in a run folder."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Letters = NDArray[np.uint8]

LEAST, MOST = -4, 11
"""Powers of ten of the figures that are written without an exponent."""
WIDEST: Final = 19  # characters of the longest figure, -1.23456789012e+100
NONE: Final = 255
"""Stands for no letter: UTF-8 has no such byte."""
DOUBT: Final = 2.0**-11  # of a last digit: so near to half of it, floats cannot round

_TENS = np.array([float(f"1e{power}") for power in range(LEAST - 1, DIGITS - LEAST)])
_FOURS = np.array([f"{number:04d}" for number in range(10_000)], dtype="S4").view(np.uint32)
_CUT = np.where(np.arange(DIGITS) >= np.arange(DIGITS + 1)[:, None], np.uint8(NONE), np.uint8(0))
_ZERO, _POINT, _MINUS = b"0.-"


def written(figures: Floats) -> Letters:
    """Write figures as ``f"{figure:.12g}"`` does, a blank for NaN and 0 for -0.

    Parameters
    ----------
    figures
        Shape (n,).

    Returns
    -------
    letters
        ASCII, shape (n, `WIDEST`), with `NONE` where there is no letter.

    Examples
    --------
    >>> for row in written(np.array([1 / 3, -0.0, 250.0, np.nan, -1e-7])):
    ...     bytes(row[row < NONE])
    b'0.333333333333'
    b'0'
    b'250'
    b''
    b'-1e-07'
    """
    letters = np.full((len(figures), WIDEST), NONE, dtype=np.uint8)
    size = np.abs(figures)
    plain = np.flatnonzero((size >= 10.0**LEAST) & (size < 10.0 ** (MOST + 1)))
    power, digits, sure = _digits(size[plain])
    plain, power, digits = plain[sure], power[sure], digits[sure]
    _lay_out(letters, plain, power, digits)
    letters[plain, 0] = np.where(figures[plain] < 0, _MINUS, NONE)
    letters[size == 0, 0] = _ZERO
    done = size == 0
    done[plain] = True
    rest = np.flatnonzero(~done & ~np.isnan(figures))
    letters[rest] = laid_out([f"{figure:.{DIGITS}g}".encode() for figure in figures[rest]], WIDEST)
    return letters


def laid_out(cells: Sequence[bytes], width: int) -> Letters:
    """Lay cells out as letters, shape (cells, width), with `NONE` where there is none."""
    filled = b"".join(cell.ljust(width, bytes([NONE])) for cell in cells)
    return np.frombuffer(filled, dtype=np.uint8).reshape(len(cells), width)


def _digits(size: Floats) -> tuple[Ints, Ints, Flags]:
    """Power of ten of the first digit, the twelve digits as one number, and whether it is sure."""
    power = np.floor(np.log10(size)).astype(np.int64)
    power += size >= _ten(power + 1)
    power -= size < _ten(power)
    scaled = size * _ten(DIGITS - 1 - power)  # exact powers, as they are whole
    digits = np.rint(scaled).astype(np.int64)
    sure = np.abs(np.abs(scaled - digits) - 0.5) > DOUBT
    over = digits >= 10**DIGITS
    return power + over, np.where(over, 10 ** (DIGITS - 1), digits), sure & (power + over <= MOST)


def _ten(power: Ints) -> Floats:
    """The float nearest to a power of ten."""
    ten: Floats = _TENS[power - LEAST + 1]
    return ten


def _lay_out(letters: Letters, at: Ints, power: Ints, digits: Ints) -> None:
    """Set digits, point and leading zeros; zeros at the end of a fraction are left out."""
    fours = np.stack([digits // 10**8, digits // 10**4 % 10**4, digits % 10**4], axis=1)
    each = _FOURS[fours].view(np.uint8)
    kept = DIGITS - np.argmax(each[:, ::-1] != _ZERO, axis=1)
    each = np.maximum(each, _CUT[np.maximum(kept, power + 1)])
    for of in range(LEAST, MOST + 1):
        rows = np.flatnonzero(power == of)
        line = np.full((len(rows), WIDEST), NONE, dtype=np.uint8)
        if of < 0:
            line[:, 1 : 2 - of] = _ZERO
            line[:, 2] = _POINT
            line[:, 2 - of : 2 - of + DIGITS] = each[rows]
        else:
            line[:, 1 : of + 2] = each[rows, : of + 1]
            line[:, of + 2] = np.where(kept[rows] > of + 1, _POINT, NONE)
            line[:, of + 3 : DIGITS + 2] = each[rows, of + 1 :]
        letters[at[rows]] = line
