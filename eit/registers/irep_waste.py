"""Waste tables of the register of polluting emissions: what sites produce, and what they treat."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from eit import nomenclature, texts
from eit.faults import Fault, Notice
from eit.registers.outlets import hubs_of
from eit.registers.reading import read_rows
from eit.registers.settling import each, numbers

PRODUCED = re.compile(r"prod.*d[eé]chets", re.IGNORECASE)
TREATED = re.compile(r"trait.*d[eé]chets", re.IGNORECASE)
TREATERS = ("37", "38", "39")
"""Divisions of the activity nomenclature whose business is waste."""
PLACE = ("address", "postcode", "city", "insee", "lon", "lat")
COLUMNS = (
    *("declaration_id", "site_id", "kind", "resource", "label", "quantity", "unit", "hazardous"),
    *("status", "data_quality", "source", "comment"),
)


@dataclass(frozen=True, slots=True)
class Waste:
    """What the waste tables say.

    Attributes
    ----------
    declarations
        Residues of producers, and needs of sites that recover waste beside their own business.
    hubs
        Sites whose business is waste, or that dispose of it; capacity is what they treated.
    rows
        Rows read.
    said
        What was left out.
    """

    declarations: pd.DataFrame
    hubs: pd.DataFrame
    rows: int
    said: tuple[Fault | Notice, ...]


def waste_files(folder: Path) -> tuple[Path, ...]:
    """Waste tables of a folder, by name."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".csv", ".xlsx"))
    return tuple(f for f in files if PRODUCED.search(f.stem) or TREATED.search(f.stem))


def read_waste(
    files: Sequence[Path], sites: pd.DataFrame, year: int | None, lang: str
) -> Waste | None:
    """Read the waste tables of sites; None if there are none.

    Parameters
    ----------
    files
        ``Prod_dechets_*`` and ``Trait_dechets_*`` as published.
    sites
        Sites of the register, as `eit.registers.settling.settle` gives them.
    year
        The year to read; None reads the last that there is.
    lang
        Language of labels and remarks.
    """
    if not files:
        return None
    parts, said, number = [], list[Fault | Notice](), 0
    for file in files:
        table, rows, remarks = read_rows(
            file, "irep_waste", lang, may_lack=("site_id", "waste_code")
        )
        number, said = number + len(table.rows), said + remarks
        parts.append(rows.assign(treated_here=bool(TREATED.search(file.stem))))
    rows = _sound(pd.concat(parts, ignore_index=True), sites, year, said)
    made = _sums(rows[~rows["treated_here"]])
    took = _sums(rows[rows["treated_here"]])
    business = took["site_id"].map(sites.set_index("site_id")["naf"]).fillna("").str[:2]
    recovered = took["operation"].str.startswith("R")
    as_need = ~business.isin(TREATERS) & recovered
    declared = [*_declared(made, "residue", lang), *_declared(took[as_need], "need", lang)]
    frame = pd.DataFrame(declared, columns=list(COLUMNS))
    frame = frame.sort_values("declaration_id", ignore_index=True)
    return Waste(frame, _hubs(took[~as_need], sites), number, tuple(said))


def _sound(
    rows: pd.DataFrame, sites: pd.DataFrame, year: int | None, said: list[Fault | Notice]
) -> pd.DataFrame:
    """Rows that count, with resource, tonnes and year; adds to `said`."""
    rows = _with_zeros(rows, sites["site_id"], said)
    treated = numbers(rows["treated"]).fillna(numbers(rows["admitted"]))
    stated = numbers(rows["year"])
    wanted = year or stated.max()
    rows = rows.assign(
        resource=nomenclature.normalise_resources(rows["waste_code"]),
        tonnes=numbers(rows["quantity"]).where(~rows["treated_here"], treated),
        operation=rows["operation"].str.replace(r"\s", "", regex=True).str.upper(),
        year=stated.fillna(wanted),
    )
    tests = (
        ("irep_no_site", "site_id", ~rows["site_id"].isin(sites["site_id"])),
        (
            "register_no_code",
            "waste_code",
            ~rows["resource"].isin(nomenclature.waste_codes().index),
        ),
        ("register_unit", "unit", ~rows["unit"].str.lower().str.match(r"t|$")),
        ("register_no_quantity", "quantity", ~(rows["tonnes"] > 0)),
        ("register_other_year", "year", rows["year"] != wanted),
    )
    kept = pd.Series(True, index=rows.index)
    for code, column, fails in tests:
        said += each(rows[kept & fails], column, code)
        kept &= ~fails
    return rows[kept].reset_index(drop=True)


def _with_zeros(rows: pd.DataFrame, sites: pd.Series, said: list[Fault | Notice]) -> pd.DataFrame:
    """Identifiers whose first zeros a spreadsheet took, as the table of sites writes them."""
    bare = sites.str.lstrip("0")
    whole = sites[~bare.duplicated(keep=False)].set_axis(bare[~bare.duplicated(keep=False)])
    meant = rows["site_id"].str.lstrip("0").map(whole)
    mended = ~rows["site_id"].isin(sites) & meant.notna()
    said += each(rows[mended], "site_id", "irep_zeros")
    return rows.assign(site_id=rows["site_id"].where(~mended, meant).astype(str))


def _sums(rows: pd.DataFrame) -> pd.DataFrame:
    """Tonnes by site, code and operation, with the first label."""
    keys = ["site_id", "resource", "operation"]
    return rows.groupby(keys, as_index=False).agg(
        tonnes=("tonnes", "sum"), label=("label", "first"), year=("year", "first")
    )


def _declared(rows: pd.DataFrame, kind: str, lang: str) -> Iterator[dict[str, object]]:
    """One declaration for each site and code, all operations together."""
    for (site, code), group in rows.groupby(["site_id", "resource"], sort=True):
        group = group.sort_values("tonnes", ascending=False, kind="stable")
        ways = [
            f"{op or '?'} {t:.4g} t"
            for op, t in zip(group["operation"], group["tonnes"], strict=True)
        ]
        hazardous = nomenclature.is_hazardous(str(code))
        yield {
            "declaration_id": f"{site}-irep-{kind}-{str(code).replace(' ', '')}",
            "site_id": site,
            "kind": kind,
            "resource": code,
            "label": group["label"].iloc[0] or nomenclature.label(str(code), lang),
            "quantity": f"{float(group['tonnes'].sum()):.10g}",
            "unit": "t",
            "hazardous": "yes" if hazardous else "",
            "status": "waste",
            "data_quality": "estimated",
            "source": texts.say("registers.irep_source", lang, year=int(group["year"].iloc[0])),
            "comment": texts.say(f"registers.irep_{kind}", lang, ways="; ".join(ways)),
        }


def _hubs(took: pd.DataFrame, sites: pd.DataFrame) -> pd.DataFrame:
    places = sites.set_index("site_id")[["firm", *PLACE]].rename(columns={"firm": "name"})
    took = took.join(places, on="site_id").rename(
        columns={"resource": "takes", "tonnes": "quantity"}
    )
    capacity = took.groupby("site_id")["quantity"].transform("sum").round(6)
    hazardous = took["takes"].map(nomenclature.is_hazardous).astype(bool)
    return hubs_of(
        took.assign(hub_id="H-" + took["site_id"], capacity=capacity, hazardous=hazardous)
    )
