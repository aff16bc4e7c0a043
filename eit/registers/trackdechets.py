"""The register that Trackdéchets exports (arrêté of 31 May 2021): what left which site, for where.

Rows are shipments. They become one residue for each site, waste code and year, measured, with
today's outlets named; and the outlets themselves, as treatment sites whose price is not known.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from eit import nomenclature, texts
from eit.faults import DeclarationError, Fault, Notice
from eit.registers.outlets import hubs_of, without_outlets
from eit.registers.reading import read_rows
from eit.registers.report import ImportReport
from eit.registers.settling import each, numbers, settle
from eit.registers.writing import Draft, refuse_used, write_draft

ENDINGS = (".csv", ".xlsx", ".txt")
REGROUPED = (
    *("regroupement", "groupement", "réexpédition", "reconditionnement"),
    *("tournée dédiée", "annexe 2", "synthèse"),
)
"""Sub-types of notes whose waste arose elsewhere, and stands on other notes too."""
SHOWN = 5
"""Most outlets that a residue names."""
DECLARED = (
    *("declaration_id", "site_id", "kind", "resource", "label", "quantity", "unit", "hazardous"),
    *("status", "data_quality", "source", "valid_from", "valid_to", "comment"),
)


def import_trackdechets(
    source: str | Path, folder: str | Path, *, lang: str = "fr"
) -> ImportReport:
    """Write a territory folder from exports of the register.

    Parameters
    ----------
    source
        One export of outgoing or incoming waste (CSV or XLSX), or a folder of several.
    folder
        Where to write: ``territory.toml``, ``sites.csv``, ``declarations/trackdechets_<year>.csv``
        (a year's figures hold in that year alone), ``hubs.csv`` with today's outlets,
        ``scenario.toml`` that leaves them out, and ``import_report.csv``. The territory's year is
        the last one that the register covers.
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
    number, rows, said = _read(source, lang)
    rows = _shipments(rows, said)
    settled = settle(_sites(rows))
    here = rows["site_id"].isin(settled.sites["site_id"])
    rows = rows[here].reset_index(drop=True)
    hubs = hubs_of(_takings(rows))
    years = sorted(int(year) for year in rows["year"].unique())
    draft = Draft(
        register="trackdechets",
        settled=settled,
        rows=number,
        year=years[-1] if years else None,
        declarations={
            f"trackdechets_{year}.csv": _declarations(rows[rows["year"] == year], lang)
            for year in years
        },
        tables={"hubs.csv": hubs} if len(hubs) else {},
        scenario=without_outlets(hubs["hub_id"], lang) if len(hubs) else "",
        said=said,
    )
    return write_draft(folder, draft, lang)


def _read(source: Path, lang: str) -> tuple[int, pd.DataFrame, list[Fault | Notice]]:
    """Rows of all files, those that are whole; how many there were; what was said."""
    files = [source]
    if source.is_dir():
        files = sorted(p for p in source.iterdir() if p.suffix.lower() in ENDINGS)
    if not files:
        raise DeclarationError([Fault(source.name, 0, "", "", "register_nothing")])
    number, parts, said = 0, [], list[Fault | Notice]()
    for file in files:
        table, rows, remarks = read_rows(
            file, "trackdechets", lang, may_lack=("siret", "waste_code")
        )
        unlike = [one for one in remarks if one.code != "column_unknown"]  # there are a hundred
        number, said = number + len(table.rows), said + unlike
        parts.append(rows)
    return number, pd.concat(parts, ignore_index=True), said


def _shipments(rows: pd.DataFrame, said: list[Fault | Notice]) -> pd.DataFrame:
    """Shipments that count, with site_id, year, resource and quantity (t); adds to `said`."""
    weights = pd.DataFrame(
        {name: numbers(rows[name]) for name in ("accepted", "received", "weight")}
    )
    weighed = weights["accepted"].fillna(weights["received"])
    day = pd.to_datetime(rows["dispatched"].str[:10], format="%Y-%m-%d", errors="coerce")
    french = pd.to_datetime(rows["dispatched"].str[:10], format="%d/%m/%Y", errors="coerce")
    day = day.fillna(french)
    codes = nomenclature.normalise_resources(rows["waste_code"])
    actual = rows["estimated"].str.upper().str.startswith("R")
    rows = rows.assign(
        siret=rows["siret"].str.replace(r"\s", "", regex=True),
        quantity=weighed.fillna(weights["weight"]),
        measured=weighed.notna() | actual,
        resource=codes,
        year=day.dt.year,
        operation=_operation(rows),
    )
    notes = rows["note_id"].where(rows["note_id"] != "", rows["public_id"])
    tests = {
        "register_abroad": ~rows["country"].str.upper().isin(["", "FR"]),
        "register_no_site": rows["siret"] == "",
        "register_no_code": ~codes.isin(nomenclature.waste_codes().index),
        "register_refused": rows["acceptance"].str.upper().str.strip().isin(["REFUSED", "REFUSÉ"]),
        "register_regrouped": rows["subtype"].str.lower().str.strip().isin(REGROUPED),
        "register_no_day": day.isna(),
        "register_no_quantity": ~(rows["quantity"] > 0),
        "register_twice": (notes != "") & notes.duplicated(),
    }
    columns = {
        **{
            "register_abroad": "country",
            "register_no_site": "firm",
            "register_no_code": "waste_code",
        },
        **{
            "register_refused": "note_id",
            "register_regrouped": "subtype",
            "register_twice": "note_id",
        },
        **{"register_no_day": "dispatched", "register_no_quantity": "weight"},
    }
    kept = pd.Series(True, index=rows.index)
    for code, fails in tests.items():
        said += each(rows[kept & fails], columns[code], code)
        kept &= ~fails
    rows = rows[kept].reset_index(drop=True)
    estimates = rows[~rows["measured"]]
    said += each(estimates, "weight", "register_estimated")
    return rows.assign(site_id=_site_ids(rows), year=rows["year"].astype(int))


def _operation(rows: pd.DataFrame) -> pd.Series:
    """First operation that was carried out, else the one that was planned."""
    done = rows["performed"].where(rows["performed"] != "", rows["planned"])
    return done.str.split(",").str[0].fillna("").str.replace(" ", "").str.upper().astype(str)


def _elsewhere(rows: pd.DataFrame) -> pd.Series:
    """Whether waste was picked up in another place than where the firm is (a building site)."""
    named = (rows["pickup_postcode"] != "") & (rows["pickup_city"] != "")
    other = (rows["pickup_postcode"] != rows["postcode"]) | (
        rows["pickup_address"].str.lower() != rows["address"].str.lower()
    )
    return named & other


def _site_ids(rows: pd.DataFrame) -> pd.Series:
    """The SIRET, and for a building site a mark of its address."""
    place = rows["pickup_address"] + "|" + rows["pickup_postcode"] + "|" + rows["pickup_city"]
    marks = place.str.lower().map(lambda text: hashlib.sha256(text.encode()).hexdigest()[:6])
    return rows["siret"].where(~_elsewhere(rows), rows["siret"] + "-" + marks).astype(str)


def _sites(rows: pd.DataFrame) -> pd.DataFrame:
    """The first row of each site, with the place where the waste is."""
    away = _elsewhere(rows)
    places = {
        name: rows[f"pickup_{name}"].where(away, rows[name])
        for name in ("address", "postcode", "city")
    }
    name = rows["pickup_name"].where(away & (rows["pickup_name"] != ""), rows["name"])
    sites = rows.assign(**places, name=name).drop_duplicates("site_id")
    columns = ["file", "line", "site_id", "firm", "name", "siret", "address", "postcode", "city"]
    return sites[columns].reset_index(drop=True)


def _takings(rows: pd.DataFrame) -> pd.DataFrame:
    """What each French destination took of each waste code by each operation."""
    to = rows[rows["to_country"].str.upper().isin(["", "FR"]) & (rows["to_siret"] != "")]
    to = to.assign(hub_id="H-" + to["to_siret"].str.replace(r"\s", "", regex=True))
    to = to.assign(hazardous=to["hazardous"].str.upper().eq("O"))
    dangerous = to["resource"].map(nomenclature.is_hazardous).astype(bool)
    to = to.assign(hazardous=to["hazardous"] | dangerous)
    columns = {f"to_{name}": name for name in ("name", "address", "postcode", "city")}
    named = to.drop(columns=list(columns.values())).rename(columns=columns)
    first = named.groupby("hub_id")[list(columns.values())].first()
    keys = ["hub_id", "resource", "operation"]
    took = named.groupby(keys, as_index=False).agg(
        quantity=("quantity", "sum"), hazardous=("hazardous", "any")
    )
    return took.join(first, on="hub_id").rename(columns={"resource": "takes"})


def _declarations(rows: pd.DataFrame, lang: str) -> pd.DataFrame:
    """One residue for each site and waste code of a year."""
    declared = [
        _residue(str(site), str(code), group, lang)
        for (site, code), group in rows.groupby(["site_id", "resource"], sort=True)
    ]
    return pd.DataFrame(declared, columns=list(DECLARED))


def _residue(site: str, code: str, rows: pd.DataFrame, lang: str) -> dict[str, object]:
    year, total = int(rows["year"].iloc[0]), float(rows["quantity"].sum())
    stated = set(rows["hazardous"].str.upper()) & {"O", "N"}
    said = {"year": year, "number": len(rows)}
    return {
        "declaration_id": f"{site}-{code.replace(' ', '')}-{year}",
        "site_id": site,
        "kind": "residue",
        "resource": code,
        "label": rows["label"].iloc[0] or nomenclature.label(code, lang),
        "quantity": f"{total:.6g}" if total < 1e5 else f"{total:.3f}",
        "unit": "t",
        "hazardous": "" if not stated else "yes" if "O" in stated else "no",
        "status": "waste",
        "data_quality": "measured" if rows["measured"].all() else "estimated",
        "source": texts.say("registers.trackdechets_source", lang, **said),
        "valid_from": f"{year}-01-01",
        "valid_to": f"{year}-12-31",
        "comment": texts.say("registers.outlets_today", lang, outlets="; ".join(_outlets(rows))),
    }


def _outlets(rows: pd.DataFrame) -> Iterator[str]:
    """Where it went, the greatest first, with the operation and the tonnes."""
    keys = ["to_name", "to_city", "operation"]
    took = rows.groupby(keys)["quantity"].sum().reset_index()
    took = took.sort_values("quantity", ascending=False, kind="stable").head(SHOWN)
    for name, city, operation, tonnes in zip(*(took[c] for c in took), strict=True):
        where = ", ".join(part for part in (name, city, operation) if part)
        yield f"{where or '?'} {tonnes:.4g} t"
