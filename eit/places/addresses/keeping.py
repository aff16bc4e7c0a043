"""What the address service answered, kept on disk: no address is asked for twice."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from eit.caches import cache_folder

FILE = "answers-1.sqlite"
"""The number is that of the layout: another one leaves the old file alone."""
TABLE = (
    "CREATE TABLE IF NOT EXISTS answer (service TEXT, query TEXT, reply TEXT NOT NULL,"
    " PRIMARY KEY (service, query)) WITHOUT ROWID"
)
AT_A_TIME = 500
BUSY_S = 10.0
Reply = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kept:
    """Answers of one service; without a database nothing is found and nothing is kept."""

    service: str
    database: sqlite3.Connection | None

    def find(self, queries: Iterable[str]) -> dict[str, Reply]:
        """What was answered before, by what was asked."""
        if self.database is None:
            return {}
        wanted = list(dict.fromkeys(queries))
        found: dict[str, Reply] = {}
        for start in range(0, len(wanted), AT_A_TIME):
            part = wanted[start : start + AT_A_TIME]
            marks = ",".join("?" * len(part))
            rows = self.database.execute(
                f"SELECT query, reply FROM answer WHERE service = ? AND query IN ({marks})",
                (self.service, *part),
            )
            found |= {query: json.loads(reply) for query, reply in rows}
        return found

    def add(self, answers: Mapping[str, Reply]) -> None:
        """Keep answers, all of them or none if the run is stopped."""
        if self.database is None:
            return
        rows = [(self.service, q, json.dumps(r, ensure_ascii=False)) for q, r in answers.items()]
        with self.database:
            self.database.executemany("INSERT OR REPLACE INTO answer VALUES (?, ?, ?)", rows)

    def close(self) -> None:
        """Let go of the file."""
        if self.database is not None:
            self.database.close()


def open_kept(service: str) -> Kept:
    """Answers of a service that were kept; none where nothing can be kept.

    A file that is damaged is put aside under another name.
    """
    folder = cache_folder("addresses")
    if folder is None:
        return Kept(service, None)
    path = folder / FILE
    database = _opened(path)
    if database is None and path.exists() and _put_aside(path):
        database = _opened(path)
    return Kept(service, database)


def _opened(path: Path) -> sqlite3.Connection | None:
    try:
        database = sqlite3.connect(path, timeout=BUSY_S)
    except sqlite3.Error:
        return None
    try:
        with database:
            database.execute(TABLE)
            database.execute("SELECT service, query, reply FROM answer LIMIT 1")
    except sqlite3.Error:
        database.close()
        return None
    return database


def _put_aside(path: Path) -> bool:
    try:
        path.replace(path.with_suffix(".damaged"))
    except OSError:
        return False
    return True
