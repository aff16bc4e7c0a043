"""Faults of whatever a person points at: a territory folder, one table of it, or a loose file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from eit.declarations import read_declarations
from eit.faults import Fault, Notice, in_order
from eit.places import locate
from eit.scenario import SCENARIO_KEYS, read_settings
from eit.tables import Table, read_sheet, read_table, schema, write_corrected
from eit.tables.workbook import UnreadableWorkbookError
from eit.territory import check_territory

TABLES = (
    "declarations",
    "sites",
    "rules",
    "hubs",
    "links",
    "positions",
    "services",
    "service_offers",
    "pickups",
    "vehicles",
)
"""Tables that a loose file may be; where its titles leave it open, the first."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Everything that is wrong or remarkable in what was pointed at.

    Attributes
    ----------
    faults, notices
        In the order of files and lines.
    sound
        Declarations without a fault.
    tables
        Tables among the files, as read.
    """

    faults: tuple[Fault, ...]
    notices: tuple[Notice, ...]
    sound: int
    tables: tuple[Table, ...]

    def as_dict(self, lang: str) -> dict[str, Any]:
        """Give what ``eit check --json`` prints."""
        return {
            "faults": [fault.as_dict(lang) for fault in self.faults],
            "notices": [notice.as_dict(lang) for notice in self.notices],
            "sound": self.sound,
        }

    def write_corrected(self, path: Path, lang: str) -> None:
        """Write the one table that was checked again, each row beside its faults.

        Raises
        ------
        ValueError
            If it was not one table that was checked.
        """
        if len(self.tables) != 1:
            raise ValueError(f"one table can be written again; got {len(self.tables)}")
        write_corrected(self.tables[0], path, lang, faults=self.faults)


def check_paths(paths: Sequence[Path]) -> Checked:
    """Check folders and files together; loose sites tell loose declarations where they are.

    A file in the ``declarations`` folder of a territory is checked with the whole territory
    around it, and only what is said of that file is given back.

    Parameters
    ----------
    paths
        Territory folders, tables (CSV, XLSX) and scenario files (TOML); each exists.
    """
    parts = [_check_folder(path) for path in paths if path.is_dir()]
    files = [path for path in paths if not path.is_dir()]
    parts += [_check_scenario(path) for path in files if path.suffix.lower() == ".toml"]
    tables = [path for path in files if path.suffix.lower() != ".toml"]
    parts += [_check_inside(path) for path in tables if _territory_of(path)]
    if loose := [path for path in tables if not _territory_of(path)]:
        parts.append(_check_loose(loose))
    return Checked(
        in_order(fault for part in parts for fault in part.faults),
        in_order(notice for part in parts for notice in part.notices),
        sum(part.sound for part in parts),
        tuple(table for part in parts for table in part.tables),
    )


def _check_folder(folder: Path) -> Checked:
    reading = check_territory(folder)
    return Checked(reading.faults, reading.notices, reading.sound, ())


def _check_scenario(path: Path) -> Checked:
    _, faults = read_settings(path, keys=SCENARIO_KEYS)
    return Checked(tuple(faults), (), 0, ())


def _territory_of(path: Path) -> Path | None:
    """The territory folder that a file of declarations lies in."""
    folder = path.resolve().parent
    inside = folder.name == "declarations" and (folder.parent / "sites.csv").exists()
    return folder.parent if inside else None


def _check_inside(path: Path) -> Checked:
    """A file of declarations, judged with the territory around it."""
    folder = _territory_of(path)
    assert folder is not None
    name = f"declarations/{path.name}"
    reading = check_territory(folder)
    table = read_table(path, "declarations", file=name)
    faults = tuple(fault for fault in reading.faults if fault.file == name)
    notices = tuple(notice for notice in reading.notices if notice.file == name)
    wrong = {fault.line for fault in faults}
    sound = int((~table.rows["line"].isin(wrong)).sum()) if 0 not in wrong else 0
    return Checked(faults, notices, sound, (table,))


def _check_loose(paths: Sequence[Path]) -> Checked:
    """Files outside a territory, judged with each other."""
    tables = [read_table(path, find_table(path)) for path in paths]
    by_name: Mapping[str, list[Table]] = {
        name: [table for table in tables if table.schema.name == name] for name in TABLES
    }
    sites = [table.rows for table in by_name["sites"]]
    known = pd.concat(sites).drop_duplicates("site_id").set_index("site_id") if sites else None
    named = {
        resource
        for table, columns in (("rules", ("residue", "need")), ("hubs", ("takes", "gives")))
        for one in by_name[table]
        for column in columns
        for resource in one.rows[column]
    }
    ledger = read_declarations(by_name["declarations"], sites=known, known_resources=named - {""})
    others = [table for table in tables if table.schema.name != "declarations"]
    located = [locate(rows.set_index("site_id")) for rows in sites]
    return Checked(
        (
            *ledger.faults,
            *(fault for table in others for fault in table.faults),
            *(fault for places in located for fault in places.faults),
        ),
        (
            *ledger.notices,
            *(notice for table in others for notice in table.notices),
            *(notice for places in located for notice in places.notices),
        ),
        ledger.sound if by_name["declarations"] else 0,
        tuple(tables),
    )


def find_table(path: Path) -> str:
    """The declared table that a file is: by its name, else by the titles it has."""
    if path.stem in TABLES:
        return path.stem
    content = path.read_bytes()

    def known(name: str) -> int:
        declared = schema(name)
        try:
            cells = read_sheet(content, declared).cells
        except UnreadableWorkbookError:  # said when it is read
            return 0
        return (
            len({c.name for title in cells[0] if (c := declared.recognise(title))}) if cells else 0
        )

    return max(TABLES, key=known)
