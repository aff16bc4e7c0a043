"""Components that are plain flows: shipped at least cost, objective after objective, and proven."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from solvers.exchange.arrays import Flags, Floats, Ints, spread, total, varied
from solvers.exchange.certificate import Certificate, Proof
from solvers.exchange.components import Components
from solvers.exchange.flow import BATCH, Flow
from solvers.exchange.network import Network, build_network
from solvers.exchange.outcome import Prices
from solvers.exchange.pricing import free_prices
from solvers.exchange.problem import Exchange
from solvers.exchange.processes import priced_flow
from solvers.exchange.whole import cost_scale

FINE: Final = 1e-8  # of a component's mean gain: how finely gains are told apart
FINEST: Final = 1e-10  # the same where more is asked: a closer gap, or later objectives
CLOSE: Final = 1e-6  # a gap below this asks for more
ARC_ARRAYS: Final = ("cell", "head", "own", "capped")
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
class _Shipment:
    """What lanes carry: those in periods in which they carry something."""

    cell: Ints  # lane x T + period, in order
    amount: Floats


@dataclass(frozen=True, slots=True)
class _Stage:
    """A network as earlier objectives leave it: some arcs closed, some filled for good."""

    network: Network
    settled: _Shipment  # for good


@dataclass(frozen=True, slots=True)
class _Solved:
    """The flow of least cost of a stage, and the prices of its nodes."""

    cost: Ints
    flow: Flow
    potential: Ints
    scale: Floats  # (components,): whole cost units per gain
    tie: Ints  # (components,): cost units that rounding can make of nothing


def solve_flows(
    problem: Exchange, most: Floats, parts: Components, chosen: Flags, gap: float, workers: int
) -> Flows:
    """Solve the chosen components, all plain flows, for all objectives in order."""
    network = build_network(problem, parts, chosen)
    proof = _proof(problem, most, parts, network)
    nothing = _Shipment(np.zeros(0, dtype=np.int64), np.zeros(0))
    stage, shipment = _Stage(network, nothing), nothing
    solved, bounds = chosen.copy(), list[Floats]()
    resolution = FINEST if gap < CLOSE or len(problem.gain) > 1 else FINE
    first, certificate, tie = free_prices(problem), None, np.zeros(parts.count)
    for gain in problem.gain:
        found = _solve(problem, stage.network, gain, resolution, parts.count, workers)
        solved[network.component[~found.flow.fine]] = False
        shipment = _joined(stage.settled, _shipped(problem, stage.network, found.flow))
        raw = _prices(problem, network, found)
        had = _by_component(problem, gain, shipment, parts)
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
    shipped = np.zeros((problem.sizes["k"], problem.periods))
    shipped.ravel()[shipment.cell] = shipment.amount
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
    flow, potential = priced_flow(network, cost, workers)
    return _Solved(cost, flow, potential, scale, np.where(exact, 0, TIE))


def whole_costs(
    problem: Exchange, network: Network, gain: Floats, resolution: float, count: int
) -> tuple[Ints, Floats, Flags]:
    """Costs of arcs in whole units, what makes them so, and whether nothing is rounded.

    Shapes (E,), (components,), (components,); see `whole.cost_scale`.
    """
    each = _arc_gain(problem, network, gain)
    of_component = np.bincount(network.component, minlength=count)
    first = network.start[np.append(0, np.cumsum(of_component))]
    # Small components share a solver, whose nodes count for all of them.
    scale, exact = cost_scale(each, first, of_component + 2 * BATCH, resolution)
    cost = each.view(np.int64)  # in place: of arrays so long no more than there must be
    for part, units in spread(scale, first):
        cost[part] = -np.rint(each[part] * units)
    return cost, scale, exact


def _arc_gain(problem: Exchange, network: Network, gain: Floats) -> Floats:
    """Gain of each arc per flow, shape (E,); stores have none."""
    if not network.stored:
        return _per_flow(problem, network, gain, network.cell)
    arc = np.flatnonzero(network.cell >= 0)
    each = np.zeros(len(network.cell))
    each[arc] = _per_flow(problem, network, gain, network.cell[arc] // problem.periods)
    return each


def _per_flow(problem: Exchange, network: Network, gain: Floats, lane: Ints) -> Floats:
    each: Floats = gain[lane]
    if np.any(varied(network.unit) != 1.0):
        each /= network.unit[problem.origin[lane]]
    return each


def _shipped(problem: Exchange, network: Network, flow: Flow) -> _Shipment:
    """Quantities shipped."""
    lanes = np.flatnonzero(network.cell[flow.arc] >= 0)
    arc = flow.arc[lanes]
    cell, component = network.cell[arc].astype(np.int64), network.component[network.tails_of(arc)]
    per = network.unit[problem.origin[cell // problem.periods]] * network.scale[component]
    return _in_order(cell, flow.amount[lanes] / per)


def _joined(some: _Shipment, more: _Shipment) -> _Shipment:
    """Two shipments, on different lanes or in different periods, as one."""
    if not some.cell.size:
        return more
    cell, amount = np.append(some.cell, more.cell), np.append(some.amount, more.amount)
    return _in_order(cell, amount)


def _in_order(cell: Ints, amount: Floats) -> _Shipment:
    order = np.argsort(cell)
    return _Shipment(cell[order], amount[order])


def _prices(problem: Exchange, network: Network, found: _Solved) -> Prices:
    """Potentials as prices: of a source as it stands, of a sink the other way round."""
    price = np.where(network.gives, 1.0, -1.0) * found.potential / found.scale[network.component]
    m = problem.sizes["m"]
    each = np.append(price, 0.0)[network.node] * network.unit[:, None]
    return replace(free_prices(problem), source=each[:m], sink=each[m:])


def _by_component(
    problem: Exchange, gain: Floats, shipment: _Shipment, parts: Components
) -> Floats:
    """What a shipment gains in each component, shape (components,)."""
    lane = shipment.cell // problem.periods
    return total(parts.label("k")[lane], gain[lane] * shipment.amount, parts.count)


def _narrowed(problem: Exchange, stage: _Stage, found: _Solved) -> _Stage:
    """Close what would lose by carrying something, fill for good what would lose by less.

    What is left open has any number of equally good plans, for the next objective
    to choose from. A source whose price is positive must ship, a sink must be filled.
    """
    network, flow = stage.network, found.flow
    nodes = len(network.supply)
    tail = network.tail
    loss = found.cost + found.potential[tail] - found.potential[network.head]
    tie = found.tie[network.component]
    slight = tie[tail]
    full = (loss < -slight) & network.capped
    filled = np.flatnonzero(full[flow.arc])
    fixed = Flow(flow.arc[filled], flow.amount[filled], flow.fine)
    moved = np.bincount(tail[fixed.arc], fixed.amount, nodes)
    moved -= np.bincount(network.head[fixed.arc], fixed.amount, nodes)
    price = np.where(network.gives, found.potential, -found.potential)
    kept = ~full & (loss <= slight)
    narrowed = replace(
        network,
        start=np.append(0, np.cumsum(kept))[network.start],
        supply=network.supply - moved.astype(np.int64),
        slack=np.where(price > tie, 0, network.slack),
        **{name: getattr(network, name)[kept] for name in ARC_ARRAYS},
    )
    return _Stage(narrowed, _joined(stage.settled, _shipped(problem, network, fixed)))


def _proof(problem: Exchange, most: Floats, parts: Components, network: Network) -> Proof:
    capped = network.cell[np.flatnonzero(network.capped) if network.limited else slice(0)]
    single = capped[capped >= 0].astype(np.int64) // problem.periods
    return Proof(problem, parts, most, single)
