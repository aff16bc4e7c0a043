"""The parts of the integer path: relaxation bounds, neighbourhoods, polishing."""

import numpy as np
import pytest
from support.exchange_cases import random_exchange

from solvers.exchange import Exchange, Status, climb, solve
from solvers.exchange.audit import breaches
from solvers.exchange.build import build
from solvers.exchange.engine import Effort, Ending, Engine, Program, run
from solvers.exchange.integer import relax
from solvers.exchange.neighbourhood import Ground, neighbourhoods, sweep, values_of
from solvers.exchange.plan import plan_of, tidy
from solvers.exchange.reach import most_shipped
from solvers.exchange.stages import stage_program
from solvers.exchange.watch import Watch

EXACT = Effort(0.0, np.inf, 0)


def _fixed_charges(seed: int, size: int) -> Exchange:
    rng = np.random.default_rng(seed)
    origin, destination = (end.ravel() for end in np.indices((size, size)))
    return Exchange(
        supply=rng.uniform(5, 50, size),
        demand=rng.uniform(5, 50, size),
        origin=origin,
        destination=destination,
        gain=rng.uniform(1, 5, size * size),
        way_gain=-rng.uniform(5, 60, (1, size * size)),
        supply_partners=np.full(size, 2.0),
        min_lot=np.full(size * size, 4.0),
    )


@pytest.mark.parametrize("seed", range(3))
def test_the_relaxation_bounds_the_best_plan(seed: int) -> None:
    problem = _fixed_charges(seed, 5)
    model = build(problem, most_shipped(problem))
    relaxed = relax(stage_program(model, 0, np.empty(0)), EXACT)
    best = solve(problem, gap=0.0)
    assert best.values[0] <= relaxed.bound < 1.5 * best.values[0]


@pytest.mark.parametrize("seed", range(3))
def test_neighbourhoods_turn_nothing_into_a_good_plan_that_holds(seed: int) -> None:
    problem = _fixed_charges(seed, 8)
    most = most_shipped(problem)
    model = build(problem, most)
    program = stage_program(model, 0, np.empty(0))
    ground, watch = Ground.of(problem, model, program), Watch(np.inf)
    found = np.zeros_like(program.low)
    rng = np.random.default_rng(seed)
    for size in (20, 30, 40):
        groups = neighbourhoods(problem, -problem.gain[0], size, rng)
        found = sweep(ground, found, groups, EXACT, watch)
    plan = plan_of(problem, tidy(found[model.columns.shipped]))
    best = solve(problem, gap=1e-4)
    assert breaches(problem, plan) == []
    assert program.gain @ found >= 0.98 * best.values[0]
    assert program.gain @ found <= best.bounds[0] * (1 + 1e-6)


def test_groups_solved_at_once_find_what_they_find_one_by_one() -> None:
    problem = _fixed_charges(4, 9)
    model = build(problem, most_shipped(problem))
    ground = Ground.of(problem, model, stage_program(model, 0, np.empty(0)))
    groups = neighbourhoods(problem, -problem.gain[0], 12, np.random.default_rng(0))
    assert np.sum(groups, axis=0).max() == 1
    idle = np.zeros(model.columns.size)
    one, two = (sweep(ground, idle, groups, EXACT, Watch(np.inf), n) for n in (1, 2))
    assert one.tobytes() == two.tobytes()


@pytest.mark.parametrize("periods", [1, 3])
def test_the_variables_of_a_plan_keep_all_rows(periods: int) -> None:
    features = {"storage", "min_lot", "fixed", "fixed_period", "partners", "hubs", "opening"}
    for seed in range(12):
        problem = random_exchange(seed, features | {"trips", "groups", "modes"}, periods)
        model = build(problem, most_shipped(problem))
        values = values_of(problem, model, solve(problem, gap=0.0).shipped, EXACT)
        assert values is not None
        rows = model.matrix @ values
        assert np.all(rows <= model.row_high + 1e-6)
        assert np.all(rows >= model.row_low - 1e-6)
        assert np.all((values >= model.low - 1e-9) & (values <= model.high + 1e-6))


def test_a_large_component_at_its_time_limit_has_a_bound_and_a_plan(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = _fixed_charges(1, 30)
    monkeypatch.setattr(climb, "WHOLE", 100)
    outcome = solve(problem, gap=0.0, time_limit_s=4.0, threads=1)
    assert outcome.status is Status.FEASIBLE
    assert outcome.values[0] > 0
    assert outcome.gaps[0] < 0.5


def test_a_refusal_of_the_solver_is_an_answer_with_its_words() -> None:
    model = build(_fixed_charges(0, 2), np.ones((4, 1)))
    program = stage_program(model, 0, np.empty(0))
    answer = run(program, Engine.GLOP, EXACT)
    assert answer.ending is Ending.NOTHING
    assert "integer" in answer.message


def test_an_infeasible_program_is_called_so_by_all_solvers() -> None:
    model = build(_fixed_charges(0, 2), np.ones((4, 1)))
    program = stage_program(model, 0, np.array([]))
    blocked = Program(
        gain=program.gain,
        matrix=program.matrix,
        row_low=np.where(np.arange(len(program.row_low)) == 0, 1e4, program.row_low),
        row_high=np.full_like(program.row_high, np.inf),
        low=program.low,
        high=program.high,
        whole=program.whole,
    )
    for engine in (Engine.HIGHS, Engine.GSCIP):
        assert run(blocked, engine, EXACT).ending is Ending.INFEASIBLE
