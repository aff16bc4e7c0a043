"""What cannot hold together, in sentences: for the terminal, the report and the portal."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from babel import numbers

from eit.texts import say

Conflict = Mapping[str, Any]
"""What cannot hold together.

``members``: ``kind``, ``id``, ``stated`` (None: no figure), ``unit``, ``gives`` (what it would
have to give for this set to hold; None: no amount known), ``alone`` (the same for
everything to hold) and ``suffices`` (whether dropping it alone lets everything hold; None:
not known). ``irreducible``: none of them can be left out of the set; ``minimum``: no set is
smaller. ``proof``: ``prices`` (of a linear program, in floats), ``solver`` (a bound of the
integer solver) or ``no_lane``. ``relaxation``: the least, each by its figure, that gives way
in total for everything to hold: members with ``gives``; empty where it was not found.
"""

ASKED = frozenset({"residue", "need", "link", "min_lot", "min_quantity"})
"""Members that ask for something, and would ask for less; the others would allow more."""
DIGITS = 6


def say_conflicts(conflicts: Sequence[Conflict], lang: str) -> list[list[str]]:
    """One list of lines for each conflict: what it is, its members, then the least that gives way.

    Examples
    --------
    >>> member = {"kind": "residue", "id": "R", "stated": 9.0, "unit": "t", "gives": 4.0}
    >>> conflict = {
    ...     "members": [{**member, "alone": 4.0, "suffices": True}],
    ...     "irreducible": True,
    ...     "minimum": True,
    ...     "proof": "prices",
    ...     "relaxation": [member],
    ... }
    >>> for line in say_conflicts([conflict], "en")[0]:
    ...     print(line)
    Cannot hold, whatever else is given up:
    R: 9 t must leave. Enough by itself: 4 t less.
    Least to give way in all: R, 4 t less.
    """
    return [_lines(conflict, lang) for conflict in conflicts]


def _lines(conflict: Conflict, lang: str) -> list[str]:
    members = conflict["members"]
    head = "conflict.one" if len(members) == 1 else "conflict.irreducible"
    if len(members) > 1 and conflict["minimum"]:
        head = "conflict.minimum"
    elif not conflict["irreducible"]:
        head = "conflict.some"
    lines = [say(head, lang, count=len(members))]
    lines += [f"{_said(member, lang)} {_relief(member, lang)}".strip() for member in members]
    least = [_change(member, lang, member["gives"]) for member in conflict["relaxation"]]
    if least:
        lines.append(say("conflict.relaxation", lang, changes=" ; ".join(least)))
    return lines


def _said(member: Mapping[str, Any], lang: str) -> str:
    """What a member asks or allows."""
    return say(f"conflict.member.{member['kind']}", lang, **_words(member, lang))


def _relief(member: Mapping[str, Any], lang: str) -> str:
    """What would do, if this member alone gave way."""
    if member["suffices"] and member["alone"] is None:
        return say("conflict.drop", lang)
    if member["alone"] is not None:
        return say("conflict.alone", lang, change=_by(member, lang, member["alone"]))
    if member["gives"] is not None:
        return say("conflict.within", lang, change=_by(member, lang, member["gives"]))
    return ""


def _change(member: Mapping[str, Any], lang: str, amount: float) -> str:
    words = _words(member, lang)
    return say("conflict.change", lang, name=words["name"], change=_by(member, lang, amount))


def _by(member: Mapping[str, Any], lang: str, amount: float) -> str:
    """So much less of what is asked, or more of what is allowed."""
    kind = "less" if member["kind"] in ASKED else "more"
    return say(f"conflict.{kind}", lang, amount=_figure(amount, lang), **_unit(member, lang))


def _words(member: Mapping[str, Any], lang: str) -> dict[str, str]:
    stated = "" if member["stated"] is None else _figure(member["stated"], lang)
    scenario = member["kind"] == member["id"]
    name = say(f"conflict.name.{member['kind']}", lang) if scenario else member["id"]
    end, _, limit = member["id"].rpartition("|")
    return {
        "id": member["id"],
        "name": name,
        "end": end,
        "limit": limit,
        "stated": stated,
        **_unit(member, lang),
    }


def _unit(member: Mapping[str, Any], lang: str) -> dict[str, str]:
    """The unit, with the blank before it; nothing where partners or exchanges are counted."""
    unit = say("conflict.eur", lang) if member["unit"] == "EUR" else member["unit"]
    return {"unit": f" {unit}" if unit else ""}


def _figure(value: float, lang: str) -> str:
    """A figure to six significant digits, as people of that language write it."""
    places = DIGITS - 1 - math.floor(math.log10(abs(value))) if value else 0
    digits = min(max(places, 0), 9)
    pattern = f"#,##0.{'#' * digits}"
    return str(numbers.format_decimal(round(value, digits) + 0.0, locale=lang, format=pattern))
