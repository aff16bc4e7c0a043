"""Small exchange problems in which what is required cannot be had, by how much."""

import numpy as np
import pytest
from support.exchange_by_hand import ONE, run

from solvers.exchange import Exchange, Limit, Status, solve


def test_what_cannot_be_shipped_is_said_by_how_much() -> None:
    outcome = run(
        supply=[9.0, 4.0],
        demand=[6.0, 8.0],
        origin=[0, 1],
        destination=[0, 1],
        gain=[1.0, 1.0],
        must_ship=[True, False],
        must_fill=[False, True],
    )
    assert outcome.status is Status.INFEASIBLE
    assert outcome.shortfalls is not None
    assert outcome.shortfalls.must_ship.ravel() == pytest.approx([3.0, 0.0])
    assert outcome.shortfalls.must_fill.ravel() == pytest.approx([0.0, 4.0])
    assert outcome.shortfalls.total == pytest.approx(7.0)
    assert outcome.shipped.sum() == 0
    assert np.isnan(outcome.values).all()
    assert "3 not shipped from 1 sources" in outcome.message


def test_a_required_way_falls_short_of_its_least() -> None:
    outcome = run(
        supply=[4.0], demand=[9.0], **ONE, gain=[1.0], min_quantity=[7.0], required=[True]
    )
    assert outcome.status is Status.INFEASIBLE
    assert outcome.shortfalls is not None
    assert outcome.shortfalls.required == pytest.approx([3.0])


def test_a_required_way_to_a_sink_of_few_partners_falls_short_by_what_is_missing_alone() -> None:
    # 9 must flow into a sink that takes 8, from one partner at most of its two
    outcome = solve(
        Exchange(
            supply=np.array([20.0, 20.0]),
            demand=np.array([8.0]),
            demand_partners=np.array([1.0]),
            origin=np.array([0, 1]),
            destination=np.array([0, 0]),
            gain=np.array([1.0, 1.0]),
            min_quantity=np.array([9.0, 0.0]),
            required=np.array([True, False]),
        )
    )
    assert outcome.status is Status.INFEASIBLE
    assert outcome.shortfalls is not None
    assert outcome.shortfalls.required == pytest.approx([1.0, 0.0])


def test_a_required_source_without_a_lane_falls_short_of_all() -> None:
    outcome = run(supply=[4.0, 3.0], demand=[9.0], **ONE, gain=[1.0], must_ship=[False, True])
    assert outcome.status is Status.INFEASIBLE
    assert outcome.shortfalls is not None
    assert outcome.shortfalls.must_ship.ravel() == pytest.approx([0.0, 3.0])


def test_a_required_source_with_storage_and_no_lane_falls_short_too() -> None:
    none = np.empty(0, dtype=int)
    problem = Exchange(
        supply=np.array([[4.0, 1.0]]),
        demand=np.array([[1.0, 1.0]]),
        origin=none,
        destination=none,
        gain=np.empty((1, 0)),
        must_ship=np.array([True]),
        supply_storage=np.array([9.0]),
    )
    outcome = solve(problem)
    assert outcome.status is Status.INFEASIBLE
    assert outcome.shortfalls is not None
    assert outcome.shortfalls.total == pytest.approx(5.0)


def test_a_lot_makes_a_requirement_infeasible() -> None:
    # Filling the sink needs 2, but lots are of 3.
    outcome = run(supply=[9.0], demand=[2.0], **ONE, gain=[1.0], min_lot=[3.0], must_fill=[True])
    assert outcome.status is Status.INFEASIBLE
    assert outcome.shortfalls is not None
    assert outcome.shortfalls.must_fill.ravel() == pytest.approx([2.0])


def test_a_limit_makes_a_requirement_infeasible() -> None:
    outcome = run(
        supply=[9.0],
        demand=[6.0],
        **ONE,
        gain=[1.0],
        must_fill=[True],
        limits=(Limit(limit=8.0, lane_coef=np.array([2.0])),),
    )
    assert outcome.status is Status.INFEASIBLE
    assert outcome.shortfalls is not None
    assert outcome.shortfalls.total == pytest.approx(2.0)
