"""A firm's first page: what to do, what is under way, what holds."""

from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from eit import nomenclature
from eit.portal.declare.access import open_desk
from eit.portal.declare.context import site_ids
from eit.portal.declare.showing import drafts, live_page, names_of
from eit.portal.pages import language, page
from eit.portal.viewer import Viewer
from eit.tables import key_of, schema
from eit.texts import catalogue, say

PREFIX = "/t/{slug}/firms/{firm_id}"


def words(lang: str) -> dict[str, Any]:
    """What the templates of declarations say besides what every page says.

    ``resource(cell)`` is the name of a resource, blank where it has none but itself;
    ``choice(column, cell)`` the value that a cell means, blank where it means none; ``short``
    is the short name of a column; ``hints`` are what stands below fields instead of the column's
    description.
    """
    hints = {
        name: say(key, lang)
        for name in schema("declarations").names
        if (key := f"declare.field.{name}.hint") in catalogue(lang)
    }
    return {
        "resource": partial(_name, lang),
        "choice": _choice,
        "short": partial(_short, lang),
        "hints": hints,
    }


def _name(lang: str, cell: str) -> str:
    return nomenclature.label(cell, lang) if cell else ""


def _choice(column: str, cell: str) -> str:
    return schema("declarations")[column].choice_of().get(key_of(cell), "")


def _short(lang: str, column: str) -> str:
    key = f"declare.short.{column}"
    return say(key if key in catalogue(lang) else f"declare.field.{column}", lang)


def desk_page(
    request: Request,
    viewer: Viewer,
    slug: str,
    firm_id: str,
    *,
    number: int = 1,
    search: str = "",
    wrong: str = "",
) -> Response:
    """Show a firm's declarations, and what was wrong with the file that just came, if any."""
    with request.app.state.store.reading() as session:
        desk = open_desk(session, viewer, slug, firm_id, "list", "submissions")
        waiting = drafts(session, desk)
        live = live_page(session, desk, number=number, search=search)
        senders = [row.account_id for row, _ in waiting.items]
        people = names_of(session, [*senders, *(one.declared_by for one in live.items)])
        sites = site_ids(session, firm_id)
    return page(
        request,
        viewer,
        "declare/declarations.html.jinja",
        status=422 if wrong else 200,
        desk=desk,
        territory=desk.territory,
        drafts=waiting,
        live=live,
        search=search,
        people=people,
        sites=sites,
        wrong=wrong,
        **words(language(request, viewer)),
    )
