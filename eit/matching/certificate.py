"""The prices that prove a bound, by the names of what they price."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eit.matching.arrays import Floats, Ints
from eit.matching.problem import Offer, blend_names, limit_names
from eit.results import table
from eit.scenario import Settings
from solvers.exchange import Prices

WHOLE_YEAR = 0


def list_prices(offer: Offer, prices: Prices | None, settings: Settings) -> pd.DataFrame:
    """Write the dual prices of the first objective, as in prices.csv; zeros left out.

    ``row`` is what is priced: ``source`` and ``sink`` (volume of a residue or a need),
    ``product`` (balance of a hub's product, ``hub|resource``), ``capacity`` (of a hub),
    ``way_max`` (of a link, ``from→to mode``), ``group``, ``blend`` (``end|limit``) and the
    limits of the scenario. ``period`` 0 is the year.
    """
    if prices is None:
        return table("prices")
    origins, ends = offer.ends.origins, offer.ends.destinations
    products = origins.iloc[offer.ends.residues :]
    parts = [
        _by_period("source", origins["id"].iloc[: offer.ends.residues], prices.source),
        _by_period("sink", ends["id"].iloc[: offer.ends.needs], prices.sink),
        _by_period("product", products["id"] + "|" + products["resource"], prices.product),
        _by_year("capacity", offer.ends.hubs["id"], prices.capacity),
        _of_ways(offer, prices.way_max - prices.way_min),
        _by_year("group", offer.links.groups["group"], prices.group),
        _by_period("blend", blend_names(offer, settings), prices.blend),
    ]
    for at, name in enumerate(limit_names(settings)):
        row = {"budget_eur": "budget", "fleet_t_km": "fleet", "max_exchanges": "exchanges"}[name]
        parts.append(_by_year(row, [""], prices.limit[at : at + 1]))
    return pd.concat(parts, ignore_index=True)


def _by_period(row: str, ids: pd.Series | list[str], price: Floats) -> pd.DataFrame:
    """Rows of one kind with a price in each period, shape (ids, T)."""
    at, period = np.nonzero(price)
    return _table(row, np.asarray(ids, dtype=object)[at], period + 1, price[at, period])


def _by_year(row: str, ids: pd.Series | list[str], price: Floats) -> pd.DataFrame:
    """Rows of one kind with one price for the year, shape (ids,)."""
    at = np.flatnonzero(price)
    return _table(row, np.asarray(ids, dtype=object)[at], np.full(len(at), WHOLE_YEAR), price[at])


def _table(row: str, ids: NDArray[np.object_], period: Ints, price: Floats) -> pd.DataFrame:
    stage = np.ones(len(ids), dtype=np.int64)
    columns = {"row": row, "id": ids, "period": period, "price": price, "objective_stage": stage}
    return table("prices", columns).sort_values(["id", "period"], kind="stable")


def _of_ways(offer: Offer, price: Floats) -> pd.DataFrame:
    """Rows of ways, named by their two ids and their mode."""
    at = np.flatnonzero(price)
    lanes = offer.lanes.take(offer.bundles.lane[at])
    start = offer.ends.origins["id"].to_numpy()[lanes.origin]
    stop = offer.ends.destinations["id"].to_numpy()[lanes.end]
    mode = np.array(offer.links.modes, dtype=object)[lanes.mode]
    names = [f"{a}→{b} {c}" for a, b, c in zip(start, stop, mode, strict=True)]
    return _by_year("way_max", names, price[at])
