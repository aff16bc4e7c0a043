"""Pools between sources and products with a limit on quality: proven where small, bounded beyond.

``python -m bench.pooling`` solves drawn problems of growing size, each in a fresh process, and
prints what was proven and how; ``--write FILE`` keeps the page.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from solvers.exchange import Exchange
from solvers.pooling import Pooling, solve_pooling

SIZES = ((20, 5, 10), (40, 10, 20), (80, 20, 40), (200, 60, 80))
"""Sources, pools and products."""
FEEDS = 4
SECONDS = 120.0
HEAD = """# Quality through hubs: measurements

Written by `python -m bench.pooling --write docs/benchmarks_pooling.md`. Drawn problems
(`bench/pooling.py`): {feeds} feeds for each pool, every pool to every product, one property that
each product limits. A gap of 0.01 % was asked, within {seconds:g} s by the clock. *Products of
two*: proportion times quantity, what makes the problem hard. *Method*: see
[quality through hubs](pooling_quality.md).

| sources, pools, products | products of two | method | value | bound | gap | CPU s |
|---|---:|---|---:|---:|---:|---:|
"""


def drawn(sources: int, pools: int, products: int, seed: int = 0) -> Pooling:
    """A pooling problem; equal arguments, equal arrays."""
    draw = np.random.default_rng((seed, sources, pools, products))
    feed = np.concatenate([draw.choice(sources, FEEDS, replace=False) for _ in range(pools)])
    into = np.repeat(np.arange(pools), FEEDS)
    out, sink = np.repeat(np.arange(pools), products), np.tile(np.arange(products), pools)
    quality = draw.uniform(0.0, 10.0, sources)
    cost = 20.0 - quality + draw.uniform(0.0, 4.0, sources)  # what is purer costs more
    price = draw.uniform(15.0, 25.0, products)
    exchange = Exchange(
        supply=draw.uniform(50.0, 150.0, sources),
        demand=draw.uniform(50.0, 150.0, products),
        origin=np.concatenate([feed, sources + out]),
        destination=np.concatenate([products + into, sink]),
        gain=np.concatenate([-cost[feed], price[sink]]),
        recipe_hub=np.arange(pools),
        recipe_product=np.arange(pools),
        product_hub=np.arange(pools),
    )
    lanes = np.arange(len(out)) + len(feed)
    return Pooling(
        exchange=exchange,
        quality=quality[:, None],
        weight=np.ones(sources + pools),
        mix_property=np.zeros(products, dtype=int),
        mix_sense=np.ones(products),
        mix_limit=draw.uniform(3.0, 7.0, products),
        mix_row=sink,
        mix_lane=lanes,
        mix_weight=np.ones(len(lanes)),
    )


def measure(size: tuple[int, int, int]) -> dict[str, float | str]:
    """Solve one problem in this process."""
    problem, start = drawn(*size), time.process_time()
    found = solve_pooling(problem, time_limit_s=SECONDS)
    taken = time.process_time() - start
    value, bound = float(found.values[0]), float(found.bounds[0])
    return {"method": found.method, "value": value, "bound": bound, "cpu_s": taken}


def row(size: tuple[int, int, int]) -> str:
    """One row of the table, measured in a process of its own."""
    told = [str(each) for each in size]
    command = [sys.executable, "-m", "bench.pooling", "--one", *told]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    gap = (found["bound"] - found["value"]) / max(1.0, abs(found["value"]))
    cells = (", ".join(told), f"{FEEDS * size[1] * size[2]:,}", found["method"])
    figures = (f"{found['value']:,.0f}", f"{found['bound']:,.0f}", f"{gap:.3%}")
    return f"| {' | '.join((*cells, *figures))} | {found['cpu_s']:.1f} |"


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="page to write")
    parser.add_argument("--one", nargs=3, type=int, metavar=("SOURCES", "POOLS", "PRODUCTS"))
    given = parser.parse_args()
    if given.one:
        sources, pools, products = given.one
        sys.stdout.write(json.dumps(measure((sources, pools, products))) + "\n")
        return
    text = HEAD.format(feeds=FEEDS, seconds=SECONDS) + "\n".join(map(row, SIZES)) + "\n"
    sys.stdout.write(text)
    if given.write:
        given.write.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
