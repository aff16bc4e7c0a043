"""What cannot hold together: by trying all choices, and by a soft model written once more."""

import time
from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from support.exchange_cases import FEATURES, random_exchange
from support.exchange_oracle import best_values

from solvers.exchange import Exchange, Limit, Status, solve
from solvers.exchange.claims import REQUIREMENTS, Claim, Conflict, Kind, claims_of, figure, without
from solvers.exchange.conflict import find_conflict, find_conflicts, smallest_choice
from solvers.exchange.elastic import least_given
from solvers.exchange.engine import Effort, Ending
from solvers.exchange.excess import excess
from solvers.exchange.oracle import Oracle
from solvers.exchange.plan import plan_of

EFFORT = Effort(0.0, np.inf, 0)
LEAST = (Kind.REQUIRED, Kind.MIN_QUANTITY)
SOFT = ("must", "required", "max_quantity", "limits", "groups", "hubs", "capacity", "ratio")


def conflict_of(problem: Exchange) -> Conflict:
    found = find_conflict(problem, time.perf_counter() + 100.0, 0)
    assert found is not None
    return found


def conflicts_of(problem: Exchange) -> tuple[Conflict, ...]:
    """What an infeasible outcome's parts cannot hold together."""
    outcome = solve(problem)
    assert outcome.status is Status.INFEASIBLE
    assert outcome.shortfalls is not None
    return find_conflicts(problem, outcome.shortfalls)


def kinds(conflict: Conflict) -> list[tuple[str, int]]:
    return [(str(claim.kind), claim.position) for claim in conflict.claims]


def infeasible_problems(seeds: Iterable[int], most: int) -> list[Exchange]:
    """Random infeasible problems with at most so many claims."""
    found = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        features = [name for name in FEATURES if rng.random() < 0.3] + ["must", "required"]
        problem = random_exchange(seed, features, periods=1 + seed % 2)
        if len(claims_of(problem)) <= most and not feasible(problem):
            found.append(problem)
    return found


def feasible(problem: Exchange) -> bool:
    """By the independent model, its gains left out."""
    bare = {f"{name}_gain": None for name in ("way", "period", "trip", "pair", "hub", "group")}
    none = np.zeros((1, problem.sizes["k"]))
    return best_values(replace(problem, gain=none, tolerance=0.0, **bare)) is not None


def freed(problem: Exchange, claims: Iterable[Claim]) -> Exchange:
    """The problem without some claims, array by array."""
    arrays = {name: np.array(getattr(problem, name)) for name in ARRAYS}
    limits, blend = list(problem.limits), np.array(problem.blend_coef)
    for kind, at in ((claim.kind, claim.position) for claim in claims):
        if kind in (Kind.MUST_SHIP, Kind.MUST_FILL):
            arrays[str(kind)][at] = False
        elif kind in LEAST:
            arrays["min_quantity"][at], arrays["required"][at] = 0.0, False
        elif kind is Kind.LIMIT:
            limits[at] = Limit(limit=1e9)
        elif kind is Kind.BLEND:
            blend[problem.blend_row == at] = 0.0
        elif kind in (Kind.MIN_LOT, Kind.MIN_DELIVERED):
            end = problem.origin if kind is Kind.MIN_LOT else problem.destination
            arrays[str(kind)][problem.way[end == at]] = 0.0
        else:
            arrays[str(kind)][at] = np.inf
    return replace(problem, **arrays, limits=tuple(limits), blend_coef=blend)


ARRAYS = (
    *("must_ship", "must_fill", "required", "min_quantity", "max_quantity", "hub_capacity"),
    *("group_capacity", "min_lot", "min_delivered", "supply_partners", "demand_partners"),
)


def check_by_trying(problem: Exchange) -> None:
    """The set fails, and no choice of one claim less does; by monotony no smaller one does."""
    every, found = set(claims_of(problem)), conflict_of(problem)
    chosen = set(found.claims)
    assert found.irreducible
    assert found.minimum
    assert not feasible(freed(problem, every - chosen))
    for choice in combinations(sorted(every), len(chosen) - 1):
        assert feasible(freed(problem, every - set(choice))), choice


