"""Tables as the lines of a CSV file, all cells of a column at once."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import pandas as pd

from eit.results.figures import NONE, Letters, laid_out, written

SPECIAL = ',"\r\n'
"""A cell with one of these may have to be quoted."""

SAMPLE: Final = 1000
"""Where half of so many first texts differ, as ids do, none is looked for a second time."""

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
    columns = [_writer(table[name]) for name in table]
    for start in range(0, len(table), ROWS):
        cells = [column(slice(start, start + ROWS)) for column in columns]
        stop = np.cumsum([letters.shape[1] + 1 for letters in cells])
        page = np.full((len(cells[0]), stop[-1]), ord(","), dtype=np.uint8)
        for letters, end in zip(cells, stop.tolist(), strict=True):
            page[:, end - 1 - letters.shape[1] : end - 1] = letters
        page[:, -1] = ord("\n")
        yield page.tobytes().translate(None, delete=bytes([NONE]))


def _writer(column: pd.Series) -> Callable[[slice], Letters]:
    """What lays out the cells of some rows: figures as they are, of all else the distinct ones."""
    if column.dtype == np.float64:
        figures = column.to_numpy()
        return lambda rows: written(figures[rows])
    if column.dtype == "str" and len(pd.unique(column[:SAMPLE])) > SAMPLE // 2:
        texts = column.fillna("").to_numpy(dtype=object)
        return lambda rows: _letters(texts[rows].tolist())[:-1]
    values = column.to_numpy(dtype=object) if column.dtype == "str" else column.array

    def letters(rows: slice) -> Letters:
        places, distinct = pd.factorize(values[rows])  # of few rows: they stay in cache
        return _letters(list(map(str, distinct))).take(places, axis=0)

    return letters


def _letters(texts: list[str]) -> Letters:
    """Texts, quoted where they must be, and a last blank one for -1, as letters."""
    together = "".join(texts)
    if together.isascii() and not any(letter in together for letter in f"{SPECIAL}\0"):
        letters = np.array([*texts, ""], dtype=np.bytes_)
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
