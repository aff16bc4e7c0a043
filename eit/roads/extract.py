"""Reads the roads that trucks may use out of an extract of OpenStreetMap (``.osm.pbf``).

The file is read twice, ways first, so that only the points of roads are kept in memory.
Ways are cut where they meet others. Not looked at: turn restrictions, ferries, tolls,
heights and weights.
"""

from array import array
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from osmium import FileProcessor
from osmium.filter import IdFilter, KeyFilter
from osmium.osm import NODE, WAY
from osmium.osm.types import Node, TagList, Way
from pyproj import Geod, Transformer

from eit.faults import Fault, Notice
from eit.roads.network import Floats, Ints, Network
from eit.roads.speeds import kmh, usual_kmh

EARTH = Geod(ellps="WGS84")
ACCESS = ("hgv", "motor_vehicle", "vehicle", "access")
"""Who may pass: the most exact of these tags decides."""
CLOSED = frozenset({"no", "private", "agricultural", "forestry", "emergency"})
ONE_WAY = frozenset({"yes", "true", "1"})
AGAINST = frozenset({"-1", "reverse"})
NEITHER = frozenset({"reversible", "alternating"})
ROUNDABOUTS = frozenset({"roundabout", "circular"})
MOTORWAYS = frozenset({"motorway", "motorway_link"})

FORWARD, BACKWARD, BOTH, SHUT = 1, -1, 0, 2


@dataclass(slots=True)
class _Ways:
    """Ways for trucks: the ids of their points one after the other, and a row per way."""

    refs: "array[int]" = field(default_factory=lambda: array("q"))
    count: "array[int]" = field(default_factory=lambda: array("q"))
    direction: "array[int]" = field(default_factory=lambda: array("q"))
    highway: list[str] = field(default_factory=list)
    maxspeed: list[str] = field(default_factory=list)


def read_extract(path: Path, crs: str, file: str) -> tuple[Network | None, list[Fault | Notice]]:
    """Read an extract, as `eit.roads.read_roads` does."""
    try:
        ways = _read_ways(path)
        refs = np.frombuffer(ways.refs, dtype=np.int64)
        ids, degrees = _read_points(path, np.unique(refs))
    except (RuntimeError, OSError) as error:
        why = {"why": str(error).strip()}
        return None, [Fault(file, 0, "", "", "roads_unreadable", why)]
    whole = _pieces(ways, refs, ids)
    if not len(whole.count):
        return None, [Fault(file, 0, "", "", "roads_empty")]
    said: list[Fault | Notice] = []
    if cut := int((~np.isin(refs, ids)).sum()):
        said.append(Notice(file, 0, "", "", "roads_cut", {"number": str(cut)}))
    network = _network(_sections(whole), ways, degrees, crs)
    if nowhere := int((~np.isfinite(network.shape)).any(axis=1).sum()):
        return None, [Fault(file, 0, "", "", "roads_nowhere", {"number": str(nowhere)})]
    return network, said


def direction(tags: TagList) -> int:
    """Which way a truck may go along a way: FORWARD, BACKWARD, BOTH, or SHUT.

    Examples
    --------
    >>> direction({"highway": "motorway"}), direction({"highway": "primary", "oneway": "-1"})
    (1, -1)
    >>> direction({"highway": "service", "access": "private"})
    2
    """
    highway, oneway = tags.get("highway", ""), tags.get("oneway", "")
    access = next((tags[name] for name in ACCESS if name in tags), "yes")
    shut = access in CLOSED or tags.get("area") == "yes" or oneway in NEITHER
    if highway not in usual_kmh() or shut:
        return SHUT
    if oneway in AGAINST:
        return BACKWARD
    implied = tags.get("junction") in ROUNDABOUTS or highway in MOTORWAYS
    return FORWARD if oneway in ONE_WAY or (implied and oneway != "no") else BOTH


def _read_ways(path: Path) -> _Ways:
    ways = _Ways()
    for way in FileProcessor(str(path), WAY).with_filter(KeyFilter("highway")):
        leads = direction(way.tags)
        if isinstance(way, Way) and leads != SHUT:
            refs = [node.ref for node in way.nodes]
            ways.refs.extend(refs)
            ways.count.append(len(refs))
            ways.direction.append(leads)
            ways.highway.append(way.tags.get("highway") or "")
            ways.maxspeed.append(way.tags.get("maxspeed") or "")
    return ways


