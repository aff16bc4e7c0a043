"""What a person sees of the published run, for programs."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session
from starlette.requests import Request

from eit.portal import audit
from eit.portal.finding import find_territory
from eit.portal.look import synergies
from eit.portal.look.parks import Exchange, Park, published_run, show_park
from eit.portal.look.synergies import LONGEST_TEXT, Seen
from eit.portal.refusals import Hidden
from eit.portal.rights import allow
from eit.portal.runs.finding import run_folder
from eit.portal.viewer import Signed, Viewer
from eit.store.models import TerritoryRow

router = APIRouter(prefix="/api/v1/territories/{slug}", tags=["synergies and parks"])


class Synergy(BaseModel):
    """A synergy, as the caller may see it; figures that the caller may not see are absent."""

    id: str
    resource: str
    label: str
    stage: str
    next_date: date | None
    changed_at: datetime
    sides: list[str]
    agreed: bool
    current: bool
    figures: dict[str, Any]
    unknown: list[str]
    answers: dict[str, bool]


class Answer(BaseModel):
    """What a firm says of a synergy."""

    model_config = ConfigDict(extra="forbid")

    interested: bool
    why: str = Field("", max_length=LONGEST_TEXT)
    contact: bool = False


class Step(BaseModel):
    """A stage, with a note and the next date."""

    model_config = ConfigDict(extra="forbid")

    stage: str
    text: str = Field("", max_length=LONGEST_TEXT)
    next_date: date | None = None


class ParkTold(BaseModel):
    """A park as its manager may see it."""

    park_id: str
    name: str
    sites: int
    residues: int
    needs: int
    quantity_t: float
    co2e_t: float
    t_km: float
    exchanges: list[Exchange]


@router.get("/synergies")
def list_synergies(request: Request, viewer: Signed, slug: str, stage: str = "") -> list[Synergy]:
    """List the synergies that the caller may see."""
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        firms = viewer.firm_ids(territory.id)
        allow(viewer, "list", "synergies", territory_id=territory.id, firm_id=firms)
        found = synergies.list_synergies(session, viewer, territory.id, stage=stage)
        return [_told(one, viewer) for one in found]


@router.get("/synergies/{synergy_id}")
def read_synergy(request: Request, viewer: Signed, slug: str, synergy_id: str) -> Synergy:
    """Tell one synergy."""
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        return _one(session, viewer, territory, synergy_id)


@router.post("/synergies/{synergy_id}/answers", status_code=201)
def answer(
    request: Request,
    viewer: Signed,
    slug: str,
    synergy_id: str,
    given: Annotated[Answer, Body()],
) -> Synergy:
    """Say whether a firm is interested, and why."""
    with request.app.state.store.changing() as session:
        territory = find_territory(session, viewer, slug)
        place = synergies.place_of(session, viewer, territory.id, synergy_id)
        allow(viewer, "create", "answers", territory_id=territory.id, firm_id=place.firm_ids)
        synergies.answer(session, viewer, territory.id, synergy_id, **given.model_dump())
        audit.record(session, viewer, "synergy.answer", synergy_id, territory.id)
    with request.app.state.store.reading() as session:
        return _one(session, viewer, territory, synergy_id)


@router.post("/synergies/{synergy_id}/steps", status_code=201)
def follow(
    request: Request, viewer: Signed, slug: str, synergy_id: str, step: Annotated[Step, Body()]
) -> Synergy:
    """Take a synergy to a stage, with a note and the next date."""
    with request.app.state.store.changing() as session:
        territory = find_territory(session, viewer, slug)
        place = synergies.place_of(session, viewer, territory.id, synergy_id)
        allow(viewer, "change", "stages", territory_id=territory.id, firm_id=place.firm_ids)
        synergies.follow(session, viewer, territory.id, synergy_id, **step.model_dump())
        audit.record(session, viewer, "synergy.stage", synergy_id, territory.id, step.stage)
    with request.app.state.store.reading() as session:
        return _one(session, viewer, territory, synergy_id)


@router.get("/parks/{park_id}")
def read_park(request: Request, viewer: Signed, slug: str, park_id: str) -> ParkTold:
    """Tell a park's exchanges and indicators in the published run."""
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "read", "park_table", territory_id=territory.id, park_id=park_id)
        job = published_run(session, territory.id)
    if job is None:
        raise Hidden
    folder = run_folder(request.app.state.settings.data, job)
    return _park(show_park(folder, park_id, viewer.lang)[0])


def _park(park: Park) -> ParkTold:
    return ParkTold(
        park_id=park.park_id,
        name=park.name,
        sites=len(park.site_ids),
        residues=park.residues,
        needs=park.needs,
        quantity_t=park.quantity_t,
        co2e_t=park.co2e_t,
        t_km=park.t_km,
        exchanges=list(park.exchanges),
    )


def _one(session: Session, viewer: Viewer, territory: TerritoryRow, synergy_id: str) -> Synergy:
    return _told(synergies.find_synergy(session, viewer, territory.id, synergy_id), viewer)


def _told(seen: Seen, viewer: Viewer) -> Synergy:
    return Synergy(
        id=seen.id,
        resource=seen.resource,
        label=seen.label(viewer.lang),
        stage=seen.stage,
        next_date=seen.next_date,
        changed_at=seen.changed_at,
        sides=list(seen.sides),
        agreed=seen.agreed,
        current=seen.current,
        figures=dict(seen.figures),
        unknown=list(seen.unknown),
        answers={side: one.interested for side, one in seen.answers.items()},
    )
