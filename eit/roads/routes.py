"""Shortest ways between many places, of the pairs that are asked for and no others.

One search runs from each distinct origin and stops at the limit; places are joined to the
graph as nodes of their own, so that a way may begin and end in the midst of a section.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components, dijkstra

from eit.roads.network import Floats, Ints, Network, shortest_arcs
from eit.roads.snapping import REACH_KM, Snaps, snap
from eit.roads.speeds import OFF_ROAD_KMH

SEARCH_BYTES = 2**28
"""Memory that the searches of one turn may fill."""
MOST_SEARCHES = 64
"""Searches of one turn: more would run to the widest limit among them for nothing."""


def road_km(
    network: Network,
    starts: npt.ArrayLike,
    ends: npt.ArrayLike,
    origin: npt.ArrayLike,
    end: npt.ArrayLike,
    *,
    limit_km: npt.ArrayLike = np.inf,
    reach_km: float = REACH_KM,
) -> Floats:
    """Shortest distance by road from each origin to its end.

    The way from the place to the road counts at both ends, in a straight line. One-way
    streets count: from A to B is another way than from B to A.

    Parameters
    ----------
    network
        Roads.
    starts, ends
        Longitudes and latitudes in degrees (WGS84), shapes (a, 2) and (b, 2).
    origin, end
        Positions in `starts` and `ends`, shape (k,).
    limit_km
        Longest distance that matters, one for all or by pair, shape (k,).
    reach_km
        Longest distance from a place to its road.

    Returns
    -------
    distance_km
        Shape (k,); infinite where every way is longer than the limit, NaN where there is no
        way at all: no road within reach of one end, or none that leads to the other.
    """
    limit_m = np.asarray(limit_km, dtype=np.float64) * 1000
    asked = _Asked.of(starts, ends, origin, end, limit_m)
    return _least(network, asked, network.length_m, 1.0, reach_km) / 1000


def road_minutes(
    network: Network,
    starts: npt.ArrayLike,
    ends: npt.ArrayLike,
    origin: npt.ArrayLike,
    end: npt.ArrayLike,
    *,
    limit_minutes: npt.ArrayLike = np.inf,
    reach_km: float = REACH_KM,
) -> Floats:
    """Least time by road from each origin to its end, along the quickest way.

    Parameters and result as of `road_km`, in minutes. Sections whose speed is not known are
    not used; between place and road the speed is that of a service road.
    """
    asked = _Asked.of(starts, ends, origin, end, np.asarray(limit_minutes, dtype=np.float64))
    off_road = 60 / (OFF_ROAD_KMH * 1000)
    return _least(network, asked, network.minutes, off_road, reach_km)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Distinct places, and the pairs of them that are asked for."""

    starts: Floats  # shape (a, 2)
    stops: Floats  # shape (b, 2)
    origin: Ints  # shape (k,)
    end: Ints
    limit: Floats

    @classmethod
    def of(
        cls,
        starts: npt.ArrayLike,
        ends: npt.ArrayLike,
        origin: npt.ArrayLike,
        end: npt.ArrayLike,
        limit: Floats,
    ) -> "_Asked":
        first, second = np.asarray(origin, dtype=np.int64), np.asarray(end, dtype=np.int64)
        if first.shape != second.shape:
            raise ValueError(f"origin and end differ in shape: {first.shape} and {second.shape}")
        here, from_ = _distinct(starts, first)
        there, to = _distinct(ends, second)
        return cls(here, there, from_, to, np.broadcast_to(limit, first.shape))


def _distinct(places: npt.ArrayLike, used: Ints) -> tuple[Floats, Ints]:
    """Different places among those used, and the one of each."""
    at, row = np.unique(used, return_inverse=True)
    degrees = np.asarray(places, dtype=np.float64).reshape(-1, 2)[at]
    distinct, number = np.unique(degrees, axis=0, return_inverse=True)
    return distinct, number.reshape(-1)[row].astype(np.int64)


