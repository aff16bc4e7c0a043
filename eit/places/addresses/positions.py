"""``positions.csv``: where addresses are, read back with what a person settled, and written."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from eit.faults import DeclarationError, Notice
from eit.places.addresses.finding import Answer
from eit.tables import read_table, schema
from eit.tables.guarding import guard

FILE = "positions.csv"
KEYS: Mapping[str, str] = {"site": "site_id", "hub": "hub_id"}
"""Kinds of things that have an address, and the column that names them in their own table."""
USED = ("housenumber", "street", "locality")
"""Precisions that place a site better than its commune does."""
NAME = ["of", "site_id"]


def trusted(
    places: pd.DataFrame, positions: pd.DataFrame, *, kind: str = "site"
) -> tuple[pd.DataFrame, list[Notice]]:
    """Positions that hold: settled as to be used, and of the address that the place has today.

    Parameters
    ----------
    places
        Index of ids; address, postcode, city, insee as written.
    positions
        Rows of ``positions.csv`` as read; only those with ``use = yes`` count.
    kind
        Which of `KEYS` they are.

    Returns
    -------
    positions, notices
        Those that hold, by id; a word on each one whose place has another address by now, or is
        none of the territory's.
    """
    rows = positions[(positions["site_id"] != "") & (positions["use"] == "yes")]
    rows = rows[(rows["of"] == kind) & rows["lon"].notna() & rows["lat"].notna()]
    rows = rows.drop_duplicates("site_id").set_index("site_id", drop=False)
    here = rows.index.isin(places.index)
    given = given_address(places).reindex(rows.index)
    stale = here & (rows["given"] != "") & (rows["given"] != given)
    notices = [
        Notice(str(row["file"]), int(row["line"]), "site_id", str(row["site_id"]), code)
        for code, which in (("position_stranger", ~here), ("position_stale", stale))
        for row in rows[which].to_dict("records")
    ]
    return rows[here & ~stale], notices


def with_positions(
    places: pd.DataFrame, positions: pd.DataFrame, *, kind: str = "site"
) -> tuple[pd.DataFrame, list[Notice]]:
    """Put what stands at its commune, or nowhere, where ``positions.csv`` says.

    Parameters
    ----------
    places
        Index of ids; address, postcode, city, insee as written, lon, lat, position_quality,
        commune_area_km2.
    positions, kind
        As for `trusted`.

    Returns
    -------
    places, notices
        With position_quality ``address`` where a position was taken; notices as of `trusted`.
    """
    rows, notices = trusted(places, positions, kind=kind)
    better = rows.index[places.loc[rows.index, "position_quality"].isin(["commune", "none"])]
    placed = places.copy()
    placed.loc[better, ["lon", "lat"]] = rows.loc[better, ["lon", "lat"]].astype(float)
    placed.loc[better, "position_quality"] = "address"
    placed.loc[better, "commune_area_km2"] = float("nan")
    return placed, notices


def given_address(rows: pd.DataFrame) -> pd.Series:
    """The address as it is looked for, in one line."""
    town = (rows["postcode"] + " " + rows["city"]).str.strip()
    town = town.where(town != "", rows["insee"])
    whole = (rows["address"].str.strip() + ", " + town).str.strip(", ")
    return whole.str.replace(r"\s+", " ", regex=True).rename("given")


def read_positions(path: Path) -> pd.DataFrame:
    """Positions of an earlier run, by kind and id; none if there was none.

    Raises
    ------
    DeclarationError
        If the file cannot be read: what a person settled is not thrown away.
    """
    columns = list(schema("positions").names)
    if not path.exists():
        return pd.DataFrame(columns=columns).set_index(NAME)
    table = read_table(path, "positions")
    if table.faults:
        raise DeclarationError(table.faults)
    rows = table.rows[columns]
    return rows[rows["site_id"] != ""].drop_duplicates(NAME).set_index(NAME)


def found_rows(asked: pd.DataFrame, answers: pd.Series) -> pd.DataFrame:
    """Rows of ``positions.csv``; those that nobody need look at are to be used.

    Parameters
    ----------
    asked
        of, site_id, given.
    answers
        An `Answer` for each row, on its index.
    """
    rows = [
        {
            "site_id": name,
            "of": of,
            "given": given,
            "found": answer.found,
            "lon": answer.lon,
            "lat": answer.lat,
            "score": answer.score,
            "precision": answer.precision,
            "source": f"BAN ({answer.source})" if answer.source else "",
            "use": "yes" if is_taken(answer) else "",
            "candidates": answer.rivals,
        }
        for of, name, given, answer in zip(
            asked["of"], asked["site_id"], asked["given"], answers.reindex(asked.index), strict=True
        )
    ]
    return pd.DataFrame(rows, columns=list(schema("positions").names))


def is_taken(answer: Answer) -> bool:
    """Whether an answer places something without a person's word."""
    return answer.sure and answer.precision in USED


def write_positions(settled: pd.DataFrame, rows: pd.DataFrame, path: Path, lang: str) -> None:
    """Write what was settled before and what was found now, by kind and id; whole or not at all."""
    declared = schema("positions")
    rows = pd.concat([settled.reset_index(), rows]) if len(settled) else rows
    rows = rows.sort_values(NAME, ascending=[False, True], ignore_index=True)
    words = ("site_id", "given", "found", "source", "candidates")
    rows = rows.assign(**{name: rows[name].map(guard) for name in words})
    rows = rows[list(declared.names)]
    rows.columns = pd.Index([declared[name].header(lang) for name in declared.names])
    unfinished = path.with_name(path.name + ".tmp")
    rows.to_csv(unfinished, index=False, lineterminator="\n")
    unfinished.replace(path)
