"""How far it is between two ends: by road, or along the ellipsoid times what roads add."""

import numpy as np
import pandas as pd
from pyproj import Geod

from eit.matching.arrays import Floats, Ints
from eit.roads import Network
from eit.roads import road_km as shortest_km
from eit.scenario import Settings
from eit.territory import Territory

EARTH = Geod(ellps="WGS84")
CHUNK = 500_000


def circuity(territory: Territory, settings: Settings) -> float:
    """What roads add to the geodesic; nothing where a road network says it itself."""
    return settings.circuity if territory.roads is None else 1.0


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
    distance = np.empty(len(origin))
    here, there = _degrees(starts), _degrees(stops)
    for at in range(0, len(origin), CHUNK):
        part = slice(at, at + CHUNK)
        from_, to = here[origin[part]], there[end[part]]
        distance[part] = EARTH.inv(from_[:, 0], from_[:, 1], to[:, 0], to[:, 1])[2]
    return _apart_in_commune(distance / 1000, starts, stops, origin, end)


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
