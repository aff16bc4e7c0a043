"""Keys for programs: what they open, and when they die."""

import re
import sqlite3

import pytest
from sqlalchemy import select
from support.portal.entering import EMAIL, membership

from eit.portal.invitations import Post
from eit.store.models import AccountRow, TokenRow


def test_a_key_acts_in_one_membership_and_is_kept_as_a_digest(portal, tmp_path):
    one, two = portal.territory("un"), portal.territory("deux")
    posts = [Post("facilitator", one.id), Post("facilitator", two.id)]
    account = portal.account(EMAIL, *posts, administrator=True)
    shown = portal.client(account).post(
        "/account/tokens", data={"membership_id": membership(portal, account, one.id), "label": "x"}
    )
    secret = re.search(r"eit_[\w-]{40,}", shown.text).group(0)
    program = portal.client(authorization=f"Bearer {secret}")
    assert [m["territory"] for m in program.get("/api/v1/me").json()["memberships"]] == ["un"]
    assert program.get("/api/v1/territories/un/files").status_code == 200
    assert program.get("/api/v1/territories/deux/files").status_code == 404
    assert program.get("/admin").status_code == 404
    assert secret not in portal.client(account).get("/account").text
    with sqlite3.connect(tmp_path / "data" / "portal.sqlite") as raw:
        assert secret not in "\n".join(raw.iterdump())


def test_a_key_opens_nothing_of_the_person_behind_it(portal):
    territory = portal.territory()
    account = portal.account(EMAIL, Post("facilitator", territory.id))
    program = portal.bearer(account)
    for method, url in (
        ("get", "/account"),
        ("get", "/account/export"),
        ("post", "/account/erase"),
        ("get", "/t/deux-parcs/people"),
        ("post", "/t/deux-parcs/people/invite"),
        ("get", "/t/deux-parcs/audit"),
    ):
        answer = program.request(method, url, data={"sure": "yes"} if method == "post" else None)
        assert answer.status_code in (403, 404), url
    with portal.store.reading() as session:
        assert session.get_one(AccountRow, account).email == EMAIL


@pytest.mark.parametrize("how", ["revoke", "disable", "erase", "member", "firm"])
def test_a_key_dies_at_once(portal, how):
    territory = portal.territory()
    firm = portal.firm(territory, "Acme")
    account = portal.account(EMAIL, Post("firm", territory.id, firm_id=firm.id))
    program = portal.bearer(account)
    assert program.get("/api/v1/me").status_code == 200
    chief = portal.client(portal.account("chief@portail.example", administrator=True))
    with portal.store.reading() as session:
        digest = session.scalars(select(TokenRow.digest)).one()
    url, form = {
        "revoke": (f"/account/tokens/{digest}/revoke", {}),
        "disable": (f"/admin/accounts/{account}/disable", {}),
        "erase": (f"/admin/accounts/{account}/erase", {"sure": "yes"}),
        "member": (f"/t/deux-parcs/people/{membership(portal, account, territory.id)}/remove", {}),
        "firm": (f"/t/deux-parcs/firms/{firm.id}/erase", {"sure": "Acme"}),
    }[how]
    actor = portal.client(account) if how == "revoke" else chief
    assert actor.post(url, data=form).status_code == 303
    assert program.get("/api/v1/me").status_code == 401
    assert program.get("/api/v1/me").json()["error"]["code"] == "not_signed_in"


def test_one_person_cannot_revoke_anothers_key(portal):
    territory = portal.territory()
    account = portal.account(EMAIL, Post("facilitator", territory.id))
    program = portal.bearer(account)
    other = portal.client(portal.account("o@firme.example", Post("facilitator", territory.id)))
    with portal.store.reading() as session:
        digest = session.scalars(select(TokenRow.digest)).one()
    assert other.post(f"/account/tokens/{digest}/revoke").status_code == 404
    assert program.get("/api/v1/me").status_code == 200
