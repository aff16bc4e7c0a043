"""Where a site meets the road: the nearest point of the nearest section."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod, Transformer

from eit.roads.network import Floats, Ints, Network

EARTH = Geod(ellps="WGS84")
REACH_KM = 2.0
"""A site that lies further from every road has none."""
ALIKE_M = 0.001
"""Sections that pass a site as near as the nearest one, to this much, are all its road: the two
directions of a street, and every street of a crossing."""


@dataclass(frozen=True, slots=True)
class Snaps:
    """Where places meet the road; a place has a row per section, or none beyond reach.

    Attributes
    ----------
    place
        Position of the place, shape (s,), ascending.
    section, part
        The section, and how far along it from its tail, 0 to 1, shape (s,).
    off_m
        Straight from the place to the road along the ellipsoid, shape (s,).
    """

    place: Ints
    section: Ints
    part: Floats
    off_m: Floats


def snap(network: Network, places: npt.ArrayLike, *, reach_km: float = REACH_KM) -> Snaps:
    """Find the road of each place.

    Parameters
    ----------
    network
        Roads.
    places
        Longitude and latitude in degrees (WGS84), shape (k, 2); NaN has no road.
    reach_km
        Longest distance from a place to its road.

    Raises
    ------
    ValueError
        If what is given are no degrees.
    """
    degrees = np.asarray(places, dtype=np.float64).reshape(-1, 2)
    if (np.abs(degrees) > (360.0, 90.0)).any():
        raise ValueError("places must be longitudes and latitudes in degrees")
    to_metres = Transformer.from_crs("EPSG:4326", network.crs, always_xy=True)
    known = np.flatnonzero(np.isfinite(degrees).all(axis=1))
    metres = np.column_stack(to_metres.transform(degrees[known, 0], degrees[known, 1]))
    points = np.asarray(shapely.points(metres), dtype=object)
    lines = network.lines()
    tree = shapely.STRtree(lines)
    (near, _), away = tree.query_nearest(
        points, max_distance=reach_km * 1000, return_distance=True, all_matches=False
    )
    within = np.asarray(away + ALIKE_M, dtype=np.float64)
    at, section = tree.query(points[near], predicate="dwithin", distance=within.tolist())
    order = np.lexsort((section, near[at]))
    at, section = near[at][order], section[order]
    part = shapely.line_locate_point(lines[section], points[at], normalized=True)
    part = np.nan_to_num(np.asarray(part))  # a section may have no length
    foot = shapely.line_interpolate_point(lines[section], part, normalized=True)
    x, y = shapely.get_coordinates(foot).T
    place = known[at]
    there = to_metres.transform(x, y, direction="INVERSE")
    _, _, off_m = EARTH.inv(degrees[place, 0], degrees[place, 1], *there)
    return Snaps(place.astype(np.int64), section.astype(np.int64), part, np.asarray(off_m))
