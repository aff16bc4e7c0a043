"""The worker: ``python -m eit.portal.jobs.worker --data DIR``. Takes jobs and sees them through.

One job at a time per core, each in a process of its own. A worker that is killed loses
nothing: its jobs wait again once it has been silent for a while, and a run that it had not
yet entered in the ledger is nobody's, and is swept away.
"""

import argparse
import logging
import os
import shutil
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from eit.portal.jobs import ledger
from eit.portal.jobs.queue import Queue, open_queue
from eit.portal.jobs.supervising import Bench, see_through
from eit.store.database import Store, open_store
from eit.store.models import JobRow

ROUND_S = 1.0
SILENT_S = 15.0
ATTEMPTS = 5

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """When a silent worker is given up, and how many may die on one job.

    Attributes
    ----------
    silent_s
        Seconds without a heartbeat after which a job waits again.
    attempts
        Workers that may die on a job before it fails.
    """

    silent_s: float
    attempts: int


def work(
    data: Path, database_url: str, *, workers: int, patience: Patience, stop: threading.Event
) -> None:
    """Work on jobs until told to stop; jobs under way then wait for the next worker.

    Parameters
    ----------
    data, database_url
        Folder of the portal, address of its database.
    workers
        Jobs at a time.
    """
    store = open_store(database_url)
    bench = Bench(store, data, stop)
    queue = open_queue(data, database_url, lambda job_id: see_through(bench, job_id))
    sweep(store, data)
    consumer = queue.huey.create_consumer(
        workers=workers, worker_type="thread", periodic=False, max_delay=ROUND_S
    )
    consumer.start()
    _listen(stop)
    announced: set[str] = set()
    while not stop.wait(ROUND_S):
        announced = _look_round(bench, queue, patience, announced)
    consumer.stop(graceful=True)


def _look_round(bench: Bench, queue: Queue, patience: Patience, announced: set[str]) -> set[str]:
    """Let jobs of dead workers wait again; announce those waiting that were not announced here."""
    with bench.store.changing() as session:
        back = ledger.recover(session, silent_s=patience.silent_s, attempts=patience.attempts)
        jobs = ledger.waiting(session)
    if back:
        log.warning("%s jobs wait again, their worker fell silent", back)
        sweep(bench.store, bench.data)
    for job_id in jobs:
        if job_id not in announced:
            queue.announce(job_id)
    return set(jobs)


def sweep(store: Store, data: Path) -> Sequence[Path]:
    """Remove folders of runs that no job owns: those of workers that died before the end.

    Returns
    -------
    removed
        What was removed.
    """
    # Listed before the ledger is read: whoever makes a folder has its claim in the ledger by then.
    found = [path for place in ("runs", "work") for path in sorted((data / place).glob("*"))]
    with store.reading() as session:
        jobs = session.execute(select(JobRow.id, JobRow.claim, JobRow.folder)).all()
    kept = {f"{job.id}.{job.claim}" for job in jobs}
    kept |= {Path(job.folder).name for job in jobs if job.folder}
    removed = [folder for folder in found if _owner(folder) not in kept]
    for folder in removed:
        shutil.rmtree(folder, ignore_errors=True)
    return removed


def _owner(folder: Path) -> str:
    """Job and mark that a folder is made for, also while it is being written beside its place."""
    return ".".join(folder.name.removeprefix(".").split(".")[:2])


def _listen(stop: threading.Event) -> None:
    """Stop on the signals by which a person or a service manager asks for it."""
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: stop.set())


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the options and work."""
    parser = argparse.ArgumentParser(prog="python -m eit.portal.jobs.worker", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--database", default="")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--silent-s", type=float, default=SILENT_S)
    parser.add_argument("--attempts", type=int, default=ATTEMPTS)
    given = parser.parse_args(arguments)
    work(
        given.data,
        given.database or f"sqlite:///{given.data / 'portal.sqlite'}",
        workers=given.workers,
        patience=Patience(given.silent_s, given.attempts),
        stop=threading.Event(),
    )


if __name__ == "__main__":
    main()
