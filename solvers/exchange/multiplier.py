"""Flows under one yearly limit: the price of the limit at which they meet it.

At a price on what it counts, a limit joins nothing: what it joined falls into flows again, each
gaining what its lanes gain less what they count at that price [1]_. The higher the price, the less
the flows count. What a flow gains at its best is convex in the price: each flow found is a tangent
from below, those at two prices a chord from above [2]_. At the price where the tangents' sum,
the limit paid for, is least, the flows of lower and of higher price together count just the limit,
and none but one is a mixture of two. The price is tried on those whose chord is above their
tangents, until none is by more than is asked.

References
----------
.. [1] Everett, H. (1963). Generalized Lagrange multiplier method for solving problems of optimum
   allocation of resources. Operations Research 11, 399-417. doi:10.1287/opre.11.3.399
.. [2] Kelley, J. E. (1960). The cutting-plane method for solving convex programs. Journal of the
   Society for Industrial and Applied Mathematics 8, 703-712. doi:10.1137/0108053
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from solvers.exchange.arrays import Flags, Floats, Ints, total
from solvers.exchange.components import Components, split
from solvers.exchange.engine import Effort, Ending
from solvers.exchange.flows import solve_flows
from solvers.exchange.outcome import Prices
from solvers.exchange.pieces import Solved, Task
from solvers.exchange.pricing import bound_by
from solvers.exchange.problem import Exchange
from solvers.exchange.watch import Watch

LEAST: Final = 3_000  # lanes: a linear program of fewer is quick
TRIALS: Final = 40  # prices tried at most
STEEPER: Final = 4.0  # times the price, where flows still count too much
CLOSE: Final = 1e-9  # relative: chords so near their tangents are the same
PRICED: Final = {"source": "m", "sink": "n", "way_max": "w"}


@dataclass(frozen=True, slots=True)
class Side:
    """Best flows of components (c,), each at a price of the limit."""

    price: Floats  # (c,): infinite where nothing is shipped, which no price has shown to be best
    value: Floats  # (c,)
    counted: Floats  # (c,)
    shipped: Floats  # (k, T)
    prices: Prices  # of ends and ways, at the price of their component

    def worth(self, price: Floats | float) -> Floats:
        """Value less what is counted, at a price: shape (c,)."""
        return self.value - price * self.counted

    @property
    def best(self) -> Floats:
        """The most that each component gains at its own price, shape (c,)."""
        return self.worth(np.where(np.isfinite(self.price), self.price, 0.0))


@dataclass(frozen=True, slots=True)
class Meeting:
    """A price of the limit, and the plan that meets it: some flows of each side, one mixture."""

    price: float
    share: Floats  # (c,): of the flows at the lower price; 0 or 1, but for one component


@dataclass(frozen=True, slots=True)
class Search:
    """The components that a limit counts, and the whole they are in."""

    problem: Exchange
    most: Floats  # (k, T)
    parts: Components
    chosen: Flags  # (components,): those that the limit counts
    position: int  # of the limit
    gap: float
    workers: int

    @property
    def limit(self) -> float:
        """What may be counted."""
        return self.problem.limits[self.position].limit

    def side(self, price: Floats, shipped: Floats, prices: Prices) -> Side:
        """What flows at some prices gain and count."""
        label = self.parts.label("k")
        moving = np.flatnonzero(shipped.any(axis=1) & self.parts.within("k", self.chosen))
        moved, here = shipped[moving].sum(axis=1), label[moving]
        value, counted = (
            total(here, each[moving] * moved, self.parts.count)
            for each in (self.problem.gain[0], self.problem.limits[self.position].lane_coef)
        )
        return Side(price, value, counted, shipped, prices)

    def solve(self, price: float, chosen: Flags) -> Side | None:
        """The best flows of the chosen components at a price; None where one is not solved."""
        row = self.problem.limits[self.position].lane_coef
        priced = replace(self.problem, gain=self.problem.gain - price * row, limits=())
        found = solve_flows(priced, self.most, self.parts, chosen, self.gap, self.workers)
        if not found.solved[chosen].all():
            return None
        return self.side(np.full(self.parts.count, price), found.shipped, found.prices)

    def merged(self, share: Floats, one: Side, other: Side) -> tuple[Floats, Prices]:
        """A mixture of two sides: what is shipped, and the prices, by component."""
        axes = {"m": one.prices.source, "n": one.prices.sink, "w": one.prices.way_max}
        weight = {axis: np.append(share, 1.0)[self.parts.label(axis)] for axis in ("k", *axes)}
        mix = {
            name: _mix(weight[axis], getattr(one.prices, name), getattr(other.prices, name))
            for name, axis in PRICED.items()
        }
        return _mix(weight["k"], one.shipped, other.shipped), replace(one.prices, **mix)

    def take(self, chosen: Flags, new: Side, old: Side) -> Side:
        """The new flows of the chosen components, the old ones of all others."""
        shipped, prices = self.merged(chosen.astype(np.float64), new, old)
        return Side(
            price=np.where(chosen, new.price, old.price),
            value=np.where(chosen, new.value, old.value),
            counted=np.where(chosen, new.counted, old.counted),
            shipped=shipped,
            prices=prices,
        )


def _mix(share: Floats, one: Floats, other: Floats) -> Floats:
    if not (one.any() or other.any()):
        return one
    if one.ndim == 2:
        share = share[:, None]
    return share * one + (1.0 - share) * other


def meet(over: Side, under: Side, limit: float) -> Meeting | None:
    """The price at which the tangents' sum is least; None if `under` counts too much as well."""
    less = over.counted - under.counted
    steps = np.flatnonzero(less > CLOSE * np.abs(over.counted))
    turn = (over.value - under.value)[steps] / less[steps]
    order = np.argsort(turn, kind="stable")
    # What all count once the first of them have gone from over to under.
    left = over.counted.sum() - np.cumsum(less[steps[order]])
    last = int(np.searchsorted(-left, -limit))
    if last == len(order):
        return None
    share = np.ones(len(less))
    share[steps[order[:last]]] = 0.0
    mixed = steps[order[last]]
    share[mixed] = np.clip((limit - left[last]) / less[mixed], 0.0, 1.0)
    return Meeting(float(turn[order[last]]), share)


