"""Jobs and their runs by what an address names them; what is not there is hidden."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from eit.portal.refusals import Hidden, Impossible
from eit.portal.rights import allow
from eit.portal.viewer import Viewer
from eit.store.models import JobRow

SHOWN = 200


def find_job(
    session: Session, viewer: Viewer, territory_id: str, job_id: str, *, action: str = "read"
) -> JobRow:
    """A job of a territory, for an action on it.

    Raises
    ------
    Hidden, Refused
        If the territory has no such job, or as the table of rights says.
    """
    allow(viewer, action, "jobs", territory_id=territory_id)
    row = session.get(JobRow, job_id)
    if row is None or row.territory_id != territory_id:
        raise Hidden
    return row


def list_jobs(session: Session, territory_id: str) -> Sequence[JobRow]:
    """Jobs of a territory, the latest first."""
    query = (
        select(JobRow)
        .where(JobRow.territory_id == territory_id)
        .order_by(JobRow.created_at.desc(), JobRow.id)
        .limit(SHOWN)
    )
    return session.scalars(query).all()


def run_folder(data: Path, job: JobRow) -> Path:
    """Folder of a job's run.

    Raises
    ------
    Impossible
        If it has none, or not yet.
    """
    if job.folder is None:
        raise Impossible("no_run")
    return data / job.folder
