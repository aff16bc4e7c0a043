"""One reader for every declared table, from a CSV file or a workbook of whatever make."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from eit import texts
from eit.faults import Fault, Notice, fewer, in_order
from eit.tables.body import Body, read_body
from eit.tables.columns import Finding, Flags, Values, constant, constant_column, read_column
from eit.tables.header import Header, read_header
from eit.tables.rows import Sheet, decode, find_separator, read_rows
from eit.tables.schema import Column, Schema, schema
from eit.tables.workbook import UnreadableWorkbookError, is_workbook, read_workbook

GUESSED = {"cp1252": "cp1252 (Windows)", "utf-16-le": "UTF-16 LE", "utf-16-be": "UTF-16 BE"}
"""Encodings that no mark in the file tells, by the name that people know them by."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file read against its declared columns.

    Attributes
    ----------
    file
        The name that faults give it.
    schema
        Its declared columns.
    rows
        Every row that is not blank, in the order of the file: the declared columns in their order,
        then ``file`` and ``line``. A faulty cell holds ``""``, NaN or False.
    sound
        Which rows have no fault, shape (rows,).
    faults, notices
        In the order of the lines.
    given
        Names of the declared columns that the file has.
    header_line
        Line of the titles, 0 if there is none.
    sent
        The file itself.
    """

    file: str
    schema: Schema
    rows: pd.DataFrame
    sound: Flags
    faults: tuple[Fault, ...]
    notices: tuple[Notice, ...]
    given: frozenset[str]
    header_line: int
    sent: bytes = field(repr=False)

    @property
    def frame(self) -> pd.DataFrame:
        """The rows without a fault."""
        return self.rows[self.sound]

    def texts(self, columns: Iterable[str]) -> dict[str, Sequence[str]]:
        """Cells of declared columns as sent, one for each row; read again from the file."""
        sheet = read_sheet(self.sent, self.schema)
        header = read_header(self.schema, sheet.cells[0])
        body = read_body(self.file, sheet, header)
        blank = [""] * len(body.lines)
        return {
            name: _cells(body, header.places[name]) if name in header.places else blank
            for name in columns
        }


def read_table(source: Path | bytes, schema_name: str, *, file: str | None = None) -> Table:
    """Read a table, whole, with all its faults.

    Parameters
    ----------
    source
        The file, or its content.
    schema_name
        Which declared table it should be, as in ``datasets/schema/<name>.csv``.
    file
        The name that faults give it; by default that of the file.
    """
    content = source if isinstance(source, bytes) else source.read_bytes()
    name = file or (schema_name if isinstance(source, bytes) else source.name)
    declared = schema(schema_name)
    try:
        sheet = read_sheet(content, declared)
    except UnreadableWorkbookError as damage:
        return _unreadable(declared, content, Fault(name, 0, "", "", damage.code))
    if not sheet.cells:
        return _unreadable(declared, content, Fault(name, 0, "", "", "empty"))
    header = read_header(declared, sheet.cells[0])
    if not header.places:
        titles = ", ".join(header.titles[: header.width])
        return _unreadable(declared, content, Fault(name, sheet.lines[0], "", titles, "header"))
    return _read(name, declared, content, sheet, header)


def read_sheet(content: bytes, declared: Schema) -> Sheet:
    """Cells of a file as sent, the row of titles first.

    Raises
    ------
    UnreadableWorkbookError
        If it is a workbook that cannot be opened.
    """
    if is_workbook(content):
        return read_workbook(content, sheet_names(declared))
    text, encoding = decode(content)

    def weigh(titles: list[str]) -> int:
        return sum(declared.recognise(title) is not None for title in titles)

    separator, text = find_separator(text, weigh)
    return read_rows(text, separator, encoding)


def sheet_names(declared: Schema) -> tuple[str, ...]:
    """Names by which a workbook may tell which of its sheets holds a table."""
    french = texts.catalogue("fr").get(f"intake.sheet.{declared.name}", declared.name)
    return declared.name, french


def no_rows(declared: Schema) -> pd.DataFrame:
    """Rows of a table that has none."""
    columns = {column.name: constant_column(column, 0) for column in declared.columns}
    place = {"file": constant("", 0), "line": np.zeros(0, dtype=np.int64)}
    return pd.DataFrame(columns | place)


def _read(file: str, declared: Schema, sent: bytes, sheet: Sheet, header: Header) -> Table:
    body = read_body(file, sheet, header)
    columns: dict[str, Values] = {}
    findings: list[Finding] = []
    for column in declared.columns:
        if column.name not in header.places:
            columns[column.name] = constant_column(column, len(body.lines))
            continue
        cells = _cells(body, header.places[column.name])
        read = read_column(column, cells, comma_decimal=sheet.separator == ";")
        columns[column.name] = read.values
        findings += read.findings
        if column.type == "key":
            findings += _repeats(column, pd.Series(read.values), body.lines)
    said = list(_said(file, header, body, findings))
    faults = [*body.faults, *(one for one in said if isinstance(one, Fault))]
    missing = list(_missing(file, declared, sheet.lines[0], header))
    notices = [*body.notices, *(one for one in said if isinstance(one, Notice))]
    notices += _header_notices(file, declared, sheet, header, body)
    sound = ~np.isin(body.lines, [fault.line for fault in faults]) & (not missing)
    place = {"file": constant(file, len(sound)), "line": body.lines}
    rows = pd.DataFrame(columns | place, copy=False)
    return Table(
        file=file,
        schema=declared,
        rows=rows,
        sound=sound,
        faults=in_order([*missing, *faults]),
        notices=fewer(notices),
        given=frozenset(header.places),
        header_line=sheet.lines[0],
        sent=sent,
    )


def _cells(body: Body, places: Sequence[int]) -> Sequence[str]:
    """Cells of a column; where its title is repeated, the first that is not blank."""
    first, *others = (body.columns[place] for place in places)
    for other in others:
        first = [a if a.strip() else b for a, b in zip(first, other, strict=True)]
    return first


def _said(
    file: str, header: Header, body: Body, findings: Sequence[Finding]
) -> Iterator[Fault | Notice]:
    """Faults and notices of cells, but for the rows that are damaged as a whole."""
    columns = {found.column for found in findings}
    cells = {column: _cells(body, header.places[column]) for column in columns}
    for found in findings:
        if body.damaged[found.position]:
            continue
        kind = Fault if found.is_fault else Notice
        line, value = int(body.lines[found.position]), cells[found.column][found.position].strip()
        yield kind(file, line, found.column, value, found.code, found.detail)


def _repeats(column: Column, values: pd.Series, lines: np.ndarray) -> Iterator[Finding]:
    """Faults of the identifiers that an earlier row bears already."""
    repeated = values.duplicated() & (values != "")
    if repeated.any():
        first = pd.Series(lines).groupby(values.to_numpy()).first()
        for position in np.flatnonzero(repeated).tolist():
            detail = {"first": str(first[values[position]])}
            yield Finding(position, column.name, "duplicate", True, detail)


def _missing(file: str, declared: Schema, line: int, header: Header) -> Iterator[Fault]:
    for column in declared.columns:
        if column.required == "yes" and column.name not in header.places:
            titles = {"titles": ", ".join((column.name, *column.aliases))}
            yield Fault(file, line, column.name, "", "column_missing", titles)


def _header_notices(
    file: str, declared: Schema, sheet: Sheet, header: Header, body: Body
) -> Iterator[Notice]:
    line = sheet.lines[0]
    for at in header.unknown:
        title = header.titles[at].strip()
        if not title and not any(map(str.strip, body.columns[at])):
            continue
        code = "column_unknown" if title else "column_unnamed"
        detail = {"nearest": declared.nearest(title), "place": str(at + 1)}
        yield Notice(file, line, "", title, code, detail)
    for at in header.repeated:
        column = declared.recognise(header.titles[at])
        yield Notice(file, line, column.name if column else "", header.titles[at], "column_again")
    if sheet.encoding in GUESSED:
        yield Notice(file, 0, "", "", "encoding", {"encoding": GUESSED[sheet.encoding]})


def _unreadable(declared: Schema, sent: bytes, fault: Fault) -> Table:
    """A table without rows, for a file of which nothing can be read."""
    rows = no_rows(declared)
    nothing = np.zeros(0, dtype=bool)
    return Table(fault.file, declared, rows, nothing, (fault,), (), frozenset(), 0, sent)
