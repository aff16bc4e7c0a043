"""The relaxation of plain components: its bound, what lanes lose, kernels of few lanes."""

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.exchange_cases import random_arrays, random_exchange
from support.exchange_oracle import best_values

from solvers.exchange import Exchange
from solvers.exchange.audit import breaches
from solvers.exchange.build import build
from solvers.exchange.climb import Part, begin, climb, ladder
from solvers.exchange.components import worthwhile
from solvers.exchange.engine import Effort, Ending
from solvers.exchange.integer import relax
from solvers.exchange.kernel import kernel_of, nearest, proven_bound, relax_model
from solvers.exchange.plan import plan_of
from solvers.exchange.reach import most_shipped
from solvers.exchange.relaxation import Lanes, Relaxed, is_plain, relax_lanes
from solvers.exchange.stages import stage_program
from solvers.exchange.watch import Watch

EXACT = Effort(0.0, np.inf, 0)
PLAIN = ("min_lot", "min_delivered", "min_quantity", "max_quantity", "fixed", "fixed_period")
PLAIN += ("partners", "ratio", "thirds")
OTHERS = ("storage", "must", "required", "trips", "modes", "hubs", "capacity", "opening", "chain")
OTHERS += ("groups", "limits", "blend", "exchanges")
quick = settings(
    max_examples=150, deadline=None, derandomize=True, database=None, phases=[Phase.generate]
)


def fixed_charges(seed: int, size: int, lot: float = 4.0) -> Exchange:
    """Every source may ship to every sink at a fixed cost, in lots, to two partners."""
    rng = np.random.default_rng(seed)
    origin, destination = (end.ravel() for end in np.indices((size, size)))
    return Exchange(
        supply=rng.uniform(5, 50, size),
        demand=rng.uniform(5, 50, size),
        origin=origin,
        destination=destination,
        gain=rng.uniform(1, 5, size * size),
        way_gain=-rng.uniform(5, 60, (1, size * size)),
        supply_partners=np.full(size, 2.0),
        demand_partners=np.full(size, 3.0),
        min_lot=np.full(size * size, lot),
    )


def relaxed_plain(problem: Exchange) -> Relaxed:
    """The relaxation of a problem that is plain."""
    found = relax_lanes(Lanes.of(problem, most_shipped(problem)), EXACT)
    assert found is not None
    return found


@quick
@given(st.integers(0, 10**6), st.sets(st.sampled_from(PLAIN), max_size=6))
def test_no_plan_passes_the_bound_of_a_plain_problem(seed: int, features: set[str]) -> None:
    arrays = random_arrays(seed, features)
    arrays["pair"] = np.arange(len(arrays["pair"]))
    problem = Exchange(**arrays)
    best = best_values(problem)
    assert is_plain(problem)
    assert best is not None
    assert relaxed_plain(problem).bound >= best[0] - 1e-7 * max(1.0, abs(best[0]))


@quick
@given(st.integers(0, 10**6), st.sets(st.sampled_from(PLAIN), max_size=5), st.integers(0, 99))
def test_plans_that_use_a_lane_lose_what_it_is_said_to_lose(
    seed: int, features: set[str], pick: int
) -> None:
    arrays = random_arrays(seed, features)
    arrays["pair"] = np.arange(len(arrays["pair"]))
    arrays["min_quantity"] = np.maximum(arrays["min_quantity"], 0.5)  # nothing is no use
    relaxed = relaxed_plain(Exchange(**arrays))
    lane = pick % len(arrays["origin"])
    rewarded = dict(arrays)
    way_gain = np.array(arrays.get("way_gain", np.zeros((1, len(arrays["pair"])))))
    much = 10.0 * (1.0 + relaxed.bound + float(relaxed.loss.max()))
    way_gain[0, arrays["way"][lane]] += much  # so that the best plan uses the lane if any can
    rewarded["way_gain"] = way_gain
    best = best_values(Exchange(**rewarded))
    assert best is not None
    if best[0] > much / 2:
        assert best[0] - much <= relaxed.bound - relaxed.loss[lane] + 1e-6 * much


@quick
@given(
    st.integers(0, 10**6),
    st.sets(st.sampled_from(PLAIN + OTHERS), max_size=7),
    st.integers(1, 3),
)
def test_no_plan_passes_the_bound_of_any_problem_at_any_rung(
    seed: int, features: set[str], periods: int
) -> None:
    problem = random_exchange(seed, features, periods)
    best = best_values(problem)
    if best is None:
        return
    part = Part(problem, most_shipped(problem), 0, many=True)
    standing, watch = begin(part, EXACT), Watch(np.inf)
    model = build(problem, part.most)
    whole = relax_model(problem, model, stage_program(model, 0, np.empty(0)), EXACT)
    slack = 1e-6 * max(1.0, abs(best[0]))
    assert whole.bound >= best[0] - slack
    for _ in range(3):
        assert standing.bound >= best[0] - slack
        assert standing.value <= best[0] + slack
        standing = climb(part, standing, Effort(1e-2, np.inf, 0), watch)
    assert standing.ending is not Ending.INFEASIBLE


