"""Pages of a firm's declarations: what it has, how to send more, what it may take away."""

from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import Response

from eit.portal import audit
from eit.portal.addresses import onward
from eit.portal.declare import flows, submissions
from eit.portal.declare.access import open_desk
from eit.portal.declare.attaching import attachment, streamed
from eit.portal.declare.desk import PREFIX, desk_page, words
from eit.portal.declare.giving import ENDINGS, everything, template
from eit.portal.declare.plain import plain
from eit.portal.declare.receiving import Checking, Uploaded, checking, take
from eit.portal.declare.showing import find_live, history, names_of, submissions_page
from eit.portal.declare.single import cancel, delegate, take_back
from eit.portal.pages import language, page
from eit.portal.refusals import Hidden, Unsound
from eit.portal.viewer import Signed

pages = APIRouter(prefix=PREFIX)


@pages.get("/declarations", name="declarations_page")
def declarations_page(
    request: Request,
    viewer: Signed,
    slug: str,
    firm_id: str,
    page_number: Annotated[int, Query(alias="page", ge=1)] = 1,
    search: Annotated[str, Query(alias="q", max_length=200)] = "",
) -> Response:
    """Show a firm's drafts and live declarations, and how to send more."""
    return desk_page(request, viewer, slug, firm_id, number=page_number, search=search)


@pages.post("/declarations", name="send_file")
def send_file(
    request: Request, viewer: Signed, checker: Checking, upload: Uploaded, slug: str, firm_id: str
) -> Response:
    """Take a file in; go on to its table."""
    store = request.app.state.store
    with store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "create", "submissions")
    most = request.app.state.settings.upload_limit_bytes
    try:
        receipt = take(store, checker, desk, upload, most_bytes=most)
    except Unsound as refusal:
        return desk_page(request, viewer, slug, firm_id, wrong=refusal.code)
    done = "declare.same" if receipt.duplicate else "declare.received"
    return onward(f"{desk.base}/submissions/{receipt.submission_id}", done)


@pages.get("/declarations/template.{ending}", name="template_file")
def template_file(
    request: Request,
    viewer: Signed,
    slug: str,
    firm_id: str,
    ending: str,
    filled: bool = False,
) -> Response:
    """Give a table to fill in."""
    if ending not in ENDINGS:
        raise Hidden
    with request.app.state.store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "read", "template")
        lang = language(request, viewer)
        content = template(session, desk, ending=ending, filled=filled, lang=lang)
    return attachment(content, f"declarations-{desk.firm.slug}.{ending}")


@pages.get("/declarations/export.zip", name="export_file")
def export_file(request: Request, viewer: Signed, slug: str, firm_id: str) -> Response:
    """Give everything that was ever sent for a firm."""
    with request.app.state.store.changing() as session:
        desk = open_desk(session, viewer, slug, firm_id, "read", "exports")
        audit.record(session, viewer, "submission.export", firm_id, desk.territory.id)
    with request.app.state.store.reading() as session:
        archive = everything(session, desk, language(request, viewer))
    return streamed(archive, f"declarations-{desk.firm.slug}.zip")


@pages.get("/declarations/history", name="history_page")
def history_page(
    request: Request,
    viewer: Signed,
    slug: str,
    firm_id: str,
    declaration_id: Annotated[str, Query(alias="id", max_length=500)],
) -> Response:
    """Show every version of a declaration: who, when, what."""
    with request.app.state.store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "read", "lines")
        versions = history(session, desk, plain(declaration_id))
        rows = [one.submission for one in versions]
        people = names_of(session, [who for r in rows for who in (r.account_id, r.declared_by)])
        live = find_live(session, desk, plain(declaration_id))
    if not versions:
        raise Hidden
    return page(
        request,
        viewer,
        "declare/history.html.jinja",
        desk=desk,
        territory=desk.territory,
        declaration_id=declaration_id,
        versions=versions,
        people=people,
        live=live,
        **words(language(request, viewer)),
    )


@pages.get("/declarations/cancel", name="cancel_page")
def cancel_page(
    request: Request,
    viewer: Signed,
    slug: str,
    firm_id: str,
    declaration_id: Annotated[str, Query(alias="id", max_length=500)],
) -> Response:
    """Ask whether a declaration is to be cancelled."""
    with request.app.state.store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "cancel", "lines")
        live = find_live(session, desk, plain(declaration_id))
    if live is None:
        raise Hidden
    template_name = "declare/cancel.html.jinja"
    told = words(language(request, viewer)) | {"desk": desk, "territory": desk.territory}
    return page(request, viewer, template_name, live=live, **told)


@pages.post("/declarations/cancel", name="cancel_declaration")
def cancel_declaration(
    request: Request,
    viewer: Signed,
    slug: str,
    firm_id: str,
    declaration_id: Annotated[str, Form(alias="id", max_length=500)],
) -> Response:
    """Cancel a live declaration."""
    store = request.app.state.store
    with store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "cancel", "lines")
    cancel(store, desk.firm.id, plain(declaration_id), desk.actor)
    return onward(f"{desk.base}/declarations", "declare.cancelled")


@pages.post("/declarations/delegation", name="change_delegation")
def change_delegation(
    request: Request,
    viewer: Signed,
    slug: str,
    firm_id: str,
    granted: Annotated[bool, Form()] = False,
) -> Response:
    """Let the territory's facilitators declare for the firm, or no longer."""
    with request.app.state.store.changing() as session:
        action = "grant" if granted else "withdraw"
        desk = open_desk(session, viewer, slug, firm_id, action, "delegations")
        (delegate if granted else take_back)(session, desk)
    done = "declare.delegated" if granted else "declare.undelegated"
    return onward(f"{desk.base}/declarations", done)


@pages.get("/submissions", name="submissions_page")
def all_submissions(
    request: Request,
    viewer: Signed,
    slug: str,
    firm_id: str,
    page_number: Annotated[int, Query(alias="page", ge=1)] = 1,
) -> Response:
    """Show everything that was ever sent for a firm."""
    with request.app.state.store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "list", "submissions")
        sent = submissions_page(session, desk, number=page_number)
        rows = [row for row, _ in sent.items]
        people = names_of(session, [who for r in rows for who in (r.account_id, r.declared_by)])
    return page(
        request,
        viewer,
        "declare/submissions.html.jinja",
        desk=desk,
        territory=desk.territory,
        sent=sent,
        path=f"{desk.base}/declarations",
        people=people,
        **words(language(request, viewer)),
    )


router = APIRouter(lifespan=checking)
for part in (pages, submissions.router, flows.router):
    router.include_router(part)
