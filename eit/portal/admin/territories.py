"""Pages of territories: made from a zip or from the demonstration, closed, opened again."""

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, UploadFile
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response

from eit import data
from eit.portal import audit, folders, territories
from eit.portal.addresses import onward
from eit.portal.finding import find_territory
from eit.portal.pages import page
from eit.portal.refusals import PortalError
from eit.portal.rights import allow
from eit.portal.viewer import Signed, Viewer
from eit.store.columns import now
from eit.store.models import TerritoryRow

router = APIRouter(prefix="/admin/territories")
DEMONSTRATION = "artois"


@router.get("", name="admin_territories")
def list_territories(request: Request, viewer: Signed) -> Response:
    """List territories, closed ones too, with the form for a new one."""
    allow(viewer, "list", "territories", territory_id=None)
    return _show(request, viewer)


def _show(
    request: Request, viewer: Viewer, *, status: int = 200, wrong: str = "", name: str = ""
) -> Response:
    with request.app.state.store.reading() as session:
        rows = select(TerritoryRow).order_by(TerritoryRow.name, TerritoryRow.id)
        found = list(session.scalars(rows))
    context: dict[str, Any] = {"territories": found, "wrong": wrong, "name": name}
    return page(request, viewer, "admin/territories.html.jinja", status=status, **context)


@router.post("", name="admin_create_territory")
def create(
    request: Request,
    viewer: Signed,
    name: Annotated[str, Form(max_length=1000)] = "",
    slug: Annotated[str, Form(max_length=60)] = "",
    demo: Annotated[str, Form(max_length=10)] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Make a territory of a zipped folder, or of the demonstration."""
    allow(viewer, "create", "territories", territory_id=None)
    try:
        if demo:
            files = folders.read_folder(data.path("demo", DEMONSTRATION))
        else:
            files = folders.read_zip(file.file.read() if file else b"")
        with request.app.state.store.changing() as session:
            slugs = session.scalars(select(TerritoryRow.slug))
            short = slug.strip().lower() or territories.slugged(name, slugs)
            made = territories.create(session, viewer, name, short, files)
    except PortalError as error:
        return _show(request, viewer, status=error.status, wrong=error.code, name=name)
    return onward(f"/t/{made.slug}/files/check", "portal.territory")


@router.post("/{slug}/close", name="admin_close_territory")
def close(request: Request, viewer: Signed, slug: str) -> Response:
    """Close a territory: its members do not see it any more; nothing is lost."""
    return _turn(request, viewer, slug, closed=True)


@router.post("/{slug}/open", name="admin_open_territory")
def reopen(request: Request, viewer: Signed, slug: str) -> Response:
    """Open a closed territory again."""
    return _turn(request, viewer, slug, closed=False)


def _turn(request: Request, viewer: Viewer, slug: str, *, closed: bool) -> Response:
    allow(viewer, "close", "territories", territory_id=None)
    with request.app.state.store.changing() as session:
        territory = find_territory(session, viewer, slug)
        territory.closed_at = now() if closed else None
        word = "close" if closed else "open"
        audit.record(session, viewer, f"territory.{word}", territory.id, territory.id)
    return onward("/admin/territories", f"portal.territory_{word}")
