"""Walls around every request: host, size, other sites' posts, headers that hold browsers back."""

import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from eit.portal.errors import respond
from eit.portal.policies import HEADERS, HSTS
from eit.portal.settings import MEBIBYTE, Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_LIMIT_BYTES = 2 * MEBIBYTE


class TooLargeError(HTTPException):
    """More bytes came than a request may have."""

    def __init__(self) -> None:
        super().__init__(413)


class Guards:
    """All walls in one middleware, outermost first: number, host, origin, size."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer in its place."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        request.state.request_id = secrets.token_hex(6)
        counted = _Counted(receive, self._limit(request))
        answering = _Answering(send, self._headers(request))
        found = self._wrong(request)
        if found is None:
            await self.app(scope, counted.receive, answering.send)
            return
        response = respond(request, *found, known=False)
        await response(scope, receive, answering.send)

    def _wrong(self, request: Request) -> tuple[int, str] | None:
        """Status and code of what is wrong before anything is read."""
        if host_of(request.headers.get("host", "")) not in self.settings.known_hosts:
            return 400, "host"
        if not same_origin(request.method, request.headers):
            return 403, "origin"
        length = request.headers.get("content-length", "0")
        if not length.isdecimal():
            return 400, "bad_request"
        if len(length) > 18 or int(length) > self._limit(request):
            return 413, "too_large"
        return None

    def _limit(self, request: Request) -> int:
        kind = request.headers.get("content-type", "").lower()
        if kind.startswith("application/x-www-form-urlencoded"):
            return min(FORM_LIMIT_BYTES, self.settings.upload_limit_bytes)
        return self.settings.upload_limit_bytes

    def _headers(self, request: Request) -> dict[str, str]:
        added = {**HEADERS, "X-Request-ID": request.state.request_id}
        if request.url.path.startswith("/static/"):
            added["Cache-Control"] = "public, max-age=3600"
        if self.settings.secure_cookies:
            added["Strict-Transport-Security"] = HSTS
        return added


class _Counted:
    """Counts the bytes that come in."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self.inner = receive
        self.left = limit

    async def receive(self) -> Message:
        message = await self.inner()
        self.left -= len(message.get("body", b""))
        if self.left < 0:
            raise TooLargeError
        return message


class _Answering:
    """Adds headers that the answer does not set itself."""

    def __init__(self, send: Send, headers: Mapping[str, str]) -> None:
        self.inner = send
        self.headers = headers

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            answer = MutableHeaders(scope=message)
            for name, value in self.headers.items():
                answer.setdefault(name, value)
        await self.inner(message)


def host_of(header: str) -> str:
    """Host name of a Host header, without its port, in lower case.

    >>> host_of("Localhost:8000"), host_of("[::1]:8000")
    ('localhost', '[::1]')
    """
    name, colon, port = header.rpartition(":")
    return (name if colon and port.isdecimal() else header).lower()


def same_origin(method: str, headers: Headers) -> bool:
    """Whether a request that changes something comes from the portal's own pages.

    Browsers say where a request comes from in ``Sec-Fetch-Site``, older ones in ``Origin``.
    What sends neither is no browser, and holds no cookie that someone else could use. Tokens do
    not travel by themselves, so that requests with one are let through.
    """
    if method in SAFE_METHODS or headers.get("authorization", "").lower().startswith("bearer "):
        return True
    if site := headers.get("sec-fetch-site"):
        return site in ("same-origin", "none")
    if origin := headers.get("origin"):
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    return True
