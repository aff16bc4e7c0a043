"""The address service: asked only when wanted, politely, and resumable; against a local server."""

import csv
import io
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pandas as pd
import pytest

from eit.faults import DeclarationError
from eit.places.addresses.looking import locate_addresses
from eit.places.addresses.online import ReplyError, ask_online, rows_of
from eit.places.addresses.posting import Service, ServiceError, seconds_to_wait
from eit.tables import read_table

PUITS = {
    **{"longitude": "2.8301", "latitude": "50.4301", "result_score": "0.97"},
    **{"result_score_next": "0.4", "result_type": "housenumber", "result_citycode": "62498"},
}
ADDED = (*PUITS, "result_label")


class Stub(BaseHTTPRequestHandler):
    """Answers as addok's CSV search does; the server holds what was asked and how to fail."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = self.headers["Content-Type"].encode()
        form = message_from_bytes(b"Content-Type: " + kind + b"\r\n\r\n" + body)
        parts = [(p.get_param("name", header="content-disposition"), p) for p in form.get_payload()]
        sent = next(p.get_payload(decode=True).decode() for name, p in parts if name == "data")
        fields = [(name, p.get_payload().strip()) for name, p in parts if name != "data"]
        self.server.asked.append((fields, sent))
        self.server.times.append(time.monotonic())
        self.server.agents.append(self.headers["User-Agent"])
        failure = self.server.fails.pop(0) if self.server.fails else None
        if callable(failure):
            failure(self, results(self.server.known, sent).encode())
        elif failure:
            self.answer(failure[0], b"", failure[1])
        else:
            self.answer(200, self.server.reply or results(self.server.known, sent).encode(), {})

    def answer(self, code, body, headers):
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def cut(handler, body):
    """Half of the answer, then nothing: the connection is closed."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.close_connection = True


