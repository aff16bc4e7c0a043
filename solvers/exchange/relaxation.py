"""A bound on components of lanes with fixed costs, lots and partners, without any yes or no.

Where every lane is a way and a pair of its own, the linear relaxation of using it, ``y >= x / U``
with U the most it can carry, is met with equality by the best ``y`` [1]_: what a lane costs once
is then spread over U, a partner is the share x / U, and only quantities are left. That linear
program is solved over few lanes at first; all others are priced, and those that would gain
join, until none does [2]_. The bound is added up in floats over all lanes from the
prices, whatever they are (weak duality), so that it holds whether or not any lane is missing.

References
----------
.. [1] Balinski, M. L. (1961). Fixed-cost transportation problems. Naval Research Logistics
   Quarterly 8, 41-54. doi:10.1002/nav.3800080104
.. [2] Dantzig, G. B., Wolfe, P. (1960). Decomposition principle for linear programs. Operations
   Research 8, 101-111. doi:10.1287/opre.8.1.101
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse

from solvers.exchange.arrays import Flags, Floats, Ints
from solvers.exchange.engine import Effort, Engine, Program
from solvers.exchange.hopeless import least_shipped
from solvers.exchange.problem import Exchange
from solvers.exchange.scaling import run_scaled

FIRST: Final = 8  # lanes of each end to begin with, by gain per unit
LARGEST: Final = 3  # and by gain on the most they can carry
MORE: Final = 5  # lanes of each end that may join in a round
ROUNDS: Final = 40
NEGLIGIBLE: Final = 1e-7  # of the bound, over all ends: what lanes left out may still add
ROUNDING: Final = 4 * float(np.finfo(np.float64).eps)  # of each term, for each sum of floats


@dataclass(frozen=True, slots=True)
class Relaxed:
    """What the relaxation of a component shows."""

    bound: float  # no plan gains more
    shipped: Floats  # (k, T): of the relaxation; no plan, but near one
    loss: Floats  # (k,): how much less than the bound plans gain that use the lane; >= 0
    proven: bool  # whether `loss` is proven; else it only ranks the lanes


def is_plain(problem: Exchange) -> bool:
    """Whether all that is decided is which lanes to use, each by itself, within partners.

    One objective and period; every lane a way and a pair of its own, from a source to a
    sink; nothing required, blended, limited, grouped, in trips, or earned by being used.
    """
    sizes = problem.sizes
    shape = sizes["o"] == problem.periods == 1 and sizes["k"] == sizes["w"] == sizes["q"]
    if not shape or sizes["h"] or sizes["b"] or problem.limits:
        return False
    direct = np.all(problem.origin < sizes["m"]) and np.all(problem.destination < sizes["n"])
    own = np.all(np.bincount(problem.way, minlength=sizes["w"]) == 1)
    own &= np.all(np.bincount(problem.pair, minlength=sizes["q"]) == 1)
    asked = problem.must_ship.any() or problem.must_fill.any() or problem.required.any()
    earned = any((gain > 0).any() for gain in (problem.way_gain, problem.period_gain))
    earned |= bool((problem.pair_gain > 0).any())
    trips = bool(np.any((problem.trip_gain < 0) & np.isfinite(problem.trip_payload)))
    return bool(direct and own) and not (asked or earned or trips or (problem.way_group >= 0).any())


@dataclass(frozen=True, slots=True)
class Lanes:
    """The lanes of a plain component, and its ends: sources, then sinks."""

    gain: Floats  # (k,): per unit
    cost: Floats  # (k,): once if used; >= 0
    least: Floats  # (k,): if used
    most: Floats  # (k,)
    ratio: Floats  # (k,)
    start: Ints  # (k,)
    stop: Ints  # (k,)
    room: Floats  # (ends,): supply and demand
    partners: Floats  # (ends,)

    @classmethod
    def of(cls, problem: Exchange, most: Floats) -> "Lanes":
        """Lanes of a plain problem (`is_plain`), given the most each can carry (k, 1)."""
        way = problem.way
        once = problem.way_gain[0] + problem.period_gain[0] + problem.pair_gain[0][problem.pair]
        return cls(
            gain=problem.gain[0],
            cost=-once[way],
            least=np.maximum(least_shipped(problem), problem.min_quantity[way]),
            most=most[:, 0],
            ratio=problem.ratio,
            start=problem.origin,
            stop=problem.sizes["m"] + problem.destination,
            room=np.concatenate([problem.supply[:, 0], problem.demand[:, 0]]),
            partners=np.floor(np.append(problem.supply_partners, problem.demand_partners)),
        )

    @property
    def share(self) -> Floats:
        """How much of a yes or no one unit is, shape (k,)."""
        return 1.0 / np.where(self.most > 0, self.most, 1.0)

    @property
    def spread(self) -> Floats:
        """Gain of a unit once its share of the fixed cost is paid, shape (k,)."""
        return self.gain - self.cost * self.share


def relax_lanes(lanes: Lanes, effort: Effort) -> Relaxed | None:
    """Relax a plain component; None if the linear program could not be solved."""
    open_lanes = best_of_ends(lanes, lanes.spread, FIRST)
    open_lanes |= best_of_ends(lanes, lanes.spread * lanes.most, LARGEST)
    best: Relaxed | None = None
    for _ in range(ROUNDS):
        chosen = np.flatnonzero(open_lanes)
        answer = run_scaled(_program(lanes, chosen), Engine.GLOP, effort)
        if answer.values is None or answer.prices is None:
            return best
        ends = len(lanes.room)
        room_price, partner_price = np.maximum(answer.prices, 0.0).reshape(2, ends)
        if best is None or _bound(lanes, room_price, partner_price) < best.bound:
            best = _relaxed(lanes, room_price, partner_price, chosen, answer.values)
        above = _reduced(lanes, room_price, partner_price) * lanes.most
        joins = (above > NEGLIGIBLE * abs(best.bound) / ends) & ~open_lanes
        if not joins.any():
            return best
        open_lanes |= best_of_ends(lanes, np.where(joins, above, -np.inf), MORE) & joins
    return best


def best_of_ends(lanes: Lanes, key: Floats, count: int) -> Flags:
    """The lanes with the highest keys at each of their ends, `count` of each, shape (k,)."""
    return highest(lanes.start, key, count) | highest(lanes.stop, key, count)


def highest(end: Ints, key: Floats, count: int) -> Flags:
    """The lanes with the highest keys at each end, `count` of each, shape (k,)."""
    order = np.lexsort((-key, end))
    first = np.flatnonzero(np.diff(end[order], prepend=-1))
    place = np.arange(len(end)) - np.repeat(first, np.diff(np.append(first, len(end))))
    chosen = np.zeros(len(end), dtype=bool)
    chosen[order[place < count]] = True
    return chosen


def _program(lanes: Lanes, chosen: Ints) -> Program:
    """Quantities alone: supply, demand and partners of each end, over the chosen lanes."""
    ends, count = len(lanes.room), len(chosen)
    start, stop, share = lanes.start[chosen], lanes.stop[chosen], lanes.share[chosen]
    rows = np.concatenate([start, stop, ends + start, ends + stop])
    columns = np.tile(np.arange(count), 4)
    entries = np.concatenate([np.ones(count), lanes.ratio[chosen], share, share])
    kept = np.append(np.ones(ends, dtype=bool), np.isfinite(lanes.partners))[rows]
    matrix = sparse.csr_array((entries[kept], (rows[kept], columns[kept])), shape=(2 * ends, count))
    return Program(
        gain=lanes.spread[chosen],
        matrix=matrix,
        row_low=np.full(2 * ends, -np.inf),
        row_high=np.append(lanes.room, lanes.partners),
        low=np.zeros(count),
        high=np.full(count, np.inf),
        whole=np.zeros(count, dtype=bool),
    )


def _unit_gain(lanes: Lanes, room_price: Floats) -> Floats:
    """Gain of a unit at the prices of its ends, shape (k,)."""
    return lanes.gain - room_price[lanes.start] - lanes.ratio * room_price[lanes.stop]


def _once(lanes: Lanes, partner_price: Floats) -> Floats:
    """What using a lane costs once, its partners paid for, shape (k,)."""
    return lanes.cost + partner_price[lanes.start] + partner_price[lanes.stop]


def _reduced(lanes: Lanes, room_price: Floats, partner_price: Floats) -> Floats:
    """Gain of a unit of a lane used to the full, after all prices, shape (k,)."""
    return _unit_gain(lanes, room_price) - _once(lanes, partner_price) * lanes.share


def _bound(lanes: Lanes, room_price: Floats, partner_price: Floats) -> float:
    """What no plan can pass at these prices.

    Rows at their prices, and each lane at its best: unused, or used to the full, since a lane
    that gains by the unit gains most so.
    """
    limited = np.where(np.isfinite(lanes.partners), lanes.partners, 0.0)
    rows = float(room_price @ lanes.room + partner_price @ limited)
    reduced = _reduced(lanes, room_price, partner_price)
    total = float(rows + np.maximum(reduced, 0.0) @ lanes.most)
    terms = float(np.abs(lanes.gain) @ lanes.most + lanes.cost.sum()) + rows
    return total + ROUNDING * (terms + len(lanes.most) * total)


def _relaxed(
    lanes: Lanes, room_price: Floats, partner_price: Floats, chosen: Ints, values: Floats
) -> Relaxed:
    """The relaxation at given prices.

    A plan that uses a lane gains at least `loss` less than the bound: of all terms that the
    bound adds up, the lane's own is then what it gains, used at its least or to the full.
    """
    unit, once = _unit_gain(lanes, room_price), _once(lanes, partner_price)
    gained = np.maximum(unit * lanes.most, unit * lanes.least) - once
    shipped = np.zeros(len(lanes.gain))
    shipped[chosen] = np.maximum(values, 0.0)
    return Relaxed(
        bound=_bound(lanes, room_price, partner_price),
        shipped=shipped[:, None],
        loss=np.maximum(-gained, 0.0),
        proven=True,
    )
