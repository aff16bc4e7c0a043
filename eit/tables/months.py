"""Seasons as people write them: ranges, lists, names of months, twelve weights, spoilt dates."""

import re
from collections.abc import Iterable

from eit.tables.cell import Cell
from eit.tables.dates import month_number, read_date
from eit.tables.numbers import read_number
from eit.tables.schema import key_of

ALL = "all"

_EVERY = {
    "all",
    "tous",
    "toute",
    "toutelannee",
    "tout",
    "allyear",
    "yearround",
    "annee",
    "allmonths",
}
_EVERY |= {"touslesmois", "every", "everymonth"}
_BETWEEN = re.compile(r"\s*[-–—/]\s*|\s+(?:à|a|au|to|until|through)\s+", re.IGNORECASE)
_AND = re.compile(r"\s*[,;+&]\s*|\s+(?:et|and)\s+", re.IGNORECASE)
_DAY_AND_MONTH = re.compile(r"(\d{1,2})[-/]([^\W\d_]{3,})\.?")
_LONGEST_WRAP = 8


def read_months(text: str) -> Cell:
    """Read active months; the value is ``all`` or twelve weights ``w1|…|w12``.

    ``9-12,1`` runs from September to January; a range may pass the end of the year. A spreadsheet
    turns a typed ``9-12`` into the 9th of December: such a date is read back as it was typed, day
    to month, with a notice; where it would then be nearly the whole year, it is a fault.

    Examples
    --------
    >>> read_months("nov-févr").value
    '1|1|0|0|0|0|0|0|0|0|1|1'
    """
    if key_of(text) in _EVERY:
        return Cell(ALL)
    if "|" in text:
        return _read_weights(text.split("|"))
    spoilt = _read_spoilt(text)
    if spoilt is not None:
        return spoilt
    active: set[int] = set()
    for part in _AND.split(text.strip().strip(".")):
        ends = [_month(end) for end in _BETWEEN.split(part)]
        if len(ends) > 2 or 0 in ends:
            return Cell(fault="months")
        active |= set(_span(ends[0], ends[-1]))
    return Cell(_weights(active))


def _month(text: str) -> int:
    """Number of a month from its number or name; else 0."""
    plain = text.strip()
    number = int(plain) if plain.isdecimal() and len(plain) <= 2 else month_number(plain)
    return number if number <= 12 else 0


def _read_weights(parts: list[str]) -> Cell:
    weights = [read_number(part, comma_decimal=True) for part in parts]
    if len(parts) != 12 or any(w.fault or float(w.value) < 0 for w in weights):
        return Cell(fault="months_weights", detail={"number": str(len(parts))})
    values = [float(weight.value) for weight in weights]
    if not any(values):
        return Cell(fault="months_empty")
    return Cell(ALL if len(set(values)) == 1 else "|".join(f"{value:.15g}" for value in values))


def _read_spoilt(text: str) -> Cell | None:
    """Read a date that a spreadsheet made of two months; None if the text is no such date."""
    short = _DAY_AND_MONTH.fullmatch(text.strip())
    if short:
        day, month = int(short[1]), month_number(short[2])
    elif date := str(read_date(text).value):
        day, month = int(date[8:]), int(date[5:7])
    else:
        return None
    if not month:
        return None
    months = _span(day, month) if day <= 12 else []
    if not months or (day > month and len(months) > _LONGEST_WRAP):
        return Cell(fault="months_date")
    return Cell(_weights(months), notice="months_date", detail={"read": f"{day}-{month}"})


def _span(first: int, last: int) -> list[int]:
    """Months from one to another, past the end of the year if need be."""
    return [(first - 1 + step) % 12 + 1 for step in range((last - first) % 12 + 1)]


def _weights(active: Iterable[int]) -> str:
    months = set(active)
    return ALL if len(months) == 12 else "|".join("01"[m in months] for m in range(1, 13))
