"""What proves that a stage of flows is best: prices, and what they weigh of earlier objectives."""

from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np

from solvers.exchange.arrays import Floats, Ints
from solvers.exchange.components import Components
from solvers.exchange.outcome import Prices
from solvers.exchange.pricing import (
    bound_by,
    free_prices,
    reduced_gain,
    reduced_gains,
    settled,
    signed,
)
from solvers.exchange.problem import Exchange

NOISE: Final = 1e-12  # of the largest gain: what floats leave where there is nothing
HEAVIEST: Final = 1e9  # an earlier objective weighs no more than this: floats hold no more


@dataclass(frozen=True, slots=True)
class Certificate:
    """Prices that prove a bound on a weighted sum of objectives, component by component."""

    gain: Floats  # (k,): the objective of this stage plus weights times the earlier ones
    prices: Prices
    floor: Floats  # (components,): what the plan has of that sum


@dataclass(frozen=True, slots=True)
class Proof:
    """A problem whose flows are to be proven best."""

    problem: Exchange
    parts: Components
    most: Floats  # (k, T)
    single: Ints  # lanes with a yearly maximum of their own

    def first(self, gain: Floats, raw: Prices) -> tuple[Floats, Prices]:
        """Bound of the first stage by component, and the prices that prove it."""
        prices, above = self._completed(gain, raw)
        bound = bound_by(self.problem, gain, prices, self.most, self.parts, above)
        return bound, prices

    def later(
        self, gain: Floats, raw: Prices, before: Certificate, tie: Floats
    ) -> tuple[Floats, Certificate]:
        """Bound of a later stage by component.

        Its prices hold on the plans that keep the stage before at its best. The
        stage before, weighed enough, makes them hold on all plans: no plan has more of
        this objective that has no less of that one. `tie` (components,) is the price
        below which the stage before left lanes and ends alone.
        """
        noise = NOISE * np.abs(before.gain).max(initial=0.0)
        weight = self._weight(gain, raw, before, tie + noise)
        lane = np.append(weight, 0.0)[self.parts.label("k")]
        total = gain + lane * before.gain
        prices, above = self._completed(total, self._sum(raw, before.prices, weight))
        bound = bound_by(self.problem, total, prices, self.most, self.parts, above)
        return bound - weight * before.floor, Certificate(total, prices, weight * before.floor)

    def _completed(self, gain: Floats, raw: Prices) -> tuple[Prices, Ints]:
        """The prices signed, and with those of single lanes' maxima; lanes that may pass them."""
        bare = signed(self.problem, replace(raw, way_max=free_prices(self.problem).way_max))
        prices, above = settled(self.problem, gain, bare, self.most, self.single)
        if not self.single.size:
            return prices, above
        way_max = np.zeros(len(raw.way_max))
        for some, reduced in reduced_gains(self.problem, gain, prices, self.single):
            way_max[self.problem.way[some]] = np.maximum(reduced[:, 0], 0.0)
        return replace(prices, way_max=way_max), above

    def _sum(self, raw: Prices, before: Prices, weight: Floats) -> Prices:
        axes = {"source": "m", "sink": "n"}
        arrays = {field.name: getattr(raw, field.name) for field in fields(Prices)}
        for name, axis in axes.items():
            heavy = np.append(weight, 0.0)[self.parts.label(axis)]
            arrays[name] = arrays[name] + heavy[:, None] * getattr(before, name)
        return Prices(**arrays)

    def _weight(self, gain: Floats, raw: Prices, before: Certificate, tie: Floats) -> Floats:
        """How much the stage before must weigh, shape (components,)."""
        problem = self.problem
        bare = replace(before.prices, way_max=np.zeros_like(before.prices.way_max))
        lanes = (
            reduced_gain(problem, before.gain, bare),
            reduced_gain(problem, gain, replace(raw, way_max=bare.way_max)),
        )
        ends = {"m": (bare.source, raw.source), "n": (bare.sink, raw.sink)}
        weight = np.zeros(self.parts.count)
        for axis, (was, now) in {"k": lanes, **ends}.items():
            self._raise(weight, axis, was, now, tie)
        for axis, (was, now) in ends.items():
            self._raise(weight, axis, np.diff(was, axis=1), np.diff(now, axis=1), tie)
        # More than the least that will do, so that what this stage closed stays closed.
        size = np.abs(gain).max(initial=0.0) / max(np.abs(before.gain).max(initial=0.0), 1e-300)
        return np.minimum(2 * weight + (size or 1.0), HEAVIEST)

    def _raise(self, weight: Floats, axis: str, was: Floats, now: Floats, tie: Floats) -> None:
        """Raise the weights, in place, so that what was priced keeps the sign of its price."""
        label = self.parts.label(axis).astype(np.int64)
        label = np.broadcast_to(label[:, None], was.shape)
        priced = np.abs(was) > np.append(tie, 0.0)[label]
        lost = (label >= 0) & priced & (now * was < 0)
        np.maximum.at(weight, label[lost], -now[lost] / was[lost])
