"""Problems with fixed costs, smallest lots and few partners: the search beside whole solvers.

``python -m bench.mixed`` measures the sizes asked for on generated instances and prints the tables;
``--write FILE`` also writes them as Markdown. Each run is a fresh process. All contenders get the
same budget of CPU seconds, since the seconds of a clock depend on who else is at work: two
for each second of the budget, as two cores would give. A whole solver can only be limited by the
clock, and gets four times as much of it; how much CPU it took stands in the table.
"""

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from bench.territories import (
    FAMILIES,
    FIRMS_PER_PARK,
    FLOWS_PER_FIRM,
    KM2_PER_FIRM,
    PARK_SHARE,
    PARK_SIGMA_KM,
    RESIDUE_SHARE,
)
from solvers.exchange import Exchange, solve
from solvers.exchange.build import build
from solvers.exchange.engine import Effort, Engine
from solvers.exchange.reach import most_shipped
from solvers.exchange.scaling import run_scaled
from solvers.exchange.stages import stage_program

LOT_T, PARTNERS, CIRCUITY, HANDLING_EUR = 25.0, 3.0, 1.3, 4.0
EUR_PER_T_KM = (0.0, 0.0, 0.05, 0.12, 0.14, 0.12, 0.11, 0.11, 0.18, 0.10)
"""Transport by family of flows, in the order of `bench.territories.FAMILIES`."""
EUR_PER_LINK = (20e3, 25e3, 8e3, 800.0, 1200.0, 900.0, 700.0, 1200.0, 3500.0, 700.0)
"""What a link costs per year at the mean distance; half of it goes with the distance."""
CORES = 2
SLACK = 4.0
"""Seconds by the clock that a run may take for each second of its budget, on a busy machine."""


HEAD = """# Fixed costs, lots and partners: measurements

Written by `python -m bench.mixed --write`. Generated problems: clustered parks, 60 resources at
1,000 declarations and 200 above, a yearly cost for each link, lots of at least 25 t, three
partners at each end. All links within reach that can carry a lot and pay for themselves are in
the problem. Gap: the proven bound less the plan, over the plan. Budgets are CPU seconds, two
for each second on two cores; a whole solver uses one core, and can only be limited by the
clock: it gets four times as much of that.
"""


