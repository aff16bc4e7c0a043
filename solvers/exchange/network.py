"""Components that are plain flows, as one network in whole numbers."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from solvers.exchange.arrays import Flags, Floats, Ints, Nodes, chunks, rows, varied
from solvers.exchange.components import Components
from solvers.exchange.problem import Exchange
from solvers.exchange.proportions import unit_of
from solvers.exchange.reach import demand_room, supply_room
from solvers.exchange.whole import quantity_scale, whole_units


@dataclass(frozen=True, slots=True)
class Network:
    """Nodes, sorted by component, and arcs, sorted by tail; quantities in whole units.

    A node is a source or a sink in a period. What a source does not ship, and what
    a sink does not take, goes through the root of its component, unless it must.
    """

    cell: Ints  # (E,): lane x T + period; -1 for a store, from a period to the next
    start: Ints  # (V + 1,): first arc out of each node, and the end of the last one's
    head: Nodes  # (E,)
    own: Ints  # (E,): capacity of its own where `capped`; else what its ends allow is all
    capped: Flags  # (E,)
    room: Ints  # (V,): all that can pass, storage included
    supply: Ints  # (V,): > 0 offered, < 0 wanted
    gives: Flags  # (V,): a source, not a sink
    slack: Ints  # (V,): the most that may stay unshipped or unfilled; 0 where it must
    component: Ints  # (V,)
    node: Ints  # (m + n, T): node of each source, then sink, in each period; -1 none
    unit: Floats  # (m + n,): flow per quantity
    scale: Floats  # (components,): whole units per flow

    @property
    def tail(self) -> Nodes:
        """Where each arc starts, shape (E,)."""
        return self.tails(slice(0, len(self.supply)))

    def tails(self, nodes: slice) -> Nodes:
        """Where each arc out of some nodes starts."""
        each = np.arange(nodes.start, nodes.stop, dtype=np.int32)
        return np.repeat(each, np.diff(self.start[nodes.start : nodes.stop + 1]))

    def tails_of(self, arcs: Ints) -> Ints:
        """Where each of a few arcs starts."""
        return np.searchsorted(self.start, arcs, side="right") - 1

    def capacity(self, nodes: slice) -> Ints:
        """The most that each arc out of some nodes can carry."""
        first, last = self.start[nodes.start], self.start[nodes.stop]
        arcs = slice(first, last)
        most = np.repeat(self.room[nodes], np.diff(self.start[nodes.start : nodes.stop + 1]))
        np.minimum(most, self.room[self.head[arcs]], out=most)
        return np.where(self.capped[arcs], self.own[arcs], most) if self.limited else most

    @property
    def limited(self) -> bool:
        """Whether some arcs have a capacity of their own."""
        return bool(varied(self.capped).any())

    @property
    def first_nodes(self) -> Ints:
        """First node of each component that there is, and the end of the last one's."""
        label = self.component
        first = np.flatnonzero(np.append(label[:1] >= 0, label[1:] != label[:-1]))
        return np.append(first, len(label))

    @property
    def stored(self) -> bool:
        """Whether some arcs are stores, from a period to the next."""
        return bool(self.node.shape[1] > 1)


def flow_components(problem: Exchange, most: Floats, parts: Components, whole: Flags) -> Flags:
    """Components that are plain flows, shape (components,), given those with whole numbers.

    Sources, sinks, storage and limits on single lanes are; hubs, blends, limits
    on several lanes or periods together, required ways, and ratios that are not
    a factor of the origin times one of the destination are not.
    """
    plain = ~(
        whole
        | parts.flag("b", np.ones(problem.sizes["b"], dtype=bool))
        | parts.flag("l", np.ones(len(problem.limits), dtype=bool))
        | parts.flag("g", np.isfinite(problem.group_capacity))
    )
    if problem.sizes["h"]:
        through = problem.origin >= problem.sizes["m"]
        through |= problem.destination >= problem.sizes["n"]
        plain &= ~parts.flag("k", through)
    if varied(problem.required).any():
        plain &= ~parts.flag("w", problem.required & (problem.min_quantity > 0))
    if np.isfinite(varied(problem.max_quantity)).any():
        plain &= ~parts.flag("w", _shared_maximum(problem, most, parts.label("k") >= 0))
    return plain & _separable(problem, parts, plain)