def test_no_smaller_set_fails_than_the_one_named() -> None:
    problems = infeasible_problems(range(60), most=16)
    assert len(problems) >= 12
    for problem in problems:
        check_by_trying(problem)


@pytest.mark.long
def test_no_smaller_set_fails_on_hundreds_of_problems() -> None:
    problems = infeasible_problems(range(1000, 1220), most=18)
    assert len(problems) >= 70
    for problem in problems:
        check_by_trying(problem)


def eased(problem: Exchange, claim: Claim, by: float) -> Exchange:
    """The problem with one claim's figure changed by an amount.

    A source or sink gets a partner of its own, over a way that carries at most so much.
    """
    at, kind = claim.position, claim.kind
    if kind in (Kind.MUST_SHIP, Kind.MUST_FILL):
        return with_partner(problem, claim, by)
    if kind is Kind.LIMIT:
        rows = list(problem.limits)
        rows[at] = replace(rows[at], limit=rows[at].limit + by)
        return replace(problem, limits=tuple(rows))
    if kind in (Kind.MIN_LOT, Kind.MIN_DELIVERED):
        end = problem.origin if kind is Kind.MIN_LOT else problem.destination
        lots = np.array(getattr(problem, str(kind)))
        ways = problem.way[end == at]
        lots[ways] = np.maximum(lots[ways] - by, 0.0)
        return replace(problem, **{str(kind): lots})
    name = "min_quantity" if kind in LEAST else str(kind)
    row = np.array(getattr(problem, name))
    row[at] = max(row[at] - by, 0.0) if kind in LEAST else row[at] + by
    return replace(problem, **{name: row})


def with_partner(problem: Exchange, claim: Claim, by: float) -> Exchange:
    """One more sink that takes from a source, or source that fills a sink, up to an amount."""
    ships, much = claim.kind is Kind.MUST_SHIP, np.full((1, problem.periods), 1e4)
    m, n, w, q = (problem.sizes[axis] for axis in "mnwq")
    shifted = np.where(problem.origin >= m, problem.origin + (not ships), problem.origin)
    past = np.where(problem.destination >= n, problem.destination + ships, problem.destination)
    extra = (claim.position, n) if ships else (m, claim.position)
    grown = {
        "supply": problem.supply if ships else np.vstack([problem.supply, much]),
        "demand": np.vstack([problem.demand, much]) if ships else problem.demand,
        "origin": np.append(shifted, extra[0]),
        "destination": np.append(past, extra[1]),
        "way": np.append(problem.way, w),
        "pair": np.append(problem.pair, q),
        "ratio": np.append(problem.ratio, 1.0),
        "gain": np.zeros((1, len(problem.way) + 1)),
        "max_quantity": np.append(problem.max_quantity, by),
    }
    for name in ("min_lot", "min_delivered", "min_quantity"):
        grown[name] = np.append(getattr(problem, name), 0.0)
    grown["required"] = np.append(problem.required, False)
    grown["way_group"] = np.append(problem.way_group, -1)
    grown["trip_payload"] = np.append(problem.trip_payload, np.inf)
    for name in ("supply", "demand"):
        more = (name == "demand") == ships
        for field, value in (("storage", 0.0), ("partners", np.inf)):
            column = getattr(problem, f"{name}_{field}")
            grown[f"{name}_{field}"] = np.append(column, value) if more else column
        must = "must_fill" if name == "demand" else "must_ship"
        column = getattr(problem, must)
        grown[must] = np.append(column, False) if more else column
    gains = {f"{name}_gain": None for name in ("way", "period", "trip", "pair", "hub", "group")}
    limits = tuple(longer(row) for row in problem.limits)
    return replace(problem, **grown, **gains, limits=limits)


