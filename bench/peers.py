"""One contender from another library, in its own process and its own environment.

``python bench/peers.py NAME FILE`` reads the arrays of one transport problem from an ``.npz``
and prints one line of JSON. It imports nothing of this project: the environment of peers
(``make bench``) has no OR-Tools, whose wheel and highspy's cannot be loaded together.
"""

import argparse
import json
import resource
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Arrays = Mapping[str, Any]
TINY = {
    "supply": np.array([2.0]),
    "demand": np.array([1.0]),
    "origin": np.array([0]),
    "destination": np.array([0]),
    "gain": np.array([3.0]),
    "ratio": np.array([1.0]),
}
"""Solved first, so that nobody is charged for imports."""


def seconds() -> float:
    """CPU seconds of this process and of those it waited for."""
    kinds = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, kinds))


def pulp_cbc(arrays: Arrays) -> float:
    """PuLP, which runs CBC as a child."""
    import pulp

    return _pulp(arrays, pulp.PULP_CBC_CMD(msg=False))


def pulp_highs(arrays: Arrays) -> float:
    """PuLP with HiGHS in the process."""
    import pulp

    return _pulp(arrays, pulp.HiGHS(msg=False))


def _pulp(arrays: Arrays, solver: Any) -> float:
    import pulp

    model = pulp.LpProblem("exchange", pulp.LpMaximize)
    ways = [pulp.LpVariable(f"x{lane}", 0) for lane in range(len(arrays["gain"]))]
    model += pulp.lpSum(map(_times, arrays["gain"].tolist(), ways))
    for index, amount, limit in _rows(arrays):
        each = zip(index, amount, strict=True)
        model += pulp.lpSum([share * ways[lane] for lane, share in each]) <= limit
    if pulp.LpStatus[model.solve(solver)] != "Optimal":
        raise RuntimeError("not solved to optimality")
    return float(pulp.value(model.objective))


def _times(gain: float, way: Any) -> Any:
    return gain * way


def pyomo_highs(arrays: Arrays) -> float:
    """Pyomo with HiGHS through its APPSI interface."""
    import pyomo.environ as pyo

    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(len(arrays["gain"])), domain=pyo.NonNegativeReals)
    gain = arrays["gain"].tolist()
    model.gain = pyo.Objective(
        expr=pyo.quicksum(each * model.x[lane] for lane, each in enumerate(gain)),
        sense=pyo.maximize,
    )
    model.rows = pyo.ConstraintList()
    for index, amount, limit in _rows(arrays):
        each = zip(index, amount, strict=True)
        model.rows.add(pyo.quicksum(share * model.x[lane] for lane, share in each) <= limit)
    pyo.SolverFactory("appsi_highs").solve(model)
    return float(pyo.value(model.gain))


def linopy_highs(arrays: Arrays) -> float:
    """Linopy with HiGHS, its sums grouped by source and by sink."""
    import linopy
    import pandas as pd
    import xarray as xr

    lanes = pd.RangeIndex(len(arrays["gain"]), name="lane")
    model = linopy.Model()
    x = model.add_variables(lower=0, coords=[lanes], name="x")
    of = {name: xr.DataArray(arrays[name], coords=[lanes], name=name) for name in arrays_of_lanes}
    for end, limits, share in (("origin", "supply", None), ("destination", "demand", "ratio")):
        sent = x if share is None else of[share] * x
        limit = xr.DataArray(arrays[limits], dims=end).isel({end: np.unique(arrays[end])})
        limit = limit.assign_coords({end: np.unique(arrays[end])})
        model.add_constraints((1 * sent).groupby(of[end]).sum() <= limit, name=limits)
    model.add_objective((of["gain"] * x).sum(), sense="max")
    status, _ = model.solve("highs", io_api="direct", output_flag=False)
    if status != "ok":
        raise RuntimeError("not solved to optimality")
    return float(model.objective.value)


arrays_of_lanes = ("origin", "destination", "gain", "ratio")


def networkx(arrays: Arrays) -> float:
    """Network simplex of networkx, in grams and hundredths of a cent."""
    import networkx as nx

    supply, demand = (
        np.floor(arrays[name] * 1000).astype(np.int64) for name in ("supply", "demand")
    )
    graph: Any = nx.DiGraph()
    rest = len(supply) + len(demand)
    sinks = len(supply) + np.arange(len(demand))
    balance = [*(-supply).tolist(), *demand.tolist(), int(supply.sum() - demand.sum())]
    graph.add_nodes_from((node, {"demand": of}) for node, of in enumerate(balance))
    cost = -np.round(arrays["gain"] * 1e4).astype(np.int64)
    ends = arrays["origin"].tolist(), (len(supply) + arrays["destination"]).tolist()
    graph.add_weighted_edges_from(zip(*ends, cost.tolist(), strict=True))
    graph.add_weighted_edges_from((node, rest, 0) for node in range(len(supply)))
    graph.add_weighted_edges_from((rest, node, 0) for node in sinks.tolist())
    total, _ = nx.network_simplex(graph)
    return -float(total) / 1e7


def _rows(arrays: Arrays) -> list[tuple[list[int], list[float], float]]:
    """Lanes, what each unit counts, and the limit of each source and sink that has a lane."""
    rows = []
    ones = np.ones(len(arrays["gain"]))
    for end, limits, share in (
        ("origin", "supply", ones),
        ("destination", "demand", arrays["ratio"]),
    ):
        order = np.argsort(arrays[end], kind="stable")
        ends, first = np.unique(arrays[end][order], return_index=True)
        for at, lanes in zip(ends.tolist(), np.split(order, first[1:]), strict=True):
            rows.append((lanes.tolist(), share[lanes].tolist(), float(arrays[limits][at])))
    return rows


CONTENDERS: dict[str, Callable[[Arrays], float]] = {
    "pulp_cbc": pulp_cbc,
    "pulp_highs": pulp_highs,
    "pyomo_highs": pyomo_highs,
    "linopy_highs": linopy_highs,
    "networkx": networkx,
}


def contend(name: str, file: str) -> dict[str, float]:
    """CPU seconds and objective of one contender on the arrays of a file."""
    with np.load(file) as read:
        arrays = {key: read[key] for key in TINY}
    CONTENDERS[name](TINY)
    start = seconds()
    objective = CONTENDERS[name](arrays)
    return {"cpu_s": seconds() - start, "objective": objective}


def main() -> None:
    """Run the contender that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(CONTENDERS))
    parser.add_argument("file")
    given = parser.parse_args()
    sys.stdout.write(json.dumps(contend(given.name, given.file)) + "\n")


if __name__ == "__main__":
    main()
