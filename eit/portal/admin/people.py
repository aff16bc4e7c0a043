"""Pages of a territory's people: who is a member, who is invited."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Form
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload
from starlette.requests import Request
from starlette.responses import Response

from eit.portal import audit, invitations, territories, tokens
from eit.portal.addresses import onward, outside
from eit.portal.admin.listing import listing
from eit.portal.finding import find_territory
from eit.portal.invitations import Post
from eit.portal.pages import page
from eit.portal.refusals import Hidden, Unsound
from eit.portal.rights import allow
from eit.portal.viewer import Signed
from eit.store.models import InvitationRow, MembershipRow, TerritoryRow

router = APIRouter(prefix="/t/{slug}/people")
STEERING = ("facilitator",)


@router.get("", name="people")
def list_people(request: Request, viewer: Signed, slug: str) -> Response:
    """List members and open invitations, with the form for a new one."""
    return _show(request, viewer, slug)


@router.post("/invite", name="invite")
def invite(
    request: Request,
    viewer: Signed,
    slug: str,
    email: Annotated[str, Form(max_length=400)] = "",
    post: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Invite someone; the link is shown once, with a text to send."""
    try:
        with request.app.state.store.changing() as session:
            territory = find_territory(session, viewer, slug)
            role, _, which = post.partition(":")
            resource = _resource("invitations", role)
            allow(viewer, "create", resource, territory_id=territory.id)
            wanted = _post(session, territory, role, which)
            secret = invitations.invite(session, viewer, email, wanted)
    except Unsound as error:
        return _show(request, viewer, slug, wrong=error.code)
    context: dict[str, Any] = {
        "link": outside(request, "invitation_page", secret=secret),
        "email": email.strip(),
        "role": role,
        "place": territory.name,
        "back": f"/t/{slug}/people",
    }
    return page(request, viewer, "admin/invited.html.jinja", **context)


@router.post("/invitations/{digest}/withdraw", name="withdraw_invitation")
def withdraw(request: Request, viewer: Signed, slug: str, digest: str) -> Response:
    """Make a link worthless."""
    with request.app.state.store.changing() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "list", "invitations", territory_id=territory.id)
        row = session.get(InvitationRow, digest)
        if row is None or row.territory_id != territory.id:
            raise Hidden
        resource = _resource("invitations", row.role)
        allow(viewer, "withdraw", resource, territory_id=territory.id)
        invitations.withdraw(session, viewer, row)
    return onward(f"/t/{slug}/people", "portal.withdrawn")


@router.post("/{membership_id}/remove", name="remove_member")
def remove(request: Request, viewer: Signed, slug: str, membership_id: str) -> Response:
    """Take a membership away; its keys die with it."""
    with request.app.state.store.changing() as session:
        territory = find_territory(session, viewer, slug)
        allow(viewer, "list", "memberships", territory_id=territory.id)
        row = session.get(MembershipRow, membership_id)
        if row is None or row.territory_id != territory.id:
            raise Hidden
        resource = _resource("memberships", row.role)
        allow(viewer, "remove", resource, territory_id=territory.id)
        audit.record(session, viewer, "membership.remove", row.account_id, territory.id, row.role)
        tokens.revoke_membership(session, row)
    return onward(f"/t/{slug}/people", "portal.member_removed")


def _resource(kind: str, role: str) -> str:
    """What the table of rights calls invitations or memberships of a role."""
    return f"steering_{kind}" if role in STEERING else kind


def _post(session: Session, territory: TerritoryRow, role: str, which: str) -> Post:
    """What the form's choice names: ``firm:<id>``, ``manager:<park_id>``, ``facilitator:``."""
    if role == "firm":
        return Post(role, territory.id, firm_id=which)
    if role == "manager":
        if which not in territories.parks(session, territory.id):
            raise Unsound("role")
        return Post(role, territory.id, park_id=which)
    if role != "facilitator":
        raise Unsound("role")
    return Post(role, territory.id)


def _people(session: Session, territory: TerritoryRow) -> dict[str, Any]:
    rows = (
        select(MembershipRow)
        .where(MembershipRow.territory_id == territory.id)
        .options(selectinload(MembershipRow.account))
        .order_by(MembershipRow.role, MembershipRow.created_at, MembershipRow.id)
    )
    return {
        "territory": territory,
        "members": list(session.scalars(rows)),
        "invited": invitations.open_invitations(session, territory.id),
        "firms": {firm.id: firm.name for firm in territories.firms(session, territory.id)},
        "parks": territories.parks(session, territory.id),
        "steering": STEERING,
    }


_show = partial(listing, resource="memberships", template="admin/people.html.jinja", tell=_people)
