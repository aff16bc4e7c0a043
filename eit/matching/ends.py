"""Where lanes begin and end: residues and hub products, needs and hub recipes, as flat tables.

An origin is a residue or a product of a hub (one per hub and resource given); an end is a
need or a recipe of a hub. Both are numbered as `solvers.exchange` numbers them: residues,
then products; needs, then recipes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eit import nomenclature
from eit.matching.arrays import Bools, Floats, Ints, floats, folded, positions, says, texts
from eit.matching.seasons import per_period
from eit.scenario import Settings
from eit.territory import Territory


@dataclass(frozen=True, slots=True)
class Ends:
    """Everything that can send and everything that can receive.

    Attributes
    ----------
    origins
        Residues in order of id, then hub products: ``id hub site resource unit key lon lat
        commune area_km2 hazardous limit_km mass_t min_lot max_partners storage required
        quality cost_eur file line``. ``hub`` and ``site`` are positions, -1 for none; ``key``
        numbers the distinct (resource, unit); ``commune`` is -1 unless placed at a centroid.
    destinations
        Needs in order of id, then recipes in order of hub and number; the same columns, and
        ``recipe`` (number within the hub, -1 for a need), ``product`` (-1 for final),
        ``yield``, ``treatment_eur`` per unit taken, ``level``, ``takes_hazardous``.
    hubs
        One row per hub in order of id: ``id capacity opening_eur``.
    offered, wanted
        Quantity of each residue and period; the most each need takes, delivered; shape (n, T).
    """

    origins: pd.DataFrame
    destinations: pd.DataFrame
    hubs: pd.DataFrame
    offered: Floats
    wanted: Floats

    @property
    def residues(self) -> int:
        """Origins before this position are residues, the others hub products."""
        return len(self.offered)

    @property
    def needs(self) -> int:
        """Ends before this position are needs, the others recipes of hubs."""
        return len(self.wanted)

    @property
    def periods(self) -> int:
        """Number of periods of the year, 1 or 12."""
        return int(self.offered.shape[1])


def find_ends(territory: Territory, settings: Settings) -> Ends:
    """Lay out the ends of a territory, without what the scenario excludes."""
    declared = territory.declarations[DECLARED].sort_index(kind="stable")
    kind = declared["kind"].to_numpy(dtype=object)
    kept = ~excluded(declared, settings)
    residues, needs = (declared[kept & (kind == one)] for one in ("residue", "need"))
    places = _places(territory.sites)
    hubs = territory.hubs[~territory.hubs["hub_id"].isin(list(settings.exclude_hubs))]
    hubs = hubs.sort_values(["hub_id", "recipe"], kind="stable").reset_index(drop=True)
    at = [positions(rows["site_id"], territory.sites.index) for rows in (residues, needs)]
    origins = _declared(residues, at[0], places, settings)
    destinations = _declared(needs, at[1], places, settings).assign(**NEED)
    if len(hubs):
        products, recipes = _hub_sides(hubs, settings)
        origins, destinations = _stack(origins, products), _stack(destinations, recipes)
    share = floats(needs["max_share"], blank=1.0)
    return Ends(
        origins=origins,
        destinations=destinations,
        hubs=_hub_table(hubs),
        offered=per_period(residues, settings.periods),
        wanted=per_period(needs, settings.periods) * share[:, None],
    )


def excluded(declared: pd.DataFrame, settings: Settings) -> Bools:
    """Tell which declarations the scenario leaves out, by site, resource or data quality."""
    gone = np.zeros(len(declared), dtype=bool)
    for column, names in (
        ("site_id", settings.exclude_sites),
        ("data_quality", settings.exclude_data_quality),
    ):
        if names:
            gone |= declared[column].isin(list(names)).to_numpy(dtype=bool)
    if settings.exclude_resources:
        gone |= _excluded_resource(declared["resource"], settings)
    return gone


def names_of(resource: str) -> tuple[str, ...]:
    """Names under which a rule, hub or exclusion may mean a resource, the most exact first.

    Examples
    --------
    >>> names_of("19 12 01")
    ('19 12 01', '19 12', '19')
    """
    if nomenclature.is_waste_code(resource):
        return resource, resource[:5], resource[:2]
    return (resource,)


def unit_of(resource: str) -> str:
    """Canonical unit of the resource's kind; tonnes where the nomenclature does not say."""
    if nomenclature.is_waste_code(resource):
        return "t"
    return nomenclature.unit_of(resource) or "t"


