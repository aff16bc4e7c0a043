"""Where lanes begin and end: residues and hub products, needs and hub recipes, as flat tables.

An origin is a residue or a product of a hub (one per hub and resource given); an end is a
need or a recipe of a hub. Both are numbered as `solvers.exchange` numbers them: residues,
then products; needs, then recipes.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

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
    declared = territory.declarations.sort_index(kind="stable")
    declared = declared[~excluded(declared, settings)]
    residues = declared[declared["kind"] == "residue"]
    needs = declared[declared["kind"] == "need"]
    hubs = territory.hubs[~territory.hubs["hub_id"].isin(list(settings.exclude_hubs))]
    hubs = hubs.sort_values(["hub_id", "recipe"], kind="stable").reset_index(drop=True)
    products, recipes = _hub_sides(hubs, settings)
    origins = _stack(_declared(residues, territory, settings), products)
    destinations = _stack(_declared(needs, territory, settings).assign(**NEED), recipes)
    share = floats(needs["max_share"], blank=1.0)
    return Ends(
        origins=origins.assign(key=_keys(origins)),
        destinations=destinations.assign(key=_keys(destinations)),
        hubs=_hub_table(hubs),
        offered=per_period(residues, settings.periods),
        wanted=per_period(needs, settings.periods) * share[:, None],
    )


def excluded(declared: pd.DataFrame, settings: Settings) -> Bools:
    """Tell which declarations the scenario leaves out, by site, resource or data quality."""
    gone = declared["site_id"].isin(list(settings.exclude_sites))
    gone |= declared["data_quality"].isin(list(settings.exclude_data_quality))
    left_out: Bools = gone.to_numpy(dtype=bool)
    return left_out | _excluded_resource(declared["resource"], settings)


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


def _declared(rows: pd.DataFrame, territory: Territory, settings: Settings) -> pd.DataFrame:
    """Columns of declarations, in their own order."""
    at = positions(rows["site_id"], territory.sites.index)
    places = territory.sites.iloc[at]
    goods = pd.DataFrame({"resource": texts(rows["resource"]), "unit": texts(rows["unit"])})
    storage = floats(rows["storage"], blank=0.0) if settings.periods > 1 else 0.0
    usual = _resource_limit(goods["resource"])
    stated = floats(rows["max_distance_km"])
    limit = np.where(np.isnan(stated), usual, stated)
    return pd.DataFrame(
        {
            "id": rows.index.to_numpy(dtype=object),
            "hub": -1,
            "site": at,
            "resource": goods["resource"].to_numpy(dtype=object),
            "unit": goods["unit"].to_numpy(dtype=object),
            **_places(places),
            "hazardous": rows["hazardous"].to_numpy(dtype=bool),
            "limit_km": np.where(np.isnan(limit), settings.default_max_distance_km, limit),
            "limit_assumed": np.isnan(limit),
            "mass_t": _masses(goods),
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
    goods = pd.DataFrame({"resource": resource, "unit": resource.map(unit_of).astype(object)})
    limit = _resource_limit(resource)
    return {
        "resource": goods["resource"].to_numpy(dtype=object),
        "unit": goods["unit"].to_numpy(dtype=object),
        "hazardous": np.array([nomenclature.is_hazardous(name) for name in resource], dtype=bool),
        "limit_km": np.where(np.isnan(limit), settings.default_max_distance_km, limit),
        "limit_assumed": np.isnan(limit),
        "mass_t": _masses(goods),
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
    """Declarations, then what belongs to hubs, numbered from 0; communes numbered alike."""
    parts = [part for part in (declared, of_hubs) if len(part)] or [declared]
    return pd.concat(parts, ignore_index=True)


def _keys(ends: pd.DataFrame) -> Ints:
    """Number the distinct goods; a recipe takes its resource in any unit."""
    takes = ends.get("recipe", pd.Series(-1, index=ends.index)) >= 0
    return _goods_numbers(ends["resource"], ends["unit"].where(~takes, "*"))[0]


def _goods_numbers(resource: pd.Series, unit: pd.Series) -> tuple[Ints, list[tuple[str, str]]]:
    """Number the distinct (resource, unit) in order of appearance, and list them."""
    first, resources = pd.factorize(resource.to_numpy(dtype=object))
    second, units = pd.factorize(unit.to_numpy(dtype=object))
    number, goods = pd.factorize(folded(first, second, len(units)))
    pairs = [divmod(int(good), max(len(units), 1)) for good in goods]
    return number.astype(np.int64), [(resources[one], units[other]) for one, other in pairs]


def _resource_limit(resources: pd.Series) -> Floats:
    """Longest distance that the nomenclature gives each resource, NaN where none."""
    known = nomenclature.resources()["max_distance_km"]
    number, distinct = pd.factorize(resources.to_numpy(dtype=object))
    at = positions(distinct, known.index)
    limits = np.append(np.where(at >= 0, floats(known)[at], np.nan), np.nan)
    return np.asarray(limits[number], dtype=np.float64)


def _masses(goods: pd.DataFrame) -> Floats:
    """Tonnes per unit of each good, 0 for what has no mass."""
    number, distinct = _goods_numbers(goods["resource"], goods["unit"])
    mass = np.array([nomenclature.mass_t_per_unit(*good) for good in distinct], dtype=np.float64)
    return mass[number] if len(number) else np.zeros(0)


def _level(operation: str, gives: str) -> str:
    """Level of the hierarchy of what a recipe does."""
    if operation:
        return nomenclature.hierarchy_of_operation(operation)
    return "recycling" if gives else "other"
