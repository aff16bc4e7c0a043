"""Pages of one submission: its table with its faults in it, and what to do about them."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from eit.portal.addresses import onward
from eit.portal.declare.access import Desk, find_submission, open_desk
from eit.portal.declare.attaching import attachment
from eit.portal.declare.context import context_of
from eit.portal.declare.desk import PREFIX, words
from eit.portal.declare.drafts import correct, csv_name, declare, withdraw
from eit.portal.declare.forms import editing_field
from eit.portal.declare.giving import ENDINGS, content_of, corrected
from eit.portal.declare.heads import head_line, head_of
from eit.portal.declare.plain import file_name
from eit.portal.declare.receiving import Checking, Fields
from eit.portal.declare.rewriting import Cells
from eit.portal.declare.showing import (
    SHOW,
    Line,
    Page,
    faults_of,
    file_faults,
    lines_page,
    names_of,
    notices_of,
    only_changed,
)
from eit.portal.declare.walking import walk
from eit.portal.pages import language, page
from eit.portal.refusals import Hidden
from eit.portal.viewer import Signed
from eit.store.models import SubmissionRow
from eit.tables import schema

KEY_COLUMNS = ("declaration_id", "kind", "resource", "label", "quantity", "unit")
"""Columns by which a person knows a row again, on the smallest screens too."""

router = APIRouter(prefix=PREFIX + "/submissions/{submission_id}")


@router.get("", name="submission_page")
def submission_page(
    request: Request,
    viewer: Signed,
    checker: Checking,
    slug: str,
    firm_id: str,
    submission_id: str,
    show: str = "all",
    page_number: Annotated[int, Query(alias="page", ge=1)] = 1,
) -> Response:
    """Show a submission: how far its check is, or its table with its faults."""
    shown = show if show in SHOW else "all"
    with request.app.state.store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "read", "submissions")
        row = find_submission(session, desk, submission_id)
        about = _about(session, desk, row) | words(language(request, viewer))
        if row.state != "received":
            lines = lines_page(session, desk, row, show=shown, number=page_number)
            about |= _table(session, desk, row, lines, language(request, viewer), shown)
    if row.state == "received":
        checker.ask(row.id)
        return page(request, viewer, "declare/checking.html.jinja", **about)
    return page(request, viewer, "declare/submission.html.jinja", **about)


@router.get("/progress", name="submission_progress")
def progress(
    request: Request, viewer: Signed, slug: str, firm_id: str, submission_id: str
) -> Response:
    """Say how far a check is."""
    with request.app.state.store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "read", "submissions")
        row = find_submission(session, desk, submission_id)
    told = {"state": row.state, "checked_rows": row.checked_rows, "total_rows": row.total_rows}
    return JSONResponse(told)


@router.post("/correct", name="correct_lines")
def correct_lines(
    request: Request,
    viewer: Signed,
    checker: Checking,
    fields: Fields,
    slug: str,
    firm_id: str,
    submission_id: str,
) -> Response:
    """Take the cells that were mended in the table, and the lines that were taken out."""
    changes = _changes(fields)
    store = request.app.state.store
    with store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "correct", "submissions")
        row = find_submission(session, desk, submission_id, action="correct")
        size = len(content_of(session, row.id))
        changes = only_changed(session, row, changes)
    replaces = True if "replaces_known" in fields else None
    if not changes and replaces is None:
        return onward(f"{desk.base}/submissions/{row.id}")
    receipt = correct(store, row.id, changes, desk.actor, replaces_known=replaces)
    checker.check(receipt.submission_id, size=size)
    return onward(f"{desk.base}/submissions/{receipt.submission_id}", "declare.corrected")


@router.post("/declare", name="declare_draft")
def declare_draft(
    request: Request, viewer: Signed, slug: str, firm_id: str, submission_id: str
) -> Response:
    """Declare the sound lines of a draft."""
    store = request.app.state.store
    with store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "declare", "submissions")
        row = find_submission(session, desk, submission_id, action="declare")
    outcome = declare(store, row.id, desk.actor)
    if outcome.rest_id is not None:
        return onward(f"{desk.base}/submissions/{outcome.rest_id}", "declare.declared_part")
    return onward(f"{desk.base}/declarations", "declare.declared")


@router.post("/withdraw", name="withdraw_draft")
def withdraw_draft(
    request: Request, viewer: Signed, slug: str, firm_id: str, submission_id: str
) -> Response:
    """Take a draft back."""
    store = request.app.state.store
    with store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "withdraw", "submissions")
        row = find_submission(session, desk, submission_id, action="withdraw")
    withdraw(store, row.id, desk.actor)
    return onward(f"{desk.base}/declarations", "declare.withdrawn")


@router.get("/corrected.{ending}", name="corrected_file")
def corrected_file(
    request: Request, viewer: Signed, slug: str, firm_id: str, submission_id: str, ending: str
) -> Response:
    """Give a file back with its faults beside its rows."""
    if ending not in ENDINGS:
        raise Hidden
    lang = language(request, viewer)
    with request.app.state.store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "read", "submissions")
        row = find_submission(session, desk, submission_id, action="download")
        faults = faults_of(session, desk, row)
        content = content_of(session, row.id)
    stem = file_name(csv_name(row.filename)).removesuffix(".csv")
    given = corrected(content, row.filename, faults, ending=ending, lang=lang)
    return attachment(given, f"{stem}-corrections.{ending}")


@router.get("/original", name="original_file")
def original_file(
    request: Request, viewer: Signed, slug: str, firm_id: str, submission_id: str
) -> Response:
    """Give a file back as it was sent."""
    with request.app.state.store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "read", "submissions")
        row = find_submission(session, desk, submission_id, action="download")
        content = content_of(session, row.id)
    return attachment(content, file_name(row.filename))


def _about(session: Session, desk: Desk, row: SubmissionRow) -> dict[str, Any]:
    """What every page of a submission says of it."""
    following = session.query(SubmissionRow).filter_by(corrects_id=row.id)
    later = following.order_by(SubmissionRow.received_at.desc()).first()
    return {
        "desk": desk,
        "territory": desk.territory,
        "path": f"{desk.base}/declarations",
        "row": row,
        "head": head_of(head_line(session, row.id)),
        "later": later,
        "people": names_of(session, [row.account_id, row.declared_by]),
    }


def _table(
    session: Session, desk: Desk, row: SubmissionRow, lines: Page, lang: str, shown: str
) -> dict[str, Any]:
    """Lines with what a person needs to mend them."""
    context = context_of(session, desk.firm)
    faulty = [line for line in lines.items if not line.sound]
    mending = row.state == "draft"
    fields = {
        (line.line, fault.column): editing_field(
            fault.column, line.cells.get(fault.column, ""), context, lang
        )
        for line in faulty
        for fault in line.faults
        if mending and fault.column
    }
    again = {line.declaration_id for line in faulty if "create_live" in _codes(line)}
    states = walk(session, desk.firm.id, only=again).states
    return {
        "lines": lines,
        "show": shown,
        "shows": SHOW,
        "columns": _columns(lines),
        "fields": fields,
        "file_faults": file_faults(session, desk, row),
        "notices": notices_of(session, desk, row),
        "known_again": not row.replaces_known and any(one.live for one in states.values()),
        "shown_faulty": bool(faulty),
        "key_columns": KEY_COLUMNS,
    }


def _codes(line: Line) -> set[str]:
    return {fault.code for fault in line.faults}


def _columns(lines: Page) -> list[str]:
    """Columns that some line on the page fills or needs, in the order of the declared ones."""
    used = {name for line in lines.items for name, cell in line.cells.items() if cell.strip()}
    used |= {fault.column for line in lines.items for fault in line.faults if fault.column}
    return [name for name in schema("declarations").names if name in used | {"declaration_id"}]


def _changes(fields: Mapping[str, str]) -> dict[int, Cells | None]:
    """Changes by line, from fields named ``cell-LINE-COLUMN`` and ``drop-LINE``."""
    changes: dict[int, dict[str, str] | None] = {}
    for name, value in fields.items():
        word, _, rest = name.partition("-")
        line, _, column = rest.partition("-")
        if word not in ("cell", "drop") or not (line.isascii() and line.isdigit()):
            continue
        number = int(line[:9])  # no table is longer
        if word == "drop":
            changes[number] = None
        elif changes.get(number, {}) is not None:
            changes[number] = {**(changes.get(number) or {}), column: value}
    return dict(changes)
