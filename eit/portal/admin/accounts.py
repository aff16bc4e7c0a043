"""Pages of accounts and of invitations to administer."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload
from starlette.requests import Request
from starlette.responses import Response

from eit.portal import accounts, audit, invitations, personal
from eit.portal.addresses import onward, outside
from eit.portal.invitations import Post
from eit.portal.pages import page
from eit.portal.refusals import Hidden, Unsound
from eit.portal.rights import allow
from eit.portal.viewer import Signed, Viewer
from eit.store.models import AccountRow, FirmRow, InvitationRow, TerritoryRow

router = APIRouter(prefix="/admin")
MOST = 500


def _may(viewer: Viewer, action: str, resource: str = "accounts") -> None:
    allow(viewer, action, resource, territory_id=None)


def _account(session: Session, account_id: str) -> AccountRow:
    account = session.get(AccountRow, account_id)
    if account is None or account.erased_at is not None:
        raise Hidden
    return account


@router.get("", name="admin")
def index(request: Request, viewer: Signed) -> Response:
    """Lead to what an administrator keeps."""
    _may(viewer, "list")
    with request.app.state.store.reading() as session:
        counts = {
            "accounts": session.scalar(select(func.count()).where(AccountRow.erased_at.is_(None))),
            "territories": session.scalar(
                select(func.count()).where(TerritoryRow.closed_at.is_(None))
            ),
        }
    return page(request, viewer, "admin/index.html.jinja", counts=counts)


@router.get("/accounts", name="admin_accounts")
def list_accounts(
    request: Request, viewer: Signed, q: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """List accounts whose name or address holds some letters."""
    _may(viewer, "list")
    rows = select(AccountRow).where(AccountRow.erased_at.is_(None))
    if q:
        like = f"%{q.lower().replace('%', '').replace('_', '')}%"
        rows = rows.where(or_(AccountRow.email.like(like), func.lower(AccountRow.name).like(like)))
    rows = rows.options(selectinload(AccountRow.memberships))
    with request.app.state.store.reading() as session:
        found = list(session.scalars(rows.order_by(AccountRow.email, AccountRow.id).limit(MOST)))
        names = _names(session)
        invited = invitations.open_invitations(session, None)
    context: dict[str, Any] = {
        "accounts": found,
        "q": q,
        "names": names,
        "invited": invited,
        "most": MOST,
    }
    return page(request, viewer, "admin/accounts.html.jinja", **context)


@router.get("/accounts/{account_id}", name="admin_account")
def one_account(request: Request, viewer: Signed, account_id: str) -> Response:
    """Show one account."""
    _may(viewer, "read")
    with request.app.state.store.reading() as session:
        account = _account(session, account_id)
        context: dict[str, Any] = {
            "account": account,
            "memberships": list(account.memberships),
            "names": _names(session),
        }
    return page(request, viewer, "admin/account.html.jinja", **context)


@router.post("/accounts/{account_id}/disable", name="admin_disable")
def disable(request: Request, viewer: Signed, account_id: str) -> Response:
    """Shut an account out."""
    _may(viewer, "disable")
    with request.app.state.store.changing() as session:
        account = _account(session, account_id)
        personal.keep_an_administrator(session, account)
        accounts.disable(session, viewer, account)
    return onward(f"/admin/accounts/{account_id}", "portal.disabled")


@router.post("/accounts/{account_id}/enable", name="admin_enable")
def enable(request: Request, viewer: Signed, account_id: str) -> Response:
    """Let a disabled account in again."""
    _may(viewer, "disable")
    with request.app.state.store.changing() as session:
        accounts.enable(session, viewer, _account(session, account_id))
    return onward(f"/admin/accounts/{account_id}", "portal.enabled")


@router.post("/accounts/{account_id}/reset", name="admin_reset")
def reset(request: Request, viewer: Signed, account_id: str) -> Response:
    """Make a link by which the owner of an account chooses a new password; shown once."""
    _may(viewer, "reset")
    with request.app.state.store.changing() as session:
        account = _account(session, account_id)
        email = account.email or ""
        secret = invitations.invite(session, viewer, email, Post("password"))
    context: dict[str, Any] = {
        "link": outside(request, "invitation_page", secret=secret),
        "email": email,
        "back": f"/admin/accounts/{account_id}",
    }
    return page(request, viewer, "admin/invited.html.jinja", role="password", place="", **context)


@router.get("/accounts/{account_id}/export", name="admin_export")
def export(request: Request, viewer: Signed, account_id: str) -> Response:
    """Hand over what is kept about a person who asks for it."""
    _may(viewer, "export")
    with request.app.state.store.changing() as session:
        found = personal.export_account(session, _account(session, account_id))
        audit.record(session, viewer, "account.export", account_id)
    text = json.dumps(found, ensure_ascii=False, indent=2, default=str)
    headers = {"Content-Disposition": 'attachment; filename="account.json"'}
    return Response(text, media_type="application/json", headers=headers)


@router.post("/accounts/{account_id}/erase", name="admin_erase")
def erase(
    request: Request,
    viewer: Signed,
    account_id: str,
    sure: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Remove a person who asks for it."""
    _may(viewer, "erase")
    if sure != "yes":
        raise Unsound("not_sure")
    with request.app.state.store.changing() as session:
        personal.erase_account(session, viewer, _account(session, account_id))
    return onward("/admin/accounts", "portal.removed")


@router.post("/invitations", name="admin_invite")
def invite(
    request: Request, viewer: Signed, email: Annotated[str, Form(max_length=400)]
) -> Response:
    """Invite an administrator; the link is shown once."""
    _may(viewer, "create", "steering_invitations")
    with request.app.state.store.changing() as session:
        secret = invitations.invite(session, viewer, email, Post("administrator"))
    link = outside(request, "invitation_page", secret=secret)
    context: dict[str, Any] = {
        "link": link,
        "role": "administrator",
        "place": "",
        "back": "/admin/accounts",
    }
    return page(request, viewer, "admin/invited.html.jinja", email=email.strip(), **context)


@router.post("/invitations/{digest}/withdraw", name="admin_withdraw")
def withdraw(request: Request, viewer: Signed, digest: str) -> Response:
    """Make an administrator's link worthless."""
    _may(viewer, "withdraw", "steering_invitations")
    with request.app.state.store.changing() as session:
        row = session.get(InvitationRow, digest)
        if row is None or row.role != "administrator":
            raise Hidden
        invitations.withdraw(session, viewer, row)
    return onward("/admin/accounts", "portal.withdrawn")


def _names(session: Session) -> dict[str, str]:
    """Names of territories and firms by identifier."""
    territories = session.execute(select(TerritoryRow.id, TerritoryRow.name))
    firms = session.execute(select(FirmRow.id, FirmRow.name))
    return {**{key: name for key, name in territories}, **{key: name for key, name in firms}}
