"""Time and memory of each phase of the main job, beside the bare solvers on the same arrays.

``python -m bench.run`` prints the tables; ``--write FILE`` also writes them as Markdown.
Every size and every contender runs in a fresh process; contenders take turns, so that a
busy moment of the machine falls on all of them.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.territories import write_territory

SIZES = (1_000, 10_000, 100_000)
PHASES = ("read", "lanes", "build", "solve", "write")
CONTENDERS = ("ours", "flow", "glop", "scipy")
LABELS = {
    "ours": "solvers.exchange, with certificate",
    "flow": "one min-cost flow (OR-Tools)",
    "glop": "one LP (GLOP, bulk-built)",
    "scipy": "one LP (scipy, HiGHS)",
}
ROUNDS = 3
LARGE = 100_000
"""Declarations from which on each contender runs once."""


def measure(arguments: list[str]) -> dict[str, float]:
    """Run one measurement in a process of its own; its last line is JSON."""
    command = [sys.executable, "-m", "bench.measure", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def phases(sizes: tuple[int, ...], folder: Path) -> list[str]:
    """One row per size: seconds by phase, peak memory, lanes, value and gap."""
    rows = [
        "| declarations | lanes | " + " | ".join(f"{p} s" for p in PHASES) + " | peak MB | gap |",
        "|---:" * (len(PHASES) + 4) + "|",
    ]
    for size in sizes:
        territory = folder / f"territory-{size}"
        write_territory(territory, size)
        found = measure(["job", str(territory), str(folder / f"run-{size}")])
        seconds = " | ".join(f"{found[phase]:.2f}" for phase in PHASES)
        rows.append(
            f"| {size:,} | {found['lane_count']:,.0f} | {seconds} | {found['peak_mb']:.0f} "
            f"| {found['gap']:.1e} |"
        )
    return rows


def contest(sizes: tuple[int, ...], folder: Path) -> list[str]:
    """One row per size and contender: median seconds and the ratio to ours."""
    rows = [
        "| declarations | contender | CPU s, median | ratio to ours | objective / ours |",
        "|---:|---|---:|---:|---:|",
    ]
    for size in sizes:
        taken: dict[str, list[float]] = {name: [] for name in CONTENDERS}
        value: dict[str, float] = {}
        for _ in range(ROUNDS if size < LARGE else 1):
            for name in CONTENDERS:
                found = measure(["solver", name, str(folder / f"territory-{size}")])
                taken[name].append(found["cpu_s"])
                value[name] = found["objective"]
        median = {name: statistics.median(times) for name, times in taken.items()}
        for name in CONTENDERS:
            rows.append(
                f"| {size:,} | {LABELS[name]} | {median[name]:.3f} "
                f"| {median[name] / median['ours']:.1f} | {value[name] / value['ours']:.9f} |"
            )
    return rows


def page(sizes: tuple[int, ...]) -> str:
    """The whole page of measurements as Markdown."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tables = [phases(sizes, folder), contest(sizes, folder)]
    return "\n".join(
        [
            "# Benchmarks",
            "",
            f"Written by `make bench` with Python {platform.python_version()} on 2 cores.",
            "Generated territories (`bench/territories.py`): clustered parks, 60 resources at",
            "1,000 declarations and 200 above, full reach, no truncation.",
            "",
            "## The main job, phase by phase",
            "",
            *tables[0],
            "",
            "## The solve, beside the bare solvers on the same arrays",
            "",
            f"Contenders take turns, each in a fresh process, {ROUNDS} rounds, one from {LARGE:,}",
            "declarations on; CPU seconds of building and solving. Ours splits the lanes into",
            "components, proves the bound by prices, and recomputes the objective in floats.",
            "",
            *tables[1],
            "",
        ]
    )


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    text = page(tuple(given.sizes))
    sys.stdout.write(text)
    if given.write:
        given.write.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
