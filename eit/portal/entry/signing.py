"""Pages of the door: sign in, sign out, the language of those not signed in."""

from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from eit.portal import accounts, audit, sessions
from eit.portal.accounts import Visitor
from eit.portal.addresses import caller, local, onward
from eit.portal.pages import LANG_COOKIE, page
from eit.portal.refusals import Hidden
from eit.portal.viewer import Perhaps
from eit.texts import LANGUAGES

router = APIRouter()


@router.get("/sign-in")
def sign_in(request: Request, viewer: Perhaps, next: str = "/") -> Response:
    """Ask for address and password."""
    if viewer is not None:
        return onward(local(next))
    return page(request, None, "sign_in.html.jinja", next=local(next), email="", wrong=False)


@router.post("/sign-in")
def open_session(
    request: Request,
    email: Annotated[str, Form(max_length=400)] = "",
    password: Annotated[str, Form(max_length=2000)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Let in whoever knows the password; the session is a new one."""
    state = request.app.state
    visitor = Visitor(email, caller(request))
    secret = accounts.sign_in(state.store, state.passwords, visitor, password)
    if secret is None:
        context: dict[str, Any] = {"next": local(next), "email": email, "wrong": True}
        return page(request, None, "sign_in.html.jinja", status=401, **context)
    with state.store.changing() as session:
        sessions.end(session, sessions.secret_of(request))
    answer = onward(local(next))
    sessions.keep(answer, secret, state.settings)
    return answer


@router.post("/sign-out")
def sign_out(request: Request, viewer: Perhaps) -> Response:
    """End the session."""
    with request.app.state.store.changing() as session:
        sessions.end(session, sessions.secret_of(request))
        if viewer is not None:
            audit.record(session, viewer, "account.sign_out", viewer.account_id)
    answer = onward("/sign-in", "portal.signed_out")
    sessions.forget(answer, request.app.state.settings)
    return answer


@router.get("/language/{lang}")
def language_page(request: Request, lang: str, next: str = "/") -> Response:
    """Remember the language of someone who is not signed in."""
    if lang not in LANGUAGES:
        raise Hidden
    answer = onward(local(next))
    secure = request.app.state.settings.secure_cookies
    answer.set_cookie(LANG_COOKIE, lang, max_age=31_536_000, samesite="lax", secure=secure)
    return answer
