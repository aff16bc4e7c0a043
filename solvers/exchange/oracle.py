"""Whether a choice of claims can hold together, never by a solver's word that it cannot."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from solvers.exchange.arrays import Flags, Floats
from solvers.exchange.audit import breaches
from solvers.exchange.claims import AXIS, Claim, claims_of, requirements, without
from solvers.exchange.components import Components, split
from solvers.exchange.elastic import least_given
from solvers.exchange.engine import Effort, Ending
from solvers.exchange.plan import Plan, plan_of
from solvers.exchange.problem import Exchange
from solvers.exchange.reach import most_shipped
from solvers.exchange.restrict import Members, membership, restrict

SURE: Final = 1e-7  # of what is required: less is rounding, not a shortfall
SOLVES: Final = 2000  # parts solved at most for one conflict


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether some claims hold together.

    `ending` is INFEASIBLE if they do not for sure, FEASIBLE if `plan` keeps them, else
    NOTHING. `core` are those of them that lie in a part that is infeasible; `certified`
    says that prices prove it in floats.
    """

    ending: Ending
    plan: Plan | None
    core: frozenset[Claim]
    certified: bool


UNKNOWN: Final = Verdict(Ending.NOTHING, None, frozenset(), False)


@dataclass(slots=True)
class Oracle:
    """Answers for one problem, until time or the number of solves is out."""

    problem: Exchange
    until: float  # of time.perf_counter()
    seed: int
    claims: frozenset[Claim] = field(init=False)
    solves: int = 0
    known: dict[frozenset[Claim], Verdict] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """List the claims that could be dropped."""
        self.claims = frozenset(claims_of(self.problem))

    @property
    def effort(self) -> Effort:
        """What time is left, for one solve."""
        return Effort(0.0, self.until - time.perf_counter(), self.seed)

    def kept(self, claims: Iterable[Claim]) -> Exchange:
        """The problem with no claims but these."""
        return without(self.problem, self.claims - frozenset(claims))

    def ask(self, claims: Iterable[Claim]) -> Verdict:
        """Whether these claims hold together, all others being dropped."""
        asked = frozenset(claims)
        if asked not in self.known:
            verdict = self._judge(asked)
            if verdict is UNKNOWN:
                return verdict
            self.known[asked] = verdict
        return self.known[asked]

    def fails(self, claims: Iterable[Claim]) -> bool:
        """Whether these claims cannot hold together for sure."""
        return self.ask(claims).ending is Ending.INFEASIBLE

    def _judge(self, asked: frozenset[Claim]) -> Verdict:
        """Solve part by part; small ones first, and no further than the first that fails."""
        problem = self.kept(asked)
        most = most_shipped(problem)
        parts = parts_of(problem, most)
        must = _asking(problem, parts)
        members = membership(parts, must)
        shipped, missing = np.zeros_like(most), False
        order = np.argsort(parts.sizes("k"), kind="stable")
        for component in order[must[order]].tolist():
            part = restrict(problem, members, component)
            verdict = self._settle(part)
            if verdict.ending is Ending.INFEASIBLE:
                core = _inside(asked, members, component)
                return replace(verdict, core=core)
            if verdict.plan is None:
                missing = True
            else:
                shipped[members["k"][component]] = verdict.plan.shipped
        plan = plan_of(problem, shipped)
        if missing or breaches(problem, plan):
            return UNKNOWN
        return Verdict(Ending.FEASIBLE, plan, frozenset(), False)

    def _settle(self, part: Exchange) -> Verdict:
        """One part: short of what is required for sure, or with a plan, or neither."""
        if self.solves >= SOLVES or time.perf_counter() > self.until:
            return UNKNOWN
        self.solves += 1
        soft = requirements(claims_of(part))
        given = least_given(part, soft, self.effort, enough=SURE)
        if given.plan is not None and not breaches(part, given.plan):
            return Verdict(Ending.FEASIBLE, given.plan, frozenset(), False)
        if given.least > SURE:
            return Verdict(Ending.INFEASIBLE, None, frozenset(), given.certified)
        return UNKNOWN


def parts_of(problem: Exchange, most: Floats) -> Components:
    """Parts that share nothing, all limits counted."""
    held = problem.required & (problem.min_quantity > 0)
    live: Flags = (most.max(axis=1, initial=0.0) > 0) | held[problem.way]
    return split(problem, live, range(len(problem.limits)))


def _asking(problem: Exchange, parts: Components) -> Flags:
    """Parts in which something is required, shape (components,)."""
    held = problem.required & (problem.min_quantity > 0)
    must = parts.flag("m", problem.must_ship & (problem.supply.max(axis=1, initial=0.0) > 0))
    must |= parts.flag("n", problem.must_fill & (problem.demand.max(axis=1, initial=0.0) > 0))
    return must | parts.flag("w", held)


def _inside(
    claims: frozenset[Claim], members: Mapping[str, Members], component: int
) -> frozenset[Claim]:
    """The claims whose position lies in a part."""
    here = {axis: frozenset(members[axis][component].tolist()) for axis in set(AXIS.values())}
    return frozenset(claim for claim in claims if claim.position in here[AXIS[claim.kind]])
