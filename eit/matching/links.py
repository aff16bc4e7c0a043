"""What links.csv says: its rows as terms, and which of them holds for each pair and mode."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from eit.matching.arrays import floats, positions, says, texts
from eit.matching.ends import Ends
from eit.matching.partners import Partners
from eit.scenario import Settings
from eit.territory import Territory

ROAD = "road"
"""Mode of a row that names none, and of a lane without a row."""

NO_LINK = -1


@dataclass(frozen=True, slots=True)
class Links:
    """The rows of links.csv, and where each of them wins.

    Attributes
    ----------
    terms
        One row per row of the file, and a last one for lanes without a row, so that position
        -1 is that of no link: ``from_id to_id mode distance_km cost_eur payload trip_eur
        usual_payload priced fixed_eur per_period min_quantity max_quantity held co2e_kg bars_hazard
        allowed group``. ``mode`` and ``group`` are positions in `modes`
        and `groups` (-1: none); ``priced`` rows replace the default transport cost; ``held``
        ones flow in any case.
    modes
        Names of the modes, road first: those of the rows, and those the settings name.
    groups
        ``group capacity fixed_eur``, one row per capacity group.
    won
        ``origin end met mode link`` of the winning row for each pair of ends whose goods
        meet, and each mode; sorted.
    """

    terms: pd.DataFrame
    modes: tuple[str, ...]
    groups: pd.DataFrame
    won: pd.DataFrame


def read_links(ends: Ends, partners: Partners, territory: Territory, settings: Settings) -> Links:
    """Lay out the rows of links.csv and find where each of them holds."""
    rows = territory.links.sort_values(["file", "line"], kind="stable").reset_index(drop=True)
    mode = texts(rows["mode"]).replace("", ROAD)
    modes = (ROAD, *sorted((set(mode) | set(settings.modes)) - {ROAD}))
    groups = _groups(rows)
    terms = _terms(rows, settings).assign(
        mode=positions(mode, pd.Index(modes)),
        group=positions(texts(rows["capacity_group"]), pd.Index(groups["group"])),
    )
    won = _winners(_reached(terms, ends, partners, territory))
    return Links(pd.concat([terms, _no_terms()], ignore_index=True), modes, groups, won)


def _terms(rows: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    unstated = np.isnan(floats(rows["trip_payload"]))
    payload = floats(rows["trip_payload"], blank=settings.payload_t)
    trip = floats(rows["trip_cost_eur"])
    cost = floats(rows["cost_eur_per_unit"])
    by_trip = ~np.isnan(trip)
    least = floats(rows["min_quantity"])
    kept = says(rows["existing"], "yes") & ~np.isnan(least) & settings.keep_existing
    return pd.DataFrame(
        {
            "from_id": texts(rows["from_id"]),
            "to_id": texts(rows["to_id"]),
            "distance_km": floats(rows["distance_km"]),
            "cost_eur": cost,
            "payload": np.where(by_trip, payload, np.inf),
            "trip_eur": np.where(by_trip, trip, 0.0),
            "usual_payload": by_trip & unstated,
            "priced": by_trip | ~np.isnan(cost),
            "fixed_eur": floats(rows["fixed_cost_eur"], blank=0.0),
            "per_period": (texts(rows["fixed_per"]) == "period").to_numpy(),
            "min_quantity": np.nan_to_num(least),
            "max_quantity": floats(rows["max_quantity"], blank=np.inf),
            "held": says(rows["required"], "yes") | kept,
            "co2e_kg": floats(rows["co2e_kg_per_unit"]),
            "bars_hazard": says(rows["hazardous"], "no"),
            "allowed": ~says(rows["allowed"], "no"),
        }
    )


def _no_terms() -> pd.DataFrame:
    """The terms of a lane that no row mentions."""
    return pd.DataFrame(
        {
            "from_id": [""],
            "to_id": "",
            "distance_km": np.nan,
            "cost_eur": np.nan,
            "payload": np.inf,
            "trip_eur": 0.0,
            "usual_payload": False,
            "priced": False,
            "fixed_eur": 0.0,
            "per_period": False,
            "min_quantity": 0.0,
            "max_quantity": np.inf,
            "held": False,
            "co2e_kg": np.nan,
            "bars_hazard": False,
            "allowed": True,
            "mode": 0,
            "group": -1,
        }
    )


def _groups(rows: pd.DataFrame) -> pd.DataFrame:
    """Capacity groups by name; what any of their rows states holds for all (they agree)."""
    stated = pd.DataFrame(
        {
            "group": texts(rows["capacity_group"]),
            "capacity": floats(rows["group_capacity"]),
            "fixed_eur": floats(rows["group_fixed_cost_eur"]),
        }
    )
    first = stated[stated["group"] != ""].groupby("group", sort=True).first().reset_index()
    return first.fillna({"capacity": np.inf, "fixed_eur": 0.0})


def _reached(
    terms: pd.DataFrame, ends: Ends, partners: Partners, territory: Territory
) -> pd.DataFrame:
    """Every pair of ends that a row reaches and whose goods meet, with the row's rank."""
    if terms.empty:
        return terms.reindex(columns=["origin", "end", "met", "mode", "link", "rank"]).astype(int)
    ids = frozenset(territory.declarations.index) | frozenset(territory.hubs["hub_id"])
    rows = terms[["from_id", "to_id", "mode"]].rename_axis("link").reset_index()
    starts = _named(ends.origins, ids, territory).rename(
        columns={"at": "origin", "key": "origin_key"}
    )
    stops = _named(ends.destinations, ids, territory).rename(
        columns={"at": "end", "key": "end_key"}
    )
    met = partners.met[["origin_key", "end_key"]].rename_axis("met").reset_index()
    found = rows.merge(starts, left_on="from_id", right_on="name").merge(met, on="origin_key")
    stops = stops.rename(columns={"name": "to_id", "by_site": "to_site"})
    found = found.merge(stops, on=["to_id", "end_key"])
    return found.assign(rank=2 * found["by_site"].astype(int) + found["to_site"].astype(int))


def _named(ends: pd.DataFrame, ids: frozenset[str], territory: Territory) -> pd.DataFrame:
    """Names by which a row reaches each end: its id, and its site unless an id is spelt alike."""
    at = np.arange(len(ends))
    by_id = pd.DataFrame({"name": ends["id"], "at": at, "key": ends["key"], "by_site": False})
    declared = ends["site"] >= 0
    site = territory.sites.index.to_numpy(dtype=object)[ends.loc[declared, "site"]]
    by_site = by_id[declared].assign(name=site, by_site=True)
    return pd.concat([by_id, by_site[~by_site["name"].isin(list(ids))]], ignore_index=True)


def _winners(reached: pd.DataFrame) -> pd.DataFrame:
    """Of the rows that reach a pair in one mode, the most particular."""
    order = ["origin", "end", "mode", "rank", "link"]
    first = reached.sort_values(order).drop_duplicates(["origin", "end", "mode"])
    return first[["origin", "end", "met", "mode", "link"]].reset_index(drop=True)
