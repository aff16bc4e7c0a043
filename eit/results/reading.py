"""Reads a run folder back, for maps, reports and explanations of a run that was made before."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from eit.results.folder import INPUTS, SUMMARY, RunFolderError, is_run_folder
from eit.results.plan import COLUMNS, DTYPES, Plan
from eit.results.summary import settings_from_dict
from eit.scenario import Settings
from eit.territory import Territory, read_territory


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder: the plan, the territory it was made for, the settings, and the summary."""

    plan: Plan
    territory: Territory
    settings: Settings
    summary: Mapping[str, Any]


def read_run(path: str | Path) -> Run:
    """Read a run folder.

    Raises
    ------
    RunFolderError
        If it is none.
    DeclarationError
        If its inputs have been spoilt since.
    """
    folder = Path(path)
    if not is_run_folder(folder):
        raise RunFolderError(folder, "results.no_run")
    summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    territory = read_territory(folder / INPUTS, sound_only=summary["sound_only"])
    settings = settings_from_dict(summary["settings"])
    tables = {name: read_table(folder / f"{name}.csv", name) for name in COLUMNS}
    plan = Plan(
        status=summary["status"],
        **tables,
        objective=tuple(summary["objective"]),
        totals=summary["totals"],
        counts=summary["counts"],
        assumptions=tuple(summary["assumptions"]),
        shortfalls=tuple(summary["shortfalls"]),
        reasons=tuple(summary["reasons"]),
        solver={**summary["solver"], "bound_from": summary["bound_from"]},
        settings=settings,
        timings=summary["time_s"],
        notices=territory.notices,
        conflicts=tuple(summary.get("conflicts", ())),
    )
    return Run(plan, territory, settings, summary)


def read_table(path: Path, name: str) -> pd.DataFrame:
    """Read one table of a run; a blank figure is NaN, texts stay as they are."""
    cells = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    kinds = COLUMNS[name]
    figures = {column for column, kind in kinds.items() if kind != "text"}
    read = {
        column: pd.to_numeric(cells[column].replace("", None))
        if column in figures
        else cells[column]
        for column in kinds
    }
    return pd.DataFrame(read).astype({column: DTYPES[kind] for column, kind in kinds.items()})
