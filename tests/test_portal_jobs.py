"""Jobs: one worker at a time, nothing lost, nothing kept twice; the run is the command line's."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from eit import data, results
from eit.portal.jobs import ledger
from eit.portal.jobs.materialise import write_territory
from eit.portal.jobs.supervising import Bench, see_through
from eit.portal.jobs.worker import sweep
from eit.store.columns import now
from eit.store.database import Store, open_store
from eit.store.models import Base, FileRow, JobRow, TerritoryRow
from eit.verify import verify_run

KALUNDBORG = data.path("demo", "kalundborg")


@pytest.fixture
def store(tmp_path):
    opened = open_store(f"sqlite:///{tmp_path / 'portal.sqlite'}")
    Base.metadata.create_all(opened.engine)
    yield opened
    opened.engine.dispose()


def add_file(store: Store, territory_id: str, path: str, content: bytes, **values) -> None:
    sha256 = hashlib.sha256(content).hexdigest()
    with store.changing() as session:
        session.add(
            FileRow(territory_id=territory_id, path=path, content=content, sha256=sha256, **values)
        )


def made_territory(store: Store, folder: Path | None = None) -> str:
    with store.changing() as session:
        territory = TerritoryRow(slug="essai", name="Essai")
        session.add(territory)
        session.flush()
        identifier = territory.id
    for file in sorted(folder.rglob("*")) if folder else ():
        if file.is_file():
            add_file(store, identifier, file.relative_to(folder).as_posix(), file.read_bytes())
    return identifier


def asked(store: Store, territory_id: str, scenario: str = "") -> str:
    with store.changing() as session:
        job = ledger.ask(
            session, territory_id=territory_id, account_id=None, as_of=now(), scenario=scenario
        )
        return job.id


def job_of(store: Store, job_id: str) -> JobRow:
    with store.reading() as session:
        return session.get_one(JobRow, job_id)


def taken(store: Store, job_id: str):
    with store.changing() as session:
        return ledger.take(session, job_id)


def silence(store: Store, job_id: str, seconds: float) -> None:
    """Make a job's last heartbeat that much older."""
    with store.changing() as session:
        old = now() - timedelta(seconds=seconds)
        session.execute(update(JobRow).where(JobRow.id == job_id).values(heartbeat_at=old))


def recovered(store: Store, attempts: int = 5) -> int:
    with store.changing() as session:
        return ledger.recover(session, silent_s=10, attempts=attempts)


def test_a_waiting_job_is_taken_once(store):
    job_id = asked(store, made_territory(store))
    assert taken(store, job_id) is not None
    assert taken(store, job_id) is None


def test_a_worker_that_lost_its_job_cannot_end_it(store):
    job_id = asked(store, made_territory(store))
    first = taken(store, job_id)
    silence(store, job_id, 11)
    assert recovered(store) == 1
    second = taken(store, job_id)
    with store.changing() as session:
        assert not ledger.beat(session, first, stage="solve", fraction=0.5, gap=None)
        assert not ledger.finish(session, first, folder="runs/a", summary={})
        assert not ledger.fail(session, first, message="late")
        assert ledger.finish(session, second, folder="runs/b", summary={"status": "optimal"})
    assert (job_of(store, job_id).state, job_of(store, job_id).folder) == ("done", "runs/b")


def test_a_job_heard_of_lately_is_left_to_its_worker(store):
    job_id = asked(store, made_territory(store))
    taken(store, job_id)
    silence(store, job_id, 9)
    assert recovered(store) == 0
    assert job_of(store, job_id).state == "running"


def test_a_job_on_which_workers_keep_dying_fails_with_the_reason(store):
    job_id = asked(store, made_territory(store))
    for _ in range(2):
        taken(store, job_id)
        silence(store, job_id, 11)
        recovered(store, attempts=2)
    job = job_of(store, job_id)
    assert (job.state, job.message) == ("failed", "jobs.message.died")


def test_cancelling_ends_a_waiting_job_at_once_and_a_running_one_at_its_next_word(store):
    territory_id = made_territory(store)
    waits, runs = asked(store, territory_id), asked(store, territory_id)
    claim = taken(store, runs)
    with store.changing() as session:
        assert ledger.cancel(session, waits)
        assert ledger.cancel(session, runs)
        assert not ledger.beat(session, claim, stage="", fraction=0.0, gap=None)
        assert not ledger.finish(session, claim, folder="runs/x", summary={})
        assert ledger.drop(session, claim)
    assert {job_of(store, job).state for job in (waits, runs)} == {"cancelled"}


def test_a_cancelled_job_whose_worker_died_does_not_come_back(store):
    job_id = asked(store, made_territory(store))
    taken(store, job_id)
    with store.changing() as session:
        ledger.cancel(session, job_id)
    silence(store, job_id, 11)
    assert recovered(store) == 0
    assert job_of(store, job_id).state == "cancelled"


def test_an_ended_job_cannot_be_cancelled(store):
    job_id = asked(store, made_territory(store))
    claim = taken(store, job_id)
    with store.changing() as session:
        ledger.finish(session, claim, folder="runs/x", summary={})
        assert not ledger.cancel(session, job_id)


