"""Optima that others published, and brute force where nothing is published."""

from itertools import product

import numpy as np
import pytest

from solvers.exchange import Exchange, Status, solve


def _table(text: str) -> np.ndarray:
    return np.array([[float(x) for x in line.split()] for line in text.strip().splitlines()])


def _all_pairs(m: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    origin, destination = np.indices((m, n))
    return origin.ravel(), destination.ravel()


def test_dantzig_canneries_cost_153_675() -> None:
    # Dantzig, G. B. (1963). Linear Programming and Extensions, section 3.3; GAMS library, trnsport.
    origin, destination = _all_pairs(2, 3)
    outcome = solve(
        Exchange(
            supply=np.array([350.0, 600.0]),
            demand=np.array([325.0, 300.0, 275.0]),
            must_fill=np.array([True, True, True]),
            origin=origin,
            destination=destination,
            gain=-0.09 * np.array([2.5, 1.7, 1.8, 2.5, 1.8, 1.4]),
        ),
        gap=0.0,
    )
    assert outcome.status is Status.OPTIMAL
    assert outcome.method == "flow"
    assert outcome.values[0] == pytest.approx(-153.675, rel=1e-12)
    assert outcome.bounds[0] == pytest.approx(-153.675, rel=1e-9)


def test_balinski_fixed_charges_cost_471_55() -> None:
    # Balinski, M. L. (1961). Naval Res. Logist. Q. 8, 41-54; instance bal8x12, optimum 471.55.
    cost = _table(
        """
        0.69 0.64 0.71 0.79 1.70 2.83 2.02 5.64 5.94 5.94 5.94 7.68
        1.01 0.75 0.88 0.59 1.50 2.63 2.26 5.64 5.85 5.62 5.85 4.94
        1.05 1.06 1.08 0.64 1.22 2.37 1.66 5.64 5.91 5.62 5.91 4.94
        1.94 1.50 1.56 1.22 1.98 1.98 1.36 6.99 6.99 6.99 6.99 3.68
        1.61 1.40 1.61 1.33 1.68 2.83 1.54 4.26 4.26 4.26 4.26 2.99
        5.29 5.94 6.08 5.29 5.96 6.77 5.08 0.31 0.21 0.17 0.31 1.53
        5.29 5.94 6.08 5.29 5.96 6.77 5.08 0.55 0.35 0.40 0.19 1.53
        5.29 6.08 6.08 5.29 5.96 6.45 5.08 2.43 2.30 2.33 1.81 2.50
        """
    )
    fixed = _table(
        """
        11 16 18 17 10 20 17 13 15 12 14 14
        14 17 17 13 15 13 16 11 20 11 15 10
        12 13 20 17 13 15 16 13 12 13 10 18
        16 19 16 11 15 12 18 12 18 13 13 14
        19 18 15 16 12 14 20 19 11 17 16 18
        13 20 20 17 15 12 14 11 12 19 15 16
        11 12 15 10 17 11 11 16 10 18 17 12
        17 10 20 12 17 20 16 15 10 12 16 18
        """
    )
    origin, destination = _all_pairs(8, 12)
    outcome = solve(
        Exchange(
            supply=np.array([15.0, 20.0, 45.0, 35.0, 25.0, 35.0, 10.0, 25.0]),
            demand=np.array([20.0, 15, 20, 15, 5, 20, 30, 10, 35, 25, 10, 5]),
            must_ship=np.ones(8, dtype=bool),
            must_fill=np.ones(12, dtype=bool),
            origin=origin,
            destination=destination,
            gain=-cost.ravel(),
            way_gain=-fixed.reshape(1, -1),
        )
    )
    assert outcome.status is Status.OPTIMAL
    assert outcome.values[0] == pytest.approx(-471.55, rel=1e-4)
    assert outcome.bounds[0] >= -471.55 - 1e-6


def _lot_sizes() -> dict[str, np.ndarray]:
    demand = np.array([69.0, 29, 36, 61, 61, 26, 34, 67, 45, 67, 79, 56])
    made, sold = np.triu_indices(12)
    return {
        "supply": np.full(12, demand.sum()),
        "demand": demand,
        "must_fill": np.ones(12, dtype=bool),
        "origin": made,
        "destination": sold,
        "gain": -(sold - made).astype(float),  # holding a unit costs 1 a month
    }


SET_UP = np.array([85.0, 102, 102, 101, 98, 114, 105, 86, 119, 110, 98, 114])


def test_wagner_and_whitin_lot_sizes_cost_864_by_groups() -> None:
    # Wagner, H. M. & Whitin, T. M. (1958). Manage. Sci. 5, 89-96, section 4: 864. A month of
    # production is a group of ways, set up once.
    lots = _lot_sizes()
    problem = Exchange(**lots, way_group=lots["origin"], group_gain=-SET_UP[None, :])
    outcome = solve(problem, gap=0.0)
    assert outcome.status is Status.OPTIMAL
    assert outcome.values[0] == pytest.approx(-864.0, abs=1e-6)


def test_wagner_and_whitin_lot_sizes_cost_864_by_hubs() -> None:
    # The same; a month of production is a hub, opened at its set-up cost.
    lots = _lot_sizes()
    problem = Exchange(
        supply=np.array([lots["demand"].sum()]),
        demand=lots["demand"],
        must_fill=lots["must_fill"],
        origin=np.concatenate([np.zeros(12, dtype=int), 1 + lots["origin"]]),
        destination=np.concatenate([12 + np.arange(12), lots["destination"]]),
        gain=np.concatenate([np.zeros(12), lots["gain"]]),
        recipe_hub=np.arange(12),
        recipe_product=np.arange(12),
        product_hub=np.arange(12),
        hub_gain=-SET_UP[None, :],
    )
    outcome = solve(problem, gap=0.0)
    assert outcome.status is Status.OPTIMAL
    assert outcome.values[0] == pytest.approx(-864.0, abs=1e-6)


def test_osman_assignment_c515_1_earns_336() -> None:
    # Osman, I. H. (1995). OR Spektrum 17, 211-225; OR-Library gap1, c515-1, maximised: 336.
    profit = _table(
        """
        17 21 22 18 24 15 20 18 19 18 16 22 24 24 16
        23 16 21 16 17 16 19 25 18 21 17 15 25 17 24
        16 20 16 25 24 16 17 19 19 18 20 16 17 21 24
        19 19 22 22 20 16 19 17 21 19 25 23 25 25 25
        18 19 15 15 21 25 16 16 23 15 22 17 19 22 24
        """
    )
    load = _table(
        """
        8 15 14 23 8 16 8 25 9 17 25 15 10 8 24
        15 7 23 22 11 11 12 10 17 16 7 16 10 18 22
        21 20 6 22 24 10 24 9 21 14 11 14 11 19 16
        20 11 8 14 9 5 6 19 19 7 6 6 13 9 18
        8 13 13 13 10 20 25 16 16 17 10 10 5 12 23
        """
    )
    job, agent = _all_pairs(15, 5)
    outcome = solve(
        Exchange(
            supply=np.ones(15),
            demand=np.array([36.0, 34, 38, 27, 33]),
            must_ship=np.ones(15, dtype=bool),
            origin=job,
            destination=agent,
            gain=profit.T.ravel(),
            ratio=load.T.ravel(),
            min_lot=np.ones(75),
        ),
        gap=0.0,
    )
    assert outcome.status is Status.OPTIMAL
    assert outcome.values[0] == pytest.approx(336.0, abs=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_partners_and_fixed_costs_agree_with_trying_every_choice(seed: int) -> None:
    rng = np.random.default_rng(seed)
    supply, demand = rng.integers(1, 9, 3).astype(float), rng.integers(1, 9, 3).astype(float)
    gain, fixed = rng.integers(1, 9, 9).astype(float), rng.integers(0, 15, 9).astype(float)
    origin, destination = _all_pairs(3, 3)
    best = 0.0
    for chosen in product((False, True), repeat=9):
        used = np.array(chosen)
        if np.bincount(origin[used], minlength=3).max(initial=0) > 1:
            continue
        # One way for each source: each sink takes from its best sources first.
        value = -fixed[used].sum()
        for j in range(3):
            room = demand[j]
            lanes = np.flatnonzero(used & (destination == j))
            for lane in lanes[np.argsort(-gain[lanes])]:
                taken = min(room, supply[origin[lane]])
                value, room = value + gain[lane] * taken, room - taken
        best = max(best, value)
    outcome = solve(
        Exchange(
            supply=supply,
            demand=demand,
            origin=origin,
            destination=destination,
            gain=gain,
            way_gain=-fixed[None, :],
            supply_partners=np.ones(3),
        ),
        gap=0.0,
    )
    assert outcome.values[0] == pytest.approx(best, abs=1e-6)
