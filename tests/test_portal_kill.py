"""Killed two hundred times at random moments, the portal loses nothing that it acknowledged."""

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import select
from support.portal.killing import (
    Diary,
    Victim,
    context,
    free_port,
    keep_asking,
    keep_sending,
    serve,
    work,
)
from support.portal.town import town_in
from support.postgres import cluster

from eit import results
from eit.store.models import JobRow, LineRow, SubmissionRow

pytestmark = pytest.mark.long

WEB_KILLS, WORKER_KILLS = 150, 50
JOBS = 12
ENDED = ("done", "failed", "cancelled")


@pytest.fixture(params=["sqlite", "postgresql"])
def town(request, tmp_path):
    if request.param == "sqlite":
        yield town_in(tmp_path)
        return
    with cluster() as url:
        made = town_in(tmp_path, database_url=url)
        yield made
        made.store.engine.dispose()
        made.app.state.queue.huey.storage.close()


def test_nothing_acknowledged_is_lost_and_no_job_is_kept_twice(town, tmp_path):
    url = town.app.state.settings.database_url
    port, made, diary, stop = free_port(), context(), Diary(), threading.Event()
    base = f"http://127.0.0.1:{port}/api/v1/territories/essai"
    people = (("alpha", "Alpha", "a1"), ("beta", "Beta", "b1"), ("gamma", "Gamma", "c1"))
    firms = [(town.firm_id(n), town.key(p), site, n) for p, n, site in people]
    key = town.key("facilitator")
    web = Victim(made, serve, (str(tmp_path), url, port), port)
    worker = Victim(made, work, (str(tmp_path), url))
    for victim in (web, worker):
        victim.start()
    people = [
        threading.Thread(target=keep_sending, args=(base, firms, diary, stop)),
        threading.Thread(target=keep_sending, args=(base, firms[::-1], diary, stop)),
        threading.Thread(target=keep_asking, args=(base, key, JOBS, diary, stop)),
    ]
    torturers = [
        threading.Thread(target=web.torment, args=(WEB_KILLS, 1.2, 1)),
        threading.Thread(target=worker.torment, args=(WORKER_KILLS, 6.0, 2)),
    ]
    for thread in [*people, *torturers]:
        thread.start()
    for thread in torturers:
        thread.join()
    stop.set()
    for thread in people:
        thread.join()
    try:
        wait_until(lambda: settled(town, diary))
    finally:
        web.kill()
        worker.kill()
    assert not diary.refused
    assert len(diary.submissions) > 100
    assert len(diary.jobs) >= 5
    assert_kept(town, diary)
    assert_each_job_once(town, diary, tmp_path)


def wait_until(reached, seconds: float = 300) -> None:
    until = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < until, "the portal did not come to rest"
        time.sleep(0.5)


def settled(town, diary: Diary) -> bool:
    """Whether every job has ended and every file is checked."""
    with town.store.reading() as session:
        jobs = session.scalars(select(JobRow.state)).all()
        files = session.scalars(select(SubmissionRow.state)).all()
    return set(jobs) <= set(ENDED) and "received" not in files


def assert_kept(town, diary: Diary) -> None:
    """Every acknowledged file is there, byte for byte, checked, with its one line."""
    with town.store.reading() as session:
        for identifier, (_firm, text) in diary.submissions.items():
            row = session.get(SubmissionRow, identifier)
            assert row is not None
            assert row.content == text.encode()
            lines = select(LineRow).where(LineRow.submission_id == identifier, LineRow.line > 0)
            assert len(session.scalars(lines).all()) == 1


def assert_each_job_once(town, diary: Diary, data: Path) -> None:
    """Every acknowledged job is done, has its own whole run folder, and there is no other."""
    with town.store.reading() as session:
        rows = {row.id: row for row in session.scalars(select(JobRow))}
    assert set(diary.jobs) <= set(rows)
    assert {row.state for row in rows.values()} == {"done"}
    folders = [data / row.folder for row in rows.values()]
    assert len(set(folders)) == len(rows)
    for folder, row in zip(folders, rows.values(), strict=True):
        assert results.is_run_folder(folder)
        assert row.summary["status"] == "optimal"
    assert max(row.attempts for row in rows.values()) > 1, "no job was ever interrupted"
