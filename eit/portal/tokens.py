"""Keys for programs: each acts for one person in one membership, and can be revoked."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from eit.portal import audit, sessions
from eit.portal.refusals import Hidden, Impossible
from eit.portal.viewer import Viewer
from eit.store.columns import now
from eit.store.models import MembershipRow, TokenRow

MOST = 20
PREFIX = "eit_"
LONGEST_LABEL = 80


def create(session: Session, viewer: Viewer, membership_id: str, label: str) -> str:
    """Make a key and give it back; it is shown once, only its digest is kept.

    Raises
    ------
    Hidden
        If the membership is not the viewer's.
    Impossible
        If the person has too many keys already.
    """
    membership = next((one for one in viewer.memberships if one.id == membership_id), None)
    if membership is None or viewer.by_token:
        raise Hidden
    if len(standing(session, viewer.account_id)) >= MOST:
        raise Impossible("many_tokens")
    secret = PREFIX + sessions.new_secret()
    row = TokenRow(
        digest=sessions.digest(secret),
        account_id=viewer.account_id,
        membership_id=membership.id,
        label=" ".join(label.split())[:LONGEST_LABEL],
    )
    session.add(row)
    audit.record(session, viewer, "token.create", row.digest[:12], membership.territory_id)
    return secret


def standing(session: Session, account_id: str) -> list[TokenRow]:
    """Keys of an account that still open something."""
    rows = select(TokenRow).where(TokenRow.account_id == account_id, TokenRow.revoked_at.is_(None))
    return list(session.scalars(rows.order_by(TokenRow.created_at, TokenRow.digest)))


def revoke(session: Session, viewer: Viewer, digest: str) -> None:
    """Make one of the viewer's keys worthless at once.

    Raises
    ------
    Hidden
        If the key is not the viewer's.
    """
    row = session.get(TokenRow, digest)
    if row is None or row.account_id != viewer.account_id or viewer.by_token:
        raise Hidden
    row.revoked_at = row.revoked_at or now()
    membership = session.get(MembershipRow, row.membership_id)
    territory_id = membership.territory_id if membership else None
    audit.record(session, viewer, "token.revoke", digest[:12], territory_id)


def revoke_membership(session: Session, membership: MembershipRow) -> None:
    """Take a membership away with every key that acts in it; the keys' rows go too."""
    for row in session.scalars(select(TokenRow).where(TokenRow.membership_id == membership.id)):
        session.delete(row)
    session.flush()
    session.delete(membership)
