"""Random problems against the dense model of `exchange_oracle`, and laws that hold for all."""

from dataclasses import fields
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.exchange_cases import FEATURES, random_arrays, random_exchange
from support.exchange_oracle import best_values

from solvers.exchange import Exchange, Outcome, Status, solve

SEEDS = st.integers(0, 10**6)
CONTINUOUS = ("storage", "ratio", "must", "max_quantity", "two", "three", "thirds")
RUN = {"deadline": None, "derandomize": True, "database": None, "phases": [Phase.generate]}
quick = settings(max_examples=40, **RUN)
thorough = settings(max_examples=3000, **RUN)


def assert_best(problem: Exchange) -> None:
    """The outcome agrees with the dense model: feasible or not, value and bound."""
    best, outcome = best_values(problem), solve(problem, gap=0.0, threads=1)
    if best is None:
        assert outcome.status is Status.INFEASIBLE
        assert outcome.shortfalls is not None
        assert outcome.shortfalls.total > 0
        return
    # What the dense model keeps of a higher objective within 1e-5 may be worth more to a lower one.
    near = np.where(np.arange(len(best)) == 0, 1e-5, 1e-3) * np.maximum(1.0, np.abs(best))
    assert outcome.status is Status.OPTIMAL, outcome.message
    assert np.all(outcome.bounds >= outcome.values)
    assert np.all(outcome.bounds >= best - near)
    assert abs(outcome.values[-1] - best[-1]) <= near[-1]
    given_up = problem.tolerance * np.abs(best)
    assert np.all(np.abs(outcome.values - best)[:-1] <= (near + given_up)[:-1])


@pytest.mark.parametrize("feature", FEATURES)
def test_each_feature_alone_gives_the_best_plan(feature: str) -> None:
    for seed in range(4):
        assert_best(random_exchange(seed, {feature}, periods=1 + seed % 3))


@quick
@given(SEEDS, st.sets(st.sampled_from(FEATURES), max_size=6), st.integers(1, 3))
def test_features_together_give_the_best_plan(seed: int, features: set[str], periods: int) -> None:
    assert_best(random_exchange(seed, features, periods))


@quick
@given(SEEDS, st.sets(st.sampled_from(CONTINUOUS), max_size=4), st.integers(1, 3))
def test_flows_give_the_best_plan(seed: int, features: set[str], periods: int) -> None:
    assert_best(random_exchange(seed, features, periods))


def test_a_flow_whose_prices_prove_too_little_is_proven_as_a_linear_program():
    # Thirds make the third objective's bound of the flow 0.25 above the best plan.
    assert_best(random_exchange(1401, {"two", "thirds", "three", "ratio"}, 1))


@pytest.mark.long
@thorough
@given(SEEDS, st.sets(st.sampled_from(FEATURES), max_size=7), st.integers(1, 3))
def test_thousands_with_features_together(seed: int, features: set[str], periods: int) -> None:
    assert_best(random_exchange(seed, features, periods))


@pytest.mark.long
@thorough
@given(SEEDS, st.sets(st.sampled_from(CONTINUOUS), max_size=5), st.integers(1, 4))
def test_thousands_of_flows(seed: int, features: set[str], periods: int) -> None:
    assert_best(random_exchange(seed, features, periods))


@pytest.mark.long
def test_all_features_at_once_give_the_best_plan() -> None:
    for seed in range(300):
        assert_best(random_exchange(seed, FEATURES, periods=1 + seed % 3))


