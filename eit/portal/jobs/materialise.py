"""The folder of a territory as it stood at a moment: its files, and what firms had declared."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath

from sqlalchemy import select
from sqlalchemy.orm import Session

from eit.portal.declare.declared import declared_tables
from eit.store.models import FileRow


def files_at(session: Session, territory_id: str, as_of: datetime) -> Mapping[str, bytes]:
    """Content of each file of a territory at a moment, by its path in the folder."""
    versions = (
        select(FileRow)
        .where(FileRow.territory_id == territory_id, FileRow.created_at <= as_of)
        .order_by(FileRow.created_at, FileRow.id)
    )
    latest = {version.path: version for version in session.scalars(versions)}
    return {path: file.content for path, file in sorted(latest.items()) if not file.removed}


def write_territory(session: Session, territory_id: str, as_of: datetime, folder: Path) -> None:
    """Write a territory's folder for `eit.study.run`.

    Parameters
    ----------
    as_of
        What was sent after it does not count.
    folder
        Where to write; must not exist.

    Raises
    ------
    ValueError
        If a file's path would lead out of the folder.
    """
    folder.mkdir(parents=True)
    (folder / "declarations").mkdir()
    for name, content in files_at(session, territory_id, as_of).items():
        _write(folder, name, content)
    for name, text in declared_tables(session, territory_id, as_of):
        _write(folder, f"declarations/{name}", text.encode("utf-8"))


def _write(folder: Path, name: str, content: bytes) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or ".." in path.parts:
        raise ValueError(f"name must be a path below the folder; got {name!r}")
    target = folder.joinpath(*path.parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
