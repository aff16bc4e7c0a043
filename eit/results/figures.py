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
_KEPT = np.array([len(f"{number:04d}".rstrip("0")) for number in range(10_000)], dtype=np.int8)
"""Of four digits, how many there are without the zeros at their end."""

_SIGNS = np.frombuffer(b"-.0\xff\xff.0\xff", dtype=np.uint32)
"""What follows the digits of a figure where they are laid ready: a sign or none, point, zero."""

_SIGN, _POINT, _ZERO, _NOTHING = range(DIGITS, DIGITS + 4)
READY: Final = DIGITS + 4  # letters laid ready per figure


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
    size = np.abs(figures)
    plain = (size >= 10.0**LEAST) & (size < 10.0 ** (MOST + 1))
    if plain.any():
        power, digits, sure = _digits(np.where(plain, size, 1.0))
        letters = _lay_out(power, digits, figures < 0)
        plain &= sure
    else:
        letters = np.empty((len(figures), WIDEST), dtype=np.uint8)
    letters[~plain] = NONE
    letters[size == 0, 0] = ord("0")
    rest = np.flatnonzero(~(plain | (size == 0) | np.isnan(figures)))
    letters[rest] = laid_out([f"{figure:.{DIGITS}g}".encode() for figure in figures[rest]], WIDEST)
    return letters


def laid_out(cells: Sequence[bytes], width: int) -> Letters:
    """Lay cells out as letters, shape (cells, width), with `NONE` where there is none."""
    filled = b"".join(cell.ljust(width, bytes([NONE])) for cell in cells)
    return np.frombuffer(filled, dtype=np.uint8).reshape(len(cells), width)


def _digits(size: Floats) -> tuple[Ints, Ints, Flags]:
    """Power of ten of the first digit, the twelve digits as one number, and whether it is sure."""
    power = np.searchsorted(_TENS, size, side="right") + (LEAST - 2)
    scaled = size * _ten(DIGITS - 1 - power)  # exact powers, as they are whole
    digits = np.rint(scaled).astype(np.int64)
    sure = np.abs(np.abs(scaled - digits) - 0.5) > DOUBT
    over = digits >= 10**DIGITS
    digits[over] = 10 ** (DIGITS - 1)
    power += over
    sure &= power <= MOST
    return np.minimum(power, MOST), digits, sure


def _ten(power: Ints) -> Floats:
    """The float nearest to a power of ten."""
    ten: Floats = _TENS[power - LEAST + 1]
    return ten


def _lay_out(power: Ints, digits: Ints, negative: Flags) -> Letters:
    """Set sign, digits, point and leading zeros; zeros at the end of a fraction are left out."""
    high = digits // 10**8
    rest = digits - high * 10**8
    middle = rest // 10**4
    low = rest - middle * 10**4
    fours = [_FOURS.take(four) for four in (high, middle, low)]
    ready = np.stack([*fours, np.where(negative, *_SIGNS)], axis=1)
    kept = np.where(middle > 0, 4 + _KEPT.take(middle), _KEPT.take(high))
    kept = np.where(low > 0, 8 + _KEPT.take(low), kept)
    places = _PLACES.take((power - LEAST) * (DIGITS + 1) + kept, axis=0)
    places += np.arange(0, READY * len(power), READY)[:, None]
    return ready.view(np.uint8).ravel().take(places)


def _places() -> NDArray[np.intp]:
    """Which of the letters laid ready stands where, by power and number of digits kept."""
    places = np.full((MOST - LEAST + 1, DIGITS + 1, WIDEST), _NOTHING, dtype=np.intp)
    for power in range(LEAST, MOST + 1):
        for kept in range(DIGITS + 1):
            whole, digits = max(power + 1, 0), list(range(max(kept, power + 1)))
            line = [_SIGN, *(digits[:whole] or [_ZERO])]
            if len(digits) > whole:
                line += [_POINT, *[_ZERO] * (-1 - power), *digits[whole:]]
            places[power - LEAST, kept, : len(line)] = line
    return places.reshape(-1, WIDEST)


_PLACES = _places()
