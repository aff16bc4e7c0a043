"""Distances by road, worked out again from the network as read.

Where a place meets the road is found among all sections within reach; between junctions
lanes are measured backwards, from their ends against the direction of the roads.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import Geod, Transformer
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from eit.roads import Network
from eit.verify.distance import geodesic_km
from eit.verify.market import Floats, Ints

EARTH = Geod(ellps="WGS84")
REACH_M = 2000.0
"""A place that lies further from every road has none."""
ALIKE_M = 0.001
"""Sections as near as the nearest one, to this much, are a place's road too."""
PLACES = 100
"""Places that are looked up at a time, and junctions that are measured from at a time."""

Measure = Callable[[Network, Ints, Ints, Floats], Floats]
"""Network, junctions where ways start and end, longest metres that matter; metres or inf."""


def road_km(
    roads: Network,
    start: pd.DataFrame,
    end: pd.DataFrame,
    limit_km: Floats,
    *,
    measure: Measure | None = None,
) -> Floats:
    """Shortest way by road between places row by row, never below the geodesic.

    Parameters
    ----------
    roads
        The network.
    start, end
        As of `eit.verify.distance.geodesic_km`.
    limit_km
        Longest distance that matters, shape (rows,).
    measure
        How to measure between junctions; `backwards` if left out.

    Returns
    -------
    distance_km
        Shape (rows,); infinite where it is longer than that, or there is no way; NaN without
        a place.
    """
    straight = geodesic_km(start, end)
    known = np.flatnonzero(np.isfinite(straight))
    first = start[["lon", "lat"]].to_numpy(dtype=float)[known]
    second = end[["lon", "lat"]].to_numpy(dtype=float)[known]
    places, number = np.unique(np.concatenate([first, second]), axis=0, return_inverse=True)
    here, there = number.reshape(2, -1)
    pairs = pd.DataFrame({"here": here, "there": there, "limit": limit_km[known] * 1000})
    asked = pairs.groupby(["here", "there"])["limit"].max().reset_index()
    metres = _least_m(roads, asked, _doors(roads, places), measure or backwards)
    row = pairs[["here", "there"]].merge(asked.reset_index(names="row"), how="left")["row"]
    distance = np.full(len(straight), np.nan)
    distance[known] = np.maximum(metres[row] / 1000, straight[known])
    distance[known[distance[known] > limit_km[known]]] = np.inf
    return distance


def backwards(roads: Network, start: Ints, end: Ints, limit_m: Floats) -> Floats:
    """Metres between junctions, from every distinct end against the direction of the roads."""
    sections = pd.DataFrame({"into": roads.head, "from": roads.tail, "m": roads.length_m})
    least = sections.groupby(["into", "from"])["m"].min().reset_index()
    cells = least["into"].to_numpy(), least["from"].to_numpy()
    size = len(roads.point)
    against = coo_array((least["m"].to_numpy(), cells), shape=(size, size)).tocsr()
    metres = np.full(len(start), np.inf)
    order = np.argsort(end, kind="stable")
    ends, first = np.unique(end[order], return_index=True)
    bounds = np.append(first, len(order))
    for at in range(0, len(ends), PLACES):
        part = ends[at : at + PLACES]
        rows = order[bounds[at] : bounds[at + len(part)]]
        found = dijkstra(against, indices=part, limit=float(limit_m[rows].max()))
        metres[rows] = found[np.searchsorted(part, end[rows]), start[rows]]
    return metres


@dataclass(frozen=True, slots=True)
class _Doors:
    """Where places meet the road, a row per place and section."""

    place: Ints
    section: Ints
    part: Floats
    off_m: Floats


def _least_m(roads: Network, asked: pd.DataFrame, doors: _Doors, measure: Measure) -> Floats:
    """Metres of the shortest way of each pair of places; infinite where there is none."""
    length = roads.length_m[doors.section]
    out = pd.DataFrame(
        {
            "here": doors.place,
            "section": doors.section,
            "part": doors.part,
            "first": roads.head[doors.section],
            "out": doors.off_m + (1 - doors.part) * length,
            "off": doors.off_m,
        }
    )
    into = pd.DataFrame(
        {
            "there": doors.place,
            "section": doors.section,
            "part": doors.part,
            "last": roads.tail[doors.section],
            "into": doors.off_m + doors.part * length,
            "off": doors.off_m,
        }
    )
    asked = asked.reset_index(names="row")
    ways = asked.merge(out, on="here").merge(into, on="there", suffixes=("", "_end"))
    first, last = (ways[name].to_numpy(dtype=np.int64) for name in ("first", "last"))
    between = measure(roads, first, last, ways["limit"].to_numpy(dtype=np.float64))
    round_ = ways["out"] + between + ways["into"]
    within = (ways["section"] == ways["section_end"]) & (ways["part"] <= ways["part_end"])
    along = ways["off"] + ways["off_end"]
    along = along + (ways["part_end"] - ways["part"]) * roads.length_m[ways["section"]]
    shorter = round_.where(~within, np.minimum(round_, along))
    least = shorter.groupby(ways["row"]).min()
    return least.reindex(asked["row"]).fillna(np.inf).to_numpy(dtype=np.float64)


def _doors(roads: Network, places: Floats) -> _Doors:
    """Where each place meets the road: at the nearest of all sections within reach."""
    to_metres = Transformer.from_crs("EPSG:4326", roads.crs, always_xy=True)
    points = np.asarray(shapely.points(*to_metres.transform(places[:, 0], places[:, 1])))
    lines = roads.lines()
    found = list(_nearest(points, lines))
    place, section = np.concatenate([np.zeros((2, 0), dtype=np.int64), *found], axis=1)
    along = np.asarray(shapely.line_locate_point(lines[section], points[place]))
    long = np.asarray(shapely.length(lines[section]))
    foot = shapely.get_coordinates(shapely.line_interpolate_point(lines[section], along))
    lon, lat = to_metres.transform(foot[:, 0], foot[:, 1], direction="INVERSE")
    _, _, off = EARTH.inv(places[place, 0], places[place, 1], lon, lat)
    part = np.divide(along, long, out=np.zeros(len(long)), where=long > 0)
    return _Doors(place, section, part, np.asarray(off))


def _nearest(points: npt.NDArray[np.object_], lines: npt.NDArray[np.object_]) -> Iterator[Ints]:
    """Positions of places and of their nearest sections, shape (2, rows), some places a time."""
    tree = shapely.STRtree(lines)
    for at in range(0, len(points), PLACES):
        part = points[at : at + PLACES]
        place, section = tree.query(part, predicate="dwithin", distance=REACH_M)
        away = np.asarray(shapely.distance(part[place], lines[section]))
        least = np.full(len(part), np.inf)
        np.minimum.at(least, place, away)
        near = away <= least[place] + ALIKE_M
        yield np.stack([place[near] + at, section[near]]).astype(np.int64)
