"""Time and memory of each phase of the main job, beside the bare solvers on the same arrays.

``python -m bench.run`` prints the tables; ``--write FILE`` also writes them as Markdown.
Every size and every contender runs in a fresh process; contenders take turns, so that a
busy moment of the machine falls on all of them.
"""

import argparse
import json
import math
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.territories import write_territory

SIZES = (1_000, 10_000, 100_000, 1_000_000)
PHASES = ("read", "lanes", "build", "solve", "flows")
HANDED = PHASES[1:]
"""Phases from typed columns in memory to written flows."""
PEERS = Path(".venv-bench/bin/python")
CONTENDERS = {
    "ours": "solvers.exchange, with duals and certificate",
    "bare": "min-cost flow on our components, no duals (OR-Tools)",
    "flow": "one min-cost flow (OR-Tools)",
    "glop": "one LP (GLOP, bulk-built)",
    "scipy": "one LP (scipy, HiGHS)",
    "linopy_highs": "linopy + HiGHS",
    "pulp_highs": "PuLP + HiGHS",
    "pulp_cbc": "PuLP + CBC",
    "pyomo_highs": "Pyomo + HiGHS",
    "networkx": "networkx, network simplex",
}
OF_PEERS = ("linopy_highs", "pulp_highs", "pulp_cbc", "pyomo_highs", "networkx")
LARGEST = {**dict.fromkeys(CONTENDERS, 100_000), **dict.fromkeys(OF_PEERS, 10_000)}
"""Declarations up to which a contender takes part."""
LARGE = 100_000
"""Declarations from which on slow contenders run once."""
WHOLE_JOB = 100_000
"""Declarations up to which maps and report are made too."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Sizes, how often, and where the files go."""

    sizes: tuple[int, ...]
    rounds: int
    folder: Path

    def territory(self, size: int) -> Path:
        """Folder of the territory of a size."""
        return self.folder / f"territory-{size}"

    def arrays(self, size: int) -> Path:
        """File of its problem."""
        return self.folder / f"arrays-{size}.npz"

    def measure(self, *arguments: str, turn: int = 0) -> dict[str, Any]:
        """Run one measurement in a process of its own; its last line is JSON."""
        return self._kept([sys.executable, "-m", "bench.measure", *arguments], turn)

    def contend(self, name: str, size: int, turn: int) -> dict[str, Any]:
        """Run one contender, each in the environment it needs."""
        file = str(self.arrays(size))
        if name in OF_PEERS:
            return self._kept([str(PEERS), "bench/peers.py", name, file], turn)
        return self.measure("solver", name, file, turn=turn)

    def _kept(self, command: list[str], turn: int) -> dict[str, Any]:
        """Measure, or take what an earlier run that was stopped has measured already."""
        words = (word.removeprefix(f"{self.folder}/").replace("/", "_") for word in command[1:])
        name = "-".join([*words, str(turn)])
        kept = self.folder / f"{name}.json"
        if not kept.exists():
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            kept.write_text(done.stdout.splitlines()[-1], encoding="utf-8")
        measured: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        return measured


def medians(found: list[dict[str, Any]]) -> dict[str, float]:
    """Median CPU seconds of each phase of several runs."""
    return {name: statistics.median(one["cpu_s"][name] for one in found) for name in PHASES}


def chains(bench: Bench) -> list[str]:
    """From the folder to written flows: seconds by phase, beside the bare solver; memory."""
    titles = ("declarations", "lanes", "flows", *(f"{name} s" for name in PHASES))
    titles += ("bare solves s", "lanes to flows / bare", "peak MB", "bytes per lane")
    rows, points = list(_head(titles)), []
    for size in bench.sizes:
        if not bench.territory(size).exists():
            write_territory(bench.territory(size), size)
        territory, flows = str(bench.territory(size)), str(bench.folder / "flows.csv")
        bench.measure("arrays", territory, str(bench.arrays(size)))
        runs, bare = [], []
        for turn in range(1 if size > LARGE else bench.rounds):
            runs.append(bench.measure("chain", territory, flows, turn=turn))
            bare.append(bench.contend("bare", size, turn))
        cpu = medians(runs)
        alone = statistics.median(one["cpu_s"] for one in bare)
        spent, lanes = sum(cpu[name] for name in HANDED), runs[0]["lanes"]
        peak = max(one["peak_mb"] for one in runs)
        points.append((lanes, spent, size))
        seconds = (f"{cpu[name]:.2f}" for name in PHASES)
        rest = (
            f"{alone:.2f}",
            f"{spent / alone:.2f}",
            f"{peak:.0f}",
            f"{peak * 2**20 / lanes:.0f}",
        )
        rows.append(_row(f"{size:,}", f"{lanes:,}", f"{runs[0]['flows']:,}", *seconds, *rest))
        if not all(one["exact"] for one in bare):
            raise RuntimeError(f"{size}: the integer dual is not the integer primal")
    return [*rows, "", *_exponents(points)]


def _exponents(points: list[tuple[int, float, int]]) -> Iterable[str]:
    """How time from lanes to flows grows with lanes, from 10,000 declarations on."""
    first = next((point for point in points if point[2] >= 10_000), points[0])
    for lanes, spent, size in points:
        if lanes > first[0]:
            power = math.log(spent / first[1]) / math.log(lanes / first[0])
            yield f"From {first[2]:,} to {size:,} declarations, time grows with lanes^{power:.2f}."


