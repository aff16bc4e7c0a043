"""At whose desk somebody sits: a firm, who acts for it and as what, and what they may see there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from eit.portal.declare.heads import BY_FACILITATOR, BY_FIRM, Head, head_line, head_of
from eit.portal.finding import find_firm, find_territory, is_delegated
from eit.portal.refusals import Hidden
from eit.portal.rights import allow, fields
from eit.portal.viewer import Viewer
from eit.store.models import FirmRow, SubmissionRow, TerritoryRow

COST = "current_cost_eur_per_unit"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something, and as what: ``firm`` or ``facilitator``."""

    viewer: Viewer
    by: str = BY_FIRM

    @property
    def account_id(self) -> str:
        """Account of the person."""
        return self.viewer.account_id


@dataclass(frozen=True, slots=True)
class Desk:
    """A firm's declarations, as one person deals with them.

    Attributes
    ----------
    delegated
        Whether the firm lets the territory's facilitators declare for it.
    """

    viewer: Viewer
    territory: TerritoryRow
    firm: FirmRow
    delegated: bool

    @property
    def actor(self) -> Actor:
        """The person, as member of the firm if they are one."""
        own = self.firm.id in self.viewer.firm_ids(self.territory.id)
        return Actor(self.viewer, BY_FIRM if own else BY_FACILITATOR)

    @property
    def base(self) -> str:
        """Address of the firm's pages."""
        return f"/t/{self.territory.slug}/firms/{self.firm.id}"

    def seen(self, cells: Mapping[str, Any], head: Head) -> dict[str, Any]:
        """Cells of a line that this person may see, by who sent it."""
        return fields(
            self.viewer,
            "line",
            cells,
            territory_id=self.territory.id,
            firm_id=self.firm.id,
            delegated=self.delegated and head.by == BY_FACILITATOR,
        )

    def sees_costs(self, head: Head) -> bool:
        """Whether this person may see the costs that a submission declares."""
        return COST in self.seen({COST: ""}, head)


def open_desk(
    session: Session, viewer: Viewer, slug: str, firm_id: str, action: str, resource: str
) -> Desk:
    """Sit down at a firm's desk to do something there.

    Raises
    ------
    Hidden
        If the person may not know of it.
    Refused
        If they may not do this.
    """
    territory = find_territory(session, viewer, slug)
    delegated = is_delegated(session, firm_id)
    allow(
        viewer,
        action,
        resource,
        territory_id=territory.id,
        firm_id=firm_id,
        delegated=delegated,
        account_id=None,
    )
    return Desk(viewer, territory, find_firm(session, territory.id, firm_id), delegated)


def find_submission(
    session: Session, desk: Desk, submission_id: str, *, action: str = "read"
) -> SubmissionRow:
    """A submission of the firm.

    What was sent by the firm itself, a facilitator neither corrects nor downloads: it may hold
    what the firm pays.

    Raises
    ------
    Hidden
        If the firm sent none of that number.
    Refused
        If the person may not do this with it.
    """
    row = session.get(SubmissionRow, submission_id)
    if row is None or row.firm_id != desk.firm.id:
        raise Hidden
    head = head_of(head_line(session, row.id))
    in_their_name = head.by == BY_FACILITATOR or action not in ("correct", "download")
    allow(
        desk.viewer,
        action,
        "submissions",
        territory_id=desk.territory.id,
        firm_id=desk.firm.id,
        delegated=desk.delegated and in_their_name,
    )
    return row
