"""Writes the run folder of docs/contract.md.

The tables are machine files: cells hold ids and figures as they are, even where an id begins
with ``=``, ``+``, ``-`` or ``@``, which a spreadsheet may take for a formula. What people open
in a spreadsheet is the report, which writes every text as text.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from eit.results.folder import INPUTS, SCENARIO, SUMMARY, RunFolderError, staged
from eit.results.lines import csv_lines
from eit.results.plan import COLUMNS, Plan
from eit.results.summary import summarise
from eit.territory import Territory


def write_run(
    run_folder: str | Path,
    plan: Plan,
    territory: Territory,
    *,
    scenario_file: str | Path | None = None,
    sound_only: bool = False,
    left_out: Sequence[Mapping[str, Any]] = (),
    timings: Mapping[str, float] | None = None,
    also: Callable[[Path], None] | None = None,
) -> dict[str, Any]:
    """Write a run folder, replacing a former run of that name once the new one is whole.

    Parameters
    ----------
    run_folder
        Where to write; must not exist, or be a run folder.
    plan
        The plan; one without flows is written too, with the reason.
    territory
        What was read; its files are copied to ``inputs/`` byte by byte.
    scenario_file
        Scenario given for the run; kept as ``inputs/run_scenario.toml``.
    sound_only, left_out
        Whether faulty rows were left out, and their faults as the contract words them.
    timings
        Seconds spent before the plan was made, such as ``read``.
    also
        Writes more into the folder before it takes its place (maps, report).

    Returns
    -------
    summary
        What summary.json says.

    Raises
    ------
    RunFolderError
        If something stands there that is no run folder, or a file has changed since it was read.
    """
    with staged(run_folder) as folder:
        start = time.perf_counter()
        inputs = _keep_inputs(folder / INPUTS, territory, scenario_file)
        for name in COLUMNS:
            write_table(getattr(plan, name), folder / f"{name}.csv")
        if also is not None:
            also(folder)
        time_s = {**(timings or {}), **plan.timings}
        time_s["write"] = time_s.get("write", 0.0) + time.perf_counter() - start
        summary = summarise(
            plan,
            territory,
            inputs=inputs,
            sound_only=sound_only,
            left_out=left_out,
            time_s=time_s,
        )
        text = json.dumps(summary, ensure_ascii=False, indent=2, allow_nan=False)
        (folder / SUMMARY).write_text(text + "\n", encoding="utf-8", newline="\n")
    return summary


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as the contract says: UTF-8, comma, point, LF, a blank for what is missing."""
    with path.open("wb") as file:
        file.writelines(csv_lines(frame))


def _keep_inputs(
    folder: Path, territory: Territory, scenario_file: str | Path | None
) -> dict[str, str]:
    """Copy what was read, and say the sha256 of each file by its name in the folder."""
    folder.mkdir()
    kept = {}
    for name, digest in territory.files:
        source = Path(territory.folder or "", name)
        if _copy(source, folder / name) != digest:
            raise RunFolderError(source, "results.changed")
        kept[name] = digest
    if scenario_file is not None:
        kept[SCENARIO] = _copy(Path(scenario_file), folder / SCENARIO)
    return dict(sorted(kept.items()))


def _copy(source: Path, target: Path) -> str:
    """Copy a file byte by byte; give back its sha256."""
    content = source.read_bytes()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return hashlib.sha256(content).hexdigest()
