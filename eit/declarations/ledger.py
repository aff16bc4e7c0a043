"""The ledger: every row of every file, applied in order, leaves the declarations that hold."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eit import nomenclature
from eit.declarations.actions import LIVE, apply_actions
from eit.declarations.checks import NEEDED, check_rows, hazardous_by_code, remark_on
from eit.declarations.places import find_sites
from eit.declarations.quantities import Measures, canonical_year, measure
from eit.declarations.rows import Flags, Positions, Remark, Rows, gather, say
from eit.faults import Fault, Notice, fewer, in_order
from eit.tables import Table

OUTSIDE = "outside"

COLUMNS = (
    *("site_id", "kind", "resource", "label", "quantity", "unit", "quantity_low", "quantity_high"),
    *("months", "current_cost_eur_per_unit", "max_share", "min_lot", "max_partners"),
    *("max_distance_km", "required", "storage", "quality", "form", "status", "hazardous"),
    *("data_quality", "source", "confidentiality", "comment"),
    *("declared_quantity", "declared_unit", "per", "file", "line"),
)
"""Columns of the live declarations."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What many files of declarations come to.

    Attributes
    ----------
    live
        The declarations that hold in the year, by ``declaration_id``, sorted; `COLUMNS`.
        Quantities are per year and in canonical units, costs per canonical unit.
    history
        Every row: ``declaration_id``, ``action``, ``declared_at``, ``file``, ``line`` and what
        became of it, ``outcome``: live, replaced, cancelled, cancels, outside (the year), faulty.
    faults, notices
        Those of the tables among them.
    sound
        Number of rows without a fault.
    """

    live: pd.DataFrame
    history: pd.DataFrame
    faults: tuple[Fault, ...]
    notices: tuple[Notice, ...]
    sound: int


def read_declarations(
    tables: Sequence[Table],
    *,
    sites: pd.DataFrame | None = None,
    known_resources: Collection[str] = (),
    year: int | None = None,
    builtin_rules: bool = True,
) -> Ledger:
    """Check the rows of all files against each other, and apply them.

    Parameters
    ----------
    tables
        Files read as ``declarations``.
    sites
        Known sites by ``site_id``, with ``siret``; None: references to sites are not checked.
    known_resources
        Resources that the territory's rules and hubs name, besides those of the nomenclature.
    year
        The territory's year; rows that do not hold in it are left out. None: all are kept.
    builtin_rules
        False: any resource will do.
    """
    rows = gather(tables)
    known = _known(known_resources) if builtin_rules else None
    site, of_sites = find_sites(rows, sites)
    measures, of_units = measure(rows)
    columns = list(_missing_columns(rows))
    first = [*check_rows(rows, known), *of_sites, *of_units]
    sound = _sound(rows, first, columns)
    applied = apply_actions(rows, sound)
    remarks = [*first, *applied.remarks]
    sound = _sound(rows, remarks, columns)
    outside = _outside(rows, (applied.outcome == LIVE) & sound, year)
    kept = np.flatnonzero((applied.outcome == LIVE) & sound & ~outside)
    live = _live(rows, site, measures, kept)
    notices = [
        *remark_on(rows, sound, measures.canonical),
        *_left_out(outside, year),
        *_lots(live, rows, kept),
    ]
    faults, notes = say(rows, [*remarks, *notices])
    outcome = np.where(outside, OUTSIDE, applied.outcome)
    listed = rows.frame[["declaration_id", "action", "declared_at", "file", "line"]]
    return Ledger(
        live=live.set_index("declaration_id").sort_index(),
        history=listed.assign(outcome=outcome),
        faults=in_order([*(f for t in tables for f in t.faults), *columns, *faults]),
        notices=in_order([*(n for t in tables for n in t.notices), *fewer(notes)]),
        sound=int(sound.sum()),
    )


def _known(others: Collection[str]) -> pd.Index:
    named = (nomenclature.waste_codes().index, nomenclature.resources().index, pd.Index(others))
    return named[0].append(list(named[1:])).unique()


def _missing_columns(rows: Rows) -> Iterator[Fault]:
    """One fault for each column that a file lacks and that a row of it needs."""
    for number in np.unique(rows.table[rows.declares]).tolist():
        table = rows.tables[number]
        lacks = [name for name in NEEDED if name not in table.given]
        if not table.given & {"site_id", "siret"}:
            lacks.append("site_id")
        for name in lacks:
            column = table.schema[name]
            titles = {"titles": ", ".join((column.name, *column.aliases))}
            yield Fault(table.file, table.header_line, name, "", "column_missing", titles)


def _sound(rows: Rows, remarks: Sequence[Remark], columns: Sequence[Fault]) -> Flags:
    """Rows without a fault, in a file that has the columns they need."""
    sound = rows.sound.copy()
    for remark in remarks:
        sound[remark.positions] &= not remark.is_fault
    lacking = {fault.file for fault in columns}
    if lacking:
        sound &= ~(rows["file"].isin(lacking).to_numpy() & rows.declares)
    return sound


def _outside(rows: Rows, live: Flags, year: int | None) -> Flags:
    """Live rows that do not hold on any day of the year."""
    if year is None:
        return np.zeros(len(live), dtype=bool)
    first, last = rows["valid_from"], rows["valid_to"]
    outside = (first > f"{year}-12-31") | ((last != "") & (last < f"{year}-01-01"))
    return live & outside.to_numpy()


def _left_out(outside: Flags, year: int | None) -> Iterator[Remark]:
    positions = np.flatnonzero(outside)
    details = [{"year": str(year)}] * len(positions)
    yield Remark(positions, "declaration_id", "outside_year", details, is_fault=False)


def _live(rows: Rows, site: pd.Series, measures: Measures, kept: Positions) -> pd.DataFrame:
    """Live rows with the columns `COLUMNS`, and ``declaration_id``."""
    row = rows.frame.iloc[kept]
    resolved = (row["hazardous"] == "yes") | hazardous_by_code(row["resource"])
    measured = canonical_year(rows.frame, measures, kept)
    live = row.drop(columns=measured.columns, errors="ignore").join(measured)
    live = live.assign(site_id=site.iloc[kept], hazardous=resolved)
    return live[["declaration_id", *COLUMNS]]


def _lots(live: pd.DataFrame, rows: Rows, kept: Positions) -> Iterator[Remark]:
    """Smallest lots above what a whole year offers: nothing can ever move."""
    share = live["max_share"].where(live["kind"] == "need", 1.0)
    large = (live["min_lot"] > live["quantity"] * share * (1 + 1e-9)).to_numpy()
    found = live[large]
    details = [
        {"quantity": f"{quantity:.6g} {unit}"}
        for quantity, unit in zip(found["quantity"], found["unit"], strict=True)
    ]
    yield Remark(kept[large], "min_lot", "lot_large", details, is_fault=False)
