"""Jobs and runs for programs: the operations of the facilitators' pages."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session
from starlette.requests import Request

from eit.portal.finding import find_territory
from eit.portal.rights import allow
from eit.portal.runs import acting
from eit.portal.runs.finding import find_job, list_jobs
from eit.portal.runs.publishing import shown_publications
from eit.portal.shapes import CONFLICT
from eit.portal.viewer import Signed
from eit.store.models import JobRow

router = APIRouter(prefix="/api/v1/territories/{slug}", tags=["jobs"])

TOTALS = ("status", "objective", "bound", "gap", "totals", "counts", "assumptions", "bound_from")
SCENARIO_LIMIT = 100_000


class Asked(BaseModel):
    """What is asked for."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("", max_length=120)
    scenario: str = Field("", max_length=SCENARIO_LIMIT, description="Scenario, as TOML")
    day: date | None = Field(None, description="Last day of the declarations that count")


class Job(BaseModel):
    """A job as it stands; ``run`` is there once it is done."""

    id: str
    name: str
    state: str
    stage: str
    fraction: float
    gap: float | None
    as_of: datetime
    created_at: datetime
    ended_at: datetime | None
    message: str
    published: bool
    run: dict[str, Any] | None


@router.get("/jobs")
def jobs(request: Request, viewer: Signed, slug: str) -> list[Job]:
    """List jobs, the latest first."""
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "list", "jobs", territory_id=territory.id)
        shown = _shown(session, territory.id)
        return [_told(job, shown) for job in list_jobs(session, territory.id)]


@router.post("/jobs", status_code=201)
def ask(request: Request, viewer: Signed, slug: str, asked: Annotated[Asked, Body()]) -> Job:
    """Ask for an optimisation; it waits for its turn."""
    store, queue = request.app.state.store, request.app.state.queue
    given = asked.model_dump()
    return _told(acting.ask_job(store, queue, viewer, slug, **given), frozenset())


@router.get("/jobs/{job_id}")
def job(request: Request, viewer: Signed, slug: str, job_id: str) -> Job:
    """Tell how far a job is, and what its run found."""
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        found = find_job(session, viewer, territory.id, job_id)
        return _told(found, _shown(session, territory.id))


@router.post("/jobs/{job_id}/cancel", responses=CONFLICT)
def cancel(request: Request, viewer: Signed, slug: str, job_id: str) -> Job:
    """Cancel a job that waits or runs."""
    job = acting.cancel_job(request.app.state.store, viewer, slug, job_id)
    return _told(job, frozenset())


@router.post("/jobs/{job_id}/publish", responses=CONFLICT)
def publish(request: Request, viewer: Signed, slug: str, job_id: str) -> Job:
    """Show a run to those whom it concerns."""
    state = request.app.state
    job = acting.publish_job(state.store, state.settings.data, viewer, slug, job_id)
    return _told(job, frozenset({job.id}))


@router.post("/jobs/{job_id}/withdraw")
def withdraw(request: Request, viewer: Signed, slug: str, job_id: str) -> Job:
    """Stop showing a run."""
    return _told(acting.withdraw_job(request.app.state.store, viewer, slug, job_id), frozenset())


def _shown(session: Session, territory_id: str) -> frozenset[str]:
    return frozenset(row.job_id for row in shown_publications(session, territory_id))


def _told(job: JobRow, shown: frozenset[str]) -> Job:
    summary = job.summary
    return Job(
        id=job.id,
        name=job.name,
        state=job.state,
        stage=job.stage,
        fraction=job.fraction,
        gap=job.gap,
        as_of=job.as_of,
        created_at=job.created_at,
        ended_at=job.ended_at,
        message=job.message,
        published=job.id in shown,
        run={name: summary.get(name) for name in TOTALS} if summary else None,
    )