def cut_without_length(handler, body):
    """Half of an answer whose length nobody stated: it looks like a whole one."""
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(body[: -len(body) // 3])
    handler.close_connection = True


def hang(handler, body):
    """No answer at all until the server is stopped."""
    handler.server.hanging.set()
    handler.server.stopped.wait(30)
    handler.close_connection = True


def results(known, sent):
    rows = list(csv.DictReader(io.StringIO(sent)))
    out = io.StringIO()
    writer = csv.DictWriter(out, [*rows[0], *ADDED])
    writer.writeheader()
    for row in rows:
        found = dict.fromkeys(ADDED, "") | known.get(row["address"], {})
        writer.writerow({**row, **found, "result_label": row["address"]})
    return out.getvalue()


@pytest.fixture
def server(monkeypatch, tmp_path):
    monkeypatch.setenv("EIT_CACHE", str(tmp_path / "cache"))
    stub = ThreadingHTTPServer(("127.0.0.1", 0), Stub)
    stub.asked, stub.times, stub.agents, stub.fails, stub.reply = [], [], [], [], b""
    stub.known = {"3 rue du Puits": PUITS}
    stub.hanging, stub.stopped = threading.Event(), threading.Event()
    thread = threading.Thread(target=stub.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    stub.base = f"http://127.0.0.1:{stub.server_port}/geocodage/"
    yield stub
    stub.stopped.set()
    stub.shutdown()
    thread.join()
    stub.server_close()


def quick(server, **settings):
    return Service(server.base, **{"pause_s": 0.0, **settings})


def rows(*addresses, insee=""):
    table = pd.DataFrame(
        {"address": addresses, "postcode": "62300", "city": "Lens", "insee": insee}
    )
    return table.set_axis([f"S{n}" for n in range(len(addresses))])


def test_addresses_go_up_in_batches_and_come_back_with_score_and_precision(server):
    asked = rows("3 rue du Puits", "inconnue", "3 rue du Puits bis")
    parts = list(ask_online(asked, quick(server, batch=2)))
    assert [list(part.index) for part in parts] == [["S0", "S1"], ["S2"]]
    answer = parts[0]["S0"]
    assert (answer.lon, answer.lat, answer.score) == (2.8301, 50.4301, 0.97)
    assert (answer.precision, answer.sure) == ("housenumber", True)
    assert parts[0]["S1"].precision == "none"
    assert server.asked[0][0] == [("columns", c) for c in ("address", "postcode", "city")]


def test_nothing_but_addresses_is_sent_and_the_client_says_who_it_is(server):
    list(ask_online(rows("3 rue du Puits").assign(firm="Secret"), quick(server)))
    assert server.asked[0][1].splitlines() == [
        *("row,address,postcode,city,insee", "0,3 rue du Puits,62300,Lens,")
    ]
    assert server.agents[0].startswith("eit/")


def test_a_commune_s_code_narrows_the_search_where_it_is_known(server):
    both = pd.concat([rows("a"), rows("b", insee="62498").set_axis(["T0"])])
    parts = list(ask_online(both, quick(server)))
    assert [list(part.index) for part in parts] == [["T0"], ["S0"]]
    assert ("citycode", "insee") in server.asked[0][0]
    assert "citycode" not in dict(server.asked[1][0])


@pytest.mark.parametrize(
    "change",
    [
        {"result_score_next": "0.96"},  # a close second
        {"result_score": "0.7"},  # unlike what was asked
        {"result_citycode": "62510"},  # in another commune than the one named
    ],
)
def test_what_is_not_sure_is_left_to_a_person(server, change):
    server.known = {"3 rue du Puits": PUITS | change}
    (part,) = ask_online(rows("3 rue du Puits"), quick(server))
    assert not part["S0"].sure
    assert part["S0"].found == "3 rue du Puits"


@pytest.mark.parametrize(
    "failure",
    [(429, {"Retry-After": "0"}), (500, {}), (503, {}), cut, cut_without_length],
    ids=["429", "500", "503", "cut", "cut unseen"],
)
def test_a_failure_that_passes_is_asked_again(server, failure):
    server.fails = [failure, failure]
    (part,) = ask_online(rows("3 rue du Puits"), quick(server))
    assert part["S0"].sure
    assert len(server.asked) == 3


def test_a_service_that_is_busy_is_left_alone_as_long_as_it_says(server):
    server.fails = [(429, {"Retry-After": "0.3"})]
    list(ask_online(rows("3 rue du Puits"), quick(server)))
    assert server.times[1] - server.times[0] >= 0.3
    server.fails = [(429, {"Retry-After": "3600"})]
    with pytest.raises(ServiceError, match="Retry-After 3600 s"):
        list(ask_online(rows("other"), quick(server)))
    assert len(server.asked) == 3


def test_requests_are_a_pause_apart_and_tries_ever_further(server):
    list(ask_online(rows("a", "b"), quick(server, batch=1, pause_s=0.1)))
    assert server.times[1] - server.times[0] >= 0.1
    server.fails = [(503, {})] * 2
    list(ask_online(rows("c"), quick(server, pause_s=0.05)))
    first, second, third = server.times[2:]
    assert second - first >= 0.1
    assert third - second >= 0.2


def test_what_does_not_pass_is_an_error_that_says_why(server):
    server.fails = [(503, {})] * 3
    with pytest.raises(ServiceError, match="503"):
        list(ask_online(rows("a"), quick(server, tries=3)))
    server.fails = [(400, {})]
    with pytest.raises(ServiceError, match="400"):
        list(ask_online(rows("a"), quick(server)))
    assert len(server.asked) == 3 + 1
    with pytest.raises(ServiceError, match="http"):
        list(ask_online(rows("a"), Service("file:///etc/hosts")))
    with pytest.raises(ServiceError, match="ConnectError"):
        list(ask_online(rows("a"), Service("http://127.0.0.1:9/", tries=2, pause_s=0)))


@pytest.mark.parametrize(
    "reply",
    [
        b"<html>",
        b"\xff\xfe\xff",
        b"row,other\n0,1\n",
        b'row,longitude,latitude,result_score,result_type\n0,"2.8,50.4,1,street\n',
        b"row,longitude,latitude,result_score,result_type\n0,2.8,50.4\n",
        b"row,longitude,latitude,result_score,result_type\n1,2.8,50.4,1,street\n",
        b"row,longitude,latitude,result_score,result_type\n" + 2 * b"0,2.8,50.4,1,street\n",
    ],
)
def test_an_answer_that_is_no_whole_table_is_an_error_and_no_position(server, reply):
    server.reply = reply
    with pytest.raises(ServiceError):
        list(ask_online(rows("a"), quick(server, tries=2)))
    assert len(server.asked) == 2


def test_cells_that_are_no_position_are_none(server):
    for change in ({"longitude": "x"}, {"latitude": "91"}, {"result_score": "nan"}):
        server.known = {str(change): PUITS | change}
        (part,) = ask_online(rows(str(change)), quick(server))
        assert (part["S0"].precision, part["S0"].sure) == ("none", False)


def test_a_row_that_the_service_did_not_look_for_is_asked_again_another_time():
    titles = "row,longitude,latitude,result_score,result_type,result_status"
    assert rows_of(f"{titles}\n0,,,,,error\n", 1) == [{}]
    assert rows_of(f"{titles}\n0,2,50,1,street,ok\n", 1)[0]["longitude"] == "2"
    with pytest.raises(ReplyError):
        rows_of(f"{titles}\n0,2,50,1,street,ok\n", 2)


def test_retry_after_is_read_as_seconds_or_as_a_date():
    now = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    stated = {"5": 5, "": 0, "soon": 0, "Fri, 20 Nov 2026 12:01:00 GMT": 60}
    stated |= {"Fri, 20 Nov 2026 11:00:00 GMT": 0}
    assert {text: seconds_to_wait(text, now) for text in stated} == stated


@pytest.mark.parametrize(
    "base", ["", "https://data.geopf.fr/geocodage", "https://data.geopf.fr/geocodage/search/csv"]
)
def test_the_service_is_named_by_its_base(base):
    assert Service(base).url == "https://data.geopf.fr/geocodage/search/csv"
    assert Service(base).host == "data.geopf.fr"


# what was answered is kept


def test_no_address_is_asked_for_twice_of_one_service(server):
    list(ask_online(rows("3 rue du Puits", "nowhere"), quick(server)))
    (again,) = ask_online(rows("nowhere", "3 rue du Puits"), quick(server))
    assert (again["S1"].sure, again["S0"].precision, len(server.asked)) == (True, "none", 1)
    list(ask_online(rows("nowhere"), Service(server.base + "other/csv", pause_s=0)))
    assert len(server.asked) == 2


@pytest.mark.parametrize("state", ["off", "damaged", "no folder"])
def test_a_cache_that_is_off_damaged_or_cannot_be_made_stops_nothing(
    server, monkeypatch, tmp_path, state
):
    folder = tmp_path / "cache/addresses"
    if state == "off":
        monkeypatch.setenv("EIT_CACHE", "")
    elif state == "damaged":
        folder.mkdir(parents=True)
        (folder / "answers-1.sqlite").write_bytes(b"no database" * 100)
    else:
        (tmp_path / "cache").write_text("a file where the folder should be")
    for _ in range(2):
        (part,) = ask_online(rows("3 rue du Puits"), quick(server))
        assert part["S0"].sure
    assert len(server.asked) == (1 if state == "damaged" else 2)


# the command

SITES = "site_id,address,postcode,city\nA,3 rue du Puits,62300,Lens\nB,8 rue du Four,62300,Lens\n"
BASE = (
    "numero;nom_voie;code_insee;code_postal;nom_commune;lon;lat\n"
    "8;Rue du Four;62498;62300;Lens;2.9;50.5\n"
)


@pytest.fixture
def territory(tmp_path):
    (tmp_path / "territory").mkdir()
    (tmp_path / "territory/sites.csv").write_text(SITES)
    (tmp_path / "ban").mkdir()
    (tmp_path / "ban/adresses-62.csv").write_text(BASE)
    return tmp_path / "territory"


def read_back(territory):
    return read_table(territory / "positions.csv", "positions").rows.set_index("site_id")


def test_the_service_is_not_asked_unless_wanted(server, territory):
    locate_addresses(territory, territory.parent / "ban", service=quick(server))
    assert server.asked == []
    with pytest.raises(DeclarationError):
        locate_addresses(territory, service=quick(server))


def test_only_what_is_not_sure_offline_is_asked_online(server, territory):
    ban, service = territory.parent / "ban", quick(server)
    report = locate_addresses(territory, ban, online=True, service=service)
    assert [sent.splitlines()[1:] for _, sent in server.asked] == [["0,3 rue du Puits,62300,Lens,"]]
    found = read_back(territory)
    assert found["use"].to_dict() == {"A": "yes", "B": "yes"}
    assert found["source"].to_dict() == {
        "A": f"BAN (127.0.0.1:{server.server_port})",
        "B": "BAN (adresses-62.csv)",
    }
    assert (report.found["housenumber"], report.to_settle) == (2, 0)
    again = locate_addresses(territory, ban, online=True, service=service)
    assert (again.kept, len(server.asked)) == (2, 1)


def test_what_was_found_before_the_service_failed_is_kept(server, territory):
    server.fails = [(401, {})]
    with pytest.raises(ServiceError, match="401"):
        locate_addresses(territory, territory.parent / "ban", online=True, service=quick(server))
    assert read_back(territory)["use"].to_dict() == {"A": "", "B": "yes"}
    report = locate_addresses(territory, online=True, service=quick(server))
    assert (report.kept, report.found["housenumber"]) == (1, 1)


KILLED = """
import sys
from eit.places.addresses.looking import locate_addresses
from eit.places.addresses.posting import Service
locate_addresses(sys.argv[1], online=True, service=Service(sys.argv[2], batch=2, pause_s=0))
"""


def test_a_run_that_is_killed_in_the_midst_goes_on_where_it_was(server, territory):
    names = [f"{number} rue du Puits" for number in range(1, 7)]
    server.known = dict.fromkeys(names, PUITS)
    lines = [f"S{at},{name},62300,Lens" for at, name in enumerate(names)]
    (territory / "sites.csv").write_text("\n".join(["site_id,address,postcode,city", *lines, ""]))
    server.fails = [None, hang]
    arguments = [sys.executable, "-c", KILLED, str(territory), server.base]
    with subprocess.Popen(arguments, env=dict(os.environ)) as run:
        assert server.hanging.wait(60)
        run.send_signal(signal.SIGKILL)
    assert len(server.asked) == 2
    assert (read_back(territory)["use"] == "yes").sum() == 2
    (territory / "positions.csv").unlink()  # even without it: what was answered is kept
    told = []
    report = locate_addresses(
        territory,
        online=True,
        service=quick(server, batch=2),
        progress=lambda stage, part, gap: told.append((stage, round(part, 2))),
    )
    assert report.found["housenumber"] == 6
    assert told == [("locate", 0.33), ("locate", 0.67), ("locate", 1.0)]
    again = [line.split(",")[1] for _, sent in server.asked[2:] for line in sent.splitlines()[1:]]
    assert again == names[2:]