def weights(over: Side, under: Side, price: float) -> Floats:
    """How much of the lower price a price is, between those of each component: shape (c,)."""
    width = under.price - over.price
    wide = np.isfinite(width) & (width > 0)
    part = (under.price - price)[wide] / width[wide]
    found = np.ones(len(width))
    found[wide] = np.clip(part, 0.0, 1.0)
    return found


def apart(over: Side, under: Side, at: Meeting) -> Floats:
    """How far the chords are above the plan's flows, shape (c,)."""
    part = weights(over, under, at.price)
    chord = part * over.best + (1.0 - part) * under.best
    plan = at.share * over.worth(at.price) + (1.0 - at.share) * under.worth(at.price)
    known = np.isfinite(under.price) | (over.price == at.price)
    return np.where(known, chord - plan, np.inf)


def searched(
    search: Search, over: Side, under: Side, watch: Watch
) -> tuple[Meeting, Side, Side] | None:
    """Try prices until chords and flows meet; None where a flow fails or the price is not found."""
    chosen, limit = search.chosen, search.limit
    for _ in range(TRIALS):
        at = meet(over, under, limit)
        if at is None or watch.look():
            return None
        far = np.where(chosen, apart(over, under, at), 0.0)
        value = at.share * over.value + (1.0 - at.share) * under.value
        allowed = CLOSE * max(1.0, abs(float(value.sum())))
        if far.sum() <= allowed:
            return at, over, under
        tried = far > allowed / (2 * chosen.sum())
        new = search.solve(at.price, tried)
        if new is None:
            return None
        most = np.where(tried, new.counted, np.where(at.share > 0, over.counted, under.counted))
        least = np.where(tried, new.counted, np.where(at.share < 1, under.counted, over.counted))
        if most.sum() < limit:
            under = search.take(tried, new, under)
        elif least.sum() > limit:
            over = search.take(tried, new, over)
        else:
            over, under = search.take(tried, new, over), search.take(tried, new, under)
            return _mixed(at, tried, limit, (least, most)), over, under
    return None


