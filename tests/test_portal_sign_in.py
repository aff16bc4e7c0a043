"""The door of the portal: signing in, guessing, sessions, passwords."""

import re
import sqlite3
import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from support.portal.entering import EMAIL, sign_in
from support.portal.opened import PASSWORD, open_portal

from eit.portal import sessions
from eit.portal.accounts import PER_ACCOUNT, PER_ADDRESS
from eit.portal.passwords import BusyError, Passwords, weakness
from eit.store.columns import now
from eit.store.models import AccountRow, AttemptRow, SessionRow


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
