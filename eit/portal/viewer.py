"""Who is looking: the account behind a request, by session cookie or by token."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from sqlalchemy.orm import Session
from starlette.requests import Request

from eit.portal import sessions
from eit.portal.refusals import NotSignedInError
from eit.store.columns import now
from eit.store.models import AccountRow, MembershipRow, TokenRow

TOUCH_S = 60


@dataclass(frozen=True, slots=True)
class Membership:
    """What a person is in a territory: firm (of one), manager (of a park), facilitator."""

    id: str
    territory_id: str
    role: str
    firm_id: str | None = None
    park_id: str | None = None


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person, or a program that acts for one in one membership."""

    account_id: str
    name: str
    email: str
    lang: str
    is_administrator: bool = False
    memberships: tuple[Membership, ...] = ()
    by_token: bool = False

    def within(self, territory_id: str) -> tuple[Membership, ...]:
        """Memberships in one territory."""
        return tuple(one for one in self.memberships if one.territory_id == territory_id)

    def has_role(self, role: str, territory_id: str) -> bool:
        """Whether the person is that in the territory."""
        return any(one.role == role for one in self.within(territory_id))

    def firm_ids(self, territory_id: str) -> tuple[str, ...]:
        """Firms the person speaks for in a territory."""
        return tuple(one.firm_id for one in self.within(territory_id) if one.firm_id)


def viewer_of(request: Request) -> Viewer | None:
    """Whoever sent the request; a token goes before a cookie, and a wrong one is nobody."""
    if hasattr(request.state, "viewer"):
        known: Viewer | None = request.state.viewer
        return known
    header = request.headers.get("authorization", "")
    scheme, _, secret = header.partition(" ")
    with request.app.state.store.reading() as session:
        if header:
            found = _by_token(session, secret.strip()) if scheme.lower() == "bearer" else None
        else:
            found = _by_cookie(session, sessions.secret_of(request))
    if found and found.by_token:
        _touch(request, secret.strip())
    request.state.viewer = found
    return found


def signed_in(request: Request) -> Viewer:
    """Dependency: the viewer, or the way to the sign-in (pages) and 401 (interface)."""
    viewer = viewer_of(request)
    if viewer is None:
        raise NotSignedInError
    return viewer


def view(account: AccountRow, *, membership_id: str | None = None) -> Viewer:
    """An account as a viewer; in one membership alone where a token acts."""
    kept = sorted(account.memberships, key=lambda row: (row.created_at, row.id))
    return Viewer(
        account_id=account.id,
        name=account.name,
        email=account.email or "",
        lang=account.lang,
        is_administrator=account.is_administrator and membership_id is None,
        memberships=tuple(
            _membership(row) for row in kept if membership_id is None or row.id == membership_id
        ),
        by_token=membership_id is not None,
    )


def _membership(row: MembershipRow) -> Membership:
    return Membership(row.id, row.territory_id, row.role, row.firm_id, row.park_id)


def _by_cookie(session: Session, secret: str) -> Viewer | None:
    account = sessions.account_of(session, secret) if secret else None
    return view(account) if account else None


def _by_token(session: Session, secret: str) -> Viewer | None:
    token = session.get(TokenRow, sessions.digest(secret))
    if token is None or token.revoked_at is not None:
        return None
    account = session.get(AccountRow, token.account_id)
    if account is None or account.disabled_at or account.erased_at:
        return None
    found = view(account, membership_id=token.membership_id)
    return found if found.memberships else None


def _touch(request: Request, secret: str) -> None:
    """Note when a token was last used, to the minute."""
    with request.app.state.store.reading() as session:
        token = session.get(TokenRow, sessions.digest(secret))
        used = token.used_at if token else now()
    if used is None or (now() - used).total_seconds() > TOUCH_S:
        with request.app.state.store.changing() as session:
            token = session.get(TokenRow, sessions.digest(secret))
            if token is not None:
                token.used_at = now()


Signed = Annotated[Viewer, Depends(signed_in)]
Perhaps = Annotated[Viewer | None, Depends(viewer_of)]
