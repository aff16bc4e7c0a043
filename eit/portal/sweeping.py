"""What is kept for a time only, removed once that is over: at each start of the portal."""

from datetime import timedelta

from sqlalchemy import delete, update

from eit.portal.accounts import WINDOW
from eit.store.columns import now
from eit.store.database import Store
from eit.store.models import AttemptRow, AuditRow, InvitationRow, SessionRow

ACTS = timedelta(days=3 * 365)
INVITED = timedelta(days=30)


def sweep(store: Store) -> None:
    """Remove sessions and failed sign-ins that are over, old acts, addresses of old invitations."""
    moment = now()
    with store.changing() as session:
        session.execute(delete(SessionRow).where(SessionRow.expires_at < moment))
        session.execute(delete(AttemptRow).where(AttemptRow.at < moment - WINDOW))
        session.execute(delete(AuditRow).where(AuditRow.at < moment - ACTS))
        session.execute(
            update(InvitationRow)
            .where(InvitationRow.expires_at < moment - INVITED, InvitationRow.email != "")
            .values(email="")
        )
