"""Problems with fixed costs, smallest lots and few partners: the search beside whole solvers.

``python -m bench.mixed`` measures generated instances of three sizes, five seeds each, and prints
the tables; ``--write FILE`` keeps them as a page, ``--folder`` keeps what was measured, to go on
from there. Each run is a fresh process. Our search has two cores and the seconds of the size; a
whole solver uses one core, and has twice the seconds. On a busy machine ``--slack`` gives all of
them as many times more of the clock; then our search ends once it used two CPU seconds for each
of the size's.
"""

import argparse
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
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
Contender = Callable[..., dict[str, float]]
"""Problem, gap, seconds and slack in; value, bound and the gap proven early out."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large the instances are, what is asked, and who takes part."""

    count: int
    gap: float
    seconds: float
    contenders: tuple[str, ...]


SIZES = (
    Size(1_000, 0.005, 60.0, ("ours", "HiGHS", "SCIP")),
    Size(10_000, 0.001, 60.0, ("ours", "HiGHS")),
    Size(100_000, 0.03, 900.0, ("ours",)),
)
HEAD = """# Fixed costs, lots and partners: measurements

Written by `python -m bench.mixed --write docs/benchmarks_mixed.md` with Python {python} on 2 cores.
Generated problems: clustered parks, 60 resources at 1,000 declarations and 200 above, a yearly
cost for each link, lots of at least 25 t, three partners at each end. All links within reach that
can carry a lot and pay for themselves are in the problem. *Gap*: the proven bound less the plan,
over the plan; *early*: the gap proven after a tenth of the time. *Ours* has two cores and the time
that the title says; a whole solver (HiGHS 1.12, SCIP 10 through MathOpt, the same scaled model,
every link bounded by what its ends can carry) one core and twice the time.{slack}
"""
BUSY = """
The machine was busy: all had {slack:g} times as much of the clock, and our search ended once it
had used two CPU seconds for each second of the title."""


def generate(count: int, *, seed: int = 0) -> Exchange:
    """An exchange of clustered parks with link costs, lots of 25 t and three partners at each end.

    Links within the reach of their resource that can pay for themselves and carry a lot. All
    figures are invented; no firm of the real world is meant.

    Parameters
    ----------
    count
        Number of declarations.
    seed
        Of the random generator: equal seeds give equal problems.
    """
    draw = np.random.default_rng(seed)
    place = _places(draw, max(20, count // FLOWS_PER_FIRM))
    share = np.array([family.share for family in FAMILIES])
    number = 60 if count <= 1000 else 200
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


def ours(problem: Exchange, gap: float, seconds: float, slack: float = 1.0) -> dict[str, float]:
    """Our search within its seconds of two cores; the gap it had proven after a tenth of them."""
    begun, trail, budget = _cpu(), [], CORES * seconds

    def tell(_stage: str, _part: float, found: float) -> None:
        if np.isfinite(found):
            trail.append((_cpu() - begun, found))

    outcome = solve(
        problem,
        gap=gap,
        time_limit_s=seconds * slack,
        threads=CORES,
        progress=tell,
        stop=lambda: _cpu() - begun >= budget,
    )
    early = [found for at, found in trail if at <= 0.1 * budget]
    return {
        "value": float(outcome.values[0]),
        "bound": float(outcome.bounds[0]),
        "early": early[-1] if early else np.inf,
    }


def whole(engine: Engine) -> Contender:
    """One solver on the whole problem, all links bounded by what their ends can carry."""

    def run(problem: Exchange, gap: float, seconds: float, slack: float = 1.0) -> dict[str, float]:
        program = stage_program(build(problem, most_shipped(problem)), 0, np.empty(0))
        answer = run_scaled(program, engine, Effort(gap, CORES * seconds * slack, 0))
        value = 0.0 if answer.values is None else float(program.gain @ answer.values)
        return {"value": value, "bound": answer.bound, "early": np.inf}

    return run


CONTENDERS: dict[str, Contender] = {
    "ours": ours,
    "HiGHS": whole(Engine.HIGHS),
    "SCIP": whole(Engine.GSCIP),
}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@dataclass(frozen=True, slots=True)
class Bench:
    """How many seeds, on how busy a machine, and where the figures are kept."""

    seeds: int
    slack: float
    folder: Path

    def run(self, name: str, size: Size, seed: int) -> dict[str, float]:
        """One contender on one instance in a process of its own; its last line is JSON."""
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = self.folder / f"{name}-{size.count}-{seed}.json"
        if not kept.exists():
            told = (name, str(size.count), str(seed), str(self.slack))
            command = [sys.executable, "-m", "bench.mixed", "--one", *told]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            kept.write_text(done.stdout.splitlines()[-1], encoding="utf-8")
        found: dict[str, float] = json.loads(kept.read_text(encoding="utf-8"))
        sys.stderr.write(f"{size.count} {name} {seed} {found}\n")
        return found


def measure(name: str, size: Size, seed: int, slack: float) -> dict[str, float]:
    """One contender on one instance, in this process."""
    problem = generate(size.count, seed=seed)
    cpu, wall = _cpu(), time.perf_counter()
    found = CONTENDERS[name](problem, size.gap, size.seconds, slack)
    gap = (found["bound"] - found["value"]) / max(1.0, found["value"])
    took = {"cpu_s": _cpu() - cpu, "wall_s": time.perf_counter() - wall}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**found, **took, "gap": gap, "links": len(problem.origin), "peak_mb": peak}


def table(size: Size, bench: Bench) -> list[str]:
    """One row for each seed and contender."""
    rows = [
        f"## {size.count:,} declarations, asked for {size.gap:.1%}, {size.seconds:g} s",
        "",
        "| seed | links | contender | gap | early | plan / ours | CPU s | wall s | peak MB |",
        "|---:|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    for seed in range(bench.seeds):
        found = {name: bench.run(name, size, seed) for name in size.contenders}
        for name, run in found.items():
            early = f"{run['early']:.2%}" if np.isfinite(run["early"]) else ""
            rows.append(
                f"| {seed} | {run['links']:,} | {name} | {_gap(run)} | {early} "
                f"| {run['value'] / found['ours']['value']:.4f} | {run['cpu_s']:.1f} "
                f"| {run['wall_s']:.1f} | {run['peak_mb']:.0f} |"
            )
    return [*rows, ""]


def _gap(run: dict[str, float]) -> str:
    return f"{run['gap']:.2%}" if run["value"] > 0 else "no plan"


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    known = [size.count for size in SIZES]
    parser.add_argument("--sizes", type=int, nargs="+", choices=known, default=known)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--slack", type=float, default=1.0, help="of the clock, where it is busy")
    parser.add_argument("--folder", type=Path, help="keep figures here, and go on from there")
    parser.add_argument("--write", type=Path, help="page to write")
    parser.add_argument("--one", nargs=4, metavar=("NAME", "COUNT", "SEED", "SLACK"))
    given = parser.parse_args()
    if given.one:
        name, count, seed, slack = given.one
        size = SIZES[known.index(int(count))]
        sys.stdout.write(json.dumps(measure(name, size, int(seed), float(slack))) + "\n")
        return
    with tempfile.TemporaryDirectory() as made:
        bench = Bench(given.seeds, given.slack, given.folder or Path(made))
        rows = [row for size in SIZES if size.count in given.sizes for row in table(size, bench)]
    busy = BUSY.format(slack=given.slack) if given.slack > 1 else ""
    text = "\n".join([HEAD.format(python=platform.python_version(), slack=busy), *rows])
    sys.stdout.write(text)
    if given.write:
        given.write.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
