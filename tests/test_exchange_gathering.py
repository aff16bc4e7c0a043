"""Small linear components gathered: the same plans and bounds as one by one."""

import numpy as np
import pytest

from solvers.exchange import Exchange, Outcome, Status, gathering, solve
from solvers.exchange.components import split, worthwhile
from solvers.exchange.gathering import TOGETHER, gather
from solvers.exchange.reach import most_shipped


def blended(seed: int, count: int = 12, size: float = 1.0) -> Exchange:
    """Networks that share nothing, in each a sink that takes a mean of at most 0.5."""
    rng = np.random.default_rng(seed)
    m, n = 3 * count, 2 * count
    block = np.repeat(np.arange(count), 6)
    origin = 3 * block + np.tile([0, 0, 1, 1, 2, 2], count)
    destination = 2 * block + np.tile([0, 1], 3 * count)
    holds = rng.uniform(0.0, 1.0, m)
    lanes = np.flatnonzero(destination % 2 == 0)
    return Exchange(
        supply=size * rng.integers(1, 9, m).astype(float),
        demand=size * rng.integers(1, 9, n).astype(float),
        must_fill=np.arange(n) % 7 == 0,
        origin=origin,
        destination=destination,
        gain=rng.integers(1, 20, len(origin)).astype(float),
        blend_rows=count,
        blend_row=destination[lanes] // 2,
        blend_lane=lanes,
        blend_coef=holds[origin[lanes]] - 0.5,
    )


def alone(problem: Exchange, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """The same, each component in a program of its own."""
    with monkeypatch.context() as patched:
        patched.setattr(gathering, "TOGETHER", 0)
        return solve(problem, threads=1)


@pytest.mark.parametrize("seed", range(12))
def test_gathered_components_are_worth_what_they_are_one_by_one(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = blended(seed)
    together, apart = solve(problem, threads=1), alone(problem, monkeypatch)
    assert together.status is apart.status
    assert together.component_method == apart.component_method
    if apart.status is Status.INFEASIBLE:
        assert together.shortfalls is not None
        assert apart.shortfalls is not None
        assert together.shortfalls.total == pytest.approx(apart.shortfalls.total)
        return
    assert together.component_value == pytest.approx(apart.component_value)
    assert together.component_bound == pytest.approx(apart.component_bound)
    assert together.values == pytest.approx(apart.values)


def test_components_up_to_so_many_lanes_share_a_batch() -> None:
    problem = blended(0, count=TOGETHER // 6 + 5)
    most = most_shipped(problem)
    parts = split(problem, worthwhile(problem, most), ())
    gathered = gather(problem, most, parts, np.ones(parts.count, dtype=bool))
    assert [len(batch) for batch in gathered.batches] == [TOGETHER // 6, 5]
    assert gathered.parts.sizes("k").tolist() == [TOGETHER // 6 * 6, 30]


def test_those_not_chosen_are_in_no_batch() -> None:
    problem = blended(0)
    most = most_shipped(problem)
    parts = split(problem, worthwhile(problem, most), ())
    chosen = np.arange(parts.count) < 4
    gathered = gather(problem, most, parts, chosen)
    assert gathered.batches == [[0, 1, 2, 3]]
    assert np.all(gathered.parts.label("k")[24:] == -1)


def test_components_of_very_different_size_do_not_share_a_program() -> None:
    """Quantities a million times as large would leave the small ones to rounding."""
    small, large = blended(1, 3), blended(2, 3, size=1e6)
    both = Exchange(
        supply=np.concatenate([small.supply, large.supply]),
        demand=np.concatenate([small.demand, large.demand]),
        origin=np.concatenate([small.origin, 9 + large.origin]),
        destination=np.concatenate([small.destination, 6 + large.destination]),
        gain=np.concatenate([small.gain[0], large.gain[0]]),
        blend_rows=6,
        blend_row=np.concatenate([small.blend_row, 3 + large.blend_row]),
        blend_lane=np.concatenate([small.blend_lane, 18 + large.blend_lane]),
        blend_coef=np.concatenate([small.blend_coef, large.blend_coef]),
    )
    most = most_shipped(both)
    parts = split(both, worthwhile(both, most), ())
    gathered = gather(both, most, parts, np.ones(parts.count, dtype=bool))
    assert gathered.batches == [[0, 1, 2], [3, 4, 5]]


def test_several_objectives_are_not_gathered() -> None:
    problem = blended(0)
    two = Exchange(
        supply=problem.supply,
        demand=problem.demand,
        origin=problem.origin,
        destination=problem.destination,
        gain=np.stack([problem.gain[0], -problem.gain[0]]),
    )
    most = most_shipped(two)
    parts = split(two, worthwhile(two, most), ())
    assert not gather(two, most, parts, np.ones(parts.count, dtype=bool)).batches
