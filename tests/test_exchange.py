"""Small exchange problems whose best plans can be worked out by hand, feature by feature."""

from typing import Any

import numpy as np
import pytest
from support.exchange_by_hand import ONE, assert_worth, run

from solvers.exchange import Exchange, Limit, Status, solve

INF = np.inf


def test_the_better_of_two_sinks_is_served_first() -> None:
    outcome = run(
        supply=[10.0], demand=[7.0, 7.0], origin=[0, 0], destination=[0, 1], gain=[2.0, 3.0]
    )
    assert_worth(outcome, 27.0)
    assert outcome.shipped.ravel().tolist() == [3.0, 7.0]
    assert outcome.method == "flow"
    assert outcome.used.tolist() == [True, True]


def test_a_lane_that_loses_carries_nothing() -> None:
    outcome = run(supply=[10.0], demand=[7.0], **ONE, gain=[-1.0])
    assert_worth(outcome, 0.0)
    assert outcome.component.tolist() == [-1]
    assert outcome.method == "none"


def test_a_ratio_turns_what_is_shipped_into_what_is_delivered() -> None:
    # 10 shipped would deliver 5; the sink takes 4, so 8 are shipped.
    outcome = run(supply=[10.0], demand=[4.0], **ONE, gain=[1.0], ratio=[0.5])
    assert_worth(outcome, 8.0)


def test_ratios_that_are_not_separable_are_solved_as_a_linear_program() -> None:
    lanes: dict[str, Any] = {"origin": [0, 0, 1, 1], "destination": [0, 1, 0, 1]}
    outcome = run(
        supply=[4.0, 4.0], demand=[4.0, 4.0], **lanes, gain=[1.0] * 4, ratio=[1.0, 1.0, 1.0, 2.0]
    )
    # Crosswise both ship all they have; straight on, source 1 could ship only 2 to sink 1.
    assert_worth(outcome, 8.0)
    assert outcome.method == "lp"


def test_supplies_wait_for_the_demand_of_a_later_period() -> None:
    arrays = {"supply": [[10.0, 0.0]], "demand": [[2.0, 9.0]], **ONE, "gain": [1.0]}
    assert_worth(run(**arrays), 2.0)
    assert_worth(run(**arrays, supply_storage=[5.0]), 7.0)
    assert_worth(run(**arrays, demand_storage=[3.0]), 5.0)
    assert_worth(run(**arrays, supply_storage=[5.0], demand_storage=[3.0]), 10.0)


def test_storage_does_not_run_backwards() -> None:
    outcome = run(
        supply=[[0.0, 10.0]], demand=[[9.0, 2.0]], **ONE, gain=[1.0], supply_storage=[INF]
    )
    assert_worth(outcome, 2.0)


def test_what_must_be_shipped_leaves_at_a_loss() -> None:
    assert_worth(run(supply=[4.0], demand=[9.0], **ONE, gain=[-2.0], must_ship=[True]), -8.0)
    assert_worth(run(supply=[9.0], demand=[4.0], **ONE, gain=[-2.0], must_fill=[True]), -8.0)


def test_a_lot_is_shipped_in_full_or_not_at_all() -> None:
    lots = {"origin": [0, 0], "destination": [0, 1], "gain": [1.0, 3.0]}
    # Sink 1 takes 4 but asks for lots of 6: it gets none.
    outcome = run(supply=[10.0], demand=[8.0, 4.0], **lots, min_lot=[0.0, 6.0])
    assert_worth(outcome, 8.0)
    # Lots of 4 to sink 1 leave 6 for sink 0.
    assert_worth(run(supply=[10.0], demand=[8.0, 4.0], **lots, min_lot=[0.0, 4.0]), 18.0)
    # 7 in a lot leaves 3 for sink 1 instead of 4: 7 + 9 against 6 x 0 + 12.
    assert_worth(run(supply=[10.0], demand=[8.0, 4.0], **lots, min_lot=[7.0, 0.0]), 16.0)


