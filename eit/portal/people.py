"""Accounts from the command line: the operator of the machine speaks for nobody in particular."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from eit.portal import accounts, audit, invitations, personal, territories
from eit.portal.invitations import Post, add_member
from eit.portal.passwords import Passwords
from eit.portal.refusals import Hidden, Impossible, Unsound
from eit.store.database import Store
from eit.store.models import AccountRow, FirmRow, MembershipRow, TerritoryRow


@dataclass(frozen=True, slots=True)
class Wanted:
    """A role as the command line names it: short names, identifiers of parks."""

    role: str
    territory: str = ""
    firm: str = ""
    park: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """An account as the command line shows it."""

    email: str
    name: str
    roles: tuple[str, ...]
    disabled: bool

    def as_dict(self) -> dict[str, object]:
        """Figures as plain values."""
        return {**asdict(self), "roles": list(self.roles)}


def everybody(store: Store) -> list[Line]:
    """All accounts by address, erased ones left out."""
    rows = select(AccountRow).where(AccountRow.erased_at.is_(None)).order_by(AccountRow.email)
    with store.reading() as session:
        slugs: Mapping[str, str] = {
            key: slug
            for table in (TerritoryRow, FirmRow)
            for key, slug in session.execute(select(table.id, table.slug))
        }
        found = session.scalars(rows.options(selectinload(AccountRow.memberships)))
        return [_line(account, slugs) for account in found]


def add(store: Store, email: str, name: str, password: str, wanted: Wanted) -> None:
    """Make an account, with a role where one is named.

    Raises
    ------
    Unsound
        If address, password or role will not do.
    Impossible
        If the address has an account.
    """
    address = accounts.tidy_email(email)
    person = accounts.tidy_name(name or address.partition("@")[0])
    kept = Passwords().hash(accounts.sound_password(password, email=address, name=person))
    with store.changing() as session:
        if accounts.find_account(session, address) is not None:
            raise Impossible("account_exists")
        account = AccountRow(email=address, name=person, password_hash=kept)
        session.add(account)
        session.flush()
        if wanted.role:
            _give(session, account, wanted)
        audit.record(session, None, "account.create", account.id, detail=wanted.role)


def invite(store: Store, email: str, wanted: Wanted) -> str:
    """Make an invitation and give back its secret.

    Raises
    ------
    Unsound
        If address or role will not do.
    """
    with store.changing() as session:
        return invitations.invite(session, None, email, _post(session, wanted))


def disable(store: Store, email: str) -> None:
    """Shut an account out at once.

    Raises
    ------
    Hidden
        If nobody has the address.
    Impossible
        If it is the last administrator.
    """
    with store.changing() as session:
        account = _named(session, email)
        personal.keep_an_administrator(session, account)
        accounts.disable(session, None, account)


def erase(store: Store, email: str) -> None:
    """Remove a person.

    Raises
    ------
    Hidden
        If nobody has the address.
    Impossible
        If it is the last administrator.
    """
    with store.changing() as session:
        personal.erase_account(session, None, _named(session, email))


def _named(session: Session, email: str) -> AccountRow:
    account = accounts.find_account(session, email)
    if account is None:
        raise Hidden
    return account


def _give(session: Session, account: AccountRow, wanted: Wanted) -> None:
    post = _post(session, wanted)
    if post.role == "administrator":
        account.is_administrator = True
    else:
        add_member(session, account, post)


def _post(session: Session, wanted: Wanted) -> Post:
    """What the names stand for."""
    if wanted.role in ("administrator", "password"):
        return Post(wanted.role)
    territory = session.scalar(select(TerritoryRow).where(TerritoryRow.slug == wanted.territory))
    if territory is None:
        raise Unsound("role")
    if wanted.role == "firm":
        slugs = {firm.slug: firm.id for firm in territories.firms(session, territory.id)}
        return Post("firm", territory.id, firm_id=slugs.get(wanted.firm))
    if wanted.role == "manager" and wanted.park in territories.parks(session, territory.id):
        return Post("manager", territory.id, park_id=wanted.park)
    return Post(wanted.role, territory.id)


def _line(account: AccountRow, slugs: Mapping[str, str]) -> Line:
    def told(one: MembershipRow) -> str:
        which = slugs.get(one.firm_id or "", "") or one.park_id or ""
        return ":".join(part for part in (one.role, slugs[one.territory_id], which) if part)

    roles = sorted(told(one) for one in account.memberships)
    everywhere = ("administrator",) if account.is_administrator else ()
    return Line(
        account.email or "", account.name, (*everywhere, *roles), account.disabled_at is not None
    )
