"""Who did what, when: one row per act, in the transaction of the act itself."""

from sqlalchemy.orm import Session

from eit.portal.viewer import Viewer
from eit.store.models import AuditRow

LONGEST_DETAIL = 500


def record(
    session: Session,
    viewer: Viewer | None,
    action: str,
    subject: str = "",
    territory_id: str | None = None,
    detail: str = "",
) -> None:
    """Note an act.

    Parameters
    ----------
    viewer
        Who did it; None where nobody is signed in, or the command line did it.
    action
        A word such as ``submission.declare``; its sentence is ``portal.audit.<action>``.
    subject
        Identifier of the thing.
    detail
        What helps to recognise it: a slug, a role. Never a figure, never a secret.
    """
    session.add(
        AuditRow(
            account_id=viewer.account_id if viewer else None,
            territory_id=territory_id,
            action=action,
            subject=subject,
            detail=detail[:LONGEST_DETAIL],
        )
    )