def _shared_maximum(problem: Exchange, most: Floats, live: Flags) -> Flags:
    """Ways whose yearly maximum holds several lanes or periods together, shape (w,)."""
    w = problem.sizes["w"]
    together = np.bincount(problem.way[live], minlength=w) * problem.periods > 1
    total = np.bincount(problem.way[live], most[live].sum(axis=1), w)
    return np.isfinite(problem.max_quantity) & together & (total > problem.max_quantity)


def _separable(problem: Exchange, parts: Components, plain: Flags) -> Flags:
    """Components whose ratios are separable."""
    if np.all(varied(problem.ratio) == 1.0):
        return plain
    return plain & _units(problem, parts, _lanes(parts, plain))[1]


def _lanes(parts: Components, chosen: Flags) -> Ints | None:
    """Lanes of the chosen components; None for all there are."""
    if chosen.all() and not np.any(parts.label("k") < 0):
        return None
    return np.flatnonzero(parts.within("k", chosen))


def _units(problem: Exchange, parts: Components, some: Ints | None) -> tuple[Floats, Flags]:
    """Unit of each source and sink (m + n,), and whether those of a component agree."""
    if np.all(varied(problem.ratio) == 1.0):
        return np.ones(problem.sizes["m"] + problem.sizes["n"]), np.ones(parts.count, dtype=bool)
    lane = np.arange(problem.sizes["k"]) if some is None else some
    # Ends of no component are ends of no lane: the last place is for them.
    label = np.concatenate([parts.label("m"), parts.label("n")]) % (parts.count + 1)
    head = problem.sizes["m"] + problem.destination[lane]
    unit, separable = unit_of(
        problem.origin[lane], head, problem.ratio[lane], label, parts.count + 1
    )
    return unit, separable[:-1]


def build_network(problem: Exchange, parts: Components, chosen: Flags) -> Network:
    """Build the network of the chosen components, all of them plain flows."""
    lane = _lanes(parts, chosen)
    unit, _ = _units(problem, parts, lane)
    ends = _Ends.of(problem, parts, chosen, unit)
    arcs = _join(_lane_arcs(problem, ends, lane), _store_arcs(ends))
    return Network(
        *_by_tail(arcs, ends.amount.size),
        room=ends.most.ravel(),
        supply=np.where(ends.gives[:, None], ends.amount, -ends.amount).ravel(),
        gives=np.repeat(ends.gives, problem.periods),
        slack=np.where(ends.must[:, None], 0, ends.most).ravel(),
        component=np.repeat(ends.component, problem.periods),
        node=ends.node,
        unit=unit,
        scale=ends.scale,
    )


@dataclass(frozen=True, slots=True)
class _Ends:
    """Sources and sinks of the chosen components, sorted by component."""

    node: Ints  # (m + n, T), as in `Network`
    component: Ints  # (ends,)
    gives: Flags  # (ends,): a source, not a sink
    must: Flags  # (ends,)
    amount: Ints  # (ends, T): whole units
    room: Ints  # (ends,): storage, whole units
    most: Ints  # (ends, T): all that can pass in a period, storage included
    per: Floats  # (m + n,): whole units per quantity
    scale: Floats  # (components,)

    @classmethod
    def of(cls, problem: Exchange, parts: Components, chosen: Flags, unit: Floats) -> "_Ends":
        m, periods = problem.sizes["m"], problem.periods
        label = np.concatenate([parts.label("m"), parts.label("n")])
        end = np.flatnonzero(np.append(chosen, False)[label])
        end = end[np.argsort(label[end], kind="stable")]
        component = label[end]
        node = np.full((len(label), periods), -1)
        node[end] = np.arange(len(end) * periods).reshape(-1, periods)
        amount = np.concatenate([problem.supply, problem.demand])[end] * unit[end, None]
        place = np.repeat(component, periods)
        scale, exact = quantity_scale(amount.ravel(), place, parts.count)
        per = unit * np.append(scale, 1.0)[label]
        room = np.concatenate([supply_room(problem), demand_room(problem)])[end] * per[end]
        whole = whole_units(amount.ravel(), scale[place], exact[place]).reshape(-1, periods)
        store = np.floor(room).astype(np.int64)
        return cls(
            node=node,
            component=component,
            gives=end < m,
            must=np.concatenate([problem.must_ship, problem.must_fill])[end],
            amount=whole,
            room=store,
            most=_most(whole, store, end < m),
            per=per,
            scale=scale,
        )


