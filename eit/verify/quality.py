"""Stated properties of residues and the limits of needs and recipes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

LIMIT = re.compile(r"\s*([^<>=\s]+)\s*(<=|>=|=)\s*([-+0-9.eE]+)\s*")

ANYTHING = "*"
"""What passes on every property there is."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A property that must be at most (`sense` 1) or at least (`sense` -1) a bound."""

    name: str
    sense: int
    bound: float

    @property
    def text(self) -> str:
        """As it is declared."""
        return f"{self.name}{'<=' if self.sense > 0 else '>='}{self.bound:g}"

    def excess(self, value: float) -> float:
        """How far a value lies beyond the bound; negative within it."""
        return self.sense * (value - self.bound)


@cache
def stated(text: str) -> dict[str, float]:
    """Properties a residue states.

    Examples
    --------
    >>> stated("moisture_pct=12; chlorine_ppm=300")
    {'moisture_pct': 12.0, 'chlorine_ppm': 300.0}
    """
    parts = (LIMIT.fullmatch(part) for part in text.split(";"))
    return {part[1]: float(part[3]) for part in parts if part and part[2] == "="}


@cache
def limits(text: str) -> tuple[Limit, ...]:
    """Limits a need or a recipe sets; an equality is a limit from both sides.

    Examples
    --------
    >>> [limit.text for limit in limits("moisture_pct<=15; lhv_mj_per_kg>=14")]
    ['moisture_pct<=15', 'lhv_mj_per_kg>=14']
    """
    found = []
    for part in text.split(";"):
        read = LIMIT.fullmatch(part)
        if read:
            senses = {"<=": (1,), ">=": (-1,), "=": (1, -1)}[read[2]]
            found += [Limit(read[1], sense, float(read[3])) for sense in senses]
    return tuple(found)


def all_stated(residue: str, wanted: Sequence[Limit]) -> bool:
    """Whether a residue states every limited property."""
    known = stated(residue)
    return all(limit.name in known for limit in wanted)


def all_passed(passed: str, wanted: Sequence[Limit]) -> bool:
    """Whether what a hub passes on (names between ";", or `ANYTHING`) has every limited one."""
    return passed == ANYTHING or (
        bool(passed) and {limit.name for limit in wanted} <= set(passed.split(";"))
    )


def all_met(residue: str, wanted: Sequence[Limit], *, tolerance: float) -> bool:
    """Whether a residue alone meets every limit it states."""
    known = stated(residue)
    return all(
        limit.excess(known[limit.name]) <= tolerance * max(1.0, abs(limit.bound))
        for limit in wanted
        if limit.name in known
    )
