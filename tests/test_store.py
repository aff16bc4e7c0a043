"""The portal's database: its types, its steps, its archive, on SQLite and on PostgreSQL."""

import json
import subprocess
import sys
import threading
import zipfile
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import StatementError
from support.portal.opened import open_portal
from support.postgres import cluster

from eit.portal.invitations import Post
from eit.store import keeping, migrations
from eit.store.columns import new_id, now
from eit.store.database import Store, open_store
from eit.store.keeping import UnfitArchiveError
from eit.store.models import (
    AccountRow,
    Base,
    FileRow,
    JobRow,
    LineRow,
    SubmissionRow,
    SynergyRow,
    TerritoryRow,
)

PARIS = timezone(timedelta(hours=2))
MOMENT = datetime(2026, 9, 30, 12, 0, 0, 123456, PARIS)


@pytest.fixture
def store(tmp_path):
    opened = open_store(f"sqlite:///{tmp_path / 'one.sqlite'}")
    migrations.upgrade(opened)
    yield opened
    opened.engine.dispose()


def test_a_moment_comes_back_in_utc_to_the_microsecond(store):
    with store.changing() as session:
        session.add(TerritoryRow(id="t", slug="t", name="T", created_at=MOMENT))
    with store.reading() as session:
        kept = session.get_one(TerritoryRow, "t").created_at
    assert kept == MOMENT
    assert kept.tzinfo is UTC
    with pytest.raises(StatementError, match="zone"), store.changing() as session:
        session.add(TerritoryRow(slug="u", name="U", created_at=datetime(2026, 1, 1)))


def test_the_steps_make_exactly_the_tables_of_the_models(store):
    assert migrations.version(store) == migrations.newest()
    assert migrations.differences(store) == []


