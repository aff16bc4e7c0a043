"""Parts of a problem that share nothing, and each as a problem of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from solvers.exchange.arrays import (
    Flags,
    Floats,
    Ints,
    Nodes,
    any_period,
    chunks,
    varied,
)
from solvers.exchange.hopeless import alone, decided_by_cost_or_lot, pays, too_small
from solvers.exchange.problem import Exchange

SPARSE: Final = 8  # one edge in so many is looked at first


@dataclass(frozen=True, slots=True)
class Components:
    """The parts of a problem, numbered in the order of their first source or sink.

    Labels are by axis as in `schema.COLUMNS`; besides, l: limits, y: blend rows.
    """

    count: int
    labels: Mapping[str, Ints]

    def label(self, axis: str) -> Ints:
        """Component of each element of an axis, -1 none."""
        return self.labels[axis]

    def sizes(self, axis: str) -> Ints:
        """Number of elements of each component, shape (components,)."""
        label = self.labels[axis]
        return np.bincount(label[label >= 0], minlength=self.count)

    def flag(self, axis: str, chosen: Flags) -> Flags:
        """Components with a chosen element, shape (components,); `chosen` is by element."""
        label = self.labels[axis][np.flatnonzero(chosen)]
        found = np.zeros(self.count, dtype=bool)
        found[label[label >= 0]] = True
        return found

    def within(self, axis: str, chosen: Flags) -> Flags:
        """Elements of the chosen components; `chosen` is by component."""
        return np.append(chosen, False)[self.labels[axis]]


def worthwhile(problem: Exchange, most: Floats) -> Flags:
    """Lanes that can carry something and may bring something, shape (k,).

    A lane from a source to a sink that gains in no objective is left out if
    nothing else could call for it: no required row or way, no blending, no
    limit that it would loosen, and nothing earned by being used. So is one that cannot
    pay its fixed costs; one that cannot carry its smallest lot is left out in any case.
    """
    live = any_period(most > 0)
    wanted = any_period((problem.gain > 0).T)
    if decided_by_cost_or_lot(problem):
        single = alone(problem)
        live &= ~(single & too_small(problem, most))
        wanted &= ~(single & ~pays(problem, most))
    if problem.sizes["h"]:
        wanted |= (problem.origin >= problem.sizes["m"]) | (
            problem.destination >= problem.sizes["n"]
        )
    for earned in (problem.way_gain, problem.period_gain):
        if np.any(varied(earned) > 0):
            wanted |= np.any(earned > 0, axis=0)[problem.way]
    if np.any(varied(problem.pair_gain) > 0):
        wanted |= np.any(problem.pair_gain > 0, axis=0)[problem.pair][problem.way]
    if varied(problem.required).any():
        held = (problem.required & (problem.min_quantity > 0))[problem.way]
        live |= held
        wanted |= held
    wanted[problem.blend_lane] = True
    for row in problem.limits:
        wanted |= row.lane_coef < 0
    if problem.must_ship.any() or problem.must_fill.any():
        wanted |= _called_for(problem, live)
    live &= wanted
    return live


def _called_for(problem: Exchange, live: Flags) -> Flags:
    """Lanes in a component with a required source or sink."""
    parts = split(problem, live, range(len(problem.limits)))
    must = parts.flag("m", problem.must_ship) | parts.flag("n", problem.must_fill)
    return parts.within("k", must)


def split(
    problem: Exchange, live: Flags, limits: Sequence[int], *, joined: bool = False
) -> Components:
    """Split a problem into parts joined by no live lane, way, pair, group, blend or limit.

    `limits` are the positions of the limits that join what they count; `joined`
    makes one part of all.
    """
    nodes = _Nodes.of(problem)
    lane = None if live.all() else np.flatnonzero(live)
    edges: list[tuple[Ints, Ints]] = []
    if not problem.separate:
        edges.extend(_way_edges(problem, nodes, live))
    blended = np.flatnonzero(live[problem.blend_lane])
    blend_here = nodes.origin(problem, problem.blend_lane[blended])
    edges.append((blend_here, nodes.at("y", problem.blend_row[blended])))
    if joined:
        here = nodes.origin(problem, np.flatnonzero(live))
        edges.append((here[1:], here[:-1]))
    for position in limits:
        edges.extend(_limit_edges(problem, nodes, live, position))
    return _number(problem, nodes, _joined(problem, nodes, lane, edges), lane, limits)


_Edges = Sequence[tuple[Ints, Ints]]


def _joined(problem: Exchange, nodes: "_Nodes", lane: Ints | None, edges: _Edges) -> Nodes:
    """Number the components of the nodes in the order of their first node, shape (nodes,).

    A few lanes of each node show nearly all of it: of the others, only those that still
    join two components are looked at.
    """
    few = np.arange(0, problem.sizes["k"], SPARSE) if lane is None else lane[::SPARSE]
    first = (nodes.origin(problem, few), nodes.destination(problem, few))
    label = _labels([first, *edges], nodes.size)
    left = []
    for part in chunks(problem.sizes["k"] if lane is None else len(lane)):
        some = part if lane is None else lane[part]
        here, there = (label[end(problem, some)] for end in (nodes.origin, nodes.destination))
        apart = here != there
        left.append((here[apart], there[apart]))
    if not left:
        return label
    return _labels(left, int(label.max(initial=-1)) + 1)[label]


def _labels(edges: Sequence[tuple[Ints | Nodes, Ints | Nodes]], size: int) -> Nodes:
    """Number the components of a small graph in the order of their first node."""
    tail, head = (np.concatenate([edge[i] for edge in edges]).astype(np.int32) for i in (0, 1))
    graph = sparse.coo_array((np.ones(len(tail), bool), (tail, head)), shape=(size, size))
    _, label = csgraph.connected_components(graph, directed=False)
    return np.asarray(label, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class _Nodes:
    """Numbers of all elements that can join others, axis after axis."""

    start: Mapping[str, int]
    size: int

    @classmethod
    def of(cls, problem: Exchange) -> "_Nodes":
        lengths = {axis: problem.sizes[axis] for axis in "mnhwqg"}
        if problem.separate:
            lengths |= {"w": 0, "q": 0}
        lengths |= {"y": problem.blend_rows, "l": len(problem.limits)}
        start, size = {}, 0
        for axis, length in lengths.items():
            start[axis] = size
            size += length
        return cls(MappingProxyType(start), size)

    def parted(self, label: Nodes) -> dict[str, Nodes]:
        """Cut an array over all nodes into one for each axis."""
        ends = [*list(self.start.values())[1:], self.size]
        return {
            axis: label[at:end] for (axis, at), end in zip(self.start.items(), ends, strict=True)
        }

    def at(self, axis: str, position: Any) -> Ints:
        """Node of each position on an axis."""
        return np.asarray(self.start[axis] + position)

    def origin(self, problem: Exchange, lane: Ints | slice) -> Ints:
        """Node where each of some lanes starts: its source or hub."""
        m, origin = problem.sizes["m"], problem.origin[lane]
        if not problem.sizes["p"]:
            return origin
        hub = np.append(problem.product_hub, 0)[np.maximum(origin - m, -1)]
        return np.where(origin < m, origin, self.at("h", hub))

    def destination(self, problem: Exchange, lane: Ints | slice) -> Ints:
        """Node where each of some lanes ends: its sink or hub."""
        n, destination = problem.sizes["n"], problem.destination[lane]
        if not problem.sizes["r"]:
            return self.at("n", destination)
        sink = self.at("n", destination)
        hub = np.append(problem.recipe_hub, 0)[np.maximum(destination - n, -1)]
        return np.where(destination < n, sink, self.at("h", hub))


def _way_edges(problem: Exchange, nodes: _Nodes, live: Flags) -> _Edges:
    """Lanes joined to ways that are shared, those to their pairs, and ways to their groups."""
    ways = _shared_ways(problem)
    shared = np.flatnonzero(live & ways[problem.way])
    several = np.flatnonzero(ways)
    grouped = np.flatnonzero(problem.way_group >= 0)
    return [
        (nodes.origin(problem, shared), nodes.at("w", problem.way[shared])),
        (nodes.at("w", several), nodes.at("q", problem.pair[several])),
        (nodes.at("w", grouped), nodes.at("g", problem.way_group[grouped])),
    ]


def _shared_ways(problem: Exchange) -> Flags:
    """Ways with several lanes, a group, or a pair of several ways: what may join components."""
    lanes = np.bincount(problem.way, minlength=problem.sizes["w"])
    ways = np.bincount(problem.pair, minlength=problem.sizes["q"])
    return (lanes > 1) | (problem.way_group >= 0) | (ways[problem.pair] > 1)


def _limit_edges(
    problem: Exchange, nodes: _Nodes, live: Flags, position: int
) -> list[tuple[Ints, Ints]]:
    """What a limit counts, joined to it."""
    row = problem.limits[position]
    by_way = (row.way_coef > 0) | (row.period_coef > 0) | (row.trip_coef > 0)
    by_way |= (row.pair_coef > 0)[problem.pair]
    by_way |= np.append(row.group_coef > 0, False)[problem.way_group]
    counted = np.flatnonzero(live & ((row.lane_coef != 0) | by_way[problem.way]))
    hubs = nodes.at("h", np.flatnonzero(row.hub_coef > 0))
    ends = np.concatenate([nodes.origin(problem, counted), hubs])
    return [(ends, np.full(len(ends), nodes.start["l"] + position))]


def _number(
    problem: Exchange, nodes: _Nodes, label: Nodes, lane: Ints | None, limits: Sequence[int]
) -> Components:
    """Number the components with a live lane or a requirement, and label all elements."""
    must_ship = problem.must_ship & (problem.supply.max(axis=1) > 0)
    must_fill = problem.must_fill & (problem.demand.max(axis=1) > 0)
    start = nodes.origin(problem, slice(None) if lane is None else lane)
    starts = np.zeros(len(label), dtype=bool)
    starts[start] = True
    kept = np.zeros(label.max(initial=-1) + 2, dtype=bool)  # the last one is for label -1
    kept[label[starts]] = True
    kept[label[nodes.at("m", np.flatnonzero(must_ship))]] = True
    kept[label[nodes.at("n", np.flatnonzero(must_fill))]] = True
    number = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)
    labels = {axis: number[each] for axis, each in nodes.parted(label).items() if axis not in "wq"}
    if lane is None:
        labels["k"] = number[label][start]
    else:
        labels["k"] = np.full(problem.sizes["k"], -1, dtype=np.int32)
        labels["k"][lane] = number[label][start]
    if problem.separate:
        labels["w"] = labels["q"] = labels["k"]
    else:
        labels["w"] = _of_lanes(problem.way, labels["k"], problem.sizes["w"])
        labels["q"] = _of_lanes(problem.pair, labels["w"], problem.sizes["q"])
    labels["r"] = labels["h"][problem.recipe_hub]
    labels["p"] = labels["h"][problem.product_hub]
    labels["b"] = labels["k"][problem.blend_lane]
    idle = np.ones(len(problem.limits), dtype=bool)
    idle[list(limits)] = False
    labels["l"] = np.where(idle, -1, labels["l"])
    return Components(int(kept.sum()), MappingProxyType(labels))


def _of_lanes(index: Ints, label: Nodes, size: int) -> Nodes:
    found = np.full(size, -1, dtype=np.int32)
    here = label >= 0
    found[index[here]] = label[here]
    return found