def _read_points(path: Path, wanted: Ints) -> tuple[Ints, Floats]:
    """Those of the wanted points that the file holds, by id, and their degrees, shape (p, 2)."""
    ids, lon, lat = array("q"), array("d"), array("d")
    nodes = FileProcessor(str(path), NODE).with_filter(IdFilter(wanted.tolist()))
    for node in nodes if len(wanted) else ():
        if isinstance(node, Node) and node.location.valid():
            ids.append(node.id)
            lon.append(node.location.lon)
            lat.append(node.location.lat)
    known, first = np.unique(np.frombuffer(ids, dtype=np.int64), return_index=True)
    return known, np.column_stack([np.frombuffer(lon), np.frombuffer(lat)])[first]


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Lines of points: their positions one after the other, how many, and of which way."""

    point: Ints
    count: Ints
    way: Ints


def _pieces(ways: _Ways, refs: Ints, ids: Ints) -> _Pieces:
    """Ways without the points that the file does not hold; what is left of them in one piece."""
    at = np.searchsorted(ids, refs)
    held = np.isin(refs, ids)
    way = np.repeat(np.arange(len(ways.count)), np.frombuffer(ways.count, dtype=np.int64))
    breaks = np.ones(len(refs), dtype=bool)
    breaks[1:] = (way[1:] != way[:-1]) | ~held[:-1]
    piece = np.cumsum(breaks)[held]
    again = np.ones(len(piece), dtype=bool)  # a point named twice running is one
    again[1:] = (piece[1:] != piece[:-1]) | (at[held][1:] != at[held][:-1])
    piece, point, of = piece[again], at[held][again], way[held][again]
    size = np.bincount(piece)[piece] if len(piece) else piece
    kept = size > 1
    _, first, count = np.unique(piece[kept], return_index=True, return_counts=True)
    return _Pieces(point[kept], count, of[kept][first])


def _sections(whole: _Pieces) -> _Pieces:
    """Cut pieces where they meet each other or themselves."""
    stop = np.cumsum(whole.count)
    outer = np.zeros(len(whole.point), dtype=bool)
    outer[stop - whole.count], outer[stop - 1] = True, True
    used = np.bincount(whole.point)
    cut = ~outer & (used[whole.point] > 1)
    repeated = np.repeat(np.arange(len(whole.point)), 1 + cut)
    starts = np.zeros(len(repeated), dtype=bool)
    starts[np.cumsum(1 + cut) - 1] = cut
    starts[np.searchsorted(repeated, stop - whole.count)] = True
    first = np.flatnonzero(starts)
    count = np.diff(np.append(first, len(repeated)))
    way = np.repeat(whole.way, whole.count)[repeated][first]
    return _Pieces(whole.point[repeated], count, way)


def _network(sections: _Pieces, ways: _Ways, degrees: Floats, crs: str) -> Network:
    """Measure sections along the ellipsoid, and lay them out in each direction that is open."""
    leads = np.frombuffer(ways.direction, dtype=np.int64)[sections.way]
    forth, back = np.flatnonzero(leads != BACKWARD), np.flatnonzero(leads != FORWARD)
    stop = np.cumsum(sections.count)
    section = np.concatenate([forth, back])
    turned = np.repeat([False, True], [len(forth), len(back)])
    count = sections.count[section]
    start = np.concatenate([[0], np.cumsum(count)])
    step = np.arange(start[-1]) - np.repeat(start[:-1], count)
    first = np.where(turned, stop[section] - 1, stop[section] - sections.count[section])
    point = sections.point[np.repeat(first, count) + step * np.repeat(1 - 2 * turned, count)]
    speed = kmh(ways.maxspeed, ways.highway)[sections.way[section]]
    lon, lat = degrees[point].T
    apart = np.append(EARTH.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])[2], 0.0)
    apart[start[1:] - 1] = 0.0  # from the end of one section to the next
    length = np.add.reduceat(apart, start[:-1])
    ends = np.column_stack([point[start[:-1]], point[start[1:] - 1]])
    junctions, number = np.unique(ends, return_inverse=True)
    place = np.column_stack(Transformer.from_crs(4326, crs, always_xy=True).transform(*degrees.T))
    return Network(
        crs=crs,
        point=place[junctions],
        tail=number.reshape(-1, 2)[:, 0].astype(np.int64),
        head=number.reshape(-1, 2)[:, 1].astype(np.int64),
        length_m=length,
        minutes=length / (speed * 1000 / 60),
        shape=place[point],
        start=start,
    )
