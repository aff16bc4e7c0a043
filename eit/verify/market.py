"""What there is to match: origins, ends and hubs, with their quantities per period.

An *origin* is a residue or a product of a hub; an *end* is a need or a recipe of a
hub. Both are numbered by their place in the frames below, declarations first.
Read from the territory alone, for the recheck and for the independent model.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from eit import nomenclature
from eit.scenario import Settings
from eit.territory import Territory

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
MONTHS = 12
USED = 1e-6
"""Quantity, in canonical units, above which a way counts as used."""

NO_RECIPE: Mapping[str, str | float] = MappingProxyType(
    {
        "recipe": -1,
        "treatment": 0.0,
        "takes_hazardous": True,
        "level": "",
        "product": -1,
        "yields": 1.0,
    }
)
"""What the columns of recipes say of a need."""


@dataclass(frozen=True, slots=True)
class Market:
    """Origins, ends and hubs of a territory under given settings.

    Attributes
    ----------
    origins
        One row per residue, then one per product of a hub: ``id``, ``hub`` (bool),
        ``resource``, ``unit``, ``hazardous``, ``site``, ``gone`` (excluded),
        ``current_cost`` (EUR per unit), ``mass`` (t per unit), ``reach_km``,
        ``said_km`` (the same, NaN where it is only the territory's), ``min_lot``,
        ``max_partners``, ``storage``, ``required``, ``quality`` and the place (``lon``,
        ``lat``, ``placed``, ``insee``, ``area_km2``).
    ends
        One row per need, then one per recipe of a hub; same columns, with ``recipe``,
        ``treatment`` (EUR per unit taken), ``takes_hazardous``, ``level``, ``product``
        (position in `origins`, -1 for final treatment) and ``yields``.
    hubs
        Index hub_id: ``capacity`` (per year, inf) and ``opening_cost`` (EUR per year).
    offered
        Quantity of each residue and period, shape (residues, T).
    wanted
        The most each need takes in each period, delivered, shape (needs, T).
    """

    settings: Settings
    origins: pd.DataFrame
    ends: pd.DataFrame
    hubs: pd.DataFrame
    offered: Floats
    wanted: Floats


def open_market(territory: Territory, settings: Settings) -> Market:
    """Lay out a territory as origins, ends and hubs."""
    residues = _declared(territory, settings, kind="residue")
    needs = _declared(territory, settings, kind="need")
    products, recipes = _of_hubs(territory, settings, first_product=len(residues))
    per_period = _per_period(territory.declarations, settings.periods)
    kind = territory.declarations["kind"].to_numpy()
    share = needs["max_share"].to_numpy(dtype=float)
    return Market(
        settings=settings,
        origins=_stacked(residues, products),
        ends=_stacked(needs.assign(**NO_RECIPE), recipes),
        hubs=_hubs(territory.hubs),
        offered=per_period[kind == "residue"],
        wanted=per_period[kind == "need"] * share[:, None],
    )


def is_code(resource: str) -> bool:
    """Whether a resource is a waste code rather than an id."""
    return nomenclature.is_waste_code(resource)


def keys_of(resource: str) -> tuple[str, ...]:
    """Names under which a rule or a hub may take a resource: itself, then shorter prefixes.

    Examples
    --------
    >>> keys_of("19 12 01")
    ('19 12 01', '19 12', '19')
    """
    return (resource, resource[:5], resource[:2]) if is_code(resource) else (resource,)


def own_unit(resource: str) -> str:
    """Canonical unit of the resource's kind; tonnes where the nomenclature does not say."""
    return "t" if is_code(resource) else nomenclature.unit_of(resource) or "t"


def _declared(territory: Territory, settings: Settings, *, kind: str) -> pd.DataFrame:
    rows = territory.declarations[territory.declarations["kind"] == kind]
    sites = territory.sites.loc[rows["site_id"]].set_axis(rows.index)
    excluded = (
        rows["site_id"].isin(settings.exclude_sites)
        | rows["data_quality"].isin(settings.exclude_data_quality)
        | _excluded_resource(rows["resource"], settings)
    )
    return pd.DataFrame(
        {
            "id": rows.index,
            "hub": False,
            "resource": rows["resource"],
            "unit": rows["unit"],
            "hazardous": rows["hazardous"].astype(bool),
            "site": rows["site_id"],
            "gone": excluded,
            "current_cost": _current_costs(rows, territory.year, settings),
            "mass": _masses(rows["resource"], rows["unit"]),
            "reach_km": rows["max_distance_km"].fillna(_usual_reach(rows["resource"], settings)),
            "said_km": rows["max_distance_km"].fillna(_stated_reach(rows["resource"])),
            "max_share": rows["max_share"].fillna(1.0),
            "min_lot": rows["min_lot"].fillna(0.0),
            "max_partners": rows["max_partners"].fillna(np.inf),
            "storage": rows["storage"].fillna(0.0) if settings.periods > 1 else 0.0,
            "required": rows["required"].astype(bool),
            "quality": rows["quality"],
            **_places(sites),
        }
    ).reset_index(drop=True)


def _of_hubs(
    territory: Territory, settings: Settings, *, first_product: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Products (one per hub and resource given) and recipes of all hubs."""
    rows = territory.hubs.sort_values(["hub_id", "recipe"]).reset_index(drop=True)
    common = pd.DataFrame(
        {
            "id": rows["hub_id"],
            "hub": True,
            "site": "",
            "gone": rows["hub_id"].isin(settings.exclude_hubs),
            "current_cost": 0.0,
            "max_share": 1.0,
            "min_lot": 0.0,
            "max_partners": np.inf,
            "storage": 0.0,
            "required": False,
            **_places(rows),
        }
    )
    gives = rows["gives"].fillna("")
    made = ~pd.DataFrame({"id": rows["hub_id"], "gives": gives}).duplicated() & (gives != "")
    products = _with_goods(common[made], gives[made], settings).assign(quality="")
    number = {
        key: first_product + at
        for at, key in enumerate(zip(products["id"], products["resource"], strict=True))
    }
    recipes = _with_goods(common, rows["takes"], settings).assign(
        recipe=rows["recipe"].astype(int),
        treatment=rows["unit_cost_eur"].fillna(0.0),
        takes_hazardous=_flag(rows["hazardous"], blank=False),
        level=[_level(code, given) for code, given in zip(rows["operation"], gives, strict=True)],
        quality=rows["quality"].fillna(""),
        product=[number.get(key, -1) for key in zip(rows["hub_id"], gives, strict=True)],
        yields=rows["yield"].fillna(1.0),
    )
    return products.reset_index(drop=True), recipes.reset_index(drop=True)


def _with_goods(rows: pd.DataFrame, resource: pd.Series, settings: Settings) -> pd.DataFrame:
    unit = resource.map(own_unit)
    return rows.assign(
        resource=resource,
        unit=unit,
        hazardous=resource.map(nomenclature.is_hazardous).astype(bool),
        mass=_masses(resource, unit),
        reach_km=_usual_reach(resource, settings),
        said_km=_stated_reach(resource),
        gone=rows["gone"] | _excluded_resource(resource, settings),
    )


def _hubs(rows: pd.DataFrame) -> pd.DataFrame:
    first = rows.drop_duplicates("hub_id").set_index("hub_id").sort_index()
    return pd.DataFrame(
        {
            "capacity": first["capacity"].fillna(np.inf).astype(float),
            "opening_cost": first["opening_cost_eur"].fillna(0.0).astype(float),
        }
    )


def _stacked(declared: pd.DataFrame, of_hubs: pd.DataFrame) -> pd.DataFrame:
    """Declarations, then what belongs to hubs; numbered from 0."""
    parts = [part for part in (declared, of_hubs) if len(part)] or [declared]
    return pd.concat(parts, ignore_index=True)


def _places(rows: pd.DataFrame) -> dict[str, pd.Series]:
    return {
        "lon": rows["lon"].astype(float),
        "lat": rows["lat"].astype(float),
        "placed": rows["position_quality"].fillna("none"),
        "insee": rows["insee"].fillna("") if "insee" in rows else pd.Series("", index=rows.index),
        "area_km2": rows["commune_area_km2"].astype(float),
    }


def _per_period(rows: pd.DataFrame, periods: int) -> Floats:
    """Yearly quantities spread over the periods, shape (rows, T)."""
    quantity = rows["quantity"].to_numpy(dtype=float)
    if periods == 1:
        return quantity[:, None].copy()
    weights = np.array([_weights(text) for text in rows["months"]]).reshape(len(rows), MONTHS)
    spread: Floats = quantity[:, None] * weights / weights.sum(axis=1, keepdims=True)
    return spread


def _weights(months: str) -> list[float]:
    if months in ("", "all"):
        return [1.0] * MONTHS
    return [float(weight) for weight in months.split("|")]


def _current_costs(rows: pd.DataFrame, year: int, settings: Settings) -> pd.Series:
    """Cost today per unit: as declared, else the sourced default of the resource, else 0."""
    keys = list(zip(rows["resource"], rows["kind"], rows["hazardous"], rows["unit"], strict=True))
    usual = {key: _usual_cost(*key, year=year, settings=settings) for key in set(keys)}
    default = pd.Series([usual[key] for key in keys], index=rows.index, dtype=float)
    return rows["current_cost_eur_per_unit"].fillna(default)


def _usual_cost(
    resource: str, kind: str, hazardous: bool, unit: str, *, year: int, settings: Settings
) -> float:
    if not settings.assume_costs or unit != own_unit(resource):
        return 0.0
    factor = nomenclature.default_cost(
        resource, kind, bool(hazardous), year=year, overrides=settings.factors
    )
    return 0.0 if factor is None else float(factor.value)


def _usual_reach(resources: pd.Series, settings: Settings) -> pd.Series:
    """Longest distance of a resource: the nomenclature's, else the territory's."""
    return _stated_reach(resources).fillna(settings.default_max_distance_km)


def _stated_reach(resources: pd.Series) -> pd.Series:
    """Longest distance that the nomenclature gives a resource; NaN where none."""
    known = nomenclature.resources()["max_distance_km"]
    return pd.to_numeric(resources.map(known), errors="coerce").astype(float)


def _masses(resources: pd.Series, units: pd.Series) -> pd.Series:
    keys = list(zip(resources, units, strict=True))
    mass = {key: nomenclature.mass_t_per_unit(*key) for key in set(keys)}
    return pd.Series([mass[key] for key in keys], index=resources.index, dtype=float)


def _excluded_resource(resources: pd.Series, settings: Settings) -> pd.Series:
    excluded = settings.exclude_resources
    return resources.map(lambda name: not excluded.isdisjoint(keys_of(name))).astype(bool)


def _level(operation: str, gives: str) -> str:
    if isinstance(operation, str) and operation:
        return nomenclature.hierarchy_of_operation(operation)
    return "recycling" if gives else "other"


def _flag(cells: Iterable[object], *, blank: bool) -> list[bool]:
    """Yes and no as booleans; anything that says neither is `blank`."""
    said = {True: True, False: False, "yes": True, "no": False, "True": True, "False": False}
    return [said.get(cell, blank) if isinstance(cell, bool | str) else blank for cell in cells]
