"""How far it is between two ends: by road, or along the ellipsoid times what roads add."""

import numpy as np
import pandas as pd

from eit.matching.arrays import Floats, Ints
from eit.matching.geodesic import Points, distances_km
from eit.roads import Network
from eit.roads import road_km as shortest_km
from eit.scenario import Settings
from eit.territory import Territory


def circuity(territory: Territory, settings: Settings) -> float:
    """The least that roads add to the geodesic; nothing where a road network says it itself."""
    if territory.roads is not None:
        return 1.0
    return min([settings.circuity, *(factor for _, factor in settings.circuity_ranges)])


def by_circuity(distance_km: Floats, settings: Settings) -> Floats:
    """Distance by road that a geodesic stands for, shape (k,).

    Its own range's factor times the geodesic, and never less than at the far end of the range
    before: a place that lies farther off is not nearer by road.

    Parameters
    ----------
    distance_km
        Geodesics, shape (k,); NaN stays NaN.
    settings
        ``circuity_ranges`` and, beyond the last of them, ``circuity``.
    """
    ends = np.array([end for end, _ in settings.circuity_ranges])
    factors = np.array([*(factor for _, factor in settings.circuity_ranges), settings.circuity])
    reached = np.concatenate([[0.0], np.maximum.accumulate(ends * factors[:-1])])
    of = np.searchsorted(ends, distance_km, side="left")
    return np.asarray(np.maximum(distance_km * factors[of], reached[of]))


def road_km(
    roads: Network,
    starts: pd.DataFrame,
    stops: pd.DataFrame,
    origin: Ints,
    end: Ints,
    limit_km: Floats,
) -> Floats:
    """Shortest way by road from each origin to its end, shape (k,), never below the geodesic.

    Infinite beyond the limit, NaN where no way leads from one to the other.

    Parameters
    ----------
    starts, stops, origin, end
        As of `geodesic_km`.
    limit_km
        Longest distance that matters, shape (k,).
    """
    here, there = _degrees(starts), _degrees(stops)
    by_road = shortest_km(roads, here, there, origin, end, limit_km=limit_km)
    return np.maximum(by_road, geodesic_km(starts, stops, origin, end))


def geodesic_km(starts: pd.DataFrame, stops: pd.DataFrame, origin: Ints, end: Ints) -> Floats:
    """Geodesic from each origin to its end, shape (k,); NaN where one has no place.

    Two ends that are both placed at the centroid of one commune are at least half the
    square root of its area apart.

    Parameters
    ----------
    starts, stops
        Places: ``lon``, ``lat``, ``centroid``, ``insee``, ``area_km2``.
    origin, end
        Positions in ``starts`` and ``stops``, shape (k,).
    """
    here, there = (Points.at(*_degrees(side).T) for side in (starts, stops))
    distance = distances_km(here, there, origin, end)
    if not (starts["centroid"].any() and stops["centroid"].any()):
        return distance
    return _apart_in_commune(distance, starts, stops, origin, end)


def _degrees(places: pd.DataFrame) -> Floats:
    return places[["lon", "lat"]].to_numpy(dtype=np.float64)


def _apart_in_commune(
    distance_km: Floats, starts: pd.DataFrame, stops: pd.DataFrame, origin: Ints, end: Ints
) -> Floats:
    """Keep ends that are only known by their commune from standing on one spot."""
    insee = pd.concat([starts["insee"], stops["insee"]])
    commune = np.asarray(pd.factorize(insee)[0])
    here, there = commune[: len(starts)][origin], commune[len(starts) :][end]
    known = starts["centroid"].to_numpy()[origin] & stops["centroid"].to_numpy()[end]
    least = np.sqrt(starts["area_km2"].to_numpy()[origin]) / 2
    return np.where(known & (here == there), np.maximum(distance_km, least), distance_km)
