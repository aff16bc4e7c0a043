"""Which sites and hubs must be placed before their lanes can be measured."""

import numpy as np
import pandas as pd

from eit.faults import Fault
from eit.matching.arrays import Bools, Ints
from eit.matching.ends import Ends
from eit.matching.links import Links
from eit.matching.partners import Partners
from eit.territory import Territory


def missing_places(
    ends: Ends, partners: Partners, links: Links, territory: Territory
) -> list[Fault]:
    """Sites and hubs without a place, where a distance to a partner is needed and none is given.

    A distance is needed for every pair whose goods meet, but for those that links.csv forbids
    or gives a distance or a price, and those of one site or hub.
    """
    frames = {"origin": ends.origins, "end": ends.destinations}
    nowhere = {side: ~np.isfinite(frame["lon"].to_numpy()) for side, frame in frames.items()}
    if not any(where.any() for where in nowhere.values()):
        return []
    settled = _settled(ends, partners, links, nowhere)
    open_rows = links.won[_needs_distance(links)]
    faults: dict[tuple[str, int], Fault] = {}
    for side, frame in frames.items():
        asks = np.isin(np.arange(len(frame)), open_rows[side])
        count, first = _partners(side, ends, partners)
        if not territory.links_only:
            asks |= count > np.bincount(settled[side], minlength=len(frame))
        for at in np.flatnonzero(nowhere[side] & asks):
            fault = _no_place(frame.iloc[at], first[at], territory)
            faults.setdefault((fault.file, fault.line), fault)
    return list(faults.values())


def _needs_distance(links: Links) -> Bools:
    """Which winning rows make a way without saying how far or for how much."""
    terms = links.terms.iloc[links.won["link"]]
    silent = terms["distance_km"].isna() & ~terms["priced"] & terms["allowed"]
    return silent.to_numpy(dtype=bool)


def _settled(
    ends: Ends, partners: Partners, links: Links, nowhere: dict[str, Bools]
) -> pd.DataFrame:
    """Pairs whose goods meet and that need no distance of their own, each once."""
    terms = links.terms.iloc[links.won["link"]]
    by_row = terms["allowed"] | (terms["mode"] == 0)
    listed = links.won.loc[by_row.to_numpy(), ["origin", "end"]]
    at_home = [
        _of_one_home(ends, partners, nowhere["origin"], np.ones(len(ends.destinations), bool)),
        _of_one_home(ends, partners, np.ones(len(ends.origins), bool), nowhere["end"]),
    ]
    return pd.concat([listed, *at_home]).drop_duplicates().astype(np.int64)


def _of_one_home(ends: Ends, partners: Partners, which: Bools, which_end: Bools) -> pd.DataFrame:
    """Pairs of some origins and ends that meet and belong to one site or one hub."""
    starts = _homes(ends.origins)[which].rename_axis("origin").reset_index()
    stops = _homes(ends.destinations)[which_end].rename_axis("end").reset_index()
    shared = set(starts["home"]) & set(stops["home"])
    starts, stops = (side[side["home"].isin(shared)] for side in (starts, stops))
    pairs = starts.rename(columns={"key": "origin_key"}).merge(
        stops.rename(columns={"key": "end_key"}), on="home"
    )
    return pairs.merge(partners.met[["origin_key", "end_key"]])[["origin", "end"]]


def _homes(frame: pd.DataFrame) -> pd.DataFrame:
    """Key of each end, and a number of its site (or, below 0, of its hub)."""
    home = np.where(frame["hub"] >= 0, -1 - frame["hub"], frame["site"])
    return pd.DataFrame({"key": frame["key"], "home": home})


def _partners(side: str, ends: Ends, partners: Partners) -> tuple[Ints, list[str]]:
    """How many partners each end has by its goods, and the name of the first."""
    own, other = ends.origins, ends.destinations
    mine, theirs = "origin_key", "end_key"
    if side == "end":
        own, other, mine, theirs = other, own, theirs, mine
    known = other.groupby("key")["id"].agg(["size", "first"])
    met = partners.met[[mine, theirs]].join(known, on=theirs, how="inner")
    by_key = met.groupby(mine).agg(size=("size", "sum"), first=("first", "min"))
    each = by_key.reindex(own["key"])
    return each["size"].fillna(0).to_numpy(dtype=np.int64), each["first"].fillna("").tolist()


def _no_place(row: pd.Series, partner: str, territory: Territory) -> Fault:
    """Fault of the site, or hub, that has no place."""
    if row["site"] >= 0:
        site = territory.sites.iloc[row["site"]]
        name, file, line = str(site.name), str(site["file"]), int(site["line"])
    else:
        name, file, line = str(row["id"]), str(row["file"]), int(row["line"])
    return Fault(file, line, "lon", "", "no_place", {"id": name, "partner": partner})