def _least(
    network: Network, asked: _Asked, weight: Floats, per_m_off: float, reach_km: float
) -> Floats:
    """Least weight of the way of each pair, shape (k,); infinite and NaN as of `road_km`."""
    total = np.full(len(asked.origin), np.nan)
    if not len(total) or not len(network.tail):
        return total
    snaps = snap(network, np.concatenate([asked.starts, asked.stops]), reach_km=reach_km)
    graph = _joined(network, snaps, len(asked.starts), len(asked.stops), weight, per_m_off)
    first, size = len(network), len(network) + len(asked.starts)
    on_road = np.zeros(len(asked.starts) + len(asked.stops), dtype=bool)
    on_road[snaps.place] = True
    both = on_road[asked.origin] & on_road[len(asked.starts) + asked.end]
    total[both] = np.inf
    for pairs, searched, row, limit in _turns(asked, np.flatnonzero(both), graph.shape[0]):
        found = dijkstra(graph, directed=True, indices=first + searched, limit=limit)
        total[pairs] = found[row, size + asked.end[pairs]]
    total[total > asked.limit] = np.inf
    lost = np.flatnonzero(np.isinf(total))
    reached = _reachable(graph, first + asked.origin[lost], size + asked.end[lost])
    total[lost[~reached]] = np.nan
    return total


def _joined(
    network: Network, snaps: Snaps, starts: int, stops: int, weight: Floats, per_m_off: float
) -> csr_array:
    """Graph of junctions, then starts, then stops, each tied to where it meets the road."""
    of_start = snaps.place < starts
    whole, off = weight[snaps.section], snaps.off_m * per_m_off
    node = len(network) + snaps.place
    leave = pd.DataFrame(
        {"node": node, "section": snaps.section, "part": snaps.part, "off": off, "whole": whole}
    )
    leave, arrive = leave[of_start], leave[~of_start]
    same = leave.merge(arrive, on="section", suffixes=("", "_end"))
    same = same[same["part_end"] >= same["part"]]
    along = same["off"] + same["off_end"] + (same["part_end"] - same["part"]) * same["whole"]
    out = leave["off"] + (1 - leave["part"]) * leave["whole"]
    into = arrive["off"] + arrive["part"] * arrive["whole"]
    return shortest_arcs(
        np.concatenate(
            [network.tail, leave["node"], network.tail[arrive["section"]], same["node"]]
        ),
        np.concatenate(
            [network.head, network.head[leave["section"]], arrive["node"], same["node_end"]]
        ),
        np.concatenate([weight, out, into, along]),
        len(network) + starts + stops,
    )


def _turns(asked: _Asked, pairs: Ints, nodes: int) -> Iterator[tuple[Ints, Ints, Ints, float]]:
    """Pairs of one turn, its origins, the row of each pair, and how far to search."""
    if not len(pairs):
        return
    limit = np.full(len(asked.starts), -np.inf)
    np.maximum.at(limit, asked.origin[pairs], asked.limit[pairs])
    wanted = np.flatnonzero(limit >= 0)
    wanted = wanted[np.argsort(limit[wanted], kind="stable")]
    size = int(np.clip(SEARCH_BYTES // (8 * nodes), 1, MOST_SEARCHES))
    rank = np.full(len(asked.starts), -1)
    rank[wanted] = np.arange(len(wanted))
    pairs = pairs[rank[asked.origin[pairs]] >= 0]
    pairs = pairs[np.argsort(rank[asked.origin[pairs]], kind="stable")]
    ranks = rank[asked.origin[pairs]]
    for at in range(0, len(wanted), size):
        part = slice(*np.searchsorted(ranks, [at, at + size]))
        searched = wanted[at : at + size]
        yield pairs[part], searched, ranks[part] - at, float(limit[searched].max())


def _reachable(graph: csr_array, start: Ints, stop: Ints) -> npt.NDArray[np.bool_]:
    """Whether any way leads from each start to its stop, however long, shape (k,)."""
    if not len(start):
        return np.zeros(0, dtype=bool)
    number, part = connected_components(graph, directed=True, connection="strong")
    tail = np.repeat(part, np.diff(graph.indptr)).astype(np.int64)
    head = part[graph.indices].astype(np.int64)
    between = shortest_arcs(tail, head, np.ones(len(tail)), number)
    reached = np.zeros(len(start), dtype=bool)
    from_ = part[start]
    order = np.argsort(from_, kind="stable")
    for pairs in np.split(order, np.flatnonzero(np.diff(from_[order])) + 1):
        seen = breadth_first_order(between, from_[pairs[0]], return_predecessors=False)
        reached[pairs] = np.isin(part[stop[pairs]], seen)
    return reached
