"""A drawn territory, written as a folder."""

import csv
import math
from collections.abc import Mapping
from pathlib import Path

from support.random_territories.draft import Draft, Row


def write_folder(draft: Draft, folder: Path) -> None:
    """Write all that was drawn."""
    folder.mkdir(parents=True, exist_ok=True)
    base: dict[str, object] = {"name": "drawn", "crs": "EPSG:2154", "year": 2026}
    base["builtin_rules"] = False
    transport = {"cost_eur_per_t_km": 0.5, "co2e_kg_per_t_km": 0.2, "max_distance_km": 40.0}
    _toml(folder / "territory.toml", {"territory": base | draft.territory, "transport": transport})
    scenario = {"solver": {"gap": 1e-7}} | draft.scenario
    scenario.setdefault("factors", {}).setdefault("assume_costs", False)
    _toml(folder / "scenario.toml", scenario)
    write_rows(folder / "sites.csv", draft.sites)
    write_rows(folder / "declarations" / "residues.csv", draft.residues)
    write_rows(folder / "declarations" / "needs.csv", draft.needs)
    for name, rows in (
        ("rules", draft.rules),
        ("hubs", draft.hubs),
        ("links", [_agreed(link) for link in draft.links.values()]),
    ):
        if rows:
            write_rows(folder / f"{name}.csv", rows)


def write_rows(path: Path, rows: list[Row]) -> None:
    """Write a table; a column that a row does not know is blank in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _agreed(link: Row) -> Row:
    """A link whose figures, drawn by several features, do not contradict each other."""
    least, most = link.get("min_quantity") or 0, link.get("max_quantity") or math.inf
    if float(str(least)) <= float(str(most)) and link.get("allowed") != "no":
        return link
    return link | {"min_quantity": "", "required": "no", "existing": "no"}


def _toml(path: Path, sections: Mapping[str, Mapping[str, object]]) -> None:
    lines = []
    for section, keys in sections.items():
        lines += [
            "",
            f"[{section}]",
            *(f"{key} = {_literal(value)}" for key, value in keys.items()),
        ]
    path.write_text("\n".join(lines).strip() + "\n", encoding="utf-8")


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return str(value)
