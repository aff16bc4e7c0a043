"""Components that are plain flows: shipped at least cost, objective after objective, and proven."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from solvers.exchange.arrays import Cells, Flags, Floats, Ints, chunks, total
from solvers.exchange.certificate import Certificate, Proof
from solvers.exchange.components import Components
from solvers.exchange.flow import BATCH, least_cost_flow
from solvers.exchange.network import Network, build_network
from solvers.exchange.outcome import Prices
from solvers.exchange.potentials import potentials
from solvers.exchange.pricing import free_prices
from solvers.exchange.problem import Exchange
from solvers.exchange.whole import cost_scale

FINE: Final = 1e-8  # of a component's mean gain: how finely gains are told apart
FINEST: Final = 1e-10  # the same where more is asked: a closer gap, or later objectives
CLOSE: Final = 1e-6  # a gap below this asks for more
ARC_ARRAYS: Final = ("cell", "tail", "head", "own", "capped")
TIE: Final = 4  # cost units: plans that differ by no more than rounding are equally good


@dataclass(frozen=True, slots=True)
class Flows:
    """What came of the components that are plain flows; zero elsewhere."""

    shipped: Floats  # (k, T)
    solved: Flags  # (components,)
    bounds: Floats  # (o, components)
    prices: Prices  # of the first objective
    scale: Floats  # (components,): whole units per flow


@dataclass(frozen=True, slots=True)
class _Stage:
    """A network as earlier objectives leave it: some arcs closed, some filled for good."""

    network: Network
    settled: Floats  # (k, T): shipped for good


@dataclass(frozen=True, slots=True)
class _Solved:
    """The flow of least cost of a stage, and the prices of its nodes."""

    cost: Ints
    flow: Ints
    potential: Ints
    scale: Floats  # (components,): whole cost units per gain
    tie: Ints  # (components,): cost units that rounding can make of nothing
    fine: Flags  # (V,): the solver calls the flow of the node's component optimal


def solve_flows(
    problem: Exchange, most: Floats, parts: Components, chosen: Flags, gap: float, workers: int
) -> Flows:
    """Solve the chosen components, all plain flows, for all objectives in order."""
    network = build_network(problem, parts, chosen)
    proof = _proof(problem, most, parts, network)
    stage = _Stage(network, np.broadcast_to(0.0, most.shape))
    solved, shipped, bounds = chosen.copy(), stage.settled, list[Floats]()
    resolution = FINEST if gap < CLOSE or len(problem.gain) > 1 else FINE
    first, certificate, tie = free_prices(problem), None, np.zeros(parts.count)
    for gain in problem.gain:
        found = _solve(problem, stage.network, gain, resolution, parts.count, workers)
        solved[network.component[~found.fine]] = False
        shipped = _shipped(problem, stage.network, found.flow)
        if bounds:
            shipped += stage.settled
        raw = _prices(problem, network, found)
        had = _by_component(gain, shipped, parts)
        if certificate is None:
            bound, first = proof.first(gain, raw)
            certificate = Certificate(gain, first, had)
        else:
            bound, certificate = proof.later(gain, raw, certificate, tie)
            certificate = replace(certificate, floor=certificate.floor + had)
        bounds.append(np.where(solved, bound, 0.0))
        tie = found.tie / found.scale
        if len(bounds) < len(problem.gain):
            stage = _narrowed(problem, stage, found)
    return Flows(shipped, solved, np.array(bounds), first, network.scale)


def _solve(
    problem: Exchange,
    network: Network,
    gain: Floats,
    resolution: float,
    count: int,
    workers: int,
) -> _Solved:
    """Solve one stage in whole numbers."""
    cost, scale, exact = whole_costs(problem, network, gain, resolution, count)
    flow, fine = least_cost_flow(network, cost, workers)
    tie = np.where(exact, 0, TIE)
    return _Solved(cost, flow, potentials(network, cost, flow), scale, tie, fine)


def whole_costs(
    problem: Exchange, network: Network, gain: Floats, resolution: float, count: int
) -> tuple[Ints, Floats, Flags]:
    """Costs of arcs in whole units, what makes them so, and whether nothing is rounded.

    Shapes (E,), (components,), (components,); see `whole.cost_scale`.
    """
    each = _arc_gain(problem, network, gain)
    place = network.component.astype(np.int32)[network.tail]
    # Small components share a solver, whose nodes count for all of them.
    nodes = np.bincount(network.component, minlength=count) + 2 * BATCH
    scale, exact = cost_scale(each, place, nodes, resolution)
    cost = np.empty(len(each), dtype=np.int64)
    for part in chunks(len(each)):
        cost[part] = -np.rint(each[part] * scale[place[part]])
    return cost, scale, exact


def _arc_gain(problem: Exchange, network: Network, gain: Floats) -> Floats:
    """Gain of each arc per flow, shape (E,); stores have none."""
    if not network.stored:
        return _per_flow(problem, network, gain, network.cell)
    arc = np.flatnonzero(network.cell >= 0)
    each = np.zeros(len(network.cell))
    each[arc] = _per_flow(problem, network, gain, network.cell[arc] // problem.periods)
    return each


def _per_flow(problem: Exchange, network: Network, gain: Floats, lane: Cells) -> Floats:
    each: Floats = gain[lane]
    if np.any(network.unit != 1.0):
        each /= network.unit[problem.origin[lane]]
    return each


def _shipped(problem: Exchange, network: Network, flow: Ints) -> Floats:
    """Quantities shipped, shape (k, T)."""
    arc = np.flatnonzero(flow > 0)
    arc = arc[network.cell[arc] >= 0]
    origin = problem.origin[network.cell[arc] // problem.periods]
    per = network.unit[origin] * network.scale[network.component[network.tail[arc]]]
    shipped = np.zeros(problem.sizes["k"] * problem.periods)
    shipped[network.cell[arc]] = flow[arc] / per
    return shipped.reshape(-1, problem.periods)


def _prices(problem: Exchange, network: Network, found: _Solved) -> Prices:
    """Potentials as prices: of a source as it stands, of a sink the other way round."""
    price = np.where(network.gives, 1.0, -1.0) * found.potential / found.scale[network.component]
    m = problem.sizes["m"]
    each = np.append(price, 0.0)[network.node] * network.unit[:, None]
    return replace(free_prices(problem), source=each[:m], sink=each[m:])


def _by_component(gain: Floats, shipped: Floats, parts: Components) -> Floats:
    moved = np.flatnonzero(shipped.any(axis=1))
    moved = moved[parts.label("k")[moved] >= 0]
    each = gain[moved] * shipped[moved].sum(axis=1)
    return total(parts.label("k")[moved], each, parts.count)


def _narrowed(problem: Exchange, stage: _Stage, found: _Solved) -> _Stage:
    """Close what would lose by carrying something, fill for good what would lose by less.

    What is left open has any number of equally good plans, for the next objective
    to choose from. A source whose price is positive must ship, a sink must be filled.
    """
    network, flow = stage.network, found.flow
    loss = found.cost + found.potential[network.tail] - found.potential[network.head]
    tie = found.tie[network.component]
    slight = tie[network.tail]
    full = (loss < -slight) & network.capped
    fixed = np.where(full, flow, 0)
    nodes = len(network.supply)
    moved = np.bincount(network.tail, fixed, nodes) - np.bincount(network.head, fixed, nodes)
    price = np.where(network.gives, found.potential, -found.potential)
    kept = np.flatnonzero(~full & (loss <= slight))
    narrowed = replace(
        network,
        supply=network.supply - moved.astype(np.int64),
        slack=np.where(price > tie, 0, network.slack),
        **{name: getattr(network, name)[kept] for name in ARC_ARRAYS},
    )
    return _Stage(narrowed, stage.settled + _shipped(problem, network, fixed))


def _proof(problem: Exchange, most: Floats, parts: Components, network: Network) -> Proof:
    capped = network.cell[network.capped]
    single = capped[capped >= 0].astype(np.int64) // problem.periods
    return Proof(problem, parts, most, single)