def longer(row: Limit) -> Limit:
    """A limit that does not count one more lane, way and pair."""
    names = ("lane_coef", "way_coef", "period_coef", "trip_coef", "pair_coef")
    return replace(row, **{name: np.append(getattr(row, name), 0.0) for name in names})


def partner_limits(problem: Exchange, claim: Claim) -> bool:
    """Whether a partner of its own would count against the claim's end."""
    if claim.kind is Kind.MUST_SHIP:
        return bool(np.isfinite(problem.supply_partners[claim.position]))
    return claim.kind is Kind.MUST_FILL and bool(
        np.isfinite(problem.demand_partners[claim.position])
    )


def check_amounts(problem: Exchange) -> int:
    """Giving so much is enough and a little less is not; what does not suffice never does."""
    every, found, checked = set(claims_of(problem)), conflict_of(problem), 0
    subset = freed(problem, every - set(found.claims))
    for relief in found.reliefs:
        assert relief.suffices is feasible(freed(problem, [relief.claim]))
        if partner_limits(problem, relief.claim):
            continue
        for where, amount in ((subset, relief.within), (problem, relief.alone)):
            if not np.isnan(amount):
                assert feasible(eased(where, relief.claim, amount * (1 + 1e-6) + 1e-6))
                assert not feasible(eased(where, relief.claim, amount - 1e-3))
                checked += 1
    return checked


def test_each_member_gives_what_is_needed_and_no_less() -> None:
    assert sum(check_amounts(problem) for problem in infeasible_problems(range(200, 230), 20)) >= 20


@pytest.mark.long
def test_each_member_gives_what_is_needed_on_hundreds_of_problems() -> None:
    problems = infeasible_problems(range(2000, 2120), 30)
    assert sum(check_amounts(problem) for problem in problems) >= 100


def counted(problem: Exchange, claim: Claim) -> np.ndarray:
    """What each lane counts in a claim, shape (k,)."""
    here = claim.position
    if claim.kind is Kind.LIMIT:
        return problem.limits[here].lane_coef
    end = {
        Kind.MUST_SHIP: problem.origin == here,
        Kind.MUST_FILL: (problem.destination == here) * problem.ratio,
        Kind.REQUIRED: problem.way == here,
        Kind.MAX_QUANTITY: problem.way == here,
        Kind.GROUP_CAPACITY: problem.group == here,
        Kind.HUB_CAPACITY: (problem.hub == here) * problem.ratio,
    }
    return end[claim.kind].astype(float)


def left_over(problem: Exchange, product: int) -> np.ndarray:
    """What each lane adds to a product that leaves, less what it makes of it, shape (k,)."""
    recipe = problem.destination - problem.sizes["n"]
    balance = (problem.origin == problem.sizes["m"] + product).astype(float)
    for lane in np.flatnonzero(recipe >= 0):
        if problem.recipe_product[recipe[lane]] == product:
            balance[lane] -= problem.ratio[lane] * problem.recipe_yield[recipe[lane]]
    return balance


def least_total(problem: Exchange) -> float:
    """The least sum of what claims give, each by its figure, in one dense linear program."""
    lanes, claims = problem.sizes["k"], claims_of(problem)
    sizes = np.array([figure(problem, claim) for claim in claims])
    asks = np.array([claim.kind in REQUIREMENTS for claim in claims])
    slack = np.diag(np.where(asks, 1.0, -1.0))
    soft = np.hstack([np.array([counted(problem, claim) for claim in claims]), slack])
    facts = [(problem.origin == i) * 1.0 for i in range(problem.sizes["m"])]
    facts += [(problem.destination == j) * problem.ratio for j in range(problem.sizes["n"])]
    balances = [left_over(problem, product) for product in range(problem.sizes["p"])]
    hard = np.hstack(
        [np.array([*facts, *balances]), np.zeros((len(facts + balances), len(claims)))]
    )
    zero = np.zeros(len(balances))
    most = np.concatenate([problem.supply[:, 0], problem.demand[:, 0], zero])
    low = np.concatenate([np.where(asks, sizes, -np.inf), np.full(len(facts), -np.inf), zero])
    high = np.concatenate([np.where(asks, np.inf, sizes), most])
    found = milp(
        np.append(np.zeros(lanes), 1.0 / np.where(sizes == 0, 1.0, sizes)),
        constraints=LinearConstraint(np.vstack([soft, hard]), low, high),
        bounds=Bounds(0.0, 1e4),
    )
    return float(found.fun)


