"""Figures behind prices: transport by mode, current costs, and which of them were assumed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from eit import nomenclature
from eit.matching.arrays import Floats
from eit.matching.ends import Ends, unit_of
from eit.matching.links import ROAD, Links
from eit.nomenclature import Factor
from eit.scenario import Settings
from eit.territory import Territory

Assumption = dict[str, Any]
"""``name value low high unit year source used_for`` of one figure that nobody declared."""


@dataclass(frozen=True, slots=True)
class Tariff:
    """What transport costs and emits, and what firms pay today.

    Attributes
    ----------
    cost_eur_per_t_km, co2e_kg_per_t_km
        By mode, shape (modes,).
    donor_eur, receiver_eur
        Current cost per unit of each origin and end, 0 for hubs; shapes (origins,), (ends,).
    assumptions
        Every default the current costs rest on, with the number of declarations it is used for.
    """

    cost_eur_per_t_km: Floats
    co2e_kg_per_t_km: Floats
    donor_eur: Floats
    receiver_eur: Floats
    assumptions: tuple[Assumption, ...]


def read_tariff(ends: Ends, links: Links, territory: Territory, settings: Settings) -> Tariff:
    """Look up every figure that prices need; the declared ones come first."""
    donor, by_donor = _current_costs(ends.origins, ends.residues, "residue", territory, settings)
    receiver, by_receiver = _current_costs(
        ends.destinations, ends.needs, "need", territory, settings
    )
    return Tariff(
        cost_eur_per_t_km=_by_mode("transport_cost", settings.cost_eur_per_t_km, links, settings),
        co2e_kg_per_t_km=_by_mode("transport_co2e", settings.co2e_kg_per_t_km, links, settings),
        donor_eur=donor,
        receiver_eur=receiver,
        assumptions=tuple(by_donor + by_receiver),
    )


def mode_factor(kind: str, mode: str, settings: Settings) -> Factor | None:
    """Return the default factor of a mode of transport; None where it has none of its own."""
    name = f"{kind}_{mode}"
    if name not in set(nomenclature.factors()["name"]):
        return None
    return nomenclature.factor(name, overrides=settings.factors)


def _by_mode(kind: str, road: float, links: Links, settings: Settings) -> Floats:
    """Figure of each mode: the road's is the territory's, and stands in for unknown modes."""
    found = [mode_factor(kind, mode, settings) for mode in links.modes if mode != ROAD]
    return np.array([road, *(road if factor is None else factor.value for factor in found)])


def _current_costs(
    ends: pd.DataFrame, declared: int, kind: str, territory: Territory, settings: Settings
) -> tuple[Floats, list[Assumption]]:
    """Costs as declared; where blank, the sourced default of the resource, else 0."""
    cost = ends["cost_eur"].to_numpy(dtype=np.float64).copy()
    blank = np.flatnonzero(np.isnan(cost[:declared]))
    cost[blank] = 0.0
    if not settings.assume_costs:
        return cost, []
    goods = pd.MultiIndex.from_frame(ends.iloc[blank][["resource", "unit", "hazardous"]])
    number, distinct = pd.factorize(goods)
    used = np.bincount(number, minlength=len(distinct))
    listed: list[Assumption] = []
    for at, (resource, unit, hazardous) in enumerate(distinct):
        factor = None
        if unit == unit_of(resource):
            factor = nomenclature.default_cost(
                resource, kind, bool(hazardous), year=territory.year, overrides=settings.factors
            )
        if factor is not None:
            cost[blank[number == at]] = factor.value
        listed.append(assumption(factor or _no_figure(resource, unit, kind), int(used[at])))
    return cost, listed


def _no_figure(resource: str, unit: str, kind: str) -> Factor:
    """Stand in for a cost of which no sourced figure is known: it counts nothing."""
    name = f"current_cost.{kind}.{resource}"
    return Factor(name, 0.0, 0.0, 0.0, f"EUR/{unit}", 0, "", "")


def assumption(factor: Factor, used_for: int) -> Assumption:
    """List a figure with how many declarations or lanes rest on it."""
    return {
        "name": factor.name,
        "value": factor.value,
        "low": factor.low,
        "high": factor.high,
        "unit": factor.unit,
        "year": factor.year or None,
        "source": factor.source,
        "used_for": used_for,
    }
