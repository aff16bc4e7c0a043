"""What a request brings: a file in a form or alone in its body, and the fields of a form."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Annotated

from fastapi import Depends, FastAPI
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from eit.portal.declare.access import Desk, find_submission
from eit.portal.declare.background import Checker
from eit.portal.declare.drafts import speaker
from eit.portal.declare.intake import CORRECTION, FILE, Receipt, Sent, receive
from eit.portal.declare.limits import refuse_oversized
from eit.portal.declare.plain import plain
from eit.store.database import Store

YES = frozenset({"1", "yes", "true", "on", "oui"})
TABLES = (
    *("", "text/csv", "text/plain", "application/octet-stream", "application/vnd.ms-excel"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)
"""What a body that is a table alone may call itself."""
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
_MAKING = Lock()


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came, and what its sender wants done with it."""

    filename: str
    content: bytes
    replaces_known: bool
    again: bool
    corrects_id: str | None


async def uploaded(request: Request) -> Upload:
    """Dependency: the file of a request, by multipart form or alone; blank if there is none."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _FORMS:
        async with request.form(max_files=1, max_fields=20) as form:
            file = form.get("file")
            content = await file.read() if isinstance(file, UploadFile) else b""
            filename = file.filename or "" if isinstance(file, UploadFile) else ""
            words = {name: value for name, value in form.items() if isinstance(value, str)}
    elif kind not in TABLES:
        raise HTTPException(415)
    else:
        content, filename = await request.body(), request.query_params.get("filename", "")
        words = dict(request.query_params)
    return Upload(
        filename=filename,
        content=content,
        replaces_known=words.get("replaces_known", "").lower() in YES,
        again=words.get("again", "").lower() in YES,
        corrects_id=words.get("corrects") or None,
    )


async def sent_fields(request: Request) -> Mapping[str, str]:
    """Dependency: the fields of a form, each as text; of a field sent twice, the last."""
    async with request.form(max_files=0, max_fields=5000) as form:
        return {name: plain(value) for name, value in form.items() if isinstance(value, str)}


def checker_of(request: Request) -> Checker:
    """Dependency: the one that checks large files beside the requests."""
    return _checker(request.app)


@asynccontextmanager
async def checking(app: FastAPI) -> AsyncIterator[None]:
    """While the portal runs: what was left unchecked is checked, and so is what comes."""
    checker = _checker(app)
    checker.resume()
    yield
    checker.close()


def _checker(app: FastAPI) -> Checker:
    with _MAKING:
        if not hasattr(app.state, "checker"):
            store: Store = app.state.store
            app.state.checker = Checker(store)
        found: Checker = app.state.checker
    return found


Uploaded = Annotated[Upload, Depends(uploaded)]
Fields = Annotated[Mapping[str, str], Depends(sent_fields)]
Checking = Annotated[Checker, Depends(checker_of)]


def take(store: Store, checker: Checker, desk: Desk, upload: Upload, *, most_bytes: int) -> Receipt:
    """Keep an uploaded file and have it checked; it is on disk once this returns.

    Raises
    ------
    Unsound
        If it is no table of a usual size.
    Hidden, Refused, Impossible
        If what it corrects is not there, or may not be corrected.
    """
    refuse_oversized(upload.content, most_bytes=most_bytes)
    actor = desk.actor
    if upload.corrects_id is not None:
        with store.reading() as session:
            corrected = find_submission(session, desk, upload.corrects_id, action="correct")
            actor = speaker(session, corrected, actor)
    sent = Sent(
        firm_id=desk.firm.id,
        actor=actor,
        kind=FILE if upload.corrects_id is None else CORRECTION,
        filename=upload.filename,
        content=upload.content,
        replaces_known=upload.replaces_known,
        corrects_id=upload.corrects_id,
        again=upload.again,
    )
    receipt = receive(store, sent)
    if not receipt.duplicate:
        checker.check(receipt.submission_id, size=len(upload.content))
    return receipt
