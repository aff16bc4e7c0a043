"""Tables as the lines of a CSV file, all cells of a column at once."""

import csv
import io
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eit.results.figures import NONE, Letters, laid_out, written

SPECIAL = ',"\r\n'
"""A cell with one of these may have to be quoted."""

ROWS = 1 << 13
"""Rows laid out at once: what the processor's cache holds."""


def csv_lines(table: pd.DataFrame) -> Iterator[bytes]:
    """Lines of a table, a piece at a time: UTF-8, comma, point, LF, a blank for what is missing.

    Parameters
    ----------
    table
        Columns of texts, of whole numbers and of figures.

    Yields
    ------
    lines
        First the titles. A cell is quoted where it must be, as the module ``csv`` does.
    """
    titles = io.StringIO()
    csv.writer(titles, lineterminator="\n").writerow(table.columns)
    yield titles.getvalue().encode()
    columns = [_Column.of(table[name]) for name in table]
    for start in range(0, len(table), ROWS):
        pieces = []
        for column in columns:
            letters = column.letters(slice(start, start + ROWS))
            pieces += [letters, np.full((len(letters), 1), ord(","), dtype=np.uint8)]
        pieces[-1][:] = ord("\n")
        page = np.hstack(pieces)
        yield page[page < NONE].tobytes()


class _Column:
    """A column whose cells are laid out as letters, some rows at a time."""

    def __init__(self, figures: NDArray[np.float64] | None, places: object, cells: Letters) -> None:
        self._figures, self._places, self._cells = figures, np.asarray(places), cells

    @classmethod
    def of(cls, column: pd.Series) -> "_Column":
        """Figures as they are; of all else, the distinct cells, and which stands where."""
        if column.dtype == np.float64:
            return cls(column.to_numpy(), (), np.zeros((0, 0), dtype=np.uint8))
        places, distinct = pd.factorize(column)
        return cls(None, places, _letters(list(map(str, np.asarray(distinct, dtype=object)))))

    def letters(self, rows: slice) -> Letters:
        """Cells of some rows, as letters."""
        if self._figures is not None:
            return written(self._figures[rows])
        cells: Letters = self._cells[self._places[rows]]
        return cells


def _letters(texts: list[str]) -> Letters:
    """Distinct texts, quoted where they must be, and a last blank one for -1, as letters."""
    together = "".join(texts)
    if together.isascii() and not any(letter in together for letter in f"{SPECIAL}\0"):
        letters = np.array([*texts, ""], dtype=f"S{max(map(len, texts), default=0) or 1}")
        plain = letters.view(np.uint8).reshape(len(letters), -1)
        return np.where(plain == 0, np.uint8(NONE), plain)
    cells = [_quoted(text).encode() for text in texts]
    return laid_out([*cells, b""], max(map(len, cells), default=0))


def _quoted(text: str) -> str:
    if not any(letter in text for letter in SPECIAL):
        return text
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(["", text])
    return line.getvalue()[1:-1]
