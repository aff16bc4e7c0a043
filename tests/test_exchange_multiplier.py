"""Flows under one yearly limit: the price at which they meet it, against the dense model."""

from dataclasses import fields

import numpy as np
import pytest
from support.exchange_oracle import best_values

from solvers.exchange import Exchange, Limit, Outcome, Status, multiplier, solve
from solvers.exchange.pricing import bound, reduced_gain
from solvers.exchange.reach import most_shipped


@pytest.fixture(autouse=True)
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small problems take the way of large ones."""
    monkeypatch.setattr(multiplier, "LEAST", 0)


def two_lanes(**more: object) -> Exchange:
    """Two lanes that share nothing, of 5 each, gaining 2 and 3."""
    arrays = {
        "supply": [5.0, 5.0],
        "demand": [5.0, 5.0],
        "origin": [0, 1],
        "destination": [0, 1],
        "gain": [2.0, 3.0],
    }
    return Exchange(**{name: np.array(each) for name, each in arrays.items()}, **more)


def random_limited(seed: int) -> Exchange:
    """Several small networks, whose lanes one limit counts: some, all, or some as relief."""
    rng = np.random.default_rng(seed)
    blocks, periods = int(rng.integers(1, 7)), int(rng.integers(1, 4))
    m, n = (rng.integers(1, 5, blocks) for _ in range(2))
    origin, destination = [], []
    for block in range(blocks):
        lanes = [(i, j) for i in range(m[block]) for j in range(n[block]) if rng.random() < 0.8]
        origin += [m[:block].sum() + i for i, _ in lanes]
        destination += [n[:block].sum() + j for _, j in lanes]
    k = len(origin)
    counts = rng.choice([0.0, 1.0, 2.5, 0.3], k) if seed % 3 else rng.uniform(0.5, 1.5, k)
    if seed % 7 == 0:
        counts = np.where(rng.random(k) < 0.2, -counts, counts)
    supply = rng.integers(0, 12, (m.sum(), periods)).astype(float)
    demand = rng.integers(0, 12, (n.sum(), periods)).astype(float)
    limited = rng.random(k) < (0.3 if seed % 2 and periods == 1 else 0.0)
    gives, takes = rng.choice([1.0, 0.5, 0.8], m.sum()), rng.choice([1.0, 2.0], n.sum())
    return Exchange(
        supply=supply,
        demand=demand,
        supply_storage=rng.integers(0, 6, m.sum()).astype(float),
        demand_storage=rng.integers(0, 6, n.sum()).astype(float),
        must_ship=rng.random(m.sum()) < (0.1 if seed % 5 == 0 else 0.0),
        must_fill=rng.random(n.sum()) < (0.1 if seed % 5 == 1 else 0.0),
        origin=np.array(origin, dtype=np.int64),
        destination=np.array(destination, dtype=np.int64),
        ratio=gives[origin] * takes[destination] if seed % 4 == 0 else np.ones(k),
        max_quantity=np.where(limited, rng.integers(1, 6, k), np.inf),
        gain=rng.integers(-4, 20, k).astype(float),
        limits=(Limit(limit=float(rng.uniform(0.0, 0.5) * supply.sum()), lane_coef=counts),),
    )


def assert_best(problem: Exchange) -> Outcome:
    """The dense model's value, no limit broken, and prices that prove the bound."""
    best, outcome = best_values(problem), solve(problem, gap=1e-6, threads=1)
    if best is None:
        assert outcome.status is Status.INFEASIBLE
        return outcome
    near = 2e-6 * max(1.0, abs(best[0]))
    assert outcome.status is Status.OPTIMAL, outcome.message
    assert abs(outcome.values[0] - best[0]) <= near
    assert best[0] - near <= outcome.bounds[0] <= best[0] + near
    row = problem.limits[0]
    counted = row.lane_coef @ outcome.shipped.sum(axis=1)
    assert counted <= row.limit + 1e-7 * max(1.0, row.limit)
    if not outcome.component_method:  # no lane is worth anything, and no price is asked
        return outcome
    assert outcome.prices is not None
    assert outcome.prices.limit[0] >= 0.0
    most = most_shipped(problem)
    assert bound(problem, problem.gain[0], outcome.prices, most) <= best[0] + near
    slight = 1e-6 * np.abs(problem.gain).max(initial=1.0)
    assert np.all(reduced_gain(problem, problem.gain[0], outcome.prices)[most > 0] <= slight)
    return outcome


def test_the_better_lane_is_full_and_the_other_ships_what_is_left() -> None:
    """Counting 1 a unit, 6 units: 5 at 3 and 1 at 2; one unit more would bring 2."""
    outcome = assert_best(two_lanes(limits=(Limit(limit=6.0, lane_coef=np.ones(2)),)))
    assert outcome.shipped[:, 0] == pytest.approx([1.0, 5.0])
    assert outcome.prices is not None
    assert outcome.prices.limit == pytest.approx([2.0])
    assert outcome.component_method == ("flow",)


