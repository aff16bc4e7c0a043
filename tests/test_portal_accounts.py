"""The door of the portal: signing in, guessing, sessions, invitations, keys, one's own data."""

import io
import json
import re
import sqlite3
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from portal import PASSWORD, Portal, open_portal
from sqlalchemy import func, select

from eit.portal import invitations, pages, sessions
from eit.portal.accounts import PER_ACCOUNT, PER_ADDRESS
from eit.portal.invitations import Post
from eit.portal.passwords import BusyError, Passwords, weakness
from eit.portal.refusals import Unsound
from eit.store.columns import now
from eit.store.models import (
    AccountRow,
    AttemptRow,
    AuditRow,
    FirmRow,
    InvitationRow,
    LineRow,
    MembershipRow,
    SessionRow,
    SubmissionRow,
    TokenRow,
)
from eit.texts import catalogue

EMAIL = "anna@firme.example"


@pytest.fixture
def portal(tmp_path):
    with open_portal(tmp_path / "data") as opened:
        yield opened


def sign_in(portal: Portal, email: str = EMAIL, password: str = PASSWORD, **headers: str):
    client = portal.client(**headers)
    answer = client.post(
        "/sign-in", data={"email": email, "password": password, "next": "/account"}
    )
    return client, answer


def test_the_right_password_opens_a_session_kept_from_scripts_and_other_sites(portal):
    portal.account(EMAIL)
    client, answer = sign_in(portal)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert client.get("/account").status_code == 200


def test_a_cookie_over_tls_is_secure_and_bound_to_its_host(tmp_path):
    with open_portal(tmp_path, secure_cookies=True) as portal:
        portal.account(EMAIL)
        _, answer = sign_in(portal)
        assert answer.headers["set-cookie"].startswith("__Host-eit_session=")
        assert "secure" in answer.headers["set-cookie"].lower()
        assert "max-age" in answer.headers["strict-transport-security"]


def test_wrong_password_unknown_account_and_disabled_account_are_told_alike(portal):
    portal.account(EMAIL)
    off = portal.account("off@firme.example")
    with portal.store.changing() as session:
        session.get_one(AccountRow, off).disabled_at = now()
    answers = [
        sign_in(portal, EMAIL, "wrong-password-000")[1],
        sign_in(portal, "nobody@firme.example", PASSWORD)[1],
        sign_in(portal, "off@firme.example", PASSWORD)[1],
    ]
    assert {answer.status_code for answer in answers} == {401}
    pages = [re.sub(r'value="[^"]*@[^"]*"', "", answer.text) for answer in answers]
    assert pages[0] == pages[1] == pages[2]


def test_an_unknown_account_costs_one_hash_like_a_wrong_password(portal, monkeypatch):
    portal.account(EMAIL)
    done = []
    inner = portal.app.state.passwords._inner
    real = type(inner).verify
    monkeypatch.setattr(type(inner), "verify", lambda self, *a: done.append(a[1]) or real(self, *a))
    sign_in(portal, EMAIL, "wrong-password-000")
    sign_in(portal, "nobody@firme.example", "wrong-password-000")
    assert len(done) == 2
    assert all(kept.startswith("$argon2id$") for kept in done)


def test_passwords_are_kept_as_argon2_and_nowhere_else(portal, tmp_path):
    portal.account(EMAIL)
    client, _ = sign_in(portal)
    with sqlite3.connect(tmp_path / "data" / "portal.sqlite") as raw:
        dump = "\n".join(raw.iterdump())
    assert PASSWORD not in dump
    assert client.cookies["eit_session"] not in dump
    assert "$argon2id$" in dump


def test_guessing_one_account_stops_after_ten_and_survives_a_restart(tmp_path):
    with open_portal(tmp_path) as portal:
        portal.account(EMAIL)
        for number in range(PER_ACCOUNT):
            assert sign_in(portal, EMAIL, f"wrong-password-{number}")[1].status_code == 401
    with open_portal(tmp_path) as portal:
        assert sign_in(portal, EMAIL.upper(), PASSWORD)[1].status_code == 429
        assert sign_in(portal, "other@firme.example", PASSWORD)[1].status_code == 401
        with portal.store.changing() as session:
            for attempt in session.scalars(select(AttemptRow)):
                attempt.at -= timedelta(minutes=16)
        assert sign_in(portal, EMAIL, PASSWORD)[1].status_code == 303


def test_guessing_many_accounts_from_one_address_stops_too(portal):
    statuses = [
        sign_in(portal, f"a{number}@firme.example", "wrong-password-000")[1].status_code
        for number in range(PER_ADDRESS + 1)
    ]
    assert statuses == [401] * PER_ADDRESS + [429]


