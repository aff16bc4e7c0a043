"""HTTP interface of declarations: what the pages do, for programs."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from eit.portal import audit
from eit.portal.declare import shapes
from eit.portal.declare.access import Desk, find_submission, open_desk
from eit.portal.declare.attaching import MEDIA, attachment, streamed
from eit.portal.declare.drafts import correct, declare, withdraw
from eit.portal.declare.giving import content_of, corrected, everything, template
from eit.portal.declare.heads import head_line, head_of
from eit.portal.declare.plain import file_name, plain
from eit.portal.declare.receiving import TABLES, Checking, Uploaded, take
from eit.portal.declare.rewriting import Cells
from eit.portal.declare.showing import (
    check_shape,
    faults_of,
    history,
    lines_page,
    live_page,
    notices_of,
    submissions_page,
)
from eit.portal.declare.single import cancel, delegate, take_back
from eit.portal.finding import is_delegated
from eit.portal.pages import language
from eit.portal.refusals import Hidden
from eit.portal.shapes import CONFLICT, ErrorShape
from eit.portal.viewer import Signed
from eit.store.models import SubmissionRow
from eit.tables import schema

Number = Annotated[int, Query(alias="page", ge=1, le=1_000_000)]
Ending = Literal["csv", "xlsx"]
FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            kind.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}
            for kind in MEDIA.values()
        },
        "description": "the file",
    }
}
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FLAG = {"type": "boolean", "default": False}
SENDING: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "replaces_known": _FLAG,
                        "again": _FLAG,
                        "corrects": {"type": "string"},
                    },
                }
            },
            **{kind: _BINARY for kind in TABLES if kind},
        },
    },
    "parameters": [
        {"name": name, "in": "query", "required": False, "schema": kind, "description": text}
        for name, kind, text in (
            ("filename", {"type": "string"}, "name of a file that is the body itself"),
            ("replaces_known", _FLAG, "lines that create what is live already replace it"),
            ("again", _FLAG, "keep the file even if the same bytes came before"),
            ("corrects", {"type": "string"}, "the draft whose place it takes"),
        )
    ],
}

router = APIRouter(prefix="/api/v1/territories/{slug}/firms/{firm_id}", tags=["declarations"])


@router.post(
    "/submissions",
    status_code=201,
    response_model=shapes.ReceivedSubmission,
    responses={
        **CONFLICT,
        200: {"model": shapes.ReceivedSubmission, "description": "the same bytes came before"},
        415: {"model": ErrorShape, "description": "neither a form nor a table"},
    },
    openapi_extra=SENDING,
)
def send_table(
    request: Request, viewer: Signed, checker: Checking, upload: Uploaded, slug: str, firm_id: str
) -> Response:
    """Send a table, CSV or XLSX; it is on disk before the answer, and then checked."""
    store = request.app.state.store
    with store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "create", "submissions")
    most = request.app.state.settings.upload_limit_bytes
    receipt = take(store, checker, desk, upload, most_bytes=most)
    with store.reading() as session:
        row = find_submission(session, desk, receipt.submission_id)
        told = _checked(session, desk, row, language(request, viewer))
    body = shapes.ReceivedSubmission(**told.model_dump(), duplicate=receipt.duplicate)
    return JSONResponse(body.model_dump(mode="json"), 200 if receipt.duplicate else 201)


@router.get("/submissions")
def list_submissions(
    request: Request, viewer: Signed, slug: str, firm_id: str, number: Number = 1
) -> shapes.Submissions:
    """Everything that was ever sent for a firm, latest first."""
    with request.app.state.store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "list", "submissions")
        found = submissions_page(session, desk, number=number)
    items = [shapes.SubmissionShape.of(row, head) for row, head in found.items]
    return shapes.Submissions(items=items, **shapes.Listing.counted(found))


@router.get("/submissions/{submission_id}")
def read_submission(
    request: Request, viewer: Signed, slug: str, firm_id: str, submission_id: str
) -> shapes.CheckedSubmission:
    """One submission, with its faults and notices as `eit check --json` prints them."""
    with request.app.state.store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "read", "submissions")
        row = find_submission(session, desk, submission_id)
        return _checked(session, desk, row, language(request, viewer))


@router.get("/submissions/{submission_id}/rows")
def read_rows(
    request: Request,
    viewer: Signed,
    slug: str,
    firm_id: str,
    submission_id: str,
    number: Number = 1,
    show: Literal["all", "faulty", "sound"] = "all",
) -> shapes.Lines:
    """Lines of a submission, a hundred at a time, faulty ones first."""
    lang = language(request, viewer)
    with request.app.state.store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "read", "submissions")
        row = find_submission(session, desk, submission_id)
        found = lines_page(session, desk, row, show=show, number=number)
    items = [shapes.LineShape.of(line, lang) for line in found.items]
    return shapes.Lines(items=items, **shapes.Listing.counted(found))


@router.post("/submissions/{submission_id}/corrections", status_code=201, responses=CONFLICT)
def correct_submission(
    request: Request,
    viewer: Signed,
    checker: Checking,
    slug: str,
    firm_id: str,
    submission_id: str,
    asked: shapes.Correction,
) -> shapes.CheckedSubmission:
    """Change lines of a draft; a new submission takes its place, the draft stays readable."""
    store = request.app.state.store
    changes: dict[int, Cells | None] = {one.line: _known(one.cells) for one in asked.rows}
    changes |= dict.fromkeys(asked.drop)
    with store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "correct", "submissions")
        row = find_submission(session, desk, submission_id, action="correct")
        size = len(content_of(session, row.id))
    replaces = asked.replaces_known
    receipt = correct(store, row.id, changes, desk.actor, replaces_known=replaces)
    checker.check(receipt.submission_id, size=size)
    with store.reading() as session:
        fresh = find_submission(session, desk, receipt.submission_id)
        return _checked(session, desk, fresh, language(request, viewer))


@router.post("/submissions/{submission_id}/declare", responses=CONFLICT)
def declare_submission(
    request: Request, viewer: Signed, slug: str, firm_id: str, submission_id: str
) -> shapes.DeclaredShape:
    """Declare the sound lines of a draft; the others become a draft of their own."""
    store = request.app.state.store
    with store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "declare", "submissions")
        row = find_submission(session, desk, submission_id, action="declare")
    outcome = declare(store, row.id, desk.actor)
    return shapes.DeclaredShape(
        declared=outcome.declared, left=outcome.left, rest_id=outcome.rest_id
    )


@router.post("/submissions/{submission_id}/withdraw", responses=CONFLICT)
def withdraw_submission(
    request: Request, viewer: Signed, slug: str, firm_id: str, submission_id: str
) -> shapes.SubmissionShape:
    """Take a draft back; it stays readable."""
    store = request.app.state.store
    with store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "withdraw", "submissions")
        row = find_submission(session, desk, submission_id, action="withdraw")
    withdraw(store, row.id, desk.actor)
    with store.reading() as session:
        fresh = session.get_one(SubmissionRow, row.id)
        return shapes.SubmissionShape.of(fresh, head_of(head_line(session, row.id)))


@router.get("/submissions/{submission_id}/original", responses=FILES, response_class=Response)
def read_original(
    request: Request, viewer: Signed, slug: str, firm_id: str, submission_id: str
) -> Response:
    """The file as it was sent."""
    with request.app.state.store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "read", "submissions")
        row = find_submission(session, desk, submission_id, action="download")
        return attachment(content_of(session, row.id), file_name(row.filename))


@router.get(
    "/submissions/{submission_id}/corrected.{ending}", responses=FILES, response_class=Response
)
def read_corrected(
    request: Request, viewer: Signed, slug: str, firm_id: str, submission_id: str, ending: Ending
) -> Response:
    """The file with its faults in a first column; sent back, that column is passed over."""
    lang = language(request, viewer)
    with request.app.state.store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "read", "submissions")
        row = find_submission(session, desk, submission_id, action="download")
        faults, content = faults_of(session, desk, row), content_of(session, row.id)
    given = corrected(content, row.filename, faults, ending=ending, lang=lang)
    return attachment(given, f"corrected-{row.id}.{ending}")


@router.get("/declarations")
def list_declarations(
    request: Request,
    viewer: Signed,
    slug: str,
    firm_id: str,
    number: Number = 1,
    search: Annotated[str, Query(alias="q", max_length=200)] = "",
) -> shapes.Declarations:
    """The firm's live declarations, by identifier."""
    with request.app.state.store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "read", "lines")
        found = live_page(session, desk, number=number, search=search)
    items = [shapes.LiveShape.of(one) for one in found.items]
    return shapes.Declarations(items=items, **shapes.Listing.counted(found))


