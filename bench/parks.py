"""Parks of 30, 50 and 100 firms with a fixed cost per link: ours beside a large-M model by CBC.

The setting of published open matchers of this field: firms in a box of 20 km, two streams,
a fixed cost for each link in use, transport by tonne-kilometre, needs that take a share of
substitutes. `python -m bench.parks [FIRMS …] [--seconds S]` prints one row for each size and
seed: value, proven bound and seconds of each of the two; ``--write FILE`` keeps the page. The
large-M model says of each link that it carries at most 1e6 and, if used, at least 1e-6, as such
tools write it down.
"""

import argparse
import csv
import resource
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ortools.linear_solver import pywraplp

from eit.matching import find_market
from eit.matching.problem import yearly_cost
from eit.scenario import Scenario, Settings, resolve
from eit.study import match
from eit.territory import Territory, read_territory

SIZES = (30, 50, 100)
BOX_KM = 20.0
STREAMS = ("wood_chips", "spent_solvent")
FIXED_EUR = 900
LARGE, FLOOR = 1e6, 1e-6
HEAD = """# Parks with a fixed cost per link: measurements

Written by `python -m bench.parks --write docs/benchmarks_parks.md`: the setting of published open
matchers of this field (`bench/parks.py`), ours on two cores beside the large-M model by CBC 2.10
on one. Limit {seconds:g} s, for ours by the clock, for CBC of CPU; asked for a gap of 0.01 %.
*Says*: what the solver calls its answer. CPU s.

| firms | seed | ours says | value | bound | gap | CPU s | CBC says | value | bound | gap | CPU s |
|---:|---:|---|---:|---:|---:|---:|---|---:|---:|---:|---:|
"""
LONGITUDE, LATITUDE = 2.80, 50.40
KM_PER_DEGREE = 111.2


@dataclass(frozen=True)
class Answer:
    """What a solver says of a park: how it ended, value, bound, and CPU seconds."""

    ending: str
    value: float
    bound: float
    seconds: float


def write_park(folder: Path, firms: int, seed: int) -> Path:
    """Write a park as a territory folder; equal arguments, equal files."""
    rng = np.random.default_rng((seed, firms))
    north = rng.uniform(0.0, BOX_KM, firms) / KM_PER_DEGREE
    east = rng.uniform(0.0, BOX_KM, firms) / (KM_PER_DEGREE * np.cos(np.radians(LATITUDE)))
    sites = [
        {
            "site_id": f"s{f}",
            "lon": f"{LONGITUDE + east[f]:.6f}",
            "lat": f"{LATITUDE + north[f]:.6f}",
        }
        for f in range(firms)
    ]
    declarations: list[dict[str, object]] = []
    for stream in STREAMS:
        gives = rng.random(firms) < 0.5
        amount = np.maximum(1, np.round(rng.lognormal(4.0, 0.8, firms)))
        share = rng.choice([0.3, 0.5, 0.8], firms)
        for f in range(firms):
            declarations.append(
                {
                    "declaration_id": f"{'r' if gives[f] else 'n'}{f}_{stream}",
                    "site_id": f"s{f}",
                    "kind": "residue" if gives[f] else "need",
                    "resource": stream,
                    "quantity": int(amount[f]),
                    "current_cost_eur_per_unit": int(rng.integers(10, 40)),
                    "max_share": "" if gives[f] else share[f],
                }
            )
    links = [
        {"from_id": a["declaration_id"], "to_id": b["declaration_id"], "fixed_cost_eur": FIXED_EUR}
        for a in declarations
        for b in declarations
        if (a["kind"], b["kind"]) == ("residue", "need")
        and a["resource"] == b["resource"]
        and a["site_id"] != b["site_id"]
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "territory.toml").write_text(
        f'[territory]\nname = "Park of {firms}"\nbuiltin_rules = false\n'
        "[transport]\ncost_eur_per_t_km = 0.4\n[factors]\nassume_costs = false\n",
        encoding="utf-8",
    )
    (folder / "declarations").mkdir(exist_ok=True)
    tables = {"sites": sites, "declarations/all": declarations, "links": links}
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
    return folder


def settings_of(territory: Territory, seconds: float, gap: float = 1e-4) -> Settings:
    """Settings of one run, with its time limit."""
    scenario = Scenario(solver={"time_limit_s": seconds, "gap": gap, "threads": 2})
    return resolve(territory.toml, territory.scenario, scenario)


def ours(territory: Territory, seconds: float, gap: float = 1e-4) -> Answer:
    """What `eit.match` finds within so many seconds."""
    start = cpu_seconds()
    scenario = Scenario(solver={"time_limit_s": seconds, "gap": gap, "threads": 2})
    plan = match(territory, scenario).plan
    goal = plan.objective[0]
    return Answer(plan.status, goal["value"], goal["bound"], cpu_seconds() - start)


def large_m(territory: Territory, seconds: float) -> Answer:
    """What CBC says of the large-M model of the same lanes within so many seconds."""
    offer = find_market(territory, settings_of(territory, seconds)).offer
    gain, fixed = offer.prices.value_eur, yearly_cost(offer)[offer.bundles.way]
    start = cpu_seconds()
    solver = pywraplp.Solver.CreateSolver("CBC")
    solver.SetTimeLimit(int(1000 * seconds))
    shipped = [solver.NumVar(0.0, solver.infinity(), "") for _ in gain]
    used = [solver.BoolVar("") for _ in gain]
    ends = (
        (offer.lanes.origin, offer.ends.offered[:, 0]),
        (offer.lanes.end, offer.ends.wanted[:, 0]),
    )
    for end, most in ends:
        for place, limit in enumerate(most.tolist()):
            lanes = np.flatnonzero(end == place)
            solver.Add(sum(shipped[lane] for lane in lanes) <= limit)
    for x, y in zip(shipped, used, strict=True):
        solver.Add(x <= LARGE * y)
        solver.Add(x >= FLOOR * y)
    solver.Maximize(
        sum(g * x - f * y for g, x, f, y in zip(gain, shipped, fixed, used, strict=True))
    )
    endings = {
        pywraplp.Solver.OPTIMAL: "optimal",
        pywraplp.Solver.FEASIBLE: "feasible",
        pywraplp.Solver.INFEASIBLE: "infeasible",
    }
    ending = endings.get(solver.Solve(), "nothing")
    if ending not in ("optimal", "feasible"):
        return Answer(ending, np.nan, np.nan, cpu_seconds() - start)
    value, bound = solver.Objective().Value(), solver.Objective().BestBound()
    return Answer(ending, value, bound, cpu_seconds() - start)


def cpu_seconds() -> float:
    """CPU time of this process and its children."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def row(firms: int, seed: int, seconds: float) -> str:
    """One row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        territory = read_territory(write_park(Path(folder) / "park", firms, seed))
        here, there = ours(territory, seconds), large_m(territory, seconds)
    cells = [str(firms), str(seed)]
    for answer in (here, there):
        gap = (answer.bound - answer.value) / max(1.0, abs(answer.value))
        cells += [answer.ending, f"{answer.value:,.0f}", f"{answer.bound:,.0f}", f"{gap:.3%}"]
        cells += [f"{answer.seconds:.1f}"]
    return "| " + " | ".join(cells) + " |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("firms", nargs="*", type=int, default=list(SIZES))
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--write", type=Path, help="page to write")
    asked = parser.parse_args(arguments)
    made = [row(firms, seed, asked.seconds) for firms in asked.firms for seed in range(asked.seeds)]
    text = HEAD.format(seconds=asked.seconds) + "\n".join(made) + "\n"
    sys.stdout.write(text)
    if asked.write:
        asked.write.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