def test_guesses_sent_at_once_count_each(portal):
    portal.account(EMAIL)
    statuses = []

    def guess(number: int) -> None:
        statuses.append(sign_in(portal, EMAIL, f"wrong-password-{number}")[1].status_code)

    threads = [threading.Thread(target=guess, args=(n,)) for n in range(3 * PER_ACCOUNT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses.count(401) + statuses.count(503) <= PER_ACCOUNT
    assert 429 in statuses


def test_attempts_keep_no_address_and_go_once_the_owner_comes_in(portal):
    portal.account(EMAIL)
    sign_in(portal, EMAIL, "wrong-password-000")
    with portal.store.reading() as session:
        kept = [row.subject for row in session.scalars(select(AttemptRow))]
    assert not any("firme" in subject or "testclient" in subject for subject in kept)
    sign_in(portal)
    with portal.store.reading() as session:
        left = session.scalars(select(AttemptRow.subject)).all()
    assert [subject.partition(":")[0] for subject in left] == ["address"]


def test_too_many_hashes_at_once_are_refused_rather_than_queued(monkeypatch):
    passwords = Passwords()
    entered, release = threading.Event(), threading.Event()
    monkeypatch.setattr(
        passwords._inner, "hash", lambda _: (entered.set(), release.wait(20), "x")[2]
    )
    threads = [threading.Thread(target=passwords.hash, args=("p",)) for _ in range(10)]
    for thread in threads:
        thread.start()
    entered.wait(5)
    while passwords._places._value:
        pass
    with pytest.raises(BusyError):
        passwords.hash("p")
    release.set()
    for thread in threads:
        thread.join()


def test_signing_in_gives_a_new_session_and_ends_the_one_brought_along(portal):
    victim, attacker = portal.account(EMAIL), portal.account("attacker@firme.example")
    fixed = portal.client(attacker).cookies["eit_session"]
    client = portal.client()
    client.cookies.set("eit_session", fixed, domain="localhost.local", path="/")
    answer = client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
    opened = re.search(r"eit_session=([^;]+)", answer.headers["set-cookie"]).group(1)
    assert opened != fixed
    with portal.store.reading() as session:
        assert sessions.account_of(session, fixed) is None
        assert sessions.account_of(session, opened).id == victim


def test_an_invented_session_is_nobodys_and_is_not_taken_up(portal):
    client = portal.client()
    client.cookies.set("eit_session", "x" * 43)
    assert client.get("/account").status_code == 303
    with portal.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(SessionRow)) == 0


def test_signing_out_ends_the_session_for_good(portal):
    client = portal.client(portal.account(EMAIL))
    secret = client.cookies["eit_session"]
    assert client.post("/sign-out").status_code == 303
    client.cookies.set("eit_session", secret)
    assert client.get("/account").status_code == 303


def test_a_session_expires(portal):
    client = portal.client(portal.account(EMAIL))
    with portal.store.changing() as session:
        session.scalars(select(SessionRow)).one().expires_at = now() - timedelta(seconds=1)
    assert client.get("/account").status_code == 303


def test_a_new_password_ends_other_sessions_and_keeps_this_browser(portal):
    account = portal.account(EMAIL)
    here, there = portal.client(account), portal.client(account)
    wrong = here.post(
        "/account/password", data={"current": "no", "password": "houille-verte-81-canal"}
    )
    assert wrong.status_code == 422
    answer = here.post(
        "/account/password", data={"current": PASSWORD, "password": "houille-verte-81-canal"}
    )
    assert answer.status_code == 303
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 303
    assert sign_in(portal)[1].status_code == 401
    assert sign_in(portal, EMAIL, "houille-verte-81-canal")[1].status_code == 303


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("court", "short"),
        ("x" * 201, "long"),
        ("aaaaaaaaaaaaaa", "uniform"),
        ("anna@firme.example", "name"),
        ("Anna@Firme.Example1", "name"),
        ("annabelle dupont", "name"),
    ],
)
def test_a_weak_password_is_refused_with_its_reason(password, word):
    assert weakness(password, email="anna@firme.example", name="Annabelle Dupont") == word


def test_going_on_after_the_sign_in_stays_in_the_portal(portal):
    portal.account(EMAIL)
    for elsewhere in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"):
        answer = portal.client().post(
            "/sign-in", data={"email": EMAIL, "password": PASSWORD, "next": elsewhere}
        )
        assert answer.headers["location"] == "/"


# --- invitations ---


def invited(portal: Portal, post: Post, email: str = EMAIL) -> str:
    with portal.store.changing() as session:
        return invitations.invite(session, None, email, post)


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


