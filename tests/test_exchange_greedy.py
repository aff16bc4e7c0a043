"""The first plan of lanes with fixed costs, lots and partners: it holds, and is near the bound."""

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.exchange_cases import random_arrays

from bench.mixed import generate
from solvers.exchange import Exchange
from solvers.exchange.audit import breaches
from solvers.exchange.engine import Effort
from solvers.exchange.greedy import greedy_plan
from solvers.exchange.plan import plan_of, values
from solvers.exchange.reach import most_shipped
from solvers.exchange.relaxation import Lanes, Relaxed, is_plain, relax_lanes

PLAIN = ("min_lot", "min_delivered", "min_quantity", "max_quantity", "fixed", "partners", "ratio")


def first(problem: Exchange) -> tuple[np.ndarray, Relaxed]:
    """The first plan of a plain problem, and its relaxation."""
    lanes = Lanes.of(problem, most_shipped(problem))
    relaxed = relax_lanes(lanes, Effort(0.0, np.inf, 0))
    assert relaxed is not None
    return greedy_plan(lanes, relaxed), relaxed


@settings(max_examples=200, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
@given(st.integers(0, 10**6), st.sets(st.sampled_from(PLAIN), max_size=6))
def test_the_first_plan_keeps_every_limit(seed: int, features: set[str]) -> None:
    arrays = random_arrays(seed, features)
    arrays["pair"] = np.arange(len(arrays["pair"]))
    problem = Exchange(**arrays)
    assert is_plain(problem)
    shipped, relaxed = first(problem)
    plan = plan_of(problem, shipped)
    assert breaches(problem, plan) == []
    assert 0.0 <= values(problem, plan)[0] <= relaxed.bound + 1e-9 * abs(relaxed.bound)


def test_the_first_plan_fills_the_lane_that_gains_most_in_the_relaxed_one() -> None:
    # Two sources to one sink of one partner: the second gains 2 x 30 - 10, the first 3 x 10 - 10.
    problem = Exchange(
        supply=np.array([10.0, 30.0]),
        demand=np.array([30.0]),
        demand_partners=np.array([1.0]),
        origin=np.array([0, 1]),
        destination=np.array([0, 0]),
        gain=np.array([3.0, 2.0]),
        way_gain=np.array([[-10.0, -10.0]]),
    )
    shipped, _ = first(problem)
    assert shipped[:, 0] == pytest.approx([0.0, 30.0])


def test_the_first_plan_is_near_the_bound_of_clustered_parks() -> None:
    problem = generate(1_000, seed=2)
    shipped, relaxed = first(problem)
    value = values(problem, plan_of(problem, shipped))[0]
    assert value >= 0.9 * relaxed.bound
