"""The French register of polluting emissions (IREP) turned into a territory folder.

Its rows name firms that exist, with coordinates whose system is per row and often wrong.
Everything that was mended, doubted or left out stands in ``import_report.csv``.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pandas as pd
from stdnum.fr import siret

from eit import texts
from eit.faults import DeclarationError, Fault, Notice
from eit.places import Located, area_of_use, locate
from eit.registers.typical import infer_declarations
from eit.tables import read_table

SITE_COLUMNS = (
    *("site_id", "firm", "siret", "naf", "naf_version", "address", "postcode", "city", "insee"),
    *("lon", "lat"),
)
MAINLAND_CRS = 2154
OVERSEAS_CRS = {"971": 5490, "972": 5490, "973": 2972, "974": 2975, "976": 4471}
"""Metric system of a territory by the first digits of its communes; else that of the mainland."""
DROPPED = ("irep_damaged", "irep_twice", "irep_elsewhere")
DOUBTS = (
    *("place_doubtful", "place_far", "place_unread", "commune_ambiguous", "commune_unknown"),
    *("place_unreadable", "irep_not_placed", "irep_siret"),
)
NOTES = ("irep_siret_shared", "placed_at_communes")


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What came of an import.

    Attributes
    ----------
    folder
        The territory folder written.
    rows, sites, declarations
        Rows of the register, sites written, declarations inferred for them.
    placed
        Sites by the quality of their place.
    counts
        Remarks of ``import_report.csv`` by code.
    """

    folder: Path
    rows: int
    sites: int
    declarations: int
    placed: Mapping[str, int]
    counts: Mapping[str, int]


def import_irep(source: str | Path, folder: str | Path, lang: str = "fr") -> ImportReport:
    """Write a territory folder from the register's CSV file of sites.

    Parameters
    ----------
    source
        ``irep…_etablissements.csv`` as published.
    folder
        Where to write: ``territory.toml``, ``sites.csv``, ``declarations/inferred.csv`` and
        ``import_report.csv``.
    lang
        Language of what is written for people.

    Raises
    ------
    DeclarationError
        If the file is not that register at all. A bad row never stops the others.
    FileExistsError
        If the folder exists and is not empty.
    """
    source, folder = Path(source), Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(str(folder))
    table = read_table(source, "irep")
    if fatal := [fault for fault in table.faults if fault.line <= 1]:
        raise DeclarationError(fatal)
    said: list[Fault | Notice] = [*table.notices]
    damaged = [fault for fault in table.faults if fault.code != "blank"]
    said += [Notice(f.file, f.line, "", f.text(lang), "irep_damaged") for f in damaged]
    whole = ~table.rows["line"].isin([fault.line for fault in damaged])
    rows = _prepared(table.rows[whole])
    twice = rows["site_id"].duplicated()
    said += _each(rows[twice], "site_id", "irep_twice")
    rows = rows[~twice].reset_index(drop=True)
    located = locate(rows, area=area_of_use(MAINLAND_CRS), likely=MAINLAND_CRS)
    said += [*located.faults, *located.notices]
    crs, here = _one_territory(located)
    said += _each(rows[~here], "city", "irep_elsewhere")
    rows, places = rows[here], located.places[here]
    said += _each(rows[places["position_quality"] == "none"], "city", "irep_not_placed")
    valid = rows["siret"].map(siret.is_valid).astype(bool)
    said += _each(rows[~valid & (rows["siret"] != "")], "siret", "irep_siret")
    shared = valid & rows["siret"].duplicated(keep=False)
    said += _each(rows[shared], "siret", "irep_siret_shared")
    sites = _sites(rows.assign(siret=rows["siret"].where(valid, "")), places)
    inferred = infer_declarations(sites.set_index("site_id")["naf"], lang=lang)
    report = _report(said, dict(zip(rows["line"], rows["site_id"], strict=True)), lang)
    _write(folder, source, crs, lang, sites, inferred, report)
    return ImportReport(
        folder=folder,
        rows=len(table.rows),
        sites=len(sites),
        declarations=len(inferred),
        placed=_counts(places["position_quality"]),
        counts=_counts(report["code"]),
    )


