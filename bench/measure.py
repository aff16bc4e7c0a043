"""One measurement in a process of its own; prints one line of JSON.

``job TERRITORY RUN`` runs the main job; ``solver NAME TERRITORY`` gives the arrays of the
territory to one contender.
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from eit.matching.matcher import find_market
from eit.matching.problem import build
from eit.scenario import Scenario, resolve
from eit.study import run
from eit.territory import read_territory
from solvers.exchange import Exchange, solve


def job(territory: Path, run_folder: Path) -> dict[str, float]:
    """Seconds by phase, peak memory, lanes and gap of the main job."""
    summary = run(territory, run_folder).summary
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    counts = {"lane_count": summary["counts"]["lanes"], "gap": summary["gap"], "peak_mb": peak}
    return {**summary["time_s"], **counts}


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


CONTENDERS: dict[str, Callable[[Exchange], float]] = {
    "ours": ours,
    "flow": flow,
    "glop": glop,
    "scipy": scipy,
}


def contend(name: str, territory: Path) -> dict[str, float]:
    """CPU seconds and objective of one contender on the arrays of a territory."""
    read = read_territory(territory)
    settings = resolve(read.toml, read.scenario, Scenario())
    problem = build(find_market(read, settings).offer, settings)
    start = time.process_time()
    objective = CONTENDERS[name](problem)
    return {"cpu_s": time.process_time() - start, "objective": objective}


def main() -> None:
    """Run the measurement that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("job", "solver"))
    parser.add_argument("arguments", nargs=2)
    given = parser.parse_args()
    first, second = given.arguments
    found = job(Path(first), Path(second)) if given.what == "job" else contend(first, Path(second))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