def test_the_least_total_that_gives_way_is_that_of_a_model_written_once_more() -> None:
    checked = 0
    for seed in range(400, 440):
        problem = random_exchange(seed, SOFT)
        plain = [replace(r, way_coef=None, period_coef=None, trip_coef=None, pair_coef=None)
                 for r in problem.limits]  # fmt: skip
        problem = replace(problem, limits=tuple(plain), min_quantity=np.where(
            problem.required, problem.min_quantity, 0.0))  # fmt: skip
        if feasible(problem):
            continue
        assert conflict_of(problem).relaxed == pytest.approx(least_total(problem), rel=1e-6)
        checked += 1
    assert checked >= 10


def test_what_must_leave_and_a_limit_that_lets_less_leave_are_named_with_what_each_would_give() -> (
    None
):
    problem = Exchange(
        supply=np.array([10.0, 10.0]),
        demand=np.array([6.0, 30.0]),
        origin=np.array([0, 0, 1]),
        destination=np.array([0, 1, 1]),
        gain=np.ones(3),
        must_ship=np.array([True, False]),
        limits=(Limit(limit=4.0, lane_coef=np.ones(3)),),
    )
    (conflict,) = conflicts_of(problem)
    assert kinds(conflict) == [("must_ship", 0), ("limit", 0)]
    assert conflict.minimum
    assert conflict.certified
    assert [relief.alone for relief in conflict.reliefs] == pytest.approx([6.0, 6.0])
    # 6 of 10 that must leave, or 6 on top of 4: the first is the smaller part of its figure.
    assert [(str(c.kind), by) for c, by in conflict.relaxation] == [("must_ship", 6.0)]
    assert conflict.relaxed == pytest.approx(0.6)


def test_every_part_that_fails_has_its_own_set() -> None:
    problem = Exchange(
        supply=np.array([10.0, 10.0, 5.0]),
        demand=np.array([6.0, 7.0, 5.0]),
        origin=np.array([0, 1, 2]),
        destination=np.array([0, 1, 2]),
        gain=np.ones(3),
        must_ship=np.ones(3, dtype=bool),
    )
    found = conflicts_of(problem)
    assert [kinds(each) for each in found] == [[("must_ship", 0)], [("must_ship", 1)]]
    assert [each.reliefs[0].within for each in found] == pytest.approx([4.0, 3.0])
    assert [each.reliefs[0].suffices for each in found] == [False, False]


def test_whole_numbers_alone_can_be_what_does_not_fit() -> None:
    # Two lots of at least 4 out of 6: a relaxation would split them, so no prices prove it.
    problem = Exchange(
        supply=np.array([6.0]),
        demand=np.array([3.0, 3.0]),
        origin=np.array([0, 0]),
        destination=np.array([0, 1]),
        gain=np.ones(2),
        must_fill=np.array([True, False]),
        min_lot=np.array([4.0, 4.0]),
    )
    conflict = conflict_of(problem)
    assert kinds(conflict) == [("must_fill", 0), ("min_lot", 0)]
    assert [relief.alone for relief in conflict.reliefs] == pytest.approx([3.0, 1.0])


def test_partners_give_way_by_whole_numbers() -> None:
    problem = Exchange(
        supply=np.array([9.0]),
        demand=np.array([3.0, 3.0, 3.0]),
        origin=np.zeros(3, dtype=int),
        destination=np.arange(3),
        gain=np.ones(3),
        must_ship=np.array([True]),
        supply_partners=np.array([1.0]),
    )
    conflict = conflict_of(problem)
    assert kinds(conflict) == [("must_ship", 0), ("supply_partners", 0)]
    assert [relief.alone for relief in conflict.reliefs] == pytest.approx([6.0, 2.0])