def contest(bench: Bench) -> list[str]:
    """One row per size and contender: median seconds and the ratio to ours."""
    rows = list(_head(("declarations", "contender", "CPU s", "ratio to ours", "objective / ours")))
    for size in bench.sizes:
        names = [name for name in CONTENDERS if size <= LARGEST[name]]
        if not names:
            continue
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
        for turn in range(1 if size >= LARGE else bench.rounds):
            for name in names:
                found[name].append(bench.contend(name, size, turn))
        median = {
            name: statistics.median(one["cpu_s"] for one in runs) for name, runs in found.items()
        }
        ours = found["ours"][0]["objective"]
        for name in names:
            ratio, value = median[name] / median["ours"], found[name][0]["objective"] / ours
            cells = (f"{median[name]:.3f}", f"{ratio:.1f}", f"{value:.9f}")
            rows.append(_row(f"{size:,}", CONTENDERS[name], *cells))
    return rows


def readers(bench: Bench) -> list[str]:
    """Reading and checking a file of declarations, beside pandas.read_csv of the same file."""
    rows = list(_head(("declarations", "read and checked s", "pandas.read_csv s", "ratio")))
    for size in bench.sizes:
        file = bench.territory(size) / "declarations" / "all.csv"
        taken: dict[str, list[float]] = {"ours": [], "pandas": []}
        for turn in range(bench.rounds):
            for name, times in taken.items():
                times.append(bench.measure("read", name, str(file), turn=turn)["cpu_s"])
        ours, pandas = (statistics.median(times) for times in taken.values())
        rows.append(_row(f"{size:,}", f"{ours:.3f}", f"{pandas:.3f}", f"{ours / pandas:.1f}"))
    return rows


def jobs(bench: Bench) -> list[str]:
    """The whole job with tables, maps and report."""
    rows = list(_head(("declarations", "CPU s", "peak MB")))
    for size in bench.sizes:
        if size <= WHOLE_JOB:
            run_folder = bench.folder / f"run-{size}"
            found = bench.measure("job", str(bench.territory(size)), str(run_folder))
            rows.append(_row(f"{size:,}", f"{found['cpu_s']:.1f}", f"{found['peak_mb']:.0f}"))
    return rows


def cores(bench: Bench) -> list[str]:
    """Solving the largest size on one and on two cores, wall seconds."""
    size = bench.sizes[-1]
    places = str(bench.territory(size)), str(bench.folder / "flows.csv")
    found = {
        1: bench.measure("chain", *places),
        2: bench.measure("chain", *places, "--threads", "2"),
    }
    rows = list(_head(("cores", "solve, wall s", "solve, CPU s", "of the busier process")))
    for threads, one in found.items():
        cells = (one["wall_s"]["solve"], one["cpu_s"]["solve"], one["busier_s"])
        rows.append(_row(str(threads), *(f"{each:.1f}" for each in cells)))
    return rows


TABLES = (chains, contest, readers, jobs, cores)


def _head(titles: tuple[str, ...]) -> tuple[str, str]:
    sides = ("---" if title == "contender" else "---:" for title in titles)
    return _row(*titles), "|" + "|".join(sides) + "|"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


PAGE = """# Benchmarks

Written by `make bench` with Python {python} on 2 cores. CPU seconds, those of children
included, unless said otherwise; contenders take turns, each in a fresh process, {rounds} rounds,
one where it is long. Generated territories (`bench/territories.py`): clustered parks, 60
resources at 1,000 declarations and 200 above, full reach, no truncation; as dense at every size.

Fixed costs, lots and partners: [mixed problems](benchmarks_mixed.md), [parks](benchmarks_parks.md).
Months, budgets, blending and hubs: [methods](benchmarks_methods.md). Real sites:
[places](benchmarks_places.md). The portal under load: [portal](benchmarks_portal.md).

## From declarations to written flows

One thread. *read*: the folder, checked; *lanes*: every permitted lane measured, judged and priced;
*build*: the arrays of the model, checked; *solve*: parts, flows, duals, certificate, audit;
*flows*: the plan's rows and `flows.csv`. *Bare solves*: the flow solver alone on our own
components. In every run the integer dual equals the integer primal.

{chains}

## The solve, beside other solvers on the same arrays

Building and solving. Ours splits the lanes into components, proves the bound by prices, audits
the plan and recomputes the objective in floats.

{contest}

## Reading

{readers}

## The whole job, with maps and report

{jobs}

## One core and two

The solve of {largest:,} declarations. Where others use the machine too, what a second core is
worth shows in the CPU seconds of the busier process rather than on the wall.

{cores}
"""


def page(bench: Bench) -> str:
    """The whole page of measurements as Markdown."""
    tables = {each.__name__: "\n".join(each(bench)) for each in TABLES}
    head = {"python": platform.python_version(), "rounds": bench.rounds}
    return PAGE.format(**head, **tables, largest=bench.sizes[-1])


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--folder", type=Path, help="keep the files here, and go on from what is there"
    )
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        text = page(Bench(tuple(given.sizes), given.rounds, given.folder or Path(name)))
    sys.stdout.write(text)
    if given.write:
        given.write.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
