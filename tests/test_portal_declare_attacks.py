"""Hostile files, names and parameters: nothing runs, nothing breaks, nothing is learnt."""

import csv
import io
import re
import zipfile

import pytest
from python_calamine import CalamineWorkbook
from support.portal.desk import HEADER

from eit.tables import schema

NAMES = schema("declarations").names
SCRIPT = "<script>alert(1)</script>"
BREAKOUTS = (SCRIPT, '"><img src=x onerror=alert(1)>', "{{7*7}}${7*7}", "'><svg/onload=alert(1)>")
FORMULAS = ("=1+1", "+1+1", "-1+A1", "@SUM(A1)", "\t=1+1", '=HYPERLINK("http://x.example")')
SQL = (
    "' OR '1'='1",
    "'; DROP TABLE submission; --",
    "1 UNION SELECT * FROM account",
    "%",
    "\\",
    "_",
)
CSV = {"content-type": "text/csv"}
STARTS = ("=", "+", "-", "@", "\t", "\r")


def table(rows) -> bytes:
    """Rows as CSV with every declared column."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(NAMES)
    writer.writerows(rows)
    return text.getvalue().encode()


def upload(client, firms, content, name="flux.csv"):
    files = {"file": (name, content)}
    answer = client.post(f"{firms.base}/declarations", files=files, data={"again": "yes"})
    assert answer.status_code == 303
    return answer.headers["location"].partition("?")[0]


def all_pages(firms, sent, name):
    rows = [f"{sent}/rows/{line}" for line in firms.lines(sent.rpartition("/")[2])]
    ends = ("declarations", "submissions", f"declarations/history?id={name}")
    return [sent, *rows, *(f"{firms.base}/{end}" for end in ends)]


def cells_of(value, number):
    """A row with a hostile text in every cell; sound where a column can hold any text."""
    return [f"{value}{number}" if name == "declaration_id" else value for name in NAMES]


def test_script_in_every_cell_and_name_is_shown_as_text_on_every_page(firms, acme):
    sent = upload(
        acme, firms, table(cells_of(text, n) for n, text in enumerate(BREAKOUTS)), f"{SCRIPT}.csv"
    )
    for address in all_pages(firms, sent, SCRIPT):
        answer = acme.get(address)
        if answer.status_code == 404 and "history" in address:
            continue
        assert answer.status_code == 200, address
        body = re.sub(r'<script src="[^"]+" defer></script>', "", answer.text)
        assert "<script" not in body, address
        assert not re.search(r"<(img|svg)\b", body), address


def test_script_that_was_declared_stays_text_in_lists_and_history(firms, acme):
    cells = dict.fromkeys(("label", "comment", "source"), SCRIPT)
    row = {"declaration_id": SCRIPT, "site_id": "a1", "kind": "need", "resource": "sand", **cells}
    sent = upload(acme, firms, table([[{**row, "quantity": "1"}.get(name, "") for name in NAMES]]))
    assert acme.post(f"{sent}/declare").status_code == 303
    assert SCRIPT in firms.live()
    for end in (
        "declarations",
        f"declarations/history?id={SCRIPT}",
        f"declarations/cancel?id={SCRIPT}",
        f"declarations/new?id={SCRIPT}",
    ):
        answer = acme.get(f"{firms.base}/{end}")
        assert answer.status_code == 200
        assert SCRIPT not in answer.text
        assert "&lt;script&gt;" in answer.text


def test_no_cell_of_any_file_given_back_runs_as_a_formula(firms, acme):
    rows = [cells_of(text, n) for n, text in enumerate(FORMULAS)]
    sent = upload(acme, firms, table(rows))
    sound = "declaration_id;site_id;kind;resource;quantity;label;comment\n"
    for n, text in enumerate(FORMULAS):
        quoted = text.replace('"', '""')
        sound += f'"{quoted}{n}";a1;need;sand;{n + 1};"{quoted}";"{quoted}"\n'
    firms.declare(sound)

    texts = [
        acme.get(f"{sent}/corrected.csv").content,
        acme.get(f"{firms.base}/declarations/template.csv?filled=yes").content,
        zipfile.ZipFile(io.BytesIO(acme.get(f"{firms.base}/declarations/export.zip").content)).read(
            "versions.csv"
        ),
    ]
    for content in texts:
        text = io.StringIO(content.decode("utf-8-sig"), newline="")
        lines = list(csv.reader(text, delimiter=";"))
        found = [cell for line in lines for cell in line]
        assert any(cell.startswith("'=") for cell in found)
        assert [cell for cell in found if cell.startswith(STARTS)] == []
    books = [
        acme.get(f"{sent}/corrected.xlsx").content,
        acme.get(f"{firms.base}/declarations/template.xlsx?filled=yes").content,
    ]
    for content in books:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            sheets = [parts.read(name) for name in parts.namelist() if "/sheet" in name]
        assert not any(b"<f>" in sheet for sheet in sheets)
        cells = (
            CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
        )
        assert [
            c for row in cells for c in row if str(c).startswith(STARTS) and isinstance(c, str)
        ] == []


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/cron.d/x.csv",
        "..\\..\\boot.ini",
        "/etc/passwd",
        "a\x00b.csv",
        "x" * 5000,
        "nul.csv\r\nSet-Cookie: a=b",
        "",
        ".",
        'con<>:"|?*.csv',
        "\u202efdp.csv",
    ],
)
def test_a_hostile_file_name_is_only_ever_a_name(firms, acme, name):
    answer = acme.post(
        f"{firms.api}/submissions",
        content=HEADER + f"N{len(name)};a1;need;sand;1;t;\n",
        headers=CSV,
        params={"filename": name, "again": "yes"},
    )
    assert answer.status_code == 201
    told = answer.json()
    assert not re.search(r"[/\\\x00-\x1f]", told["filename"])
    assert 0 < len(told["filename"]) <= 100
    given = acme.get(f"{firms.api}/submissions/{told['id']}/original")
    assert given.status_code == 200
    assert "set-cookie" not in given.headers
    export = acme.get(f"{firms.base}/declarations/export.zip").content
    names = zipfile.ZipFile(io.BytesIO(export)).namelist()
    assert all(re.fullmatch(r"files/[^/\\:*?\"<>|\x00-\x1f]+|versions\.csv", one) for one in names)
    assert not any(".." in one.split("/") for one in names)


def test_nul_bytes_and_halves_of_characters_are_kept_as_sent_and_shown_as_signs(firms, acme):
    content = b"declaration_id;site_id;kind;resource;quantity;label\nN\x001;a1;need;sand;1;a\x00b\n"
    sent = upload(acme, firms, content)
    assert acme.get(sent).status_code == 200
    assert acme.get(f"{sent}/original").content == content
    assert acme.post(f"{sent}/declare").status_code == 303
    lone = acme.post(
        f"{firms.api}/declarations/cancel",
        content=b'{"declaration_id": "\\ud800\\u0000"}',
        headers={"content-type": "application/json"},
    )
    assert lone.status_code in (404, 422)


@pytest.mark.parametrize(
    "content",
    [
        b"\x00" * 5000,
        bytes(range(256)) * 40,
        b'"' * 3000,
        b";" * 1500,
        b'sep="\na"b\n',
        b"sep=\n\n",
        b"\xff\xfe\x00",
        b"declaration_id\n",
    ],
)
def test_any_bytes_are_answered_without_a_failure(firms, acme, content):
    sent = upload(acme, firms, content)
    assert acme.get(sent).status_code == 200
    assert acme.get(f"{sent}/corrected.csv").status_code == 200
    assert acme.post(f"{sent}/declare").status_code in (303, 409)


def test_a_million_columns_and_bombs_are_refused_before_they_are_kept(firms, acme):
    before = acme.get(f"{firms.api}/submissions").json()["total"]
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", b'<c r="XFD1048576"/>')
    for content in (b"declaration_id" + b";x" * 1_000_000, bomb.getvalue()):
        answer = acme.post(f"{firms.api}/submissions", content=content, headers=CSV)
        assert answer.status_code == 422
        assert answer.json()["error"]["message"]
    assert acme.get(f"{firms.api}/submissions").json()["total"] == before


@pytest.mark.parametrize("text", SQL)
def test_sql_in_every_parameter_is_only_text(firms, acme, text):
    firms.declare(HEADER + "SQL1;a1;need;sand;1;t;\n", again=True, replaces_known=True)
    gets = {
        f"/t/{text}/firms/{firms.acme.id}/declarations": {},
        f"/t/{firms.territory.slug}/firms/{text}/declarations": {},
        f"{firms.base}/submissions/{text}": {},
        f"{firms.base}/declarations/history": {"id": text},
        f"{firms.base}/declarations/cancel": {"id": text},
        f"{firms.base}/declarations/new": {"id": text},
        f"{firms.api}/submissions/{text}": {},
        f"{firms.api}/declarations/history": {"declaration_id": text},
    }
    for address, query in gets.items():
        assert acme.get(address, params=query).status_code == 404, address
    assert acme.get(f"{firms.base}/declarations", params={"q": text}).status_code == 200
    assert acme.get(f"{firms.api}/declarations", params={"q": text}).json()["total"] <= len(
        firms.live()
    )
    cancel = acme.post(f"{firms.api}/declarations/cancel", json={"declaration_id": text})
    assert cancel.status_code == 404
    assert "SQL1" in firms.live()


@pytest.mark.parametrize("line", ["0", "-1", "99999999999999999999", "2147483648", "x"])
def test_numbers_out_of_all_bounds_are_answered(firms, acme, line):
    sent = upload(acme, firms, (HEADER + "B1;a1;need;sand;x;t;\n").encode())
    assert acme.get(f"{sent}/rows/{line}").status_code in (404, 422)
    assert acme.post(f"{sent}/correct", data={f"drop-{line}": "yes"}).status_code in (303, 404)
    assert acme.get(f"{sent}?page={line}").status_code in (200, 422)
    asked = {"rows": [{"line": line, "cells": {"quantity": "1"}}]}
    number = sent.rpartition("/")[2]
    answer = acme.post(f"{firms.api}/submissions/{number}/corrections", json=asked)
    assert answer.status_code in (404, 422)


def test_a_correction_cannot_reach_into_what_a_file_does_not_declare(firms, acme):
    sent = upload(acme, firms, (HEADER + "U1;a1;need;sand;x;t;\n").encode())
    answer = acme.post(
        f"{sent}/correct", data={"cell-2-quantity": "5\n=1+1;b1", "cell-2-nothing": "x"}
    )
    new = answer.headers["location"].partition("?")[0].rpartition("/")[2]
    assert len(firms.lines(new)) == 1
    assert "nothing" not in firms.lines(new)[2].cells
