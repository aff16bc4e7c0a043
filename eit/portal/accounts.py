"""Accounts: made, signed in to, disabled; guessing is counted and stopped."""

import hashlib
import ipaddress
import re
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from eit.portal import audit, sessions
from eit.portal.passwords import Passwords, weakness
from eit.portal.refusals import TooMany, Unsound
from eit.portal.viewer import Viewer, view
from eit.store.columns import now
from eit.store.database import Store
from eit.store.models import AccountRow, AttemptRow

EMAIL = re.compile(r"[^@\s,;<>\"'()\x00-\x1f]+@[^@\s,;<>\"'()\x00-\x1f]+\.[^@\s.,;<>\"'()]+")
LONGEST_EMAIL, LONGEST_NAME = 254, 120
WINDOW = timedelta(minutes=15)
PER_ACCOUNT, PER_ADDRESS = 10, 50


@dataclass(frozen=True, slots=True)
class Visitor:
    """Someone at the door: what they say they are, and where they call from."""

    email: str
    address: str

    @property
    def subjects(self) -> dict[str, int]:
        """What attempts are counted by, and how many are let pass; kept as digests."""
        return {
            _subject("account", self.email): PER_ACCOUNT,
            _subject("address", _network(self.address)): PER_ADDRESS,
        }


def tidy_email(text: str) -> str:
    """An e-mail address as it is kept.

    Raises
    ------
    Unsound
        If it does not look like one.
    """
    email = text.strip().lower()
    if len(email) > LONGEST_EMAIL or not EMAIL.fullmatch(email):
        raise Unsound("email")
    return email


def tidy_name(text: str) -> str:
    """A person's or a thing's name as it is kept: one line, not too long, not blank.

    Raises
    ------
    Unsound
        If nothing is left.
    """
    name = " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST_NAME]
    if not name:
        raise Unsound("name")
    return name


def sound_password(password: str, *, email: str, name: str) -> str:
    """The password, if it will do.

    Raises
    ------
    Unsound
        If it will not.
    """
    if word := weakness(password, email=email, name=name):
        raise Unsound(f"password_{word}")
    return password


def find_account(session: Session, email: str) -> AccountRow | None:
    """The account of an address."""
    return session.scalar(select(AccountRow).where(AccountRow.email == email.strip().lower()))


def sign_in(store: Store, passwords: Passwords, visitor: Visitor, password: str) -> str | None:
    """Open a session for whoever knows the password.

    Each attempt is counted before the password is looked at, so that many at once count too;
    a wrong account costs the same time as a wrong password.

    Returns
    -------
    secret
        Of the session; None if account or password is wrong.

    Raises
    ------
    TooMany
        If too many attempts failed for the account or from the address.
    """
    with store.changing() as session:
        _count(session, visitor)
    with store.reading() as session:
        account = find_account(session, visitor.email)
        usable = account is not None and not account.disabled_at
        kept = account.password_hash if account and usable else None
    if not passwords.verify(password, kept) or account is None:
        with store.changing() as session:
            subject = account.id if account else ""
            audit.record(session, None, "account.refused", subject)
        return None
    with store.changing() as session:
        return admit(session, account.id, visitor)


def admit(session: Session, account_id: str, visitor: Visitor) -> str | None:
    """Open a session for someone whose identity is proven; None if the account was disabled."""
    account = session.get(AccountRow, account_id)
    if account is None or account.disabled_at or account.erased_at:
        return None
    forgive(session, visitor)
    audit.record(session, view(account), "account.sign_in", account.id)
    return sessions.start(session, account.id)


def forgive(session: Session, visitor: Visitor) -> None:
    """Forget the attempts on an account whose owner came in, and this one from the address."""
    account, address = visitor.subjects
    session.execute(delete(AttemptRow).where(AttemptRow.subject == account))
    last = select(AttemptRow).where(AttemptRow.subject == address).order_by(AttemptRow.at.desc())
    if row := session.scalar(last.limit(1)):
        session.delete(row)


def change_password(session: Session, account_id: str, kept: str) -> None:
    """Keep a new password; every session ends."""
    account = session.get_one(AccountRow, account_id)
    account.password_hash = kept
    sessions.end_all(session, account_id)


def disable(session: Session, viewer: Viewer | None, account: AccountRow) -> None:
    """Shut an account out: its sessions end and its tokens are revoked at once."""
    account.disabled_at = account.disabled_at or now()
    sessions.end_all(session, account.id, tokens=True)
    audit.record(session, viewer, "account.disable", account.id)


def enable(session: Session, viewer: Viewer | None, account: AccountRow) -> None:
    """Let a disabled account in again; its tokens stay revoked."""
    account.disabled_at = None
    audit.record(session, viewer, "account.enable", account.id)


def _count(session: Session, visitor: Visitor) -> None:
    since = now() - WINDOW
    session.execute(delete(AttemptRow).where(AttemptRow.at < since))
    for subject, limit in visitor.subjects.items():
        if session.get_bind().dialect.name == "postgresql":  # SQLite writers take turns anyway
            session.execute(select(func.pg_advisory_xact_lock(func.hashtext(subject))))
        session.add(AttemptRow(subject=subject))
        session.flush()
        tried = select(func.count()).where(AttemptRow.subject == subject, AttemptRow.at >= since)
        if (session.scalar(tried) or 0) > limit:
            raise TooMany


def _subject(kind: str, text: str) -> str:
    return f"{kind}:{hashlib.sha256(text.strip().lower().encode()).hexdigest()[:32]}"


def _network(address: str) -> str:
    """What one caller holds: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((known, 64), strict=False)) if known.version == 6 else address
