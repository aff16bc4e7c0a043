"""See one job through: materialise its territory, run it in a process, report, keep the run."""

import contextlib
import json
import logging
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eit.portal.jobs import ledger
from eit.portal.jobs.ledger import Claim
from eit.portal.jobs.materialise import write_territory
from eit.portal.jobs.running import Order
from eit.store.database import Store
from eit.store.models import JobRow

BEAT_S = 1.0

log = logging.getLogger(__name__)

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bench:
    """Where a worker works.

    Attributes
    ----------
    store
        Database of the portal.
    data
        Its folder: runs are kept in ``runs/``, territories written out in ``work/``.
    stop
        Set when the worker is told to stop.
    """

    store: Store
    data: Path
    stop: threading.Event


def see_through(bench: Bench, job_id: str) -> None:
    """Take a job, if it still waits, and bring it to an end.

    The run is first written under the worker's mark; it is the job's from the moment the
    ledger says so, and swept away if that moment does not come.
    """
    with bench.store.changing() as session:
        claim = ledger.take(session, job_id)
    if claim is None:
        return
    name = f"{claim.job_id}.{claim.mark}"
    scratch, run_folder = bench.data / "work" / name, bench.data / "runs" / name
    try:
        kept = _attempt(bench, claim, scratch, run_folder)
    except OSError:
        log.exception("job %s could not be worked on", job_id)
        kept = False
        with bench.store.changing() as session:
            ledger.fail(session, claim, message="jobs.message.disk")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if not kept:
        shutil.rmtree(run_folder, ignore_errors=True)


def _attempt(bench: Bench, claim: Claim, scratch: Path, run_folder: Path) -> bool:
    """Run a job and enter how it ended; whether its run folder is to be kept."""
    order = _prepare(bench, claim, scratch, run_folder)
    with subprocess.Popen(
        [sys.executable, "-m", "eit.portal.jobs.running"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        said: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        listener = threading.Thread(target=_listen, args=(process, said))
        listener.start()
        try:
            _tell(process, order)
            last = _follow(bench, claim, said)
        finally:
            process.kill()
            listener.join()
    with bench.store.changing() as session:
        if last is None:
            if not ledger.drop(session, claim):
                ledger.hand_back(session, claim)
            return False
        if "summary" in last:
            folder = str(run_folder.relative_to(bench.data))
            kept = ledger.finish(session, claim, folder=folder, summary=last["summary"])
            return kept or (ledger.drop(session, claim) and False)
        faults = last.get("faults", ())
        message = "jobs.message.faults" if faults else "jobs.message.failed"
        ledger.fail(session, claim, message=message, faults=faults)
        return False


def _prepare(bench: Bench, claim: Claim, scratch: Path, run_folder: Path) -> Order:
    """Write out the territory and the scenario of a job."""
    with bench.store.reading() as session:
        job = session.get_one(JobRow, claim.job_id)
        write_territory(session, job.territory_id, job.as_of, scratch / "territory")
    scenario = scratch / "scenario.toml"
    if job.scenario:
        scenario.write_text(job.scenario, encoding="utf-8")
    run_folder.parent.mkdir(parents=True, exist_ok=True)
    return Order(
        territory=str(scratch / "territory"),
        run_folder=str(run_folder),
        scenario=str(scenario) if job.scenario else "",
        lang=job.lang,
    )


def _tell(process: "subprocess.Popen[str]", order: Order) -> None:
    """Give a process its order; one that died before it could read says so by its silence."""
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(order.line())
        process.stdin.flush()


def _follow(
    bench: Bench, claim: Claim, said: "queue.SimpleQueue[Message | None]"
) -> Message | None:
    """Report a job's progress until it ends.

    Returns
    -------
    last
        What the process said at its end, empty if it ended without a word; None where it
        was dropped, because someone cancelled it or the worker was told to stop.
    """
    where: dict[str, Any] = {"stage": "", "fraction": 0.0, "gap": None}
    while not bench.stop.is_set():
        with bench.store.changing() as session:
            if not ledger.beat(session, claim, **where):
                return None
        until = time.monotonic() + BEAT_S
        while (left := until - time.monotonic()) > 0:
            message = _heard(said, left)
            if "progress" not in message:
                break
            where = message["progress"]
        if "quiet" not in message and "progress" not in message:
            return message
    return None


def _heard(said: "queue.SimpleQueue[Message | None]", wait_s: float) -> Message:
    """The next thing a job says: empty at its end, ``quiet`` if nothing comes in time."""
    try:
        return said.get(timeout=wait_s) or {}
    except queue.Empty:
        return {"quiet": True}


def _listen(process: "subprocess.Popen[str]", said: "queue.SimpleQueue[Message | None]") -> None:
    """Hand on each line that a job says, and nothing at its end."""
    assert process.stdout is not None
    for line in process.stdout:
        said.put(json.loads(line))
    said.put(None)
