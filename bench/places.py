"""A territory of a thousand real sites, from the register to the maps, by the README's commands.

``python -m bench.places --register FILE`` takes the commands from the README as they stand and
runs them, one process each, beside the register's file (``etablissements.csv`` of the French
register of polluting emissions). ``--ban FOLDER`` gives the Base Adresse Nationale's files;
without them an address base is made up, so that its size is told and nothing needs downloading.
``--write FILE`` also writes the tables as Markdown.
"""

import argparse
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bench.addresses import STREETS
from eit.places import communes

README = Path(__file__).parent.parent / "README.md"
HEADING = "## A thousand sites from a public register"
DEPARTEMENTS = ("02", "59", "60", "62", "80")
HOUSES = (1, 15)
"""Numbers of each street of the base that is made up."""
LANG = "en"


@dataclass(frozen=True, slots=True)
class Run:
    """One command and what it took."""

    command: str
    cpu_s: float
    wall_s: float
    peak_mb: float
    said: str


def commands() -> list[str]:
    """The commands of the README, comments apart."""
    text = README.read_text(encoding="utf-8")
    block = re.search(re.escape(HEADING) + r".*?```console\n(.*?)```", text, re.DOTALL)
    if block is None:
        raise SystemExit(f"README.md has no commands under {HEADING!r}")
    lines = [line for line in block[1].splitlines() if line.startswith("$ ")]
    return [line[2:].partition("  #")[0].strip() for line in lines]


def run(command: str, folder: Path) -> Run:
    """Run a command in a folder, in a process of its own.

    Raises
    ------
    SystemExit
        If it ends otherwise than well.
    """
    program, *arguments = shlex.split(command)
    here = str(Path(sys.executable).with_name(program))
    begin = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        process = subprocess.Popen(
            [here, *arguments, "--lang", LANG], cwd=folder, stdout=said, stderr=said
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - begin
        said.seek(0)
        text = said.read()
    if process.returncode:
        raise SystemExit(f"{command}: exit status {process.returncode}\n{text}")
    return Run(command, used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, text)


def make_base(folder: Path) -> int:
    """Write an address base of the communes of `DEPARTEMENTS`; how many addresses it has."""
    folder.mkdir()
    number = 0
    known = communes().reset_index().dropna(subset=["lon", "lat"])
    streets = pd.DataFrame({"nom_voie": STREETS, "at": range(len(STREETS))})
    houses = streets.merge(pd.DataFrame({"numero": HOUSES}), how="cross")
    for code in DEPARTEMENTS:
        here = known[known["insee"].str.startswith(code)]
        rows = here.merge(houses, how="cross")
        base = pd.DataFrame(
            {
                "id": rows["insee"]
                + "_"
                + rows["at"].astype(str)
                + "_"
                + rows["numero"].astype(str),
                "numero": rows["numero"],
                "rep": "",
                "nom_voie": rows["nom_voie"],
                "code_postal": rows["postcodes"].str.split("|").str[0],
                "code_insee": rows["insee"],
                "nom_commune": rows["name"].str.title(),
                "lon": (rows["lon"] + rows["at"] % 6 * 1e-3).round(6),
                "lat": (rows["lat"] + rows["at"] // 6 * 1e-3 + rows["numero"] * 1e-5).round(6),
            }
        )
        base.to_csv(folder / f"adresses-{code}.csv", sep=";", index=False)
        number += len(base)
    return number


def table(runs: list[Run]) -> Iterator[str]:
    """A row per command, and one for all."""
    yield "| command | CPU s | wall s | peak MB |"
    yield "|---|---:|---:|---:|"
    for one in runs:
        yield f"| `{one.command}` | {one.cpu_s:.1f} | {one.wall_s:.1f} | {one.peak_mb:.0f} |"
    cpu, wall = sum(one.cpu_s for one in runs), sum(one.wall_s for one in runs)
    yield f"| all | {cpu:.1f} | {wall:.1f} | {max(one.peak_mb for one in runs):.0f} |"


def repairs(folder: Path) -> Iterator[str]:
    """How often each remark stands in the report of the import."""
    said = pd.read_csv(folder / "france/import_report.csv", dtype=str)
    counts = said.groupby(["kind", "code"]).size()
    yield "| | remark | rows |"
    yield "|---|---|---:|"
    for (kind, code), number in counts.items():
        yield f"| {kind} | `{code}` | {number:,} |"


def outcome(folder: Path) -> str:
    """What came of it, in a sentence."""
    summary = json.loads((folder / "run-north/summary.json").read_text(encoding="utf-8"))
    sites = len(pd.read_csv(folder / "north/sites.csv", dtype=str))
    counts, totals = summary["counts"], summary["totals"]
    return (
        f"{sites:,} sites, {counts['lanes']:,} lanes, {totals['exchanges']:,} exchanges,"
        f" {summary['status']} (gap {summary['gap']:.1e}); all flows are inferred from activity"
        " codes, so that the exchanges are questions to put to firms, not answers."
    )


def addresses_alone(folder: Path) -> list[Run]:
    """Locate the same sites without any coordinates: base already indexed, then settled."""
    bare = folder / "bare"
    bare.mkdir()
    sites = pd.read_csv(folder / "north/sites.csv", dtype=str, keep_default_na=False)
    sites.drop(columns=["lon", "lat"]).to_csv(bare / "sites.csv", index=False)
    return [run("eit locate bare --gazetteer ban", folder)]


def measured(register: Path, ban: Path | None, folder: Path) -> list[str]:
    """All tables."""
    (folder / "etablissements.csv").symlink_to(register.resolve())
    if ban is None:
        base = f"made up, {make_base(folder / 'ban'):,} addresses"
    else:
        (folder / "ban").symlink_to(ban.resolve())
        base = "as published"
    runs = [run(command, folder) for command in commands()]
    cores = len(os.sched_getaffinity(0))
    return [
        "# From a register to the maps",
        "",
        f"Written by `python -m bench.places` with Python {platform.python_version()} on {cores}",
        "cores shared with other work: seconds of the processor count, wall time is what it was.",
        f"Commands are those of the README, run as they stand. Address base: {base}. There was no",
        "road network: distances are geodesics × circuity.",
        "",
        *table(runs),
        "",
        outcome(folder),
        "",
        "## The same sites by their addresses alone",
        "",
        *table(addresses_alone(folder)),
        "",
        "## What the import said of the 2020 register",
        "",
        *repairs(folder),
    ]


def main() -> None:
    """Run the commands and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--register", type=Path, required=True)
    parser.add_argument("--ban", type=Path)
    parser.add_argument("--write", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["EIT_CACHE"] = str(Path(folder) / "cache")
        text = "\n".join(measured(chosen.register, chosen.ban, Path(folder))) + "\n"
    sys.stdout.write(text)
    if chosen.write:
        chosen.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
