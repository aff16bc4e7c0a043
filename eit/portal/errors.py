"""One shape for everything that goes wrong: a page for people, one JSON object for programs."""

import logging
from typing import Any

from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from eit.faults import DeclarationError
from eit.portal.pages import language, page
from eit.portal.policies import HEADERS
from eit.portal.refusals import NotSignedInError, PortalError
from eit.portal.viewer import viewer_of
from eit.texts import catalogue, say

log = logging.getLogger(__name__)

CODES = {
    400: "bad_request",
    401: "not_signed_in",
    403: "refused",
    404: "not_found",
    405: "method",
    409: "conflict",
    413: "too_large",
    415: "media_type",
    422: "unsound",
    429: "too_many",
    500: "bug",
    503: "busy",
}
API = "/api/"


def is_program(request: Request) -> bool:
    """Whether JSON is wanted: the interface's own addresses."""
    return request.url.path.startswith(API)


def respond(request: Request, status: int, code: str, *, known: bool = True) -> Response:
    """Answer with an error.

    Parameters
    ----------
    known
        False where it is not known who asks, or must not be asked for: the page shows no name.
    """
    viewer = viewer_of(request) if known else None
    lang = language(request, viewer)
    key = f"portal.error.{code}"
    message = say(key if key in catalogue(lang) else f"portal.error.{CODES[status]}", lang)
    number = getattr(request.state, "request_id", "")
    closing = {"Connection": "close"} if status == 413 else {}  # what still comes is not read
    if is_program(request):
        return JSONResponse({"error": {"code": code, "message": message}}, status, closing)
    context: dict[str, Any] = {"message": message, "request_id": number if status >= 500 else ""}
    return page(request, viewer, "error.html.jinja", status=status, headers=closing, **context)


def refused(request: Request, error: Exception) -> Response:
    """Answer to `PortalError`."""
    assert isinstance(error, PortalError)
    if isinstance(error, NotSignedInError) and not is_program(request):
        back = request.url.path if request.method in ("GET", "HEAD") else ""
        where = request.url_for("sign_in").include_query_params(next=back) if back else None
        return RedirectResponse(str(where or request.url_for("sign_in")), 303)
    answer = respond(request, error.status, error.code)
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def http(request: Request, error: Exception) -> Response:
    """Answer to what the framework raised: no such route, no such method."""
    assert isinstance(error, HTTPException)
    status = error.status_code if error.status_code in CODES else 400
    answer = respond(request, status, CODES[status])
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    return answer


def unsound(request: Request, error: Exception) -> Response:
    """Answer to fields that are missing, of the wrong type, or no text that can be kept.

    What was sent is not repeated.
    """
    assert isinstance(error, RequestValidationError | DataError | UnicodeEncodeError)
    return respond(request, 422, "unsound")


def faulty(request: Request, error: Exception) -> Response:
    """Answer to a table with faults: the shape of ``eit check --json``."""
    assert isinstance(error, DeclarationError)
    lang = language(request, viewer_of(request))
    return JSONResponse(
        {
            "faults": [fault.as_dict(lang) for fault in error.faults],
            "notices": [notice.as_dict(lang) for notice in error.notices],
            "sound": 0,
        },
        422,
    )


def unkept(request: Request, error: Exception) -> Response:
    """Answer to a database that cannot write: a full disk, a lock, a lost connection."""
    log.error("request %s: %s", getattr(request.state, "request_id", "?"), type(error).__name__)
    return respond(request, 503, "storage", known=False)


def broken(request: Request, error: Exception) -> Response:
    """Answer to a bug of ours: its number, and nothing of what was inside."""
    log.error("request %s: %s", getattr(request.state, "request_id", "?"), type(error).__name__)
    answer = respond(request, 500, "bug", known=False)
    for name, value in HEADERS.items():
        answer.headers[name] = value
    return answer