# --- keys ---


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


def membership(portal: Portal, account_id: str, territory_id: str) -> str:
    with portal.store.reading() as session:
        rows = select(MembershipRow.id).where(
            MembershipRow.account_id == account_id, MembershipRow.territory_id == territory_id
        )
        return session.scalars(rows).one()


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


# --- accounts and data on request ---


def test_disabling_ends_sessions_at_once(portal):
    account = portal.account(EMAIL)
    client = portal.client(account)
    chief = portal.client(portal.account("chief@portail.example", administrator=True))
    chief.post(f"/admin/accounts/{account}/disable")
    assert client.get("/account").status_code == 303
    chief.post(f"/admin/accounts/{account}/enable")
    assert client.get("/account").status_code == 303
    assert sign_in(portal)[1].status_code == 303


def test_the_last_administrator_stays(portal):
    account = portal.account(EMAIL, administrator=True)
    client = portal.client(account)
    assert client.post(f"/admin/accounts/{account}/disable").status_code == 409
    assert client.post("/account/erase", data={"sure": "yes"}).status_code == 409
    assert client.get("/account").status_code == 200


def test_export_holds_all_that_is_kept_of_a_person_and_no_secret(portal):
    territory = portal.territory()
    account = portal.account(EMAIL, Post("facilitator", territory.id))
    portal.bearer(account)
    sign_in(portal)
    found = portal.client(account).get("/account/export").json()
    assert found["account"]["email"] == EMAIL
    assert [one["role"] for one in found["memberships"]] == ["facilitator"]
    assert {one["action"] for one in found["acts"]} >= {"account.sign_in", "token.create"}
    assert len(found["tokens"]) == 1
    assert not re.search("argon2|digest|password_hash", json.dumps(found))


def test_a_removed_person_leaves_a_nameless_row_and_nothing_else(portal, tmp_path):
    territory = portal.territory()
    account = portal.account(EMAIL, Post("facilitator", territory.id))
    client = portal.client(account)
    client.post("/account", data={"name": "Anna Reconnaissable", "lang": "fr"})
    invited(portal, Post("administrator"))
    assert client.post("/account/erase", data={}).status_code == 422
    assert client.post("/account/erase", data={"sure": "yes"}).status_code == 303
    assert client.get("/account").status_code == 303
    portal.store.engine.dispose()
    with sqlite3.connect(tmp_path / "data" / "portal.sqlite") as raw:
        dump = "\n".join(raw.iterdump())
    assert EMAIL not in dump
    assert "Reconnaissable" not in dump
    with portal.store.reading() as session:
        row = session.get_one(AccountRow, account)
        assert (row.email, row.name, row.password_hash) == (None, "", None)
        assert session.scalars(select(AuditRow).where(AuditRow.account_id == account)).all()


def test_a_firm_has_what_it_sent_removed_and_the_trace_of_it_kept(portal):
    territory = portal.territory()
    firm = portal.firm(territory, "Acme")
    account = portal.account(EMAIL, Post("firm", territory.id, firm_id=firm.id))
    kept = portal.data / "runs" / "one" / "inputs" / "declarations"
    kept.mkdir(parents=True)
    (kept / "acme-20260930T101500000000-x.csv").write_text("secret")
    (kept / "acme-20260930-other.csv").write_text("the folder's own")
    with portal.store.changing() as session:
        sent = SubmissionRow(
            territory_id=territory.id,
            firm_id=firm.id,
            account_id=account,
            kind="file",
            filename="prix.csv",
            content=b"secret",
            sha256="0" * 64,
            state="declared",
            declared_at=now(),
            rows=[LineRow(line=2, cells={"label": "secret"})],
        )
        session.add(sent)
        session.flush()
        sent_id = sent.id
    client = portal.client(account)
    url = f"/t/deux-parcs/firms/{firm.id}"
    assert "Acme" in client.get(url).text
    assert client.post(f"{url}/erase", data={"sure": "Acne"}).status_code == 422
    assert client.post(f"{url}/erase", data={"sure": "Acme"}).status_code == 303
    with portal.store.reading() as session:
        row = session.get_one(SubmissionRow, sent_id)
        assert (row.content, row.filename, row.sha256) == (b"", "", "0" * 64)
        assert row.rows == []
        assert session.get_one(FirmRow, firm.id).name == ""
        acts = session.scalars(select(AuditRow.action).where(AuditRow.subject == firm.id)).all()
        assert acts == ["firm.erase"]
    assert [file.name for file in kept.iterdir()] == ["acme-20260930-other.csv"]
    assert client.get("/t/deux-parcs/").status_code == 404


