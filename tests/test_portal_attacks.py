"""Attacks on every address at once: other sites, SQL, markup, formulas, paths, ways out.

What single rooms prove about their own files and forms stands in `test_portal_guards`,
`test_portal_accounts` and `test_portal_declare_attacks`; `WHERE` says what is proven where.
"""

import ast
import csv
import io
import re
import zipfile
from functools import partial
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

import pytest
from python_calamine import CalamineWorkbook
from support.archives import unpacked
from support.browser import chromium
from support.portal.doors import DEFAULTS, DOORS, Door
from support.portal.furnished import KINDS, copied_town
from support.portal.hostile import HOSTILE, hostile_town
from support.portal.opened import ORIGIN
from support.portal.routes import Route, routes_of
from support.portal.town import Town

STARTS = ("=", "+", "-", "@", "\t", "\r")
SAFE = ("GET", "HEAD")
WHERE = {
    "cross-site requests": ("attacks", "a_request_from_another_site_is_carried_out_nowhere"),
    "path traversal in file names": ("attacks", "no_name_in_an_address_leads_out_of_its_folder"),
    "path traversal in uploaded names": ("declare_attacks", "a_hostile_file_name_is_only_ever"),
    "path traversal in a territory": ("guards", "a_file_is_kept_only_under_a_name_that_a_folder"),
    "zip bombs": ("guards", "a_hostile_zip_makes_no_territory"),
    "XLSX bombs sent by a firm": ("declare_attacks", "a_million_columns_and_bombs_are_refused"),
    "XLSX bombs in a territory": ("attacks_server", "a_workbook_that_unfolds_to_gigabytes_is"),
    "1 GB upload, told": ("guards", "one_gigabyte_is_refused_before_a_byte_of_it_is_read"),
    "1 GB upload, measured": ("attacks_server", "a_gigabyte_is_refused_and_takes_no_memory"),
    "formulas in CSV and XLSX": ("attacks", "no_cell_of_any_table_given_out_is_a_formula"),
    "script in every field": ("attacks", "no_name_runs_on_any_page_even_without_a_policy"),
    "SQL in every parameter": ("attacks", "sql_in_every_parameter_of_every_address_is_text"),
    "session fixation": ("sign_in", "signing_in_gives_a_new_session_and_ends_the_one_brought"),
    "invented sessions": ("sign_in", "an_invented_session_is_nobodys_and_is_not_taken_up"),
    "password guessing": ("sign_in", "guessing_one_account_stops_after_ten_and_survives_a"),
    "tokens of a removed user": ("keys", "a_key_dies_at_once"),
    "host header": ("guards", "only_known_host_names_are_answered_to"),
    "headers in file names": ("attacks", "no_file_name_writes_a_header"),
    "request smuggling": ("attacks_server", "a_request_hidden_in_another_is_not_served"),
    "open redirect": ("attacks", "no_next_leads_to_another_host"),
}
"""Every attack that the portal must stand, and the test that shows that it does."""


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> Town:
    return copied_town(tmp_path_factory, "attacks")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Town:
    return hostile_town(tmp_path_factory.mktemp("hostile"))


def someone_for(door: Door) -> tuple[str, str]:
    """Somebody for whom a door opens, and in which state of the town."""
    for state in ("plain", "delegated", "agreed"):
        for kind in KINDS:
            if door.lets(kind, state):
                return kind, state
    return "firm", "plain"


def test_each_attack_has_its_test():
    folder = Path(__file__).parent
    for attack, (room, name) in WHERE.items():
        text = (folder / f"test_portal_{room}.py").read_text(encoding="utf-8")
        found = [one.name for one in ast.parse(text).body if isinstance(one, ast.FunctionDef)]
        assert [one for one in found if one.startswith(f"test_{name}")], attack


# --- other sites ---

ELSEWHERE = (
    {"origin": "https://evil.example"},
    {"sec-fetch-site": "cross-site"},
    {"origin": "null", "sec-fetch-site": "same-site"},
)


def test_a_request_from_another_site_is_carried_out_nowhere(town):
    unsafe = [door for door in DOORS if door.method not in SAFE]
    known = {route.path for route in routes_of(town.app) if route.method not in SAFE}
    assert {door.path for door in unsafe} == known
    for door in unsafe:
        kind, state = someone_for(door)
        if town.state != state:
            town.reset(state)
        before = town.rows()
        for headers in ELSEWHERE:
            client = town.client(kind)
            del client.headers["origin"]
            client.headers.update(headers)
            answer = door.knock(town, client)
            assert answer.status_code == 403, (door.path, headers)
            assert "set-cookie" not in answer.headers
        assert town.rows() == before, door.path


# --- SQL ---

SQL = ("' OR '1'='1' --", "\"x'); DROP TABLE account; --\\%_")


TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"


def counted(town: Town) -> dict[str, int]:
    """How many rows each table has: none may go, whatever is written into them."""
    with town.store.reading() as session:
        asked = session.connection().exec_driver_sql
        tables = [name for (name,) in asked(TABLES) if name not in ("session", "attempt")]
        return {name: asked(f'SELECT count(*) FROM "{name}"').scalar() for name in tables}


