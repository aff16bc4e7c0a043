"""A smallest set of claims that cannot hold together, and what each would have to give."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from solvers.exchange.claims import AXIS, Claim, Conflict, Kind, Relief, claims_of, size
from solvers.exchange.elastic import least_given
from solvers.exchange.engine import Ending
from solvers.exchange.excess import excess
from solvers.exchange.oracle import SURE, Oracle, parts_of
from solvers.exchange.outcome import Shortfalls
from solvers.exchange.plan import Plan
from solvers.exchange.problem import Exchange
from solvers.exchange.reach import most_shipped
from solvers.exchange.restrict import Members, membership, restrict

SEARCH: Final = 60.0  # seconds for all parts of a problem
FEW: Final = 80  # claims in one part: of more, no smallest set is looked for, only a minimal one
STEPS: Final = 400  # choices tried for the smallest set
CHOICES: Final = 50_000  # nodes of one search for a smallest choice that meets all sets


def find_conflicts(
    problem: Exchange, short: Shortfalls, *, seconds: float = SEARCH, seed: int = 0
) -> tuple[Conflict, ...]:
    """Name, for every part of an infeasible problem, claims that cannot hold together.

    Parameters
    ----------
    problem
        Infeasible, as `solve` found it.
    short
        The shortfalls of that outcome: which parts fail.
    seconds
        When to stop. What was found by then is given back; see `find_conflict`.

    Returns
    -------
    conflicts
        In the order of the parts. Where several parts fail, no claim suffices alone.
    """
    until = time.perf_counter() + seconds
    parts = parts_of(problem, most_shipped(problem))
    failing = parts.flag("m", short.must_ship.max(axis=1, initial=0.0) > 0)
    failing |= parts.flag("n", short.must_fill.max(axis=1, initial=0.0) > 0) | parts.flag(
        "w", short.required > 0
    )
    members = membership(parts, failing)
    found = []
    for component in np.flatnonzero(failing).tolist():
        conflict = find_conflict(restrict(problem, members, component), until, seed)
        if conflict is not None:
            found.append(_moved(conflict, members, component))
    return tuple(_not_alone(each) if failing.sum() > 1 else each for each in found)


def _not_alone(conflict: Conflict) -> Conflict:
    """The conflict where others fail beside it: no claim of it suffices for all."""
    reliefs = (replace(each, alone=np.nan, suffices=False) for each in conflict.reliefs)
    return replace(conflict, reliefs=tuple(reliefs))


def _moved(conflict: Conflict, members: Mapping[str, Members], component: int) -> Conflict:
    """A conflict of one part, its claims by their positions in the whole problem."""

    def of(claim: Claim) -> Claim:
        return Claim(claim.kind, int(members[AXIS[claim.kind]][component][claim.position]))

    return replace(
        conflict,
        reliefs=tuple(replace(each, claim=of(each.claim)) for each in conflict.reliefs),
        relaxation=tuple((of(claim), by) for claim, by in conflict.relaxation),
    )


def find_conflict(problem: Exchange, until: float, seed: int) -> Conflict | None:
    """Find claims of a problem that cannot hold together, as few as can be shown.

    A set is first cut down to what a linear proof needs, then to an irreducible one by
    dividing it (QuickXplain [1]_); where claims are few, a smallest one is found through
    sets of claims that must each lose a member (hitting sets [2]_). Every
    answer rests on a problem that always has a plan: claims fail if a shortfall is proven
    above zero, and hold if a plan keeps them.

    Parameters
    ----------
    problem
        Infeasible; best one component.
    until
        When to stop, in `time.perf_counter` seconds. What was found by then is given back.

    Returns
    -------
    conflict
        None if no set was proven to fail.

    References
    ----------
    .. [1] Junker, U. (2004). QUICKXPLAIN. AAAI-04, 167-172.
    .. [2] Ignatiev, A., Previti, A., Liffiton, M., Marques-Silva, J. (2015). Smallest MUS
       extraction with minimal hitting set dualization. CP 2015, 173-182.
    """
    oracle = Oracle(problem, until, seed)
    every = sorted(claims_of(problem))
    if not oracle.fails(every):
        return None
    chosen = _by_prices(oracle, _core(oracle, every))
    chosen = _divide(oracle, [], chosen, grown=False) if len(chosen) > 1 else chosen
    chosen, irreducible = _trimmed(oracle, sorted(chosen))
    minimum = irreducible and len(chosen) == 1
    if irreducible and not minimum and len(every) <= FEW:
        chosen, minimum = _smallest(oracle, every, chosen)
    relaxation, relaxed = _relaxation(oracle, every)
    return Conflict(
        reliefs=tuple(_relief(oracle, every, chosen, claim) for claim in chosen),
        irreducible=irreducible,
        minimum=minimum,
        certified=oracle.ask(chosen).certified,
        relaxation=relaxation,
        relaxed=relaxed,
    )


def _core(oracle: Oracle, claims: Iterable[Claim]) -> list[Claim]:
    """Of claims that fail, those in the part that does."""
    return sorted(oracle.ask(claims).core)


def _by_prices(oracle: Oracle, claims: list[Claim]) -> list[Claim]:
    """Of claims that fail, those that a linear proof needs, where there is one."""
    soft = [claim for claim in claims if claim.kind is not Kind.BLEND]
    given = least_given(oracle.kept(claims), soft, oracle.effort, enough=SURE)
    needed = [claim for claim in claims if claim.kind is Kind.BLEND or claim in given.priced]
    return _core(oracle, needed) if given.least > SURE and oracle.fails(needed) else claims


def _divide(oracle: Oracle, held: list[Claim], claims: list[Claim], *, grown: bool) -> list[Claim]:
    """The claims without which the rest of them and those held would not fail."""
    if grown and oracle.fails(held):
        return []
    if len(claims) == 1:
        return claims
    half = len(claims) // 2
    first, second = claims[:half], claims[half:]
    late = _divide(oracle, held + first, second, grown=True)
    early = _divide(oracle, held + late, first, grown=bool(late))
    return early + late


def _trimmed(oracle: Oracle, claims: list[Claim]) -> tuple[list[Claim], bool]:
    """The claims without those the others fail without; whether each left is shown to count."""
    chosen, irreducible = list(claims), True
    for claim in claims:
        rest = [other for other in chosen if other != claim]
        verdict = oracle.ask(rest).ending
        if verdict is Ending.INFEASIBLE:
            chosen = rest
        irreducible &= verdict is not Ending.NOTHING
    return chosen, irreducible


def _smallest(oracle: Oracle, every: list[Claim], chosen: list[Claim]) -> tuple[list[Claim], bool]:
    """A set of fewest claims that fails, and whether it is shown to be one.

    Whatever a plan breaks, a set that fails must have a claim of. The smallest choice
    that has one of each such set either fails, and is a smallest, or has a plan that
    breaks something else.
    """
    broken: list[frozenset[Claim]] = []
    for _ in range(STEPS):
        choice, tried = smallest_choice(broken, len(chosen) - 1)
        if choice is None:
            return chosen, tried
        verdict = oracle.ask(choice)
        if verdict.ending is Ending.INFEASIBLE:
            return sorted(choice), True
        if verdict.plan is None:
            return chosen, False
        broken.append(_passed(oracle, every, choice, verdict.plan))
        if not broken[-1]:
            return chosen, False
    return chosen, False


def _passed(
    oracle: Oracle, every: list[Claim], choice: frozenset[Claim], plan: Plan
) -> frozenset[Claim]:
    """Claims, as few as easily found, that a plan which keeps the choice passes."""
    soft = [claim for claim in every if claim not in choice and claim.kind is not Kind.BLEND]
    blends = frozenset(claim for claim in every if claim.kind is Kind.BLEND) - choice
    given = least_given(oracle.kept(frozenset(every) - blends), soft, oracle.effort)
    found = [_beyond(oracle.problem, every, each) for each in (given.plan, plan) if each]
    return min(found, key=len)


def _beyond(problem: Exchange, every: Sequence[Claim], plan: Plan) -> frozenset[Claim]:
    """Claims that a plan does not keep."""
    return frozenset(
        claim for claim in every if excess(problem, plan, claim) > SURE * size(problem, claim)
    )


def smallest_choice(
    sets: Sequence[frozenset[Claim]], most: int
) -> tuple[frozenset[Claim] | None, bool]:
    """The smallest choice of at most `most` claims with one of each set, by trying sizes in turn.

    None where there is none; the flag says whether that is sure, the search not being given up.
    """
    left = [CHOICES]
    for members in range(most + 1):
        found = _meeting(sets, members, left)
        if found is not None:
            return found, True
    return None, left[0] > 0


def _meeting(
    sets: Sequence[frozenset[Claim]], members: int, left: list[int]
) -> frozenset[Claim] | None:
    """A choice of at most so many members with one of each set; `left` counts down the tries."""
    left[0] -= 1
    if not sets:
        return frozenset()
    if members == 0 or left[0] <= 0:
        return None
    smallest: frozenset[Claim] = min(sets, key=lambda each: (len(each), sorted(each)))
    for claim in sorted(smallest):
        rest = _meeting([each for each in sets if claim not in each], members - 1, left)
        if rest is not None:
            return rest | {claim}
    return None


def _relief(oracle: Oracle, every: list[Claim], chosen: list[Claim], claim: Claim) -> Relief:
    """What one claim of a set would have to give."""
    rest = frozenset(every) - {claim}
    ending = oracle.ask(rest).ending
    known = {Ending.FEASIBLE: True, Ending.INFEASIBLE: False}
    suffices = known.get(ending)
    within = _amount(oracle, chosen, claim)
    alone = _amount(oracle, every, claim) if suffices else np.nan
    return Relief(claim, within, alone, suffices)


def _amount(oracle: Oracle, claims: list[Claim], claim: Claim) -> float:
    """The least a claim gives for the others to hold, by a plan and a proof that meet."""
    if claim.kind is Kind.BLEND:
        return np.nan
    problem = oracle.kept(claims)
    given = least_given(problem, [claim], oracle.effort)
    if given.plan is None:
        return np.nan
    amount, unit = excess(problem, given.plan, claim), size(problem, claim)
    return amount if amount / unit <= given.least + SURE * max(1.0, amount / unit) else np.nan


def _relaxation(
    oracle: Oracle, every: list[Claim]
) -> tuple[tuple[tuple[Claim, float], ...], float]:
    """The least total by which all claims but blends give way, by a plan and a proof that meet."""
    soft = [claim for claim in every if claim.kind is not Kind.BLEND]
    given = least_given(oracle.problem, soft, oracle.effort)
    if given.plan is None:
        return (), np.nan
    amounts = [(claim, excess(oracle.problem, given.plan, claim)) for claim in soft]
    amounts = [(c, by) for c, by in amounts if by > SURE * size(oracle.problem, c)]
    total = sum(by / size(oracle.problem, claim) for claim, by in amounts)
    if total > given.least + SURE * max(1.0, total):
        return (), np.nan
    return tuple(amounts), float(total)
