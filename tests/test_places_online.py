"""The address service: asked only when wanted, politely, and resumable; against a local server."""

import csv
import io
import threading
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, HTTPServer

import pandas as pd
import pytest

from eit.faults import DeclarationError
from eit.places.addresses import ServiceError, ask_online, locate_addresses, online
from eit.tables import read_table

KNOWN = {"3 rue du Puits": ("2.8301", "50.4301", "0.97", "0.4", "housenumber")}


class Stub(BaseHTTPRequestHandler):
    """Answers as addok's CSV search does; the server holds what was asked and how to fail."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        form = message_from_bytes(
            b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n" + body
        )
        parts = [(p.get_param("name", header="content-disposition"), p) for p in form.get_payload()]
        sent = next(p.get_payload(decode=True).decode() for name, p in parts if name == "data")
        columns = [p.get_payload().strip() for name, p in parts if name == "columns"]
        self.server.asked.append((columns, sent))
        if self.server.fails:
            code, headers = self.server.fails.pop(0)
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.server.reply or results(sent).encode())

    def log_message(self, *arguments):
        pass


def results(sent):
    rows = list(csv.DictReader(io.StringIO(sent)))
    added = ("longitude", "latitude", "result_score", "result_score_next", "result_type")
    out = io.StringIO()
    writer = csv.DictWriter(out, [*rows[0], *added, "result_label"])
    writer.writeheader()
    for row in rows:
        found = dict(zip(added, KNOWN.get(row["address"], [""] * 5), strict=True))
        writer.writerow({**row, **found, "result_label": row["address"]})
    return out.getvalue()


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(online, "LONGEST_WAIT_S", 0.01)
    stub = HTTPServer(("127.0.0.1", 0), Stub)
    stub.asked, stub.fails, stub.reply = [], [], b""
    thread = threading.Thread(target=stub.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    stub.url = f"http://127.0.0.1:{stub.server_port}/search/csv"
    yield stub
    stub.shutdown()
    thread.join()
    stub.server_close()


def rows(*addresses):
    table = pd.DataFrame({"address": addresses, "postcode": "62300", "city": "Lens", "insee": ""})
    return table.set_axis([f"S{n}" for n in range(len(addresses))])


def test_addresses_go_up_in_batches_and_come_back_with_score_and_precision(server):
    asked = rows("3 rue du Puits", "inconnue", "3 rue du Puits")
    parts = list(ask_online(asked, service=server.url, batch=2, pause_s=0))
    assert [list(part.index) for part in parts] == [["S0", "S1"], ["S2"]]
    answer = parts[0]["S0"]
    assert (answer.lon, answer.lat, answer.score) == (2.8301, 50.4301, 0.97)
    assert (answer.precision, answer.sure) == ("housenumber", True)
    assert parts[0]["S1"].precision == "none"
    assert server.asked[0][0] == ["address", "postcode", "city"]


def test_nothing_but_addresses_is_sent(server):
    list(ask_online(rows("3 rue du Puits").assign(firm="Secret"), service=server.url))
    assert server.asked[0][1].splitlines() == [
        *("row,address,postcode,city,citycode", "0,3 rue du Puits,62300,Lens,")
    ]


def test_a_close_second_is_left_to_a_person(server, monkeypatch):
    monkeypatch.setitem(KNOWN, "Puits", ("2.8", "50.4", "0.9", "0.89", "street"))
    (part,) = ask_online(rows("Puits"), service=server.url)
    assert not part["S0"].sure


def test_a_busy_service_is_asked_again_and_a_dead_one_is_not_forever(server):
    server.fails = [(429, {"Retry-After": "1"}), (503, {})]
    (part,) = ask_online(rows("3 rue du Puits"), service=server.url, pause_s=0)
    assert part["S0"].sure
    assert len(server.asked) == 3
    server.fails = [(503, {})] * online.TRIES
    with pytest.raises(ServiceError, match="503"):
        list(ask_online(rows("a"), service=server.url, pause_s=0))
    server.fails = [(400, {})]
    with pytest.raises(ServiceError, match="400"):
        list(ask_online(rows("a"), service=server.url, pause_s=0))
    assert len(server.asked) == 3 + online.TRIES + 1


@pytest.mark.parametrize("reply", [b"<html>", b"\xff\xfe\xff", b"row,other\n0,1\n"])
def test_an_answer_that_is_no_table_is_an_error_and_no_position(server, reply):
    server.reply = reply
    with pytest.raises(ServiceError):
        list(ask_online(rows("a"), service=server.url, pause_s=0))


def test_only_web_addresses_are_asked():
    with pytest.raises(ServiceError):
        list(ask_online(rows("a"), service="file:///etc/hosts"))


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


def test_the_service_is_not_asked_unless_wanted(server, territory):
    locate_addresses(territory, territory.parent / "ban", service=server.url)
    assert server.asked == []
    with pytest.raises(DeclarationError):
        locate_addresses(territory, service=server.url)


def test_only_what_is_not_sure_offline_is_asked_online(server, territory):
    report = locate_addresses(territory, territory.parent / "ban", online=True, service=server.url)
    assert [sent.splitlines()[1:] for _, sent in server.asked] == [["0,3 rue du Puits,62300,Lens,"]]
    found = read_table(territory / "positions.csv", "positions").rows.set_index("site_id")
    assert found["use"].to_dict() == {"A": "yes", "B": "yes"}
    assert found["source"].to_dict() == {
        "A": f"BAN (127.0.0.1:{server.server_port})",
        "B": "BAN (adresses-62.csv)",
    }
    assert (report.found["housenumber"], report.to_settle) == (2, 0)
    again = locate_addresses(territory, territory.parent / "ban", online=True, service=server.url)
    assert (again.kept, len(server.asked)) == (2, 1)


def test_what_was_found_before_the_service_failed_is_kept(server, territory):
    server.fails = [(500, {})]
    with pytest.raises(ServiceError):
        locate_addresses(territory, territory.parent / "ban", online=True, service=server.url)
    found = read_table(territory / "positions.csv", "positions").rows.set_index("site_id")
    assert found["use"].to_dict() == {"A": "", "B": "yes"}
    report = locate_addresses(territory, online=True, service=server.url)
    assert (report.kept, report.found["housenumber"]) == (1, 1)
