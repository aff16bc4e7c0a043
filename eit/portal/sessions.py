"""Sessions of browsers: a random secret in a cookie, its digest in the database."""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from eit.portal.settings import Settings
from eit.store.columns import now
from eit.store.models import AccountRow, SessionRow, TokenRow

DAYS = 7
SECRET_BYTES = 32


def digest(secret: str) -> str:
    """What is kept of a random secret: its SHA-256; 256 random bits need no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret() -> str:
    """256 random bits as text."""
    return secrets.token_urlsafe(SECRET_BYTES)


def start(session: Session, account_id: str) -> str:
    """Open a session and give back its secret; ended ones of everybody are swept away."""
    secret = new_secret()
    session.execute(delete(SessionRow).where(SessionRow.expires_at < now()))
    session.add(
        SessionRow(
            digest=digest(secret), account_id=account_id, expires_at=now() + timedelta(days=DAYS)
        )
    )
    return secret


def account_of(session: Session, secret: str) -> AccountRow | None:
    """Whose session this is; None where it ended, or the account was disabled."""
    row = session.get(SessionRow, digest(secret))
    if row is None or row.expires_at <= now():
        return None
    account = session.get(AccountRow, row.account_id)
    return account if account and not account.disabled_at and not account.erased_at else None


def end(session: Session, secret: str) -> None:
    """Close one session."""
    session.execute(delete(SessionRow).where(SessionRow.digest == digest(secret)))


def end_all(session: Session, account_id: str, *, tokens: bool = False) -> None:
    """Close every session of an account, and revoke its tokens where asked."""
    session.execute(delete(SessionRow).where(SessionRow.account_id == account_id))
    if tokens:
        for token in session.query(TokenRow).filter_by(account_id=account_id, revoked_at=None):
            token.revoked_at = now()


def cookie_name(settings: Settings) -> str:
    """Name of the cookie; the prefix makes browsers hold it to this host and to TLS."""
    return "__Host-eit_session" if settings.secure_cookies else "eit_session"


def secret_of(request: Request) -> str:
    """Secret that the browser sent, or blank."""
    return request.cookies.get(cookie_name(request.app.state.settings), "")


def keep(response: Response, secret: str, settings: Settings) -> None:
    """Give the browser its cookie: out of reach of scripts and of other sites' posts."""
    response.set_cookie(
        cookie_name(settings),
        secret,
        max_age=DAYS * 86400,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
    )


def forget(response: Response, settings: Settings) -> None:
    """Take the cookie away."""
    response.delete_cookie(
        cookie_name(settings),
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
    )
