"""Pages of what a person sees of the published run: parks for managers, synergies for all."""

from typing import Annotated, Any

from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from eit.portal import audit
from eit.portal.addresses import onward
from eit.portal.days import read_day
from eit.portal.finding import find_territory
from eit.portal.look import synergies
from eit.portal.look.parks import Park, count_stages, list_parks, published_run, show_park
from eit.portal.look.tables import spreadsheet
from eit.portal.pages import page
from eit.portal.policies import MAP_POLICY
from eit.portal.refusals import Unsound
from eit.portal.rights import Place, allow, permits
from eit.portal.runs.finding import run_folder
from eit.portal.viewer import Signed, Viewer
from eit.store.models import TerritoryRow
from eit.texts import say

router = APIRouter(prefix="/t/{slug}")

TABLE = ("giver", "taker", "resource", "code", "quantity", "unit", "distance_km", "certainty")
SYNERGY_TABLE = (
    "resource",
    "quantity",
    "unit",
    "distance_km",
    "stage",
    "donor_name",
    "receiver_name",
)


@router.get("/parks", name="parks_page")
def parks_page(request: Request, viewer: Signed, slug: str) -> Response:
    """List the parks that a person may open."""
    data = request.app.state.settings.data
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "read", "territory", territory_id=territory.id)
        job = published_run(session, territory.id)
    parks = list_parks(run_folder(data, job)) if job else {}
    seen = {
        key: name
        for key, name in parks.items()
        if permits(viewer, "read", "park_map", Place(territory.id, park_id=key))
    }
    return page(request, viewer, "look/parks.html.jinja", territory=territory, parks=seen, job=job)


@router.get("/parks/{park_id}", name="park_page")
def park_page(request: Request, viewer: Signed, slug: str, park_id: str) -> Response:
    """Show a park: its map, its exchanges, its indicators."""
    with request.app.state.store.reading() as session:
        territory, park = _park(request, session, viewer, slug, park_id, "park_table")
        stages = count_stages(session, territory.id, park.site_ids) if park else {}
        job = published_run(session, territory.id)
    context: dict[str, Any] = {"territory": territory, "park": park, "park_id": park_id}
    return page(request, viewer, "look/park.html.jinja", stages=stages, job=job, **context)


@router.get("/parks/{park_id}/map", name="park_map")
def park_map(request: Request, viewer: Signed, slug: str, park_id: str) -> Response:
    """Give the page with a park's map, shut in: its scripts reach nothing of the portal."""
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "read", "park_map", territory_id=territory.id, park_id=park_id)
        job = published_run(session, territory.id)
    if job is None:
        raise Unsound("nothing_published")
    folder = run_folder(request.app.state.settings.data, job)
    _, path = show_park(folder, park_id, viewer.lang)
    return FileResponse(path, headers={"Content-Security-Policy": MAP_POLICY})


@router.get("/parks/{park_id}/exchanges.csv", name="park_csv")
def park_csv(request: Request, viewer: Signed, slug: str, park_id: str) -> Response:
    """Give the exchanges of a park as a file for a spreadsheet."""
    with request.app.state.store.reading() as session:
        territory, park = _park(request, session, viewer, slug, park_id, "park_table")
        allow(viewer, "export", "park_table", territory_id=territory.id, park_id=park_id)
    rows = [[getattr(row, name) for name in TABLE] for row in (park.exchanges if park else ())]
    titles = [say(f"look.column.{name}", viewer.lang) for name in TABLE]
    return spreadsheet("exchanges.csv", titles, rows, viewer.lang)


def _park(
    request: Request, session: Session, viewer: Viewer, slug: str, park_id: str, resource: str
) -> tuple[TerritoryRow, Park | None]:
    """A park of the published run; None before anything was published."""
    territory = find_territory(session, viewer, slug)
    allow(viewer, "read", resource, territory_id=territory.id, park_id=park_id)
    job = published_run(session, territory.id)
    if job is None:
        return territory, None
    park, _ = show_park(run_folder(request.app.state.settings.data, job), park_id, viewer.lang)
    return territory, park


