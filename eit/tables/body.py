"""The rows below the header, cut to its width, with what is wrong with whole rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from eit.faults import Fault, Notice
from eit.tables.columns import Flags
from eit.tables.header import Header
from eit.tables.rows import Sheet
from eit.tables.schema import key_of


@dataclass(frozen=True, slots=True)
class Body:
    """Rows of a table by columns.

    Attributes
    ----------
    columns
        Cells of each title, as sent.
    lines
        Physical line of each row, shape (rows,).
    damaged
        Rows of which it is not sure which cell stands under which title, shape (rows,).
    """

    columns: Sequence[Sequence[str]]
    lines: np.ndarray[tuple[int], np.dtype[np.int64]]
    damaged: Flags
    faults: tuple[Fault, ...]
    notices: tuple[Notice, ...]


def read_body(file: str, sheet: Sheet, header: Header) -> Body:
    """Take the rows below the header: blank rows and repeats of the header are left out."""
    if not sheet.columns:
        return _read_rows(file, sheet, header)
    if any(cell.strip() for column in sheet.columns[header.width :] for cell in column):
        return _read_rows(file, replace(sheet, cells=list(sheet), columns=()), header)
    lines = np.arange(2, len(sheet.lines) + 1)
    return Body(sheet.columns, lines, np.zeros(len(lines), dtype=bool), (), ())


def _read_rows(file: str, sheet: Sheet, header: Header) -> Body:
    notices: list[Notice] = []
    faults: list[Fault] = []
    kept: list[Sequence[str]] = []
    lines: list[int] = []
    titles = [key_of(title) for title in header.titles[: header.width]]
    for line, row in zip(sheet.lines[1:], sheet.cells[1:], strict=True):
        if row[0] == header.titles[0] and [key_of(c) for c in row[: header.width]] == titles:
            notices.append(Notice(file, line, "", row[0], "header_again"))
            continue
        kept.append(row)
        lines.append(line)
    for at, said in _odd_rows(file, sheet, header, kept, lines):
        kept[at] = [*kept[at][: header.width], *[""] * (header.width - len(kept[at]))]
        if isinstance(said, Fault):
            faults.append(said)
        elif said is not None:
            notices.append(said)
    wrong = {fault.line for fault in faults}
    return Body(
        columns=list(zip(*kept, strict=True)) or [()] * header.width,
        lines=np.array(lines, dtype=np.int64),
        damaged=np.fromiter((line in wrong for line in lines), bool, len(lines)),
        faults=tuple(faults),
        notices=tuple(notices),
    )


def _odd_rows(
    file: str, sheet: Sheet, header: Header, cells: Sequence[Sequence[str]], lines: Sequence[int]
) -> Iterator[tuple[int, Fault | Notice | None]]:
    """Positions of the rows that are ragged or have a quote out of place, and what to say."""
    lengths = np.fromiter(map(len, cells), np.int64, len(cells))
    misquoted = sheet.unclosed | sheet.stray
    odd = set(np.flatnonzero(lengths != header.width).tolist())
    odd |= {at for at, line in enumerate(lines) if line in misquoted} if misquoted else set()
    for at in sorted(odd):
        row, line = cells[at], lines[at]
        extra = [cell.strip() for cell in row[header.width :]]
        count = {"cells": str(len(row)), "titles": str(header.width)}
        if line in sheet.unclosed:
            yield at, Fault(file, line, "", sheet.separator.join(row), "quote")
        elif any(extra):
            yield at, Fault(file, line, "", " ".join(filter(None, extra)), "row_long", count)
        elif line in sheet.stray:
            yield at, Notice(file, line, "", "", "quote_stray")
        elif len(row) > len(header.titles) and sheet.separator:
            yield at, Notice(file, line, "", "", "row_long_blank", count)
        elif len(row) < header.width and sheet.separator:
            yield at, Notice(file, line, "", "", "row_short", count)
        else:
            yield at, None
