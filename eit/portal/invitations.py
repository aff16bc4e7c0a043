"""Invitations: a link that makes someone a member, once, until it expires."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from eit.portal import audit, sessions
from eit.portal.accounts import change_password, find_account, tidy_email
from eit.portal.refusals import Hidden, Impossible, Unsound
from eit.portal.viewer import Viewer, view
from eit.store.columns import now
from eit.store.models import AccountRow, FirmRow, InvitationRow, MembershipRow, TerritoryRow

DAYS = 14
PASSWORD_DAYS = 2


@dataclass(frozen=True, slots=True)
class Post:
    """What someone is invited to be: ``firm`` of one firm, ``manager`` of one park, and so on.

    ``password`` invites the owner of an account to choose a new password.
    """

    role: str
    territory_id: str | None = None
    firm_id: str | None = None
    park_id: str | None = None

    def __post_init__(self) -> None:
        wanted = {
            "firm": (True, True, False),
            "manager": (True, False, True),
            "facilitator": (True, False, False),
            "administrator": (False, False, False),
            "password": (False, False, False),
        }
        given = tuple(map(bool, (self.territory_id, self.firm_id, self.park_id)))
        if wanted.get(self.role) != given:
            raise Unsound("role")


def invite(session: Session, viewer: Viewer | None, email: str, post: Post) -> str:
    """Make an invitation and give back the secret of its link, which is kept nowhere.

    Parameters
    ----------
    email
        Whose account it is to be; blank lets whoever opens the link say so, which only the
        command line may do.

    Raises
    ------
    Unsound
        If the address is none, or firm and territory do not belong together.
    """
    if post.firm_id is not None:
        firm = session.get(FirmRow, post.firm_id)
        if firm is None or firm.territory_id != post.territory_id or firm.erased_at:
            raise Unsound("role")
    secret = sessions.new_secret()
    row = InvitationRow(
        digest=sessions.digest(secret),
        territory_id=post.territory_id,
        role=post.role,
        firm_id=post.firm_id,
        park_id=post.park_id,
        email=tidy_email(email) if email or viewer else "",
        created_by=viewer.account_id if viewer else None,
        expires_at=now() + timedelta(days=PASSWORD_DAYS if post.role == "password" else DAYS),
    )
    session.add(row)
    audit.record(
        session, viewer, "invitation.create", row.digest[:12], post.territory_id, post.role
    )
    return secret


def standing(session: Session, secret: str) -> InvitationRow:
    """The invitation of a link.

    Raises
    ------
    Hidden
        If it was used or withdrawn, has expired, or never was.
    """
    row = session.get(InvitationRow, sessions.digest(secret))
    if row is None or row.used_at is not None or row.expires_at <= now():
        raise Hidden
    return row


def accept_as_new(
    session: Session, secret: str, *, email: str, name: str, password_hash: str, lang: str
) -> AccountRow:
    """Use an invitation to make an account.

    Parameters
    ----------
    email
        What the person says; counts only where the invitation names nobody.

    Raises
    ------
    Hidden
        If the invitation does not stand.
    Impossible
        If the address already has an account, whose owner must sign in instead.
    """
    row = _use(session, secret)
    address = row.email or tidy_email(email)
    if row.role == "password" or find_account(session, address) is not None:
        raise Impossible("account_exists")
    account = AccountRow(email=address, name=name, password_hash=password_hash, lang=lang)
    session.add(account)
    session.flush()
    _join(session, row, account)
    return account


def accept(session: Session, secret: str, viewer: Viewer) -> None:
    """Use an invitation with an account that is signed in.

    Raises
    ------
    Hidden
        If the invitation does not stand, or is someone else's.
    """
    row = _use(session, secret)
    if row.email not in ("", viewer.email) or row.role == "password" or viewer.by_token:
        raise Hidden
    _join(session, row, session.get_one(AccountRow, viewer.account_id))


def reset_password(session: Session, secret: str, password_hash: str) -> AccountRow:
    """Use a link to choose a new password; every session of the account ends.

    Raises
    ------
    Hidden
        If the link does not stand, or the account is gone.
    """
    row = _use(session, secret)
    account = find_account(session, row.email)
    if row.role != "password" or account is None or account.disabled_at:
        raise Hidden
    change_password(session, account.id, password_hash)
    audit.record(session, view(account), "account.password", account.id)
    return account


def withdraw(session: Session, viewer: Viewer | None, row: InvitationRow) -> None:
    """Make a link worthless."""
    row.expires_at = min(row.expires_at, now())
    audit.record(session, viewer, "invitation.withdraw", row.digest[:12], row.territory_id)


def open_invitations(session: Session, territory_id: str | None) -> list[InvitationRow]:
    """Invitations that may still be accepted, of a territory or (None) of administrators."""
    place = InvitationRow.territory_id
    rows = select(InvitationRow).where(
        InvitationRow.used_at.is_(None),
        InvitationRow.expires_at > now(),
        place.is_(None) if territory_id is None else place == territory_id,
    )
    return list(session.scalars(rows.order_by(InvitationRow.created_at, InvitationRow.digest)))


def territory_of(session: Session, row: InvitationRow) -> TerritoryRow | None:
    """Territory that an invitation is for."""
    return session.get(TerritoryRow, row.territory_id) if row.territory_id else None


def _use(session: Session, secret: str) -> InvitationRow:
    """Take an invitation out of use; of two who try at once, one succeeds."""
    taken = session.execute(
        update(InvitationRow)
        .where(
            InvitationRow.digest == sessions.digest(secret),
            InvitationRow.used_at.is_(None),
            InvitationRow.expires_at > now(),
        )
        .values(used_at=now())
        .returning(InvitationRow.digest)
    ).scalar()
    if taken is None:
        raise Hidden
    return session.get_one(InvitationRow, taken)


def _join(session: Session, row: InvitationRow, account: AccountRow) -> None:
    if row.role == "administrator":
        account.is_administrator = True
    else:
        add_member(session, account, Post(row.role, row.territory_id, row.firm_id, row.park_id))
    session.flush()
    audit.record(
        session, view(account), "invitation.accept", row.digest[:12], row.territory_id, row.role
    )


def add_member(session: Session, account: AccountRow, post: Post) -> None:
    """Make an account a member, unless it is already that."""
    known = any(
        (one.territory_id, one.role, one.firm_id, one.park_id)
        == (post.territory_id, post.role, post.firm_id, post.park_id)
        for one in account.memberships
    )
    if not known and post.territory_id is not None:
        account.memberships.append(
            MembershipRow(
                territory_id=post.territory_id,
                role=post.role,
                firm_id=post.firm_id,
                park_id=post.park_id,
            )
        )
