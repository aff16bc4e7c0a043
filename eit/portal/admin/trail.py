"""Pages of the audit log: of the whole portal, of one territory; as a table too."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from eit.portal.finding import find_territory
from eit.portal.pages import page
from eit.portal.refusals import Unsound
from eit.portal.rights import allow
from eit.portal.viewer import Signed
from eit.store.models import AccountRow, AuditRow, TerritoryRow
from eit.tables.guarding import guard

router = APIRouter()
SHOWN, EXPORTED = 200, 100_000
COLUMNS = ("at", "account", "territory", "action", "subject", "detail")
Word = Annotated[str, Query(max_length=60)]


@router.get("/admin/audit", name="admin_audit")
def whole(
    request: Request, viewer: Signed, action: Word = "", since: Word = "", until: Word = ""
) -> Response:
    """Show what was done in the portal."""
    allow(viewer, "list", "audit", territory_id=None)
    asked = {"action": action, "since": since, "until": until}
    with request.app.state.store.reading() as session:
        rows = _rows(session, _select(**asked).limit(SHOWN))
    context: dict[str, Any] = {"rows": rows, "asked": asked, "territory": None, "shown": SHOWN}
    return page(request, viewer, "admin/audit.html.jinja", **context)


@router.get("/admin/audit.csv", name="admin_audit_table")
def whole_table(
    request: Request, viewer: Signed, action: Word = "", since: Word = "", until: Word = ""
) -> Response:
    """Hand over what was done in the portal as a table."""
    allow(viewer, "export", "audit", territory_id=None)
    with request.app.state.store.reading() as session:
        return _table(_rows(session, _select(action, since, until).limit(EXPORTED)))


@router.get("/t/{slug}/audit", name="audit")
def of_territory(
    request: Request,
    viewer: Signed,
    slug: str,
    action: Word = "",
    since: Word = "",
    until: Word = "",
) -> Response:
    """Show what was done in a territory."""
    asked = {"action": action, "since": since, "until": until}
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "list", "audit", territory_id=territory.id)
        wanted = _select(**asked).where(AuditRow.territory_id == territory.id)
        rows = _rows(session, wanted.limit(SHOWN))
    context: dict[str, Any] = {"rows": rows, "asked": asked, "territory": territory, "shown": SHOWN}
    return page(request, viewer, "admin/audit.html.jinja", **context)


@router.get("/t/{slug}/audit.csv", name="audit_table")
def table_of_territory(
    request: Request,
    viewer: Signed,
    slug: str,
    action: Word = "",
    since: Word = "",
    until: Word = "",
) -> Response:
    """Hand over what was done in a territory as a table."""
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "export", "audit", territory_id=territory.id)
        wanted = _select(action, since, until).where(AuditRow.territory_id == territory.id)
        return _table(_rows(session, wanted.limit(EXPORTED)))


def _select(action: str, since: str, until: str) -> Select[AuditRow]:
    """Acts whose word begins so, between two days; newest first."""
    rows = select(AuditRow).order_by(AuditRow.at.desc(), AuditRow.id)
    if action:
        rows = rows.where(AuditRow.action.startswith(action, autoescape=True))
    if since:
        rows = rows.where(AuditRow.at >= _day(since))
    if until:
        rows = rows.where(AuditRow.at < _day(until) + timedelta(days=1))
    return rows


def _day(text: str) -> datetime:
    try:
        found = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise Unsound("day") from error
    if not 2000 <= found.year <= 2999:
        raise Unsound("day")
    return found


def _rows(session: Session, wanted: Select[AuditRow]) -> list[dict[str, Any]]:
    people = {key: name for key, name in session.execute(select(AccountRow.id, AccountRow.name))}
    places = {k: name for k, name in session.execute(select(TerritoryRow.id, TerritoryRow.name))}
    return [
        {
            "at": row.at,
            "account": people.get(row.account_id or "", ""),
            "territory": places.get(row.territory_id or "", ""),
            "action": row.action,
            "subject": row.subject,
            "detail": row.detail,
        }
        for row in session.scalars(wanted)
    ]


def _table(rows: list[dict[str, Any]]) -> Response:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        at = row["at"].strftime("%Y-%m-%dT%H:%M:%SZ")
        writer.writerow([at, *(guard(str(row[name])) for name in COLUMNS[1:])])
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
