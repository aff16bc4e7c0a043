"""Units of quantities: a closed table, French and English, each with its canonical unit."""

import csv
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from rapidfuzz import fuzz, process

from eit import data


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit; a quantity in it, times ``times``, over ``over``, is in the canonical unit.

    Two factors, because 1 GJ is 1/3.6 MWh, which no decimal number tells. A normal cubic metre
    (Nm3) counts as a cubic metre: what differs is the gas in it, which the resource tells.
    """

    name: str
    dimension: str
    canonical: str
    times: float
    over: float

    def to_canonical(self, quantity: float) -> float:
        """Quantity in the canonical unit.

        Examples
        --------
        >>> unit("kWh").to_canonical(1500)
        1.5
        """
        return quantity * self.times / self.over


@cache
def units() -> Mapping[str, Unit]:
    """Every unit by its name."""
    return MappingProxyType({row["unit"]: _unit(row) for row in _table()})


def unit(name: str) -> Unit:
    """One unit by its name.

    Raises
    ------
    KeyError
        If the table has no such unit.
    """
    return units()[name]


def find_unit(text: str) -> Unit | None:
    """The unit that a person means, in French or English, whatever the case; else None.

    Examples
    --------
    >>> [found.name for text in ("Tonnes", "m³", "kwh", "pièces") if (found := find_unit(text))]
    ['t', 'm3', 'kWh', 'piece']
    """
    return _by_key().get(_key(text))


def nearest_unit(text: str) -> str:
    """Name of the unit that is written most like a text."""
    found = process.extractOne(_key(text), list(_by_key()), scorer=fuzz.ratio)
    return _by_key()[found[0]].name


@cache
def _table() -> tuple[dict[str, str], ...]:
    with data.path("schema", "units.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(csv.DictReader(lines))


@cache
def _by_key() -> Mapping[str, Unit]:
    found: dict[str, Unit] = {}
    for row in _table():
        names = [row["unit"], *row["alias_en"].split("|"), *row["alias_fr"].split("|")]
        for name in filter(None, names):
            if found.setdefault(_key(name), units()[row["unit"]]).name != row["unit"]:
                raise ValueError(f"units.csv: two units answer to {name!r}")
    return MappingProxyType(found)


def _unit(row: Mapping[str, str]) -> Unit:
    return Unit(
        row["unit"], row["dimension"], row["canonical"], float(row["times"]), float(row["over"])
    )


def _key(text: str) -> str:
    """Text without case, accents, spaces, points and hyphens; m³ is m3."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in plain if c.isalnum() or c in "()^*/")
