"""Pages of an invitation: what it offers, and how it is taken."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from eit.portal import accounts, invitations, sessions
from eit.portal.addresses import onward
from eit.portal.pages import language, page
from eit.portal.refusals import NotSignedInError, Unsound
from eit.portal.viewer import Perhaps
from eit.store.models import FirmRow, InvitationRow

router = APIRouter()
NOTHING: Mapping[str, str] = MappingProxyType({"email": "", "name": ""})


@router.get("/invitation/{secret}")
def invitation_page(request: Request, secret: str, viewer: Perhaps) -> Response:
    """Say what the invitation offers."""
    return _show(request, secret, viewer)


@router.post("/invitation/{secret}")
def accept_invitation(
    request: Request,
    secret: str,
    viewer: Perhaps,
    name: Annotated[str, Form(max_length=1000)] = "",
    email: Annotated[str, Form(max_length=400)] = "",
    password: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Make the account, or add the membership to the one that is signed in."""
    store = request.app.state.store
    with store.reading() as session:
        row = invitations.standing(session, secret)
    if row.role != "password" and viewer is not None:
        with store.changing() as session:
            invitations.accept(session, secret, viewer)
        return onward("/", "portal.joined")
    said = {"email": email, "name": name}
    try:
        account_id = _enter(request, secret, row, said=said, password=password)
    except Unsound as error:
        return _show(request, secret, None, status=422, wrong=error.code, said=said)
    with store.changing() as session:
        opened = sessions.start(session, account_id)
    answer = onward("/", "portal.password" if row.role == "password" else "portal.welcome")
    sessions.keep(answer, opened, request.app.state.settings)
    return answer


def _enter(
    request: Request, secret: str, row: InvitationRow, *, said: Mapping[str, str], password: str
) -> str:
    """Make an account, or give one its new password; its identifier."""
    state = request.app.state
    email = row.email or accounts.tidy_email(said["email"])
    name = "" if row.role == "password" else accounts.tidy_name(said["name"])
    kept = state.passwords.hash(accounts.sound_password(password, email=email, name=name))
    with state.store.changing() as session:
        if row.role == "password":
            return invitations.reset_password(session, secret, kept).id
        lang = language(request, None)
        made = invitations.accept_as_new(
            session, secret, email=email, name=name, password_hash=kept, lang=lang
        )
        return made.id


def _show(
    request: Request,
    secret: str,
    viewer: Perhaps,
    *,
    status: int = 200,
    wrong: str = "",
    said: Mapping[str, str] = NOTHING,
) -> Response:
    with request.app.state.store.reading() as session:
        row = invitations.standing(session, secret)
        territory = invitations.territory_of(session, row)
        firm = session.get(FirmRow, row.firm_id) if row.firm_id else None
        known = accounts.find_account(session, row.email) is not None
    if known and viewer is None and row.role != "password":
        raise NotSignedInError
    offer = {
        "email": row.email,
        "role": row.role,
        "territory": territory.name if territory else "",
        "firm": firm.name if firm else "",
        "park": row.park_id or "",
    }
    context: dict[str, Any] = {"offer": offer, "secret": secret, "wrong": wrong, "said": said}
    return page(request, viewer, "invitation.html.jinja", status=status, **context)