def _mixed(at: Meeting, tried: Flags, limit: float, ends: tuple[Floats, Floats]) -> Meeting:
    """The plan at a price at which the flows just tried meet the limit, with the mixture's help."""
    least, most = ends
    share = np.where(tried, 1.0, at.share)
    mixed = most > least
    share[mixed] = (limit - least.sum()) / (most - least)[mixed]
    return replace(at, share=share)


def begun(search: Search, over: Side) -> Side | None:
    """Flows that count no more than the limit: none at all, or those of a price high enough."""
    problem = search.problem
    if not (problem.must_ship.any() or problem.must_fill.any()):
        nothing = np.zeros(search.parts.count)
        never = np.full(search.parts.count, np.inf)
        return Side(never, nothing, nothing, np.zeros_like(over.shipped), over.prices)
    price = float(np.abs(over.value).sum() / over.counted.sum())
    for _ in range(TRIALS):
        new = search.solve(price, search.chosen)
        if new is None or new.counted.sum() <= search.limit:
            return new
        price *= STEEPER
    return None


def under_limit(
    task: Task, solved: Solved, position: int, effort: Effort, workers: int, watch: Watch
) -> tuple[Task, Solved] | None:
    """What was solved without a limit, as it is with it; None where that asks for another way.

    All that the limit counts must be flows, with one objective.
    """
    problem, parts = task.problem, split(task.problem, task.live, [position])
    new, whole = _renumbered(task.parts, parts), int(parts.label("l")[position])
    chosen = new == whole
    flows = all(solved.method[c] == "flow" for c in np.flatnonzero(chosen).tolist())
    if problem.sizes["o"] > 1 or parts.sizes("k")[whole] < LEAST or not flows:
        return None
    search = Search(problem, task.most, task.parts, chosen, position, effort.gap, workers)
    over = search.side(np.zeros(task.parts.count), solved.shipped, solved.prices)
    under = begun(search, over)
    met = None if under is None else searched(search, over, under, watch)
    if met is None:
        return None
    at, over, under = met
    shipped, _ = search.merged(at.share, over, under)
    part = np.where(chosen, weights(over, under, at.price), 1.0)
    _, ends = search.merged(part, over, under)
    limit = solved.prices.limit.copy()
    limit[position] = max(at.price, 0.0)
    prices = replace(
        solved.prices, source=ends.source, sink=ends.sink, way_max=ends.way_max, limit=limit
    )
    joined = replace(task, parts=parts)
    return joined, _joined(joined, solved, new, whole, shipped, prices)


def _renumbered(before: Components, after: Components) -> Ints:
    """The new component of each component before, shape (components before,)."""
    new = np.zeros(before.count, dtype=np.int64)
    for axis in "mnh":
        here = before.label(axis) >= 0
        new[before.label(axis)[here]] = after.label(axis)[here]
    return new


def _joined(
    task: Task, solved: Solved, new: Ints, whole: int, shipped: Floats, prices: Prices
) -> Solved:
    """What was solved, by the components that the limit leaves; `whole` is the one it joins."""
    parts, problem = task.parts, task.problem
    rest = np.flatnonzero(new != whole)
    ending, method = [Ending.OPTIMAL] * parts.count, ["flow"] * parts.count
    bounds, scale = np.zeros((1, parts.count)), np.zeros(parts.count)
    for component in rest.tolist():
        ending[new[component]] = solved.ending[component]
        method[new[component]] = solved.method[component]
    bounds[:, new[rest]], scale[new[rest]] = solved.bounds[:, rest], solved.scale[rest]
    proven = bound_by(problem, problem.gain[0], prices, task.most, parts)
    bounds[0, whole] = proven[whole]
    return Solved(shipped, ending, method, bounds, scale, prices, solved.messages)
