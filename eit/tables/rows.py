"""Rows of cells out of any CSV file: encoding, separator, quotes, and the line of each row."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from eit.tables.packed import PackedColumn, pack

SEPARATORS = (";", "\t", ",")
"""In the order in which they are tried; of equals the first wins."""

LONGEST_HEADER = 1 << 16
"""Characters among which the titles are looked for first."""

_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_DECLARED_SEPARATOR = re.compile(r'"?sep=(.)"?[ \t]*(?=[\r\n])', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sheet:
    """Cells of a file as sent, row by row, blank lines left out.

    Attributes
    ----------
    cells
        The rows; of a rectangle, the first one alone.
    lines
        Physical line on which each row starts, the first being 1.
    columns
        Of a rectangle, its columns below the first row; else none.
    unclosed, stray
        Lines of the rows with a quote that never closes, and of those with a quote out of place
        that could be read all the same.
    separator, encoding
        Of a CSV file; blank for a workbook.
    """

    cells: Sequence[Sequence[str]]
    lines: Sequence[int]
    unclosed: frozenset[int] = frozenset()
    stray: frozenset[int] = frozenset()
    separator: str = ""
    encoding: str = ""
    columns: Sequence[Sequence[str]] = ()

    def __iter__(self) -> Iterator[Sequence[str]]:
        """Every row in turn."""
        return chain(self.cells, zip(*self.columns, strict=True))


def decode(content: bytes) -> tuple[str, str]:
    """Text of a file and the encoding it was read in.

    A byte order mark decides; then UTF-16 if every other byte is NUL; then UTF-8; else each line
    is UTF-8 or cp1252, so that joined files of two origins both come out right.
    """
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace"), encoding
    start = content[:200]
    if start.count(0) > len(start) // 4:
        encoding = "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
        return content.decode(encoding, errors="replace"), encoding
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return "".join(map(_decode_line, content.splitlines(keepends=True))), "cp1252"


def find_separator(text: str, weigh: Callable[[list[str]], int]) -> tuple[str, str]:
    """Separator of a table, and its text with a first line such as ``sep=;`` emptied.

    Parameters
    ----------
    weigh
        How much a row looks like the header, as the number of titles recognised. The separator
        that finds most wins, then the one that finds most cells.
    """
    declared = _DECLARED_SEPARATOR.match(text[:20])
    if declared:
        return declared[1], text[declared.end() :]
    header = _first_line(text[:LONGEST_HEADER]) or _first_line(text)

    def merit(separator: str) -> tuple[int, int]:
        titles, _ = _split(header, separator)
        return weigh(titles), len(titles)

    return max(SEPARATORS, key=merit), text


def _first_line(text: str) -> str:
    """First line that is not blank, if another one follows or it is alone; else nothing."""
    lines = io.StringIO(text, newline="")
    header = next((line for line in lines if line.strip(" ;,\t\r\n")), "")
    return header if len(text) < LONGEST_HEADER or next(lines, "") else ""


def read_rows(text: str, separator: str, encoding: str = "utf-8") -> Sheet:
    """Every row of a CSV text; none is lost to a quote that another row forgot to close."""
    columns = _rectangle(text, separator)
    if columns:
        titles, below = [column[0] for column in columns], [column[1:] for column in columns]
        numbers = range(1, len(columns[0]) + 1)
        return Sheet([titles], numbers, separator=separator, encoding=encoding, columns=below)
    lines = list(io.StringIO(text, newline=""))
    if '"' in text:
        return replace(_read_quoted(lines, separator), encoding=encoding)
    cells = [line.rstrip("\r\n").split(separator) for line in lines]
    kept = [at for at, row in enumerate(cells) if is_filled(row)]
    rows = [cells[at] for at in kept]
    return Sheet(rows, [at + 1 for at in kept], separator=separator, encoding=encoding)


def is_filled(row: Sequence[str]) -> bool:
    """Whether a row has a cell that is not blank."""
    return bool(row) and (row[0].strip() != "" or any(map(str.strip, row)))


def _rectangle(text: str, separator: str) -> Sequence[Sequence[str]]:
    """Columns of a text in which every line is a row, as long as the others and not blank.

    That is the quick way, which most files can go; for any other, nothing.
    """
    plain = text.replace("\r\n", "\n").removesuffix("\n")
    if "\r" in plain:
        return ()
    columns = _quoted_columns(plain, separator) if '"' in text else pack(plain, separator)
    return columns if columns and _is_sure(columns[0]) else ()


def _is_sure(first: Sequence[str]) -> bool:
    """Whether no cell of the first column is blank, and none is its title again."""
    bare = isinstance(first, PackedColumn) and first.begins_bare()
    return (bare or all(map(str.strip, first))) and first.count(first[0]) == 1


def _quoted_columns(text: str, separator: str) -> Sequence[Sequence[str]]:
    lines = text.split("\n")
    reader = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True)
    try:
        rows = list(reader)
    except csv.Error:
        return ()
    same = len(rows) == len(lines) and len(set(map(len, rows))) == 1
    return list(zip(*rows, strict=True)) if same else ()


def _read_quoted(lines: list[str], separator: str) -> Sheet:
    rows: list[list[str]] = []
    starts: list[int] = []
    unclosed: set[int] = set()
    stray: set[int] = set()
    at = 0
    while True:
        at = _read_sound(lines, at, separator, rows, starts)
        if at >= len(lines):
            return Sheet(rows, starts, frozenset(unclosed), frozenset(stray), separator)
        cells, closed = _split(lines[at], separator)
        at += 1
        (stray if closed else unclosed).add(at)
        rows.append(cells)
        starts.append(at)


def _read_sound(
    lines: list[str], start: int, separator: str, cells: list[list[str]], starts: list[int]
) -> int:
    """Append rows from a line on; the number of lines read before the first that is in doubt."""
    rest = (lines[at] for at in range(start, len(lines)))
    reader = csv.reader(rest, delimiter=separator, strict=True, skipinitialspace=True)
    done = start
    try:
        for row in reader:
            end = start + reader.line_num
            if end - done > 1 and _swallowed(lines[done:end], row, separator, cells):
                return done
            if is_filled(row):
                cells.append(row)
                starts.append(done + 1)
            done = end
    except csv.Error:
        pass
    return done


def _swallowed(lines: list[str], row: list[str], separator: str, cells: list[list[str]]) -> bool:
    """Whether a row over several lines is rather several rows, the first with an open quote.

    So it is if a later line has the cells of a whole row by itself, and the row as a whole is
    ragged; or if every line has, and is too long for prose or starts with a single word.
    """
    width = len(cells[0]) if cells else len(row)
    full = [line.count(separator) + 1 >= width for line in lines]
    if width < 3 or len(row) != width:
        return width >= 3 and any(full[1:])
    words = [line.partition(separator)[0].split() for line in lines[1:]]
    return all(full) and (width >= 5 or all(len(word) == 1 for word in words))


def _split(line: str, separator: str) -> tuple[list[str], bool]:
    """Cells of one line by itself, and whether every quote that opens a cell also closes it.

    A cell ends where its quotes are even and the last character is one, so that
    ``"Bois "A" trié"`` is one cell.
    """
    pieces = line.rstrip("\r\n").split(separator)
    cells: list[str] = []
    parts: list[str] = []
    quotes = 0
    for piece in pieces:
        parts.append(piece)
        quotes += piece.count('"')
        opens = parts[0].lstrip().startswith('"')
        if opens and (quotes % 2 or not piece.rstrip().endswith('"')):
            continue
        cell = separator.join(parts)
        cells.append(cell.strip()[1:-1].replace('""', '"') if opens else cell)
        parts, quotes = [], 0
    return (pieces, False) if parts else (cells, True)


def _decode_line(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")
