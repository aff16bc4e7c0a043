"""Tables sent to an address service, politely: one at a time, with pauses, again on failure."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import TypeVar
from urllib.parse import urlsplit

import httpx2

NATIONAL = "https://data.geopf.fr/geocodage/"
SEARCH = "search/csv"
AGAIN = (408, 425, 429, 500, 502, 503, 504)
"""Answers after which it is worth asking again, later."""
Result = TypeVar("Result")
Replied = str | list[str]


class ServiceError(OSError):
    """The service does not answer, or not as it should; what it said before is kept."""


@dataclass(frozen=True, slots=True)
class Service:
    """An address service and how it is asked.

    Attributes
    ----------
    base
        Where it answers, with or without ``search/csv``; blank means the national one.
    batch
        Rows of one request.
    pause_s
        Seconds between two requests: far below what the service allows.
    tries
        How often a request is made before giving up.
    timeout_s
        Seconds to wait for an answer.
    longest_wait_s
        A service that asks for a longer pause is not waited for.
    """

    base: str = ""
    batch: int = 500
    pause_s: float = 1.0
    tries: int = 5
    timeout_s: float = 60.0
    longest_wait_s: float = 120.0

    @property
    def url(self) -> str:
        """Address of the CSV search."""
        base = (self.base or NATIONAL).strip()
        return base if base.rstrip("/").endswith("/csv") else base.rstrip("/") + "/" + SEARCH

    @property
    def host(self) -> str:
        """Name of the server."""
        return urlsplit(self.url).netloc


@dataclass(slots=True)
class Poster:
    """Sends tables to a service and counts the time between them."""

    service: Service
    client: httpx2.Client = field(init=False)
    asked: bool = False

    def __post_init__(self) -> None:
        if urlsplit(self.service.url).scheme not in ("http", "https"):
            raise ServiceError(f"{self.service.url}: http(s)://…")
        self.client = httpx2.Client(
            headers={"User-Agent": f"eit/{version('eit')}", "Accept": "text/csv"},
            timeout=self.service.timeout_s,
        )

    def close(self) -> None:
        """Close what is open."""
        self.client.close()

    def post(
        self, table: str, fields: Mapping[str, Replied], read: Callable[[str], Result]
    ) -> Result:
        """Send a table; again where the service was busy, cut off, or answered nonsense.

        Parameters
        ----------
        table
            CSV, with titles.
        fields
            Other fields of the form.
        read
            Makes a result of the reply's text; a ``ValueError`` means that it is none.

        Raises
        ------
        ServiceError
            If it failed as often as is allowed, was refused, or is to wait too long.
        """
        why = ""
        for attempt in range(self.service.tries):
            self._pause(attempt, why)
            try:
                reply = self.client.post(
                    self.service.url,
                    data=dict(fields),
                    files={"data": ("addresses.csv", table.encode(), "text/csv; charset=utf-8")},
                )
                if reply.status_code == httpx2.codes.OK:
                    return read(reply.content.decode("utf-8-sig"))
            except httpx2.InvalidURL as error:
                raise ServiceError(f"{self.service.url}: {error}") from error
            except (httpx2.TransportError, httpx2.DecodingError, ValueError) as error:
                why = f"{type(error).__name__}: {error}"
                continue
            why = f"{reply.status_code} {reply.reason_phrase}"
            if reply.status_code not in AGAIN:
                break
            self._wait_as_asked(reply, why)
        raise ServiceError(f"{self.service.url}: {why}")

    def _pause(self, attempt: int, why: str) -> None:
        """Between two requests the usual pause; before another try twice the last one."""
        if self.asked:
            wait = self.service.pause_s * 2**attempt
            time.sleep(min(wait, self.service.longest_wait_s))
        self.asked = True

    def _wait_as_asked(self, reply: httpx2.Response, why: str) -> None:
        """Wait as long as the service says it must be left alone."""
        asked = seconds_to_wait(reply.headers.get("Retry-After", ""), datetime.now(UTC))
        if asked > self.service.longest_wait_s:
            raise ServiceError(f"{self.service.url}: {why}, Retry-After {asked:.0f} s")
        time.sleep(asked)


def seconds_to_wait(stated: str, now: datetime) -> float:
    """Seconds that a ``Retry-After`` asks for, as a number or as a date; 0 where it says nothing.

    Examples
    --------
    >>> seconds_to_wait("5", datetime(2026, 1, 1, tzinfo=UTC))
    5.0
    >>> seconds_to_wait("Thu, 01 Jan 2026 00:00:30 GMT", datetime(2026, 1, 1, tzinfo=UTC))
    30.0
    """
    text = stated.strip()
    if text.replace(".", "", 1).isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())
