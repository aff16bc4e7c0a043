"""Default factors, each with a range, a year and a source, and the usual cost of a flow."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import pandas as pd

from eit import data
from eit.nomenclature import codes, resources

NONE_OVERRIDDEN: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Factor:
    """A default figure: `low` <= `value` <= `high`, in `unit`, of `year`, read in `source`."""

    name: str
    value: float
    low: float
    high: float
    unit: str
    year: int
    source: str
    certainty: str


def factors() -> pd.DataFrame:
    """Every factor of every year, sorted by name and year.

    Returns
    -------
    factors
        ``name``, ``value``, ``low``, ``high``, ``unit``, ``year``, ``range_basis`` (how low and
        high were set: ``source``, ``law``, ``exact``, ``assumption`` or a percentage),
        ``source`` and ``certainty`` (A, B or C).
    """
    return _table().copy(deep=False)


def factor(
    name: str, *, year: int | None = None, overrides: Mapping[str, float] = NONE_OVERRIDDEN
) -> Factor:
    """Look one factor up.

    Parameters
    ----------
    name
        As in `factors`.
    year
        The year wanted: that of the factor is the same, else the nearest earlier, else the
        earliest there is. None for the latest.
    overrides
        Figures that stand in for the default ones, by name.

    Raises
    ------
    KeyError
        If there is no factor of that name.

    Examples
    --------
    >>> found = factor("tgap_landfill", year=2026)
    >>> found.value, found.unit, found.year
    (69.0, 'EUR/t', 2026)
    """
    editions = _editions()[name]
    earlier = [found for found in editions if year is None or found.year <= year]
    default = earlier[-1] if earlier else editions[0]
    if name not in overrides:
        return default
    own = float(overrides[name])
    return Factor(name, own, own, own, default.unit, default.year, "scenario", default.certainty)


def default_cost(
    resource: str,
    kind: str,
    hazardous: bool,
    *,
    year: int | None,
    overrides: Mapping[str, float] = NONE_OVERRIDDEN,
) -> Factor | None:
    """What a flow usually costs where the firm does not say.

    Parameters
    ----------
    resource
        Waste code or resource id.
    kind
        ``residue``: what being rid of it costs. ``need``: what buying it costs.
    hazardous
        Whether this residue is hazardous, whatever its code says.
    year, overrides
        As for `factor`.

    Returns
    -------
    cost
        EUR per canonical unit of the resource's kind; None where no figure is sourced.

    Examples
    --------
    >>> default_cost("20 03 01", "residue", False, year=2026).name
    'gate_landfill'
    >>> default_cost("gypsum", "need", False, year=2026) is None
    True
    """
    if kind not in ("residue", "need"):
        raise ValueError(f"kind must be residue or need; got {kind!r}")
    normal = codes.normalise_resource(resource)
    name = _disposal(normal, hazardous) if kind == "residue" else _price(normal)
    return factor(name, year=year, overrides=overrides) if name else None


def _price(resource: str) -> str:
    known = resources.resources()["price_factor"]
    return str(known.get(resource, ""))


def _disposal(code: str, hazardous: bool) -> str:
    """Name of the disposal factor of a waste, by the longest prefix that has a row."""
    if not codes.is_waste_code(code):
        return ""
    ways = _ways_out()
    prefix = next(start for start in (code, code[:5], code[:2], "") if start in ways)
    return ways[prefix][hazardous]


@cache
def _ways_out() -> dict[str, tuple[str, str]]:
    table = data.read_csv("nomenclature/disposal.csv")
    pairs = zip(table["factor"], table["hazardous_factor"], strict=True)
    return dict(zip(table["prefix"], pairs, strict=True))


@cache
def _table() -> pd.DataFrame:
    kinds = {"value": float, "low": float, "high": float, "year": int}
    table = data.read_csv("factors/factors.csv").astype(kinds)
    return table.sort_values(["name", "year"], ignore_index=True)


@cache
def _editions() -> dict[str, list[Factor]]:
    """Factors of one name, the oldest first."""
    columns = ["name", "value", "low", "high", "unit", "year", "source", "certainty"]
    found: dict[str, list[Factor]] = {}
    for row in _table()[columns].itertuples(index=False):
        found.setdefault(str(row.name), []).append(Factor(*row))
    return found
