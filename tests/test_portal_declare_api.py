"""The HTTP interface of declarations: the same operations, the shape of `eit check --json`."""

import io
import zipfile

import pytest
from support.portal.desk import HEADER, MIXED

from eit.checking import check_paths

CSV = {"content-type": "text/csv"}
KEYS = {"file", "line", "column", "value", "wanted", "mend", "code"}


@pytest.fixture(scope="module")
def program(firms):
    """A program with a key of the firm's."""
    with firms.portal.bearer(firms.people["acme"]) as client:
        yield client


def send(program, firms, text, **query):
    return program.post(f"{firms.api}/submissions", content=text, headers=CSV, params=query)


def test_a_table_sent_alone_or_in_a_form_is_checked_in_the_shape_of_eit_check(
    firms, program, tmp_path
):
    alone = send(program, firms, MIXED, filename="flux.csv")
    form = program.post(
        f"{firms.api}/submissions",
        files={"file": ("flux.csv", MIXED.encode())},
        data={"again": "true"},
    )

    assert (alone.status_code, form.status_code) == (201, 201)
    one, other = alone.json(), form.json()
    assert one["faults"] == other["faults"]
    (tmp_path / "flux.csv").write_text(MIXED)
    alike = check_paths([tmp_path / "flux.csv"]).as_dict("fr")
    assert one["faults"] == alike["faults"], "no fault here hangs on the territory"
    assert one["notices"] == alike["notices"]
    assert one["sound"] == alike["sound"] == 2
    assert all(set(fault) == KEYS for fault in one["faults"])


def test_the_same_bytes_again_give_the_first_submission_with_status_200(firms, program):
    text = HEADER + "D1;a1;need;sand;1;t;\n"
    first, second = send(program, firms, text), send(program, firms, text)

    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json()["duplicate"] is True
    assert second.json()["id"] == first.json()["id"]


def test_a_draft_is_corrected_declared_and_listed(firms, program):
    number = send(program, firms, MIXED.replace("R", "P")).json()["id"]
    faulty = program.get(f"{firms.api}/submissions/{number}/rows", params={"show": "faulty"}).json()
    assert [line["line"] for line in faulty["items"]] == [3, 4]

    mended = program.post(
        f"{firms.api}/submissions/{number}/corrections",
        json={"rows": [{"line": 3, "cells": {"quantity": "3", "unheard_of": "x"}}], "drop": [4]},
    )
    assert (mended.status_code, mended.json()["corrects_id"]) == (201, number)
    assert mended.json()["faults"] == []
    told = program.post(f"{firms.api}/submissions/{mended.json()['id']}/declare").json()
    assert told == {"declared": 3, "left": 0, "rest_id": None}
    live = program.get(f"{firms.api}/declarations", params={"q": "P"}).json()
    assert [one["declaration_id"] for one in live["items"]] == ["P1", "P2", "P4"]
    assert live["items"][0]["cells"]["current_cost_eur_per_unit"] == "45"
    history = program.get(
        f"{firms.api}/declarations/history", params={"declaration_id": "P2"}
    ).json()
    states = [one["submission"]["state"] for one in history["items"]]
    assert states == ["declared", "replaced"]


def test_a_declaration_is_cancelled_once(firms, program):
    firms.declare(HEADER + "C1;a1;need;sand;1;t;\n")
    cancel = {"declaration_id": "C1"}
    answers = [program.post(f"{firms.api}/declarations/cancel", json=cancel) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 409]
    assert answers[1].json()["error"]["code"] == "declare_not_live"


def test_a_draft_is_taken_back(firms, program):
    number = send(program, firms, HEADER + "W1;a1;need;sand;1;t;\n").json()["id"]
    assert program.post(f"{firms.api}/submissions/{number}/withdraw").json()["state"] == "withdrawn"
    again = program.post(f"{firms.api}/submissions/{number}/declare")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "declare_no_draft")


def test_files_are_given_back_under_names_of_ours(firms, program):
    number = send(program, firms, MIXED.replace("R", "G"), filename="../../x.csv").json()["id"]
    one = f"{firms.api}/submissions/{number}"

    assert program.get(f"{one}/original").content == MIXED.replace("R", "G").encode()
    assert program.get(f"{one}/corrected.csv").content.startswith(b"\xef\xbb\xbffault;")
    assert program.get(f"{one}/corrected.xlsx").content.startswith(b"PK")
    assert program.get(f"{firms.api}/template.xlsx").content.startswith(b"PK")
    export = program.get(f"{firms.api}/export")
    assert "versions.csv" in zipfile.ZipFile(io.BytesIO(export.content)).namelist()
    for answer in (program.get(f"{one}/original"), export):
        assert answer.headers["content-disposition"].startswith("attachment")
        assert ".." not in answer.headers["content-disposition"]


def test_the_firm_alone_delegates(firms, program):
    facilitator = firms.client("facilitator")
    address = f"{firms.api}/delegation"
    assert facilitator.put(address, json={"granted": True}).status_code == 403
    assert program.put(address, json={"granted": True}).json() == {"granted": True}
    assert facilitator.get(address).json() == {"granted": True}
    sent = facilitator.post(f"{firms.api}/submissions", content=MIXED + "\n", headers=CSV)
    assert sent.json()["sent_as"] == "facilitator"
    assert program.put(address, json={"granted": False}).json() == {"granted": False}


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"", "text/csv", 422, "declare_empty"),
        (b"declaration_id" + b";x" * 3_000, "text/csv", 422, "declare_wide"),
        (b"{}", "application/json", 415, "media_type"),
        (b"x", "multipart/form-data", 400, "bad_request"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_the_one_shape_of_errors(
    firms, program, content, kind, status, code
):
    answer = program.post(
        f"{firms.api}/submissions", content=content, headers={"content-type": kind}
    )

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_nobody_signed_in_gets_401_and_others_404(firms):
    ends = ("submissions", "declarations", "export", "template.csv", "delegation")
    assert {firms.portal.client().get(f"{firms.api}/{end}").status_code for end in ends} == {401}
    for person in ("beton", "manager", "administrator"):
        client = firms.client(person)
        assert {client.get(f"{firms.api}/{end}").status_code for end in ends} == {404}


def test_every_operation_and_its_answers_are_documented(firms, program):
    paths = program.get("/api/v1/openapi.json").json()["paths"]
    mine = {
        path: verbs
        for path, verbs in paths.items()
        if "/firms/{firm_id}/submissions" in path or "/firms/{firm_id}/declarations" in path
    }
    assert len(mine) == 11
    for verbs in mine.values():
        for operation in verbs.values():
            assert operation["summary"]
            assert operation["description"]
            assert {"401", "403", "404", "422"} <= set(operation["responses"])
    sending = mine["/api/v1/territories/{slug}/firms/{firm_id}/submissions"]["post"]
    assert {"multipart/form-data", "text/csv"} <= set(sending["requestBody"]["content"])
    assert {"200", "201", "409", "413", "415"} <= set(sending["responses"])