def test_a_delivered_lot_counts_after_the_ratio() -> None:
    arrays = {"supply": [10.0], "demand": [10.0], **ONE, "gain": [1.0], "ratio": [0.5]}
    assert_worth(run(**arrays, min_delivered=[5.0]), 10.0)
    assert_worth(run(**arrays, min_delivered=[5.5]), 0.0)


def test_lots_hold_in_each_period() -> None:
    outcome = run(supply=[[4.0, 2.0]], demand=[[9.0, 9.0]], **ONE, gain=[1.0], min_lot=[3.0])
    assert_worth(outcome, 4.0)
    stored = run(
        supply=[[4.0, 2.0]],
        demand=[[9.0, 9.0]],
        **ONE,
        gain=[1.0],
        min_lot=[3.0],
        supply_storage=[1.0],
    )
    assert_worth(stored, 6.0)


def test_least_and_most_hold_over_the_year() -> None:
    arrays = {"supply": [[4.0, 4.0]], "demand": [[9.0, 9.0]], **ONE, "gain": [1.0]}
    assert_worth(run(**arrays, max_quantity=[5.0]), 5.0)
    assert_worth(run(**arrays, min_quantity=[8.0]), 8.0)
    assert_worth(run(**arrays, min_quantity=[8.5]), 0.0)


def test_a_required_way_carries_its_least_at_a_loss() -> None:
    arrays = {"supply": [9.0], "demand": [9.0], **ONE, "gain": [-2.0], "min_quantity": [3.0]}
    assert_worth(run(**arrays), 0.0)
    assert_worth(run(**arrays, required=[True]), -6.0)


def test_a_fixed_cost_is_paid_once_in_the_year_or_in_each_period() -> None:
    arrays = {"supply": [[5.0, 5.0]], "demand": [[5.0, 5.0]], **ONE, "gain": [1.0]}
    assert_worth(run(**arrays, way_gain=[[-6.0]]), 4.0)
    assert_worth(run(**arrays, way_gain=[[-11.0]]), 0.0)
    assert_worth(run(**arrays, period_gain=[[-4.0]]), 2.0)
    assert_worth(run(**arrays, period_gain=[[-6.0]]), 0.0)


def test_whole_trips_are_paid_for() -> None:
    arrays = {"supply": [10.0], "demand": [10.0], **ONE, "gain": [1.0], "trip_payload": [4.0]}
    outcome = run(**arrays, trip_gain=[[-3.0]])
    # Two full trips bring 8 - 6; a third would bring 2 - 3.
    assert_worth(outcome, 2.0)
    assert outcome.trips.tolist() == [[2.0]]
    assert_worth(run(**arrays, trip_gain=[[-1.0]]), 7.0)


def test_partners_are_distinct_pairs_whatever_the_modes() -> None:
    lanes = {"origin": [0, 0, 0], "destination": [0, 0, 1], "gain": [5.0, 4.0, 1.0]}
    arrays = {"supply": [10.0], "demand": [6.0, 6.0], **lanes, "max_quantity": [3.0, INF, INF]}
    both = {**arrays, "pair": [0, 0, 1]}
    assert_worth(run(**both), 15.0 + 12.0 + 4.0)
    assert_worth(run(**both, supply_partners=[1.0]), 15.0 + 12.0)
    # Were each mode a partner, only one of them could run.
    assert_worth(run(**arrays, pair=[0, 1, 2], supply_partners=[1.0]), 24.0)


def test_a_sink_too_has_only_so_many_partners() -> None:
    outcome = run(
        supply=[2.0, 3.0, 4.0],
        demand=[20.0],
        origin=[0, 1, 2],
        destination=[0, 0, 0],
        gain=[1.0, 1.0, 1.0],
        demand_partners=[2.0],
    )
    assert_worth(outcome, 7.0)