@router.get("/declarations/history")
def read_history(
    request: Request,
    viewer: Signed,
    slug: str,
    firm_id: str,
    declaration_id: Annotated[str, Query(max_length=500)],
) -> shapes.History:
    """Every version of a declaration, latest first: who, when, what."""
    lang = language(request, viewer)
    with request.app.state.store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "read", "lines")
        versions = history(session, desk, plain(declaration_id))
    if not versions:
        raise Hidden
    return shapes.History(items=[shapes.VersionShape.of(one, lang) for one in versions])


@router.post("/declarations/cancel", responses=CONFLICT)
def cancel_live(
    request: Request, viewer: Signed, slug: str, firm_id: str, asked: shapes.Cancellation
) -> shapes.DeclaredShape:
    """Cancel a live declaration."""
    store = request.app.state.store
    with store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "cancel", "lines")
    outcome = cancel(store, desk.firm.id, plain(asked.declaration_id), desk.actor)
    return shapes.DeclaredShape(
        declared=outcome.declared, left=outcome.left, rest_id=outcome.rest_id
    )


@router.get("/export", responses=FILES, response_class=Response)
def read_export(request: Request, viewer: Signed, slug: str, firm_id: str) -> Response:
    """Everything that was ever sent for a firm, as a zip archive."""
    with request.app.state.store.changing() as session:
        desk = open_desk(session, viewer, slug, firm_id, "read", "exports")
        audit.record(session, viewer, "submission.export", firm_id, desk.territory.id)
    with request.app.state.store.reading() as session:
        archive = everything(session, desk, language(request, viewer))
    return streamed(archive, f"declarations-{desk.firm.slug}.zip")


