"""Pages of one row: a new declaration by form, another one in its place, a line mended whole."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from eit.portal.addresses import onward
from eit.portal.declare.access import COST, Desk, find_submission, open_desk
from eit.portal.declare.context import context_of
from eit.portal.declare.desk import PREFIX, words
from eit.portal.declare.drafts import correct, declare
from eit.portal.declare.forms import first_fields, folded_groups, starting_cells
from eit.portal.declare.giving import content_of, free_identifier
from eit.portal.declare.heads import Head
from eit.portal.declare.limits import MOST_NUMBER
from eit.portal.declare.naming import offered, resource_meant, search
from eit.portal.declare.plain import plain
from eit.portal.declare.receiving import Checking, Fields
from eit.portal.declare.showing import Line, find_line, find_live
from eit.portal.declare.single import FORM_LINE, send_form
from eit.portal.declare.walking import REPLACE
from eit.portal.pages import language, page
from eit.portal.refusals import Hidden
from eit.portal.viewer import Signed, Viewer
from eit.store.database import Store
from eit.store.models import SubmissionRow
from eit.tables import schema

LineNumber = Annotated[int, Path(ge=1, le=MOST_NUMBER)]
FIND, DECLARE = "find", "declare"
_NAMES = frozenset(schema("declarations").names)

router = APIRouter(prefix=PREFIX)


@router.get("/declarations/new", name="flow_page")
def flow_page(
    request: Request,
    viewer: Signed,
    slug: str,
    firm_id: str,
    replaces: Annotated[str, Query(alias="id", max_length=500)] = "",
) -> Response:
    """Show the form of a new declaration, or of one that takes the place of another."""
    with request.app.state.store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "create", "submissions")
        if replaces:
            live = find_live(session, desk, plain(replaces))
            if live is None:
                raise Hidden
            cells = {**live.cells, "declaration_id": replaces, "action": REPLACE, "declared_at": ""}
        else:
            cells = starting_cells(context_of(session, desk.firm))
            cells["declaration_id"] = free_identifier(session, desk.firm.id)
        form = _form(session, desk, cells, language(request, viewer))
    return page(request, viewer, "declare/flow.html.jinja", **form, line=None, row=None)


@router.post("/declarations/new", name="send_flow")
def send_flow(
    request: Request, viewer: Signed, fields: Fields, slug: str, firm_id: str
) -> Response:
    """Keep a form as a draft, and declare it at once if it is asked for and sound."""
    store = request.app.state.store
    lang = language(request, viewer)
    cells = _cells(fields, lang)
    with store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "create", "submissions")
        if fields.get("then") == FIND:
            form = _form(session, desk, cells, lang, sought=fields.get("words", ""))
            return page(request, viewer, "declare/flow.html.jinja", **form, line=None, row=None)
    receipt = send_form(store, desk.firm.id, cells, desk.actor)
    return _go_on(store, desk, receipt.submission_id, FORM_LINE, fields)


@router.get("/submissions/{submission_id}/rows/{line}", name="line_page")
def line_page(
    request: Request, viewer: Signed, slug: str, firm_id: str, submission_id: str, line: LineNumber
) -> Response:
    """Show the form of one line of a draft, with what is wrong beside its fields."""
    lang = language(request, viewer)
    with request.app.state.store.reading() as session:
        desk, row, found = _open_line(session, viewer, slug, firm_id, submission_id, line)
        sought = found.cells.get("resource", "") if found.faults_in("resource") else ""
        form = _form(session, desk, found.cells, lang, line=found, sought=sought)
    return page(request, viewer, "declare/flow.html.jinja", **form, line=found, row=row)


@router.post("/submissions/{submission_id}/rows/{line}", name="correct_line")
def correct_line(
    request: Request,
    viewer: Signed,
    checker: Checking,
    fields: Fields,
    slug: str,
    firm_id: str,
    submission_id: str,
    line: LineNumber,
) -> Response:
    """Take one line of a draft as the form says it."""
    store = request.app.state.store
    lang = language(request, viewer)
    cells = _cells(fields, lang)
    with store.reading() as session:
        desk, row, found = _open_line(session, viewer, slug, firm_id, submission_id, line)
        size = len(content_of(session, row.id))
        if fields.get("then") == FIND:
            sought = fields.get("words", "")
            form = _form(session, desk, {**found.cells, **cells}, lang, line=found, sought=sought)
            return page(request, viewer, "declare/flow.html.jinja", **form, line=found, row=row)
    receipt = correct(store, row.id, {line: cells}, desk.actor)
    checker.check(receipt.submission_id, size=size)
    if row.kind == "form" or row.total_rows == 1:
        return _go_on(store, desk, receipt.submission_id, line, fields)
    return onward(f"{desk.base}/submissions/{receipt.submission_id}", "declare.corrected")


def _open_line(
    session: Session, viewer: Viewer, slug: str, firm_id: str, submission_id: str, line: int
) -> tuple[Desk, SubmissionRow, Line]:
    desk = open_desk(session, viewer, slug, firm_id, "correct", "submissions")
    row = find_submission(session, desk, submission_id, action="correct")
    found = find_line(session, desk, row, line)
    if found is None:
        raise Hidden
    return desk, row, found


def _go_on(
    store: Store, desk: Desk, submission_id: str, line: int, fields: Mapping[str, str]
) -> Response:
    """Back to the form while something is wrong; else on, declared if that was asked for."""
    with store.reading() as session:
        row = session.get_one(SubmissionRow, submission_id)
    here = f"{desk.base}/submissions/{submission_id}"
    if row.state == "received":
        return onward(here)
    if row.faulty or not row.sound:
        return onward(f"{here}/rows/{line}")
    if fields.get("then") != DECLARE:
        return onward(f"{desk.base}/declarations", "declare.kept")
    declare(store, submission_id, desk.actor)
    return onward(f"{desk.base}/declarations", "declare.declared")


def _form(
    session: Session,
    desk: Desk,
    cells: Mapping[str, str],
    lang: str,
    *,
    line: Line | None = None,
    sought: str = "",
) -> dict[str, Any]:
    """The form, filled; with the resources that the words searched for may mean."""
    context = context_of(session, desk.firm)
    faults = line.faults if line else ()
    fields = first_fields(cells, context, lang, faults)
    groups = folded_groups(cells, context, lang, faults)
    shown = {field.name for field in (*fields, *(f for group in groups for f in group.fields))}
    return {
        **words(lang),
        "desk": desk,
        "territory": desk.territory,
        "path": f"{desk.base}/declarations",
        "cells": cells,
        "fields": fields,
        "groups": groups,
        "other_faults": [fault for fault in faults if fault.column not in shown],
        "resources": (*((one, one) for one in sorted(context.resources)), *offered(lang)),
        "words": sought,
        "found": search(sought, lang, context.resources),
        "costs_hidden": cells.get("action") == REPLACE
        and COST not in desk.seen({COST: ""}, Head()),
    }


def _cells(fields: Mapping[str, str], lang: str) -> dict[str, str]:
    """Declared cells of a form; a resource chosen from what was found goes before the one typed."""
    cells = {name: value.strip() for name, value in fields.items() if name in _NAMES}
    if chosen := fields.get("chosen", ""):
        cells["resource"] = chosen
    if "resource" in cells:
        cells["resource"] = resource_meant(cells["resource"], lang)
    return cells
