"""Addresses looked up by the national service, in batches, and only when asked to.

The protocol is addok's CSV search: a table goes up with the columns to search in, and comes
back with ``result_…`` columns. Any server that speaks it will do, one of one's own included.
What was answered is kept (`eit.places.addresses.keeping`) and not asked again.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import closing

import numpy as np
import pandas as pd

from eit.places.addresses.finding import CLOSE, SURE, Answer
from eit.places.addresses.keeping import open_kept
from eit.places.addresses.posting import Poster, Replied, Service
from eit.places.gazetteer import find_communes

COLUMNS = ("address", "postcode", "city")
PRECISIONS = ("housenumber", "street", "locality", "municipality")
NEEDED = ("longitude", "latitude", "result_score", "result_type")
OPTIONAL = ("result_score_next", "result_label", "result_citycode")
FAILED = ("error", "skipped")
"""Values of ``result_status`` with which the service says that it did not look."""
WHOLE_CITIES = ("75056", "69123", "13055")
"""Cities whose addresses the service gives to their arrondissements."""


class ReplyError(ValueError):
    """What came is no table of results, or not the whole of it."""


def ask_online(rows: pd.DataFrame, service: Service | str = "") -> Iterator[pd.Series]:
    """Look addresses up, one batch after the other.

    Parameters
    ----------
    rows
        address, postcode, city, insee as written, on an index of sites. Nothing else is sent,
        not even the names of sites.
    service
        The service, or where it answers; the national one if blank.

    Yields
    ------
    answers
        An `Answer` for each row of a batch, on its index; first of those kept from an earlier
        run, which nobody is asked for.

    Raises
    ------
    ServiceError
        If a batch fails as often as `Service` allows, or the service asks for a long pause.
    """
    service = Service(service) if isinstance(service, str) else service
    homes = find_communes(rows["insee"], rows["postcode"], rows["city"]).insee
    with closing(open_kept(service.url)) as kept, closing(Poster(service)) as poster:
        before = kept.find(_queries(rows))
        known = rows.index[[query in before for query in _queries(rows)]]
        if len(known):
            found = [before[query] for query in _queries(rows.loc[known])]
            yield _answers(found, rows.loc[known], homes, service.host)
        for part in _batches(rows.drop(known), service.batch):
            replied = _results(poster, part)
            kept.add({q: r for q, r in zip(_queries(part), replied, strict=True) if r})
            yield _answers(replied, part, homes, service.host)


def _batches(rows: pd.DataFrame, size: int) -> Iterator[pd.DataFrame]:
    """Rows of one request each; those with a commune's code apart, as it narrows the search."""
    coded = rows["insee"] != ""
    for part in (rows[coded], rows[~coded]):
        for start in range(0, len(part), size):
            yield part.iloc[start : start + size]


def _queries(rows: pd.DataFrame) -> list[str]:
    """Each row as it is asked for, in one text."""
    cells = rows[[*COLUMNS, "insee"]].astype(str)
    return ["\x1f".join(cell.strip() for cell in row) for row in cells.itertuples(index=False)]


def _results(poster: Poster, rows: pd.DataFrame) -> list[Mapping[str, str]]:
    """What the service says of each row; nothing of those that it did not look for."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["row", *COLUMNS, "insee"])
    for at, row in enumerate(rows[[*COLUMNS, "insee"]].itertuples(index=False, name=None)):
        writer.writerow([at, *row])
    fields: dict[str, Replied] = {"columns": list(COLUMNS)}
    if (rows["insee"] != "").all():
        fields["citycode"] = "insee"
    return poster.post(table.getvalue(), fields, lambda text: rows_of(text, len(rows)))


def rows_of(text: str, number: int) -> list[Mapping[str, str]]:
    """Rows of a reply by their number, each with the columns that are used.

    Raises
    ------
    ReplyError
        If it is no table of results, a row is missing or cut short, or one stands twice.
    """
    try:
        reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
        rows = list(reader)
    except csv.Error as error:
        raise ReplyError(str(error)) from error
    if missing := {"row", *NEEDED} - set(reader.fieldnames or ()):
        raise ReplyError("no column " + ", ".join(sorted(missing)))
    if any(None in row or None in row.values() for row in rows):
        raise ReplyError("a row is cut short")
    by_number = {row["row"]: row for row in rows}
    if len(rows) != number or set(by_number) != {str(at) for at in range(number)}:
        raise ReplyError(f"{len(rows)} rows for {number} addresses")
    return [_used(by_number[str(at)]) for at in range(number)]


def _used(row: Mapping[str, str]) -> Mapping[str, str]:
    if row.get("result_status", "").lower() in FAILED:
        return {}
    return {name: row.get(name, "") for name in (*NEEDED, *OPTIONAL)}


def _answers(
    found: list[Mapping[str, str]], rows: pd.DataFrame, homes: pd.Series, host: str
) -> pd.Series:
    answers = [
        _answer(row, str(homes[site]), host) for site, row in zip(rows.index, found, strict=True)
    ]
    return pd.Series(answers, index=rows.index, dtype=object)


def _answer(row: Mapping[str, str], home: str, host: str) -> Answer:
    """A position, sure only if it scores well, has no rival, and lies in the site's commune."""
    try:
        lon, lat = float(row.get("longitude") or ""), float(row.get("latitude") or "")
        score = float(row.get("result_score") or "")
    except ValueError:
        return Answer()
    if not (abs(lon) <= 180 and abs(lat) <= 90 and abs(score) < np.inf):
        return Answer()
    score = min(1.0, max(0.0, score))
    try:
        close = score - float(row.get("result_score_next") or "") < CLOSE
    except ValueError:
        close = False
    there = row.get("result_citycode") or ""
    moved = bool(home and there) and there != home and home not in WHOLE_CITIES
    kind = row.get("result_type") or ""
    return Answer(
        lon=round(lon, 6),
        lat=round(lat, 6),
        score=round(score, 3),
        precision=kind if kind in PRECISIONS else "municipality",
        found=row.get("result_label") or "",
        source=host,
        sure=score >= SURE and not close and not moved,
    )
