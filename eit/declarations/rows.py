"""Rows of declarations from any number of files, put together with what is known to be wrong."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from eit.faults import Fault, Notice
from eit.tables import Table, no_rows, schema

Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]
Positions = np.ndarray[tuple[int], np.dtype[np.intp]]


class Remark(NamedTuple):
    """Something to say of one column of some rows; ``details`` has one mapping for each row."""

    positions: Positions
    column: str
    code: str
    details: Sequence[Mapping[str, str]] = ()
    is_fault: bool = True


class Sent:
    """Cells as sent: read again from the files that are asked for, and from no other."""

    __slots__ = ("_starts", "_table", "_tables", "_texts")

    def __init__(self, tables: Sequence[Table], table: Positions) -> None:
        self._tables = tables
        self._table = table
        self._starts = np.searchsorted(table, np.arange(len(tables)))
        self._texts: dict[int, Mapping[str, Sequence[str]]] = {}

    def __call__(self, position: int, column: str) -> str:
        """One cell, without the spaces around it."""
        number = int(self._table[position])
        if number not in self._texts:
            table = self._tables[number]
            self._texts[number] = table.texts(table.schema.names)
        return self._texts[number][column][position - int(self._starts[number])].strip()


@dataclass(frozen=True, slots=True)
class Rows:
    """Every row of every file.

    Attributes
    ----------
    frame
        The columns of declarations, ``file`` and ``line``; index 0, 1, …
    table, line
        Which file each row is of, by its number, and its line there, shape (rows,).
    sound
        Rows without a fault so far, shape (rows,).
    declares
        Rows that declare something: all but the cancellations and the damaged, shape (rows,).
    damaged
        Rows of which it is not sure which cell stands where, shape (rows,).
    unread
        For each column with unreadable cells, their rows, shape (rows,).
    tables
        The files.
    sent
        Gives a cell as it stands in its file.
    """

    frame: pd.DataFrame
    table: Positions
    line: Positions
    sound: Flags
    declares: Flags
    damaged: Flags
    unread: Mapping[str, Flags]
    tables: Sequence[Table]
    sent: Sent

    def __getitem__(self, column: str) -> pd.Series:
        return self.frame[column]

    def unread_in(self, column: str) -> Flags:
        """Rows whose cell in a column could not be read."""
        return self.unread.get(column, np.zeros(len(self.frame), dtype=bool))

    def given(self, column: str) -> Flags:
        """Rows of files that have a column."""
        return np.array([column in table.given for table in self.tables], dtype=bool)[self.table]

    def where(self, position: int) -> str:
        """File and line of a row, to name it to its author."""
        return f"{self.file(position)}:{self.line[position]}"

    def file(self, position: int) -> str:
        """File of a row."""
        return self.tables[int(self.table[position])].file


def gather(tables: Sequence[Table]) -> Rows:
    """Put the rows of all files together, in the order of the files."""
    frames = [table.rows for table in tables] or [no_rows(schema("declarations"))]
    frame = pd.concat(frames, ignore_index=True)
    sizes = [len(table.rows) for table in tables]
    unread: dict[str, Flags] = {}
    damaged = np.zeros(len(frame), dtype=bool)
    for start, table in zip(np.cumsum([0, *sizes]).tolist(), tables, strict=False):
        place = _positions(table) if table.faults else {}
        for fault in table.faults:
            if fault.line not in place:
                continue
            cells = unread.setdefault(fault.column, np.zeros(len(frame), dtype=bool))
            (cells if fault.column else damaged)[start + place[fault.line]] = True
    number = np.repeat(np.arange(len(tables)), sizes)
    return Rows(
        frame=frame,
        table=number,
        line=frame["line"].to_numpy(),
        sound=np.concatenate([table.sound for table in tables] or [damaged]),
        declares=~damaged & frame["action"].isin(("create", "replace")).to_numpy(),
        damaged=damaged,
        unread=unread,
        tables=tables,
        sent=Sent(tables, number),
    )


def say(rows: Rows, remarks: Iterable[Remark]) -> tuple[list[Fault], list[Notice]]:
    """Turn remarks into sentences that show each cell as it was sent."""
    faults: list[Fault] = []
    notices: list[Notice] = []
    for remark in remarks:
        details = remark.details or [{}] * len(remark.positions)
        for position, detail in zip(remark.positions.tolist(), details, strict=True):
            file, line = rows.file(position), int(rows.line[position])
            cell = rows.sent(position, remark.column)
            if remark.is_fault:
                faults.append(Fault(file, line, remark.column, cell, remark.code, detail))
            else:
                notices.append(Notice(file, line, remark.column, cell, remark.code, detail))
    return faults, notices


def _positions(table: Table) -> dict[int, int]:
    return {line: position for position, line in enumerate(table.rows["line"].tolist())}
