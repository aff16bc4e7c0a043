"""Many components at once: where effort goes, stopping, progress, equal bytes."""

import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from test_exchange_relaxation import fixed_charges

from bench.mixed import generate
from solvers.exchange import Exchange, Status, solve
from solvers.exchange.audit import breaches
from solvers.exchange.campaign import Rest, run_campaign
from solvers.exchange.climb import Part
from solvers.exchange.engine import Effort
from solvers.exchange.plan import plan_of
from solvers.exchange.reach import most_shipped
from solvers.exchange.watch import Watch


def part(number: int, size: int, many: bool = True) -> Part:
    """A component of fixed charges."""
    problem = fixed_charges(number, size)
    return Part(problem, most_shipped(problem), number, many)


def test_effort_goes_where_the_gap_is_widest() -> None:
    large, small = part(1, 9), part(2, 2)
    cents = replace(small.problem, gain=small.problem.gain / 1e6)
    cents = replace(cents, way_gain=small.problem.way_gain / 1e6)
    parts = [large, replace(small, problem=cents)]
    watch = Watch(np.inf)
    standings = run_campaign(parts, Rest(0.0, 0.0), Effort(0.01, np.inf, 0), 1, watch)
    one, other = standings
    assert one is not None
    assert other is not None
    assert one.bound - one.value <= 0.01 * one.value
    assert other.rung <= one.rung


def test_what_others_leave_open_counts() -> None:
    rest = Rest(1e6, 1e6 + 1.0)
    watch = Watch(np.inf)
    found = run_campaign([part(3, 8)], rest, Effort(0.1, np.inf, 0), 1, watch)
    assert found[0] is not None
    assert found[0].rung == 0  # the rest is so large that the idle plan is within a tenth


@pytest.mark.parametrize("seed", range(2))
def test_the_whole_is_within_the_gap_asked_for(seed: int) -> None:
    problem = generate(200, seed=seed)
    outcome = solve(problem, gap=0.01, threads=2)
    assert outcome.status is Status.OPTIMAL
    assert outcome.gaps[0] <= 0.01
    closer = solve(problem, gap=0.004, threads=2)
    assert closer.values[0] <= outcome.bounds[0] * (1 + 1e-9)
    assert outcome.values[0] <= closer.bounds[0] * (1 + 1e-9)
    assert breaches(problem, plan_of(problem, outcome.shipped)) == []


def test_equal_arrays_give_equal_bytes_with_any_number_of_threads() -> None:
    problem = generate(250, seed=5)
    found = [solve(problem, gap=0.008, threads=threads) for threads in (1, 2)]
    for other in found[1:]:
        assert other.shipped.tobytes() == found[0].shipped.tobytes()
        assert other.bounds.tobytes() == found[0].bounds.tobytes()


def test_a_stop_gives_the_best_plan_so_far_and_its_bound() -> None:
    problem = generate(1500, seed=1)
    started = time.perf_counter()
    asked = []

    def stop() -> bool:
        asked.append(time.perf_counter() - started)
        return asked[-1] > 3.0

    outcome = solve(problem, gap=0.0, threads=2, time_limit_s=60.0, stop=stop)
    assert asked[-1] < 20.0
    assert "stopped" in outcome.message
    assert outcome.status is Status.FEASIBLE
    assert 0.0 <= outcome.values[0] <= outcome.bounds[0] < np.inf
    assert breaches(problem, plan_of(problem, outcome.shipped)) == []


def test_a_stop_at_once_gives_a_plan_that_holds_and_a_bound() -> None:
    problem = generate(200, seed=1)
    outcome = solve(problem, gap=0.0, stop=lambda: True)
    best = solve(problem, gap=0.01)
    assert "stopped" in outcome.message
    assert best.values[0] <= outcome.bounds[0] < np.inf


def test_progress_tells_the_proven_gap_while_a_search_runs() -> None:
    told: list[tuple[str, float, float]] = []
    when: list[float] = []

    def progress(stage: str, fraction: float, gap: float) -> None:
        told.append((stage, fraction, gap))
        when.append(time.perf_counter())

    problem = generate(1200, seed=2)
    outcome = solve(problem, gap=0.0, threads=2, time_limit_s=5.0, progress=progress)
    gaps = [gap for stage, _, gap in told if stage == "components" and np.isfinite(gap)]
    assert len(gaps) >= 2
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(gaps))
    assert gaps[-1] >= outcome.gaps[0] - 1e-9
    assert told[-1][0] == "done"


def test_a_stop_in_a_problem_with_requirements_says_that_nothing_was_found() -> None:
    problem = Exchange(
        supply=np.full(3, 10.0),
        demand=np.full(3, 10.0),
        must_fill=np.ones(3, dtype=bool),
        origin=np.repeat(np.arange(3), 3),
        destination=np.tile(np.arange(3), 3),
        gain=np.arange(9.0),
        way_gain=-np.ones((1, 9)),
    )
    outcome = solve(problem, stop=lambda: True)
    assert outcome.status in (Status.NO_PLAN, Status.FEASIBLE)
    assert "stopped" in outcome.message
    assert solve(problem).status is Status.OPTIMAL