@router.get("/template.{ending}", responses=FILES, response_class=Response)
def read_template(
    request: Request,
    viewer: Signed,
    slug: str,
    firm_id: str,
    ending: Ending,
    filled: bool = False,
) -> Response:
    """A table to fill in, with the firm's sites, or with its live declarations."""
    lang = language(request, viewer)
    with request.app.state.store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "read", "template")
        content = template(session, desk, ending=ending, filled=filled, lang=lang)
    return attachment(content, f"declarations-{desk.firm.slug}.{ending}")


@router.get("/delegation")
def read_delegation(
    request: Request, viewer: Signed, slug: str, firm_id: str
) -> shapes.DelegationShape:
    """Whether the territory's facilitators may declare for the firm."""
    with request.app.state.store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "read", "delegations")
    return shapes.DelegationShape(granted=desk.delegated)


@router.put("/delegation")
def change_delegation(
    request: Request, viewer: Signed, slug: str, firm_id: str, asked: shapes.DelegationShape
) -> shapes.DelegationShape:
    """Let the territory's facilitators declare for the firm, or no longer."""
    with request.app.state.store.changing() as session:
        action = "grant" if asked.granted else "withdraw"
        desk = open_desk(session, viewer, slug, firm_id, action, "delegations")
        (delegate if asked.granted else take_back)(session, desk)
        session.flush()
        return shapes.DelegationShape(granted=is_delegated(session, desk.firm.id))


def _checked(
    session: Session, desk: Desk, row: SubmissionRow, lang: str
) -> shapes.CheckedSubmission:
    """A submission with its faults and notices."""
    head = head_of(head_line(session, row.id))
    faults, notices = faults_of(session, desk, row), notices_of(session, desk, row)
    said = check_shape(faults, notices, row.sound, lang)
    about = shapes.SubmissionShape.of(row, head).model_dump()
    return shapes.CheckedSubmission.model_validate({**about, **said})


def _known(cells: Cells) -> Cells:
    """Cells of declared columns alone."""
    return {name: cell for name, cell in cells.items() if name in schema("declarations").names}