def test_a_territory_is_written_as_it_stood_at_the_moment(store, tmp_path):
    territory_id = made_territory(store)
    start = now()
    days = [start + timedelta(days=day) for day in range(4)]
    add_file(store, territory_id, "sites.csv", b"first", created_at=days[0])
    add_file(store, territory_id, "sites.csv", b"second", created_at=days[1])
    add_file(store, territory_id, "hubs.csv", b"hubs", created_at=days[0])
    add_file(store, territory_id, "hubs.csv", b"", removed=True, created_at=days[2])
    found = {}
    for name, moment in (("then", days[0]), ("later", days[1]), ("last", days[3])):
        with store.reading() as session:
            write_territory(session, territory_id, moment, tmp_path / name)
        files = (tmp_path / name).glob("*.csv")
        found[name] = {file.name: file.read_bytes() for file in files}
    assert found == {
        "then": {"sites.csv": b"first", "hubs.csv": b"hubs"},
        "later": {"sites.csv": b"second", "hubs.csv": b"hubs"},
        "last": {"sites.csv": b"second"},
    }


@pytest.mark.parametrize("path", ["../out.csv", "/tmp/out.csv", "a/../../out.csv", ""])
def test_a_file_whose_name_leads_out_of_the_folder_is_not_written(store, tmp_path, path):
    territory_id = made_territory(store)
    add_file(store, territory_id, path, b"x")
    with store.reading() as session, pytest.raises(ValueError, match="below the folder"):
        write_territory(session, territory_id, now(), tmp_path / "inside")
    assert not (tmp_path / "out.csv").exists()


def test_a_job_gives_the_run_folder_of_the_command_line(store, tmp_path):
    job_id = asked(store, made_territory(store, KALUNDBORG))
    see_through(Bench(store, tmp_path, threading.Event()), job_id)
    job = job_of(store, job_id)
    assert (job.state, job.summary["status"], job.fraction) == ("done", "optimal", 1.0)
    folder = tmp_path / job.folder
    assert results.is_run_folder(folder)
    assert verify_run(folder).ok
    assert not list((tmp_path / "work").iterdir())
    assert sweep(store, tmp_path) == []


def test_a_job_on_a_faulty_territory_fails_with_its_faults(store, tmp_path):
    job_id = asked(store, made_territory(store, KALUNDBORG), scenario="[solver]\ngap = -1\n")
    see_through(Bench(store, tmp_path, threading.Event()), job_id)
    job = job_of(store, job_id)
    assert (job.state, job.message) == ("failed", "jobs.message.faults")
    assert [fault["column"] for fault in job.faults] == ["solver.gap"]
    assert not list((tmp_path / "runs").iterdir())


def test_a_job_is_handed_back_when_its_worker_is_told_to_stop(store, tmp_path):
    job_id = asked(store, made_territory(store, KALUNDBORG))
    stop = threading.Event()
    stop.set()
    see_through(Bench(store, tmp_path, stop), job_id)
    assert job_of(store, job_id).state == "queued"


def test_runs_that_no_job_owns_are_swept_away(store, tmp_path):
    (tmp_path / "runs" / "nobody.mark").mkdir(parents=True)
    (tmp_path / "work" / "nobody.mark").mkdir(parents=True)
    assert len(sweep(store, tmp_path)) == 2
    assert not (tmp_path / "runs" / "nobody.mark").exists()


def test_a_run_that_is_being_written_is_left_alone(store, tmp_path):
    job_id = asked(store, made_territory(store))
    claim = taken(store, job_id)
    partial = tmp_path / "runs" / f".{claim.job_id}.{claim.mark}.1234.partial"
    partial.mkdir(parents=True)
    assert sweep(store, tmp_path) == []
    assert partial.exists()


def worker(folder: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "eit.portal.jobs.worker", "--data", str(folder)]
    return subprocess.Popen([*command, "--workers", "1", "--silent-s", "2", "--attempts", "9"])


def wait_for(store: Store, job_id: str, *states: str) -> None:
    until = time.monotonic() + 60
    while job_of(store, job_id).state not in states:
        assert time.monotonic() < until, f"job is {job_of(store, job_id).state}"
        time.sleep(0.05)


def test_a_job_whose_worker_is_killed_is_done_by_the_next_and_kept_once(store, tmp_path):
    job_id = asked(store, made_territory(store, KALUNDBORG))
    first = worker(tmp_path)
    wait_for(store, job_id, "running")
    first.kill()
    first.wait()
    second = worker(tmp_path)
    try:
        wait_for(store, job_id, "done")
    finally:
        second.send_signal(signal.SIGTERM)
        assert second.wait(20) == 0
    job = job_of(store, job_id)
    assert job.attempts == 2
    assert [f"runs/{folder.name}" for folder in (tmp_path / "runs").iterdir()] == [job.folder]
    assert os.listdir(tmp_path / "work") == []


def test_jobs_are_worked_on_in_the_order_they_were_asked_for(store):
    territory_id = made_territory(store)
    order = [asked(store, territory_id) for _ in range(5)]
    with store.reading() as session:
        assert ledger.waiting(session) == order
        assert len(session.scalars(select(JobRow)).all()) == 5
