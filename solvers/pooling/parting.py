"""The part of a problem that has limited pools in it, and the rest, each a problem of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from solvers.exchange.arrays import Flags, Floats, Ints
from solvers.exchange.components import Components, split, worthwhile
from solvers.exchange.problem import Exchange
from solvers.exchange.restrict import Members, membership, restrict
from solvers.pooling.problem import Pooling

REST, POOLED = 0, 1


@dataclass(frozen=True, slots=True)
class Parting:
    """A problem in two: what no mean through a pool concerns, and what one does."""

    rest: Exchange
    pooled: Pooling | None  # None where no mean counts a lane that can carry anything
    members: dict[str, Members]
    live: Flags  # (k,)

    def lanes(self, part: int) -> Ints:
        """Lanes of a part, in increasing order."""
        return self.members["k"][part]


def part(problem: Pooling, most: Floats, limits: Sequence[int]) -> Parting:
    """Part a problem; `limits` are the positions of the yearly limits that count."""
    exchange = problem.exchange
    live = worthwhile(exchange, most)
    live[problem.mix_lane] |= most[problem.mix_lane].max(axis=1, initial=0.0) > 0
    joined = exchange.tolerance > 0 and exchange.sizes["o"] > 1
    parts = split(exchange, live, limits, joined=joined)
    mixed = np.zeros(parts.count, dtype=bool)
    component = parts.label("k")[problem.mix_lane]
    mixed[component[component >= 0]] = True
    label = {
        axis: np.where(mixed[of], POOLED, REST) if parts.count else np.full(len(of), REST)
        for axis, of in parts.labels.items()
    }
    for axis in "kwqbl":  # what has no live lane, and limits that do not count, are left out
        label[axis] = np.where(parts.label(axis) >= 0, label[axis], -1)
    for axis in "mnhpryg":  # ends without any lane stand with the rest
        label[axis] = np.where(parts.label(axis) >= 0, label[axis], REST)
    two = Components(2, MappingProxyType(label))
    members = membership(two, np.ones(2, dtype=bool))
    rest = restrict(exchange, members, REST)
    pooled = _pooled(problem, members) if mixed.any() else None
    return Parting(rest, pooled, members, live)


def _pooled(problem: Pooling, members: dict[str, Members]) -> Pooling:
    """The pooled part: rows of means all of whose lanes are gone hold of themselves."""
    lane = members["k"].rank[problem.mix_lane]
    here = np.flatnonzero(lane >= 0)
    m = problem.exchange.sizes["m"]
    sources, products = members["m"][POOLED], members["p"][POOLED]
    return Pooling(
        exchange=restrict(problem.exchange, members, POOLED),
        quality=problem.quality[sources],
        weight=problem.weight[np.append(sources, m + products)],
        mix_property=problem.mix_property,
        mix_sense=problem.mix_sense,
        mix_limit=problem.mix_limit,
        mix_row=problem.mix_row[here],
        mix_lane=lane[here],
        mix_weight=problem.mix_weight[here],
    )
