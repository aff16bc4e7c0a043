"""Attacks that need a real server: floods, bombs, requests within requests; its memory counted."""

import io
import select
import socket
import zipfile
from pathlib import Path

import pytest
from support.portal.furnished import copied_town
from support.portal.killing import Victim, context, free_port, serve
from support.portal.town import Town

MEBIBYTE = 1 << 20
GIBIBYTE = 1 << 30
LIMIT = 32 * MEBIBYTE
MARGIN = 2 * LIMIT
"""What a server may take beside one request of the longest length: it holds it once as a body
and once as a file of a form."""


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> Town:
    return copied_town(tmp_path_factory, "flooded")


@pytest.fixture(scope="module")
def server(town):
    """The portal in a process of its own, warm."""
    port = free_port()
    settings = (str(town.data), town.app.state.settings.database_url, port)
    victim = Victim(context(), serve, settings, port)
    victim.start()
    victim.await_listening()
    assert b"200 OK" in ask(victim, b"GET /help HTTP/1.1\r\nHost: localhost\r\n\r\n")
    yield victim
    victim.kill()


def ask(server: Victim, *pieces: bytes) -> bytes:
    """Send bytes as they are, and read what comes back until the server has nothing to say."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as line:
        for piece in pieces:
            line.sendall(piece)
        return heard(line)


def heard(line: socket.socket) -> bytes:
    found = b""
    line.settimeout(60)
    try:
        while True:
            piece = line.recv(65536)
            if not piece:
                return found
            found += piece
            if found.count(b"HTTP/1.1 ") and b"connection: close" not in found.lower():
                line.settimeout(2)
    except (TimeoutError, ConnectionResetError):
        return found


def highest_kib(server: Victim) -> int:
    """The most memory that the server ever held."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def head(town: Town, path: str, *more: str, who: str = "firm key") -> bytes:
    """Head of a post that is signed in."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {town.secrets[who]}",
        *more,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def flood(server: Victim, beginning: bytes, *, chunked: bool) -> tuple[bytes, int]:
    """Send a gigabyte until the server answers or hangs up; its answer, and how much it took."""
    piece = b"x" * MEBIBYTE
    framed = b"100000\r\n" + piece + b"\r\n" if chunked else piece
    sent = 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=120) as line:
        line.sendall(beginning)
        try:
            while sent < GIBIBYTE:
                if waiting(line, 0 if sent else 0.2):
                    break
                line.sendall(framed)
                sent += MEBIBYTE
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            return heard(line), sent
        except OSError:
            return b"", sent


def waiting(line: socket.socket, wait_s: float) -> bool:
    """Whether an answer is there already, or comes soon."""
    return bool(select.select([line], [], [], wait_s)[0])


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("form", [False, True])
def test_a_gigabyte_is_refused_and_takes_no_memory(town, server, chunked, form):
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {GIBIBYTE}"
    kind = "multipart/form-data; boundary=x" if form else "text/csv"
    desk = f"/api/v1/territories/essai/firms/{town.names['firm']}/submissions"
    beginning = head(town, desk, length, f"Content-Type: {kind}")
    if form:
        part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        beginning += b"%x\r\n%s\r\n" % (len(part), part) if chunked else part
    before = highest_kib(server)
    answer, sent = flood(server, beginning, chunked=chunked)
    assert answer.startswith(b"HTTP/1.1 413") or (not answer and sent < GIBIBYTE)
    assert sent < 4 * LIMIT
    assert (highest_kib(server) - before) * 1024 < MARGIN + LIMIT
    assert server.process.is_alive()


def bomb(megabytes: int) -> bytes:
    """A workbook of one sheet that unfolds to so much, and is a few kilobytes itself."""
    cell = b'<row><c t="inlineStr"><is><t>' + b"A" * 1000 + b"</t></is></c></row>"
    sheet = b"<worksheet><sheetData>" + cell * (megabytes << 10) + b"</sheetData></worksheet>"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("[Content_Types].xml", CONTENT_TYPES)
        archive.writestr("_rels/.rels", RELATIONS)
        archive.writestr("xl/workbook.xml", WORKBOOK)
        archive.writestr("xl/_rels/workbook.xml.rels", WORKBOOK_RELATIONS)
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
    return out.getvalue()


PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEETML = "application/vnd.openxmlformats-officedocument.spreadsheetml"
CONTENT_TYPES = (
    f'<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{SHEETML}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{SHEETML}.worksheet+xml"/>'
    "</Types>"
)
RELATIONS = (
    f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
WORKBOOK = (
    f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
    '<sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
WORKBOOK_RELATIONS = (
    f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
)


def put(server: Victim, town: Town, path: str, content: bytes) -> bytes:
    """Keep a file of the territory as its facilitator."""
    beginning = head(town, path, f"Content-Length: {len(content)}", who="facilitator key")
    return ask(server, beginning.replace(b"POST ", b"PUT ", 1) + content)


def test_a_workbook_that_unfolds_to_gigabytes_is_refused_and_takes_no_memory(town, server):
    content = bomb(400)
    assert len(content) < 4 * MEBIBYTE
    before = highest_kib(server)
    for name in ("sites.xlsx", "declarations/a.xlsx"):
        answer = put(server, town, f"/api/v1/territories/essai/files/{name}", content)
        assert answer.startswith(b"HTTP/1.1 422"), answer[:300]
        assert b"workbook_large" in answer
    for page in ("/t/essai/firms", "/t/essai/files/check"):
        asked = head(town, page, who="facilitator key").replace(b"POST ", b"GET ", 1)
        assert ask(server, asked).startswith(b"HTTP/1.1 200")
    assert (highest_kib(server) - before) * 1024 < MARGIN
    assert server.process.is_alive()


HIDDEN = b"GET /help/firm HTTP/1.1\r\nHost: localhost\r\n\r\n"
SMUGGLED = {
    "both lengths": (b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN),
    "two lengths": b"Content-Length: 0\r\nContent-Length: 60\r\n\r\n" + HIDDEN,
    "lengths in one": b"Content-Length: 0, 60\r\n\r\n" + HIDDEN,
    "signed length": b"Content-Length: +0\r\n\r\n" + HIDDEN,
    "negative length": b"Content-Length: -1\r\n\r\n" + HIDDEN,
    "unknown coding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "coding twice": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + HIDDEN,
    "space before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "folded": b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + HIDDEN,
    "chunk of no size": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + HIDDEN,
}


@pytest.mark.parametrize("how", sorted(SMUGGLED))
def test_a_request_hidden_in_another_is_not_served(town, server, how):
    answer = ask(server, b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\n" + SMUGGLED[how])
    statuses = [line.split()[1] for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    assert len(statuses) <= 1, answer[:2000]
    assert b"200" not in statuses, answer[:2000]
    assert not statuses or statuses[0] in (b"400", b"401", b"403", b"413", b"422")
    assert server.process.is_alive()


def test_what_was_sent_before_the_floods_is_still_there_after_them(town, server):
    asked = head(town, f"/api/v1/territories/essai/firms/{town.names['firm']}/submissions").replace(
        b"POST ", b"GET ", 1
    )
    answer = ask(server, asked)
    assert answer.startswith(b"HTTP/1.1 200")
    assert town.names["draft"].encode() in answer
