"""Pages that list what a territory has of one kind, with a form for one more."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from eit.portal.finding import find_territory
from eit.portal.pages import page
from eit.portal.rights import allow
from eit.portal.viewer import Viewer
from eit.store.models import TerritoryRow


def listing(
    request: Request,
    viewer: Viewer,
    slug: str,
    *,
    resource: str,
    template: str,
    tell: Callable[[Session, TerritoryRow], Mapping[str, Any]],
    wrong: str = "",
) -> Response:
    """Show a list to whoever may see it.

    Parameters
    ----------
    resource
        What is listed, as the table of rights calls it.
    template
        File of the page.
    tell
        What the page shows, from the database.
    wrong
        What was wrong with the form that was sent; blank for a page that is only looked at.
    """
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "list", resource, territory_id=territory.id)
        context = tell(session, territory)
    return page(request, viewer, template, status=422 if wrong else 200, wrong=wrong, **context)
