"""The files of a run folder, read as they stand: what is missing or unreadable is said."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from eit.verify.verdict import Violation

INPUTS = "inputs"
TEXT: Mapping[str, tuple[str, ...]] = {
    "flows": ("from_id", "to_id", "resource", "unit", "rule_id", "mode", "distance_source"),
    "synergies": ("donor_id", "receiver_id", "via", "unit"),
    "unmatched": ("declaration_id", "kind", "unit", "reason", "detail", "change"),
    "hubs": ("hub_id", "used"),
}
FIGURES: Mapping[str, tuple[str, ...]] = {
    "flows": (
        "period",
        "quantity",
        "delivered",
        "distance_km",
        "trips",
        "transport_cost_eur",
        "treatment_cost_eur",
        "fixed_cost_eur",
        "saving_donor_eur",
        "saving_receiver_eur",
        "value_eur",
        "co2e_kg",
    ),
    "synergies": ("quantity", "delivered", "value_eur", "distance_km"),
    "unmatched": ("quantity_left",),
    "hubs": ("taken", "given", "unit_cost_eur", "opening_cost_eur"),
}
MAY_BE_BLANK = frozenset({"distance_km", "trips", "given", "unit_cost_eur"})
CERTIFICATE = "prices"


@dataclass(frozen=True, slots=True)
class RunFiles:
    """What a run folder holds.

    Attributes
    ----------
    folder
        The run folder.
    summary
        ``summary.json``.
    tables
        ``flows``, ``synergies``, ``unmatched``, ``hubs``; figures as floats, text as text.
    prices
        ``prices.csv``, empty if there is none.
    """

    folder: Path
    summary: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]
    prices: pd.DataFrame


def read_files(folder: Path) -> tuple[RunFiles | None, list[Violation]]:
    """Read a run folder; None where so much is missing that nothing can be rechecked."""
    summary, wrong = _summary(folder / "summary.json")
    if summary is None:
        return None, wrong
    tables = {}
    for name in TEXT:
        planless = summary["status"] not in ("optimal", "feasible")
        if planless and not (folder / f"{name}.csv").exists():
            tables[name] = _no_rows(name)
            continue
        table, faults = read_table(folder / f"{name}.csv", TEXT[name], FIGURES[name])
        wrong += faults
        tables[name] = _no_rows(name) if table is None else table
    prices, faults = _prices(folder / f"{CERTIFICATE}.csv")
    return RunFiles(folder, summary, tables, prices), wrong + faults


def read_table(
    path: Path, text: tuple[str, ...], figures: tuple[str, ...]
) -> tuple[pd.DataFrame | None, list[Violation]]:
    """Read one table of a run; columns beyond the wanted ones are kept as text."""
    try:
        cells = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except FileNotFoundError:
        return None, [Violation("missing_file", path.name, "", "")]
    except (OSError, ValueError) as error:  # undecodable, ragged or empty
        return None, [Violation("unreadable_file", path.name, str(error).strip(), "")]
    missing = [name for name in (*text, *figures) if name not in cells]
    if missing:
        return None, [
            Violation("column", path.name, ", ".join(map(str, cells)), name) for name in missing
        ]
    wrong: list[Violation] = []
    for name in figures:
        numbers = pd.to_numeric(cells[name].replace("", "nan"), errors="coerce").astype(float)
        blank_allowed = name in MAY_BE_BLANK
        bad = ~np.isfinite(numbers) & ~((cells[name] == "") & blank_allowed)
        wrong += [
            Violation("cell", f"{path.name}:{line + 2}:{name}", cell, "")
            for line, cell in zip(np.flatnonzero(bad), cells.loc[bad, name], strict=True)
        ]
        cells[name] = numbers
    return cells, wrong


def changed_inputs(files: RunFiles) -> list[Violation]:
    """Inputs that are not the ones the run read: by their sha256 in summary.json."""
    stated = files.summary.get("inputs")
    if not isinstance(stated, Mapping) or not stated:
        return [Violation("inputs", "summary.json", "", "inputs")]
    root = files.folder / INPUTS
    wrong = []
    for name, digest in sorted(stated.items()):
        path = root / PurePosixPath(name)
        if not path.is_file():
            wrong.append(Violation("missing_file", f"{INPUTS}/{name}", "", ""))
        elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
            wrong.append(Violation("inputs", name, found, str(digest)))
    present = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    return wrong + [Violation("inputs", name, "", "") for name in sorted(present - set(stated))]


def _summary(path: Path) -> tuple[Mapping[str, Any] | None, list[Violation]]:
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None, [Violation("missing_file", path.name, "", "")]
    except (OSError, ValueError) as error:
        return None, [Violation("unreadable_file", path.name, str(error), "")]
    statuses = ("optimal", "feasible", "infeasible", "no_plan")
    if not isinstance(summary, dict) or summary.get("status") not in statuses:
        found = summary.get("status", "") if isinstance(summary, dict) else ""
        return None, [Violation("status", path.name, str(found), ", ".join(statuses))]
    return summary, []


def _prices(path: Path) -> tuple[pd.DataFrame, list[Violation]]:
    text, figures = ("row", "id"), ("period", "price", "objective_stage")
    if not path.is_file() or not path.read_bytes().strip():
        return pd.DataFrame(columns=[*text, *figures]), []
    table, wrong = read_table(path, text, figures)
    return pd.DataFrame(columns=[*text, *figures]) if table is None else table, wrong


def _no_rows(name: str) -> pd.DataFrame:
    empty = {column: pd.Series(dtype=object) for column in TEXT[name]}
    return pd.DataFrame(empty | {column: pd.Series(dtype=float) for column in FIGURES[name]})
