"""Rows of jobs: who may change which state, and how. Every step is one transaction of the caller's.

The queue only tells a worker that a job may be waiting; whether it does, and who has it, this
ledger says. A worker takes a job by putting its claim on it, and only under that claim may it
be reported on or ended. So a job that is handed out twice is run to an end once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, select, update
from sqlalchemy.orm import Session

from eit.store.columns import new_id, now
from eit.store.models import JobRow

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
ENDED = (DONE, FAILED, CANCELLED)


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's hold on a job: the job, and the mark under which it may be changed."""

    job_id: str
    mark: str


def ask(
    session: Session,
    *,
    territory_id: str,
    account_id: str | None,
    as_of: datetime,
    name: str = "",
    scenario: str = "",
    lang: str = "fr",
) -> JobRow:
    """Ask for an optimisation of what was declared by ``as_of``; it waits from then on.

    Parameters
    ----------
    scenario
        Text of a scenario file (TOML), checked by the caller; empty for the territory's own.
    """
    job = JobRow(
        territory_id=territory_id,
        created_by=account_id,
        as_of=as_of,
        name=name,
        scenario=scenario,
        lang=lang,
    )
    session.add(job)
    session.flush()
    return job


def waiting(session: Session) -> Sequence[str]:
    """Jobs that wait, in the order in which they were asked for."""
    query = select(JobRow.id).where(JobRow.state == QUEUED).order_by(JobRow.created_at, JobRow.id)
    return session.scalars(query).all()


def take(session: Session, job_id: str) -> Claim | None:
    """Take a waiting job; None if it does not wait any more."""
    mark = new_id()
    taken = _change(
        session,
        JobRow.id == job_id,
        JobRow.state == QUEUED,
        state=RUNNING,
        claim=mark,
        started_at=now(),
        heartbeat_at=now(),
        attempts=JobRow.attempts + 1,
        stage="",
        fraction=0.0,
        gap=None,
    )
    return Claim(job_id, mark) if taken else None


def beat(session: Session, claim: Claim, *, stage: str, fraction: float, gap: float | None) -> bool:
    """Report that a job is being worked on; False where it must be dropped.

    That is so where someone asked to cancel it, or where another worker has it by now.
    """
    held = _change(
        session,
        *_held(claim),
        JobRow.cancel_asked.is_(False),
        heartbeat_at=now(),
        stage=stage,
        fraction=fraction,
        gap=gap,
    )
    return held


def finish(session: Session, claim: Claim, *, folder: str, summary: Mapping[str, Any]) -> bool:
    """Keep the run of a job; False if it is this worker's no more, and the run is nobody's."""
    return _change(
        session,
        *_held(claim),
        JobRow.cancel_asked.is_(False),
        state=DONE,
        folder=folder,
        summary=dict(summary),
        fraction=1.0,
        ended_at=now(),
    )


def fail(
    session: Session, claim: Claim, *, message: str, faults: Sequence[Mapping[str, Any]] = ()
) -> bool:
    """End a job without a run, with the reason."""
    return _change(
        session,
        *_held(claim),
        state=FAILED,
        message=message,
        faults=[dict(fault) for fault in faults],
        ended_at=now(),
    )


def drop(session: Session, claim: Claim) -> bool:
    """End a job that someone asked to cancel."""
    return _change(
        session,
        *_held(claim),
        JobRow.cancel_asked.is_(True),
        state=CANCELLED,
        ended_at=now(),
    )


def hand_back(session: Session, claim: Claim) -> bool:
    """Let a job wait again, as where its worker is told to stop."""
    return _change(session, *_held(claim), state=QUEUED, claim=None)


def cancel(session: Session, job_id: str) -> bool:
    """Cancel a job: at once where it waits, else as soon as its worker hears of it."""
    at_once = _change(
        session,
        JobRow.id == job_id,
        JobRow.state == QUEUED,
        state=CANCELLED,
        cancel_asked=True,
        ended_at=now(),
    )
    return at_once or _change(
        session, JobRow.id == job_id, JobRow.state == RUNNING, cancel_asked=True
    )


def recover(session: Session, *, silent_s: float, attempts: int) -> int:
    """Let jobs wait again whose worker has fallen silent; how many.

    One on which ``attempts`` workers have died fails with that as the reason.
    """
    silent = (
        JobRow.state == RUNNING,
        JobRow.heartbeat_at < now() - timedelta(seconds=silent_s),
    )
    asked = JobRow.cancel_asked.is_(True)
    _change(session, *silent, asked, state=CANCELLED, claim=None, ended_at=now())
    _change(
        session,
        *silent,
        JobRow.attempts >= attempts,
        state=FAILED,
        claim=None,
        message="jobs.message.died",
        ended_at=now(),
    )
    return _changed(session, *silent, state=QUEUED, claim=None)


def _held(claim: Claim) -> tuple[ColumnElement[bool], ...]:
    return (JobRow.id == claim.job_id, JobRow.claim == claim.mark, JobRow.state == RUNNING)


def _change(session: Session, *where: ColumnElement[bool], **values: Any) -> bool:
    return _changed(session, *where, **values) > 0


def _changed(session: Session, *where: ColumnElement[bool], **values: Any) -> int:
    result = session.execute(update(JobRow).where(*where).values(**values))
    assert isinstance(result, CursorResult)
    return result.rowcount
