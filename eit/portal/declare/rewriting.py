"""A file with some of its rows changed or taken out, every other row as it was, line by line."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eit.portal.declare.plain import plain
from eit.tables import schema
from eit.tables.guarding import guard
from eit.tables.header import Header, read_header
from eit.tables.reading import read_sheet
from eit.tables.rows import Sheet, decode, find_separator
from eit.tables.workbook import is_workbook

Cells = Mapping[str, str]
END = "\r\n"
WORKBOOK_SEPARATOR = ","
"""Of a workbook written again as text: under it, numbers are read as they were in the workbook."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A file as lines of text, understood.

    Attributes
    ----------
    lines
        Physical lines, without their ends.
    starts
        For the line on which each row begins, the line on which the next one does.
    """

    lines: list[str]
    separator: str
    header: Header
    header_line: int
    rows: Mapping[int, Sequence[str]]
    starts: Mapping[int, int]


def rewritten(content: bytes, changes: Mapping[int, Cells | None]) -> bytes:
    """A file with some rows changed; rows keep the lines on which they stood.

    What a row says of columns that are not declared, and every row that is not named, stays as it
    was, faults included. A workbook becomes CSV.

    Parameters
    ----------
    content
        A file that `eit.tables.read_table` finds a header in.
    changes
        By the line on which a row begins: its declared cells that change; None takes it out.

    Returns
    -------
    content
        CSV in UTF-8, with a byte order mark.

    Raises
    ------
    KeyError
        If no row begins on a line that is named.
    """
    text = _workbook_text(content) if is_workbook(content) else _file_text(content)
    named = {name for cells in changes.values() if cells for name, cell in cells.items() if cell}
    new = [name for name in schema("declarations").names if name in named - set(text.header.places)]
    lines = _with_columns(text, new) if new else list(text.lines)
    for line, cells in changes.items():
        row = "" if cells is None else _changed(text, line, cells, new)
        _put(lines, line, text.starts[line], row)
    return END.join(lines).encode("utf-8-sig")


def table_of(rows: Sequence[Cells]) -> bytes:
    """Rows of declared cells as a file, with the separator under which a comma is decimal."""
    named = {name for row in rows for name, cell in row.items() if cell}
    names = [name for name in schema("declarations").names if name in named]
    return END.join([_line(names, ";"), *(_row(row, names) for row in rows), ""]).encode(
        "utf-8-sig"
    )


def _row(row: Cells, names: Sequence[str]) -> str:
    return _line([plain(row.get(name, "")) for name in names], ";")


def _changed(text: _Text, line: int, cells: Cells, new: Sequence[str]) -> str:
    """A row with its changed cells, and those of new columns before them."""
    width = len(text.header.titles)
    sent = list(text.rows[line])[:width]
    row = [*sent, *[""] * (width - len(sent))]
    for name, cell in cells.items():
        first, *others = text.header.places.get(name, (None,))
        for other in others:
            row[other] = ""
        if first is not None:
            row[first] = plain(cell)
    return _line([*(plain(cells.get(name, "")) for name in new), *row], text.separator)


def _put(lines: list[str], line: int, following: int, row: str) -> None:
    """Put a row where another one stood, and leave the rest of its lines blank."""
    written = row.split("\n")
    room = following - line
    lines[line - 1] = row if len(written) > room else written[0]
    for at in range(1, room):
        lines[line - 1 + at] = written[at] if len(written) <= room and at < len(written) else ""


def _with_columns(text: _Text, new: Sequence[str]) -> list[str]:
    """Lines with more titles, and as many blank cells, before all others.

    Before, not after: a row that is longer than its titles stays so.
    """
    lines = list(text.lines)
    lines[text.header_line - 1] = text.separator.join([*new, lines[text.header_line - 1]])
    for start in text.starts:
        lines[start - 1] = text.separator * len(new) + lines[start - 1]
    return lines


def _file_text(content: bytes) -> _Text:
    whole, _ = decode(content)
    declared = schema("declarations")
    separator, below = find_separator(
        whole, lambda titles: sum(declared.recognise(title) is not None for title in titles)
    )
    lines = [line.rstrip("\r\n") for line in io.StringIO(below, newline="")]
    sheet = read_sheet(content, declared)
    text = _understood(sheet, lines, separator)
    text.lines[0] = whole[: len(whole) - len(below)] + text.lines[0]
    return text


def _workbook_text(content: bytes) -> _Text:
    sheet = read_sheet(content, schema("declarations"))
    lines = [""] * max(sheet.lines)
    for line, row in zip(sheet.lines, sheet, strict=True):
        flat = [" ".join(cell.splitlines()) for cell in row]
        lines[line - 1] = _line(flat, WORKBOOK_SEPARATOR)
    return _understood(sheet, lines, WORKBOOK_SEPARATOR)


def _understood(sheet: Sheet, lines: list[str], separator: str) -> _Text:
    numbers = list(sheet.lines)
    return _Text(
        lines=lines,
        separator=separator,
        header=read_header(schema("declarations"), sheet.cells[0]),
        header_line=numbers[0],
        rows=dict(zip(numbers[1:], list(sheet)[1:], strict=True)),
        starts=dict(zip(numbers[1:], [*numbers[2:], len(lines) + 1], strict=True)),
    )


def _line(cells: Sequence[str], separator: str) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerow([guard(one) for one in cells])
    return text.getvalue().removesuffix("\r\n").replace("\r\n", "\n").replace("\r", "\n")
