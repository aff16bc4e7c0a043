"""What links.csv says of each way: which row holds, whether it is allowed, its price.

A row names declarations, hubs or sites; of the rows that reach a pair in one mode the
most particular wins, and applies whole. A pair without an allowed row has its default ways.
"""

import numpy as np
import pandas as pd

from eit.scenario import Settings

DEFAULT_MODE = "road"
NO_LINK = -1
NUMBERS = {
    "distance_km": np.nan,
    "cost_eur_per_unit": np.nan,
    "trip_payload": np.nan,
    "trip_cost_eur": np.nan,
    "fixed_cost_eur": 0.0,
    "min_quantity": 0.0,
    "max_quantity": np.inf,
    "co2e_kg_per_unit": np.nan,
    "group_capacity": np.inf,
    "group_fixed_cost_eur": 0.0,
}
"""Figures of a row, and what a blank one means."""


def link_terms(links: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Rows of links.csv as terms, numbered from 0, and a last row for ways without a link.

    Returns
    -------
    terms
        ``from_id``, ``to_id``, ``mode``, ``capacity_group`` (text), the figures of `NUMBERS`,
        ``allowed``, ``bars_hazard``, ``per_period`` (fixed cost), ``by_trip``, ``priced``
        (default transport cost does not apply) and ``floor`` (flows in any case, per year).
    """
    bare = pd.DataFrame([dict.fromkeys(links.columns, "")], index=[len(links)])
    rows = pd.concat([links.reset_index(drop=True).astype(object), bare.astype(object)])
    figures = {
        name: pd.to_numeric(rows[name], errors="coerce").astype(float).fillna(blank)
        for name, blank in NUMBERS.items()
    }
    terms = rows[["from_id", "to_id", "mode", "capacity_group"]].fillna("").assign(**figures)
    held = _says(rows["required"], "yes")
    if settings.keep_existing:
        held |= _says(rows["existing"], "yes")
    by_trip = terms["trip_cost_eur"].notna()
    payload = terms["trip_payload"].fillna(settings.payload_t)
    return terms.assign(
        trip_payload=payload.where(by_trip),
        mode=terms["mode"].replace("", DEFAULT_MODE),
        allowed=~_says(rows["allowed"], "no"),
        bars_hazard=_says(rows["hazardous"], "no"),
        per_period=rows["fixed_per"].fillna("").eq("period"),
        by_trip=by_trip,
        priced=by_trip | terms["cost_eur_per_unit"].notna(),
        floor=terms["min_quantity"].where(held, 0.0),
    )


def winning_links(origins: pd.DataFrame, ends: pd.DataFrame, terms: pd.DataFrame) -> pd.DataFrame:
    """Expand the rows of links.csv to pairs of origin and end, the winner of each mode alone.

    Returns
    -------
    winners
        ``origin``, ``end`` (positions), ``mode``, ``link`` (position in `terms`), ``allowed``.
    """
    rows = terms.iloc[:-1][["from_id", "to_id", "mode", "allowed"]].rename_axis("link")
    ids = frozenset(origins["id"]) | frozenset(ends["id"])
    starts = _named(origins, ids).rename(columns={"at": "origin", "by_site": "from_site"})
    stops = _named(ends, ids).rename(columns={"at": "end", "by_site": "to_site"})
    reached = rows.reset_index().merge(starts, left_on="from_id", right_on="name")
    reached = reached.merge(stops, left_on="to_id", right_on="name")
    rank = 2 * reached["from_site"].astype(int) + reached["to_site"].astype(int)
    order = reached.assign(rank=rank).sort_values(["origin", "end", "mode", "rank", "link"])
    won = order.drop_duplicates(["origin", "end", "mode"])
    return won[["origin", "end", "mode", "link", "allowed"]].reset_index(drop=True)


def ways_of(pairs: pd.DataFrame, winners: pd.DataFrame, served: pd.DataFrame) -> pd.DataFrame:
    """All ways of given pairs: the allowed rows, else the default ways, `barred` or not.

    A row that forbids the road bars every default way of its pair, any other one that of its mode.

    Parameters
    ----------
    pairs
        ``origin``, ``end``, each pair once.
    served
        Default ways of these pairs: ``origin``, ``end``, ``mode``, ``haul_km``, ``legs_km``.

    Returns
    -------
    ways
        ``origin``, ``end``, ``mode``, ``link`` (`NO_LINK` for default ways), ``barred``,
        ``haul_km`` and ``legs_km`` (of default ways by other modes than the road).
    """
    stated = pairs.merge(winners, on=["origin", "end"])
    blank = {"haul_km": np.nan, "legs_km": np.nan}
    allowed = stated[stated["allowed"]].assign(barred=False, **blank)
    shut = stated[~stated["allowed"]]
    default = served[~_pair_keys(served).isin(_pair_keys(allowed))]
    off_road = _pair_keys(shut[shut["mode"] == DEFAULT_MODE])
    shut_ways = pd.MultiIndex.from_frame(shut[["origin", "end", "mode"]])
    barred = pd.MultiIndex.from_frame(default[["origin", "end", "mode"]]).isin(shut_ways)
    barred |= _pair_keys(default).isin(off_road).to_numpy()
    default = default.assign(link=NO_LINK, barred=barred)
    columns = ["origin", "end", "mode", "link", "barred", "haul_km", "legs_km"]
    parts = [part[columns] for part in (allowed, default) if len(part)] or [default[columns]]
    ways = pd.concat(parts, ignore_index=True)
    return ways.sort_values(["origin", "end", "mode"]).reset_index(drop=True)


def _named(frame: pd.DataFrame, ids: frozenset[str]) -> pd.DataFrame:
    """Names by which a row can reach each origin or end: its id; its site's, unless an id."""
    by_id = pd.DataFrame({"name": frame["id"], "at": frame.index, "by_site": False})
    declared = frame[~frame["hub"].astype(bool) & ~frame["site"].isin(ids)]
    by_site = pd.DataFrame({"name": declared["site"], "at": declared.index, "by_site": True})
    return pd.concat([by_id, by_site], ignore_index=True)


def _pair_keys(pairs: pd.DataFrame) -> pd.Series:
    """One whole number per pair of origin and end."""
    return pairs["origin"].astype("int64") * 2**31 + pairs["end"].astype("int64")


def _says(cells: pd.Series, word: str) -> pd.Series:
    """Whether cells say yes (or no), as a boolean or as a word; a blank one says neither."""
    truth = word == "yes"
    return cells.map(
        lambda cell: bool(cell) is truth if isinstance(cell, bool | np.bool_) else cell == word
    ).astype(bool)
