"""Open the portal's database, durably, and change it one whole step at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session

BUSY_S = 30


@dataclass(frozen=True, slots=True)
class Store:
    """An open database."""

    engine: Engine

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one state and changes nothing."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def changing(self) -> Iterator[Session]:
        """A session that is on disk in full once the block ends, or not at all."""
        with Session(self.engine, expire_on_commit=False) as session:
            session.connection(execution_options={"eit_writes": True})
            yield session
            session.commit()


def open_store(url: str) -> Store:
    """Open a database by its address: ``sqlite:///portal.sqlite``, ``postgresql+psycopg://…``.

    SQLite runs in write-ahead mode with full synchronisation: what is acknowledged outlives a
    killed process and a power cut. Writers take their turn at once (BEGIN IMMEDIATE) and wait
    for each other up to 30 s.
    """
    engine = create_engine(url, pool_pre_ping=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    return Store(engine)


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_S * 1000}")  # first: the others may have to wait
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin(connection: Any) -> None:
    writes = connection.get_execution_options().get("eit_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
