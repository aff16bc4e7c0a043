"""Lanes, ways and limits as the arrays of `solvers.exchange`.

The model is stated in ``docs/model.md``; each function here builds one part of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eit.matching.arrays import Floats, Ints, constant, is_constant, looked_up, taken
from eit.matching.carriage import Carrier
from eit.matching.ends import Ends
from eit.matching.lanes import Bundles, Lanes
from eit.matching.links import NO_LINK, Links
from eit.matching.partners import Partners
from eit.matching.pricing import PriceList
from eit.matching.quality import Limits, read_limits, read_properties
from eit.scenario import Settings
from solvers.exchange import Exchange, Limit

VALUE, CO2E, QUANTITY, EXCHANGES = "value", "co2e", "quantity", "exchanges"
KG_PER_T = 1000.0


@dataclass(frozen=True, slots=True)
class Offer:
    """Everything the model is built from.

    Attributes
    ----------
    ends, partners, links
        Who may send and receive, which goods meet, what links.csv says.
    lanes, bundles, prices
        Permitted lanes, their ways and pairs, their figures per unit.
    carriers
        Modes beside the road by which lanes are made that links.csv does not list.
    """

    ends: Ends
    partners: Partners
    links: Links
    lanes: Lanes
    bundles: Bundles
    prices: PriceList
    carriers: Sequence[Carrier] = ()

    def term(self, name: str) -> Any:
        """One column of links.csv for each way, shape (w,)."""
        return looked_up(self.links.terms[name].to_numpy(), self._link)

    def term_of(self, name: str, ways: Ints) -> Any:
        """One column of links.csv for some ways."""
        return self.links.terms[name].to_numpy()[taken(self._link, ways)]

    @property
    def _link(self) -> Any:
        """Row of links.csv of each way."""
        return taken(self.lanes.link, self.bundles.lane)

    @property
    def unlisted(self) -> bool:
        """Whether no lane has a row of links.csv: no way costs, or is limited, by itself."""
        link = self.lanes.link
        return is_constant(link) and int(link[0]) == NO_LINK

    @property
    def ratio(self) -> Floats:
        """Delivered per unit shipped, shape (k,)."""
        return self.prices.ratio


def objectives(settings: Settings) -> tuple[str, ...]:
    """Objectives in order of rank; value breaks the last tie where it is not named."""
    named = settings.maximise
    return named if VALUE in named else (*named, VALUE)


def build(offer: Offer, settings: Settings) -> Exchange:
    """Write the whole model as arrays."""
    ends, lanes = offer.ends, offer.lanes
    return Exchange(
        supply=ends.offered,
        demand=ends.wanted,
        origin=lanes.origin,
        destination=lanes.end,
        ratio=offer.ratio,
        way=offer.bundles.way,
        pair=offer.bundles.pair,
        **_declared(ends),
        **_ways(offer),
        **_hubs(ends),
        **_gains(offer, objectives(settings)),
        **_blends(offer, settings),
        group_capacity=offer.links.groups["capacity"].to_numpy(),
        limits=_limits(offer, settings),
        tolerance=settings.tolerance,
    )


def _declared(ends: Ends) -> dict[str, Any]:
    """Storage, partners and obligations of declarations."""
    residues = ends.origins.iloc[: ends.residues]
    needs = ends.destinations.iloc[: ends.needs]
    return {
        "must_ship": residues["required"].to_numpy(dtype=bool),
        "must_fill": needs["required"].to_numpy(dtype=bool),
        "supply_storage": residues["storage"].to_numpy(dtype=float),
        "demand_storage": needs["storage"].to_numpy(dtype=float),
        "supply_partners": residues["max_partners"].to_numpy(dtype=float),
        "demand_partners": needs["max_partners"].to_numpy(dtype=float),
    }


def _ways(offer: Offer) -> dict[str, Any]:
    """Lots, yearly bounds, trips and groups of ways; both ends' smallest lots hold."""
    first = offer.bundles.lane
    lots = [side["min_lot"].to_numpy() for side in (offer.ends.origins, offer.ends.destinations)]
    none = constant(0.0, len(first))
    return {
        "min_lot": lots[0][offer.lanes.origin[first]] if lots[0].any() else none,
        "min_delivered": lots[1][offer.lanes.end[first]] if lots[1].any() else none,
        "min_quantity": offer.term("min_quantity"),
        "max_quantity": offer.term("max_quantity"),
        "required": offer.term("held"),
        "trip_payload": offer.term("payload"),
        "way_group": offer.term("group"),
    }


