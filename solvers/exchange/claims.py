"""What may stand in a plan's way: each requirement and each limit of a problem, by itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import numpy as np

from solvers.exchange.arrays import Flags, Ints, distinct
from solvers.exchange.circles import growing_circle
from solvers.exchange.features import decisions
from solvers.exchange.problem import UNSET, Exchange, Limit


class Kind(StrEnum):
    """Kinds of requirements and limits, by the arrays that state them."""

    MUST_SHIP = "must_ship"  # a source leaves in full
    MUST_FILL = "must_fill"  # a sink is filled in full
    REQUIRED = "required"  # a way carries its min_quantity
    HUB_CAPACITY = "hub_capacity"
    GROUP_CAPACITY = "group_capacity"
    MAX_QUANTITY = "max_quantity"  # of a way
    MIN_QUANTITY = "min_quantity"  # of a way, if used
    MIN_LOT = "min_lot"  # of the ways of a source, in any period in use
    MIN_DELIVERED = "min_delivered"  # of the ways of a sink, in any period in use
    SUPPLY_PARTNERS = "supply_partners"
    DEMAND_PARTNERS = "demand_partners"
    LIMIT = "limit"  # one of `Exchange.limits`
    BLEND = "blend"  # one row of mixing


AXIS: Final = {
    Kind.MUST_SHIP: "m",
    Kind.MUST_FILL: "n",
    Kind.REQUIRED: "w",
    Kind.HUB_CAPACITY: "h",
    Kind.GROUP_CAPACITY: "g",
    Kind.MAX_QUANTITY: "w",
    Kind.MIN_QUANTITY: "w",
    Kind.MIN_LOT: "m",
    Kind.MIN_DELIVERED: "n",
    Kind.SUPPLY_PARTNERS: "m",
    Kind.DEMAND_PARTNERS: "n",
    Kind.LIMIT: "l",
    Kind.BLEND: "y",
}
"""The axis on which a claim of each kind has its position."""

REQUIREMENTS: Final = (Kind.MUST_SHIP, Kind.MUST_FILL, Kind.REQUIRED)
RANK: Final = {kind: rank for rank, kind in enumerate(Kind)}
ROOMS: Final = (Kind.HUB_CAPACITY, Kind.GROUP_CAPACITY, Kind.MAX_QUANTITY)


@dataclass(frozen=True, slots=True)
class Claim:
    """One requirement or limit: its kind, and its position on that kind's axis."""

    kind: Kind
    position: int

    def __lt__(self, other: "Claim") -> bool:
        """Stand in the order of kinds, then of positions."""
        return (RANK[self.kind], self.position) < (RANK[other.kind], other.position)


@dataclass(frozen=True, slots=True)
class Relief:
    """How much one claim would have to give way by itself, in its own unit.

    `within`: for the other claims of its set to hold; `alone`: for all claims there are.
    NaN where it has no amount (a blend) or none was proven. `suffices`: whether dropping
    it alone lets all others hold; None where that is not known.
    """

    claim: Claim
    within: float
    alone: float
    suffices: bool | None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Claims that cannot hold together.

    `irreducible`: without any one of them the others hold, as plans show. `minimum`: no
    set of fewer claims of this part fails. `certified`: prices prove the failure in
    floats; else an integer solver's bound on a sum of shortfalls does. `relaxation` is
    the least by which claims of the part, each measured by its figure, give way in
    total for all of it to hold; `relaxed` is that total, NaN where it was not found.
    """

    reliefs: tuple[Relief, ...]
    irreducible: bool
    minimum: bool
    certified: bool
    relaxation: tuple[tuple[Claim, float], ...]
    relaxed: float

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The claims of the set."""
        return tuple(relief.claim for relief in self.reliefs)


def way_ends(problem: Exchange) -> tuple[Ints, Ints]:
    """Origin and destination of each way: of its first lane, -1 without one; shape (w,) each."""
    way, first = np.unique(problem.way, return_index=True)
    origin, destination = np.full((2, problem.sizes["w"]), -1)
    origin[way], destination[way] = problem.origin[first], problem.destination[first]
    return origin, destination


