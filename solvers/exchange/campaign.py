"""All components with whole numbers, climbed where it brings most until all together are close.

What counts is the sum: a small component solved to the last euro does not help where a large one
is open by thousands. So the components whose bound passes their plan by most climb next,
in rounds, until the whole gap is what was asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from solvers.exchange.climb import Part, Standing, begin, climb, ladder
from solvers.exchange.engine import Effort, Ending
from solvers.exchange.stages import EXACT
from solvers.exchange.watch import Watch

EACH: Final = 0.15  # of the time in all, for one rung of one component
SOME: Final = 5.0  # seconds that a rung may take in any case
ROUND: Final = 0.5  # of the excess: so much gap do those that climb next have together
AT_ONCE: Final = 8  # components that climb next, at least


@dataclass(frozen=True, slots=True)
class Rest:
    """What all other components bring: counted in the gap of the whole."""

    value: float
    bound: float


@dataclass(slots=True)
class _Front:
    """Where all components stand."""

    standings: list[Standing | None]
    rest: Rest

    def total(self, name: str) -> float:
        """Value or bound of the whole; not a number while a component has not begun."""
        found = [np.nan if s is None else float(getattr(s, name)) for s in self.standings]
        return float(getattr(self.rest, name) + np.sum(found))

    @property
    def gap(self) -> float:
        """Gap of the whole as proven so far."""
        value = self.total("value")
        return float((self.total("bound") - value) / max(1.0, abs(value)))


def run_campaign(
    parts: Sequence[Part], rest: Rest, effort: Effort, threads: int, watch: Watch
) -> list[Standing | None]:
    """Climb until the gap of the whole is as asked, nothing is left to climb, or time is out.

    Returns
    -------
    standings
        Where each part stands; None for those that had no time to begin.
    """
    front = _Front([None] * len(parts), rest)
    cap = max(SOME, EACH * watch.left)

    def timed() -> Effort:
        return replace(effort, seconds=min(watch.left, cap))

    def say() -> None:
        watch.report("components", _climbed(front, effort.gap), front.gap)

    order = np.argsort([-part.problem.sizes["k"] for part in parts], kind="stable").tolist()
    begun = watch.each(lambda at: begin(parts[at], timed()), order, threads, say)
    for at, standing in begun:
        front.standings[at] = standing
    limited = bool(np.isfinite(watch.until))
    while not watch.look():
        chosen = _next(front, parts, effort.gap, limited)
        if not chosen:
            break
        inner = max(1, threads // len(chosen))

        def go(at: int, inner: int = inner) -> Standing:
            return climb(parts[at], _standing(front, at), timed(), watch, inner)

        for at, standing in watch.each(go, chosen, threads, say):
            front.standings[at] = standing
        say()
    return front.standings


def _climbed(front: _Front, gap: float) -> float:
    """How far the gap has come on its way down, 0 to 1."""
    found = front.gap
    return 0.0 if not np.isfinite(found) else min(1.0, max(gap, EXACT) / max(found, EXACT))


def _next(front: _Front, parts: Sequence[Part], gap: float, limited: bool) -> list[int]:
    """The components to climb next, small ones first; none if all together are close enough.

    Those without a plan; else those that have only just begun, with nothing shipped; else the
    others that have; else the widest.
    """
    first, wide = [], []
    for at, (part, standing) in enumerate(zip(parts, front.standings, strict=True)):
        if standing is None or standing.ending is Ending.INFEASIBLE:
            continue
        if standing.rung >= len(ladder(part, standing, limited)):
            continue
        if standing.ending is Ending.NOTHING:
            first.append(at)
        elif standing.wide > 0:
            wide.append((standing.wide, at))
    excess = _excess(front, gap)
    if first or excess <= 0:
        return first
    begun = [at for _, at in wide if _standing(front, at).rung == 0]
    chosen = [at for at in begun if _idle(_standing(front, at))] or begun
    if not chosen:
        wide.sort(key=lambda each: (-each[0], each[1]))
        together = np.cumsum([each for each, _ in wide])
        enough = int(np.searchsorted(together, ROUND * excess)) + 1
        chosen = [at for _, at in wide[: max(enough, AT_ONCE)]]
    return sorted(chosen, key=lambda at: (parts[at].problem.sizes["k"], at))


def _idle(standing: Standing) -> bool:
    return standing.shipped is not None and not standing.shipped.any()


def _standing(front: _Front, at: int) -> Standing:
    standing = front.standings[at]
    assert standing is not None  # only those that have begun are chosen
    return standing


def _excess(front: _Front, gap: float) -> float:
    """By how much the gaps of all that have begun pass what is allowed."""
    known = [s for s in front.standings if s is not None and np.isfinite(s.value)]
    value = front.rest.value + sum(s.value for s in known)
    bound = front.rest.bound + sum(s.bound for s in known)
    return bound - value - max(gap, EXACT) * max(1.0, abs(value))