def _hubs(ends: Ends) -> dict[str, Any]:
    """Recipes, products and capacities of hubs."""
    recipes = ends.destinations.iloc[ends.needs :]
    return {
        "recipe_hub": recipes["hub"].to_numpy(dtype=np.int64),
        "recipe_product": recipes["product"].to_numpy(dtype=np.int64),
        "recipe_yield": recipes["yield"].to_numpy(dtype=float),
        "product_hub": ends.origins["hub"].to_numpy(dtype=np.int64)[ends.residues :],
        "hub_capacity": ends.hubs["capacity"].to_numpy(dtype=float),
    }


def _gains(offer: Offer, names: tuple[str, ...]) -> dict[str, Any]:
    """What each unit, way, period, trip, pair, hub and group brings to each objective."""
    sizes = {
        "gain": len(offer.lanes),
        "way_gain": len(offer.bundles.lane),
        "period_gain": len(offer.bundles.lane),
        "trip_gain": len(offer.bundles.lane),
        "pair_gain": _count(offer.bundles.pair),
        "hub_gain": len(offer.ends.hubs),
        "group_gain": len(offer.links.groups),
    }
    found = [_gain_of(offer, name) for name in names]
    return {
        name: _stacked([gain.get(name, constant(0.0, size)) for gain in found])
        for name, size in sizes.items()
    }


def _stacked(rows: list[Floats]) -> Floats:
    """Rows as one array, without memory where all are one constant."""
    if len(rows) == 1:
        return rows[0][None]
    first = rows[0]
    if all(is_constant(row) and row[0] == first[0] for row in rows):
        return np.broadcast_to(first[:1, None], (len(rows), len(first)))
    return np.stack(rows)


def _gain_of(offer: Offer, name: str) -> dict[str, Floats]:
    if name == CO2E:
        return {"gain": offer.prices.co2e_kg / KG_PER_T}
    if name == QUANTITY:
        return {"gain": (offer.lanes.origin < offer.ends.residues).astype(float)}
    if name == EXCHANGES:
        return {"pair_gain": np.ones(_count(offer.bundles.pair))}
    return {
        "gain": offer.prices.value_eur,
        "way_gain": _negative(yearly_cost(offer)),
        "period_gain": _negative(period_cost(offer)),
        "trip_gain": _negative(offer.term("trip_eur")),
        "hub_gain": -offer.ends.hubs["opening_eur"].to_numpy(dtype=float),
        "group_gain": -offer.links.groups["fixed_eur"].to_numpy(dtype=float),
    }


def yearly_cost(offer: Offer) -> Floats:
    """Fixed cost of each way that falls once a year, shape (w,)."""
    laid: Floats = taken(offer.prices.laid_eur, offer.bundles.lane)
    if offer.unlisted and is_constant(laid):
        return laid
    return np.asarray(laid + np.where(offer.term("per_period"), 0.0, offer.term("fixed_eur")))


def period_cost(offer: Offer) -> Floats:
    """Fixed cost of each way that falls in every period it is used, shape (w,)."""
    if offer.unlisted:
        none: Floats = constant(0.0, len(offer.bundles.lane))
        return none
    return np.where(offer.term("per_period"), offer.term("fixed_eur"), 0.0)


