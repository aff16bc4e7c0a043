"""The interface for programs: who one is, and the territories one may see."""

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import select
from starlette.requests import Request

from eit.portal import territories
from eit.portal.finding import find_territory
from eit.portal.rights import allow
from eit.portal.viewer import Signed
from eit.store.models import FirmRow, TerritoryRow

router = APIRouter(prefix="/api/v1", tags=["who and where"])


class MembershipShape(BaseModel):
    """A role in a territory."""

    territory: str
    role: str
    firm_id: str | None
    park_id: str | None


class Me(BaseModel):
    """Who the key acts for."""

    name: str
    email: str
    lang: str
    memberships: list[MembershipShape]


class TerritoryShape(BaseModel):
    """A territory."""

    slug: str
    name: str


class Named(BaseModel):
    """A firm or a park."""

    id: str
    name: str


class TerritoryWhole(TerritoryShape):
    """A territory with the viewer's own firms and parks."""

    firms: list[Named]
    parks: list[Named]


@router.get("/me")
def me(request: Request, viewer: Signed) -> Me:
    """Say who the key acts for, and as what."""
    with request.app.state.store.reading() as session:
        slugs = {
            key: slug for key, slug in session.execute(select(TerritoryRow.id, TerritoryRow.slug))
        }
    mine = [
        MembershipShape(
            territory=slugs[one.territory_id],
            role=one.role,
            firm_id=one.firm_id,
            park_id=one.park_id,
        )
        for one in viewer.memberships
    ]
    return Me(name=viewer.name, email=viewer.email, lang=viewer.lang, memberships=mine)


@router.get("/territories")
def my_territories(request: Request, viewer: Signed) -> list[TerritoryShape]:
    """List the territories one is a member of."""
    mine = {one.territory_id for one in viewer.memberships}
    rows = select(TerritoryRow).where(TerritoryRow.id.in_(mine), TerritoryRow.closed_at.is_(None))
    with request.app.state.store.reading() as session:
        found = session.scalars(rows.order_by(TerritoryRow.slug)).all()
    return [TerritoryShape(slug=one.slug, name=one.name) for one in found]


@router.get("/territories/{slug}")
def one_territory(request: Request, viewer: Signed, slug: str) -> TerritoryWhole:
    """Show a territory with one's own firms and parks."""
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "read", "territory", territory_id=territory.id)
        mine = viewer.firm_ids(territory.id)
        firms = session.scalars(
            select(FirmRow).where(FirmRow.id.in_(mine)).order_by(FirmRow.id)
        ).all()
        names = territories.park_names(session, territory.id)
    parks = sorted({one.park_id for one in viewer.within(territory.id) if one.park_id})
    return TerritoryWhole(
        slug=territory.slug,
        name=territory.name,
        firms=[Named(id=firm.id, name=firm.name) for firm in firms],
        parks=[Named(id=park, name=names.get(park, park)) for park in parks],
    )
