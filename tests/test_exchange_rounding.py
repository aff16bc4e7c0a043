"""Few decisions beside many lanes: the relaxation rounded, and searched where that is not near."""

import numpy as np
import pytest
from support.exchange_oracle import best_values

from solvers.exchange import Exchange, Status, climb, solve


def hubs(seed: int, cost: float, *, must: bool = False) -> Exchange:
    """Three hubs that cost something to open, between six sources and six sinks."""
    rng = np.random.default_rng(seed)
    number, reach, m, n = 3, 5, 6, 6
    hub = np.repeat(np.arange(number), reach)
    taken, given = rng.integers(0, m, len(hub)), rng.integers(0, n, len(hub))
    return Exchange(
        supply=rng.integers(2, 12, m).astype(float),
        demand=rng.integers(2, 12, n).astype(float),
        must_fill=np.arange(n) < (1 if must else 0),
        origin=np.concatenate([taken, m + hub]),
        destination=np.concatenate([n + hub, given]),
        gain=np.concatenate([rng.uniform(-5.0, 10.0, len(hub)), rng.uniform(0.0, 20.0, len(hub))]),
        recipe_hub=np.arange(number),
        recipe_product=np.arange(number),
        recipe_yield=np.full(number, 0.8),
        product_hub=np.arange(number),
        hub_capacity=np.full(number, 15.0),
        hub_gain=np.full((1, number), -cost),
    )


@pytest.mark.parametrize("must", [False, True])
@pytest.mark.parametrize("cost", [1.0, 40.0, 120.0])
@pytest.mark.parametrize("seed", range(8))
def test_hubs_open_where_the_dense_model_opens_them(seed: int, cost: float, must: bool) -> None:
    problem = hubs(seed, cost, must=must)
    best, outcome = best_values(problem), solve(problem, gap=1e-6, threads=1)
    if best is None:
        assert outcome.status is Status.INFEASIBLE
        return
    assert outcome.status is Status.OPTIMAL
    assert outcome.values[0] == pytest.approx(best[0], rel=1e-5, abs=1e-5)
    assert outcome.bounds[0] >= best[0] - 1e-5 * max(1.0, abs(best[0]))


def test_hubs_that_pay_many_times_over_need_no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """At a cost of next to nothing the rounded relaxation is within a thousandth."""

    def refused(*_: object) -> None:
        raise AssertionError("a search was begun")

    problem = hubs(1, 1e-3)
    best = best_values(problem)
    monkeypatch.setattr(climb, "solve_block", refused)
    outcome = solve(problem, gap=1e-2, threads=1)
    assert best is not None
    assert outcome.status is Status.OPTIMAL
    assert outcome.values[0] >= best[0] * (1 - 1e-2) > 0
    assert outcome.open.any()
