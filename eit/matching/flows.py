"""What flows: the solver's quantities joined back to declarations, one row per lane and period."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray

from eit.matching.arrays import USED, Bools, Floats, Ints, folded
from eit.matching.lanes import SOURCES
from eit.matching.problem import Offer, period_cost, yearly_cost
from eit.results import table


@dataclass(frozen=True, slots=True)
class Flows:
    """Lanes and periods in use, in the order they are written.

    Attributes
    ----------
    lane, period, quantity
        Position of the lane, period from 0, canonical units that leave; shape (rows,).
    table
        The rows of flows.csv.
    """

    lane: Ints
    period: Ints
    quantity: Floats
    table: pd.DataFrame


def list_flows(offer: Offer, shipped: Floats) -> Flows:
    """Write what is shipped, shape (k, T), as rows of flows.csv.

    Costs that fall once per way stand on its first row of the year, costs per period and
    whole trips on its first row of the period.
    """
    lane, period = np.divmod(np.flatnonzero(shipped > USED), shipped.shape[1])
    order = _order(offer, lane, period)
    lane, period = lane[order], period[order]
    quantity = shipped[lane, period]
    words = _described(offer, lane, period)
    figures = _figures(offer, lane, period, quantity)
    return Flows(lane, period, quantity, table("flows", {**words, **figures}))


def _order(offer: Offer, lane: Ints, period: Ints) -> Ints:
    """Rows by from_id, to_id, mode, recipe, period, texts by code point; then by resource."""
    lanes, ends = offer.lanes.take(lane), offer.ends
    resource = ends.origins["resource"].to_numpy()
    ranks = [
        _rank(ends.origins["id"].to_numpy(), lanes.origin, ends.residues),
        _rank(ends.destinations["id"].to_numpy(), lanes.end, ends.needs),
        _rank(np.array(offer.links.modes, dtype=object), lanes.mode, 0),
        ends.destinations["recipe"].to_numpy(dtype=np.int64)[lanes.end],
        period,
    ]
    if ends.residues < len(ends.origins):  # a hub gives several resources under one id
        ranks.append(_rank(resource, lanes.origin, 0))
    told = [rank for rank in ranks if len(rank) and (rank != rank[0]).any()]
    sizes = [int(rank.max()) + 1 for rank in told]
    if math.prod(sizes) >= 2**62:
        return np.asarray(np.lexsort(told[::-1]), dtype=np.int64)
    key = np.zeros(len(lane), dtype=np.int64)
    for rank, size in zip(told, sizes, strict=True):
        key = folded(key, rank, size)
    return np.argsort(key, kind="stable")  # of one key: quicker than by one after the other


def _rank(names: NDArray[np.object_], at: Ints, in_order: int) -> Ints:
    """Rank of the name at each position; the first ones, so many, are in order already."""
    if at.max(initial=-1) < in_order:
        return at
    number, distinct = pd.factorize(at)
    return np.asarray(pd.factorize(names[distinct], sort=True)[0][number], dtype=np.int64)


def _described(offer: Offer, lane: Ints, period: Ints) -> dict[str, object]:
    """Who, what, by which rule and how, for each row."""
    lanes, ends = offer.lanes.take(lane), offer.ends
    recipe = ends.destinations["recipe"].to_numpy(dtype=np.int64)[lanes.end]
    modes, sources = (pd.array(names, dtype="str") for names in (offer.links.modes, SOURCES))
    return {
        "from_id": _named(ends.origins["id"], lanes.origin),
        "to_id": _named(ends.destinations["id"], lanes.end),
        "period": period + 1,
        "resource": _named(ends.origins["resource"], lanes.origin),
        "unit": _named(ends.origins["unit"], lanes.origin),
        "rule_id": _named(offer.partners.met["rule_id"], lanes.met),
        "mode": modes.take(lanes.mode),
        "distance_km": lanes.distance_km,
        "distance_source": sources.take(lanes.source),
        "recipe": pd.arrays.IntegerArray(recipe, recipe < 0),
    }


def _named(texts: pd.Series, at: Ints) -> ExtensionArray:
    """Text at each position, as a column of texts already: nobody need look what they are."""
    named: ExtensionArray = texts.array.take(at)
    return named


def _figures(offer: Offer, lane: Ints, period: Ints, quantity: Floats) -> dict[str, object]:
    """Quantities, trips, euros and kilograms of each row."""
    prices = offer.prices.of(lane)
    way = offer.bundles.way[lane]
    first = _first(way)
    first_of_period = _first(way * offer.ends.periods + period)
    trips, whole = _trips(offer, lane, period, quantity, first_of_period)
    transport = prices.transport_eur * quantity
    if whole.any():
        transport = transport + trips * offer.term_of("trip_eur", way)
    treatment = prices.treatment_eur * quantity
    fixed = yearly_cost(offer)[way] * first + period_cost(offer)[way] * first_of_period
    donor = prices.saving_donor_eur * quantity
    receiver = prices.saving_receiver_eur * quantity
    return {
        "quantity": quantity,
        "delivered": quantity * prices.ratio,
        "trips": pd.arrays.IntegerArray(trips, ~whole),
        "transport_cost_eur": transport,
        "treatment_cost_eur": treatment,
        "fixed_cost_eur": fixed,
        "saving_donor_eur": donor,
        "saving_receiver_eur": receiver,
        "value_eur": donor + receiver - transport - treatment - fixed,
        "co2e_kg": prices.co2e_kg * quantity,
    }


def _trips(
    offer: Offer, lane: Ints, period: Ints, quantity: Floats, first: Bools
) -> tuple[Ints, Bools]:
    """Whole trips on the first row of each way and period that needs any, and which these are."""
    way = offer.bundles.way[lane]
    payload = offer.term_of("payload", way)
    whole = first & np.isfinite(payload)
    trips = np.zeros(len(lane), dtype=np.int64)
    if whole.any():
        of_period = _by_way_and_period(offer, lane, period, quantity)[whole]
        trips[whole] = np.ceil(of_period / payload[whole] - 1e-9)
    return trips, whole


def _by_way_and_period(offer: Offer, lane: Ints, period: Ints, quantity: Floats) -> Floats:
    """What the whole way of each row carries in its period."""
    number = pd.factorize(offer.bundles.way[lane] * offer.ends.periods + period)[0]
    return np.asarray(np.bincount(number, quantity, number.max(initial=-1) + 1)[number])


def _first(numbers: Ints) -> Bools:
    """Mark the first row of each number."""
    return ~pd.Series(numbers).duplicated().to_numpy(dtype=bool)
