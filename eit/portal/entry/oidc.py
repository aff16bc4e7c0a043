"""Pages of the sign-in by an OpenID Connect provider; there only where it is configured."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from eit.portal import accounts, sessions
from eit.portal.accounts import Visitor
from eit.portal.addresses import caller, local, onward, outside
from eit.portal.oidc import Claims, Journey, Provider
from eit.portal.refusals import Hidden, Unsound
from eit.store.models import AccountRow

router = APIRouter(prefix="/oidc")
COOKIE = "eit_oidc"
MINUTES = 10


def _provider(request: Request) -> Provider:
    provider: Provider | None = request.app.state.oidc
    if provider is None:
        raise Hidden
    return provider


@router.get("/start", name="oidc_start")
def start(request: Request, next: Annotated[str, Query(max_length=2000)] = "/") -> Response:
    """Lead to the provider, which leads back here."""
    provider = _provider(request)
    journey = Journey.begin(local(next), outside(request, "oidc_return"))
    answer = RedirectResponse(provider.address(journey), 303)
    settings = request.app.state.settings
    answer.set_cookie(
        COOKIE,
        provider.seal(journey),
        max_age=MINUTES * 60,
        path="/oidc",
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
    )
    return answer


@router.get("/return", name="oidc_return")
def come_back(
    request: Request,
    state: Annotated[str, Query(max_length=500)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
) -> Response:
    """Let in the account that the provider vouches for."""
    provider = _provider(request)
    journey = provider.unseal(request.cookies.get(COOKIE, ""), MINUTES * 60)
    claims = provider.claims(journey, state=state, code=code)
    with request.app.state.store.changing() as session:
        account = _account(session, claims)
        secret = accounts.admit(session, account.id, Visitor(claims.email, caller(request)))
    if secret is None:
        raise Unsound("oidc_unknown")
    answer = onward(journey.next)
    sessions.keep(answer, secret, request.app.state.settings)
    answer.delete_cookie(COOKIE, path="/oidc")
    return answer


def _account(session: Session, claims: Claims) -> AccountRow:
    """The account of a person: by the provider's subject, or the first time by address."""
    known = select(AccountRow).where(AccountRow.oidc_subject == claims.known_as)
    account = session.scalar(known)
    if account is None:
        account = accounts.find_account(session, claims.email) if claims.email else None
        if account is None or account.oidc_subject is not None:
            raise Unsound("oidc_unknown")
        account.oidc_subject = claims.known_as
    return account
