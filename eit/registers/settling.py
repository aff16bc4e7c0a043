"""Rows of any register made into sites: one row each, placed, in one part of the country."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd
from stdnum.fr import siret

from eit.faults import Fault, Notice
from eit.places import area_of_use, locate

SITE_COLUMNS = (
    *("site_id", "firm", "name", "siret", "naf", "naf_version", "address", "postcode", "city"),
    *("insee", "lon", "lat", "park_id", "employees", "contact"),
)
MAINLAND_CRS = 2154
OVERSEAS_CRS = {"971": 5490, "972": 5490, "973": 2972, "974": 2975, "976": 4471}
"""Metric system of a territory by the first digits of its communes; else that of the mainland."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Sites of a register.

    Attributes
    ----------
    sites
        `SITE_COLUMNS` in text as they are written, and file, line, position_quality; by site_id.
        One that is placed at its commune has no coordinates.
    crs
        EPSG code of the metric system of the part of the country they lie in.
    said
        What was mended, doubted or left out.
    """

    sites: pd.DataFrame
    crs: int
    said: tuple[Fault | Notice, ...]


def settle(rows: pd.DataFrame) -> Settled:
    """Make sites of rows; the first of equal ids stays.

    Parameters
    ----------
    rows
        file, line, site_id, and any of `SITE_COLUMNS` (text), x, y, lon, lat (numbers), crs.
    """
    rows = _complete(rows)
    twice = rows["site_id"].duplicated()
    said: list[Fault | Notice] = list(each(rows[twice], "site_id", "register_twice"))
    rows = rows[~twice].reset_index(drop=True)
    located = locate(rows, area=area_of_use(MAINLAND_CRS), likely=MAINLAND_CRS)
    said += [*located.faults, *located.notices]
    crs, here = _one_territory(located.places)
    said += each(rows[~here], "city", "register_elsewhere")
    rows, places = rows[here], located.places[here]
    said += each(rows[places["position_quality"] == "none"], "city", "register_not_placed")
    digits = rows["siret"].str.replace(r"\D", "", regex=True)
    rows = rows.assign(siret=digits)
    valid = digits.map(siret.is_valid).astype(bool)
    said += each(rows[~valid & (digits != "")], "siret", "register_siret")
    shared = valid & digits.duplicated(keep=False)
    said += each(rows[shared], "siret", "register_siret_shared")
    exact = places["position_quality"] == "exact"
    sites = rows.assign(
        siret=digits.where(valid, ""),
        insee=places["insee"],
        lon=places["lon"].round(6).where(exact),
        lat=places["lat"].round(6).where(exact),
        position_quality=places["position_quality"],
    )
    order = [*SITE_COLUMNS, "file", "line", "position_quality"]
    return Settled(sites[order].sort_values("site_id", ignore_index=True), crs, tuple(said))


def each(rows: pd.DataFrame, column: str, code: str) -> Iterator[Notice]:
    """One notice for every row, on a cell of it."""
    for file, line, value in zip(rows["file"], rows["line"], rows[column], strict=True):
        yield Notice(str(file), int(line), column, str(value), code)


def numbers(cells: pd.Series) -> pd.Series:
    """Numbers of cells as people write them, NaN where there is none."""
    plain = cells.astype(str).str.replace(r"\s", "", regex=True).str.replace(",", ".")
    return pd.to_numeric(plain, errors="coerce").astype(float)


def plain_naf(codes: pd.Series) -> pd.Series:
    """Activity codes as the nomenclature writes them: ``2351Z`` and ``23.51 z`` as ``23.51Z``."""
    letters = codes.str.upper().str.replace(r"[^0-9A-Z]", "", regex=True)
    return letters.str.replace(r"^(\d\d)(\d\d)([A-Z]?)$", r"\1.\2\3", regex=True)


def _complete(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with every column that is written or looked at."""
    coordinates = ("x", "y", "lon", "lat")
    text = {name: "" for name in (*SITE_COLUMNS, "crs") if name not in coordinates}
    blank: dict[str, float | str] = {**text, **dict.fromkeys(coordinates, float("nan"))}
    return rows.assign(**{name: value for name, value in blank.items() if name not in rows})


def _one_territory(places: pd.DataFrame) -> tuple[int, pd.Series]:
    """System of the part of the country most sites lie in, and which sites those are.

    One metric system cannot hold the mainland and an island beyond the sea.
    """
    part = places["insee"].str[:3].where(places["insee"].str[:2].isin(["97", "98"]), "")
    most = str(part.value_counts().index[0]) if len(part) else ""
    return OVERSEAS_CRS.get(most, MAINLAND_CRS), (part == most).astype(bool)
