"""Months, a budget, blending and hubs: the way each takes, beside whole solvers.

``python -m bench.methods`` solves one generated instance of each kind by the product and by
GLOP, HiGHS and SCIP on the whole model, each in a fresh process, and prints CPU seconds and
values; ``--write FILE`` keeps them as a page.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bench.mixed import generate, ours, whole
from solvers.exchange import Exchange, Limit
from solvers.exchange.engine import Engine

SEED = 3
MONTHS = 12
SECONDS = 120.0
HUB_REACH, HUB_YIELD, OPENING_EUR = 40, 0.8, 2e4
HEAD = """# Which method solves what: measurements

Written by `python -m bench.methods --write docs/benchmarks_methods.md`: generated instances
(`bench/mixed.py` without its fixed costs, lots and partner limits, plus what the row says), each
contender in a fresh process, CPU seconds. *Ours* takes the way that [the solver](solver.md) says;
the others get the whole model, every link bounded by what its ends can
carry. A gap of 0.01 % was asked; 0.5 % with hubs.
"""


def _plain(count: int) -> Exchange:
    """Lanes that gain, with nothing else."""
    made = generate(count, seed=SEED)
    return Exchange(
        supply=made.supply,
        demand=made.demand,
        origin=made.origin,
        destination=made.destination,
        gain=made.gain,
    )


def months(count: int) -> Exchange:
    """Twelve months, each end with a season of its own and a month's mean in store."""
    made, draw = _plain(count), np.random.default_rng(SEED)

    def spread(total: np.ndarray) -> np.ndarray:
        weight = draw.uniform(0.0, 2.0, (len(total), MONTHS))
        return total * weight / weight.sum(axis=1, keepdims=True)

    return Exchange(
        supply=spread(made.supply),
        demand=spread(made.demand),
        supply_storage=made.supply[:, 0] / MONTHS,
        demand_storage=made.demand[:, 0] / MONTHS,
        origin=made.origin,
        destination=made.destination,
        gain=made.gain,
    )


def budget(count: int) -> Exchange:
    """One yearly limit over all lanes, at half of what they would use without it."""
    made, draw = _plain(count), np.random.default_rng(SEED)
    weight = draw.uniform(0.5, 1.5, len(made.origin))
    most = 0.5 * min(made.supply.sum(), made.demand.sum())
    return Exchange(
        supply=made.supply,
        demand=made.demand,
        origin=made.origin,
        destination=made.destination,
        gain=made.gain,
        limits=(Limit(limit=float(most / 2), lane_coef=weight),),
    )


def blending(count: int) -> Exchange:
    """A property of each source, and a limit on the mean of what each third sink receives."""
    made, draw = _plain(count), np.random.default_rng(SEED)
    holds = draw.uniform(0.0, 1.0, len(made.supply))
    limited = np.arange(len(made.demand)) % 3 == 0
    lanes = np.flatnonzero(limited[made.destination])
    row = np.cumsum(limited) - 1
    return Exchange(
        supply=made.supply,
        demand=made.demand,
        origin=made.origin,
        destination=made.destination,
        gain=made.gain,
        blend_rows=int(limited.sum()),
        blend_row=row[made.destination[lanes]],
        blend_lane=lanes,
        blend_coef=holds[made.origin[lanes]] - 0.4,
    )


def hubs(count: int) -> Exchange:
    """One hub with a cost of opening for each fifty declarations, from 40 sources to 40 sinks."""
    made, draw = _plain(count), np.random.default_rng(SEED)
    sources, sinks, number = len(made.supply), len(made.demand), count // 50
    hub = np.repeat(np.arange(number), HUB_REACH)
    taken, given = draw.integers(0, sources, len(hub)), draw.integers(0, sinks, len(hub))
    paid, saved = draw.uniform(-10.0, 40.0, len(hub)), draw.uniform(0.0, 60.0, len(hub))
    return Exchange(
        supply=made.supply,
        demand=made.demand,
        origin=np.concatenate([made.origin, taken, sources + hub]),
        destination=np.concatenate([made.destination, sinks + hub, given]),
        gain=np.concatenate([made.gain[0], paid, saved]),
        recipe_hub=np.arange(number),
        recipe_product=np.arange(number),
        recipe_yield=np.full(number, HUB_YIELD),
        product_hub=np.arange(number),
        hub_capacity=np.full(number, made.supply.mean() * 10),
        hub_gain=np.full((1, number), -OPENING_EUR),
    )


CASES: dict[str, tuple[Callable[[int], Exchange], int, float, tuple[str, ...]]] = {
    "twelve months with storage": (months, 3_000, 1e-4, ("ours", "GLOP", "HiGHS")),
    "one yearly budget": (budget, 10_000, 1e-4, ("ours", "GLOP", "HiGHS")),
    "blending at a third of the needs": (blending, 10_000, 1e-4, ("ours", "GLOP", "HiGHS")),
    "hubs with a cost of opening": (hubs, 3_000, 5e-3, ("ours", "HiGHS", "SCIP")),
}
CONTENDERS = {
    "ours": ours,
    "GLOP": whole(Engine.GLOP),
    "HiGHS": whole(Engine.HIGHS),
    "SCIP": whole(Engine.GSCIP),
}


def measure(case: str, contender: str) -> dict[str, float]:
    """One contender on one case, in this process."""
    make, count, gap, _ = CASES[case]
    problem = make(count)
    start = time.process_time()
    found = CONTENDERS[contender](problem, gap, SECONDS)
    taken = time.process_time() - start
    return {**found, "cpu_s": taken, "lanes": len(problem.origin)}


def table() -> Sequence[str]:
    """Rows of the page."""
    rows = [
        "| case | lanes | contender | CPU s | ratio to ours | value / ours | proven gap |",
        "|---|---:|---|---:|---:|---:|---:|",
    ]
    for case, (_, _, _, contenders) in CASES.items():
        found = {name: _apart(case, name) for name in contenders}
        base = found["ours"]
        for name, run in found.items():
            gap = (run["bound"] - run["value"]) / max(1.0, run["value"])
            rows.append(
                f"| {case} | {run['lanes']:,} | {name} | {run['cpu_s']:.2f} "
                f"| {run['cpu_s'] / base['cpu_s']:.1f} | {run['value'] / base['value']:.6f} "
                f"| {gap:.3%} |"
            )
    return rows


def _apart(case: str, contender: str) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.methods", "--case", case, "--one", contender]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    sys.stderr.write(f"{case}, {contender}: {found}\n")
    return found


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", choices=CASES)
    parser.add_argument("--one", choices=CONTENDERS)
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    if given.one:
        sys.stdout.write(json.dumps(measure(given.case, given.one)) + "\n")
        return
    text = "\n".join([HEAD, *table(), ""])
    sys.stdout.write(text)
    if given.write:
        given.write.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