def test_going_up_twice_changes_nothing_and_many_may_go_up_at_once(tmp_path):
    url = f"sqlite:///{tmp_path / 'many.sqlite'}"
    failed: list[BaseException] = []

    def climb() -> None:
        one = open_store(url)
        try:
            migrations.upgrade(one)
        except BaseException as error:
            failed.append(error)
        one.engine.dispose()

    threads = [threading.Thread(target=climb) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_what_is_not_finished_is_not_there(store):
    def fail() -> None:
        with store.changing() as session:
            session.add(TerritoryRow(slug="t", name="T"))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.reading() as session:
        assert session.scalars(select(TerritoryRow)).all() == []


def test_sqlite_is_opened_to_outlive_a_power_cut(store):
    with store.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    durable = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert pragmas == {**durable, "busy_timeout": 30000}


def fill(store: Store, data: Path) -> None:
    """Rows of every kind of value: moments, days, bytes, JSON, blanks, rows that name others."""
    with store.changing() as session:
        account = AccountRow(id="a", email="a@x.example", name="É <b>", created_at=MOMENT)
        territory = TerritoryRow(id="t", slug="t", name="T", created_at=MOMENT)
        session.add_all([account, territory])
        session.flush()
        session.execute(
            text(
                "INSERT INTO firm (id, territory_id, slug, name, created_at)"
                " VALUES ('f', 't', 'f', 'F', :at)"
            ),
            {"at": datetime(2026, 1, 1)},
        )
        raw = bytes(range(256))
        session.add(FileRow(territory_id="t", path="roads.pbf", content=raw, sha256="x"))
        late = {"territory_id": "t", "firm_id": "f", "kind": "file", "filename": "a", "sha256": "x"}
        session.add(SubmissionRow(id="zz", content=b"1", received_at=MOMENT, **late))
        session.flush()
        after = MOMENT + timedelta(hours=1)
        session.add(
            SubmissionRow(
                id="aa",
                content=b"2",
                received_at=after,
                corrects_id="zz",
                rows=[LineRow(line=2, cells={"label": "ça", "bytes": "x"}, faults=[{"code": "c"}])],
                **late,
            )
        )
        session.add(
            JobRow(id="j", territory_id="t", as_of=MOMENT, folder="runs/j.1", gap=0.1, state="done")
        )
        session.flush()
        session.add(
            SynergyRow(
                territory_id="t",
                donor_key="d",
                receiver_key="r",
                donor_site="s",
                receiver_site="s",
                resource="15 01 01",
                first_job_id="j",
                last_job_id="j",
                figures={"moment": "2026", "n": [1, 2.5, None]},
                next_date=date(2026, 10, 1),
            )
        )
    (data / "runs" / "j.1" / "maps").mkdir(parents=True)
    (data / "runs" / "j.1" / "summary.json").write_text("{}")
    (data / "runs" / "j.1" / "maps" / "index.html").write_text("<p>é</p>", encoding="utf-8")
    (data / "runs" / "stray").mkdir()
    (data / "runs" / "stray" / "file").write_text("nobody's")


def contents(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }


def files(data: Path) -> dict[str, bytes]:
    runs = data / "runs"
    return {p.relative_to(runs).as_posix(): p.read_bytes() for p in runs.rglob("*") if p.is_file()}


def test_an_archive_puts_everything_back_and_nothing_else(store, tmp_path):
    fill(store, tmp_path / "data")
    kept = keeping.backup(store, tmp_path / "data", tmp_path / "kept.zip")
    assert kept.rows["submission"] == 2
    assert kept.files == 2
    assert (tmp_path / "kept.zip").stat().st_mode & 0o077 == 0
    other = open_store(f"sqlite:///{tmp_path / 'other.sqlite'}")
    back = keeping.restore(other, tmp_path / "elsewhere", tmp_path / "kept.zip")
    assert back == kept
    assert contents(other) == contents(store)
    assert set(files(tmp_path / "elsewhere")) == {"j.1/summary.json", "j.1/maps/index.html"}
    other.engine.dispose()


def test_what_the_database_holds_is_replaced_only_when_asked(store, tmp_path):
    fill(store, tmp_path / "data")
    keeping.backup(store, tmp_path / "data", tmp_path / "kept.zip")
    before = contents(store)
    with store.changing() as session:
        session.get_one(AccountRow, "a").name = "Later"
    with pytest.raises(UnfitArchiveError, match="not_empty"):
        keeping.restore(store, tmp_path / "data", tmp_path / "kept.zip")
    assert contents(store) != before
    keeping.restore(store, tmp_path / "data", tmp_path / "kept.zip", replace=True)
    assert contents(store) == before
    assert not list((tmp_path / "data" / "runs").glob("*.restoring"))


def rewrite(archive: Path, name: str, content: bytes) -> None:
    with zipfile.ZipFile(archive) as old:
        entries = {one: old.read(one) for one in old.namelist()}
    with zipfile.ZipFile(archive, "w") as new:
        for one, kept in {**entries, name: content}.items():
            new.writestr(one, kept)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("tables/account.jsonl", b'{"id": "x"}\n', "damaged"),
        ("runs/j.1/summary.json", b"{ }", "damaged"),
        ("runs/../../evil", b"", "damaged"),
        ("manifest.json", b"{}", "archive"),
        ("manifest.json", b"nothing", "archive"),
        ("manifest.json", b'{"format": 1, "database": "9999", "sha256": {}}', "version"),
    ],
)
def test_a_damaged_or_foreign_archive_changes_nothing(store, tmp_path, name, content, code):
    fill(store, tmp_path / "data")
    archive = tmp_path / "kept.zip"
    keeping.backup(store, tmp_path / "data", archive)
    rewrite(archive, name, content)
    other = open_store(f"sqlite:///{tmp_path / 'other.sqlite'}")
    with pytest.raises(UnfitArchiveError) as refused:
        keeping.restore(other, tmp_path / "elsewhere", archive)
    assert refused.value.code == code
    assert files(tmp_path / "elsewhere") == {}
    other.engine.dispose()


def test_a_name_that_leads_out_of_the_runs_is_refused_even_with_its_checksum(store, tmp_path):
    fill(store, tmp_path / "data")
    archive = tmp_path / "kept.zip"
    keeping.backup(store, tmp_path / "data", archive)
    with zipfile.ZipFile(archive) as old:
        manifest = json.loads(old.read("manifest.json"))
    manifest["sha256"]["runs/../../evil"] = keeping.hashlib.sha256(b"x").hexdigest()
    rewrite(archive, "runs/../../evil", b"x")
    rewrite(archive, "manifest.json", json.dumps(manifest).encode())
    other = open_store(f"sqlite:///{tmp_path / 'other.sqlite'}")
    with pytest.raises(UnfitArchiveError, match="damaged"):
        keeping.restore(other, tmp_path / "elsewhere", archive)
    assert not (tmp_path / "evil").exists()
    other.engine.dispose()