@pytest.mark.parametrize(
    "features", [PLAIN, ("fixed", "partners"), *[(f, "fixed") for f in OTHERS]]
)
def test_kernels_and_groups_bound_and_hold_in_problems_of_all_kinds(
    features: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("solvers.exchange.climb.SMALL", 0)
    monkeypatch.setattr("solvers.exchange.climb.SEARCHED", 4)
    for seed in range(5):
        problem = random_exchange(seed, features, 1 + seed % 2)
        best = best_values(problem)
        if best is None:
            continue
        part = Part(problem, most_shipped(problem), 0, many=True)
        standing, watch = begin(part, EXACT), Watch(np.inf)
        slack = 1e-6 * max(1.0, abs(best[0]))
        for _ in range(6):
            assert standing.bound >= best[0] - slack
            assert standing.value <= best[0] + slack
            standing = climb(part, standing, Effort(1e-2, np.inf, 0), watch)
        assert standing.shipped is not None
        assert breaches(problem, plan_of(problem, standing.shipped)) == []
        assert standing.value >= best[0] - 0.011 * max(1.0, abs(best[0]))


@pytest.mark.parametrize("seed", range(5))
def test_few_lanes_at_a_time_prove_what_all_lanes_prove(seed: int) -> None:
    problem = fixed_charges(seed, 20)
    model = build(problem, most_shipped(problem))
    whole = relax(stage_program(model, 0, np.empty(0)), EXACT)
    assert relaxed_plain(problem).bound == pytest.approx(whole.bound, rel=1e-6)


def test_two_lanes_of_one_firm_share_its_supply_and_their_costs_by_hand() -> None:
    # 10 t to ship; one sink takes 6 t, the other 10 t. Gain 3 a tonne, 6 once for a lane.
    problem = Exchange(
        supply=np.array([10.0]),
        demand=np.array([6.0, 10.0]),
        origin=np.array([0, 0]),
        destination=np.array([0, 1]),
        gain=np.array([3.0, 3.0]),
        way_gain=np.array([[-6.0, -6.0]]),
    )
    # Spread over what it can carry, the first lane costs 1 a tonne, the second 0.6: 10 * 2.4.
    relaxed = relaxed_plain(problem)
    assert relaxed.bound == pytest.approx(24.0)
    # Using the first lane to the full loses the difference on its 6 t.
    assert relaxed.loss == pytest.approx([2.4, 0.0])


@pytest.mark.parametrize("seed", range(6))
def test_a_kernel_searched_to_the_end_bounds_the_whole(seed: int) -> None:
    problem = fixed_charges(seed, 6)
    best = best_values(problem)
    assert best is not None
    relaxed = relaxed_plain(problem)
    for width in (1, 2, 4):
        kernel = kernel_of(
            problem, most_shipped(problem), relaxed, nearest(problem, relaxed, None, width)
        )
        own = best_values(kernel.problem)
        assert own is not None
        assert own[0] <= best[0] + 1e-6
        assert proven_bound(kernel, relaxed, float(own[0])) >= best[0] - 1e-6


def test_what_is_not_plain_is_left_to_the_whole_linear_program() -> None:
    assert is_plain(random_exchange(0, {"min_lot", "fixed", "partners"}))
    for feature in OTHERS:
        cases = [random_exchange(seed, {feature, "fixed"}, 1) for seed in range(6)]
        plain = [is_plain(case) for case in cases]
        assert not all(plain) or feature == "storage", feature
    assert not is_plain(random_exchange(0, {"fixed"}, 2))
    assert not is_plain(random_exchange(0, {"fixed", "two"}, 1))


def test_lanes_too_small_for_their_lot_or_not_worth_their_cost_are_left_out() -> None:
    problem = Exchange(
        supply=np.array([10.0, 30.0]),
        demand=np.array([40.0]),
        origin=np.array([0, 1]),
        destination=np.array([0, 0]),
        gain=np.array([2.0, 2.0]),
        min_lot=np.array([11.0, 11.0]),
        way_gain=np.array([[0.0, -59.0]]),
    )
    assert worthwhile(problem, most_shipped(problem)).tolist() == [False, True]
    dear = Exchange(
        supply=problem.supply,
        demand=problem.demand,
        origin=problem.origin,
        destination=problem.destination,
        gain=problem.gain,
        way_gain=np.array([[-19.0, -60.0]]),
    )
    assert worthwhile(dear, most_shipped(dear)).tolist() == [True, False]


def test_a_required_sink_keeps_lanes_that_do_not_pay() -> None:
    problem = Exchange(
        supply=np.array([10.0]),
        demand=np.array([5.0]),
        must_fill=np.array([True]),
        origin=np.array([0]),
        destination=np.array([0]),
        gain=np.array([1.0]),
        way_gain=np.array([[-50.0]]),
    )
    assert worthwhile(problem, most_shipped(problem)).tolist() == [True]


def test_every_ladder_without_a_time_limit_ends_with_a_search_to_the_end() -> None:
    for size in (3, 13):
        part = Part(fixed_charges(0, size), np.ones((size * size, 1)), 0, many=False)
        last = ladder(part, begin(part, EXACT), limited=False)[-1]
        assert last.nodes is None
        assert last.close == 0.0