def test_exchanges_are_counted_by_pair_and_carry_something() -> None:
    outcome = run(
        supply=[10.0],
        demand=[6.0, 6.0, 6.0],
        origin=[0, 0, 0],
        destination=[0, 1, 2],
        gain=[[0.0, 0.0, 0.0], [3.0, 2.0, 1.0]],
        pair_gain=[[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]],
    )
    # Three exchanges; the third carries a thousandth, taken from the second best.
    assert_worth(outcome, 3.0, 18.0 + 2.0 * 3.999 + 0.001)
    assert outcome.shipped[2, 0] == pytest.approx(1e-3)


def test_ways_of_a_group_share_its_capacity_and_cost() -> None:
    arrays = {
        "supply": [5.0, 5.0],
        "demand": [5.0, 5.0],
        "origin": [0, 1],
        "destination": [0, 1],
        "gain": [2.0, 3.0],
        "way_group": [0, 0],
    }
    assert_worth(run(**arrays, group_capacity=[7.0]), 15.0 + 4.0)
    shared = run(**arrays, group_gain=[[-20.0]])
    assert_worth(shared, 5.0)
    assert shared.group_used.tolist() == [True]
    assert_worth(run(**arrays, group_gain=[[-26.0]]), 0.0)


def test_a_yearly_limit_binds_across_components() -> None:
    arrays = {
        "supply": [5.0, 5.0],
        "demand": [5.0, 5.0],
        "origin": [0, 1],
        "destination": [0, 1],
        "gain": [2.0, 3.0],
    }
    loose = run(**arrays, limits=(Limit(limit=10.0, lane_coef=np.ones(2)),))
    assert_worth(loose, 25.0)
    assert loose.component_method == ("flow", "flow")
    tight = run(**arrays, limits=(Limit(limit=6.0, lane_coef=np.ones(2)),))
    assert_worth(tight, 17.0)
    assert tight.component_method == ("lp",)
    assert tight.prices is not None
    assert tight.prices.limit == pytest.approx([2.0])


def test_a_limit_counts_what_is_used() -> None:
    outcome = run(
        supply=[5.0, 5.0],
        demand=[5.0, 5.0],
        origin=[0, 1],
        destination=[0, 1],
        gain=[2.0, 3.0],
        limits=(Limit(limit=1.0, pair_coef=np.ones(2)),),
    )
    assert_worth(outcome, 15.0)


def test_a_blend_keeps_its_mean_within_the_limit() -> None:
    # Source 0 is 2 above the limit, source 1 is 1 below: two of the second for one of the first.
    outcome = run(
        supply=[10.0, 10.0],
        demand=[30.0],
        origin=[0, 1],
        destination=[0, 0],
        gain=[1.0, 1.0],
        blend_row=[0, 0],
        blend_lane=[0, 1],
        blend_coef=[2.0, -1.0],
        blend_rows=1,
    )
    assert_worth(outcome, 15.0)
    assert outcome.prices is not None
    assert outcome.prices.blend == pytest.approx(np.array([[0.5]]))


LADDER = {
    "supply": [10.0],
    "demand": [10.0, 10.0],
    "origin": [0, 0],
    "destination": [0, 1],
}


def test_a_later_objective_chooses_among_equals() -> None:
    outcome = run(**LADDER, gain=[[1.0, 1.0], [0.0, 1.0]])
    assert_worth(outcome, 10.0, 10.0)
    assert outcome.method == "flow"
    assert_worth(run(**LADDER, gain=[[1.0, 0.9], [0.0, 1.0]]), 10.0, 0.0)


def test_a_tolerance_gives_up_so_much_of_the_objective_before() -> None:
    outcome = run(**LADDER, gain=[[1.0, 0.9], [0.0, 1.0]], tolerance=0.05)
    # 0.95 x 10 = 10 - 0.1 y: y = 5.
    assert outcome.values == pytest.approx([9.5, 5.0])
    assert outcome.bounds == pytest.approx([10.0, 5.0])
    assert outcome.status is Status.OPTIMAL
    assert outcome.gaps[0] == pytest.approx(0.5 / 9.5)  # what was given up


