"""Columns of a plain CSV text, kept as the bytes of the file: strings only where one is needed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np
import pandas as pd

LONGEST = 32
"""Bytes of the longest cell up to which equal cells of a column are told by their bytes."""

EXACT_DIGITS = 15
"""Digits of a whole number that a float certainly holds, and so does its quotient by 10 ** k."""

_CHUNK = 1 << 15  # rows
_BLOCK = 1 << 20  # bytes
_LINE_FEED = ord("\n")
_WORD = 8  # bytes
_KEPT = np.array([(1 << 8 * kept) - 1 for kept in range(_WORD + 1)], dtype="<u8")
_POWERS = np.array([float(10**places) for places in range(EXACT_DIGITS + 1)])
_WITH_SIGN = 2  # bytes of a number beside its digits: a sign and a decimal mark

Bytes = np.ndarray[tuple[int], np.dtype[np.uint8]]
Places = np.ndarray[tuple[int], np.dtype[np.int64]]
Floats = np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class PackedColumn(Sequence[str]):
    """Cells of one column, each a stretch of the bytes of a file.

    Attributes
    ----------
    content
        The file, UTF-8 without NUL, filled up to whole words, and one more word at its end.
    starts, ends
        First byte of each cell and the byte after its last, shape (rows,).
    """

    content: Bytes = field(repr=False)
    starts: np.ndarray[tuple[int], np.dtype[Any]]
    ends: np.ndarray[tuple[int], np.dtype[Any]]

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> "PackedColumn": ...
    def __getitem__(self, at: int | slice) -> "str | PackedColumn":
        if isinstance(at, slice):
            return PackedColumn(self.content, self.starts[at], self.ends[at])
        return self.content[self.starts[at] : self.ends[at]].tobytes().decode()

    def __iter__(self) -> Iterator[str]:
        return iter(self.strings())

    def strings(self) -> list[str]:
        """Every cell."""
        if self._longest() > LONGEST:
            stretches = zip(self.starts.tolist(), self.ends.tolist(), strict=True)
            content = self.content.data
            return [str(content[start:end], "utf-8") for start, end in stretches]
        return self._decoded(np.arange(len(self)))

    def distinct(self) -> tuple[Places, Sequence[str]]:
        """Place of each cell among the distinct ones, shape (rows,), and these, as first met."""
        longest = self._longest()
        if longest > LONGEST:
            places, found = pd.factorize(np.array(self.strings(), dtype=object))
            return places, list(found)
        places, _ = pd.factorize(self._words(0))
        for word in range(1, -(-longest // _WORD)):
            more, others = pd.factorize(self._words(word))
            places, _ = pd.factorize(places * len(others) + more)
        first = np.zeros(places.max(initial=-1) + 1, dtype=np.int64)
        first[places[::-1]] = np.arange(len(places))[::-1]
        return places, self._decoded(first)

    def numbers(self, mark: str) -> Floats | None:
        """Cells as floats, NaN for empty ones, to the bit as Python reads them.

        None unless every other cell is a sign at most, digits and at most one decimal mark, which
        is a point or `mark`, in ASCII, of `EXACT_DIGITS` digits at most.
        """
        longest = self._longest()
        if longest > EXACT_DIGITS + _WITH_SIGN:
            return None
        if longest == 0:
            return np.full(len(self), np.nan)
        values = np.empty(len(self))
        for start in range(0, len(self), _CHUNK):
            part = self[start : start + _CHUNK]
            read = _numbers(part._letters(longest), ord(mark))
            if read is None:
                return None
            values[start : start + _CHUNK] = read
        return values

    def begins_bare(self) -> bool:
        """Whether every cell begins with an ASCII letter, digit or sign: none is blank then."""
        first = self.content[self.starts]
        return bool((self.ends > self.starts).all() and ((first > 32) & (first < 127)).all())

    def count(self, value: str) -> int:
        """How many cells are the same as one."""
        sought = value.encode()
        at = self.starts[self.ends - self.starts == len(sought)]
        for place, byte in enumerate(sought):
            at = at[self.content[at + place] == byte]
        return len(at)

    def _longest(self) -> int:
        return int((self.ends - self.starts).max(initial=0))

    def _words(self, number: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
        """Eight bytes of each cell, zeros behind its end, the first byte in the lowest place."""
        aligned = self.content.view("<u8")
        words = np.empty(len(self), dtype="<u8")
        for begin in range(0, len(self), _CHUNK):
            chunk = slice(begin, begin + _CHUNK)
            start = self.starts[chunk].astype(np.int64)
            kept = np.clip(self.ends[chunk] - start - _WORD * number, 0, _WORD)
            place = np.where(kept > 0, (start >> 3) + number, 0)
            shift = ((start & 7) << 3).astype(np.uint64)
            low = aligned[place] >> shift
            high = (aligned[place + 1] << np.uint64(1)) << (np.uint64(63) - shift)
            words[chunk] = (low | high) & _KEPT[kept]
        return words

    def _letters(self, longest: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
        """Bytes of the cells, zeros behind their ends, shape (longest, rows)."""
        words = [self._words(word) for word in range(-(-longest // _WORD))]
        together = np.stack(words, axis=1).view(np.uint8)
        return np.ascontiguousarray(together.T[:longest])

    def _decoded(self, at: Places) -> list[str]:
        """Cells at some positions; none may be longer than `LONGEST`."""
        cells: list[str] = []
        for begin in range(0, len(at), _CHUNK):
            chunk = at[begin : begin + _CHUNK]
            part = PackedColumn(self.content, self.starts[chunk], self.ends[chunk])
            words = [part._words(word) for word in range(LONGEST // _WORD)]
            letters = np.stack(words, axis=1).view(f"S{LONGEST}")  # zeros at its end do not count
            cells += b"\n".join(letters[:, 0].tolist()).decode().split("\n")
        return cells


def pack(text: str, separator: str) -> Sequence[PackedColumn]:
    """Columns of a text of which every line has the same number of cells; else none.

    Parameters
    ----------
    text
        Lines that end in a line feed, but for the last one.
    separator
        One character; where it is not ASCII, or where the text has a NUL, there are no columns.
    """
    if not separator.isascii() or "\0" in text:
        return ()
    sent = text.encode()
    last = len(sent)
    content = np.zeros(last // _WORD * _WORD + 3 * _WORD, dtype=np.uint8)
    content[:last] = np.frombuffer(sent, dtype=np.uint8)
    content[last] = _LINE_FEED
    width = text.partition("\n")[0].count(separator) + 1
    ends = _ends(content[: last + 1], ord(separator))
    lines = len(ends) // width
    if len(ends) % width or (content[ends[width - 1 :: width]] != _LINE_FEED).any():
        return ()
    if lines != text.count("\n") + 1:
        return ()
    rows = np.ascontiguousarray(ends.reshape(lines, width).T)
    first = np.concatenate([np.zeros(1, dtype=rows.dtype), rows[-1, :-1] + 1])
    starts = [first, *(rows[at] + 1 for at in range(width - 1))]
    return [PackedColumn(content, *both) for both in zip(starts, rows, strict=True)]


def _ends(content: Bytes, separator: int) -> np.ndarray[tuple[int], np.dtype[Any]]:
    """Places of the separators and line feeds."""
    kind = np.int32 if len(content) <= np.iinfo(np.int32).max else np.int64
    found = []
    for begin in range(0, len(content), _BLOCK):
        block = content[begin : begin + _BLOCK]
        at = np.flatnonzero((block == separator) | (block == _LINE_FEED))
        found.append((at + begin).astype(kind))
    return np.concatenate(found)


def _numbers(letters: np.ndarray[tuple[int, int], np.dtype[np.uint8]], mark: int) -> Floats | None:
    """Columns of letters as floats, zeros behind their ends, NaN where there is nothing else.

    Both the whole number and the power of ten are exact, so that their quotient is the float
    nearest to what is written.
    """
    first = letters[0]
    digits = letters - np.uint8(ord("0"))
    is_digit = digits < 10
    is_mark = (letters == ord(".")) | (letters == mark)
    known = is_digit | is_mark | (letters == 0)
    known[0] |= (first == ord("-")) | (first == ord("+"))
    figures, marks = (flags.sum(axis=0, dtype=np.int64) for flags in (is_digit, is_mark))
    empty = first == 0
    doubtful = (marks > 1) | (figures > EXACT_DIGITS) | ((figures == 0) & ~empty)
    if not known.all() or doubtful.any():
        return None
    whole = np.zeros(len(first), dtype=np.int64)
    decimals = np.zeros(len(first), dtype=np.int64)
    behind = np.zeros(len(first), dtype=bool)
    for digit, counts, marked in zip(digits, is_digit, is_mark, strict=True):
        np.multiply(whole, 10, out=whole, where=counts)
        np.add(whole, digit, out=whole, where=counts)
        decimals += behind & counts
        behind |= marked
    values: Floats = whole / _POWERS[decimals]
    values[first == ord("-")] *= -1
    values[empty] = np.nan
    return values
