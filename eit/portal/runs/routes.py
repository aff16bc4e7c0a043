"""Pages of jobs and runs, for facilitators."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from eit.faults import DeclarationError
from eit.portal.addresses import onward
from eit.portal.days import read_day
from eit.portal.finding import find_territory
from eit.portal.jobs import ledger
from eit.portal.pages import page
from eit.portal.policies import MAP_POLICY
from eit.portal.refusals import Hidden, Unsound
from eit.portal.rights import allow
from eit.portal.runs import acting
from eit.portal.runs.asking import list_scenarios
from eit.portal.runs.comparing import MOST, TOTALS, column_of, differences, overview
from eit.portal.runs.finding import find_job, list_jobs, run_folder
from eit.portal.runs.publishing import shown_publications
from eit.portal.runs.tickets import give_ticket, read_ticket
from eit.portal.viewer import Signed, Viewer
from eit.results import HAS_PLAN

router = APIRouter(prefix="/t/{slug}")
framed = APIRouter()

NAME_LIMIT = 120
ACTIVE = (ledger.QUEUED, ledger.RUNNING)


@router.get("/jobs", name="jobs_page")
def jobs_page(request: Request, viewer: Signed, slug: str) -> Response:
    """List jobs and runs, with the form for a new one."""
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "list", "jobs", territory_id=territory.id)
        context: dict[str, Any] = {
            "territory": territory,
            "jobs": list_jobs(session, territory.id),
            "scenarios": list_scenarios(session, territory.id),
            "published": {row.job_id for row in shown_publications(session, territory.id)},
        }
    return page(request, viewer, "runs/jobs.html.jinja", active=ACTIVE, most=MOST, **context)


@router.post("/jobs", name="ask_job")
def ask_job(
    request: Request,
    viewer: Signed,
    slug: str,
    name: Annotated[str, Form(max_length=NAME_LIMIT)] = "",
    scenario: Annotated[str, Form()] = "",
    day: Annotated[str, Form()] = "",
) -> Response:
    """Ask for an optimisation."""
    store, queue = request.app.state.store, request.app.state.queue
    try:
        job = acting.ask_job(
            store, queue, viewer, slug, name=name, day=read_day(day), path=scenario
        )
    except DeclarationError as error:
        with store.reading() as session:
            territory = find_territory(session, viewer, slug)
        wrong: dict[str, Any] = {"territory": territory, "faults": error.faults}
        return page(
            request, viewer, "runs/faulty.html.jinja", status=422, scenario=scenario, **wrong
        )
    return onward(f"/t/{slug}/jobs/{job.id}")


@router.get("/jobs/{job_id}", name="job_page")
def job_page(request: Request, viewer: Signed, slug: str, job_id: str) -> Response:
    """Show how far a job is; once it is done, go on to its run."""
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        job = find_job(session, viewer, territory.id, job_id)
    if job.state == ledger.DONE:
        return onward(f"/t/{slug}/runs/{job_id}")
    context: dict[str, Any] = {"territory": territory, "job": job, "active": job.state in ACTIVE}
    return page(request, viewer, "runs/job.html.jinja", **context)


@router.post("/jobs/{job_id}/cancel", name="cancel_job")
def cancel_job(request: Request, viewer: Signed, slug: str, job_id: str) -> Response:
    """Cancel a job that waits or runs."""
    acting.cancel_job(request.app.state.store, viewer, slug, job_id)
    return onward(f"/t/{slug}/jobs/{job_id}", "runs.cancelled")


@router.get("/runs/{job_id}", name="run_page")
def run_page(request: Request, viewer: Signed, slug: str, job_id: str) -> Response:
    """Show what a run found."""
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        job = find_job(session, viewer, territory.id, job_id)
        allow(viewer, "read", "runs", territory_id=territory.id)
        shown = {row.job_id for row in shown_publications(session, territory.id)}
    folder = run_folder(request.app.state.settings.data, job)
    context: dict[str, Any] = {
        "territory": territory,
        "job": job,
        "has_plan": (job.summary or {}).get("status") in HAS_PLAN,
        "is_published": job.id in shown,
        "overview": overview(folder, viewer.lang),
        "totals": TOTALS,
        "ticket": give_ticket(viewer, slug, job_id),
        "maps": sorted(path.name for path in (folder / "maps").glob("*.html")),
    }
    return page(request, viewer, "runs/run.html.jinja", **context)


@router.get("/runs/{job_id}/maps/{sheet}", name="run_map")
def run_map(request: Request, viewer: Signed, slug: str, job_id: str, sheet: str) -> Response:
    """Give one of a run's pages with a map, shut in: its scripts reach nothing of the portal."""
    return _map(request, viewer, slug, job_id, sheet)


@framed.get("/maps/{ticket}/{sheet}", name="framed_map")
def framed_map(request: Request, ticket: str, sheet: str) -> Response:
    """Give the same page to the bearer of a ticket, for the frame in which it stands."""
    viewer, slug, job_id = read_ticket(request, ticket)
    return _map(request, viewer, slug, job_id, sheet)


def _map(request: Request, viewer: Viewer, slug: str, job_id: str, sheet: str) -> Response:
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        job = find_job(session, viewer, territory.id, job_id)
        allow(viewer, "read", "territory_map", territory_id=territory.id)
    return shut_in(run_folder(request.app.state.settings.data, job) / "maps", sheet)


def shut_in(folder: Path, name: str) -> Response:
    """A page with a map by its name in a folder, under a policy of its own.

    Raises
    ------
    Hidden
        If the folder holds no such page.
    """
    found = {path.name: path for path in folder.glob("*.html")}
    if name not in found:
        raise Hidden
    return FileResponse(found[name], headers={"Content-Security-Policy": MAP_POLICY})


@router.post("/runs/{job_id}/publish", name="publish_run")
def publish_run(request: Request, viewer: Signed, slug: str, job_id: str) -> Response:
    """Show a run to those whom it concerns."""
    state = request.app.state
    acting.publish_job(state.store, state.settings.data, viewer, slug, job_id)
    return onward(f"/t/{slug}/runs/{job_id}", "runs.published")


@router.post("/runs/{job_id}/withdraw", name="withdraw_run")
def withdraw_run(request: Request, viewer: Signed, slug: str, job_id: str) -> Response:
    """Stop showing a run."""
    acting.withdraw_job(request.app.state.store, viewer, slug, job_id)
    return onward(f"/t/{slug}/runs/{job_id}", "runs.withdrawn")


@router.get("/compare", name="compare_page")
def compare_page(
    request: Request, viewer: Signed, slug: str, run: Annotated[list[str] | None, Query()] = None
) -> Response:
    """Set runs side by side."""
    data = request.app.state.settings.data
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "compare", "runs", territory_id=territory.id)
        chosen = dict.fromkeys(run or ())
        jobs = [find_job(session, viewer, territory.id, job_id) for job_id in chosen]
    if not 2 <= len(jobs) <= MOST or any(job.folder is None for job in jobs):
        raise Unsound("compare")
    columns = [column_of(job, data) for job in jobs]
    context: dict[str, Any] = {
        "territory": territory,
        "columns": columns,
        "differences": differences(columns),
    }
    return page(request, viewer, "runs/compare.html.jinja", totals=TOTALS, **context)
