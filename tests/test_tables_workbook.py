import datetime as dt
import io
import zipfile

import pytest
import xlsxwriter
from support.tables import HEAD, codes

from eit.tables import read_table
from eit.tables import workbook as workbooks


def as_xlsx(rows, *, sheet: str = "Feuil1", other: str = "") -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        if other:
            book.add_worksheet(other).write(0, 0, "note")
        page = book.add_worksheet(sheet)
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for at, row in enumerate(rows):
            for place, cell in enumerate(row):
                if isinstance(cell, dt.date):
                    page.write_datetime(at, place, cell, day)
                elif cell != "":
                    page.write(at, place, cell)
    return content.getvalue()


# Workbooks


def test_a_workbook_is_read_like_a_csv_file():
    rows = [
        HEAD.split(";"),
        ["D1", "S1", "résidu", 191201, 12.5, "t", dt.date(2026, 12, 9), "a"],
        [],
        ["D2", "S1", "besoin", 10408, -1, "t", "tous", ""],
    ]
    table = read_table(as_xlsx(rows), "declarations", file="acme.xlsx")

    assert table.rows["line"].tolist() == [2, 4]
    assert table.rows["resource"].tolist() == ["19 12 01", "01 04 08"]
    assert table.rows["quantity"][0] == 12.5
    assert table.rows["months"][0] == "0|0|0|0|0|0|0|0|1|1|1|1"
    assert codes(table.faults) == [(4, "quantity", "positive")]
    assert codes(table.notices) == [(2, "months", "months_date"), (4, "resource", "code_padded")]


def test_a_siret_that_the_workbook_holds_as_a_number_keeps_its_digits():
    table = read_table(as_xlsx([["site_id", "siret"], [12, 44306184100047]]), "sites")

    assert table.faults == ()
    assert table.rows.loc[0, ["site_id", "siret"]].tolist() == ["12", "44306184100047"]


@pytest.mark.parametrize("sheet", ["declarations", "Déclarations"])
def test_the_sheet_named_as_the_table_is_read_before_the_first(sheet):
    table = read_table(
        as_xlsx([["declaration_id"], ["D1"]], sheet=sheet, other="A"), "declarations"
    )

    assert table.rows["declaration_id"].tolist() == ["D1"]


def test_a_workbook_that_would_fill_the_memory_is_refused(monkeypatch):
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        page = book.add_worksheet()
        page.write(0, 0, "x")
        page.write(1_048_575, 16_383, "y")

    assert codes(read_table(content.getvalue(), "sites").faults) == [(0, "", "too_large")]
    monkeypatch.setattr(workbooks, "LARGEST_BYTES", 100)
    small = read_table(as_xlsx([["site_id"], ["S1"]]), "sites")
    assert codes(small.faults) == [(0, "", "too_large")]


def test_a_damaged_or_foreign_zip_is_one_fault():
    foreign = io.BytesIO()
    with zipfile.ZipFile(foreign, "w") as parts:
        parts.writestr("a.txt", "b")

    for content in (b"PK\x03\x04junk", foreign.getvalue(), b"\xd0\xcf\x11\xe0junk"):
        assert codes(read_table(content, "sites").faults) == [(0, "", "workbook")]
