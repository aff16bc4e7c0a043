"""First pages: of everybody, of a territory for each role, and the help."""

from typing import Any

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from eit.portal.finding import find_territory
from eit.portal.pages import page
from eit.portal.refusals import Hidden
from eit.portal.rights import ROLES, allow
from eit.portal.territories import park_names
from eit.portal.viewer import Perhaps, Signed, Viewer
from eit.store.models import FirmRow, PublicationRow, TerritoryRow

router = APIRouter()


@router.get("/")
def home(request: Request, viewer: Perhaps) -> Response:
    """Lead to the one territory of a member, or list them; say what this is to others."""
    if viewer is None:
        return page(request, None, "welcome.html.jinja")
    mine = {one.territory_id for one in viewer.memberships}
    rows = select(TerritoryRow).where(TerritoryRow.closed_at.is_(None))
    if not viewer.is_administrator:
        rows = rows.where(TerritoryRow.id.in_(mine))
    with request.app.state.store.reading() as session:
        territories = list(session.scalars(rows.order_by(TerritoryRow.name, TerritoryRow.id)))
    if len(territories) == 1 and not viewer.is_administrator:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/t/{territories[0].slug}/{query}", 303)
    return page(request, viewer, "home.html.jinja", territories=territories)


@router.get("/t/{slug}/")
def territory_home(request: Request, viewer: Signed, slug: str) -> Response:
    """Show what a person can do in a territory, by role."""
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "read", "territory", territory_id=territory.id)
        context = _overview(session, viewer, territory)
    return page(request, viewer, "territory_home.html.jinja", territory=territory, **context)


def _overview(session: Session, viewer: Viewer, territory: TerritoryRow) -> dict[str, Any]:
    mine = viewer.firm_ids(territory.id)
    firms = session.scalars(
        select(FirmRow).where(FirmRow.id.in_(mine)).order_by(FirmRow.name, FirmRow.id)
    )
    shown = select(PublicationRow).where(
        PublicationRow.territory_id == territory.id, PublicationRow.withdrawn_at.is_(None)
    )
    managed = {one.park_id for one in viewer.within(territory.id) if one.park_id}
    names = park_names(session, territory.id)
    return {
        "firms": list(firms),
        "parks": {park: names.get(park, park) for park in sorted(managed)},
        "published": session.scalar(shown.order_by(PublicationRow.published_at.desc()).limit(1)),
    }


@router.get("/help")
def help_page(request: Request, viewer: Perhaps) -> Response:
    """Lead to the help of each role."""
    return page(request, viewer, "help.html.jinja", roles=ROLES, role="")


@router.get("/help/{role}")
def role_help(request: Request, viewer: Perhaps, role: str) -> Response:
    """Say what a role does here, step by step."""
    if role not in ROLES:
        raise Hidden
    return page(request, viewer, "help.html.jinja", roles=ROLES, role=role)