@quick
@given(SEEDS)
def test_plain_transport_agrees_with_the_network_simplex(seed: int) -> None:
    rng = np.random.default_rng(seed)
    m, n = rng.integers(2, 8, 2)
    supply, demand = rng.integers(0, 50, m), rng.integers(0, 50, n)
    gain = rng.integers(-20, 60, (m, n))
    graph = nx.DiGraph()
    graph.add_node("rest", demand=int(supply.sum() - demand.sum()))
    for i in range(m):
        graph.add_node(("from", i), demand=-int(supply[i]))
        graph.add_edge(("from", i), "rest", weight=0)
        for j in range(n):
            graph.add_edge(("from", i), ("to", j), weight=-int(gain[i, j]))
    for j in range(n):
        graph.add_node(("to", j), demand=int(demand[j]))
        graph.add_edge("rest", ("to", j), weight=0)
    cost, _ = nx.network_simplex(graph)
    origin, destination = (end.ravel() for end in np.indices((m, n)))
    outcome = solve(
        Exchange(
            supply=supply.astype(float),
            demand=demand.astype(float),
            origin=origin,
            destination=destination,
            gain=gain.ravel().astype(float),
        ),
        gap=0.0,
    )
    assert outcome.values[0] == pytest.approx(-cost, abs=1e-6)
    assert outcome.bounds[0] == pytest.approx(-cost, abs=1e-6)


def _permuted(arrays: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """The same problem with its lanes, sources and sinks in another order."""
    made = dict(arrays)
    m, n, k = len(arrays["supply"]), len(arrays["demand"]), len(arrays["origin"])
    lane, source, sink = rng.permutation(k), rng.permutation(m), rng.permutation(n)
    place = {"origin": np.argsort(source), "destination": np.argsort(sink)}
    for name, first in (("origin", m), ("destination", n)):
        end = arrays[name][lane]
        made[name] = np.where(end < first, place[name][np.minimum(end, first - 1)], end)
    for name in ("supply", "must_ship", "supply_storage", "supply_partners"):
        if name in made:
            made[name] = arrays[name][source]
    for name in ("demand", "must_fill", "demand_storage", "demand_partners"):
        if name in made:
            made[name] = arrays[name][sink]
    made["way"], made["gain"] = arrays["way"][lane], arrays["gain"][:, lane]
    if "ratio" in made:
        made["ratio"] = arrays["ratio"][lane]
    if "blend_lane" in made:
        made["blend_lane"] = np.argsort(lane)[arrays["blend_lane"]]
    return made


@quick
@given(SEEDS, st.sets(st.sampled_from(sorted(set(FEATURES) - {"limits", "tolerance"})), max_size=5))
def test_the_order_of_lanes_and_ends_is_irrelevant(seed: int, features: set[str]) -> None:
    arrays = random_arrays(seed, features, 2)
    one = solve(Exchange(**arrays), gap=0.0, threads=1)
    other = solve(Exchange(**_permuted(arrays, np.random.default_rng(seed))), gap=0.0, threads=1)
    assert one.status is other.status
    assert one.values == pytest.approx(other.values, rel=1e-6, abs=1e-6, nan_ok=True)


@quick
@given(SEEDS, st.sampled_from([1e-3, 1e5]), st.sampled_from([1e-2, 1e4]))
def test_units_of_quantity_and_gain_scale_the_value(seed: int, size: float, price: float) -> None:
    arrays = random_arrays(seed, {"storage", "min_lot", "fixed", "capacity"}, 2)
    one = solve(Exchange(**arrays), gap=0.0, threads=1)
    for name in ("supply", "demand", "min_lot", "supply_storage", "demand_storage", "hub_capacity"):
        arrays[name] = arrays[name] * size
    arrays["gain"] = arrays["gain"] * price
    arrays["way_gain"] = arrays["way_gain"] * price * size
    other = solve(Exchange(**arrays), gap=0.0, threads=1)
    assert other.status is Status.OPTIMAL
    assert other.values[0] == pytest.approx(one.values[0] * price * size, rel=1e-6, abs=1e-9)


@quick
@given(SEEDS, st.sets(st.sampled_from(FEATURES), max_size=5))
def test_equal_arrays_give_equal_bytes(seed: int, features: set[str]) -> None:
    one, other = (solve(random_exchange(seed, features, 2), threads=2) for _ in range(2))
    for field in fields(Outcome):
        if field.name in ("seconds", "prices", "shortfalls"):
            continue
        first, second = getattr(one, field.name), getattr(other, field.name)
        if isinstance(first, np.ndarray):
            assert first.tobytes() == second.tobytes(), field.name
        else:
            assert first == second, field.name