def attempts(route: Route, text: str):
    """Requests that each put a text into one place of an address, a query or a form."""
    names = re.findall(r"{(\w+)", route.path)
    plain = {name: name for name in names}
    for name in names:
        yield plain | {name: quote(text, safe="")}, {}, {}
    for name in route.asked:
        yield plain, {name: text}, {}
    for name in route.sent:
        yield plain, {}, {name: text}
    if route.method not in SAFE and not route.sent:
        yield plain, {}, {text: text, "file": text, "path": text}


WORDS = {**DEFAULTS, "secret": "=x", "lang": "=fr", "role": "=firm"}
TAKES_AWAY = ("/remove", "/account/erase")
"""Addresses that are asked for nothing but to take something away."""


@pytest.mark.parametrize("text", SQL)
def test_sql_in_every_parameter_of_every_address_is_text(town, text):
    town.reset("delegated")
    before = counted(town)
    clients = {kind: town.client(kind) for kind in KINDS}
    people = {(door.method, door.path): someone_for(door)[0] for door in DOORS}
    known = {name: town.names.get(word, word[1:]) for name, word in WORDS.items()}
    tried = 0
    for route in routes_of(town.app):
        client = clients[people[route.method, route.path]]
        for filled, query, form in attempts(route, text):
            given = {
                name: known[name] if value == name else value for name, value in filled.items()
            }
            address = route.path.replace(":path}", "}").format(**given)
            sent = {} if route.method in SAFE else {"data": form}
            answer = client.request(route.method, address, params=query, **sent)
            assert answer.status_code < 500, (route.method, address, query, form)
            tried += 1
        if route.method not in SAFE:
            now = counted(town)
            lost = {name for name, count in before.items() if now.get(name, -1) < count}
            assert not lost or route.path.endswith(TAKES_AWAY), (route, lost)
            town.reset("delegated")
    assert tried > 250
    assert counted(town) == before


# --- formulas and markup ---


def cells_of(content: bytes, kind: str) -> list[str]:
    """Every text cell of a table, whatever it is packed in."""
    if "zip" in kind:
        return [cell for part in unpacked(content) for cell in cells_of(part, "")]
    if content[:2] == b"PK":
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
        return [cell for sheet in sheets for row in sheet for cell in row if isinstance(cell, str)]
    text = content.decode("utf-8-sig")
    delimiter = ";" if text.partition("\n")[0].count(";") else ","
    return [cell for row in csv.reader(io.StringIO(text), delimiter=delimiter) for cell in row]


TABLE = re.compile(r"text/csv|application/zip|spreadsheetml")


def test_no_cell_of_any_table_given_out_is_a_formula(hostile):
    given = set()
    for door in DOORS:
        if door.method != "GET" or "/original" in door.path:  # what was sent, as it was sent
            continue
        kind, state = someone_for(door)
        hostile.reset(state)
        answer = door.knock(hostile, hostile.client(kind))
        media = answer.headers.get("content-type", "")
        if not TABLE.match(media):
            continue
        given.add(door.path)
        assert "attachment" in answer.headers["content-disposition"], door.path
        if "zip" in media:
            with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
                cells = cells_of(archive.read("versions.csv"), "")
        else:
            cells = cells_of(answer.content, media)
        assert cells, door.path
        assert [one for one in cells if one.startswith(STARTS) and not number(one)] == []
    assert len(given) >= 9, given


def number(cell: str) -> bool:
    """Whether a cell is a figure, such as -3."""
    return bool(re.fullmatch(r"-?[\d.,]+", cell))


def pages_of(town: Town):
    """Every page, as somebody who may see it: its address and who looks."""
    for door in DOORS:
        if door.method == "GET" and not door.path.startswith("/api/") and not door.marked:
            kind, state = someone_for(door)
            given = door.sends(town) if callable(door.sends) else door.sends
            query = [
                f"{name}={quote(one)}"
                for name, value in given.get("params", {}).items()
                for one in (value if isinstance(value, list) else [value])
            ]
            yield door.address(town) + "?" * bool(query) + "&".join(query), kind, state


def is_page(answer) -> bool:
    return answer.headers.get("content-type", "").startswith("text/html")


def test_every_page_shows_hostile_names_as_text(hostile):
    shown = 0
    for address, kind, state in pages_of(hostile):
        hostile.reset(state)
        answer = hostile.client(kind).get(address)
        if not is_page(answer) or "/map" in address:
            continue
        assert "<img src=x" not in answer.text, address
        assert "<script>window" not in answer.text, address
        assert "49" not in re.findall(r"script&gt;(\w*)", answer.text), address
        shown += "&lt;script&gt;window" in answer.text
    assert shown > 20