@router.get("/synergies", name="synergies_page")
def synergies_page(request: Request, viewer: Signed, slug: str, stage: str = "") -> Response:
    """List the synergies that a person may see."""
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        _allow_list(viewer, territory.id)
        found = synergies.list_synergies(session, viewer, territory.id, stage=stage)
    context: dict[str, Any] = {"territory": territory, "synergies": found, "stage": stage}
    facilitates = viewer.has_role("facilitator", territory.id)
    return page(
        request,
        viewer,
        "look/synergies.html.jinja",
        stages=synergies.STAGES,
        facilitates=facilitates,
        **context,
    )


def _allow_list(viewer: Viewer, territory_id: str) -> None:
    firms = viewer.firm_ids(territory_id)
    allow(viewer, "list", "synergies", territory_id=territory_id, firm_id=firms)


@router.get("/synergies.csv", name="synergies_csv")
def synergies_csv(request: Request, viewer: Signed, slug: str) -> Response:
    """Give one's synergies as a file for a spreadsheet."""
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        firms = viewer.firm_ids(territory.id)
        allow(viewer, "export", "synergies", territory_id=territory.id, firm_id=firms)
        found = synergies.list_synergies(session, viewer, territory.id)
    lang = viewer.lang
    told = [
        {**one.figures, "resource": one.label(lang), "stage": say(f"look.stage.{one.stage}", lang)}
        for one in found
    ]
    rows = [[one.get(name) for name in SYNERGY_TABLE] for one in told]
    titles = [say(f"look.column.{name}", lang) for name in SYNERGY_TABLE]
    return spreadsheet("synergies.csv", titles, rows, lang)


@router.get("/synergies/{synergy_id}", name="synergy_page")
def synergy_page(request: Request, viewer: Signed, slug: str, synergy_id: str) -> Response:
    """Show one synergy, with what the person may say or note."""
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        found = synergies.find_synergy(session, viewer, territory.id, synergy_id)
        place = synergies.place_of(session, viewer, territory.id, synergy_id)
        may_note = permits(viewer, "read", "notes", place)
        notes = synergies.list_notes(session, synergy_id) if may_note else ()
    context: dict[str, Any] = {"territory": territory, "synergy": found, "notes": notes}
    return page(
        request,
        viewer,
        "look/synergy.html.jinja",
        stages=synergies.STAGES,
        may_note=may_note,
        may_answer=permits(viewer, "create", "answers", place),
        **context,
    )


@router.post("/synergies/{synergy_id}/answer", name="answer_synergy")
def answer_synergy(
    request: Request,
    viewer: Signed,
    slug: str,
    synergy_id: str,
    interested: Annotated[str, Form()],
    why: Annotated[str, Form()] = "",
    contact: Annotated[str, Form()] = "",
) -> Response:
    """Say whether a firm is interested, and why."""
    if interested not in ("yes", "no"):
        raise Unsound("interested")
    with request.app.state.store.changing() as session:
        territory = find_territory(session, viewer, slug)
        place = synergies.place_of(session, viewer, territory.id, synergy_id)
        allow(viewer, "create", "answers", territory_id=territory.id, firm_id=place.firm_ids)
        synergies.answer(
            session,
            viewer,
            territory.id,
            synergy_id,
            interested=interested == "yes",
            why=why,
            contact=bool(contact),
        )
        audit.record(session, viewer, "synergy.answer", synergy_id, territory.id)
    return onward(f"/t/{slug}/synergies/{synergy_id}", "look.answered")


@router.post("/synergies/{synergy_id}/stage", name="follow_synergy")
def follow_synergy(
    request: Request,
    viewer: Signed,
    slug: str,
    synergy_id: str,
    stage: Annotated[str, Form()],
    text: Annotated[str, Form()] = "",
    next_date: Annotated[str, Form()] = "",
) -> Response:
    """Take a synergy to a stage, with a note and the next date."""
    with request.app.state.store.changing() as session:
        territory = find_territory(session, viewer, slug)
        place = synergies.place_of(session, viewer, territory.id, synergy_id)
        allow(viewer, "change", "stages", territory_id=territory.id, firm_id=place.firm_ids)
        synergies.follow(
            session,
            viewer,
            territory.id,
            synergy_id,
            stage=stage,
            text=text,
            next_date=read_day(next_date),
        )
        audit.record(session, viewer, "synergy.stage", synergy_id, territory.id, detail=stage)
    return onward(f"/t/{slug}/synergies/{synergy_id}", "look.followed")