def claims_of(problem: Exchange) -> list[Claim]:
    """Every claim that could bind, in a fixed order: requirements first.

    Given facts are no claims: what there is to ship, the most a sink takes, storage,
    yields and ratios. Nor are capacities where hubs in a circle need one to be bounded
    at all, nor smallest lots at hubs.
    """
    chosen = {kind: np.flatnonzero(flags) for kind, flags in _standing(problem).items()}
    if _needs_rooms(problem):
        chosen |= dict.fromkeys(ROOMS, np.empty(0, dtype=np.int64))
    return [Claim(kind, int(at)) for kind in Kind for at in chosen[kind]]


def _standing(problem: Exchange) -> dict[Kind, Flags]:
    """Which positions of each kind state something."""
    asked = problem.min_quantity > 0
    blended = np.zeros(problem.blend_rows, dtype=bool)
    blended[problem.blend_row[problem.blend_coef > 0]] = True
    origin, destination = way_ends(problem)
    needed = decisions(problem)
    return {
        Kind.MUST_SHIP: problem.must_ship & (problem.supply.max(axis=1, initial=0.0) > 0),
        Kind.MUST_FILL: problem.must_fill & (problem.demand.max(axis=1, initial=0.0) > 0),
        Kind.REQUIRED: problem.required & asked,
        Kind.HUB_CAPACITY: np.isfinite(problem.hub_capacity),
        Kind.GROUP_CAPACITY: np.isfinite(problem.group_capacity),
        Kind.MAX_QUANTITY: np.isfinite(problem.max_quantity),
        Kind.MIN_QUANTITY: ~problem.required & asked,
        Kind.MIN_LOT: _any_of(origin, problem.min_lot > 0, problem.sizes["m"]),
        Kind.MIN_DELIVERED: _any_of(destination, problem.min_delivered > 0, problem.sizes["n"]),
        Kind.SUPPLY_PARTNERS: needed.supply_partners,
        Kind.DEMAND_PARTNERS: needed.demand_partners,
        Kind.LIMIT: np.array([np.isfinite(row.limit) for row in problem.limits], dtype=bool),
        Kind.BLEND: blended,
    }


def _any_of(end: Ints, chosen: Flags, size: int) -> Flags:
    """Ends (those before `size`) of the chosen ways."""
    flags = np.zeros(size, dtype=bool)
    flags[end[chosen & (end >= 0) & (end < size)]] = True
    return flags


def _needs_rooms(problem: Exchange) -> bool:
    """Whether hubs in a circle make more than they take, once nothing limits them."""
    m, n = problem.sizes["m"], problem.sizes["n"]
    lane = np.flatnonzero((problem.origin >= m) & (problem.destination >= n))
    recipe = problem.destination[lane] - n
    product = problem.recipe_product[recipe]
    factor = problem.ratio[lane] * problem.recipe_yield[recipe]
    here = (product >= 0) & (factor > 0)
    circle = growing_circle(
        problem.origin[lane][here] - m, product[here], np.log(factor[here]), problem.sizes["p"]
    )
    return bool(circle.size)


