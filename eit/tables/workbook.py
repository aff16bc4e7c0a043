"""Rows of cells out of a spreadsheet file, every cell as the text a person would have typed."""

import datetime as dt
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Collection
from copy import copy
from typing import Any

import numpy as np
import python_calamine

from eit.tables.rows import Sheet, is_filled
from eit.tables.schema import key_of

LARGEST_BYTES = 1 << 30
"""Most that the parts of a workbook may hold together once unpacked."""

LARGEST_CELLS = 40_000_000
"""Most cells in the smallest rectangle around a sheet: calamine keeps every one in memory."""

_MARKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_REFERENCE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{1,3}[0-9]{1,7})["']""")
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHUNK = 1 << 24
_DAMAGE = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error)
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class UnreadableWorkbookError(ValueError):
    """A workbook that is damaged, locked, or larger unpacked than it may be; holds a fault code."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def is_workbook(content: bytes) -> bool:
    """Whether a file is a spreadsheet by its first bytes, whatever its name says."""
    return content.startswith(_MARKS)


def read_workbook(content: bytes, names: Collection[str]) -> Sheet:
    """Rows of the sheet that bears one of the names, else of the first sheet.

    Raises
    ------
    UnreadableWorkbookError
        If it is damaged or protected by a password (``workbook``), or too large (``too_large``).
    """
    if content.startswith(_MARKS[0]):
        refuse_bombs(content, largest_bytes=LARGEST_BYTES, largest_cells=LARGEST_CELLS)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        keys = {key_of(name) for name in names}
        titles = [sheet for sheet in book.sheet_names if key_of(sheet) in keys]
        sheet = book.get_sheet_by_name((titles or book.sheet_names)[0])
        values = sheet.to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, IndexError) as damage:
        raise UnreadableWorkbookError("workbook") from damage
    cells = [[v if type(v) is str else _TEXT[type(v)](v) for v in row] for row in values]
    kept = [at for at, row in enumerate(cells) if is_filled(row)]
    return Sheet([cells[at] for at in kept], [at + 1 for at in kept])


def refuse_bombs(content: bytes, *, largest_bytes: int, largest_cells: int) -> None:
    """Refuse a file that would unpack, or spread out, beyond what memory should hold.

    Every part is unpacked, a piece at a time, and counted: what its header says of its size is
    not believed.

    Parameters
    ----------
    content
        A workbook that is a zip archive.
    largest_bytes
        Most that its parts may hold together.
    largest_cells
        Most cells in the rectangle around a sheet.

    Raises
    ------
    UnreadableWorkbookError
        ``too_large`` beyond either limit, ``workbook`` if it is damaged.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            infos = parts.infolist()
            if sum(part.file_size for part in infos) > largest_bytes:
                raise UnreadableWorkbookError("too_large")
            usual = all(part.compress_type in _PACKINGS for part in infos)
            if not usual or "[Content_Types].xml" not in parts.namelist():
                raise UnreadableWorkbookError("workbook")
            left = largest_bytes
            for part in infos:
                unpacked, cells = _measure(parts, part, left)
                left -= unpacked
                if left < 0 or cells > largest_cells:
                    raise UnreadableWorkbookError("too_large")
    except _DAMAGE as damage:
        raise UnreadableWorkbookError("workbook") from damage


def _measure(parts: zipfile.ZipFile, part: zipfile.ZipInfo, most: int) -> tuple[int, int]:
    """Bytes of a part, counted to just beyond the most it may have, and the cells it spans.

    The cells are those of the rectangle from A1 to the last row and column that a sheet names.
    """
    height = width = size = 0
    tail = b""
    unbelieved = copy(part)
    unbelieved.file_size = most + 1
    with parts.open(unbelieved) as sheet:
        while chunk := sheet.read(_CHUNK):
            size += len(chunk)
            references = b" ".join(_REFERENCE.findall(tail + chunk))
            tail = chunk[-64:]
            if not references:
                continue
            rows = np.array(references.translate(None, _LETTERS).split(), dtype=np.int64)
            columns = set(references.translate(None, b"0123456789").upper().split())
            height = max(height, int(rows.max()))
            width = max(width, *map(_column_number, columns))
    return size, height * width


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _number_text(value: float) -> str:
    whole = value.is_integer() and abs(value) < 1e15
    return str(int(value)) if whole else repr(value)


def _moment_text(value: dt.datetime) -> str:
    return value.date().isoformat() if value.time() == dt.time() else value.isoformat()


_TEXT: dict[type, Callable[[Any], str]] = {
    float: _number_text,
    int: str,
    bool: lambda value: "true" if value else "false",
    dt.date: dt.date.isoformat,
    dt.datetime: _moment_text,
    dt.time: dt.time.isoformat,
    dt.timedelta: str,
}
