"""Very large CSV files read row by row, whatever is wrong with one of them."""

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from eit.faults import DeclarationError, Fault, Notice
from eit.tables import schema

SEPARATORS = (",", ";", "\t", "|")


def stream(
    path: Path, schema_name: str, *, only: tuple[str, Collection[str]] = ("", ())
) -> Iterator[tuple[int, dict[str, str]] | Notice]:
    """Every row of a file as its line and the cells of its declared columns.

    A row that is damaged comes as a notice instead; one with a quote that never closes does not
    take its neighbours along. Nothing but the row at hand is held in memory.

    Parameters
    ----------
    path
        A CSV file in UTF-8; a ``.zip`` holds it as its first CSV file, a ``.gz`` is it.
    schema_name
        Which declared table it should be; a column that the file lacks is ``""``.
    only
        A column and the cells wanted in it, if any: every other row comes without its cells, as
        an empty mapping, and costs next to nothing.

    Raises
    ------
    DeclarationError
        If a required column is missing.
    """
    with opened(path) as text:
        first = text.readline().lstrip("\ufeff")
        separator = max(SEPARATORS, key=first.count)
        titles = next(csv.reader([first], delimiter=separator), [])
        places = _places(path.name, schema_name, titles)
        blank = dict.fromkeys(set(schema(schema_name).names) - set(places), "")
        key, wanted = places.get(only[0], 0), only[1]
        for line, row, why in _rows(text, separator, len(titles)):
            if why:
                yield Notice(path.name, line, "", why, "register_broken")
            elif wanted and row[key].strip() not in wanted:
                yield line, {}
            else:
                yield line, {name: row[at].strip() for name, at in places.items()} | blank


def _rows(
    text: Iterable[str], separator: str, width: int
) -> Iterator[tuple[int, Sequence[str], str]]:
    """Line, cells and what is wrong of every row; of a run that a quote swallowed, line by line."""
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in text:
            taken.append(line)
            yield line

    reader = csv.reader(lines(), delimiter=separator)
    start = 2
    while True:
        taken.clear()
        why = ""
        row: Sequence[str] = ()
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            why = str(error)
        if not why and len(row) != width:
            why = f"{len(row)} / {width}"
        if why and len(taken) > 1:
            for offset, line in enumerate(taken):
                cells = next(csv.reader([line], delimiter=separator), [])
                yield start + offset, cells, "" if len(cells) == width else why
        elif row or why:
            yield start, row, why
        start += len(taken)


def _places(file: str, schema_name: str, titles: Sequence[str]) -> dict[str, int]:
    """Position of each declared column."""
    declared = schema(schema_name)
    places: dict[str, int] = {}
    for at, title in enumerate(titles):
        if column := declared.recognise(title):
            places.setdefault(column.name, at)
    missing = [c for c in declared.columns if c.required == "yes" and c.name not in places]
    faults = []
    for column in missing:
        wanted = {"titles": ", ".join((column.name, *column.aliases))}
        faults.append(Fault(file, 1, column.name, "", "column_missing", wanted))
    if faults:
        raise DeclarationError(faults)
    return places


@contextmanager
def opened(path: Path) -> Iterator[io.TextIOBase]:
    """The text of a file, of the first CSV file of a ZIP archive, or of a GZ archive.

    Raises
    ------
    DeclarationError
        If an archive is damaged, or holds no CSV file; also from what reads the text.
    """
    try:
        with _unpacked(path) as raw:
            yield io.TextIOWrapper(raw, encoding="utf-8", errors="replace", newline="")
    except (zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib.error) as error:
        why = {"why": " ".join(str(error).split())}
        raise DeclarationError([Fault(path.name, 0, "", "", "damaged_archive", why)]) from error


@contextmanager
def _unpacked(path: Path) -> Iterator[IO[bytes]]:
    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as archive:
            name = next((n for n in sorted(archive.namelist()) if n.lower().endswith(".csv")), "")
            if not name:
                raise DeclarationError([Fault(path.name, 0, "", "", "register_nothing")])
            with archive.open(name) as raw:
                yield raw
    elif path.suffix.lower() == ".gz":
        with gzip.open(path, "rb") as raw:
            yield cast("IO[bytes]", raw)
    else:
        with path.open("rb") as raw:
            yield raw
