"""Addresses looked up by the national service, in batches, and only when asked to.

The protocol is addok's CSV search: a table goes up with the columns to search in, and comes
back with ``result_…`` columns. Any server that speaks it will do, one of one's own included.
"""

import csv
import io
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from email.message import Message
from urllib.parse import urlsplit

import pandas as pd

from eit.places.addresses.finding import CLOSE, SURE, Answer

SERVICE = "https://data.geopf.fr/geocodage/search/csv"
BATCH = 500
"""Rows of one request."""
PAUSE_S = 1.0
"""Seconds between two requests: far below what the service allows."""
TRIES = 4
TIMEOUT_S = 60.0
LONGEST_WAIT_S = 60.0
BUSY = (429, 502, 503, 504)
"""Answers after which it is worth asking again, later."""
COLUMNS = ("address", "postcode", "city")
PRECISIONS = ("housenumber", "street", "locality", "municipality")


class ServiceError(OSError):
    """The service does not answer, or not as it should; what it said before is kept."""


def ask_online(
    rows: pd.DataFrame, *, service: str = SERVICE, batch: int = BATCH, pause_s: float = PAUSE_S
) -> Iterator[pd.Series]:
    """Look addresses up, one batch after the other.

    Parameters
    ----------
    rows
        address, postcode, city, insee as written, on an index of sites. Nothing else is sent,
        not even the names of sites.
    service
        Where the CSV search answers.
    batch, pause_s
        Rows of one request, and seconds between two.

    Yields
    ------
    answers
        An `Answer` for each row of a batch, on its index.

    Raises
    ------
    ServiceError
        If a batch fails `TRIES` times.
    """
    if urlsplit(service).scheme not in ("http", "https"):
        raise ServiceError(f"{service}: http(s)://…")
    for start in range(0, len(rows), batch):
        if start:
            time.sleep(pause_s)
        part = rows.iloc[start : start + batch]
        found = _ask(part, service, pause_s)
        host = urlsplit(service).netloc
        answers = [_answer(found.get(str(at), {}), host) for at in range(len(part))]
        yield pd.Series(answers, index=part.index, dtype=object)


def _ask(rows: pd.DataFrame, service: str, pause_s: float) -> dict[str, Mapping[str, str]]:
    """What the service says of each row, by its number; asked again where it was busy."""
    body, kind = _form(rows)
    agent = {"Content-Type": kind, "User-Agent": "eit", "Accept": "text/csv"}
    request = urllib.request.Request(service, data=body, headers=agent, method="POST")
    wait = pause_s
    for attempt in range(1, TRIES + 1):
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:
                text = reply.read().decode("utf-8-sig")
            return _rows_of(text)
        except urllib.error.HTTPError as error:
            with error:
                if error.code not in BUSY or attempt == TRIES:
                    raise ServiceError(f"{service}: {error.code} {error.reason}") from error
                wait = max(2 * wait, _asked_to_wait(error.headers))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            if attempt == TRIES:
                raise ServiceError(f"{service}: {error}") from error
            wait = 2 * wait
        time.sleep(min(wait, LONGEST_WAIT_S))
    raise ServiceError(service)


def _asked_to_wait(headers: Message) -> float:
    """Seconds of the header Retry-After, 0 without one."""
    stated = str(headers.get("Retry-After", ""))
    return float(stated) if stated.isdigit() else 0.0


def _form(rows: pd.DataFrame) -> tuple[bytes, str]:
    """The request's body and content type: the table, and which columns to search in."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["row", *COLUMNS, "citycode"])
    for at, row in enumerate(rows[[*COLUMNS, "insee"]].itertuples(index=False, name=None)):
        writer.writerow([at, *row])
    edge = uuid.uuid4().hex
    fields = [("columns", name) for name in COLUMNS]
    if (rows["insee"] != "").all():
        fields.append(("citycode", "citycode"))
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields
    ]
    parts.append(
        f'--{edge}\r\nContent-Disposition: form-data; name="data"; filename="addresses.csv"\r\n'
        f"Content-Type: text/csv; charset=utf-8\r\n\r\n{table.getvalue()}\r\n--{edge}--\r\n"
    )
    return "".join(parts).encode(), f"multipart/form-data; boundary={edge}"


def _rows_of(text: str) -> dict[str, Mapping[str, str]]:
    reader = csv.DictReader(io.StringIO(text))
    rows: dict[str, Mapping[str, str]] = {row["row"]: row for row in reader if row.get("row")}
    if not {"row", "latitude", "longitude"} <= set(reader.fieldnames or ()):
        raise csv.Error("no table of results")
    return rows


def _answer(row: Mapping[str, str], host: str) -> Answer:
    try:
        lon, lat = float(row.get("longitude") or ""), float(row.get("latitude") or "")
        score = min(1.0, max(0.0, float(row.get("result_score") or "")))
    except ValueError:
        return Answer()
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        return Answer()
    try:
        close = score - float(row.get("result_score_next") or "") < CLOSE
    except ValueError:
        close = False
    kind = row.get("result_type") or ""
    return Answer(
        lon=round(lon, 6),
        lat=round(lat, 6),
        score=round(score, 3),
        precision=kind if kind in PRECISIONS else "municipality",
        found=row.get("result_label") or "",
        source=host,
        sure=score >= SURE and not close,
    )
