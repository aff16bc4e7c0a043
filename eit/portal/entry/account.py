"""Pages of one's own account: name, language, password, keys, data, removal."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from eit.portal import accounts, audit, personal, sessions, tokens
from eit.portal.addresses import onward
from eit.portal.pages import page
from eit.portal.refusals import Unsound
from eit.portal.rights import allow
from eit.portal.viewer import Signed, Viewer
from eit.store.models import AccountRow, FirmRow, TerritoryRow
from eit.texts import LANGUAGES

router = APIRouter()


def _own(viewer: Viewer, action: str, resource: str = "account") -> None:
    allow(viewer, action, resource, territory_id=None, account_id=viewer.account_id)


@router.get("/account")
def account_page(request: Request, viewer: Signed) -> Response:
    """Show one's account."""
    _own(viewer, "read")
    return _show(request, viewer)


def _show(
    request: Request, viewer: Viewer, *, status: int = 200, wrong: str = "", new_token: str = ""
) -> Response:
    with request.app.state.store.reading() as session:
        account = session.get_one(AccountRow, viewer.account_id)
        context: dict[str, Any] = {
            "has_password": account.password_hash is not None,
            "tokens": tokens.standing(session, viewer.account_id),
            "territories": {
                one.territory_id: session.get_one(TerritoryRow, one.territory_id).name
                for one in viewer.memberships
            },
            "firms": {
                one.firm_id: session.get_one(FirmRow, one.firm_id).name
                for one in viewer.memberships
                if one.firm_id
            },
        }
    context |= {"wrong": wrong, "new_token": new_token}
    return page(request, viewer, "account.html.jinja", status=status, **context)


@router.post("/account")
def change_account(
    request: Request,
    viewer: Signed,
    name: Annotated[str, Form(max_length=1000)],
    lang: Annotated[str, Form(max_length=5)],
) -> Response:
    """Change name and language."""
    _own(viewer, "change")
    if lang not in LANGUAGES:
        raise Unsound
    with request.app.state.store.changing() as session:
        account = session.get_one(AccountRow, viewer.account_id)
        account.name, account.lang = accounts.tidy_name(name), lang
        audit.record(session, viewer, "account.change", viewer.account_id)
    return onward("/account", "portal.saved")


@router.post("/account/password")
def change_password(
    request: Request,
    viewer: Signed,
    current: Annotated[str, Form(max_length=2000)] = "",
    password: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Change the password; other sessions end, this browser gets a new one."""
    _own(viewer, "change")
    state = request.app.state
    with state.store.reading() as session:
        kept = session.get_one(AccountRow, viewer.account_id).password_hash
    if not state.passwords.verify(current, kept):
        return _show(request, viewer, status=422, wrong="password_current")
    try:
        sound = accounts.sound_password(password, email=viewer.email, name=viewer.name)
    except Unsound as error:
        return _show(request, viewer, status=422, wrong=error.code)
    changed = state.passwords.hash(sound)
    with state.store.changing() as session:
        accounts.change_password(session, viewer.account_id, changed)
        secret = sessions.start(session, viewer.account_id)
        audit.record(session, viewer, "account.password", viewer.account_id)
    answer = onward("/account", "portal.password")
    sessions.keep(answer, secret, state.settings)
    return answer


@router.post("/account/tokens")
def create_token(
    request: Request,
    viewer: Signed,
    membership_id: Annotated[str, Form(max_length=50)],
    label: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Make a key for a program and show it, this once."""
    _own(viewer, "read")
    with request.app.state.store.changing() as session:
        secret = tokens.create(session, viewer, membership_id, label)
    return _show(request, viewer, new_token=secret)


@router.post("/account/tokens/{digest}/revoke")
def revoke_token(request: Request, viewer: Signed, digest: str) -> Response:
    """Make a key worthless."""
    _own(viewer, "revoke", "tokens")
    with request.app.state.store.changing() as session:
        tokens.revoke(session, viewer, digest)
    return onward("/account", "portal.revoked")


@router.get("/account/export")
def export_account(request: Request, viewer: Signed) -> Response:
    """Hand over everything that is kept about the person."""
    _own(viewer, "export")
    with request.app.state.store.changing() as session:
        account = session.get_one(AccountRow, viewer.account_id)
        found = personal.export_account(session, account)
        audit.record(session, viewer, "account.export", viewer.account_id)
    text = json.dumps(found, ensure_ascii=False, indent=2, default=str)
    headers = {"Content-Disposition": 'attachment; filename="account.json"'}
    return Response(text, media_type="application/json", headers=headers)


@router.post("/account/erase")
def erase_account(
    request: Request, viewer: Signed, sure: Annotated[str, Form(max_length=10)] = ""
) -> Response:
    """Remove the person from the portal."""
    _own(viewer, "erase")
    if sure != "yes":
        raise Unsound("not_sure")
    with request.app.state.store.changing() as session:
        account = session.get_one(AccountRow, viewer.account_id)
        personal.erase_account(session, viewer, account)
    answer = onward("/sign-in", "portal.erased")
    sessions.forget(answer, request.app.state.settings)
    return answer
