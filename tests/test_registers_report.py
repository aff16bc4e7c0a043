"""What an import says of itself: figures in both languages, and a kind for every remark."""

import csv
import json
from pathlib import Path

import pytest

from eit import data, texts
from eit.faults import Notice
from eit.registers import ImportReport
from eit.registers.report import COLUMNS, KINDS, kind_of, remarks, year_of

REPORT = ImportReport(
    folder=Path("out"),
    rows=12345,
    sites=12,
    declarations=0,
    placed={"exact": 10, "commune": 2},
    counts={"register_twice": 3, "place_far": 1, "place_swapped": 4, "register_siret_shared": 5},
    hubs=2,
)


def test_the_figures_are_json():
    found = json.loads(json.dumps(REPORT.as_dict()))
    assert (found["folder"], found["rows"], found["hubs"], found["parks"]) == ("out", 12345, 2, 0)
    assert found["placed"] == {"exact": 10, "commune": 2}
    assert found["counts"]["place_far"] == 1


def test_lines_tell_what_there_is_in_the_reader_s_language():
    english = REPORT.lines("en")
    assert english == {
        "Rows of the register": "12,345",
        "Sites": "12",
        "Treatment sites": "2",
        "Placed by coordinates": "10",
        "Placed at the centre of their commune": "2",
        "Left out (import_report.csv)": "3",
        "To be checked (import_report.csv)": "1",
        "Mended (import_report.csv)": "4",
        "Remarks (import_report.csv)": "5",
    }
    assert REPORT.lines("fr")["Lignes du registre"] == "12\u202f345"
    assert len(REPORT.lines("fr")) == len(english)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("register_damaged", "dropped"),
        ("place_far", "doubt"),
        ("place_swapped", "repair"),
        ("cnig_joined", "repair"),
        ("register_no_staff", "note"),
    ],
)
def test_a_remark_says_what_became_of_its_row(code, kind):
    assert kind_of(code) == kind


def test_every_remark_of_a_register_has_a_kind_of_its_own_or_tells_of_a_mend():
    """What is no repair is listed: a new sentence must not slip into the repairs unseen."""
    with data.path("messages", "registers.csv").open(encoding="utf-8", newline="") as lines:
        codes = [
            row["key"][7:] for row in csv.DictReader(lines) if row["key"].startswith("notice.")
        ]
    repairs = {code for code in codes if kind_of(code) == "repair"}
    assert repairs == {"cnig_joined", "cnig_metres", "cnig_outline_mended", "irep_zeros"}
    assert {kind_of(code) for code in codes} == set(KINDS)


def test_remarks_stand_by_file_and_line_with_their_site():
    said = [
        Notice("b.csv", 2, "", "", "register_twice"),
        Notice("a.csv", 9, "siret", "1", "register_siret"),
        Notice("a.csv", 3, "siret", "2", "register_siret"),
    ]
    table = remarks(said, {("a.csv", 3): "S"}, "en")
    assert table.columns.tolist() == list(COLUMNS)
    assert table[["file", "line", "site_id"]].to_numpy().tolist() == [
        ["a.csv", 3, "S"],
        ["a.csv", 9, ""],
        ["b.csv", 2, ""],
    ]
    assert table["said"].str.contains("SIRET").tolist() == [True, True, False]


def test_the_year_is_read_from_a_name_that_bears_one():
    assert [year_of(name) for name in ("irep2020_sites", "stock_202", "x")] == [2020, None, None]


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_every_line_has_a_label_of_its_own(lang):
    labels = [v for k, v in texts.catalogue(lang).items() if k.startswith("registers.line.")]
    assert len(labels) == len(set(labels))
