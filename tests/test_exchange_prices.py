"""Prices prove the bound: recomputed here from the arrays, not with the solver's own functions."""

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.exchange_cases import random_exchange

from solvers.exchange import Exchange, Outcome, Prices, Status, solve
from solvers.exchange.reach import most_shipped

CONTINUOUS = (
    "storage",
    "ratio",
    "must",
    "max_quantity",
    "hubs",
    "capacity",
    "chain",
    "blend",
    "modes",
    "thirds",
)
quick = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, phases=[Phase.generate]
)


def proven_bound(p: Exchange, prices: Prices) -> float:
    """Prices times right-hand sides, storage at the rise of its prices."""
    total = (prices.source * p.supply).sum() + (prices.sink * p.demand).sum()
    for price, limit in (
        (prices.capacity, p.hub_capacity),
        (prices.way_max, p.max_quantity),
        (prices.group, p.group_capacity),
        (prices.limit, np.array([row.limit for row in p.limits])),
    ):
        total += sum(x * y for x, y in zip(price, limit, strict=True) if x > 0)
    total -= (prices.way_min * p.min_quantity).sum()
    rise = np.maximum(np.diff(prices.source, axis=1), 0).sum(axis=1)
    fall = np.maximum(-np.diff(prices.sink, axis=1), 0).sum(axis=1)
    total += (rise * np.minimum(p.supply_storage, p.supply.sum(axis=1))).sum()
    return float(total + (fall * np.minimum(p.demand_storage, p.demand.sum(axis=1))).sum())


def greatest_reduced_gain(p: Exchange, prices: Prices) -> float:
    """What the best lane that can carry anything still gains after all prices: not above zero."""
    m, n, worst, most = p.sizes["m"], p.sizes["n"], -np.inf, most_shipped(p)
    for a in range(p.sizes["k"]):
        for t in np.flatnonzero(most[a]):
            origin, destination = p.origin[a], p.destination[a]
            cost = prices.source[origin, t] if origin < m else prices.product[origin - m, t]
            if destination < n:
                cost += p.ratio[a] * prices.sink[destination, t]
            else:
                recipe = destination - n
                made = p.recipe_product[recipe]
                value = prices.product[made, t] * p.recipe_yield[recipe] if made >= 0 else 0.0
                cost += p.ratio[a] * (prices.capacity[p.recipe_hub[recipe]] - value)
            way = p.way[a]
            cost += prices.way_max[way] - prices.way_min[way]
            cost += prices.group[p.way_group[way]] if p.way_group[way] >= 0 else 0.0
            cost += sum(x * row.lane_coef[a] for x, row in zip(prices.limit, p.limits, strict=True))
            here = p.blend_lane == a
            cost += (p.blend_coef[here] * prices.blend[p.blend_row[here], t]).sum()
            worst = max(worst, p.gain[0, a] - cost)
    return worst


def assert_signs(p: Exchange, prices: Prices) -> None:
    """Only what must be, and products, may have a price below zero."""
    assert (prices.source[~p.must_ship] >= 0).all()
    assert (prices.sink[~p.must_fill] >= 0).all()
    assert (prices.way_min[~p.required] == 0).all()
    for each in (prices.capacity, prices.way_max, prices.way_min, prices.group):
        assert (each >= 0).all()
    assert (prices.limit >= 0).all()
    assert (prices.blend >= 0).all()


def assert_proven(p: Exchange, outcome: Outcome) -> None:
    assert outcome.prices is not None
    assert_signs(p, outcome.prices)
    size = 1e-7 * max(1.0, float(np.abs(p.gain).max()))
    assert greatest_reduced_gain(p, outcome.prices) <= size
    bound = proven_bound(p, outcome.prices)
    assert bound == pytest.approx(outcome.bounds[0], rel=1e-6, abs=1e-6)
    assert bound == pytest.approx(outcome.values[0], rel=1e-6, abs=1e-6)


@quick
@given(st.integers(0, 10**6), st.sets(st.sampled_from(CONTINUOUS), max_size=5), st.integers(1, 3))
def test_prices_prove_continuous_plans_best(seed: int, features: set[str], periods: int) -> None:
    problem = random_exchange(seed, features, periods)
    outcome = solve(problem, gap=0.0, threads=1)
    if outcome.status is Status.INFEASIBLE or outcome.method == "none":
        return
    if "milp" not in outcome.component_method:
        assert_proven(problem, outcome)


def test_groups_and_required_ways_have_prices_too() -> None:
    problem = Exchange(
        supply=np.array([5.0, 5.0]),
        demand=np.array([5.0, 5.0]),
        origin=np.array([0, 1, 1]),
        destination=np.array([0, 1, 0]),
        gain=np.array([2.0, 3.0, -1.0]),
        way_group=np.array([0, 0, -1]),
        group_capacity=np.array([7.0]),
        min_quantity=np.array([0.0, 0.0, 1.0]),
        required=np.array([False, False, True]),
    )
    outcome = solve(problem, gap=0.0)
    # One unit of source 1 is forced to sink 0: 4 x 3 + 3 x 2 - 1.
    assert outcome.values[0] == pytest.approx(17.0)
    assert_proven(problem, outcome)


def test_plans_with_whole_numbers_have_no_prices() -> None:
    outcome = solve(
        Exchange(
            supply=np.array([5.0]),
            demand=np.array([5.0]),
            origin=np.array([0]),
            destination=np.array([0]),
            gain=np.array([2.0]),
            way_gain=np.array([[-1.0]]),
        )
    )
    assert outcome.prices is None
    assert outcome.component_method == ("milp",)