@pytest.mark.long
def test_no_name_runs_on_any_page_even_without_a_policy(hostile):
    hit = "window.hit === 1 || !!document.querySelector('img[src=x]')"
    ran, seen = [], 0
    with chromium() as browser:
        for bypass in (True, False):
            for kind in KINDS:
                context = browser.new_context(bypass_csp=bypass)
                client = hostile.client(kind)
                context.route("**/*", partial(serve, client))
                page = context.new_page()
                page.set_default_timeout(30_000)
                page.on("dialog", lambda dialog: ran.append(dialog.message))  # noqa: B023
                for address, who, state in pages_of(hostile):
                    if who != kind:
                        continue
                    hostile.reset(state)
                    if not is_page(client.get(address)):
                        continue
                    page.goto(ORIGIN + address, wait_until="load")
                    ran += [address for frame in page.frames if frame.evaluate(hit)]
                    seen += 1
                context.close()
    assert ran == []
    assert seen > 60


def serve(client, route) -> None:
    """Answer a browser from the application in this process."""
    address = route.request.url.removeprefix(ORIGIN)
    if not route.request.url.startswith(ORIGIN):
        route.abort()
        return
    answer = client.get(address)
    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    route.fulfill(status=answer.status_code, headers=headers, body=answer.content)


# --- names and ways out ---

UP = (
    "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f%2e%2e%2fportal.sqlite",
    "/etc/passwd",
)


@pytest.mark.parametrize("up", [*UP, "..\\..\\portal.sqlite", "%00", "index.html%00.png"])
def test_no_name_in_an_address_leads_out_of_its_folder(town, up):
    town.reset("plain")
    client = town.client("facilitator")
    job = town.names["job"]
    for address in (
        f"/static/{up}",
        f"/maps/{town.names['ticket']}/{up}",
        f"/t/essai/runs/{job}/maps/{up}",
        f"/t/essai/runs/{up}/maps/index.html",
        f"/t/essai/parks/{up}",
        f"/t/essai/parks/{up}/map",
        f"/t/essai/files/versions/{up}",
        f"/t/essai/firms/{town.names['firm']}/submissions/{up}/original",
        f"/t/essai/firms/{town.names['firm']}/declarations/template.{up}",
        f"/api/v1/territories/essai/parks/{up}",
        f"/language/{up}",
        f"/help/{up}",
    ):
        answer = client.get(address)
        assert answer.status_code in (303, 404, 405, 422), address
        assert b"root:" not in answer.content
        assert b"SQLite format" not in answer.content
    sent = client.put(f"/api/v1/territories/essai/files/{up}", content=b"x")
    assert sent.status_code in (404, 405, 422)


@pytest.mark.parametrize(
    "name",
    [
        'a.csv"\r\nSet-Cookie: eit_session=x\r\n',
        "a.csv\nX-Evil: 1",
        'a"; filename="b.exe',
        "a.csv\u2028X-Evil: 1",
        "é%0d%0aX-Evil: 1.csv",
        ";.csv",
    ],
)
def test_no_file_name_writes_a_header(town, name):
    town.reset("plain")
    client = town.client("firm")
    desk = f"/t/essai/firms/{town.names['firm']}"
    form = {"files": {"file": (name, b"declaration_id\nx\n")}, "data": {"again": "yes"}}
    sent = client.post(f"{desk}/declarations", **form)
    assert sent.status_code == 303
    here = sent.headers["location"].partition("?")[0]
    for address in (f"{here}/original", f"{here}/corrected.csv", f"{here}/corrected.xlsx"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert not {"x-evil", "set-cookie"} & {*answer.headers}
        told = answer.headers["content-disposition"]
        assert re.fullmatch(r"attachment; filename(=\"[\w .()-]+\"|\*=UTF-8''[\w.%~-]+)", told)


WAYS_OUT = (
    *("//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https:evil"),
    *("https://evil.example", "//evil.example/%2f..", "/\t/evil.example", "/\n/evil.example"),
    *("javascript:alert(1)", "data:text/html,x", "http:evil.example", "/\u2028/evil.example"),
    *("//localhost:8000@evil.example", "https:///evil.example", " //evil.example", "/%0d/evil"),
)


@pytest.mark.parametrize("way", WAYS_OUT)
def test_no_next_leads_to_another_host(town, way):
    town.reset("plain")
    form = {"email": "alpha@example.org", "password": "terril-mauve-42-gaillette", "next": way}
    answers = [
        town.client("").post("/sign-in", data=form),
        town.client("firm").get("/sign-in", params={"next": way}),
        town.client("").get("/language/en", params={"next": way}),
    ]
    for answer in answers:
        assert answer.status_code == 303
        there = urlsplit(urljoin(f"{ORIGIN}/sign-in", answer.headers["location"]))
        assert (there.scheme, there.netloc) == ("http", "localhost"), way
        assert re.match(r"/(?![/\\])", answer.headers["location"]), way
    shown = town.client("").get("/sign-in", params={"next": way}).text
    assert HOSTILE not in shown
    assert "evil" not in re.findall(r'name="next" value="([^"]*)"', shown)[0].partition("/")[0]
