"""The queue that tells workers of jobs: huey's, beside the database it belongs to.

It says that a job waits, nothing more; `eit.portal.jobs.ledger` says whether it still does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from huey import Huey, PostgresHuey, SqliteHuey

NAME = "eit-jobs"


@dataclass(frozen=True, slots=True)
class Queue:
    """An open queue.

    Attributes
    ----------
    huey
        The library's queue, for a consumer to work on.
    announce
        Tells the workers that the job of this identifier waits.
    """

    huey: Huey
    announce: Callable[[str], object]


def open_queue(data: Path, database_url: str, work: Callable[[str], None] | None = None) -> Queue:
    """Open the queue: a file of its own beside SQLite, tables in the database on PostgreSQL.

    Parameters
    ----------
    data
        Folder of the portal.
    database_url
        Address of its database, as SQLAlchemy takes it.
    work
        What a worker does with a job; None where jobs are only announced.
    """
    huey = _huey(data, database_url)

    def run_job(job_id: str) -> None:
        if work is None:
            raise RuntimeError("this process announces jobs and runs none")
        work(job_id)

    return Queue(huey, huey.task(name="run_job")(run_job))


def _huey(data: Path, database_url: str) -> Huey:
    if database_url.startswith("sqlite"):
        return SqliteHuey(NAME, results=False, filename=str(data / "queue.sqlite"), fsync=True)
    address = "postgresql://" + database_url.partition("://")[2]
    return PostgresHuey(NAME, results=False, dsn=address)
