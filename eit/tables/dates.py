"""Dates and times of day as people write them; day before month, as in Europe."""

import datetime as dt
import re

from eit.tables.cell import Cell
from eit.tables.schema import key_of

_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})")
_IN_WORDS = re.compile(
    r"(\d{1,2})(?:er|st|nd|rd|th)?[- .]+([^\W\d_]{3,})[- .,]+(\d{4})", re.IGNORECASE
)
_CLOCK = re.compile(r"(\d{1,2})\s*[:h]\s*(\d{2})?(?::(\d{2})(?:\.\d+)?)?", re.IGNORECASE)
_WITH_CLOCK = re.compile(r"(.*?\S)[ T]+(?:à\s+|at\s+)?(\d{1,2}\s*[:hH].*)")
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "janvier january jan janv",
            "fevrier february fev feb fevr",
            "mars march mar",
            "avril april avr apr",
            "mai may",
            "juin june jun",
            "juillet july juil jul",
            "aout august aou aug",
            "septembre september sep sept",
            "octobre october oct",
            "novembre november nov",
            "decembre december dec",
        ),
        1,
    )
    for name in names.split()
}


def month_number(name: str) -> int:
    """Number of a month from its French or English name, usual abbreviations too; else 0."""
    return _MONTHS.get(key_of(name), 0)


def read_date(text: str) -> Cell:
    """Read a day; the value is ISO text, ``2026-03-31``.

    Examples
    --------
    >>> [read_date(day).value for day in ("31/03/2026", "31.03.26", "31 mars 2026")]
    ['2026-03-31', '2026-03-31', '2026-03-31']
    """
    day = text.strip().removesuffix("T00:00:00").removesuffix(" 00:00:00").removesuffix(" 00:00")
    if found := _YEAR_FIRST.fullmatch(day):
        return _date(found[1], int(found[2]), found[3])
    if found := _DAY_FIRST.fullmatch(day):
        year = found[3] if len(found[3]) == 4 else f"20{found[3]}"
        return _date(year, int(found[2]), found[1])
    if found := _IN_WORDS.fullmatch(day):
        return _date(found[3], month_number(found[2]), found[1])
    return Cell(fault="date")


def read_moment(text: str) -> Cell:
    """Read a day, and an hour if there is one; the value is ISO text in the time as written."""
    found = _WITH_CLOCK.fullmatch(text.strip())
    if found and (moment := _iso_moment(text.strip())):
        return Cell(moment)
    date = read_date(found[1] if found else text)
    seconds = _seconds(found[2]) if found else 0
    if date.fault or seconds is None:
        return Cell(fault=date.fault or "date")
    hour, minute = divmod(seconds // 60, 60)
    return Cell(f"{date.value}T{hour:02}:{minute:02}:{seconds % 60:02}")


def read_time(text: str) -> Cell:
    """Read a time of day, ``8:30`` or ``8h30``; the value is minutes after midnight."""
    seconds = _seconds(text)
    return Cell(fault="time") if seconds is None else Cell(seconds / 60)


def _seconds(clock: str) -> int | None:
    found = _CLOCK.fullmatch(clock.strip())
    if not found:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    total = 3600 * hours + 60 * minutes + seconds
    return total if minutes < 60 and seconds < 60 and total <= 86_400 else None


def _iso_moment(text: str) -> str:
    """ISO text of a moment that is written in ISO; one with an offset is told in UTC; else ""."""
    try:
        moment = dt.datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            moment = moment.astimezone(dt.UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return ""
    return moment.isoformat()


def _date(year: str, month: int, day: str) -> Cell:
    try:
        return Cell(dt.date(int(year), month, int(day)).isoformat())
    except ValueError:
        return Cell(fault="date_impossible")
