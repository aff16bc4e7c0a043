"""Which ways, hubs and groups need a yes-or-no decision, and which are plain quantities."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from solvers.exchange.arrays import Flags, Floats, Ints, any_by, distinct, sum_by, varied
from solvers.exchange.problem import Exchange

LEAST_USED: Final = 1e-3  # what earns by being used carries at least this, if it can


@dataclass(frozen=True, slots=True)
class Decisions:
    """What must be decided in whole numbers."""

    used: Flags  # (w,): whether the way is used in the year
    period: Flags  # (w,): whether it is used in each period
    trips: Flags  # (w,): its number of trips in each period
    pair: Flags  # (q,): whether the pair is used
    open: Flags  # (h,): whether the hub is open
    group: Flags  # (g,): whether the group is used
    supply_partners: Flags  # (m,): more pairs than the source may have
    demand_partners: Flags  # (n,): more pairs than the sink may have

    @property
    def count(self) -> int:
        """Number of yes-or-no decisions and counts of trips, of one period."""
        each = (self.used, self.period, self.trips, self.pair, self.open, self.group)
        return sum(int(np.count_nonzero(flags)) for flags in each)


def decisions(problem: Exchange, live: Flags | None = None) -> Decisions:
    """Find what must be decided in whole numbers; all else is continuous.

    Lanes that are not `live` (k,) are as if they were not there.
    """
    lanes = np.ones(problem.sizes["k"], dtype=bool) if live is None else live
    many_from, from_pairs = _too_many(problem, lanes, problem.origin, problem.supply_partners)
    many_to, to_pairs = _too_many(problem, lanes, problem.destination, problem.demand_partners)
    pair = _either(problem.sizes["q"], _priced(problem, "pair"), from_pairs, to_pairs)
    w = problem.sizes["w"]
    least = _either(w, problem.min_quantity)
    paired = pair[problem.pair] if varied(pair).any() else pair[:0]
    trips = _priced(problem, "trip")
    return Decisions(
        used=_either(w, _priced(problem, "way"), least & ~problem.required, paired),
        period=_either(w, _priced(problem, "period"), problem.min_lot, problem.min_delivered),
        trips=trips & np.isfinite(problem.trip_payload) if varied(trips).any() else trips,
        pair=pair,
        open=_priced(problem, "hub"),
        group=_priced(problem, "group"),
        supply_partners=many_from,
        demand_partners=many_to,
    )


def _priced(problem: Exchange, name: str) -> Flags:
    """Whether being used counts in any objective or limit."""
    gain = getattr(problem, f"{name}_gain")
    counted = (getattr(row, f"{name}_coef") for row in problem.limits)
    return _either(gain.shape[1], *gain, *counted)


def _either(size: int, *arrays: Floats | Flags) -> Flags:
    """Where any array is not 0, shape (size,); read-only, without memory, where none is."""
    found: Flags = np.broadcast_to(False, size)
    for array in arrays:
        if varied(array).any():
            found = found | (array != 0)
    return found


def _too_many(problem: Exchange, live: Flags, end: Ints, most: Floats) -> tuple[Flags, Flags]:
    """Ends (of a source or sink) with more pairs than allowed, and the pairs of such ends."""
    if not np.isfinite(varied(most)).any():
        return np.zeros(len(most), dtype=bool), np.broadcast_to(False, problem.sizes["q"])
    mine = np.flatnonzero(live & (end < len(most)))
    limited = mine[np.isfinite(most[end[mine]])]
    ends, pairs = distinct(end[limited], problem.pair[problem.way[limited]])
    many = np.bincount(ends, minlength=len(most)) > most
    return many, any_by(pairs, many[ends], problem.sizes["q"])


def way_most(problem: Exchange, most: Floats) -> Floats:
    """The most each way can carry in each period, given that of its lanes: shape (w, T)."""
    lanes = sum_by(problem.way, most, problem.sizes["w"])
    capacity = np.append(problem.group_capacity, np.inf)[problem.way_group]
    limit = np.minimum(problem.max_quantity, capacity)
    carried: Floats = np.minimum(lanes, limit[:, None])
    return carried


def way_least(problem: Exchange, carried: Floats) -> Floats:
    """The least each way carries over the year if used, shape (w,).

    `carried` is the most it can carry over the year. A way that earns by
    being used carries something, or it would earn for nothing. One that is required has a row
    of its own for its quantity: a second one would hold where that row gives way.
    """
    asked = np.where(problem.required, 0.0, problem.min_quantity)
    earns = np.any(problem.way_gain > 0, axis=0)
    earns |= np.any(problem.pair_gain > 0, axis=0)[problem.pair]
    return np.maximum(asked, np.where(earns, np.minimum(LEAST_USED, carried), 0.0))


def period_least(problem: Exchange, carried: Floats) -> Floats:
    """The least each way ships in a period in use, shape (w, T); `carried` is the most it can."""
    earns = np.any(problem.period_gain > 0, axis=0)
    least = np.where(earns[:, None], np.minimum(LEAST_USED, carried), 0.0)
    return np.maximum(problem.min_lot[:, None], least)