def test_a_capacity_that_bounds_a_circle_of_hubs_is_a_fact_not_a_claim() -> None:
    problem = Exchange(
        supply=np.array([9.0]),
        demand=np.array([3.0]),
        origin=np.array([0, 1, 2, 1]),
        destination=np.array([1, 2, 1, 0]),
        gain=np.zeros(4),
        ratio=np.array([1.0, 2.0, 1.0, 1.0]),
        must_ship=np.array([True]),
        recipe_hub=np.array([0, 1]),
        recipe_product=np.array([0, 1]),
        product_hub=np.array([0, 1]),
        hub_capacity=np.array([5.0, 5.0]),
    )
    assert Kind.HUB_CAPACITY not in {claim.kind for claim in claims_of(problem)}
    assert kinds(conflict_of(problem)) == [("must_ship", 0)]


def test_a_quality_row_is_named_without_an_amount() -> None:
    problem = Exchange(
        supply=np.array([10.0]),
        demand=np.array([10.0]),
        origin=np.array([0]),
        destination=np.array([0]),
        gain=np.ones(1),
        must_ship=np.array([True]),
        blend_row=np.array([0]),
        blend_lane=np.array([0]),
        blend_coef=np.array([2.0]),
        blend_rows=1,
    )
    conflict = conflict_of(problem)
    assert kinds(conflict) == [("must_ship", 0), ("blend", 0)]
    quality = conflict.reliefs[1]
    assert quality.suffices
    assert np.isnan(quality.alone)


def test_what_holds_has_no_set() -> None:
    problem = random_exchange(3, [])
    assert find_conflict(problem, time.perf_counter() + 10.0, 0) is None


def test_without_time_nothing_is_named_rather_than_guessed() -> None:
    problem = infeasible_problems(range(60), most=16)[0]
    assert find_conflict(problem, time.perf_counter() - 1.0, 0) is None
    assert Oracle(problem, time.perf_counter() - 1.0, 0).ask([]).ending is Ending.FEASIBLE


def test_what_a_plan_passes_is_worked_out_from_what_it_ships() -> None:
    problem = Exchange(
        supply=np.array([[5.0, 5.0]]),
        demand=np.array([[4.0, 8.0]]),
        origin=np.array([0]),
        destination=np.array([0]),
        gain=np.ones(1),
        must_ship=np.array([True]),
        must_fill=np.array([True]),
        supply_storage=np.array([2.0]),
        max_quantity=np.array([7.0]),
    )
    plan = plan_of(problem, np.array([[2.0, 6.0]]))
    # Of 5 in the first period 2 leave and 2 wait; 1 is lost; of the 7 then, 1 stays behind.
    passed = {str(claim.kind): excess(problem, plan, claim) for claim in claims_of(problem)}
    assert passed == {"must_ship": 2.0, "must_fill": 4.0, "max_quantity": 1.0}


def test_a_least_that_is_enough_is_proven_by_prices_alone() -> None:
    problem = Exchange(
        supply=np.array([10.0]),
        demand=np.array([6.0]),
        origin=np.array([0]),
        destination=np.array([0]),
        gain=np.ones(1),
        must_ship=np.array([True]),
    )
    given = least_given(problem, claims_of(problem), EFFORT, enough=1e-7)
    assert given.certified
    assert given.least == pytest.approx(0.4, rel=1e-9)
    assert without(problem, claims_of(problem)).must_ship.tolist() == [False]


def test_the_smallest_choice_meets_every_set() -> None:
    a, b, c, d = (Claim(Kind.LIMIT, at) for at in range(4))
    sets = [frozenset(s) for s in ((a, b), (b, c), (c, d), (a, d))]
    assert smallest_choice(sets, 4) == (frozenset({a, c}), True)
    assert smallest_choice(sets, 1) == (None, True)
    assert solve(random_exchange(3, [])).status is Status.OPTIMAL