def test_a_tolerance_is_of_what_the_limits_leave() -> None:
    # With the limit the first objective has 8 at most: a quarter of that may be given up.
    outcome = run(
        supply=[6.0, 4.0],
        demand=[10.0, 10.0],
        origin=[0, 1, 1],
        destination=[0, 0, 1],
        gain=[[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        limits=(Limit(limit=8.0, lane_coef=np.array([1.0, 1.0, 0.0])),),
        tolerance=0.25,
    )
    assert outcome.values == pytest.approx([6.0, 4.0])
    assert outcome.bounds[0] == pytest.approx(8.0)


def test_nothing_to_exchange_is_a_plan() -> None:
    none = np.empty(0, dtype=int)
    empty = Exchange(
        supply=np.empty((0, 1)),
        demand=np.empty((0, 1)),
        origin=none,
        destination=none,
        gain=np.empty((1, 0)),
    )
    outcome = solve(empty)
    assert outcome.status is Status.OPTIMAL
    assert outcome.values.tolist() == [0.0]


def test_quantities_of_very_different_sizes_stay_apart() -> None:
    outcome = run(
        supply=[1e7, 1e-3],
        demand=[1e7, 1e-3],
        origin=[0, 1, 0],
        destination=[0, 1, 1],
        gain=[1.0, 1000.0, 1.0],
        way_gain=[[-1.0, -0.5, -1.0]],
    )
    assert_worth(outcome, 1e7 - 1.0 + 1.0 - 0.5)


def test_progress_is_reported_to_the_end() -> None:
    seen: list[tuple[str, float, float]] = []
    problem = Exchange(
        supply=np.array([5.0]),
        demand=np.array([5.0]),
        origin=np.array([0]),
        destination=np.array([0]),
        gain=np.array([1.0]),
        way_gain=np.array([[-1.0]]),
    )
    solve(problem, progress=lambda *step: seen.append(step))
    assert [step[0] for step in seen] == ["split", "flow", "components", "done"]
    assert seen[-1][1:] == (1.0, 0.0)


def _many_choices(seed: int, size: int) -> Exchange:
    rng = np.random.default_rng(seed)
    origin, destination = (end.ravel() for end in np.indices((size, size)))
    return Exchange(
        supply=rng.uniform(5, 50, size),
        demand=rng.uniform(5, 50, size),
        origin=origin,
        destination=destination,
        gain=rng.uniform(1, 5, size * size),
        way_gain=-rng.uniform(5, 60, (1, size * size)),
        supply_partners=np.full(size, 3.0),
    )


def test_a_time_limit_gives_the_best_plan_so_far_with_its_gap() -> None:
    outcome = solve(_many_choices(0, 40), gap=0.0, time_limit_s=2.0)
    assert outcome.status is Status.FEASIBLE
    assert outcome.values[0] >= 0
    assert outcome.gaps[0] == pytest.approx(
        (outcome.bounds[0] - outcome.values[0]) / max(1.0, outcome.values[0])
    )
    assert outcome.seconds < 10


def test_the_asked_gap_is_reached_over_many_components_together() -> None:
    parts = [_many_choices(seed, 4) for seed in range(12)]
    block = np.arange(12)
    problem = Exchange(
        supply=np.concatenate([p.supply for p in parts]),
        demand=np.concatenate([p.demand for p in parts]),
        origin=np.concatenate([p.origin + 4 * i for i, p in zip(block, parts, strict=True)]),
        destination=np.concatenate(
            [p.destination + 4 * i for i, p in zip(block, parts, strict=True)]
        ),
        gain=np.concatenate([p.gain for p in parts], axis=1),
        way_gain=np.concatenate([p.way_gain for p in parts], axis=1),
        supply_partners=np.concatenate([p.supply_partners for p in parts]),
    )
    outcome = solve(problem, gap=1e-4)
    apart = [solve(part, gap=0.0).values[0] for part in parts]
    assert outcome.status is Status.OPTIMAL
    assert outcome.gaps[0] <= 1e-4
    assert outcome.values[0] <= sum(apart) + 1e-6
    assert outcome.bounds[0] >= sum(apart) - 1e-6
    assert outcome.component_value.sum() == pytest.approx(outcome.values[0])
