"""Components that are plain flows, as one network in whole numbers."""

from dataclasses import dataclass

import numpy as np

from solvers.exchange.arrays import Flags, Floats, Ints, Nodes
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
    tail: Nodes  # (E,)
    head: Nodes  # (E,)
    capacity: Ints  # (E,): where not `capped`, all that its ends allow anyway
    capped: Flags  # (E,)
    supply: Ints  # (V,): > 0 offered, < 0 wanted
    gives: Flags  # (V,): a source, not a sink
    slack: Ints  # (V,): the most that may stay unshipped or unfilled; 0 where it must
    component: Ints  # (V,)
    node: Ints  # (m + n, T): node of each source, then sink, in each period; -1 none
    unit: Floats  # (m + n,): flow per quantity
    scale: Floats  # (components,): whole units per flow


def flow_components(problem: Exchange, most: Floats, parts: Components, whole: Flags) -> Flags:
    """Components that are plain flows, shape (components,), given those with whole numbers.

    Sources, sinks, storage and limits on single lanes are; hubs, blends, limits
    on several lanes or periods together, required ways, and ratios that are not
    a factor of the origin times one of the destination are not.
    """
    through = (problem.origin >= problem.sizes["m"]) | (problem.destination >= problem.sizes["n"])
    held = problem.required & (problem.min_quantity > 0)
    shared = _shared_maximum(problem, most, parts.label("k") >= 0)
    plain = ~(
        whole
        | parts.flag("k", through)
        | parts.flag("b", np.ones(problem.sizes["b"], dtype=bool))
        | parts.flag("l", np.ones(len(problem.limits), dtype=bool))
        | parts.flag("g", np.isfinite(problem.group_capacity))
        | parts.flag("w", held | shared)
    )
    return plain & _separable(problem, parts, plain)


def _shared_maximum(problem: Exchange, most: Floats, live: Flags) -> Flags:
    """Ways whose yearly maximum holds several lanes or periods together, shape (w,)."""
    w = problem.sizes["w"]
    together = np.bincount(problem.way[live], minlength=w) * problem.periods > 1
    total = np.bincount(problem.way[live], most[live].sum(axis=1), w)
    return np.isfinite(problem.max_quantity) & together & (total > problem.max_quantity)


def _separable(problem: Exchange, parts: Components, plain: Flags) -> Flags:
    """Components whose ratios are separable."""
    lane = _lanes(parts, plain)
    return plain & _units(problem, parts, lane)[1]


def _lanes(parts: Components, chosen: Flags) -> Ints:
    return np.flatnonzero(parts.within("k", chosen))


def _units(problem: Exchange, parts: Components, lane: Ints) -> tuple[Floats, Flags]:
    """Unit of each source and sink (m + n,), and whether those of a component agree."""
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
    arcs = _sorted(_join(_lane_arcs(problem, ends, lane), _store_arcs(ends)))
    return Network(
        *arcs,
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


_Arcs = tuple[Ints, Nodes, Nodes, Ints, Flags]  # cell, tail, head, capacity, capped


def _lane_arcs(problem: Exchange, ends: _Ends, lane: Ints) -> _Arcs:
    """Each lane in each period. Its yearly maximum is a capacity where there is one period."""
    origin, destination = problem.origin[lane], problem.sizes["m"] + problem.destination[lane]
    node = ends.node.astype(np.int32)
    tail, head = node[origin].ravel(), node[destination].ravel()
    most = ends.most.ravel()
    capacity = np.minimum(most[tail], most[head])
    capped = np.zeros(len(tail), dtype=bool)
    if problem.periods == 1:
        own = problem.max_quantity[problem.way[lane]] * ends.per[origin]
        capped = own < capacity
        capacity[capped] = np.floor(own[capped])
    cell = lane[:, None] * problem.periods + np.arange(problem.periods)
    return cell.ravel(), tail, head, capacity, capped


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


def _sorted(arcs: _Arcs) -> _Arcs:
    cell, tail, head, capacity, capped = arcs
    if np.all(tail[1:] >= tail[:-1]):
        return arcs
    order = np.argsort(tail, kind="stable")
    return cell[order], tail[order], head[order], capacity[order], capped[order]
