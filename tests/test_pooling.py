"""The pooling solver: published optima, means through pools, bounds held against grids."""

from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog
from support.pooling_cases import CASES, pooling_of

import bench.pooling
from solvers.exchange import Exchange, Limit, Outcome, Status
from solvers.pooling import Pooling, block, mix_breaches, pool_quality, solve_pooling

EXACT = ("haverly1", "haverly2", "haverly3", "bental4", "bental5", "foulds2")


def two_into_one(**changes: object) -> Pooling:
    """Haverly's first problem by default: crudes 3 % and 1 % through a tank, 2 % beside it."""
    exchange = {
        "supply": np.array([300.0, 300.0, 300.0]),
        "demand": np.array([100.0, 200.0]),
        "origin": np.array([0, 1, 3, 3, 2, 2]),
        "destination": np.array([2, 3, 0, 1, 0, 1]),
        "gain": np.array([-6.0, -16.0, 9.0, 15.0, -1.0, 5.0]),
        "recipe_hub": np.array([0, 0]),
        "recipe_product": np.array([0, 0]),
        "product_hub": np.array([0]),
    }
    own = {key: of for key, of in changes.items() if key in Pooling.__dataclass_fields__}
    exchange |= {key: of for key, of in changes.items() if key not in own}
    pooling = {
        "quality": np.array([[3.0], [1.0], [2.0]]),
        "weight": np.ones(4),
        "mix_property": np.array([0, 0]),
        "mix_sense": np.array([1.0, 1.0]),
        "mix_limit": np.array([2.5, 1.5]),
        "mix_row": np.array([0, 1, 0, 1]),
        "mix_lane": np.array([2, 3, 4, 5]),
        "mix_weight": np.ones(4),
    }
    return Pooling(exchange=Exchange(**exchange), **(pooling | own))


def holds(problem: Pooling, outcome: Outcome) -> bool:
    return not mix_breaches(problem, outcome.shipped) and bool(
        (outcome.bounds >= outcome.values - 1e-9 * np.abs(outcome.values)).all()
    )


@pytest.mark.parametrize("name", CASES)
def test_the_published_optimum_is_reached_and_proven(name: str) -> None:
    problem = pooling_of(CASES[name])
    outcome = solve_pooling(problem, gap=1e-6, time_limit_s=120.0)
    assert outcome.values[0] == pytest.approx(CASES[name].optimum, rel=1e-7)
    assert outcome.bounds[0] == pytest.approx(CASES[name].optimum, rel=2e-6)
    assert outcome.status == Status.OPTIMAL
    assert outcome.component_method == ("global",)
    assert holds(problem, outcome)


@pytest.mark.parametrize("name", EXACT)
def test_small_problems_are_proven_within_a_millionth_of_a_millionth(name: str) -> None:
    outcome = solve_pooling(pooling_of(CASES[name]), gap=0.0)
    assert outcome.bounds[0] == pytest.approx(CASES[name].optimum, rel=1e-9)


