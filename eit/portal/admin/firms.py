"""Pages of a territory's firms: which there are, whose site is whose, removal on request."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import Response

from eit.portal import accounts, audit, personal, territories
from eit.portal.addresses import onward
from eit.portal.finding import find_firm, find_territory, is_delegated
from eit.portal.pages import page
from eit.portal.refusals import Unsound
from eit.portal.rights import allow
from eit.portal.territories import Site
from eit.portal.viewer import Signed
from eit.store.models import FirmRow

router = APIRouter(prefix="/t/{slug}/firms")
AT_ONCE = 50


@router.get("", name="firms")
def list_firms(
    request: Request,
    viewer: Signed,
    slug: str,
    q: Annotated[str, Query(max_length=200)] = "",
    start: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    """List firms, and some sites with the firm that each belongs to."""
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "list", "firms", territory_id=territory.id)
        context: dict[str, Any] = {
            "firms": territories.firms(session, territory.id),
            "sites": territories.sites(session, territory.id),
            "start": start,
            "q": q,
            "most": AT_ONCE,
            "held": territories.assignments(session, territory.id),
            "parks": territories.park_names(session, territory.id),
        }
    named = {firm.id: firm.name for firm in context["firms"]}
    context["sites"] = [
        site
        for site in context["sites"]
        if _holds(q, site, named.get(context["held"].get(site.site_id, ""), ""), context["parks"])
    ]
    return page(request, viewer, "admin/firms.html.jinja", territory=territory, **context)


def _holds(q: str, site: Site, firm: str, parks: Mapping[str, str]) -> bool:
    """Whether a site, its firm or its park has some letters in its name."""
    park = parks.get(site.park_id, site.park_id)
    return q.casefold() in " ".join((site.site_id, site.name, firm, park)).casefold()


@router.post("", name="create_firm")
def create_firm(
    request: Request, viewer: Signed, slug: str, name: Annotated[str, Form(max_length=1000)] = ""
) -> Response:
    """Make a firm."""
    with request.app.state.store.changing() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "create", "firms", territory_id=territory.id)
        firm = territories.add_firm(session, territory.id, name)
        audit.record(session, viewer, "firm.create", firm.id, territory.id, firm.slug)
    return onward(f"/t/{slug}/firms", "portal.firm")


@router.post("/sites", name="assign_site")
def assign_site(
    request: Request,
    viewer: Signed,
    slug: str,
    site_id: Annotated[list[str], Form()],
    firm_id: Annotated[list[str], Form()],
) -> Response:
    """Give sites to firms."""
    with request.app.state.store.changing() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "assign", "sites", territory_id=territory.id)
        known = {site.site_id for site in territories.sites(session, territory.id)}
        if len(site_id) != len(firm_id) or not set(site_id) <= known:
            raise Unsound
        wanted = dict(zip(site_id, firm_id, strict=True))
        territories.assign(session, viewer, territory.id, wanted)
    return onward(f"/t/{slug}/firms", "portal.saved")


@router.get("/{firm_id}", name="firm")
def one_firm(request: Request, viewer: Signed, slug: str, firm_id: str) -> Response:
    """Show one firm: its sites, and the way to its removal."""
    with request.app.state.store.reading() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "read", "firms", territory_id=territory.id, firm_id=firm_id)
        firm = find_firm(session, territory.id, firm_id)
        held = territories.assignments(session, territory.id)
        sites = [
            s for s in territories.sites(session, territory.id) if held.get(s.site_id) == firm_id
        ]
        delegated = is_delegated(session, firm.id)
    context: dict[str, Any] = {"firm": firm, "sites": sites, "delegated": delegated}
    return page(request, viewer, "admin/firm.html.jinja", territory=territory, **context)


@router.post("/{firm_id}/name", name="rename_firm")
def rename_firm(
    request: Request,
    viewer: Signed,
    slug: str,
    firm_id: str,
    name: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Give a firm another name; its short name stays."""
    with request.app.state.store.changing() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "change", "firms", territory_id=territory.id, firm_id=firm_id)
        firm = find_firm(session, territory.id, firm_id)
        firm.name = accounts.tidy_name(name)
        audit.record(session, viewer, "firm.change", firm.id, territory.id, firm.slug)
    return onward(f"/t/{slug}/firms/{firm_id}", "portal.saved")


@router.post("/{firm_id}/erase", name="erase_firm")
def erase_firm(
    request: Request,
    viewer: Signed,
    slug: str,
    firm_id: str,
    sure: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Remove what a firm sent, on its request."""
    with request.app.state.store.changing() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "erase", "firms", territory_id=territory.id, firm_id=firm_id)
        firm: FirmRow = find_firm(session, territory.id, firm_id)
        if " ".join(sure.split()) != firm.name:
            raise Unsound("not_sure")
        personal.erase_firm(session, viewer, firm, request.app.state.settings.data)
    return onward("/", "portal.firm_erased")
