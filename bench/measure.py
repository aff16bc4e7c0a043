"""One measurement in a process of its own; prints one line of JSON. CPU seconds, children's too.

``chain TERRITORY FILE``: from the folder to written flows, phase by phase; ``job TERRITORY RUN``:
the whole job with maps and report; ``arrays TERRITORY FILE``: the problem as an ``.npz``;
``solver NAME FILE``: one contender on it; ``read NAME FILE``: one reader of a CSV file.
"""

import argparse
import gc
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.peers import seconds
from eit.matching.flows import list_flows
from eit.matching.matcher import find_market
from eit.matching.problem import build
from eit.results.writing import write_table
from eit.scenario import Scenario, resolve
from eit.tables import read_table
from eit.territory import read_territory
from solvers.exchange import Exchange, solve
from solvers.exchange.components import split, worthwhile
from solvers.exchange.flow import least_cost_flow
from solvers.exchange.flows import FINE, whole_costs
from solvers.exchange.network import Network, build_network
from solvers.exchange.potentials import cost_of, least_by_prices, potentials
from solvers.exchange.reach import most_shipped

ARRAYS = ("supply", "demand", "origin", "destination", "gain", "ratio")
Measured = dict[str, float]


class Phases:
    """CPU and wall seconds of one phase after the other."""

    def __init__(self) -> None:
        self.cpu_s: dict[str, float] = {}
        self.wall_s: dict[str, float] = {}

    def time(self, name: str, work: Callable[[], Any]) -> Any:
        """Do some work and note how long it took."""
        cpu, wall = seconds(), time.perf_counter()
        done = work()
        self.cpu_s[name] = self.cpu_s.get(name, 0.0) + seconds() - cpu
        self.wall_s[name] = self.wall_s.get(name, 0.0) + time.perf_counter() - wall
        return done


def peak_mb() -> float:
    """Most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def chain(territory: Path, flows_file: Path, *, threads: int = 1) -> dict[str, Any]:
    """Read, make lanes, build, solve with duals and certificate, and write flows.csv."""
    phases = Phases()
    read = phases.time("read", lambda: read_territory(territory))
    before = peak_mb()
    settings = resolve(read.toml, read.scenario, Scenario())
    offer = phases.time("lanes", lambda: find_market(read, settings)).offer
    problem = phases.time("build", lambda: build(offer, settings))
    own = time.process_time()
    outcome = phases.time("solve", lambda: solve(problem, gap=settings.gap, threads=threads))
    own = time.process_time() - own
    flows = phases.time("flows", lambda: list_flows(offer, outcome.shipped))
    phases.time("flows", lambda: write_table(flows.table, flows_file))
    return {
        "cpu_s": phases.cpu_s,
        "wall_s": phases.wall_s,
        "busier_s": max(own, phases.cpu_s["solve"] - own),
        "lanes": len(problem.origin),
        "flows": len(flows.table),
        "components": len(outcome.component_method),
        "gap": float(outcome.gaps[0]),
        "read_mb": before,
        "peak_mb": peak_mb(),
    }


def job(territory: Path, run_folder: Path) -> Measured:
    """CPU seconds of the whole job: plan, tables, maps and report."""
    from eit.study import run  # here: maps and reports weigh on no other measurement

    start = seconds()
    run(territory, run_folder)
    return {"cpu_s": seconds() - start, "peak_mb": peak_mb()}


def arrays(territory: Path, file: Path) -> Measured:
    """Write the arrays of a territory's problem; solved bare, its integer dual is its primal."""
    read = read_territory(territory)
    settings = resolve(read.toml, read.scenario, Scenario())
    problem = build(find_market(read, settings).offer, settings)
    columns = {name: getattr(problem, name) for name in ARRAYS}
    columns |= {name: columns[name][:, 0] for name in ("supply", "demand")}
    np.savez(file, **columns | {"gain": problem.gain[0]})
    return {"lanes": len(problem.origin)}


def network_of(problem: Exchange) -> tuple[Network, Any]:
    """Our own components as one network, and the whole costs of its arcs."""
    most = most_shipped(problem)
    parts = split(problem, worthwhile(problem, most), ())
    network = build_network(problem, parts, np.ones(parts.count, dtype=bool))
    return network, whole_costs(problem, network, problem.gain[0], FINE, parts.count)[0]


def bare(problem: Exchange) -> Measured:
    """The flow solver alone, on our own components, without prices; these are checked after."""
    network, cost = network_of(problem)
    start = seconds()
    flow = least_cost_flow(network, cost)
    taken = seconds() - start
    least = least_by_prices(network, cost, potentials(network, cost, flow))
    each = problem.gain[0][network.cell[flow.arc]]
    value = each * flow.amount / network.scale[network.component[network.tails_of(flow.arc)]]
    exact = float(cost_of(cost, flow) == least)
    return {"cpu_s": taken, "objective": float(value.sum()), "exact": exact}


def ours(problem: Exchange) -> float:
    """The whole solve: components, plan, bound, check."""
    return float(solve(problem, threads=1).values[0])


