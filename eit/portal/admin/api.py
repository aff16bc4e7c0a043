"""The interface for programs of those who keep a territory: its files, firms and sites."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from eit.portal import audit, territories
from eit.portal.admin.files import masked
from eit.portal.finding import find_territory
from eit.portal.pages import language
from eit.portal.refusals import Unsound
from eit.portal.rights import allow
from eit.portal.shapes import Checked
from eit.portal.viewer import Signed

router = APIRouter(prefix="/api/v1/territories/{slug}", tags=["files, firms and sites"])
Content = Annotated[bytes, Body(media_type="application/octet-stream")]


class FileShape(BaseModel):
    """A version of a file of the territory's folder."""

    id: str
    path: str
    sha256: str
    created_at: datetime
    removed: bool
    holds: bool


class FirmShape(BaseModel):
    """A firm with its sites."""

    id: str
    slug: str
    name: str
    sites: list[str]


class NewFirm(BaseModel):
    """A firm to add."""

    name: str


class Assignment(BaseModel):
    """Firm of each site; blank takes it away."""

    sites: dict[str, str]


class Changed(BaseModel):
    """How many things are different now."""

    changed: int


@router.get("/files")
def list_files(request: Request, viewer: Signed, slug: str) -> list[FileShape]:
    """List every version of every file, newest first."""
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "list", "territory_files", territory_id=territory.id)
        rows = territories.versions(session, territory.id)
    seen: set[str] = set()
    shown = []
    for row in rows:
        holds = row.path not in seen and not row.removed
        seen.add(row.path)
        shown.append(
            FileShape(
                id=row.id,
                path=row.path,
                sha256=row.sha256,
                created_at=row.created_at,
                removed=row.removed,
                holds=holds,
            )
        )
    return shown


@router.put("/files/{path:path}")
def write_file(
    request: Request, viewer: Signed, slug: str, path: str, content: Content = b""
) -> Changed:
    """Keep a new version of a file; the one that holds already changes nothing."""
    with request.app.state.store.changing() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "write", "territory_files", territory_id=territory.id)
        new = territories.put_file(session, viewer, territory.id, path, content)
    return Changed(changed=int(new))


@router.delete("/files/{path:path}", status_code=204)
def remove_file(request: Request, viewer: Signed, slug: str, path: str) -> Response:
    """Let a file be gone from now on; its versions stay."""
    with request.app.state.store.changing() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "write", "territory_files", territory_id=territory.id)
        territories.remove_file(session, viewer, territory.id, path)
    return Response(status_code=204)


@router.get("/check")
def check_files(request: Request, viewer: Signed, slug: str) -> Checked:
    """Say every fault and notice of the territory's own files, as ``eit check --json`` does."""
    lang = language(request, viewer)
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "check", "territory_files", territory_id=territory.id)
        reading = territories.check(session, territory.id)
    return Checked(
        faults=[masked(one).as_dict(lang) for one in reading.faults],
        notices=[masked(one).as_dict(lang) for one in reading.notices],
        sound=reading.sound,
    )


@router.get("/firms")
def list_firms(request: Request, viewer: Signed, slug: str) -> list[FirmShape]:
    """List firms with their sites."""
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "list", "firms", territory_id=territory.id)
        found = territories.firms(session, territory.id)
        held = territories.assignments(session, territory.id)
    return [
        FirmShape(
            id=firm.id,
            slug=firm.slug,
            name=firm.name,
            sites=sorted(site for site, firm_id in held.items() if firm_id == firm.id),
        )
        for firm in found
    ]


@router.post("/firms", status_code=201)
def create_firm(request: Request, viewer: Signed, slug: str, new: NewFirm) -> FirmShape:
    """Add a firm."""
    with request.app.state.store.changing() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "create", "firms", territory_id=territory.id)
        firm = territories.add_firm(session, territory.id, new.name)
        audit.record(session, viewer, "firm.create", firm.id, territory.id, firm.slug)
    return FirmShape(id=firm.id, slug=firm.slug, name=firm.name, sites=[])


@router.patch("/sites")
def assign_sites(request: Request, viewer: Signed, slug: str, wanted: Assignment) -> Changed:
    """Give sites to firms."""
    with request.app.state.store.changing() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "assign", "sites", territory_id=territory.id)
        known = {site.site_id for site in territories.sites(session, territory.id)}
        if not wanted.sites.keys() <= known:
            raise Unsound
        changed = territories.assign(session, viewer, territory.id, wanted.sites)
    return Changed(changed=changed)
