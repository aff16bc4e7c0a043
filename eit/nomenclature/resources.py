"""Resources and families: what a thing is called, belongs to, is counted in and weighs."""

from collections.abc import Mapping
from functools import cache

import pandas as pd

from eit import data
from eit.nomenclature import codes

OTHER = "other"
"""Family of what the nomenclature does not know."""


def resources() -> pd.DataFrame:
    """Inputs and by-products that have no waste code, indexed by id.

    Returns
    -------
    resources
        ``parent`` (id or ``""``), ``unit`` (t, m3, MWh or piece), ``material_class``, ``family``,
        ``label_en``, ``label_fr``, ``mass_t_per_unit``, ``max_distance_km`` (NaN: the
        territory's), ``price_factor`` and ``avoided_factor`` (names of factors, or ``""``).
    """
    return _resources().copy(deep=False)


def families() -> pd.DataFrame:
    """Families that maps tell apart, indexed by key.

    Returns
    -------
    families
        ``label_en``, ``label_fr``, ``colour`` (of the palette of Okabe and Ito, safe for the
        colour-blind, and a grey) and ``dash`` (an SVG ``stroke-dasharray``, ``""`` for solid);
        colour and dash together are unique.
    """
    return _families().copy(deep=False)


def label(resource: str, lang: str) -> str:
    """Name of a waste code, of a prefix of one or of a resource id; the text itself if unknown."""
    return _labels(lang).get(codes.normalise_resource(resource), resource)


def family(resource: str) -> str:
    """Family key of a waste code, of a prefix or of a resource id; `OTHER` if unknown."""
    return _family_keys().get(codes.normalise_resource(resource), OTHER)


def unit_of(resource: str) -> str | None:
    """Canonical unit a resource is counted in: ``"t"`` for any waste, None if unknown."""
    normal = codes.normalise_resource(resource)
    return "t" if normal in codes.listed().index else _units().get(normal)


def mass_t_per_unit(resource: str, unit: str) -> float:
    """Tonnes in one canonical unit of a resource; 0.0 where it has no mass or none is known.

    Examples
    --------
    >>> mass_t_per_unit("19 12 01", "t"), mass_t_per_unit("pallet", "piece")
    (1.0, 0.025)
    >>> mass_t_per_unit("heat", "MWh")
    0.0
    """
    if unit == "t":
        return 1.0
    normal = codes.normalise_resource(resource)
    return _masses()[normal] if unit == _units().get(normal) else 0.0


@cache
def _resources() -> pd.DataFrame:
    table = data.read_csv("nomenclature/resources.csv").set_index("id")
    numbers = ["mass_t_per_unit", "max_distance_km"]
    return table.assign(**{name: pd.to_numeric(table[name]).astype(float) for name in numbers})


@cache
def _families() -> pd.DataFrame:
    return data.read_csv("nomenclature/families.csv").set_index("key")


@cache
def _labels(lang: str) -> Mapping[str, str]:
    if lang not in ("fr", "en"):
        raise ValueError(f"lang must be fr or en; got {lang!r}")
    return _by_resource(f"label_{lang}")


@cache
def _family_keys() -> Mapping[str, str]:
    return _by_resource("family")


def _by_resource(column: str) -> Mapping[str, str]:
    """One column of the waste list and of the resources, by code and id."""
    both = pd.concat([codes.listed()[column], _resources()[column]])
    return dict(zip(both.index, both, strict=True))


@cache
def _units() -> Mapping[str, str]:
    return dict(zip(_resources().index, _resources()["unit"], strict=True))


@cache
def _masses() -> Mapping[str, float]:
    return dict(zip(_resources().index, _resources()["mass_t_per_unit"], strict=True))
