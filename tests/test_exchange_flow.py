"""The parts of the fast path: units, whole numbers, networks, prices of nodes, processes."""

import os
import time

import numpy as np
import pytest

from solvers.exchange import Exchange, Status, flow, processes, solve
from solvers.exchange.arrays import Ints
from solvers.exchange.network import Network
from solvers.exchange.proportions import unit_of
from solvers.exchange.reach import most_shipped
from solvers.exchange.whole import cost_scale, quantity_scale, whole_units


def test_separable_ratios_have_units_in_which_nothing_is_lost() -> None:
    tail, head = np.array([0, 0, 1, 1]), np.array([2, 3, 2, 3])
    out, into = np.array([2.0, 3.0]), np.array([0.5, 0.25])
    ratio = (out[:, None] * into).ravel()
    unit, separable = unit_of(tail, head, ratio, np.zeros(4, dtype=int), 1)
    assert separable.tolist() == [True]
    assert ratio * unit[head] == pytest.approx(unit[tail])


def test_ratios_that_disagree_around_a_circle_are_not_separable() -> None:
    tail, head = np.array([0, 0, 1, 1, 4]), np.array([2, 3, 2, 3, 5])
    ratio = np.array([1.0, 1.0, 1.0, 2.0, 7.0])
    component = np.array([0, 0, 0, 0, 1, 1])
    _, separable = unit_of(tail, head, ratio, component, 2)
    assert separable.tolist() == [False, True]


def test_decimal_quantities_become_whole_by_the_least_power_of_ten() -> None:
    amount = np.array([0.1, 0.2, 0.3, 5.0, 1 / 3])
    component = np.array([0, 0, 0, 1, 2])
    scale, exact = quantity_scale(amount, component, 3)
    assert scale[:2].tolist() == [10.0, 1.0]
    assert exact.tolist() == [True, True, False]
    units = whole_units(amount, scale[component], exact[component])
    assert units[:4].tolist() == [1, 2, 3, 5]
    assert units[4] <= scale[2] / 3 < units[4] + 1


def test_costs_leave_room_for_the_number_of_nodes() -> None:
    gain = np.array([1e9 / 3, 1e-9])
    scale, exact = cost_scale(gain, np.array([0, 2]), np.array([10**6]), 1e-12)
    assert not exact[0]
    assert gain[0] * scale[0] * 1e6 < 2.0**62


def test_the_most_a_lane_can_carry_follows_through_hubs() -> None:
    problem = Exchange(
        supply=np.array([8.0]),
        demand=np.array([3.0]),
        origin=np.array([0, 1]),
        destination=np.array([1, 0]),
        gain=np.array([0.0, 1.0]),
        recipe_hub=np.array([0]),
        recipe_product=np.array([0]),
        recipe_yield=np.array([0.5]),
        product_hub=np.array([0]),
    )
    # The sink takes 3, which 6 taken make.
    assert most_shipped(problem).ravel().tolist() == [6.0, 3.0]


def _transport(seed: int, size: int, decimals: int | None) -> Exchange:
    rng = np.random.default_rng(seed)
    origin, destination = (end.ravel() for end in np.indices((size, size)))
    keep = rng.random(size * size) < 0.4
    amounts = rng.uniform(1, 30, (2, size))
    gain = rng.uniform(-1, 9, int(keep.sum()))
    if decimals is not None:
        amounts, gain = amounts.round(decimals), gain.round(decimals)
    return Exchange(
        supply=amounts[0],
        demand=amounts[1],
        origin=origin[keep],
        destination=destination[keep],
        gain=gain,
    )


@pytest.mark.parametrize("decimals", [0, 2, None])
def test_a_flow_is_proven_by_its_own_prices(decimals: int | None) -> None:
    outcome = solve(_transport(1, 40, decimals), gap=0.0)
    assert outcome.status is Status.OPTIMAL
    assert outcome.component_method == ("flow",)
    assert outcome.gaps[0] <= 1e-9


def test_quantities_of_many_decimals_are_cut_and_the_cut_is_part_of_the_gap() -> None:
    problem = Exchange(
        supply=np.array([np.pi]),
        demand=np.array([np.e, 1.0]),
        origin=np.array([0, 0]),
        destination=np.array([0, 1]),
        gain=np.array([1.0, 0.5]),
    )
    outcome = solve(problem, gap=0.0)
    assert outcome.values[0] <= np.e + (np.pi - np.e) / 2 <= outcome.bounds[0] + 1e-15
    assert outcome.gaps[0] <= 1e-12


def _together(parts: list[Exchange]) -> Exchange:
    """Problems of 30 sources and 30 sinks side by side."""
    return Exchange(
        supply=np.concatenate([p.supply for p in parts]),
        demand=np.concatenate([p.demand for p in parts]),
        origin=np.concatenate([p.origin + 30 * i for i, p in enumerate(parts)]),
        destination=np.concatenate([p.destination + 30 * i for i, p in enumerate(parts)]),
        gain=np.concatenate([p.gain for p in parts], axis=1),
    )


def test_processes_and_one_process_find_the_same_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = _together([_transport(seed, 30, None) for seed in range(4)])
    alone = solve(problem, threads=1)
    monkeypatch.setattr(processes, "FORK", 1)
    monkeypatch.setattr(flow, "BATCH", 300)
    together = solve(problem, threads=2)
    assert together.shipped.tobytes() == alone.shipped.tobytes()
    assert together.bounds.tobytes() == alone.bounds.tobytes()
    assert alone.prices is not None
    assert together.prices is not None
    assert together.prices.source.tobytes() == alone.prices.source.tobytes()


def test_what_a_process_that_died_had_taken_is_solved_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = _together([_transport(seed, 30, None) for seed in range(8)])
    alone = solve(problem, threads=1)

    def draw_and_die(
        _network: object, _cost: object, _plan: object, deck: int, _end: object
    ) -> None:
        os.read(deck, processes.NUMBER)
        os._exit(1)

    def wait_and_work(
        network: Network, cost: Ints, plan: flow.Batches, deck: int
    ) -> processes.Hand:
        while os.lseek(deck, 0, os.SEEK_CUR) == 0:  # until the other has drawn
            time.sleep(0.01)
        return work(network, cost, plan, deck)

    work = processes._work
    monkeypatch.setattr(processes, "FORK", 1)
    monkeypatch.setattr(flow, "BATCH", 300)
    monkeypatch.setattr(processes, "_work_apart", draw_and_die)
    monkeypatch.setattr(processes, "_work", wait_and_work)
    bereft = solve(problem, threads=2)
    assert sorted(bereft.component_method) == ["flow"] * 7 + ["lp"]
    assert bereft.status is Status.OPTIMAL
    assert bereft.values == pytest.approx(alone.values, rel=1e-9)
