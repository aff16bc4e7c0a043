"""A table given back to its author as it was sent, with what is wrong beside each row."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from eit.faults import Fault
from eit.tables.columns import NUMBER_TYPES
from eit.tables.guarding import guard
from eit.tables.header import FAULT_COLUMN
from eit.tables.numbers import read_number
from eit.tables.reading import Table, read_sheet, sheet_names
from eit.tables.schema import Column
from eit.tables.workbook import UnreadableWorkbookError

LONGEST_CELL = 32_767
"""Characters that a cell of a workbook holds."""


def write_corrected(
    table: Table, path: Path, lang: str, *, faults: Iterable[Fault] | None = None
) -> None:
    """Write a table again as it was sent, with its faults in a first column.

    Every row that is not blank comes back, in its order. A cell that a spreadsheet would run as a
    formula gets an apostrophe in front; reading takes it away again, and passes over our column.
    What is wrong with the header or the whole file stands beside the first row.

    Parameters
    ----------
    path
        XLSX if it ends so; else CSV, in UTF-8 with a byte order mark, with the separator of the
        table (``;`` if that was a workbook).
    faults
        Those of this file, and perhaps of others; by default those that reading it found.
    """
    said = table.faults if faults is None else [one for one in faults if one.file == table.file]
    try:
        sheet = read_sheet(table.sent, table.schema)
    except UnreadableWorkbookError:
        lines, separator = [0], ";"
        rows: list[Sequence[str]] = [[""]]
    else:
        lines, rows, separator = list(sheet.lines), list(sheet), sheet.separator or ";"
    notes = _notes(said, lines, lang)
    noted = [[note, *row] for note, row in zip([FAULT_COLUMN, *notes], rows, strict=False)]
    if path.suffix.lower() == ".xlsx":
        columns = [table.schema.recognise(title) for title in noted[0]]
        _write_workbook(path, sheet_names(table.schema)[0], noted, columns)
    else:
        _write_csv(path, noted, separator)


def _notes(faults: Iterable[Fault], lines: Sequence[int], lang: str) -> list[str]:
    """Sentences beside each row below the titles; those on the file stand by the first of them."""
    place = {line: at for at, line in enumerate(lines[1:])}
    notes: list[list[str]] = [[] for _ in lines[1:]] or [[]]
    for fault in faults:
        notes[place.get(fault.line, 0)].append(fault.remark(lang))
    return [" | ".join(note) for note in notes]


def _write_csv(path: Path, rows: Sequence[Sequence[str]], separator: str) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerows([[guard(cell) for cell in row] for row in rows])


def _write_workbook(
    path: Path, name: str, rows: Sequence[Sequence[str]], columns: Sequence[Column | None]
) -> None:
    import xlsxwriter  # here: a job that reads tables writes no workbook

    options = {"strings_to_formulas": False, "strings_to_urls": False, "constant_memory": True}
    with xlsxwriter.Workbook(path, options) as book:
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, 0, 60)
        for at, row in enumerate(rows):
            for place, cell in enumerate(row):
                column = columns[place] if at and place < len(columns) else None
                number = _number(cell, column)
                if number is None:
                    sheet.write_string(at, place, guard(cell)[:LONGEST_CELL])
                else:
                    sheet.write_number(at, place, number)


def _number(cell: str, column: Column | None) -> float | None:
    """Value of a cell of a column of numbers, where it is one."""
    if column is None or column.type not in NUMBER_TYPES:
        return None
    read = read_number(cell, comma_decimal=True)
    return None if read.fault else float(read.value)
