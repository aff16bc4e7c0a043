"""One archive of everything the portal keeps, made while it runs, put back on any database.

The archive is a zip: each table as lines of JSON, each file of each finished run, and a
manifest of their SHA-256. It says nothing of the database it came from, so that what ran on
SQLite goes on on PostgreSQL, and back.
"""

import base64
import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from sqlalchemy import Connection, Table, delete, func, insert, select

from eit.store.columns import now
from eit.store.database import Store
from eit.store.migrations import newest, upgrade, version
from eit.store.models import Base

FORMAT = 1
MANIFEST = "manifest.json"
BATCH = 50
CHUNK = 1 << 20
ORDER = {"submission": ("received_at", "id")}
"""Tables whose rows name earlier rows of the same table: those go first."""


class UnfitArchiveError(ValueError):
    """An archive that cannot be put back: ``code`` says why."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Kept:
    """What an archive holds: rows by table, and files of runs."""

    rows: Mapping[str, int]
    files: int

    def as_dict(self) -> dict[str, Any]:
        """Figures as plain values."""
        return {"rows": dict(self.rows), "files": self.files}


def backup(store: Store, data: Path, archive: Path) -> Kept:
    """Write everything into one archive, as it stood at one moment.

    The portal may go on: rows are read in one transaction, and finished runs do not change.

    Parameters
    ----------
    data
        Folder of the portal; its ``runs`` are kept.
    archive
        File to write; it appears whole, or not at all.
    """
    part = archive.with_name(f"{archive.name}.part")
    sums: dict[str, str] = {}
    counts: dict[str, int] = {}
    opener = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(opener, "wb") as raw:
        with (
            zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as zipped,
            _snapshot(store) as connection,
        ):
            for table in Base.metadata.sorted_tables:
                sums[_name(table)], counts[table.name] = _write_table(connection, table, zipped)
            files = _write_runs(connection, data, zipped)
            manifest = {
                "format": FORMAT,
                "database": newest(),
                "created_at": now().isoformat(),
                "rows": counts,
                "sha256": {**sums, **files},
            }
            zipped.writestr(MANIFEST, json.dumps(manifest, indent=1))
        raw.flush()
        os.fsync(raw.fileno())
    part.replace(archive)
    return Kept(counts, len(files))


def restore(store: Store, data: Path, archive: Path, *, replace: bool = False) -> Kept:
    """Put an archive back: all of it, or nothing.

    Parameters
    ----------
    replace
        Whether what the database holds may go.

    Raises
    ------
    UnfitArchiveError
        If it is no archive of ours, is damaged, or belongs to another version of the tables
        (``archive``, ``damaged``, ``version``), or the database is not empty (``not_empty``).
    """
    try:
        with zipfile.ZipFile(archive) as zipped:
            manifest = _verified(zipped)
            upgrade(store)
            placed = _place_runs(zipped, manifest, data)
            with store.engine.connect().execution_options(eit_writes=True) as connection:
                _fill(connection, zipped, replace=replace)
                for part, folder in placed:
                    shutil.rmtree(folder, ignore_errors=True)
                    part.replace(folder)
                connection.commit()
    except (zipfile.BadZipFile, KeyError, json.JSONDecodeError) as error:
        raise UnfitArchiveError("archive", type(error).__name__) from error
    finally:
        for left in (data / "runs").glob("*.restoring"):
            shutil.rmtree(left, ignore_errors=True)
    files = sum(name.startswith("runs/") for name in manifest["sha256"])
    return Kept(manifest["rows"], files)


def is_empty(connection: Connection) -> bool:
    """Whether no table holds a row."""
    return not any(
        connection.scalar(select(func.count()).select_from(table))
        for table in Base.metadata.sorted_tables
    )


@contextmanager
def _snapshot(store: Store) -> Iterator[Connection]:
    """One state of the database for as long as it takes to read it."""
    if version(store) != newest():
        raise UnfitArchiveError("version", str(version(store)))
    with store.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection
        connection.rollback()


def _name(table: Table) -> str:
    return f"tables/{table.name}.jsonl"


def _write_table(connection: Connection, table: Table, zipped: zipfile.ZipFile) -> tuple[str, int]:
    """Write the rows of a table; its checksum and how many there were."""
    names = ORDER.get(table.name) or tuple(column.name for column in table.primary_key)
    ordered = select(table).order_by(*(table.c[name] for name in names))
    rows = connection.execution_options(yield_per=BATCH).execute(ordered)
    digest, count = hashlib.sha256(), 0
    with zipped.open(_name(table), "w", force_zip64=True) as out:
        for row in rows.mappings():
            line = json.dumps({key: _encode(value) for key, value in row.items()}).encode()
            digest.update(line + b"\n")
            out.write(line + b"\n")
            count += 1
    return digest.hexdigest(), count


def _write_runs(connection: Connection, data: Path, zipped: zipfile.ZipFile) -> dict[str, str]:
    """Write the files of finished runs; their checksums by name."""
    job = Base.metadata.tables["job"]
    folders = connection.scalars(select(job.c.folder).where(job.c.folder.is_not(None))).all()
    sums = {}
    for folder in sorted({str(folder) for folder in folders}):
        for file in sorted((data / folder).rglob("*")):
            if file.is_file() and not file.is_symlink():
                name = f"runs/{file.relative_to(data / 'runs').as_posix()}"
                with file.open("rb") as source, zipped.open(name, "w", force_zip64=True) as out:
                    sums[name] = _copy(source, cast(BinaryIO, out))
    return sums


def _copy(source: BinaryIO, out: BinaryIO | None = None) -> str:
    """Copy in pieces and give back the checksum."""
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        if out is not None:
            out.write(chunk)
    return digest.hexdigest()


def _verified(zipped: zipfile.ZipFile) -> dict[str, Any]:
    """The manifest, once every file was found to be what it says."""
    manifest: dict[str, Any] = json.loads(zipped.read(MANIFEST))
    if manifest["format"] != FORMAT or manifest["database"] != newest():
        raise UnfitArchiveError("version", str(manifest["database"]))
    named = {*manifest["sha256"], MANIFEST}
    if {one.filename for one in zipped.infolist()} != named:
        raise UnfitArchiveError("damaged", MANIFEST)
    for name, digest in manifest["sha256"].items():
        try:
            with zipped.open(name) as source:
                found = _copy(cast(BinaryIO, source))
        except zipfile.BadZipFile as error:
            raise UnfitArchiveError("damaged", name) from error
        if found != digest:
            raise UnfitArchiveError("damaged", name)
    return manifest


def _place_runs(
    zipped: zipfile.ZipFile, manifest: Mapping[str, Any], data: Path
) -> Sequence[tuple[Path, Path]]:
    """Write run folders beside their places; each with the place it is to take."""
    placed: dict[str, tuple[Path, Path]] = {}
    for name in sorted(one for one in manifest["sha256"] if one.startswith("runs/")):
        parts = name.split("/")[1:]
        if not all(part and part not in (".", "..") and "\\" not in part for part in parts):
            raise UnfitArchiveError("damaged", name)
        folder = data / "runs" / parts[0]
        part = folder.with_name(f"{folder.name}.restoring")
        placed[parts[0]] = part, folder
        target = part.joinpath(*parts[1:])
        target.parent.mkdir(parents=True, exist_ok=True)
        with zipped.open(name) as source, target.open("wb") as out:
            _copy(cast(BinaryIO, source), out)
    return list(placed.values())


def _fill(connection: Connection, zipped: zipfile.ZipFile, *, replace: bool) -> None:
    tables = Base.metadata.sorted_tables
    if not is_empty(connection):
        if not replace:
            raise UnfitArchiveError("not_empty")
        submission = Base.metadata.tables["submission"]
        connection.execute(submission.update().values(corrects_id=None))
        for table in reversed(tables):
            connection.execute(delete(table))
    for table in tables:
        with zipped.open(_name(table)) as lines:
            batch: list[dict[str, Any]] = []
            for line in lines:
                batch.append({key: _decode(value) for key, value in json.loads(line).items()})
                if len(batch) == BATCH:
                    connection.execute(insert(table), batch)
                    batch = []
            if batch:
                connection.execute(insert(table), batch)


def _encode(value: object) -> object:
    """A value of a row as JSON that tells its kind."""
    match value:
        case datetime():
            return {"moment": value.isoformat()}
        case date():
            return {"day": value.isoformat()}
        case bytes():
            return {"bytes": base64.b64encode(value).decode()}
        case dict() | list():
            return {"json": value}
    return value


def _decode(value: object) -> object:
    match value:
        case {"moment": text}:
            return datetime.fromisoformat(str(text))
        case {"day": text}:
            return date.fromisoformat(str(text))
        case {"bytes": text}:
            return base64.b64decode(str(text))
        case {"json": kept}:
            return kept
        case str():
            return value.replace("\0", "\N{REPLACEMENT CHARACTER}")  # PostgreSQL keeps none
    return value