def _prepared(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with numbers for coordinates, an id each, and a SIRET of digits alone."""
    numbered = "L" + rows["line"].astype(str)
    return rows.assign(
        site_id=rows["site_id"].where(rows["site_id"] != "", numbered),
        siret=rows["siret"].str.replace(r"\D", "", regex=True),
        naf=rows["naf"].str.replace(r"^(\d\d)\.?(\d\d) ?([A-Z]?)$", r"\1.\2\3", regex=True),
        x=_numbers(rows["x"]),
        y=_numbers(rows["y"]),
        insee="",
    )


def _numbers(cells: pd.Series) -> pd.Series:
    plain = cells.str.replace(r"\s", "", regex=True).str.replace(",", ".")
    return pd.to_numeric(plain, errors="coerce").astype(float)


def _one_territory(located: Located) -> tuple[int, pd.Series]:
    """System of the part of the country most sites lie in, and which sites those are.

    One metric system cannot hold the mainland and an island beyond the sea.
    """
    places = located.places
    part = places["insee"].str[:3].where(places["insee"].str[:2].isin(["97", "98"]), "")
    most = str(part.value_counts().index[0]) if len(part) else ""
    return OVERSEAS_CRS.get(most, MAINLAND_CRS), (part == most).astype(bool)


def _each(rows: pd.DataFrame, column: str, code: str) -> Iterator[Notice]:
    for file, line, value in zip(rows["file"], rows["line"], rows[column], strict=True):
        yield Notice(file, int(line), column, str(value), code)


def _sites(rows: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Columns of ``sites.csv``; a site placed at its commune says so by having no coordinates."""
    exact = places["position_quality"] == "exact"
    sites = rows.assign(
        naf_version="2008",
        insee=places["insee"],
        lon=places["lon"].round(6).where(exact),
        lat=places["lat"].round(6).where(exact),
    )
    return sites[list(SITE_COLUMNS)].sort_values("site_id", ignore_index=True)


def _report(said: list[Fault | Notice], site_of: Mapping[int, str], lang: str) -> pd.DataFrame:
    """Every remark as a row; its kind is dropped, doubt, repair or note."""
    remarks = [
        {
            "line": one.line,
            "site_id": site_of.get(one.line, ""),
            "kind": _kind(one.code),
            "code": one.code,
            "value": one.value,
            "said": one.text(lang),
        }
        for one in said
    ]
    columns = ["line", "site_id", "kind", "code", "value", "said"]
    return pd.DataFrame(remarks, columns=columns).sort_values(["line", "code"], ignore_index=True)


def _counts(values: pd.Series) -> Mapping[str, int]:
    counts = values.value_counts().sort_index()
    return MappingProxyType({str(value): int(number) for value, number in counts.items()})


def _kind(code: str) -> str:
    kinds = {"dropped": DROPPED, "doubt": DOUBTS, "note": NOTES}
    return next((kind for kind, codes in kinds.items() if code in codes), "repair")


def _write(
    folder: Path,
    source: Path,
    crs: int,
    lang: str,
    sites: pd.DataFrame,
    inferred: pd.DataFrame,
    report: pd.DataFrame,
) -> None:
    (folder / "declarations").mkdir(parents=True)
    year = re.search(r"(?<!\d)20\d\d(?!\d)", source.stem)
    lines = [
        "[territory]",
        f'name = "{texts.say("registers.irep_name", lang, year=year[0] if year else "")}"',
        f'crs = "EPSG:{crs}"',
        *([f"year = {year[0]}"] if year else []),
    ]
    (folder / "territory.toml").write_text("\n".join([*lines, ""]), encoding="utf-8")
    for name, table in (
        ("sites.csv", sites),
        ("declarations/inferred.csv", inferred),
        ("import_report.csv", report),
    ):
        table.to_csv(folder / name, index=False, lineterminator="\n")
