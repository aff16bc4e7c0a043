"""What is kept about people and firms: handed over on request, and removed on request."""

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import DeclarativeBase, Session

from eit.portal import audit, sessions, tokens
from eit.portal.refusals import Impossible
from eit.portal.viewer import Viewer
from eit.store.columns import now
from eit.store.models import (
    AccountRow,
    AnswerRow,
    AuditRow,
    DelegationRow,
    FileRow,
    FirmRow,
    InvitationRow,
    JobRow,
    LineRow,
    MembershipRow,
    NoteRow,
    SessionRow,
    SiteRow,
    SubmissionRow,
    SynergyRow,
    TokenRow,
)

SECRET = frozenset({"password_hash", "digest", "content", "cells", "faults", "summary"})
"""Columns that an export leaves out: secrets, and what a firm sent (it exports that itself)."""


def export_account(session: Session, account: AccountRow) -> dict[str, Any]:
    """Everything the portal keeps about a person, as plain values."""
    mine = account.id
    rows: dict[str, Any] = {
        "memberships": (MembershipRow, MembershipRow.account_id == mine),
        "sessions": (SessionRow, SessionRow.account_id == mine),
        "tokens": (TokenRow, TokenRow.account_id == mine),
        "invitations": (
            InvitationRow,
            or_(InvitationRow.email == account.email, InvitationRow.created_by == mine),
        ),
        "delegations": (DelegationRow, DelegationRow.granted_by == mine),
        "submissions": (
            SubmissionRow,
            or_(SubmissionRow.account_id == mine, SubmissionRow.declared_by == mine),
        ),
        "answers": (AnswerRow, AnswerRow.account_id == mine),
        "notes": (NoteRow, NoteRow.account_id == mine),
        "jobs": (JobRow, JobRow.created_by == mine),
        "files": (FileRow, FileRow.created_by == mine),
        "acts": (AuditRow, AuditRow.account_id == mine),
    }
    return {
        "account": _plain([account])[0],
        **{
            name: _plain(session.scalars(select(table).where(which)))
            for name, (table, which) in rows.items()
        },
    }


def erase_account(session: Session, viewer: Viewer | None, account: AccountRow) -> None:
    """Remove a person: name, address, password, sign-in, memberships, keys.

    The row stays without them, so that what the person did for a firm keeps its date and its
    place in the history.

    Raises
    ------
    Impossible
        If it is the last administrator.
    """
    keep_an_administrator(session, account)
    for membership in list(account.memberships):
        tokens.revoke_membership(session, membership)
    for invited in session.scalars(
        select(InvitationRow).where(InvitationRow.email == account.email)
    ):
        invited.email, invited.expires_at = "", min(invited.expires_at, now())
    sessions.end_all(session, account.id, tokens=True)
    account.email = account.password_hash = account.oidc_subject = None
    account.name, account.is_administrator = "", False
    account.erased_at = account.disabled_at = now()
    audit.record(session, viewer, "account.erase", account.id)


def keep_an_administrator(session: Session, account: AccountRow) -> None:
    """Refuse to lose the last administrator who can sign in.

    Raises
    ------
    Impossible
        If there is no other.
    """
    others = select(func.count()).where(
        AccountRow.is_administrator.is_(True),
        AccountRow.disabled_at.is_(None),
        AccountRow.id != account.id,
    )
    if account.is_administrator and not session.scalar(others):
        raise Impossible("last_administrator")


def erase_firm(session: Session, viewer: Viewer | None, firm: FirmRow, data: Path) -> None:
    """Remove what a firm sent: contents, lines, answers, figures; its people lose their access.

    Dates, checksums and the firm's short name in finished results stay, and so do results that
    were published: `docs/portal.md` says it to the firm.
    """
    sent = list(session.scalars(select(SubmissionRow).where(SubmissionRow.firm_id == firm.id)))
    for submission in sent:
        for line in session.scalars(select(LineRow).where(LineRow.submission_id == submission.id)):
            session.delete(line)
        submission.content, submission.filename, submission.state = b"", "", "withdrawn"
        submission.sound = submission.faulty = 0
    for answer in session.scalars(select(AnswerRow).where(AnswerRow.firm_id == firm.id)):
        answer.why, answer.contact = "", False
    _let_go(session, firm)
    forget_inputs(data, firm.slug)
    firm.name, firm.erased_at = "", now()
    audit.record(session, viewer, "firm.erase", firm.id, firm.territory_id)


def _let_go(session: Session, firm: FirmRow) -> None:
    """End what ties people, sites, delegations and synergies to a firm."""
    for member in session.scalars(select(MembershipRow).where(MembershipRow.firm_id == firm.id)):
        tokens.revoke_membership(session, member)
    for invited in session.scalars(select(InvitationRow).where(InvitationRow.firm_id == firm.id)):
        invited.expires_at = min(invited.expires_at, now())
    for site in session.scalars(select(SiteRow).where(SiteRow.firm_id == firm.id)):
        session.delete(site)
    for one in session.scalars(select(DelegationRow).where(DelegationRow.firm_id == firm.id)):
        one.revoked_at = one.revoked_at or now()
    either = or_(SynergyRow.donor_firm_id == firm.id, SynergyRow.receiver_firm_id == firm.id)
    for synergy in session.scalars(select(SynergyRow).where(either)):
        synergy.figures = {}


def forget_inputs(data: Path, slug: str) -> list[Path]:
    """Delete a firm's files from the inputs that finished runs keep; gives back which."""
    mine = re.compile(re.escape(slug) + r"-\d{8}T\d+-.*\.csv")
    found = [
        file
        for place in ("runs", "work")
        for file in sorted((data / place).rglob("declarations/*.csv"))
        if mine.fullmatch(file.name)
    ]
    for file in found:
        file.unlink(missing_ok=True)
    return found


def _plain(rows: Iterable[DeclarativeBase]) -> list[dict[str, Any]]:
    return [
        {
            column.key: value.isoformat() if isinstance(value, datetime) else value
            for column in row.__mapper__.column_attrs
            if column.key not in SECRET
            for value in (getattr(row, column.key),)
        }
        for row in rows
    ]
