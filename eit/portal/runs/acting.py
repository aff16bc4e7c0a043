"""What facilitators do with jobs and runs, by page or by program alike."""

from datetime import date
from pathlib import Path

from eit.faults import DeclarationError
from eit.portal import audit
from eit.portal.days import end_of_day
from eit.portal.finding import find_territory
from eit.portal.jobs import ledger
from eit.portal.jobs.queue import Queue
from eit.portal.refusals import Impossible, Unsound
from eit.portal.rights import allow
from eit.portal.runs.asking import chosen_text, list_scenarios, scenario_faults
from eit.portal.runs.finding import find_job, run_folder
from eit.portal.runs.publishing import pairs_of, publish, shown_publications
from eit.portal.viewer import Viewer
from eit.results import HAS_PLAN
from eit.store.columns import now
from eit.store.database import Store
from eit.store.models import JobRow


def ask_job(
    store: Store,
    queue: Queue,
    viewer: Viewer,
    slug: str,
    *,
    name: str,
    day: date | None,
    scenario: str = "",
    path: str = "",
) -> JobRow:
    """Ask for an optimisation.

    Parameters
    ----------
    day
        Last day of the declarations that count; None for all.
    scenario
        Text of a scenario; empty for none, or for that of `path`.
    path
        A scenario file of the territory.

    Raises
    ------
    DeclarationError
        With the faults of the scenario.
    Unsound
        If the territory has no such file.
    """
    with store.changing() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "create", "jobs", territory_id=territory.id)
        text = scenario or chosen_text(list_scenarios(session, territory.id), path)
        if text is None:
            raise Unsound("scenario")
        faults = scenario_faults(text)
        if faults:
            raise DeclarationError(tuple(faults))
        job = ledger.ask(
            session,
            territory_id=territory.id,
            account_id=viewer.account_id,
            as_of=end_of_day(day),
            name=name.strip() or path,
            scenario=text,
            lang=viewer.lang,
        )
        audit.record(session, viewer, "job.create", job.id, territory.id)
    queue.announce(job.id)
    return job


def cancel_job(store: Store, viewer: Viewer, slug: str, job_id: str) -> JobRow:
    """Cancel a job that waits or runs.

    Raises
    ------
    Impossible
        If it has ended.
    """
    with store.changing() as session:
        territory = find_territory(session, viewer, slug)
        job = find_job(session, viewer, territory.id, job_id, action="cancel")
        if not ledger.cancel(session, job_id):
            raise Impossible("job_ended")
        audit.record(session, viewer, "job.cancel", job_id, territory.id)
        session.refresh(job)
    return job


def publish_job(store: Store, data: Path, viewer: Viewer, slug: str, job_id: str) -> JobRow:
    """Show a run to those whom it concerns.

    Raises
    ------
    Impossible
        If the job has no run with a plan.
    """
    with store.reading() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "create", "publications", territory_id=territory.id)
        job = find_job(session, viewer, territory.id, job_id)
    if (job.summary or {}).get("status") not in HAS_PLAN:
        raise Impossible("no_run")
    pairs = pairs_of(run_folder(data, job))
    with store.changing() as session:
        job = find_job(session, viewer, territory.id, job_id)
        publish(session, job, pairs, viewer.account_id)
        audit.record(session, viewer, "run.publish", job_id, territory.id)
    return job


def withdraw_job(store: Store, viewer: Viewer, slug: str, job_id: str) -> JobRow:
    """Stop showing a run."""
    with store.changing() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "withdraw", "publications", territory_id=territory.id)
        job = find_job(session, viewer, territory.id, job_id)
        for row in shown_publications(session, territory.id):
            if row.job_id == job_id:
                row.withdrawn_at = now()
        audit.record(session, viewer, "run.withdraw", job_id, territory.id)
    return job
