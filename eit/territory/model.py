"""A territory in memory: everything its folder says, checked, placed and in canonical units."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from eit.faults import Fault, Notice
from eit.roads import Network


@dataclass(frozen=True, slots=True)
class Territory:
    """One territory folder, as everything after it reads it.

    Attributes
    ----------
    name, crs, year, builtin_rules, links_only
        Of ``territory.toml``; `crs` is a projected system in metres.
    folder
        Where it was read, None if it was made in memory.
    toml, scenario
        ``territory.toml`` and the folder's ``scenario.toml`` as read, without what is faulty.
    sites
        Index site_id; the columns of ``sites.csv`` without x, y, crs, and position_quality
        (exact, commune, none), commune_area_km2 (NaN unless placed at a commune's point), file,
        line. lon, lat in degrees, NaN where there is no place.
    parks
        park_id, name, rail and quay (bool: a siding, a quay), geometry (polygons, EPSG:4326).
    declarations
        Index declaration_id; the live ones, in canonical units per year.
    rules
        The territory's own substitution rules, index rule_id.
    hubs
        One row per recipe: the columns of ``hubs.csv`` without x, y, crs, and recipe (0, 1, …
        within its hub), position_quality, commune_area_km2; what is shared is on every row.
    links
        The columns of ``links.csv``; what a group shares stands on every row of it.
    pooling
        By table name (services, service_offers, pickups, vehicles), as read.
    files
        Path below the folder and SHA-256 of every file read.
    notices
        Everything that was assumed.
    roads
        The road network of the folder, in the metres of `crs`; None if it has none.
    """

    name: str
    crs: str
    year: int
    folder: Path | None
    builtin_rules: bool
    links_only: bool
    toml: Mapping[str, Any]
    scenario: Mapping[str, Any]
    sites: pd.DataFrame
    parks: gpd.GeoDataFrame
    declarations: pd.DataFrame
    rules: pd.DataFrame
    hubs: pd.DataFrame
    links: pd.DataFrame
    pooling: Mapping[str, pd.DataFrame]
    files: tuple[tuple[str, str], ...]
    notices: tuple[Notice, ...]
    roads: Network | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading a folder.

    Attributes
    ----------
    territory
        Its sound part: rows without a fault, and what hangs on them. None if there is no folder.
    faults, notices
        Of all its files.
    sound
        How many declarations have no fault.
    """

    territory: Territory | None
    faults: tuple[Fault, ...]
    notices: tuple[Notice, ...]
    sound: int


def without_faulty(rows: pd.DataFrame, faults: list[Fault]) -> pd.DataFrame:
    """Rows whose file and line no fault names."""
    wrong = {(fault.file, fault.line) for fault in faults}
    if not wrong:
        return rows
    places = pd.MultiIndex.from_arrays([rows["file"], rows["line"]])
    return rows[~places.isin(list(wrong))]
