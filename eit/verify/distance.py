"""Distances between places, and which places lie near enough to meet.

The straight chord through the Earth is never longer than the geodesic over it: a
search of chords misses no pair within reach, and the geodesic then decides.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import Geod, Transformer
from scipy.spatial import cKDTree

from eit.scenario import Settings
from eit.verify.market import Floats, Ints

EARTH = Geod(ellps="WGS84")
SLACK = 1e-9
"""Relative slack by which a distance may pass its limit, for rounding."""
COMMUNE = "commune"


def geodesic_km(start: pd.DataFrame, end: pd.DataFrame) -> Floats:
    """Geodesic between places row by row; NaN without a place.

    Two places at the centroid of one commune are at least half the square root of its
    area apart.

    Parameters
    ----------
    start, end
        Frames of equal length with ``lon``, ``lat``, ``placed``, ``insee``, ``area_km2``.

    Returns
    -------
    distance_km
        Shape (rows,), before circuity.
    """
    lon, lat = start["lon"].to_numpy(float), start["lat"].to_numpy(float)
    to_lon, to_lat = end["lon"].to_numpy(float), end["lat"].to_numpy(float)
    known = np.isfinite(lon) & np.isfinite(lat) & np.isfinite(to_lon) & np.isfinite(to_lat)
    distance = np.full(len(lon), np.nan)
    if known.any():
        _, _, metres = EARTH.inv(lon[known], lat[known], to_lon[known], to_lat[known])
        distance[known] = np.asarray(metres) / 1000.0
    shared = at_centroid(start) & at_centroid(end)
    shared &= start["insee"].to_numpy() == end["insee"].to_numpy()
    least = np.sqrt(np.nan_to_num(start["area_km2"].to_numpy(float))) / 2
    floored: Floats = np.where(shared & known, np.maximum(distance, least), distance)
    return floored


def least_circuity(settings: Settings) -> float:
    """Least factor by which any distance is stretched along roads that nobody brought."""
    return min((settings.circuity, *(factor for _, factor in settings.circuity_ranges)))


def stretched(distance_km: Floats, settings: Settings) -> Floats:
    """Distances by road as the ranges of circuity have them, one after the other, (rows,).

    Range by range from the nearest: what lies within it takes its factor, and no less than
    what the range before it came to at its far end.
    """
    found = np.full(len(distance_km), np.nan)
    begin = least = 0.0
    for end, factor in (*settings.circuity_ranges, (np.inf, settings.circuity)):
        here = (distance_km <= end) & ((distance_km > begin) | (begin == 0.0))
        found[here] = np.maximum(distance_km[here] * factor, least)
        begin, least = end, max(least, end * factor)
    return found


def at_centroid(places: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether each place is only known by its commune."""
    return np.asarray(places["placed"] == COMMUNE, dtype=np.bool_)


def earth_centred(places: pd.DataFrame) -> Floats:
    """Earth-centred coordinates in km, shape (rows, 3); NaN without a place."""
    to_space = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    lon, lat = places["lon"].to_numpy(float), places["lat"].to_numpy(float)
    x, y, z = to_space.transform(lon, lat, np.zeros(len(places)))
    space: Floats = np.column_stack([x, y, z]) / 1000.0
    space[~np.isfinite(space).all(axis=1)] = np.nan
    return space


def near(start: Floats, end: Floats, *, within_km: float) -> tuple[Ints, Ints]:
    """Positions of all pairs whose chord is at most `within_km`; all placed ones if infinite."""
    placed, end_placed = (np.flatnonzero(np.isfinite(s).all(axis=1)) for s in (start, end))
    if not len(placed) or not len(end_placed):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    if not np.isfinite(within_km):
        first, second = np.meshgrid(placed, end_placed, indexing="ij")
        return first.ravel(), second.ravel()
    found = cKDTree(start[placed]).sparse_distance_matrix(
        cKDTree(end[end_placed]), within_km * (1 + SLACK) + SLACK, output_type="ndarray"
    )
    return placed[found["i"]], end_placed[found["j"]]
