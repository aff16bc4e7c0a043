"""A territory of some communes, gathered from folders that were imported from registers."""

import shutil
import tempfile
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from stdnum.fr import siret

from eit.faults import DeclarationError, Fault, Notice
from eit.places import communes as all_communes
from eit.places import locate, nearest_communes
from eit.places.systems import Floats, apart_km
from eit.registers.activities import expand_communes
from eit.registers.outlets import without_outlets
from eit.registers.report import ImportReport
from eit.registers.settling import SITE_COLUMNS, Settled, each, settle
from eit.registers.writing import Draft, refuse_used, write_draft
from eit.tables import Table, read_table, schema
from eit.territory import new_territory

HUB_KM = 50.0
"""Treatment sites this far from the communes are taken along: the default limit of distance."""
LON_LAT = ("lon", "lat")
SAME = ["site_id", "kind", "resource"]


@dataclass(frozen=True, slots=True)
class _Source:
    """One imported folder, its rows in the communes asked for."""

    name: str
    sites: pd.DataFrame
    declarations: pd.DataFrame
    hubs: pd.DataFrame
    parks: gpd.GeoDataFrame | None
    year: int | None
    said: tuple[Notice, ...]


def new_territory_from(
    folder: str | Path,
    communes: Iterable[str],
    sources: Iterable[str | Path] = (),
    *,
    lang: str = "fr",
) -> ImportReport:
    """Write a territory folder with what registers say of some communes.

    One establishment in two registers is one site: the first folder named gives its row, the
    others what it leaves blank. What is declared or measured takes the place of what is inferred;
    of two registers that state the same flow, the first counts.

    Parameters
    ----------
    folder
        Where to write; its other tables are empty and ready to fill in.
    communes
        INSEE codes.
    sources
        Folders written by the imports, the most trusted first.
    lang
        Language of what is written for people.

    Raises
    ------
    DeclarationError
        If a commune does not exist, or a source is no territory folder.
    FileExistsError
        If the folder exists and is not empty.
    """
    folder = Path(folder)
    refuse_used(folder)
    wanted = expand_communes(communes)
    if not wanted:
        raise DeclarationError([Fault("", 0, "communes", "", "register_commune")])
    read = [_read(Path(source), wanted) for source in sources]
    said: list[Fault | Notice] = [notice for source in read for notice in source.said]
    settled, ids = _one_site_each(read)
    declarations = _declarations(read, ids, said)
    hubs = _hubs(read, wanted)
    years = [source.year for source in read if source.year]
    draft = Draft(
        register="gathered",
        settled=settled,
        rows=sum(len(source.sites) for source in read),
        year=max(years, default=None),
        declarations=declarations,
        tables={"hubs.csv": hubs} if len(hubs) else {},
        parks=_parks(read, wanted),
        scenario=without_outlets(hubs["hub_id"], lang) if len(hubs) else "",
        said=said,
    )
    report = write_draft(folder, draft, lang)
    _add_what_is_missing(folder, lang)
    return report


def _read(source: Path, wanted: Collection[str]) -> _Source:
    """Rows of an imported folder that lie in the communes; hubs as they are."""
    if not (source / "sites.csv").exists():
        raise DeclarationError([Fault(source.name, 0, "", str(source), "register_no_import")])
    tables = {"sites": read_table(source / "sites.csv", "sites")}
    files = sorted((source / "declarations").glob("*.csv"))
    tables |= {f"declarations/{file.name}": read_table(file, "declarations") for file in files}
    if (source / "hubs.csv").exists():
        tables["hubs"] = read_table(source / "hubs.csv", "hubs")
    sites = _text_frame(tables["sites"], source.name)
    sites = sites.assign(insee=locate(tables["sites"].frame).places["insee"].to_numpy())
    here, of_places = _in_communes(sites, wanted)
    sites = sites[here]
    declared = [
        _text_frame(table, source.name).assign(table=name.partition("/")[2])
        for name, table in tables.items()
        if name.startswith("declarations/")
    ]
    declarations = pd.concat(declared, ignore_index=True) if declared else pd.DataFrame()
    if len(declarations):
        declarations = declarations[declarations["site_id"].isin(sites["site_id"])]
    parks = source / "parks.geojson"
    return _Source(
        name=source.name,
        sites=sites.reset_index(drop=True),
        declarations=declarations,
        hubs=tables["hubs"].frame if "hubs" in tables else pd.DataFrame(),
        parks=gpd.GeoDataFrame(gpd.read_file(parks)) if parks.exists() else None,
        year=_year(source / "territory.toml"),
        said=(*_damaged(source.name, tables.values()), *of_places),
    )


