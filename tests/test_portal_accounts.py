"""Accounts and one's own data: disabled, exported, erased, and what the log keeps."""

import json
import re
import sqlite3
from datetime import timedelta

from sqlalchemy import select
from support.portal.entering import EMAIL, invited, sign_in

from eit.portal.invitations import Post
from eit.store.columns import now
from eit.store.models import (
    AccountRow,
    AttemptRow,
    AuditRow,
    FirmRow,
    InvitationRow,
    LineRow,
    SessionRow,
    SubmissionRow,
)


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
