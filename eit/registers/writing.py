"""A territory folder written from a register, with its report."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import geopandas as gpd
import pandas as pd

from eit import texts
from eit.faults import Fault, Notice
from eit.registers.report import ImportReport, counts_of, remarks
from eit.registers.settling import SITE_COLUMNS, Settled
from eit.tables import schema
from eit.tables.guarding import guard

MADE = ("firm", "siret", "naf", "naf_version", "address", "postcode", "city", "insee", "lon", "lat")
"""Columns of ``sites.csv`` that are written even if they are blank on every row."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A territory about to be written.

    Attributes
    ----------
    register
        Key of its name in the messages (``registers.<register>_name``).
    settled
        Its sites.
    rows
        How many rows the register had.
    year
        Of the figures, None if nothing tells.
    declarations
        Tables by file name below ``declarations/``.
    tables
        Other tables by file name.
    parks
        park_id, name, geometry (EPSG:4326), and what else the register says of them.
    scenario
        Text of ``scenario.toml``, blank for none.
    said
        What was said of rows before they were sites.
    """

    register: str
    settled: Settled
    rows: int
    year: int | None = None
    declarations: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    parks: gpd.GeoDataFrame | None = None
    scenario: str = ""
    said: Sequence[Fault | Notice] = ()


def refuse_used(folder: Path) -> None:
    """Leave a folder alone in which something is.

    Raises
    ------
    FileExistsError
        If the folder exists and is not empty.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(str(folder))


def write_draft(folder: Path, draft: Draft, lang: str) -> ImportReport:
    """Write the folder of a territory and ``import_report.csv``."""
    sites = draft.settled.sites
    said = [*draft.said, *draft.settled.said]
    columns = (sites[name] for name in ("file", "line", "site_id"))
    site_of = {(file, line): site for file, line, site in zip(*columns, strict=True)}
    report = remarks(said, site_of, lang)
    (folder / "declarations").mkdir(parents=True)
    _write_toml(folder / "territory.toml", draft, lang)
    filled = [name for name in SITE_COLUMNS if name in MADE or (sites[name] != "").any()]
    declared = draft.declarations or {"declarations.csv": _no_declarations(lang)}
    tables = {
        "sites.csv": sites[["site_id", *(name for name in filled if name != "site_id")]],
        "import_report.csv": report,
        **{f"declarations/{name}": table for name, table in declared.items()},
        **draft.tables,
    }
    for name, table in tables.items():
        write_table(table, folder / name)
    if draft.parks is not None and len(draft.parks):
        write_parks(draft.parks, folder / "parks.geojson")
    if draft.scenario:
        (folder / "scenario.toml").write_text(draft.scenario, encoding="utf-8")
    hubs = draft.tables.get("hubs.csv")
    return ImportReport(
        folder=folder,
        rows=draft.rows,
        sites=len(sites),
        declarations=sum(map(len, draft.declarations.values())),
        placed=counts_of(sites["position_quality"]),
        counts=MappingProxyType(counts_of(report["code"])),
        parks=0 if draft.parks is None else len(draft.parks),
        hubs=0 if hubs is None else hubs["hub_id"].nunique(),
    )


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table; a cell that a spreadsheet would run as a formula is kept from it."""
    words = [name for name in table if not pd.api.types.is_numeric_dtype(table[name])]
    guarded = {str(name): table[name].map(guard, na_action="ignore") for name in words}
    table.assign(**guarded).to_csv(path, index=False, lineterminator="\n")


def write_parks(parks: gpd.GeoDataFrame, path: Path) -> None:
    """Write polygons in degrees, seven decimals (about a centimetre), one feature a line."""
    parks = gpd.GeoDataFrame(parks.sort_values("park_id", ignore_index=True))
    parks.geometry = parks.geometry.set_precision(1e-7, mode="pointwise")
    features = json.loads(parks.to_json(na="drop", drop_id=True))["features"]
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
    text = f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n'
    path.write_text(text, encoding="utf-8")


def _no_declarations(lang: str) -> pd.DataFrame:
    """The titles of a firm's table, for a register that says nothing of flows."""
    return pd.DataFrame(columns=[column.header(lang) for column in schema("declarations").columns])


def _write_toml(path: Path, draft: Draft, lang: str) -> None:
    year = draft.year or ""
    name = texts.say(f"registers.{draft.register}_name", lang, year=year).strip()
    lines = [
        "[territory]",
        f"name = {json.dumps(name, ensure_ascii=False)}",
        f'crs = "EPSG:{draft.settled.crs}"',
        *([f"year = {year}"] if year else []),
    ]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
