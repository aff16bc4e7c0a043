"""Why a declaration has no lane at all: the check that its nearest candidate failed."""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from eit.matching.arrays import Bools, Floats, Ints
from eit.matching.candidates import unit_sphere
from eit.matching.carriage import PIPE, needs_pipe
from eit.matching.distances import by_circuity, geodesic_km
from eit.matching.judging import limit_km
from eit.matching.lanes import SOURCES, STAGES, Lanes, default_ways
from eit.matching.problem import Offer
from eit.scenario import Settings
from eit.territory import Territory

NONE = -1
ESTIMATED = [SOURCES.index("geodesic"), SOURCES.index("centroid")]


def missed(
    side: str,
    alone: Bools,
    ways: Lanes,
    offer: Offer,
    settings: Settings,
    territory: Territory,
) -> pd.DataFrame:
    """Find why each of some declarations has no lane.

    Parameters
    ----------
    side
        ``origin`` for residues, ``end`` for needs.
    alone
        Which of them have no lane, shape (m,) or (n,).
    ways
        Ways that failed a check.

    Returns
    -------
    causes
        Index: position of the residue or need; ``cause``, ``partner`` (position at the other
        side, -1 none), ``way`` (position in ``ways``, -1 none), ``distance_km``, ``limit_km``.
    """
    limit = limit_km(ways, offer.ends, offer.partners, settings, offer.carriers)
    looked = _furthest(side, alone, ways, limit, territory)
    rest = np.setdiff1d(np.flatnonzero(alone), looked.index)
    return pd.concat([looked, _by_goods(side, rest, offer, settings, territory)])


def _furthest(
    side: str, alone: Bools, ways: Lanes, limit: Floats, territory: Territory
) -> pd.DataFrame:
    """Of the ways that failed, the one that came furthest; of equals the nearest."""
    own, other = (ways.origin, ways.end) if side == "origin" else (ways.end, ways.origin)
    at = np.flatnonzero(own < len(alone))
    at = at[alone[own[at]]]
    away = np.where(np.isinf(ways.distance_km), 0.0, ways.distance_km)  # near, but not by road
    at = at[np.lexsort((other[at], away[at], -ways.stage[at], own[at]))]
    at = at[np.unique(own[at], return_index=True)[1]]
    cause = np.array(STAGES, dtype=object)[ways.stage[at]]
    if territory.roads is not None:
        by_road = np.isinf(ways.distance_km[at])
        straight = np.isin(ways.source[at], ESTIMATED) & (ways.mode[at] == 0)
        cause[by_road & (cause == "too_far")] = "too_far_by_road"
        cause[straight & (cause == "too_far")] = "too_far_straight"
    return pd.DataFrame(
        {
            "cause": cause,
            "partner": other[at],
            "way": at,
            "distance_km": ways.distance_km[at],
            "limit_km": limit[at],
        },
        index=own[at],
    )


def _by_goods(
    side: str, rest: Ints, offer: Offer, settings: Settings, territory: Territory
) -> pd.DataFrame:
    """Judge those of which no way was looked at: by their goods, then by where partners are."""
    own, other = _sides(side, offer)
    mine, theirs = ("origin_key", "end_key") if side == "origin" else ("end_key", "origin_key")
    met = offer.partners.met.rename(columns={mine: "mine", theirs: "theirs"})
    placed = np.isfinite(other["lon"].to_numpy())
    goods = own["key"].to_numpy()[rest]
    partner = _first_partner(goods, met, other)
    somewhere = _first_partner(goods, met, other[placed]) != NONE
    here = np.isfinite(own["lon"].to_numpy()[rest])
    misfit = np.isin(goods, offer.partners.unit_misses[mine])
    nobody = partner == NONE
    cause = np.select(
        [nobody & misfit, nobody, np.full(len(rest), territory.links_only), here & somewhere],
        ["unit", "no_partner", "links_only", "too_far"],
        default="no_place",
    )
    cause = cause.astype(object)
    far = cause == "too_far"
    partner[far] = _nearest(own.iloc[rest[far]], other, met)
    distance, limit = np.full((2, len(rest)), np.nan)
    pair = (rest[far], partner[far]) if side == "origin" else (partner[far], rest[far])
    distance[far], limit[far] = _apart(*pair, offer, settings, territory)
    piped = needs_pipe(offer.ends, settings)[pair[0]]
    cause[far] = np.where(piped | (territory.roads is None), "too_far", "too_far_straight").astype(
        object
    )
    return pd.DataFrame(
        {
            "cause": cause,
            "partner": partner,
            "way": NONE,
            "distance_km": distance,
            "limit_km": limit,
        },
        index=rest,
    )


def _sides(side: str, offer: Offer) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Own side first."""
    pair = offer.ends.origins, offer.ends.destinations
    return pair if side == "origin" else pair[::-1]


def _first_partner(goods: Ints, met: pd.DataFrame, other: pd.DataFrame) -> Ints:
    """Name one partner of each good, the first there is; `NONE` where there is none."""
    first = pd.Series(other.index, index=other["key"]).groupby(level=0).min()
    known = met.assign(first=met["theirs"].map(first)).dropna(subset=["first"])
    by_good = known.groupby("mine")["first"].min()
    return np.array(by_good.reindex(goods).fillna(NONE), dtype=np.int64)


def _nearest(asking: pd.DataFrame, other: pd.DataFrame, met: pd.DataFrame) -> Ints:
    """Position of the nearest partner by goods of each placed declaration."""
    lon, lat, keys = (other[name].to_numpy() for name in ("lon", "lat", "key"))
    placed = np.flatnonzero(np.isfinite(lon))
    point = unit_sphere(asking["lon"].to_numpy(), asking["lat"].to_numpy())
    goods = asking["key"].to_numpy()
    partner = np.full(len(asking), NONE)
    for good, theirs in met[met["mine"].isin(np.unique(goods))].groupby("mine")["theirs"]:
        there = placed[np.isin(keys[placed], theirs)]
        if len(there):
            tree = cKDTree(unit_sphere(lon[there], lat[there]))
            partner[goods == good] = there[tree.query(point[goods == good])[1]]
    return partner


def _apart(
    origin: Ints, end: Ints, offer: Offer, settings: Settings, territory: Territory
) -> tuple[Floats, Floats]:
    """How far pairs are apart, by road or by the pipe their good needs, and how far they may be.

    Where there is a road network, the way itself is not measured.
    """
    ends, met = offer.ends, offer.partners.met
    keys = pd.MultiIndex.from_arrays(
        [ends.origins["key"].to_numpy()[origin], ends.destinations["key"].to_numpy()[end]]
    )
    row = pd.MultiIndex.from_frame(met[["origin_key", "end_key"]]).get_indexer(keys)
    piped = needs_pipe(ends, settings)[origin]
    mode = np.where(piped, offer.links.modes.index(PIPE) if piped.any() else 0, 0)
    rows = (of.astype(np.int32) for of in (origin, end, row))
    ways = replace(default_ways(*rows), mode=mode.astype(np.int8))
    distance = geodesic_km(ends.origins, ends.destinations, origin, end)
    estimated = distance if territory.roads is not None else by_circuity(distance, settings)
    distance = np.where(mode == 0, estimated, distance * settings.circuity)
    return distance, limit_km(ways, ends, offer.partners, settings, offer.carriers)