def _excluded_resource(resources: pd.Series, settings: Settings) -> Bools:
    gone = {
        name
        for name in resources.unique()
        if not settings.exclude_resources.isdisjoint(names_of(name))
    }
    return resources.isin(list(gone)).to_numpy(dtype=bool)


NEED: dict[str, Any] = {
    "recipe": -1,
    "product": -1,
    "yield": 1.0,
    "treatment_eur": 0.0,
    "level": "",
    "takes_hazardous": True,
}
"""What the columns of recipes say of a need."""


DECLARED = [
    "site_id",
    "kind",
    "resource",
    "quantity",
    "unit",
    "months",
    "current_cost_eur_per_unit",
    "max_share",
    "min_lot",
    "max_partners",
    "max_distance_km",
    "required",
    "storage",
    "quality",
    "hazardous",
    "data_quality",
    "file",
    "line",
]
"""Columns of declarations that lanes are made from; the others need not be sorted and picked."""


def _declared(
    rows: pd.DataFrame, site: Ints, places: dict[str, Any], settings: Settings
) -> pd.DataFrame:
    """Columns of declarations, in their own order, each at its site's place."""
    resource, unit = (texts(rows[name]).to_numpy(dtype=object) for name in ("resource", "unit"))
    key, goods = _goods_numbers(resource, unit)
    storage = floats(rows["storage"], blank=0.0) if settings.periods > 1 else 0.0
    limit = floats(rows["max_distance_km"])
    if (unsaid := np.isnan(limit)).any():
        limit[unsaid] = _resource_limit([resource for resource, _ in goods])[key[unsaid]]
    return pd.DataFrame(
        {
            "id": rows.index.to_numpy(dtype=object),
            "hub": -1,
            "site": site,
            "resource": resource,
            "unit": unit,
            "key": key,
            **{name: column[site] for name, column in places.items()},
            "hazardous": rows["hazardous"].to_numpy(dtype=bool),
            "limit_km": np.where(np.isnan(limit), settings.default_max_distance_km, limit),
            "limit_assumed": np.isnan(limit),
            "mass_t": _masses(goods)[key],
            "min_lot": floats(rows["min_lot"], blank=0.0),
            "max_partners": floats(rows["max_partners"], blank=np.inf),
            "storage": storage,
            "required": rows["required"].to_numpy(dtype=bool),
            "quality": texts(rows["quality"]).to_numpy(dtype=object),
            "cost_eur": floats(rows["current_cost_eur_per_unit"]),
            "file": texts(rows["file"]).to_numpy(dtype=object),
            "line": rows["line"].to_numpy(),
        }
    )


