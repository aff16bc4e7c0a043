"""Pages of a territory's files: what holds, earlier versions, new ones, the check."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, UploadFile
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from eit.faults import Fault, Notice
from eit.portal import folders, territories
from eit.portal.addresses import onward
from eit.portal.admin.listing import listing
from eit.portal.finding import find_territory
from eit.portal.pages import language, page
from eit.portal.refusals import Hidden, Unsound
from eit.portal.rights import allow
from eit.portal.viewer import Signed
from eit.store.models import AccountRow, FileRow, TerritoryRow

router = APIRouter(prefix="/t/{slug}/files")
COSTS = ("cost", "price", "eur")


@router.get("", name="files")
def list_files(request: Request, viewer: Signed, slug: str) -> Response:
    """List files that hold and every earlier version."""
    return _show(request, viewer, slug)


@router.post("", name="write_file")
def write_file(
    request: Request,
    viewer: Signed,
    slug: str,
    file: Annotated[UploadFile, File()],
    path: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Keep a new version of one file, or of each file of a zipped folder."""
    content = file.file.read()
    try:
        with request.app.state.store.changing() as session:
            territory = find_territory(session, viewer, slug)
            allow(viewer, "write", "territory_files", territory_id=territory.id)
            name = path.strip() or (file.filename or "").strip()
            zipped = name.lower().endswith(".zip")
            for one, text in (folders.read_zip(content) if zipped else {name: content}).items():
                territories.put_file(session, viewer, territory.id, one, text)
    except Unsound as error:
        return _show(request, viewer, slug, wrong=error.code)
    return onward(f"/t/{slug}/files/check", "portal.file")


@router.post("/remove", name="remove_file")
def remove_file(
    request: Request, viewer: Signed, slug: str, path: Annotated[str, Form(max_length=200)]
) -> Response:
    """Let a file be gone from now on."""
    with request.app.state.store.changing() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "write", "territory_files", territory_id=territory.id)
        territories.remove_file(session, viewer, territory.id, path)
    return onward(f"/t/{slug}/files", "portal.file_removed")


@router.get("/check", name="check_files")
def check_files(request: Request, viewer: Signed, slug: str) -> Response:
    """Show faults and notices of the territory's own files."""
    lang = language(request, viewer)
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "check", "territory_files", territory_id=territory.id)
        reading = territories.check(session, territory.id)
    context: dict[str, Any] = {
        "faults": [(one.file, one.line, masked(one).text(lang)) for one in reading.faults],
        "notices": [(one.file, one.line, masked(one).text(lang)) for one in reading.notices],
        "sound": reading.sound,
    }
    return page(request, viewer, "admin/check.html.jinja", territory=territory, **context)


@router.get("/versions/{file_id}", name="file_version")
def file_version(request: Request, viewer: Signed, slug: str, file_id: str) -> Response:
    """Hand over one version of a file; declarations only to whoever sent them."""
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        row = session.get(FileRow, file_id)
        if row is None or row.territory_id != territory.id:
            allow(viewer, "list", "territory_files", territory_id=territory.id)
            raise Hidden
        resource = (
            "territory_declarations" if folders.is_declarations(row.path) else "territory_files"
        )
        allow(viewer, "read", resource, territory_id=territory.id, account_id=row.created_by)
        name, content = row.path.rpartition("/")[2], row.content
    quoted = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)
    headers = {"Content-Disposition": f'attachment; filename="{quoted}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)


def masked(one: Fault | Notice) -> Any:
    """A fault or notice of declarations without what its cell says, where that may be a cost."""
    if folders.is_declarations(one.file) and any(word in one.column for word in COSTS):
        return type(one)(one.file, one.line, one.column, "…", one.code, one.detail)
    return one


def _files(session: Session, territory: TerritoryRow) -> dict[str, Any]:
    """Versions by path: the one that holds first."""
    by_path: dict[str, list[FileRow]] = {}
    for row in territories.versions(session, territory.id):
        by_path.setdefault(row.path, []).append(row)
    senders = {row.created_by for rows in by_path.values() for row in rows}
    names = session.execute(
        select(AccountRow.id, AccountRow.name).where(AccountRow.id.in_(senders))
    )
    return {
        "territory": territory,
        "by_path": dict(sorted(by_path.items())),
        "senders": {key: name for key, name in names},
    }


_show = partial(listing, resource="territory_files", template="admin/files.html.jinja", tell=_files)
