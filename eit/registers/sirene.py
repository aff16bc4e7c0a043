"""The French register of establishments (Sirene) turned into a territory folder.

Its stock file has tens of millions of rows: it is read row by row, and only those of the
communes and activities asked for are kept.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path

import pandas as pd

from eit.faults import Fault, Notice
from eit.places.streams import stream
from eit.registers.activities import expand_communes, rev2_classes
from eit.registers.bands import fewest_employees
from eit.registers.report import ImportReport, year_of
from eit.registers.settling import MAINLAND_CRS, OVERSEAS_CRS, each, numbers, plain_naf, settle
from eit.registers.typical import infer_declarations
from eit.registers.writing import Draft, refuse_used, write_draft
from eit.tables import schema

WITHHELD = "[ND]"
ACTIVE = "A"
CURRENT = {"": "2008", "NAFREV2": "2008", "NAF2025": "2025", "NAF25": "2025"}
"""Revision by the register's name of it; other nomenclatures are older and not read."""


def import_sirene(
    source: str | Path,
    folder: str | Path,
    *,
    communes: Iterable[str] = (),
    activities: Iterable[str] = (),
    units: str | Path | None = None,
    lang: str = "fr",
) -> ImportReport:
    """Write a territory folder from the stock file of establishments.

    Parameters
    ----------
    source
        ``StockEtablissement_utf8.csv``, or its ZIP or GZ archive as published.
    folder
        Where to write: ``territory.toml``, ``sites.csv``, ``declarations/inferred.csv`` and
        ``import_report.csv``.
    communes
        INSEE codes of the communes to keep; none keeps all.
    activities
        Beginnings of the activity codes to keep, such as ``10`` or ``23.51``; none keeps all.
    units
        ``StockUniteLegale_utf8.csv`` or its archive, for the names of firms. Persons stay
        unnamed.
    lang
        Language of what is written for people.

    Raises
    ------
    DeclarationError
        If the file is not that register at all, or a commune does not exist. A bad row never
        stops the others.
    FileExistsError
        If the folder exists and is not empty.
    """
    source, folder = Path(source), Path(folder)
    refuse_used(folder)
    kept, counts, said = _kept(source, expand_communes(communes), activities)
    rows = _prepared(kept, said)
    if units is not None:
        names = _names(Path(units), set(rows["siret"].str[:9]))
        legal = rows["siret"].str[:9].map(names).fillna("")
        rows = rows.assign(firm=legal.where(legal != "", rows["firm"]))
    said += _about_counts(source.name, counts)
    settled = settle(rows)
    draft = Draft(
        register="sirene",
        settled=settled,
        rows=counts.total(),
        year=year_of(source.stem),
        declarations={"inferred.csv": _inferred(settled.sites, said, lang)},
        said=said,
    )
    return write_draft(folder, draft, lang)


def _kept(
    source: Path, communes: Collection[str], activities: Iterable[str]
) -> tuple[pd.DataFrame, Counter[str], list[Fault | Notice]]:
    """Rows to keep, how many rows of each fate, and what was said of damaged ones."""
    wanted = tuple(code.replace(".", "").replace(" ", "").upper() for code in activities)
    counts: Counter[str] = Counter()
    said: list[Fault | Notice] = []
    kept: list[dict[str, object]] = []
    for one in stream(source, "sirene", only=("insee", communes)):
        if isinstance(one, Notice):
            said.append(one)
            counts["broken"] += 1
            continue
        line, row = one
        fate = _fate(row, wanted)
        counts[fate] += 1
        if fate == "kept":
            kept.append({**row, "line": line})
    columns = ["line", *schema("sirene").names]
    frame = pd.DataFrame(kept, columns=columns).astype({"line": int})
    return frame.assign(file=source.name), counts, said


def _fate(row: dict[str, str], wanted: tuple[str, ...]) -> str:
    """What becomes of a row: kept, or why it is not."""
    if not row:
        return "other_commune"
    if row["state"] and row["state"].upper() != ACTIVE:
        return "closed"
    if wanted and not row["naf"].replace(".", "").upper().startswith(wanted):
        return "other_activity"
    return "kept"


def _prepared(rows: pd.DataFrame, said: list[Fault | Notice]) -> pd.DataFrame:
    """Rows that `settle` takes; adds to `said`."""
    texts = list(schema("sirene").names)
    rows = rows.assign(**rows[texts].astype(str).replace(WITHHELD, ""))
    new = rows["naf_version"].str.upper().str.replace(r"[^A-Z0-9]", "", regex=True)
    version = new.map(CURRENT).fillna("").astype(str)
    naf = plain_naf(rows["naf"])
    old = (version == "") & (naf != "")
    said += each(rows[old], "naf_version", "register_naf_old")
    second = plain_naf(rows["naf_2025"])
    use_second = ((naf == "") | old) & (second != "")
    naf = naf.where(~old, "").where(~use_second, second)
    version = version.where(~use_second, "2025").where(naf != "", "")
    protected = rows["diffusion"].str.upper().isin(["P", "N"])
    said += each(rows[protected], "siret", "register_protected")
    street = rows[["number", "repeated", "street_type", "street"]].agg(" ".join, axis=1)
    name = rows["usual_name"].where(rows["usual_name"] != "", rows["sign"])
    region = rows["insee"].str[:3].map(OVERSEAS_CRS).fillna(MAINLAND_CRS).astype(int).astype(str)
    return rows.assign(
        site_id=rows["siret"],
        firm=name.where(name != "", "SIREN " + rows["siret"].str[:9]),
        name=rows["sign"],
        naf=naf,
        naf_version=version,
        address=street.str.split().str.join(" ") if len(rows) else "",
        x=numbers(rows["x"]),
        y=numbers(rows["y"]),
        lon=numbers(rows["lon"]),
        lat=numbers(rows["lat"]),
        crs="EPSG:" + region,
        employees=fewest_employees(rows["band"]),
    )


def _names(units: Path, wanted: set[str]) -> dict[str, str]:
    """Legal or usual name of each firm that is wanted."""
    names: dict[str, str] = {}
    if not wanted:
        return names
    for one in stream(units, "sirene_unit", only=("siren", wanted)):
        if not isinstance(one, Notice) and one[1]:
            row = {name: "" if cell == WITHHELD else cell for name, cell in one[1].items()}
            names[row["siren"]] = row["name"] or row["usual_name"]
    return names


def _about_counts(file: str, counts: Counter[str]) -> list[Fault | Notice]:
    """One word for all rows that were passed over for the same reason."""
    return [
        Notice(file, 0, "", "", f"register_{fate}", {"number": str(counts[fate])})
        for fate in ("closed", "other_commune", "other_activity")
        if counts[fate]
    ]


def _inferred(sites: pd.DataFrame, said: list[Fault | Notice], lang: str) -> pd.DataFrame:
    """Flows of the sites that have employees and a class that is the same as ever."""
    sites = sites.set_index("site_id", drop=False)
    staff = pd.to_numeric(sites["employees"], errors="coerce").astype(float)
    idle = ~(staff > 0)
    file = str(sites["file"].iloc[0]) if len(sites) else ""
    if idle.any():
        said.append(Notice(file, 0, "", "", "register_no_staff", {"number": str(int(idle.sum()))}))
    changed = (sites["naf"] != "") & (rev2_classes(sites["naf"], sites["naf_version"]) == "")
    said += each(sites[changed & ~idle], "naf", "register_naf_changed")
    busy = sites[~idle]
    return infer_declarations(
        busy["naf"], lang=lang, version=busy["naf_version"], employees=staff[~idle]
    )
