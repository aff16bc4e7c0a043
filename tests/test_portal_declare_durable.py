"""A process that is killed in the middle of a check loses nothing that was acknowledged."""

import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from support.portal.desk import HEADER, two_firms
from support.portal.opened import open_portal
from support.postgres import cluster

from eit.portal.declare import background
from eit.portal.declare.background import LARGE_BYTES, Checker
from eit.portal.declare.checking import check_submission
from eit.portal.declare.declared import declared_tables
from eit.portal.declare.drafts import declare
from eit.portal.declare.intake import FILE, Sent, receive
from eit.portal.refusals import Impossible
from eit.store.columns import now
from eit.store.models import SubmissionRow

ROWS = 2500
TEXT = HEADER + "".join(f"R{n};a1;need;sand;{n % 7};t;\n" for n in range(ROWS))
"""Every seventh row has a quantity of 0, which is a fault."""
FAULTY = len(range(0, ROWS, 7))
KILLED = """
    import os, signal, sys
    from eit.portal.declare import checking
    from eit.store.database import open_store

    written = checking._write_piece
    left = [int(sys.argv[3])]

    def write_and_die(*arguments):
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        return written(*arguments)

    checking._write_piece = write_and_die
    checking.check_submission(open_store(sys.argv[1]), sys.argv[2], piece=500)
"""


@pytest.fixture
def firms(tmp_path):
    with open_portal(tmp_path) as portal:
        yield two_firms(portal)


def received(firms, text=TEXT):
    sent = Sent(firms.acme.id, firms.actor(), FILE, "flux.csv", text.encode())
    return receive(firms.store, sent).submission_id


def kill_in_the_middle(firms, number, pieces):
    url = firms.portal.app.state.settings.database_url
    command = [sys.executable, "-c", textwrap.dedent(KILLED), url, number, str(pieces)]
    ended = subprocess.run(command, cwd=Path(__file__).parent.parent, timeout=120, check=False)
    assert ended.returncode == -signal.SIGKILL


@pytest.mark.parametrize("pieces", [0, 3])
def test_a_check_that_was_killed_is_taken_up_again_at_the_next_start(firms, pieces):
    number = received(firms)
    kill_in_the_middle(firms, number, pieces)
    row = firms.row(number)
    assert (row.state, row.checked_rows) == ("received", 500 * pieces)

    checker = Checker(firms.store)
    checker.resume()
    checker.close()

    row = firms.row(number)
    assert (row.state, row.sound, row.faulty) == ("draft", ROWS - FAULTY, FAULTY)
    assert sorted(firms.lines(number)) == list(range(2, ROWS + 2))


def test_the_portal_takes_up_what_was_left_when_it_starts(tmp_path):
    with open_portal(tmp_path) as portal:
        firms = two_firms(portal)
        number = received(firms)
    with open_portal(tmp_path) as portal, portal.client():
        portal.app.state.checker.close()
        with portal.store.reading() as session:
            assert session.get_one(SubmissionRow, number).state == "draft"


def test_two_checks_of_the_same_submission_at_once_come_to_one_result(firms):
    number = received(firms)
    threads = [
        threading.Thread(target=check_submission, args=(firms.store, number), kwargs={"piece": 100})
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert firms.row(number).sound == ROWS - FAULTY
    assert sorted(firms.lines(number)) == list(range(2, ROWS + 2))


def test_a_file_that_is_being_checked_can_neither_be_declared_nor_corrected(firms):
    with pytest.raises(Impossible, match="declare_no_draft"):
        declare(firms.store, received(firms), firms.actor())


def test_people_of_one_firm_who_declare_the_same_at_once_declare_it_once(firms):
    texts = [HEADER + f"R1;a1;need;sand;{n};t;\n" for n in range(1, 5)]
    numbers = [firms.send(text) for text in texts]
    outcomes = []

    def run(number):
        try:
            outcomes.append(declare(firms.store, number, firms.actor()).declared)
        except Impossible as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=run, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(map(str, outcomes)) == ["1", *["declare_nothing_sound"] * 3]
    with firms.store.reading() as session:
        assert len(declared_tables(session, firms.territory.id, now())) == 1


def test_a_large_file_is_acknowledged_before_it_is_checked(firms, monkeypatch):
    held = threading.Event()

    def check_when_let(store, number):
        held.wait(60)
        check_submission(store, number)

    monkeypatch.setattr(background, "check_submission", check_when_let)
    rows = "".join(f"R{n};a1;need;sand;1;t;\n" for n in range(LARGE_BYTES // 15))
    with firms.client() as client:
        answer = client.post(
            f"{firms.api}/submissions", content=HEADER + rows, headers={"content-type": "text/csv"}
        )
        told = answer.json()
        page = client.get(f"{firms.base}/submissions/{told['id']}")
        progress = client.get(f"{firms.base}/submissions/{told['id']}/progress").json()
        held.set()
        after = progress
        until = time.monotonic() + 60
        while after["state"] == "received" and time.monotonic() < until:
            time.sleep(0.05)
            after = client.get(f"{firms.base}/submissions/{told['id']}/progress").json()

    assert (answer.status_code, told["state"]) == (201, "received")
    assert "en cours de vérification" in page.text
    assert '<meta http-equiv="refresh"' in page.text
    assert progress["state"] == "received"
    assert after["state"] == "draft"
    assert after["checked_rows"] == after["total_rows"] == LARGE_BYTES // 15


@pytest.mark.long
def test_on_postgresql_the_story_is_the_same(tmp_path):
    with cluster() as url, open_portal(tmp_path, database_url=url) as portal:
        firms = two_firms(portal)
        number = received(firms)
        kill_in_the_middle(firms, number, 2)
        check_submission(firms.store, number)
        outcome = declare(firms.store, number, firms.actor())
        odd = "declaration_id;site_id;kind;resource;quantity;label\nN\x001;a1;need;sand;1;a\x00b\n"
        firms.declare(odd)

        assert (outcome.declared, outcome.left) == (ROWS - FAULTY, FAULTY)
        with firms.store.reading() as session:
            (_, first), (_, second) = declared_tables(session, firms.territory.id, now())
        assert len(first.splitlines()) == 1 + ROWS - FAULTY
        assert "acme-N\ufffd1" in second
