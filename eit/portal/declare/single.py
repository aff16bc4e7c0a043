"""One declaration at a time: a form, a cancellation; and who else may do so for a firm."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from eit.portal import audit
from eit.portal.declare.access import Actor, Desk
from eit.portal.declare.checking import check_submission
from eit.portal.declare.drafts import Outcome, declare
from eit.portal.declare.intake import CANCELLATION, FORM, Receipt, Sent, receive
from eit.portal.declare.rewriting import table_of
from eit.portal.declare.walking import CANCEL, walk
from eit.portal.refusals import Hidden, Impossible
from eit.store.columns import now
from eit.store.database import Store
from eit.store.models import DelegationRow

FORM_LINE = 2
"""Line of the one row of a form."""


def send_form(store: Store, firm_id: str, cells: Mapping[str, str], actor: Actor) -> Receipt:
    """Keep a form as a table of one row, and check it: it is a draft then."""
    name = cells.get("declaration_id", "").strip()
    sent = Sent(
        firm_id=firm_id,
        actor=actor,
        kind=FORM,
        filename=f"{name[:40] or 'formulaire'}.csv",
        content=table_of([cells]),
    )
    receipt = receive(store, sent)
    check_submission(store, receipt.submission_id)
    return receipt


def cancel(store: Store, firm_id: str, declaration_id: str, actor: Actor) -> Outcome:
    """Cancel a live declaration.

    Raises
    ------
    Hidden
        If the firm never declared it.
    Impossible
        ``declare_not_live`` if it does not hold any more.
    """
    with store.reading() as session:
        states = walk(session, firm_id, only=(declaration_id,)).states
    if declaration_id not in states:
        raise Hidden
    if not states[declaration_id].live:
        raise Impossible("declare_not_live")
    sent = Sent(
        firm_id=firm_id,
        actor=actor,
        kind=CANCELLATION,
        filename=f"{declaration_id[:40]}.csv",
        content=table_of([{"declaration_id": declaration_id, "action": CANCEL}]),
    )
    receipt = receive(store, sent)
    check_submission(store, receipt.submission_id)
    return declare(store, receipt.submission_id, actor)


def delegate(session: Session, desk: Desk) -> None:
    """Let the territory's facilitators declare for the firm; again changes nothing."""
    if not desk.delegated:
        session.add(DelegationRow(firm_id=desk.firm.id, granted_by=desk.viewer.account_id))
        audit.record(session, desk.viewer, "delegation.grant", desk.firm.id, desk.territory.id)


def take_back(session: Session, desk: Desk) -> None:
    """Let nobody declare for the firm any more; what was declared stays."""
    wanted = select(DelegationRow).where(
        DelegationRow.firm_id == desk.firm.id, DelegationRow.revoked_at.is_(None)
    )
    for row in session.scalars(wanted):
        row.revoked_at = now()
        audit.record(session, desk.viewer, "delegation.withdraw", desk.firm.id, desk.territory.id)