def _most(amount: Ints, room: Ints, gives: Flags) -> Ints:
    """All that can leave or reach an end in a period: of itself, and stored before or after."""
    earlier = np.cumsum(amount, axis=1) - amount
    later = amount.sum(axis=1, keepdims=True) - earlier - amount
    other = np.where(gives[:, None], earlier, later)
    return amount + np.minimum(other, room[:, None])


_Arcs = tuple[Ints, Nodes, Nodes, Ints, Flags]  # cell, tail, head, own, capped


def _lane_arcs(problem: Exchange, ends: _Ends, lane: Ints | None) -> _Arcs:
    """Each lane in each period. Its yearly maximum is a capacity where there is one period."""
    cell, tail, head = _cells(problem, ends.node.astype(np.int32), lane)
    own: Ints = np.broadcast_to(np.int64(0), len(tail))
    capped: Flags = np.broadcast_to(np.bool_(False), len(tail))
    if problem.periods == 1 and np.isfinite(varied(problem.max_quantity)).any():
        most = ends.most.ravel()
        limit = problem.max_quantity[problem.way[cell]] * ends.per[problem.origin[cell]]
        capped = limit < np.minimum(most[tail], most[head])
        own = np.floor(np.where(capped, limit, 0.0)).astype(np.int64)
    return cell, tail, head, own, capped


def _cells(problem: Exchange, node: Nodes, lane: Ints | None) -> tuple[Ints, Nodes, Nodes]:
    """Ints of the lanes in each period, with tails and heads."""
    periods, m = problem.periods, problem.sizes["m"]
    kind = np.int32 if problem.sizes["k"] * periods < np.iinfo(np.int32).max else np.int64
    count = problem.sizes["k"] if lane is None else len(lane)
    tail, head = np.empty((2, count, periods), dtype=np.int32)
    cell = np.empty((count, periods), dtype=kind)
    for part in chunks(count):
        some = part if lane is None else lane[part]
        tail[part] = rows(node, problem.origin[some])
        head[part] = rows(node[m:], problem.destination[some])
        first = np.arange(part.start, part.stop) if lane is None else lane[part]
        cell[part] = first[:, None] * periods + np.arange(periods)
    return cell.ravel(), tail.ravel(), head.ravel()


def _store_arcs(ends: _Ends) -> _Arcs:
    """Each store from each period to the next."""
    periods = ends.amount.shape[1]
    first = np.arange(ends.amount.size).reshape(-1, periods)[ends.room > 0, :-1]
    capacity = np.repeat(ends.room[ends.room > 0], periods - 1)
    tail = first.ravel().astype(np.int32)
    return np.full(len(tail), -1), tail, tail + 1, capacity, np.ones(len(tail), dtype=bool)


def _join(some: _Arcs, more: _Arcs) -> _Arcs:
    if not more[0].size:
        return some
    return (
        np.concatenate([some[0], more[0]]),
        np.concatenate([some[1], more[1]]),
        np.concatenate([some[2], more[2]]),
        np.concatenate([some[3], more[3]]),
        np.concatenate([some[4], more[4]]),
    )


def _by_tail(arcs: _Arcs, nodes: int) -> tuple[Ints, Ints, Nodes, Ints, Flags]:
    """The arcs sorted by tail, else as they stand: cell, start, head, own, capped."""
    cell, tail, head, own, capped = arcs
    if varied(capped).any():
        order = np.argsort(tail, kind="stable")
        start = np.searchsorted(tail[order], np.arange(nodes + 1))
        return cell[order], start, head[order], own[order], capped[order]
    matrix = sparse.coo_array((cell, (tail, head)), shape=(nodes, nodes))
    matrix.has_canonical_format = True  # lanes side by side stay apart
    by_tail = matrix.tocsr()
    return by_tail.data, by_tail.indptr.astype(np.int64), by_tail.indices, own, capped