def test_what_counts_more_is_given_up_first() -> None:
    """The lane that gains 3 counts 6: half a unit of gain each; the one that gains 2 counts 1."""
    limit = Limit(limit=11.0, lane_coef=np.array([1.0, 6.0]))
    outcome = assert_best(two_lanes(limits=(limit,)))
    assert outcome.shipped[:, 0] == pytest.approx([5.0, 1.0])
    assert outcome.prices is not None
    assert outcome.prices.limit == pytest.approx([0.5])


def test_a_limit_of_nothing_ships_nothing() -> None:
    outcome = assert_best(two_lanes(limits=(Limit(limit=0.0, lane_coef=np.ones(2)),)))
    assert not outcome.shipped.any()


def test_what_the_limit_does_not_count_stays_as_it_was() -> None:
    limit = Limit(limit=2.0, lane_coef=np.array([1.0, 0.0]))
    outcome = assert_best(two_lanes(limits=(limit,)))
    assert outcome.shipped[:, 0] == pytest.approx([2.0, 5.0])
    assert outcome.component_method == ("flow", "flow")
    assert outcome.component_value == pytest.approx([4.0, 15.0])


def test_what_must_be_filled_beyond_the_limit_is_infeasible() -> None:
    limit = Limit(limit=4.0, lane_coef=np.ones(2))
    outcome = solve(two_lanes(must_fill=np.array([True, False]), limits=(limit,)))
    assert outcome.status is Status.INFEASIBLE
    assert outcome.shortfalls is not None
    assert outcome.shortfalls.total == pytest.approx(1.0)


def test_what_must_be_filled_is_filled_first() -> None:
    limit = Limit(limit=6.0, lane_coef=np.ones(2))
    outcome = assert_best(two_lanes(must_fill=np.array([True, False]), limits=(limit,)))
    assert outcome.shipped[:, 0] == pytest.approx([5.0, 1.0])


def test_two_limits_that_both_hold_back_are_a_linear_program() -> None:
    """At most 4 of the first lane, at most 3 of the second."""
    rows = (
        Limit(limit=4.0, lane_coef=np.array([1.0, 0.0])),
        Limit(limit=3.0, lane_coef=np.array([0.0, 1.0])),
    )
    outcome = solve(two_lanes(limits=rows))
    assert outcome.shipped[:, 0] == pytest.approx([4.0, 3.0])
    assert outcome.component_method == ("lp", "lp")


def test_a_limit_that_binds_only_once_another_is_met_is_kept() -> None:
    """The first limit moves goods to the lane that the second one counts."""
    problem = Exchange(
        supply=np.array([10.0]),
        demand=np.array([10.0, 10.0]),
        origin=np.array([0, 0]),
        destination=np.array([0, 1]),
        gain=np.array([5.0, 4.0]),
        limits=(
            Limit(limit=2.0, lane_coef=np.array([1.0, 0.0])),
            Limit(limit=3.0, lane_coef=np.array([0.0, 1.0])),
        ),
    )
    outcome = solve(problem)
    assert outcome.shipped[:, 0] == pytest.approx([2.0, 3.0])
    assert outcome.status is Status.OPTIMAL


@pytest.mark.parametrize("seed", range(60))
def test_random_flows_under_a_limit_are_as_good_as_the_dense_model(seed: int) -> None:
    assert_best(random_limited(seed))


def test_most_random_limits_are_met_by_flows() -> None:
    """The way is taken: of limits that hold back, all but a few end as flows."""
    methods = [solve(random_limited(seed), gap=1e-6, threads=1).method for seed in range(60)]
    assert sum(method == "flow" for method in methods) >= 50


def test_equal_problems_give_equal_bytes() -> None:
    one, other = (solve(random_limited(3), threads=threads) for threads in (1, 2))
    assert one.shipped.tobytes() == other.shipped.tobytes()
    assert one.prices is not None
    assert other.prices is not None
    for each in fields(one.prices):
        prices = getattr(one.prices, each.name), getattr(other.prices, each.name)
        assert prices[0].tobytes() == prices[1].tobytes()


def test_a_gap_of_zero_is_met() -> None:
    for seed in range(10):
        problem = random_limited(seed)
        outcome = solve(problem, gap=0.0, threads=1)
        if outcome.status is not Status.INFEASIBLE:
            assert outcome.gaps[0] <= 1e-9


@pytest.mark.long
@pytest.mark.parametrize("start", range(100, 600, 100))
def test_hundreds_of_random_flows_under_a_limit(start: int) -> None:
    for seed in range(start, start + 100):
        assert_best(random_limited(seed))