def _negative(cost: Floats) -> Floats:
    return constant(0.0 - cost[0], len(cost)) if is_constant(cost) else -cost


def _limits(offer: Offer, settings: Settings) -> tuple[Limit, ...]:
    """Limits of the scenario on a year: money, tonne-kilometres, exchanges; in this order."""
    rows = []
    if settings.budget_eur is not None:
        rows.append(
            Limit(
                limit=settings.budget_eur,
                lane_coef=offer.prices.transport_eur + offer.prices.treatment_eur,
                way_coef=yearly_cost(offer),
                period_coef=period_cost(offer),
                trip_coef=offer.term("trip_eur"),
                hub_coef=offer.ends.hubs["opening_eur"].to_numpy(dtype=float),
                group_coef=offer.links.groups["fixed_eur"].to_numpy(dtype=float),
            )
        )
    if settings.fleet_t_km is not None:
        rows.append(Limit(limit=settings.fleet_t_km, lane_coef=offer.prices.t_km))
    if settings.max_exchanges is not None:
        pairs = np.ones(_count(offer.bundles.pair))
        rows.append(Limit(limit=float(settings.max_exchanges), pair_coef=pairs))
    return tuple(rows)


def limit_names(settings: Settings) -> tuple[str, ...]:
    """Names of the limits of the scenario, in the order of the model's."""
    stated = {
        "budget_eur": settings.budget_eur,
        "fleet_t_km": settings.fleet_t_km,
        "max_exchanges": settings.max_exchanges,
    }
    return tuple(name for name, limit in stated.items() if limit is not None)


@dataclass(frozen=True, slots=True)
class _Blends:
    """Limits on the mean that some lane could break: coefficients, and which limits they are."""

    row: Ints
    lane: Ints
    coefficient: Floats
    limits: Limits
    binding: Ints  # positions in `limits`, shape (rows,)


def _blended(offer: Offer, settings: Settings) -> _Blends:
    """Mix what enters each end, by mass; by quantity where none of it has any.

    Rows that no lane could break are left out: they hold of themselves.
    """
    limits = read_limits(offer.ends.destinations["quality"])
    if settings.quality_mode == "lane":
        limits = limits.none()
    stated = read_properties(offer.ends.origins["quality"], limits.names)
    lane, row = limits.of(offer.lanes.end)
    origin = offer.lanes.origin[lane]
    excess = limits.sense[row] * (stated[origin, limits.name[row]] - limits.bound[row])
    mass = offer.ends.origins["mass_t"].to_numpy()[origin]
    heavy = np.bincount(row, mass, len(limits.row)) > 0
    coefficient = excess * np.where(heavy[row], mass, 1.0)
    over = np.bincount(row, coefficient > 0, len(limits.row)) > 0
    over[row[origin >= offer.ends.residues]] = False  # what hubs mix is `hub_quality`'s
    kept, number = over[row], np.cumsum(over) - 1
    return _Blends(number[row[kept]], lane[kept], coefficient[kept], limits, np.flatnonzero(over))


def _blends(offer: Offer, settings: Settings) -> dict[str, Any]:
    blends = _blended(offer, settings)
    return {
        "blend_row": blends.row,
        "blend_lane": blends.lane,
        "blend_coef": blends.coefficient,
        "blend_rows": len(blends.binding),
    }


def blend_names(offer: Offer, settings: Settings) -> list[str]:
    """Names of the limits on means, in the order of the model's: the end's id and the limit."""
    blends = _blended(offer, settings)
    ids = offer.ends.destinations["id"].to_numpy()
    limits = blends.limits
    return [
        f"{ids[limits.row[at]]}|{limits.names[limits.name[at]]}"
        f"{'<=' if limits.sense[at] > 0 else '>='}{limits.bound[at]:g}"
        for at in blends.binding
    ]


def _count(numbers: Ints) -> int:
    return int(numbers.max(initial=-1)) + 1
