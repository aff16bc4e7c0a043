"""The folder of address files made into one database, once."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from eit.faults import DeclarationError, Fault, Notice
from eit.places.addresses.spelling import plain, street_of
from eit.places.streams import stream

NAME = "addresses.sqlite"
VERSION = "1"
ENDINGS = (".csv", ".gz", ".zip")
NO_NUMBER = 9999
"""From this number on, it means that there is none (99999 in local address bases)."""
TABLES = """
CREATE TABLE about (fingerprint TEXT, addresses INTEGER, damaged INTEGER);
CREATE TABLE street (street INTEGER PRIMARY KEY, insee TEXT, postcode TEXT, city TEXT, name TEXT,
    kind TEXT, core TEXT, lon REAL, lat REAL, houses INTEGER, source TEXT);
CREATE TABLE house (street INTEGER, number INTEGER, suffix TEXT, lon REAL, lat REAL);
"""
INDEXES = """
CREATE INDEX street_insee ON street (insee);
CREATE INDEX street_postcode ON street (postcode);
CREATE INDEX house_street ON house (street, number);
"""


@dataclass(slots=True)
class _Street:
    """A street while its houses are counted."""

    number: int
    row: dict[str, str]
    houses: int = 0
    lon: float = 0.0
    lat: float = 0.0


def open_index(folder: str | Path) -> sqlite3.Connection:
    """Open the database of a folder of address files, made anew where a file has changed.

    Parameters
    ----------
    folder
        Files as published (``adresses-62.csv.gz``, ``lieux-dits-62-beta.csv.gz``, …), CSV, ZIP
        or GZ. The database is written beside them, as ``addresses.sqlite``.

    Raises
    ------
    DeclarationError
        If the folder holds no address file, or a file that is none.
    """
    folder = Path(folder)
    files = sorted(p for p in folder.glob("*") if p.suffix.lower() in ENDINGS and p.is_file())
    if not files:
        raise DeclarationError([Fault(folder.name, 0, "", str(folder), "no_addresses")])
    stated = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    fingerprint = VERSION + repr(stated)
    path = folder / NAME
    if not _is_current(path, fingerprint):
        _make(path, files, fingerprint)
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _is_current(path: Path, fingerprint: str) -> bool:
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path)) as database:
            found = database.execute("SELECT fingerprint FROM about").fetchone()
            return bool(found == (fingerprint,))
    except sqlite3.Error:
        return False


def _make(path: Path, files: list[Path], fingerprint: str) -> None:
    """Write the database beside its place, then put it there: half of one is never read."""
    unfinished = path.with_suffix(".tmp")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(unfinished)) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.executescript(TABLES)
        total, damaged, streets = 0, 0, 0
        for file in files:
            known: dict[tuple[str, str], _Street] = {}
            counts = [0]
            houses = _houses(file, known, streets, counts)
            database.executemany("INSERT INTO house VALUES (?, ?, ?, ?, ?)", houses)
            database.executemany(
                "INSERT INTO street VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (_row(street, file.name) for street in known.values()),
            )
            streets += len(known)
            total += sum(street.houses for street in known.values())
            damaged += counts[0]
        database.execute("INSERT INTO about VALUES (?, ?, ?)", (fingerprint, total, damaged))
        database.executescript(INDEXES)
        database.commit()
    unfinished.replace(path)


def _houses(
    file: Path, known: dict[tuple[str, str], _Street], first: int, damaged: list[int]
) -> Iterator[tuple[int, int, str, float, float]]:
    """Every house of a file; fills the streets that they stand in, and counts damaged rows."""
    for one in stream(file, "addresses"):
        if isinstance(one, Notice):
            damaged[0] += 1
            continue
        row = one[1]
        try:
            lon, lat = float(row["lon"].replace(",", ".")), float(row["lat"].replace(",", "."))
        except ValueError:
            damaged[0] += 1
            continue
        if not row["street"] or not (abs(lon) <= 180 and abs(lat) <= 90):
            damaged[0] += 1
            continue
        key = (row["insee"], row["street"])
        street = known.setdefault(key, _Street(first + len(known) + 1, row))
        street.houses += 1
        street.lon += (lon - street.lon) / street.houses
        street.lat += (lat - street.lat) / street.houses
        number = int(row["number"]) if row["number"].isdigit() else 0
        if 0 < number < NO_NUMBER:
            yield street.number, number, plain(row["suffix"]), lon, lat


def _row(street: _Street, source: str) -> tuple[object, ...]:
    row, spelled = street.row, street_of(street.row["street"])
    return (
        *(street.number, row["insee"], row["postcode"], row["city"], row["street"]),
        *(spelled.kind, spelled.core, street.lon, street.lat, street.houses, source),
    )