def _in_communes(sites: pd.DataFrame, wanted: Collection[str]) -> tuple[pd.Series, list[Notice]]:
    """Which sites lie in the communes: by their own, else by the one nearest to them.

    A site whose commune is not known, and that has no coordinates either, is left out with a
    word, as nobody can tell.
    """
    nearest = sites["insee"].where(sites["insee"] != "", "").astype(object)
    lost = sites.index[sites["insee"] == ""]
    degrees = {name: pd.to_numeric(sites.loc[lost, name], errors="coerce") for name in LON_LAT}
    placed = lost[degrees["lon"].notna() & degrees["lat"].notna()]
    nearest[placed] = nearest_communes(*(degrees[name][placed].to_numpy(float) for name in LON_LAT))
    here = nearest.isin(wanted)
    said = list(each(sites.loc[placed].loc[here[placed]], "city", "register_nearest"))
    said += each(sites.loc[lost.difference(placed)], "city", "register_no_commune")
    return here, said


def _damaged(source: str, tables: Iterable[Table]) -> list[Notice]:
    faults = [fault for table in tables for fault in table.faults]
    return [
        Notice(f"{source}/{f.file}", f.line, f.column, f.value, "register_broken") for f in faults
    ]


def _year(path: Path) -> int | None:
    try:
        stated = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    year = stated.get("territory", {}).get("year")
    return year if isinstance(year, int) else None


def _text_frame(table: Table, source: str) -> pd.DataFrame:
    """The sound rows, their cells as they would be written; blank where there is nothing."""
    rows = table.frame[list(table.schema.names)]
    cells = {
        name: [_written(value) for value in rows[name]]
        for name in rows
        if name in table.given or name in ("site_id", "siret", "insee")
    }
    frame = pd.DataFrame(cells, index=rows.index, dtype=object)
    columns = {name: "" for name in table.schema.names if name not in frame}
    where = f"{source}/{table.file}"
    return frame.assign(**columns, file=where, line=table.frame["line"]).reset_index(drop=True)


def _written(value: object) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:.15g}"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return "" if value is None or value is pd.NaT else str(value)


def _one_site_each(read: list[_Source]) -> tuple[Settled, dict[tuple[str, str], str]]:
    """Sites of all sources, one row each, and the id of every source's site among them."""
    ids: dict[tuple[str, str], str] = {}
    by_siret: dict[str, str] = {}
    rows: dict[str, dict[str, object]] = {}
    for source in read:
        for row in source.sites.to_dict("records"):
            number = str(row["siret"]) if siret.is_valid(str(row["siret"])) else ""
            own = str(row["site_id"])
            site = by_siret.get(number, "") if number else ""
            if site and f"{source.name}|{site}" not in rows[site]["from"]:  # type: ignore[operator]
                blanks = [name for name in SITE_COLUMNS if rows[site].get(name, "") == ""]
                rows[site] |= {str(name): row[name] for name in blanks}
                rows[site]["from"] = f"{rows[site]['from']};{source.name}|{site}"
            else:
                site = own if own not in rows else f"{own}-{source.name}"
                rows[site] = {str(k): v for k, v in row.items()} | {
                    "site_id": site,
                    "from": f"{source.name}|{site}",
                }
                if number:
                    by_siret.setdefault(number, site)
            ids[source.name, own] = site
    columns = [*SITE_COLUMNS, "file", "line"]
    frame = pd.DataFrame(list(rows.values()), columns=columns).astype({"line": int})
    degrees = {name: pd.to_numeric(frame[name], errors="coerce") for name in ("lon", "lat")}
    return settle(frame.assign(**degrees)), ids