def without(problem: Exchange, dropped: Iterable[Claim]) -> Exchange:
    """The problem without some of its claims, and without gains: only what can be is asked.

    Positions stay as they are.
    """
    gone = _masks(problem, dropped)
    origin, destination = way_ends(problem)
    lot = _at_ends(gone[Kind.MIN_LOT], origin)
    delivered = _at_ends(gone[Kind.MIN_DELIVERED], destination)
    free = gone[Kind.REQUIRED] | gone[Kind.MIN_QUANTITY]
    blended = ~gone[Kind.BLEND][problem.blend_row]
    changed: dict[str, Any] = {
        "gain": np.zeros((1, problem.sizes["k"])),
        **dict.fromkeys(("way", "period", "trip", "pair", "hub", "group"), UNSET),
    }
    changed = {name if name == "gain" else f"{name}_gain": row for name, row in changed.items()}
    return replace(
        problem,
        must_ship=problem.must_ship & ~gone[Kind.MUST_SHIP],
        must_fill=problem.must_fill & ~gone[Kind.MUST_FILL],
        required=problem.required & ~gone[Kind.REQUIRED],
        min_quantity=np.where(free, 0.0, problem.min_quantity),
        max_quantity=np.where(gone[Kind.MAX_QUANTITY], np.inf, problem.max_quantity),
        hub_capacity=np.where(gone[Kind.HUB_CAPACITY], np.inf, problem.hub_capacity),
        group_capacity=np.where(gone[Kind.GROUP_CAPACITY], np.inf, problem.group_capacity),
        min_lot=np.where(lot, 0.0, problem.min_lot),
        min_delivered=np.where(delivered, 0.0, problem.min_delivered),
        supply_partners=np.where(gone[Kind.SUPPLY_PARTNERS], np.inf, problem.supply_partners),
        demand_partners=np.where(gone[Kind.DEMAND_PARTNERS], np.inf, problem.demand_partners),
        limits=_limits(problem, gone[Kind.LIMIT]),
        blend_row=problem.blend_row[blended],
        blend_lane=problem.blend_lane[blended],
        blend_coef=problem.blend_coef[blended],
        tolerance=0.0,
        **changed,
    )


def _masks(problem: Exchange, claims: Iterable[Claim]) -> dict[Kind, Flags]:
    sizes = {**problem.sizes, "l": len(problem.limits), "y": problem.blend_rows}
    masks = {kind: np.zeros(sizes[axis], dtype=bool) for kind, axis in AXIS.items()}
    for claim in claims:
        masks[claim.kind][claim.position] = True
    return masks


def _at_ends(chosen: Flags, end: Ints) -> Flags:
    """Ways whose end, among those `chosen` is about, is chosen."""
    inside = (end >= 0) & (end < len(chosen))
    return np.where(inside, np.append(chosen, False)[np.where(inside, end, -1)], False)


def _limits(problem: Exchange, gone: Flags) -> tuple[Limit, ...]:
    """The limits; one that is gone counts nothing."""
    free = Limit(limit=np.inf)
    return tuple(free if out else row for row, out in zip(problem.limits, gone, strict=True))


def figure(problem: Exchange, claim: Claim) -> float:
    """What a claim asks or allows, in its own unit; of a blend, which has none, 0."""
    at = claim.position
    if claim.kind is Kind.MUST_SHIP:
        return float(problem.supply[at].sum())
    if claim.kind is Kind.MUST_FILL:
        return float(problem.demand[at].sum())
    if claim.kind is Kind.LIMIT:
        return problem.limits[at].limit
    if claim.kind is Kind.BLEND:
        return 0.0
    if claim.kind in (Kind.MIN_LOT, Kind.MIN_DELIVERED):
        lots: Any = getattr(problem, claim.kind.value)[ways_of(problem, claim)]
        return float(lots.max(initial=0.0))
    name = "min_quantity" if claim.kind is Kind.REQUIRED else claim.kind.value
    return float(getattr(problem, name)[at])


def size(problem: Exchange, claim: Claim) -> float:
    """What a claim's giving way is measured by: its figure, 1 where that is zero."""
    return figure(problem, claim) or 1.0


def ways_of(problem: Exchange, claim: Claim) -> Ints:
    """Ways with the smallest lot that a claim is about."""
    ends = dict(zip((Kind.MIN_LOT, Kind.MIN_DELIVERED), way_ends(problem), strict=True))
    lots = problem.min_lot if claim.kind is Kind.MIN_LOT else problem.min_delivered
    return np.flatnonzero((ends[claim.kind] == claim.position) & (lots > 0))


def pairs_of(problem: Exchange, claim: Claim) -> Ints:
    """Pairs of the source or sink whose partners a claim limits."""
    end = problem.origin if claim.kind is Kind.SUPPLY_PARTNERS else problem.destination
    lane = np.flatnonzero(end == claim.position)
    _, pairs = distinct(end[lane], problem.pair[problem.way[lane]])
    return pairs


def requirements(claims: Sequence[Claim]) -> list[Claim]:
    """Those that ask for something to flow; without them, shipping nothing holds."""
    return [claim for claim in claims if claim.kind in REQUIREMENTS]