def test_the_log_says_who_did_what_and_its_table_runs_no_formula(portal):
    chief = portal.account("chief@portail.example", administrator=True)
    client = portal.client(chief)
    with portal.store.changing() as session:
        session.get_one(AccountRow, chief).name = "=HYPERLINK(1)"
        session.add(AuditRow(action="firm.create", detail="@SUM(1)", account_id=chief))
        session.add(
            AuditRow(action="token.create", account_id=chief, at=now() - timedelta(days=400))
        )
    assert "a ajouté une entreprise" in client.get("/admin/audit?action=firm.").text
    table = client.get("/admin/audit.csv").text
    assert "'=HYPERLINK(1)" in table
    assert "'@SUM(1)" in table
    assert not re.search(r"(^|,)[=@+]", table, re.M)
    assert "token.create" in table
    assert "token.create" not in client.get(f"/admin/audit.csv?since={now():%Y-%m-%d}").text
    assert client.get("/admin/audit?since=yesterday").status_code == 422
    assert client.get("/admin/audit?until=9999-12-31").status_code == 422


def test_pages_speak_the_language_of_whoever_looks(portal):
    assert "Sign in" in portal.client(**{"accept-language": "en-GB,en"}).get("/sign-in").text
    assert "Se connecter" in portal.client(**{"accept-language": "de"}).get("/sign-in").text
    client = portal.client()
    client.get("/language/en")
    assert 'lang="en"' in client.get("/").text
    account = portal.account(EMAIL)
    reader = portal.client(account, **{"accept-language": "en"})
    assert 'lang="fr"' in reader.get("/account").text
    reader.post("/account", data={"name": "Anna", "lang": "en"})
    assert "Your account" in reader.get("/account").text


def test_every_page_without_a_person_and_every_help_page_is_there(portal):
    client = portal.client()
    for url in (
        "/",
        "/sign-in",
        "/help",
        *(f"/help/{role}" for role in ("firm", "manager", "facilitator", "administrator")),
    ):
        assert client.get(url).status_code == 200, url
    assert client.get("/help/king").status_code == 404
    assert io.StringIO(client.get("/static/portal.css").text).readline().startswith(":root")


def test_what_is_kept_for_a_time_is_gone_after_it(portal):
    account = portal.account(EMAIL)
    long_ago, lately = now() - timedelta(days=3 * 365 + 1), now() - timedelta(days=300)
    with portal.store.changing() as session:
        for at in (long_ago, lately):
            session.add(AuditRow(action="x", account_id=account, at=at))
        session.add(AttemptRow(subject="account:x", at=lately))
        session.add(SessionRow(digest="d", account_id=account, expires_at=lately))
        for name, expires in (("old", lately), ("new", now())):
            row = {"digest": name, "role": "administrator", "email": f"{name}@x.example"}
            session.add(InvitationRow(**row, expires_at=expires))
    with portal.client():  # the server starts and stops
        pass
    with portal.store.reading() as session:
        assert session.scalars(select(AuditRow.at).where(AuditRow.action == "x")).all() == [lately]
        assert session.scalars(select(AttemptRow)).all() == []
        assert session.scalars(select(SessionRow)).all() == []
        emails = select(InvitationRow.email).order_by(InvitationRow.email)
        assert session.scalars(emails).all() == ["", "new@x.example"]


def test_every_sentence_that_a_page_names_exists_and_every_act_has_its_words():
    known = catalogue("fr")
    folder = Path(pages.TEMPLATES)
    named = {
        (file.name, key)
        for file in folder.rglob("*.jinja")
        for key in re.findall(r"""say\(["']([\w.]+)["'][,)]""", file.read_text(encoding="utf-8"))
    }
    assert len(named) > 150
    assert {one for one in named if one[1] not in known} == set()
    core = [folder.parent, folder.parent / "entry", folder.parent / "admin"]
    text = "".join(
        file.read_text(encoding="utf-8") for place in core for file in place.glob("*.py")
    )
    acts = set(re.findall(r'"((?:account|invitation|membership|token|file|firm|site)\.\w+)"', text))
    assert len(acts) > 15
    assert {act for act in acts if f"portal.audit.{act}" not in known} == {"account.json"}
    done = set(re.findall(r'"portal\.(\w+)"\)', text))
    assert len(done) > 15
    assert {word for word in done if f"portal.done.{word}" not in known} == set()
    codes = set(re.findall(r'(?:Unsound|Impossible)\("(\w+)"\)', text))
    assert len(codes) > 10
    assert {code for code in codes if f"portal.error.{code}" not in known} == set()
