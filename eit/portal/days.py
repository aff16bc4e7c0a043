"""Days as people send them, and the moments they mean."""

from datetime import date, datetime, time, timedelta

from eit.portal.pages import ZONE
from eit.portal.refusals import Unsound
from eit.store.columns import now


def end_of_day(day: date | None) -> datetime:
    """The moment up to which declarations count: the end of a day in France, now at the latest."""
    if day is None:
        return now()
    end = datetime.combine(day + timedelta(days=1), time(), ZONE)
    return min(now(), end)


def read_day(text: str) -> date | None:
    """A day as a form sends it; None for a blank one.

    Raises
    ------
    Unsound
        If it is none.
    """
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError as error:
        raise Unsound("day") from error