@pytest.mark.parametrize("name", ["haverly1", "adhya4", "rt2"])
def test_what_is_too_large_for_a_global_search_is_bounded_and_says_so(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(block, "LARGEST_GLOBAL", 0)
    problem = pooling_of(CASES[name])
    outcome = solve_pooling(problem)
    assert outcome.component_method == ("relaxation",)
    assert "relaxation" in outcome.message
    assert outcome.bounds[0] >= CASES[name].optimum * (1 - 1e-9) >= outcome.values[0] * (1 - 1e-7)
    assert holds(problem, outcome)


@pytest.mark.parametrize("name", EXACT)
def test_plans_near_the_relaxation_reach_small_optima_without_a_search(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(block, "LARGEST_GLOBAL", 0)
    outcome = solve_pooling(pooling_of(CASES[name]))
    assert outcome.values[0] == pytest.approx(CASES[name].optimum, rel=1e-7)


def test_a_pool_has_the_mean_of_what_it_took() -> None:
    shipped = np.array([[50.0], [150.0], [0.0], [200.0], [0.0], [0.0]])
    assert pool_quality(two_into_one(), shipped)[0, 0, 0] == pytest.approx(1.5)
    assert not mix_breaches(two_into_one(), shipped)
    shipped[[0, 1], 0] = [51.0, 149.0]
    assert mix_breaches(two_into_one(), shipped) == [1]


def test_content_is_kept_so_that_a_yield_concentrates() -> None:
    # 10 t at 2 and 30 t at 4 make 0.5 x 10 + 1.0 x 30 = 35 t that hold 20 + 120.
    problem = two_into_one(
        quality=np.array([[2.0], [4.0], [2.0]]), recipe_yield=np.array([0.5, 1.0])
    )
    shipped = np.array([[10.0], [30.0], [35.0], [0.0], [0.0], [0.0]])
    assert pool_quality(problem, shipped)[0, 0, 0] == pytest.approx(140 / 35)


def test_weights_tell_what_a_unit_counts_in_a_pool() -> None:
    problem = two_into_one(weight=np.array([0.5, 2.0, 1.0, 1.25]))
    shipped = np.array([[40.0], [40.0], [80.0], [0.0], [0.0], [0.0]])
    # 20 t at 3 and 80 t at 1 in 80 units of 1.25 t
    assert pool_quality(problem, shipped)[0, 0, 0] == pytest.approx((60 + 80) / 100)


def best_on_a_grid(problem: Pooling, steps: int) -> float:
    """Best plan with the proportions of one pool fed by two lanes on a grid, by linear programs.

    The pool's quality is then a constant, and what is left is linear: written out here anew.
    """
    exchange = problem.exchange
    m, lanes = exchange.sizes["m"], exchange.sizes["k"]
    into = np.flatnonzero(exchange.destination >= exchange.sizes["n"])
    rate = exchange.recipe_yield[exchange.destination[into] - exchange.sizes["n"]]
    source = exchange.origin[into]
    best = -np.inf
    for share in np.linspace(0.0, 1.0, steps + 1):
        part = np.array([share, 1 - share])
        content = (part / rate * problem.weight[source]) @ problem.quality[source]
        content = content / problem.weight[m]
        rows, tops, equal = [], [], []
        for end, top in (
            (exchange.origin, exchange.supply),
            (exchange.destination, exchange.demand),
        ):
            for at in range(len(top)):
                rows.append((end == at) * 1.0)
                tops.append(top[at, 0])
        for row in range(len(problem.mix_limit)):
            line = np.zeros(lanes)
            for lane, weight in zip(
                problem.mix_lane[problem.mix_row == row],
                problem.mix_weight[problem.mix_row == row],
                strict=True,
            ):
                name, start = problem.mix_property[row], exchange.origin[lane]
                value = problem.quality[start, name] if start < m else content[name]
                line[lane] = problem.mix_sense[row] * (value - problem.mix_limit[row]) * weight
            rows.append(line)
            tops.append(0.0)
        for lane, of, each in zip(into, part, rate, strict=True):
            line = np.where(exchange.origin == m, -of, 0.0)
            line[lane] = each
            equal.append(line)
        capacity = np.isin(np.arange(lanes), into) * 1.0
        if np.isfinite(exchange.hub_capacity[0]):
            rows.append(capacity)
            tops.append(exchange.hub_capacity[0])
        found = linprog(
            -exchange.gain[0],
            A_ub=np.array(rows),
            b_ub=tops,
            A_eq=np.array(equal),
            b_eq=np.zeros(len(equal)),
        )
        if found.status == 0:
            best = max(best, -found.fun)
    return best


def drawn(seed: int) -> Pooling:
    """Two sources into a pool, one beside it, two limited sinks; two properties."""
    draw = np.random.default_rng(seed)
    return two_into_one(
        supply=draw.integers(50, 300, 3).astype(float),
        demand=draw.integers(50, 250, 2).astype(float),
        gain=np.append(-draw.integers(1, 15, 2), draw.integers(-4, 16, 4)).astype(float),
        recipe_yield=draw.choice([1.0, 0.75], 2),
        hub_capacity=np.array([draw.choice([np.inf, 150.0])]),
        quality=draw.integers(1, 8, (3, 2)).astype(float),
        weight=draw.choice([1.0, 0.5], 4),
        mix_property=np.array([0, 0, 1]),
        mix_sense=np.array([1.0, 1.0, draw.choice([1.0, -1.0])]),
        mix_limit=draw.integers(2, 7, 3).astype(float),
        mix_row=np.array([0, 1, 0, 1, 2, 2]),
        mix_lane=np.array([2, 3, 4, 5, 3, 5]),
        mix_weight=np.ones(6),
    )


@pytest.mark.parametrize("seed", range(24))
def test_no_grid_of_proportions_beats_the_bound_and_the_plan_is_as_good(seed: int) -> None:
    problem = drawn(seed)
    outcome = solve_pooling(problem, gap=1e-6)
    grid = best_on_a_grid(problem, 20)
    scale = max(1.0, abs(grid))
    assert outcome.status == Status.OPTIMAL
    assert outcome.bounds[0] >= grid - 1e-6 * scale
    assert outcome.values[0] >= grid - 2e-6 * scale
    assert holds(problem, outcome)


@pytest.mark.parametrize("seed", range(8))
def test_the_relaxation_alone_never_lies_below_the_best_of_a_grid(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(block, "LARGEST_GLOBAL", 0)
    problem = drawn(seed)
    outcome = solve_pooling(problem)
    assert outcome.bounds[0] >= best_on_a_grid(problem, 20) - 1e-6
    assert holds(problem, outcome)


def test_periods_are_mixed_apart_and_storage_carries_over() -> None:
    # The sulphurous crude comes in the first half of the year, the sweet one in the second: no
    # half alone can use the first, but what waits can be mixed.  In one tank: 75 t at 3 % and
    # 225 t at 1 % are the 300 t at 1.5 % that y asks for, and x gets the same.
    halves = {
        "supply": np.array([[100.0, 0.0], [0.0, 300.0], [0.0, 0.0]]),
        "demand": np.array([[100.0, 100.0], [200.0, 200.0]]),
        "gain": np.array([-1.0, -2.0, 9.0, 15.0, -1.0, 5.0]),
    }
    apart = solve_pooling(two_into_one(**halves))
    stored = two_into_one(**halves, supply_storage=np.array([100.0, 0.0, 0.0]))
    together = solve_pooling(stored)
    assert apart.values[0] == pytest.approx(200 * 13 + 100 * 7)
    assert together.values[0] == pytest.approx(200 * 15 + 100 * 9 - 75 * 1 - 225 * 2)
    assert holds(stored, together)


def test_fixed_costs_and_lots_are_decided_with_the_mixture() -> None:
    # Bringing the first crude costs 60 once and at least 80 t: 400 without it.
    problem = two_into_one(
        gain=np.array([2.0, -16.0, 9.0, 15.0, -1.0, 5.0]),
        way_gain=np.array([-60.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        min_lot=np.array([80.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
    )
    outcome = solve_pooling(problem, gap=1e-6)
    best = max(
        best_of_given(problem.exchange, lot, sweet)
        for lot, sweet in product(np.arange(80.0, 301.0, 20.0), np.arange(0.0, 301.0, 20.0))
    )
    assert outcome.status == Status.OPTIMAL
    assert outcome.values[0] >= max(best, 400.0) - 1e-6
    assert outcome.bounds[0] <= outcome.values[0] * (1 + 1e-6) + 1e-9
    assert holds(problem, outcome)


def best_of_given(exchange: Exchange, lot: float, sweet: float) -> float:
    """What can be made of given amounts in the tank, by one linear program over what leaves."""
    total = lot + sweet
    mixed = (3 * lot + sweet) / total
    rows = [
        [1, 0, 1, 0],
        [0, 1, 0, 1],
        [0, 0, 1, 1],
        [mixed - 2.5, 0, 2 - 2.5, 0],
        [0, mixed - 1.5, 0, 2 - 1.5],
    ]
    found = linprog(
        -exchange.gain[0, 2:],
        A_ub=rows,
        b_ub=[100, 200, 300, 0, 0],
        A_eq=[[1, 1, 0, 0]],
        b_eq=[total],
    )
    paid = exchange.gain[0, 0] * lot + exchange.gain[0, 1] * sweet - 60
    return -found.fun + paid if found.status == 0 else -np.inf


def test_a_yearly_limit_holds_over_pools_and_the_rest() -> None:
    free = solve_pooling(two_into_one())
    limit = Limit(limit=150.0, lane_coef=np.array([1.0, 1.0, 0.0, 0.0, 1.0, 1.0]))
    held = solve_pooling(two_into_one(limits=(limit,)))
    assert free.values[0] == pytest.approx(400.0)
    assert held.values[0] == pytest.approx(300.0)  # 75 t of each of the two kept crudes
    assert held.status == Status.OPTIMAL


def test_what_no_mean_concerns_is_solved_as_ever() -> None:
    pair = two_into_one(
        supply=np.array([300.0, 300.0, 300.0, 7.0]),
        demand=np.array([100.0, 200.0, 5.0]),
        origin=np.array([0, 1, 4, 4, 2, 2, 3]),
        destination=np.array([3, 4, 0, 1, 0, 1, 2]),
        gain=np.array([-6.0, -16.0, 9.0, 15.0, -1.0, 5.0, 3.0]),
        quality=np.array([[3.0], [1.0], [2.0], [np.nan]]),
        weight=np.ones(5),
    )
    outcome = solve_pooling(pair)
    assert outcome.values[0] == pytest.approx(415.0)
    assert outcome.component_method == ("flow", "global")
    assert outcome.component.tolist() == [1, 1, 1, 1, 1, 1, 0]
    assert outcome.component_bound.sum() == pytest.approx(415.0)
    assert outcome.prices is not None


def test_a_mean_that_no_mixture_breaks_asks_for_no_pool() -> None:
    outcome = solve_pooling(two_into_one(mix_limit=np.array([3.0, 3.0])))
    assert outcome.component_method == ("lp",)
    assert outcome.status == Status.OPTIMAL


def test_a_later_objective_keeps_the_first_at_its_best() -> None:
    # Quantity second: the plan worth 400 ships 200 t from sources, no other does better.
    gain = np.array([[-6.0, -16.0, 9.0, 15.0, -1.0, 5.0], [1.0, 1.0, 0.0, 0.0, 1.0, 1.0]])
    outcome = solve_pooling(two_into_one(gain=gain))
    assert outcome.values.tolist() == pytest.approx([400.0, 200.0], rel=1e-6)


def test_what_no_mixture_can_fill_is_infeasible_and_says_by_how_much() -> None:
    # y wants 200 t at 1.5 %, of which only 40 t sweet crude and the 2 % one are to be had.
    problem = two_into_one(supply=np.array([300.0, 40.0, 300.0]), must_fill=np.array([False, True]))
    outcome = solve_pooling(problem)
    assert outcome.status == Status.INFEASIBLE
    assert outcome.shortfalls is not None
    # 40 t at 1 % carry 40 t at 2 %: 120 t are missing
    assert outcome.shortfalls.must_fill[1, 0] == pytest.approx(120.0, rel=1e-5)


def test_a_required_sink_is_filled_where_a_mixture_can() -> None:
    outcome = solve_pooling(two_into_one(must_fill=np.array([True, False])))
    assert outcome.status == Status.OPTIMAL
    assert outcome.shipped[[2, 4], 0].sum() == pytest.approx(100.0)


def test_nothing_is_shipped_where_no_mixture_pays() -> None:
    outcome = solve_pooling(two_into_one(gain=np.full(6, -1.0)))
    assert outcome.values[0] == 0.0
    assert outcome.status == Status.OPTIMAL


def test_equal_arrays_give_equal_plans() -> None:
    first, second = (solve_pooling(pooling_of(CASES["adhya1"])) for _ in range(2))
    assert first.shipped.tobytes() == second.shipped.tobytes()
    assert first.bounds.tobytes() == second.bounds.tobytes()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"quality": np.array([[np.nan], [1.0], [2.0]])}, "all that feeds it"),
        ({"quality": np.array([[3.0], [1.0], [np.nan]])}, "lane 4 has none"),
        ({"weight": np.array([1.0, 1.0, 1.0, 0.0])}, "weight must be > 0"),
        ({"recipe_yield": np.array([1.0, 0.0])}, "yields and weight"),
        ({"mix_sense": np.array([1.0, 0.0])}, "mix_sense"),
        ({"mix_limit": np.array([np.inf, 1.0])}, "mix_limit must be finite"),
        ({"mix_row": np.array([0, 1, 0, 9])}, "mix_row must be"),
        ({"mix_weight": np.array([1.0, 1.0, 1.0, -1.0])}, "mix_weight must be >= 0"),
        ({"weight": np.ones(3)}, "weight must have shape"),
    ],
)
def test_what_cannot_be_told_is_refused_by_name(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        two_into_one(**changes)


def test_a_limited_pool_fed_by_another_is_refused() -> None:
    with pytest.raises(ValueError, match="fed by sources alone"):
        Pooling(
            exchange=Exchange(
                supply=np.array([10.0]),
                demand=np.array([10.0]),
                origin=np.array([0, 1, 2]),
                destination=np.array([1, 2, 0]),
                gain=np.ones(3),
                recipe_hub=np.array([0, 1]),
                recipe_product=np.array([0, 1]),
                product_hub=np.array([0, 1]),
            ),
            quality=np.array([[1.0]]),
            weight=np.ones(3),
            mix_property=np.array([0]),
            mix_sense=np.array([1.0]),
            mix_limit=np.array([2.0]),
            mix_row=np.array([0]),
            mix_lane=np.array([2]),
            mix_weight=np.ones(1),
        )


@pytest.mark.parametrize("tellings", [2, pytest.param(12, marks=pytest.mark.long)])
def test_asked_to_stop_it_gives_back_what_it_has_with_its_bound(
    tellings: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(block, "FIRST_TURN", 5.0)  # a search left behind ends with it
    problem, told = bench.pooling.drawn(200, 60, 80), list[float]()
    outcome = solve_pooling(
        problem,
        progress=lambda _stage, _part, gap: told.append(gap),
        stop=lambda: len(told) >= tellings,
    )
    assert holds(problem, outcome)
    assert outcome.values[0] > 0
    assert "stopped" in outcome.message
    assert np.nanmin(told) >= outcome.gaps[0] - 1e-12


def test_without_a_limit_of_time_the_search_goes_on_in_longer_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(block, "FIRST_TURN", 0.05)
    outcome = solve_pooling(pooling_of(CASES["adhya1"]), gap=1e-6)
    assert outcome.component_method == ("global",)
    assert outcome.values[0] == pytest.approx(CASES["adhya1"].optimum, rel=1e-7)