def _declarations(
    read: list[_Source], ids: dict[tuple[str, str], str], said: list[Fault | Notice]
) -> dict[str, pd.DataFrame]:
    """Tables of every source under its own name, no flow twice; adds to `said`."""
    parts = []
    for order, source in enumerate(read):
        if len(source.declarations):
            mine = source.declarations
            site = [ids[source.name, str(own)] for own in mine["site_id"]]
            parts.append(mine.assign(site_id=site, siret="", order=order, source_name=source.name))
    if not parts:
        return {}
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.assign(guess=rows["data_quality"].eq("inferred").astype(int))
    first = rows.groupby(SAME)[["guess"]].transform("min")["guess"]
    known = rows["guess"] == first
    earliest = rows["order"].where(known).groupby([rows[key] for key in SAME]).transform("min")
    kept = known & (rows["order"] == earliest)
    again = rows[~kept & (rows["guess"] == 0)]
    said += [
        Notice(
            str(r["file"]), int(str(r["line"])), "resource", str(r["resource"]), "register_again"
        )
        for r in again.to_dict("records")
    ]
    rows = rows[kept]
    twice = rows["declaration_id"].duplicated(keep=False)
    own = rows["source_name"] + "-" + rows["declaration_id"]
    rows = rows.assign(declaration_id=rows["declaration_id"].where(~twice, own))
    columns = [name for name in schema("declarations").names if (rows[name] != "").any()]
    return {
        f"{source}_{table}": group[columns].sort_values("declaration_id", ignore_index=True)
        for (source, table), group in rows.groupby(["source_name", "table"], sort=True)
    }


def _hubs(read: list[_Source], wanted: Collection[str]) -> pd.DataFrame:
    """Treatment sites near the communes, each from the first source that has it."""
    parts = []
    seen: set[str] = set()
    for source in read:
        if len(source.hubs):
            new = source.hubs[~source.hubs["hub_id"].isin(seen)]
            seen |= set(new["hub_id"])
            parts.append(new.assign(file="", line=0))
    if not parts:
        return pd.DataFrame(columns=["hub_id"])
    hubs = pd.concat(parts, ignore_index=True)
    places = locate(hubs).places
    near = _apart_km(places["lon"].to_numpy(float), places["lat"].to_numpy(float), wanted) <= HUB_KM
    columns = list(schema("hubs").names)
    rows = hubs.loc[near | places["lon"].isna().to_numpy(), columns].reset_index(drop=True)
    flags = rows["hazardous"].map({True: "yes", False: "no"})
    rows = rows.assign(hazardous=flags)
    return rows.loc[:, [name for name in columns if rows[name].notna().any()]]


def _apart_km(lon: Floats, lat: Floats, wanted: Collection[str]) -> Floats:
    """Distance of each place to the nearest of the communes."""
    home = all_communes().loc[sorted(wanted), ["lon", "lat"]].dropna()
    away = [apart_km(lon, lat, *(np.full(len(lon), v) for v in row)) for row in home.to_numpy()]
    return np.asarray(np.min([np.nan_to_num(a, nan=np.inf) for a in away], axis=0))


def _parks(read: list[_Source], wanted: Collection[str]) -> gpd.GeoDataFrame | None:
    """Parks whose middle is nearest to one of the communes, from the first source that has any."""
    for source in read:
        if source.parks is None or source.parks.empty:
            continue
        middle = source.parks.geometry.representative_point()
        home = nearest_communes(*np.column_stack([middle.x, middle.y]).T)
        here = source.parks[pd.Series(home, index=source.parks.index).isin(wanted)]
        if len(here):
            return gpd.GeoDataFrame(here)
    return None


def _add_what_is_missing(folder: Path, lang: str) -> None:
    """The tables and pages of a new territory that no register filled."""
    with tempfile.TemporaryDirectory() as place:
        blank = Path(place) / folder.resolve().name
        for name in new_territory(blank, lang):
            target = folder / name
            if not target.exists() and not name.startswith("declarations/"):
                shutil.copyfile(blank / name, target)
