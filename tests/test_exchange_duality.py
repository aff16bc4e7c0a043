"""Flows in whole numbers: what a flow costs is what its prices prove, exactly."""

import numpy as np
import pytest

from solvers.exchange import Exchange
from solvers.exchange.components import split, worthwhile
from solvers.exchange.flow import least_cost_flow
from solvers.exchange.flows import FINE, whole_costs
from solvers.exchange.network import build_network
from solvers.exchange.potentials import cost_of, least_by_prices, potentials
from solvers.exchange.reach import most_shipped


def random_problem(seed: int, *, limited: bool) -> Exchange:
    draw = np.random.default_rng(seed)
    m, n, k = 40, 30, 300
    lanes = np.unique(np.stack([draw.integers(0, m, k), draw.integers(0, n, k)], axis=1), axis=0)
    most = np.where(draw.random(len(lanes)) < 0.3, draw.random(len(lanes)) * 20, np.inf)
    return Exchange(
        supply=draw.random(m) * 50,
        demand=draw.random(n) * 50,
        origin=lanes[:, 0],
        destination=lanes[:, 1],
        gain=draw.normal(20, 30, len(lanes)),
        max_quantity=most if limited else np.full(len(lanes), np.inf),
    )


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("limited", [False, True])
def test_the_integer_primal_is_the_integer_dual(seed: int, limited: bool) -> None:
    problem = random_problem(seed, limited=limited)
    most = most_shipped(problem)
    parts = split(problem, worthwhile(problem, most), ())
    network = build_network(problem, parts, np.ones(parts.count, dtype=bool))
    cost = whole_costs(problem, network, problem.gain[0], FINE, parts.count)[0]
    flow = least_cost_flow(network, cost)
    prices = potentials(network, cost, flow)
    assert flow.fine.all()
    assert cost_of(cost, flow) == least_by_prices(network, cost, prices) < 0


def test_prices_that_leave_a_lane_a_gain_prove_nothing() -> None:
    problem = random_problem(0, limited=False)
    most = most_shipped(problem)
    parts = split(problem, worthwhile(problem, most), ())
    network = build_network(problem, parts, np.ones(parts.count, dtype=bool))
    cost = whole_costs(problem, network, problem.gain[0], FINE, parts.count)[0]
    with pytest.raises(ValueError, match="potential"):
        least_by_prices(network, cost, np.zeros(len(network.supply), dtype=np.int64))
