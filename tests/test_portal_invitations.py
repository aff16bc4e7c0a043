"""Invitations: who is let in, once, for what, and by whom."""

import re
import threading

import pytest
from sqlalchemy import select
from support.portal.entering import EMAIL, invited, sign_in
from support.portal.opened import PASSWORD

from eit.portal import invitations, sessions
from eit.portal.invitations import Post
from eit.portal.refusals import Unsound
from eit.store.columns import now
from eit.store.models import AccountRow, InvitationRow, MembershipRow

JOIN = {"name": "Anna Exemple", "password": PASSWORD}


def test_an_invitation_makes_a_member_once(portal):
    territory = portal.territory()
    firm = portal.firm(territory, "Acme")
    secret = invited(portal, Post("firm", territory.id, firm_id=firm.id))
    client = portal.client()
    assert "Acme" in client.get(f"/invitation/{secret}").text
    assert client.post(f"/invitation/{secret}", data=JOIN).status_code == 303
    assert client.get("/t/deux-parcs/").status_code == 200
    assert portal.client().post(f"/invitation/{secret}", data=JOIN).status_code == 404
    with portal.store.reading() as session:
        member = session.scalars(select(MembershipRow)).one()
    assert (member.role, member.firm_id, member.park_id) == ("firm", firm.id, None)


def test_of_two_who_take_an_invitation_at_once_one_succeeds(portal):
    secret = invited(portal, Post("administrator"))
    statuses = []

    def take() -> None:
        statuses.append(portal.client().post(f"/invitation/{secret}", data=JOIN).status_code)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) in ([303, 404, 404, 404], [303, 404, 404, 409])


def test_an_expired_or_withdrawn_invitation_opens_nothing(portal):
    expired, withdrawn = (
        invited(portal, Post("administrator")),
        invited(portal, Post("administrator")),
    )
    with portal.store.changing() as session:
        session.get_one(InvitationRow, sessions.digest(expired)).expires_at = now()
        row = session.get_one(InvitationRow, sessions.digest(withdrawn))
        invitations.withdraw(session, None, row)
    for secret in (expired, withdrawn, "x" * 43):
        assert portal.client().get(f"/invitation/{secret}").status_code == 404
        assert portal.client().post(f"/invitation/{secret}", data=JOIN).status_code == 404


def test_an_account_that_exists_takes_an_invitation_signed_in_and_only_its_own(portal):
    territory = portal.territory()
    mine, other = portal.account(EMAIL), portal.account("other@firme.example")
    secret = invited(portal, Post("facilitator", territory.id))
    assert (
        portal.client()
        .get(f"/invitation/{secret}")
        .headers["location"]
        .startswith("http://localhost/sign-in")
    )
    assert portal.client().post(f"/invitation/{secret}", data=JOIN).status_code == 409
    assert portal.client(other).post(f"/invitation/{secret}").status_code == 404
    assert portal.client(mine).post(f"/invitation/{secret}").status_code == 303
    assert portal.client(mine).get("/t/deux-parcs/people").status_code == 200


def test_what_an_invitation_is_for_must_hold_together(portal):
    territory, elsewhere = portal.territory(), portal.territory("ailleurs")
    firm = portal.firm(elsewhere, "Acme")
    for role, places in (
        ("firm", {}),
        ("firm", {"territory_id": territory.id}),
        ("manager", {"territory_id": territory.id, "firm_id": "x"}),
        ("facilitator", {}),
        ("administrator", {"territory_id": territory.id}),
        ("king", {"territory_id": territory.id}),
    ):
        with pytest.raises(Unsound):
            Post(role, **places)
    with pytest.raises(Unsound):
        invited(portal, Post("firm", territory.id, firm_id=firm.id))


def test_a_facilitator_invites_firms_and_managers_but_no_facilitator(portal):
    territory = portal.territory()
    client = portal.client(portal.account("f@firme.example", Post("facilitator", territory.id)))
    firm = portal.firm(territory, "Acme")
    url = "/t/deux-parcs/people/invite"
    shown = client.post(url, data={"email": EMAIL, "post": f"firm:{firm.id}"})
    assert shown.status_code == 200
    link = re.search(r"http://localhost(/invitation/[\w-]+)", shown.text).group(1)
    assert portal.client().get(link).status_code == 200
    assert client.post(url, data={"email": EMAIL, "post": "manager:nord"}).status_code == 200
    assert client.post(url, data={"email": EMAIL, "post": "manager:nowhere"}).status_code == 422
    assert client.post(url, data={"email": EMAIL, "post": "facilitator:"}).status_code == 403
    assert client.post(url, data={"email": EMAIL, "post": "administrator:"}).status_code == 422
    assert client.post(url, data={"email": "no address", "post": "manager:nord"}).status_code == 422


def test_a_link_for_a_new_password_works_once_and_for_its_account_alone(portal):
    portal.account(EMAIL)
    chief = portal.client(portal.account("chief@portail.example", administrator=True))
    with portal.store.reading() as session:
        account = session.scalars(select(AccountRow).where(AccountRow.email == EMAIL)).one()
    shown = chief.post(f"/admin/accounts/{account.id}/reset")
    link = re.search(r"http://localhost(/invitation/[\w-]+)", shown.text).group(1)
    client = portal.client()
    assert EMAIL in client.get(link).text
    chosen = {"password": "houille-verte-81-canal", "email": "chief@portail.example"}
    assert client.post(link, data=chosen).status_code == 303
    assert "anna@firme.example" in client.get("/account").text
    assert client.post(link, data=chosen).status_code == 404
    assert sign_in(portal, EMAIL, "houille-verte-81-canal")[1].status_code == 303