def flow(problem: Exchange) -> float:
    """One min-cost flow over the whole network, grams and hundredths of a cent."""
    from ortools.graph.python import min_cost_flow

    sources, sinks = len(problem.supply), len(problem.demand)
    supply = np.floor(problem.supply[:, 0] * 1000).astype(np.int64)
    demand = np.floor(problem.demand[:, 0] * 1000).astype(np.int64)
    spare = sources + sinks
    tails = np.r_[problem.origin, np.arange(sources), np.full(sinks, spare)]
    heads = np.r_[
        sources + problem.destination, np.full(sources, spare), sources + np.arange(sinks)
    ]
    room = np.minimum(supply[problem.origin], demand[problem.destination])
    cost = -np.round(problem.gain[0] * 1e4).astype(np.int64)
    network = min_cost_flow.SimpleMinCostFlow()
    network.add_arcs_with_capacity_and_unit_cost(
        tails.astype(np.int32),
        heads.astype(np.int32),
        np.r_[room, supply, demand],
        np.r_[cost, np.zeros(sources + sinks, dtype=np.int64)],
    )
    balance = np.r_[supply, -demand, demand.sum() - supply.sum()]
    network.set_nodes_supplies(np.arange(spare + 1, dtype=np.int32), balance)
    if network.solve() != network.OPTIMAL:
        raise RuntimeError("the flow was not solved to optimality")
    return -network.optimal_cost() / 1e7


def glop(problem: Exchange) -> float:
    """One linear program for GLOP, built in bulk."""
    from ortools.linear_solver.python import model_builder_helper as helper

    model = helper.ModelBuilderHelper()
    matrix, high = _rows(problem)
    lanes = len(problem.origin)
    model.fill_model_from_sparse_data(
        np.zeros(lanes),
        np.full(lanes, np.inf),
        problem.gain[0],
        np.full(len(high), -np.inf),
        high,
        matrix,
    )
    model.set_maximize(True)
    solver = helper.ModelSolverHelper("glop")
    solver.solve(model)
    return float(solver.objective_value())


def scipy(problem: Exchange) -> float:
    """One linear program for HiGHS, through scipy."""
    from scipy.optimize import linprog

    matrix, high = _rows(problem)
    return -float(linprog(-problem.gain[0], A_ub=matrix, b_ub=high, method="highs").fun)


def _rows(problem: Exchange) -> tuple[object, np.ndarray]:
    """Supply and demand rows as one sparse matrix, and their right-hand sides."""
    from scipy.sparse import csr_matrix

    lanes = np.arange(len(problem.origin))
    sources = len(problem.supply)
    row = np.r_[problem.origin, sources + problem.destination]
    value = np.r_[np.ones(len(lanes)), problem.ratio]
    high = np.r_[problem.supply[:, 0], problem.demand[:, 0]]
    matrix = csr_matrix((value, (row, np.r_[lanes, lanes])), shape=(len(high), len(lanes)))
    return matrix, high


CONTENDERS: dict[str, Callable[[Exchange], float | Measured]] = {
    "bare": bare,
    "ours": ours,
    "flow": flow,
    "glop": glop,
    "scipy": scipy,
}


def contend(name: str, file: Path) -> Measured:
    """CPU seconds and objective of one contender on the arrays of a territory."""
    with np.load(file) as read:
        columns = {key: read[key] for key in ARRAYS}
    tiny = {"supply": [2.0], "demand": [1.0], "origin": [0], "destination": [0], "gain": [3.0]}
    CONTENDERS[name](Exchange(**{key: np.array(value) for key, value in tiny.items()}))
    start = seconds()
    found = CONTENDERS[name](Exchange(**columns))
    taken = seconds() - start
    return found if isinstance(found, dict) else {"cpu_s": taken, "objective": found}


def read(name: str, file: Path) -> Measured:
    """CPU seconds to read a file of declarations, by us, checked, or by pandas as it is."""
    readers: dict[str, Callable[[Path], Any]] = {
        "ours": lambda path: read_table(path, "declarations").rows,
        "pandas": pd.read_csv,
    }
    with tempfile.TemporaryDirectory() as folder, file.open(encoding="utf-8") as lines:
        small = Path(folder, file.name)
        small.write_text("".join(lines.readlines(10_000)), encoding="utf-8")
        readers[name](small)  # nobody is charged for imports
    start = seconds()
    rows = len(readers[name](file))
    return {"cpu_s": seconds() - start, "rows": rows}


def main() -> None:
    """Run the measurement that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("chain", "job", "arrays", "solver", "read"))
    parser.add_argument("first")
    parser.add_argument("second", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    gc.freeze()  # what is imported is not looked through again
    if given.what == "chain":
        found = chain(Path(given.first), given.second, threads=given.threads)
    elif given.what in ("job", "arrays"):
        found = {"job": job, "arrays": arrays}[given.what](Path(given.first), given.second)
    else:
        found = {"solver": contend, "read": read}[given.what](given.first, given.second)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