def test_an_archive_made_while_people_write_holds_one_moment(store, tmp_path):
    """A territory and its file are written together: no archive has one without the other."""
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with store.changing() as session:
                one = TerritoryRow(slug=f"s{number}", name="T")
                session.add(one)
                session.flush()
                for part in range(3):
                    session.add(
                        FileRow(territory_id=one.id, path=f"{part}", content=b"x", sha256="x")
                    )

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            kept = keeping.backup(store, tmp_path, tmp_path / f"{number}.zip")
            assert kept.rows["file"] == 3 * kept.rows["territory"]
    finally:
        stop.set()
        writer.join()


def test_identifiers_do_not_repeat_and_the_clock_is_in_utc():
    assert len({new_id() for _ in range(1000)}) == 1000
    assert now().tzinfo is UTC


# --- PostgreSQL ---


@pytest.fixture(scope="module")
def postgres():
    with cluster() as url:
        yield url


def emptied(url: str) -> Store:
    store = open_store(url)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    return store


CLIMB = """
import sys
from eit.store.database import open_store
from eit.store.migrations import upgrade
upgrade(open_store(sys.argv[1]))
"""


@pytest.mark.long
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_processes_that_start_together_make_the_same_tables_once(engine, postgres, tmp_path):
    url = postgres if engine == "postgresql" else f"sqlite:///{tmp_path / 'new.sqlite'}"
    store = emptied(url) if engine == "postgresql" else open_store(url)
    started = [
        subprocess.Popen([sys.executable, "-c", CLIMB, url], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [(one.communicate()[1], one.returncode) for one in started] == [("", 0)] * 3
    assert migrations.differences(store) == []
    store.engine.dispose()


@pytest.mark.long
def test_an_archive_goes_from_sqlite_to_postgresql_and_back(store, postgres, tmp_path):
    fill(store, tmp_path / "data")
    with store.changing() as session:
        session.get_one(AccountRow, "a").name = "nul\0é"
    keeping.backup(store, tmp_path / "data", tmp_path / "one.zip")
    there = emptied(postgres)
    keeping.restore(there, tmp_path / "there", tmp_path / "one.zip")
    keeping.backup(there, tmp_path / "there", tmp_path / "two.zip")
    again = open_store(f"sqlite:///{tmp_path / 'again.sqlite'}")
    keeping.restore(again, tmp_path / "again", tmp_path / "two.zip")
    with store.changing() as session:
        session.get_one(AccountRow, "a").name = "nul\N{REPLACEMENT CHARACTER}é"
    assert contents(again) == contents(there) == contents(store)
    assert files(tmp_path / "again") == files(tmp_path / "there")
    keeping.restore(there, tmp_path / "there", tmp_path / "two.zip", replace=True)
    assert contents(there) == contents(store)
    for one in (there, again):
        one.engine.dispose()


@pytest.mark.long
def test_an_archive_of_postgresql_holds_one_moment_too(postgres, tmp_path):
    store = emptied(postgres)
    migrations.upgrade(store)
    test_an_archive_made_while_people_write_holds_one_moment(store, tmp_path)
    store.engine.dispose()


@pytest.mark.long
def test_the_door_of_the_portal_is_the_same_on_postgresql(postgres, tmp_path):
    emptied(postgres).engine.dispose()
    with open_portal(tmp_path, database_url=postgres) as portal:
        territory = portal.territory()
        portal.account("a@x.example", Post("facilitator", territory.id))
        statuses = []

        def guess(number: int) -> None:
            form = {"email": "a@x.example", "password": f"wrong-password-{number}"}
            statuses.append(portal.client().post("/sign-in", data=form).status_code)

        threads = [threading.Thread(target=guess, args=(n,)) for n in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses.count(401) + statuses.count(503) <= 10
        assert 429 in statuses
        with portal.store.reading() as session:
            account = session.scalar(select(AccountRow.id))
            assert session.scalar(select(func.count()).select_from(FileRow)) == 3
        client = portal.client(account)
        assert client.get("/t/deux-parcs/files").status_code == 200
        assert client.get("/admin/accounts").status_code == 404
        for url in ("/invitation/%00", "/t/%00/", "/t/deux-parcs/audit?action=%00"):
            assert client.get(url).status_code in (404, 422), url
        assert client.post("/t/deux-parcs/firms", data={"name": "\0"}).status_code == 422
        bad = {"email": "a\0@x.example", "password": "x"}
        assert portal.client().post("/sign-in", data=bad).status_code in (401, 422, 429)