def _hub_sides(rows: pd.DataFrame, settings: Settings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Products and recipes of the hubs, in order of hub and recipe."""
    number = pd.factorize(rows["hub_id"], sort=True)[0]
    gives = texts(rows["gives"])
    goods = pd.MultiIndex.from_arrays([rows["hub_id"].astype(object), gives])
    first = ~goods.duplicated() & (gives != "").to_numpy()
    products = goods[first]
    common = _hub_columns(rows, number)
    made = common[first].assign(**_goods(gives[first], settings), quality="")
    operation = texts(rows["operation"])
    recipes = common.assign(
        **_goods(texts(rows["takes"]), settings),
        recipe=rows["recipe"].to_numpy(),
        product=products.get_indexer(goods),
        **{"yield": floats(rows["yield"], blank=1.0)},
        treatment_eur=floats(rows["unit_cost_eur"], blank=0.0),
        level=[_level(code, given) for code, given in zip(operation, gives, strict=True)],
        takes_hazardous=says(rows["hazardous"], "yes"),
        quality=texts(rows["quality"]).to_numpy(dtype=object),
    )
    return made, recipes.assign(limit_km=np.inf)


def _hub_columns(rows: pd.DataFrame, number: Ints) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": rows["hub_id"].to_numpy(dtype=object),
            "hub": number,
            "site": -1,
            **_places(rows),
            "min_lot": 0.0,
            "max_partners": np.inf,
            "storage": 0.0,
            "required": False,
            "cost_eur": 0.0,
            "file": texts(rows["file"]).to_numpy(dtype=object),
            "line": rows["line"].to_numpy(),
        }
    )


def _goods(resource: pd.Series, settings: Settings) -> dict[str, Any]:
    """What a resource given or taken by a hub is."""
    names = resource.to_numpy(dtype=object)
    units = [unit_of(name) for name in names]
    limit = _resource_limit(names)
    return {
        "resource": names,
        "unit": np.array(units, dtype=object),
        "hazardous": np.array([nomenclature.is_hazardous(name) for name in resource], dtype=bool),
        "limit_km": np.where(np.isnan(limit), settings.default_max_distance_km, limit),
        "limit_assumed": np.isnan(limit),
        "mass_t": _masses(zip(names, units, strict=True)),
    }


def _hub_table(rows: pd.DataFrame) -> pd.DataFrame:
    first = rows.drop_duplicates("hub_id").reset_index(drop=True)
    return pd.DataFrame(
        {
            "id": first["hub_id"].to_numpy(dtype=object),
            "capacity": floats(first["capacity"], blank=np.inf),
            "opening_eur": floats(first["opening_cost_eur"], blank=0.0),
        }
    )


def _places(rows: pd.DataFrame) -> dict[str, Any]:
    """Where rows are, and in which commune if they stand at its centroid."""
    insee = texts(rows["insee"]) if "insee" in rows else pd.Series("", index=rows.index)
    centroid = (texts(rows["position_quality"]) == "commune").to_numpy()
    return {
        "lon": floats(rows["lon"]),
        "lat": floats(rows["lat"]),
        "centroid": centroid,
        "insee": np.where(centroid, insee.to_numpy(dtype=object), ""),
        "area_km2": floats(rows["commune_area_km2"], blank=0.0),
    }


def _stack(declared: pd.DataFrame, of_hubs: pd.DataFrame) -> pd.DataFrame:
    """Declarations, then what belongs to hubs, numbered from 0; their goods numbered alike."""
    parts = [part for part in (declared, of_hubs) if len(part)] or [declared]
    ends = pd.concat(parts, ignore_index=True)
    takes = ends.get("recipe", pd.Series(-1, index=ends.index)) >= 0
    unit = ends["unit"].where(~takes, "*")  # a recipe takes its resource in any unit
    goods = (column.to_numpy(dtype=object) for column in (ends["resource"], unit))
    return ends.assign(key=_goods_numbers(*goods)[0])


def _goods_numbers(
    resource: NDArray[np.object_], unit: NDArray[np.object_]
) -> tuple[Ints, list[tuple[str, str]]]:
    """Number the distinct (resource, unit) in order of appearance, and list them."""
    first, resources = pd.factorize(resource)
    second, units = pd.factorize(unit)
    number, goods = pd.factorize(folded(first, second, len(units)))
    pairs = [divmod(int(good), max(len(units), 1)) for good in goods]
    return number.astype(np.int64), [(resources[one], units[other]) for one, other in pairs]


def _resource_limit(resources: Iterable[str]) -> Floats:
    """Longest distance that the nomenclature gives each resource, NaN where none."""
    known = nomenclature.resources()["max_distance_km"]
    at = positions(resources, known.index)
    return np.where(at >= 0, floats(known)[at], np.nan)


def _masses(goods: Iterable[tuple[str, str]]) -> Floats:
    """Tonnes per unit of each good, 0 for what has no mass."""
    return np.array([nomenclature.mass_t_per_unit(*good) for good in goods], dtype=np.float64)


def _level(operation: str, gives: str) -> str:
    """Level of the hierarchy of what a recipe does."""
    if operation:
        return nomenclature.hierarchy_of_operation(operation)
    return "recycling" if gives else "other"
