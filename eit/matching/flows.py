"""What flows: the solver's quantities joined back to declarations, one row per lane and period."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from eit.matching.arrays import USED, Bools, Floats, Ints
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
    lane, period = np.nonzero(shipped > USED)
    described = _described(offer, lane, period)
    order = _order(described)
    lane, period = lane[order], period[order]
    quantity = shipped[lane, period]
    words = described.iloc[order].reset_index(drop=True)
    figures = _figures(offer, lane, period, quantity)
    return Flows(lane, period, quantity, table("flows", {**words, **figures}))


def _order(described: pd.DataFrame) -> Ints:
    """Rows by from_id, to_id, mode, recipe, period, texts by code point; then by resource."""
    ranked = described[["from_id", "to_id", "mode", "recipe", "period", "resource"]]
    numbers = [pd.factorize(ranked[name], sort=True)[0] for name in ranked]
    return np.asarray(np.lexsort(numbers[::-1]), dtype=np.int64)


def _described(offer: Offer, lane: Ints, period: Ints) -> pd.DataFrame:
    """Who, what, by which rule and how, for each row."""
    lanes = offer.lanes.take(lane)
    start = offer.ends.origins.iloc[lanes.origin].reset_index(drop=True)
    stop = offer.ends.destinations.iloc[lanes.end].reset_index(drop=True)
    recipe = stop["recipe"].to_numpy(dtype=np.int64)
    return pd.DataFrame(
        {
            "from_id": start["id"],
            "to_id": stop["id"],
            "period": period + 1,
            "resource": start["resource"],
            "unit": start["unit"],
            "rule_id": offer.partners.met["rule_id"].to_numpy(dtype=object)[lanes.met],
            "mode": np.array(offer.links.modes, dtype=object)[lanes.mode],
            "distance_km": lanes.distance_km,
            "distance_source": np.array(SOURCES, dtype=object)[lanes.source],
            "recipe": pd.arrays.IntegerArray(recipe, recipe < 0),
        }
    )


def _figures(offer: Offer, lane: Ints, period: Ints, quantity: Floats) -> dict[str, object]:
    """Quantities, trips, euros and kilograms of each row."""
    prices = offer.prices
    way = offer.bundles.way[lane]
    of_period = _by_way_and_period(offer, lane, period, quantity)
    first = _first(way)
    first_of_period = _first(way * offer.ends.periods + period)
    trips = np.ceil(of_period / offer.term("payload")[way] - 1e-9)
    trips = np.where(first_of_period & np.isfinite(offer.term("payload")[way]), trips, np.nan)
    transport = prices.transport_eur[lane] * quantity
    transport = transport + np.nan_to_num(trips) * offer.term("trip_eur")[way]
    treatment = prices.treatment_eur[lane] * quantity
    fixed = yearly_cost(offer)[way] * first + period_cost(offer)[way] * first_of_period
    donor = prices.saving_donor_eur[lane] * quantity
    receiver = prices.saving_receiver_eur[lane] * quantity
    return {
        "quantity": quantity,
        "delivered": quantity * offer.ratio[lane],
        "trips": pd.arrays.IntegerArray(np.nan_to_num(trips).astype(np.int64), np.isnan(trips)),
        "transport_cost_eur": transport,
        "treatment_cost_eur": treatment,
        "fixed_cost_eur": fixed,
        "saving_donor_eur": donor,
        "saving_receiver_eur": receiver,
        "value_eur": donor + receiver - transport - treatment - fixed,
        "co2e_kg": prices.co2e_kg[lane] * quantity,
    }


def _by_way_and_period(offer: Offer, lane: Ints, period: Ints, quantity: Floats) -> Floats:
    """What the whole way of each row carries in its period."""
    number = pd.factorize(offer.bundles.way[lane] * offer.ends.periods + period)[0]
    return np.asarray(np.bincount(number, quantity, number.max(initial=-1) + 1)[number])


def _first(numbers: Ints) -> Bools:
    """Mark the first row of each number."""
    return ~pd.Series(numbers).duplicated().to_numpy(dtype=bool)
