"""What a firm sends is on disk, as it was sent, before anything else is done with it."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from eit.portal import audit
from eit.portal.declare.access import Actor
from eit.portal.declare.heads import LINE, Head
from eit.portal.declare.plain import shown_name
from eit.portal.refusals import Hidden, Impossible
from eit.store.columns import now
from eit.store.database import Store
from eit.store.models import FirmRow, LineRow, SubmissionRow

FILE, FORM, CORRECTION, CANCELLATION = "file", "form", "correction", "cancel"
RECEIVED, DRAFT, DECLARED = "received", "draft", "declared"
WITHDRAWN, REPLACED = "withdrawn", "replaced"
STANDING = (RECEIVED, DRAFT, DECLARED)
"""States of what was neither taken back nor corrected."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Something that a person sends for a firm.

    Attributes
    ----------
    actor
        Who sends it, and as what.
    kind
        ``file``, ``form``, ``correction`` or ``cancel``.
    replaces_known
        Whether lines that create what is live already replace it.
    corrects_id
        The draft whose place it takes.
    again
        Keep it even if the very same bytes came before.
    """

    firm_id: str
    actor: Actor
    kind: str
    filename: str
    content: bytes
    replaces_known: bool = False
    corrects_id: str | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of it: its number; that of the earlier one where the same bytes came before."""

    submission_id: str
    duplicate: bool = False


def receive(store: Store, sent: Sent) -> Receipt:
    """Keep what was sent; once this returns, it is on disk.

    Raises
    ------
    Hidden
        If there is no such firm.
    Impossible
        If the draft to be corrected is no draft any more.
    """
    with store.changing() as session:
        firm = lock_firm(session, sent.firm_id)
        digest = hashlib.sha256(sent.content).hexdigest()
        if sent.kind == FILE and not sent.again and (same := _same(session, sent, digest)):
            return Receipt(same, duplicate=True)
        if sent.corrects_id is not None:
            _set_aside(session, sent.firm_id, sent.corrects_id)
        row = keep(session, firm, sent, digest)
        return Receipt(row.id)


def keep(session: Session, firm: FirmRow, sent: Sent, digest: str = "") -> SubmissionRow:
    """Write a submission and its head in the transaction that is under way."""
    row = SubmissionRow(
        territory_id=firm.territory_id,
        firm_id=firm.id,
        account_id=sent.actor.account_id,
        corrects_id=sent.corrects_id,
        kind=sent.kind,
        filename=shown_name(sent.filename),
        content=sent.content,
        sha256=digest or hashlib.sha256(sent.content).hexdigest(),
        received_at=now(),
        replaces_known=sent.replaces_known,
    )
    session.add(row)
    session.flush()
    session.add(LineRow(submission_id=row.id, line=LINE, cells=Head(by=sent.actor.by).as_dict()))
    audit.record(session, sent.actor.viewer, "submission.create", row.id, firm.territory_id)
    return row


def lock_firm(session: Session, firm_id: str) -> FirmRow:
    """The firm, for changes of one person at a time.

    Raises
    ------
    Hidden
        If there is none, or it was erased.
    """
    firm = session.get(FirmRow, firm_id, with_for_update=True)
    if firm is None or firm.erased_at is not None:
        raise Hidden
    return firm


def _same(session: Session, sent: Sent, digest: str) -> str | None:
    """The latest standing submission of the firm with the same bytes, taken in the same way."""
    wanted = (
        select(SubmissionRow.id)
        .where(
            SubmissionRow.firm_id == sent.firm_id,
            SubmissionRow.sha256 == digest,
            SubmissionRow.replaces_known == sent.replaces_known,
            SubmissionRow.state.in_(STANDING),
        )
        .order_by(SubmissionRow.received_at.desc())
    )
    return session.scalar(wanted.limit(1))


def _set_aside(session: Session, firm_id: str, submission_id: str) -> None:
    """Mark a draft as replaced by its correction; its lines and bytes stay."""
    old = session.get(SubmissionRow, submission_id)
    if old is None or old.firm_id != firm_id:
        raise Hidden
    if old.state != DRAFT:
        raise Impossible("declare_no_draft")
    old.state = REPLACED
