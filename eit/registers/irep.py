"""The French register of polluting emissions (IREP) turned into a territory folder.

Its rows name firms that exist, with coordinates whose system is per row and often wrong.
Everything that was mended, doubted or left out stands in ``import_report.csv``.
"""

from pathlib import Path

import pandas as pd

from eit.faults import DeclarationError, Fault
from eit.registers.irep_waste import Waste, read_waste, waste_files
from eit.registers.outlets import without_outlets
from eit.registers.reading import read_rows
from eit.registers.report import ImportReport, year_of
from eit.registers.settling import numbers, plain_naf, settle
from eit.registers.typical import infer_declarations
from eit.registers.writing import Draft, refuse_used, write_draft


def import_irep(source: str | Path, folder: str | Path, lang: str = "fr") -> ImportReport:
    """Write a territory folder from the register's CSV files.

    Parameters
    ----------
    source
        ``…etablissements.csv`` as published; or the folder that holds it together with
        ``Prod_dechets_*.csv`` (made into residues) and ``Trait_dechets_*.csv`` (into treatment
        sites, and into needs where recovering waste is not the site's business).
    folder
        Where to write: ``territory.toml``, ``sites.csv``, ``declarations/inferred.csv``,
        ``declarations/irep.csv`` and ``hubs.csv`` where there are waste tables, and
        ``import_report.csv``.
    lang
        Language of what is written for people.

    Raises
    ------
    DeclarationError
        If a file is not that register at all. A bad row never stops the others.
    FileExistsError
        If the folder exists and is not empty.
    """
    source, folder = Path(source), Path(folder)
    refuse_used(folder)
    file = _sites_file(source) if source.is_dir() else source
    table, rows, said = read_rows(file, "irep", lang, may_lack=("site_id", "firm"))
    settled = settle(_prepared(rows))
    year = year_of(file.stem) or year_of(source.stem)
    waste = read_waste(waste_files(source) if source.is_dir() else (), settled.sites, year, lang)
    inferred = infer_declarations(settled.sites.set_index("site_id")["naf"], lang=lang)
    draft = Draft(
        register="irep",
        settled=settled,
        rows=len(table.rows) + (waste.rows if waste else 0),
        year=year,
        declarations=_declarations(inferred, waste),
        tables={"hubs.csv": waste.hubs} if waste and len(waste.hubs) else {},
        scenario=without_outlets(waste.hubs["hub_id"], lang) if waste and len(waste.hubs) else "",
        said=[*said, *(waste.said if waste else ())],
    )
    return write_draft(folder, draft, lang)


def _sites_file(folder: Path) -> Path:
    """The table of sites among the files of a folder."""
    found = [path for path in sorted(folder.glob("*.csv")) if "etablissements" in path.stem.lower()]
    if len(found) != 1:
        names = ", ".join(path.name for path in found)
        raise DeclarationError([Fault(folder.name, 0, "", names, "register_one_file")])
    return found[0]


def _declarations(inferred: pd.DataFrame, waste: Waste | None) -> dict[str, pd.DataFrame]:
    """What is declared, and what is inferred where nothing of the kind is declared."""
    if waste is None:
        return {"inferred.csv": inferred}
    keys = ["site_id", "kind", "resource"]
    known = pd.MultiIndex.from_frame(waste.declarations[keys])
    apart = ~pd.MultiIndex.from_frame(inferred[keys]).isin(known)
    return {"inferred.csv": inferred[apart], "irep.csv": waste.declarations}


def _prepared(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with numbers for coordinates, and an id each."""
    numbered = "L" + rows["line"].astype(str)
    return rows.assign(
        site_id=rows["site_id"].where(rows["site_id"] != "", numbered),
        naf=plain_naf(rows["naf"]),
        naf_version="2008",
        x=numbers(rows["x"]),
        y=numbers(rows["y"]),
    )
