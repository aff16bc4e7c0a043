"""Which origins and ends lie near enough to meet, goods by goods, without looking at all pairs."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from eit.matching.arrays import Floats, Ints, Places, repeat_ranges
from eit.matching.ends import Ends
from eit.matching.partners import Partners
from eit.scenario import Settings

LEAST_RADIUS_KM = 6335.439
"""Least radius of curvature of the WGS84 ellipsoid (of the meridian, at the equator).

A geodesic is never shorter than this times the angle between its ends, their latitudes and
longitudes taken on a sphere: a search of that sphere misses no pair within reach."""

SLACK = 1e-9
"""Relative slack by which a distance may pass its limit, for rounding."""

FEW = 4
"""Goods with fewer pairs than this many times their ends are paired without a search."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Origins and ends whose goods meet: their positions, and that of their row in ``met``."""

    origin: Places
    end: Places
    met: Places


@dataclass(frozen=True, slots=True)
class _Side:
    """All placed origins, or all placed ends, sorted by key."""

    place: Places  # position among all origins, or all ends
    start: Ints  # where each key starts; one more where the last one stops
    point: Floats  # on the unit sphere, shape (placed, 3)
    limit_km: Floats

    def count(self, keys: Ints) -> Ints:
        """How many each key has."""
        return np.asarray(self.start[keys + 1] - self.start[keys], dtype=np.int64)


def near_pairs(ends: Ends, partners: Partners, settings: Settings, *, stretch: float) -> Pairs:
    """All pairs of placed ends whose goods meet and whose limits may let them.

    Some lie a little beyond their limit, since only the geodesic decides, times ``stretch``; no
    pair within its limit is missing.
    """
    starts, stops = _side(ends.origins), _side(ends.destinations)
    met = partners.met
    here = starts.count(met["origin_key"].to_numpy(dtype=np.int64))
    there = stops.count(met["end_key"].to_numpy(dtype=np.int64))
    few = here * there <= FEW * (here + there)
    parts = [_every_pair(starts, stops, met[few])]
    open_ended = np.where(starts.place >= ends.residues, np.inf, starts.limit_km)
    for row, origin_key, end_key, limit_km, takes in _searches(met[~few], settings):
        limits = starts.limit_km if takes else open_ended
        here_alike = _alike(starts, origin_key, limits, limit_km)
        there_alike = _alike(stops, end_key, stops.limit_km, limit_km)
        for left, right in product(here_alike, there_alike):
            found = left.within(right, min(left.limit_km, right.limit_km) / stretch)
            of_row = np.full(len(found), row, dtype=np.int32)
            parts.append(Pairs(left.place[found["i"]], right.place[found["j"]], of_row))
    return _joined(parts)


def unit_sphere(lon: Floats, lat: Floats) -> Floats:
    """Points of the unit sphere at the given degrees, shape (n, 3)."""
    east, north = np.radians(lon), np.radians(lat)
    around = np.cos(north)
    return np.column_stack([around * np.cos(east), around * np.sin(east), np.sin(north)])


def chord(distance_km: float) -> float:
    """Longest chord of the unit sphere between places a geodesic of this length apart."""
    angle = min(np.pi, distance_km * (1 + SLACK) / LEAST_RADIUS_KM)
    return float(2 * np.sin(angle / 2) + 1e-12)


def _side(ends: pd.DataFrame) -> _Side:
    lon, lat = ends["lon"].to_numpy(dtype=float), ends["lat"].to_numpy(dtype=float)
    placed = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    keys = ends["key"].to_numpy()
    at = placed[np.argsort(keys[placed], kind="stable")]
    start = np.searchsorted(keys[at], np.arange(int(keys.max(initial=-1)) + 2))
    limit_km = ends["limit_km"].to_numpy()[at]
    return _Side(at.astype(np.int32), start, unit_sphere(lon[at], lat[at]), limit_km)


def _searches(met: pd.DataFrame, settings: Settings) -> Iterator[tuple[int, int, int, float, bool]]:
    """Row, origin key, end key, longest distance and whether a hub takes, for each search."""
    most_km = np.inf if settings.max_distance_km is None else settings.max_distance_km
    limit_km = np.minimum(met["limit_km"].to_numpy(), most_km)
    columns = met.index, met["origin_key"], met["end_key"], limit_km, met["takes"]
    return zip(*columns, strict=True)


def _every_pair(starts: _Side, stops: _Side, met: pd.DataFrame) -> Pairs:
    """Every origin with every end, for goods that few have."""
    first, second = (met[key].to_numpy(dtype=np.int64) for key in ("origin_key", "end_key"))
    here, there = starts.count(first), stops.count(second)
    origin = repeat_ranges(starts.start[first], here)
    width = np.repeat(there, here)
    end = repeat_ranges(np.repeat(stops.start[second], here), width)
    row = np.repeat(np.repeat(met.index.to_numpy(dtype=np.int32), here), width)
    return Pairs(starts.place[np.repeat(origin, width)], stops.place[end], row)


@dataclass(frozen=True, slots=True)
class _Alike:
    """Ends of one key whose limits are of one size, and the tree of their points."""

    place: Places
    limit_km: float  # the longest
    tree: cKDTree

    def within(self, other: "_Alike", distance_km: float) -> Any:
        """Positions ``i`` and ``j`` of all pairs of points that may lie within a distance."""
        return self.tree.sparse_distance_matrix(
            other.tree, chord(distance_km), output_type="ndarray"
        )


def _alike(side: _Side, key: int, limits: Floats, most_km: float) -> list[_Alike]:
    """Split the ends of a key by size of limit: one that reaches far widens no other search."""
    of_key = slice(side.start[key], side.start[key + 1])
    place, point = side.place[of_key], side.point[of_key]
    limit_km = np.minimum(limits[of_key], most_km)
    size = _size_class(limit_km)
    if len(size) and (size == size[0]).all():
        return [_Alike(place, float(limit_km.max()), cKDTree(point))]
    classes = [np.flatnonzero(size == each) for each in np.unique(size)]
    return [_Alike(place[at], float(limit_km[at].max()), cKDTree(point[at])) for at in classes]


def _size_class(limit_km: Floats) -> Ints:
    """Number limits that lie within a factor of two of each other alike."""
    within = np.clip(limit_km, 2.0**-10, 2.0**16)
    return np.ceil(np.log2(within)).astype(np.int64)


def _joined(parts: list[Pairs]) -> Pairs:
    return Pairs(
        origin=np.concatenate([part.origin for part in parts]),
        end=np.concatenate([part.end for part in parts]),
        met=np.concatenate([part.met for part in parts]),
    )
