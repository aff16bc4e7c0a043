"""Databases as they were: remembered, and put back."""

import sqlite3
from contextlib import closing
from pathlib import Path


def picture_of(file: Path) -> sqlite3.Connection:
    """Remember a database as it is now."""
    kept = sqlite3.connect(":memory:", check_same_thread=False)
    with closing(sqlite3.connect(file)) as source:
        source.backup(kept)
    return kept


def put_back(picture: sqlite3.Connection, file: Path) -> None:
    """Make a database again what it was."""
    with closing(sqlite3.connect(file)) as target:
        picture.backup(target)


def fingerprint(file: Path, *, without: tuple[str, ...] = ()) -> dict[str, int]:
    """A fingerprint of every table but some."""
    with closing(sqlite3.connect(file)) as database:
        wanted = "SELECT name FROM sqlite_master WHERE type = 'table'"
        tables = [name for (name,) in database.execute(wanted)]
        return {
            name: hash(frozenset(database.execute(f'SELECT * FROM "{name}"')))
            for name in tables
            if name not in without
        }