def generate(count: int, *, resources: int = 0, seed: int = 0) -> Exchange:
    """An exchange of clustered parks with link costs, lots of 25 t and three partners at each end.

    Links within the reach of their resource that can pay for themselves and carry a lot. All
    figures are invented; no firm of the real world is meant.

    Parameters
    ----------
    count
        Number of declarations.
    resources
        Number of distinct resources; 0 takes 60 up to 1,000 declarations and 200 above.
    seed
        Of the random generator: equal seeds give equal problems.
    """
    draw = np.random.default_rng(seed)
    place = _places(draw, max(20, count // FLOWS_PER_FIRM))
    share = np.array([family.share for family in FAMILIES])
    number = resources or (60 if count <= 1000 else 200)
    kinds = np.maximum(1, np.round(share / share.sum() * number).astype(int))
    family_of = np.repeat(np.arange(len(FAMILIES)), kinds)
    popularity = draw.permutation(np.arange(1, len(family_of) + 1) ** -0.5)
    resource_of = draw.choice(len(family_of), count, p=popularity / popularity.sum())
    firm = draw.integers(0, len(place), count)
    family = family_of[resource_of]
    usual = np.array([[f.quantity_t, f.disposal_eur, f.price_eur, f.reach_km] for f in FAMILIES])
    residue = draw.random(count) < RESIDUE_SHARE
    spread = draw.normal(0, 1, (count, 2))
    quantity = usual[family, 0] * np.exp(1.1 * spread[:, 0])
    quantity *= np.where(residue, 1.0, draw.uniform(0.2, 1.0, count))
    disposal = usual[family, 1] * np.exp(0.35 * spread[:, 1])
    saved = np.where(residue, disposal, 0.75 * usual[family, 2] * np.exp(0.25 * spread[:, 1]))
    offered, wanted = np.flatnonzero(residue), np.flatnonzero(~residue)
    here, there, km = _links(place[firm], resource_of, offered, wanted, usual[family_of, 3])
    other = firm[here] != firm[there]
    here, there, km = here[other], there[other], km[other]
    gain = saved[here] + saved[there] - HANDLING_EUR
    gain -= np.array(EUR_PER_T_KM)[family[here]] * km * CIRCUITY
    cost = np.array(EUR_PER_LINK)[family[here]] * (0.5 + 0.5 * km / km.mean())
    room = np.minimum(quantity[here], quantity[there])
    worth = (gain > 0) & (room >= LOT_T) & (gain * room > cost)
    rank = np.zeros(count, dtype=np.int64)
    rank[offered], rank[wanted] = np.arange(len(offered)), np.arange(len(wanted))
    return Exchange(
        supply=quantity[offered],
        demand=quantity[wanted],
        origin=rank[here[worth]],
        destination=rank[there[worth]],
        gain=gain[worth],
        way_gain=-cost[None, worth],
        min_lot=np.full(int(worth.sum()), LOT_T),
        supply_partners=np.full(len(offered), PARTNERS),
        demand_partners=np.full(len(wanted), PARTNERS),
    )


def _places(draw: np.random.Generator, firms: int) -> np.ndarray:
    """Places of firms in km: in parks whose sizes follow Zipf's law, the rest scattered."""
    side = np.sqrt(firms * KM2_PER_FIRM)
    parks = max(3, firms // FIRMS_PER_PARK)
    weight = np.arange(1, parks + 1) ** -0.7
    park = draw.choice(parks, firms, p=weight / weight.sum())
    centre = draw.uniform(0, side, (parks, 2))
    clustered = draw.random(firms) < PARK_SHARE
    near = centre[park] + draw.normal(0, PARK_SIGMA_KM, (firms, 2))
    return np.where(clustered[:, None], near, draw.uniform(0, side, (firms, 2)))


def _links(
    place: np.ndarray,
    resource_of: np.ndarray,
    offered: np.ndarray,
    wanted: np.ndarray,
    reach_km: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Declarations of the same resource within its reach, and the km between them."""
    found = []
    for resource_, reach in enumerate(reach_km):
        here = offered[resource_of[offered] == resource_]
        there = wanted[resource_of[wanted] == resource_]
        if len(here) and len(there):
            near = cKDTree(place[here]).sparse_distance_matrix(
                cKDTree(place[there]), reach, output_type="ndarray"
            )
            found.append((here[near["i"]], there[near["j"]], near["v"]))
    start, stop, km = (np.concatenate(each) for each in zip(*found, strict=True))
    order = np.lexsort((stop, start))
    return start[order], stop[order], km[order]


def ours(problem: Exchange, gap: float, seconds: float) -> dict[str, float]:
    """Our search, stopped once its CPU budget is used up; the gap it had proven at each time."""
    begun, trail = _cpu(), []

    def tell(_stage: str, _part: float, found: float) -> None:
        if np.isfinite(found):
            trail.append((_cpu() - begun, found))

    budget = CORES * seconds
    outcome = solve(
        problem,
        gap=gap,
        time_limit_s=seconds * CORES * SLACK,
        threads=CORES,
        progress=tell,
        stop=lambda: _cpu() - begun >= budget,
    )
    early = [found for at, found in trail if at <= 0.1 * budget]
    return {
        "value": float(outcome.values[0]),
        "bound": float(outcome.bounds[0]),
        "gap_at_tenth": early[-1] if early else np.inf,
    }


def whole(engine: Engine) -> Callable[[Exchange, float, float], dict[str, float]]:
    """One solver on the whole problem, all links bounded by what their ends can carry."""

    def run(problem: Exchange, gap: float, seconds: float) -> dict[str, float]:
        program = stage_program(build(problem, most_shipped(problem)), 0, np.empty(0))
        answer = run_scaled(program, engine, Effort(gap, CORES * seconds * SLACK, 0))
        value = 0.0 if answer.values is None else float(program.gain @ answer.values)
        return {"value": value, "bound": answer.bound, "gap_at_tenth": np.inf}

    return run


CONTENDERS: dict[str, Callable[[Exchange, float, float], dict[str, float]]] = {
    "ours": ours,
    "HiGHS": whole(Engine.HIGHS),
    "SCIP": whole(Engine.GSCIP),
}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(name: str, given: argparse.Namespace, seed: int) -> dict[str, float]:
    """One contender on one instance, in this process."""
    problem = generate(given.count, resources=given.resources, seed=seed)
    cpu, wall = _cpu(), time.perf_counter()
    found = CONTENDERS[name](problem, given.gap, given.seconds)
    gap = (found["bound"] - found["value"]) / max(1.0, found["value"])
    took = {"cpu_s": _cpu() - cpu, "wall_s": time.perf_counter() - wall}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**found, **took, "gap": gap, "links": len(problem.origin), "peak_mb": peak}


def table(given: argparse.Namespace) -> list[str]:
    """One row for each contender: medians and the worst over all seeds."""
    rows = [
        "| contender | gap, median | gap, worst | at a tenth of the budget | plan / ours "
        "| CPU s | s by the clock | peak MB |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in given.contenders}
    for seed in range(given.seeds):
        for name in given.contenders:
            runs[name].append(_apart(name, given, seed))
    for name, found in runs.items():
        plans = [a["value"] / b["value"] for a, b in zip(found, runs["ours"], strict=True)]
        middle = {key: statistics.median(run[key] for run in found) for key in found[0]}
        rows.append(
            f"| {name} | {middle['gap']:.2%} | {max(run['gap'] for run in found):.2%} "
            f"| {middle['gap_at_tenth']:.2%} | {statistics.median(plans):.4f} "
            f"| {middle['cpu_s']:.0f} | {middle['wall_s']:.0f} | {middle['peak_mb']:.0f} |"
        )
    links = statistics.median(run["links"] for run in runs["ours"])
    head = (
        f"### {given.count:,} declarations, {links:,.0f} links, asked for {given.gap:.2%}, "
        f"{given.seconds:g} s on two cores, {given.seeds} seeds"
    )
    return [head, "", *rows, ""]


def _apart(name: str, given: argparse.Namespace, seed: int) -> dict[str, float]:
    """The same measurement in a process of its own; its last line is JSON."""
    command = [sys.executable, "-m", "bench.mixed", "--one", name, "--first", str(seed)]
    for option in ("count", "resources", "gap", "seconds"):
        command += [f"--{option}", str(getattr(given, option))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    sys.stderr.write(f"{name} {seed} {found}\n")
    return found


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--resources", type=int, default=0)
    parser.add_argument("--gap", type=float, default=0.001)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--contenders", nargs="+", default=list(CONTENDERS))
    parser.add_argument("--one", choices=CONTENDERS)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--write", type=Path, help="page to which the table is added")
    given = parser.parse_args()
    if given.one:
        sys.stdout.write(json.dumps(measure(given.one, given, given.first)) + "\n")
        return
    text = "\n".join(table(given))
    sys.stdout.write(text + f"\nPython {platform.python_version()}\n")
    if given.write:
        before = given.write.read_text(encoding="utf-8") if given.write.exists() else HEAD
        given.write.write_text(before + "\n" + text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
