"""How people come into a portal: signing in, being invited."""

from sqlalchemy import select

from eit.portal import invitations
from eit.portal.invitations import Post
from eit.store.models import MembershipRow
from support.portal.opened import PASSWORD, Portal

EMAIL = "anna@firme.example"


def sign_in(portal: Portal, email: str = EMAIL, password: str = PASSWORD, **headers: str):
    """Sign in; the browser, and what it was answered."""
    client = portal.client(**headers)
    answer = client.post(
        "/sign-in", data={"email": email, "password": password, "next": "/account"}
    )
    return client, answer


def invited(portal: Portal, post: Post, email: str = EMAIL) -> str:
    """Invite somebody; the secret in the link."""
    with portal.store.changing() as session:
        return invitations.invite(session, None, email, post)


def membership(portal: Portal, account_id: str, territory_id: str) -> str:
    """What an account is in a territory, by its identifier."""
    with portal.store.reading() as session:
        rows = select(MembershipRow.id).where(
            MembershipRow.account_id == account_id, MembershipRow.territory_id == territory_id
        )
        return session.scalars(rows).one()
