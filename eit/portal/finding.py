"""Territories, firms and files by what an address names them; what is not there is hidden."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from eit.portal.refusals import Hidden
from eit.portal.viewer import Viewer
from eit.store.models import DelegationRow, FirmRow, TerritoryRow


def find_territory(session: Session, viewer: Viewer, slug: str) -> TerritoryRow:
    """The open territory of that name, where the viewer is a member or an administrator.

    Raises
    ------
    Hidden
        If there is none, or it is none of the viewer's business.
    """
    row = session.scalar(select(TerritoryRow).where(TerritoryRow.slug == slug))
    if row is None or not (viewer.is_administrator or viewer.within(row.id)):
        raise Hidden
    if row.closed_at is not None and not viewer.is_administrator:
        raise Hidden
    return row


def find_firm(session: Session, territory_id: str, firm_id: str) -> FirmRow:
    """A firm of a territory that was not erased.

    Raises
    ------
    Hidden
        If the territory has no such firm.
    """
    row = session.get(FirmRow, firm_id)
    if row is None or row.territory_id != territory_id or row.erased_at is not None:
        raise Hidden
    return row


def is_delegated(session: Session, firm_id: str) -> bool:
    """Whether a firm lets its territory's facilitators declare for it today."""
    standing = select(DelegationRow.id).where(
        DelegationRow.firm_id == firm_id, DelegationRow.revoked_at.is_(None)
    )
    return session.scalar(standing.limit(1)) is not None
