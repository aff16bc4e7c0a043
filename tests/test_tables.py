import csv
import datetime as dt
import io
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from eit.nomenclature import normalise_resource
from eit.tables import (
    explain,
    quality_terms,
    read_table,
    schema,
    schema_names,
    write_corrected,
    write_template,
)
from eit.tables import workbook as workbooks
from eit.tables.codes import read_resource, read_siret
from eit.tables.dates import read_date, read_moment, read_time
from eit.tables.months import read_months
from eit.tables.numbers import read_number
from eit.tables.quality import read_limits, read_quality

HEAD = "declaration_id;site_id;kind;resource;quantity;unit;months;comment"


def read(text: str, *, encoding: str = "utf-8", name: str = "declarations"):
    return read_table(text.encode(encoding), name, file="acme.csv")


def codes(said) -> list[tuple[int, str, str]]:
    return [(one.line, one.column, one.code) for one in said]


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


# The declared columns


def test_every_column_of_the_contract_is_declared():
    expected = {
        "sites": "site_id firm name siret naf naf_version address postcode city insee lon lat x y "
        "crs park_id employees contact",
        "declarations": "declaration_id action declared_at site_id siret kind resource label "
        "quantity unit per quantity_low quantity_high months current_cost_eur_per_unit max_share "
        "min_lot max_partners max_distance_km required storage quality form status hazardous "
        "data_quality source confidentiality valid_from valid_to comment",
        "rules": "rule_id residue need ratio treatment_cost_eur_per_unit co2e_avoided_kg_per_unit "
        "hierarchy operation quality max_distance_km source certainty",
        "hubs": "hub_id name address postcode city insee lon lat x y crs status takes gives yield "
        "capacity unit_cost_eur opening_cost_eur operation quality hazardous",
        "links": "from_id to_id mode distance_km cost_eur_per_unit trip_payload trip_cost_eur "
        "fixed_cost_eur fixed_per min_quantity max_quantity required existing co2e_kg_per_unit "
        "hazardous allowed capacity_group group_capacity group_fixed_cost_eur",
        "services": "service_id site_id service quantity unit current_cost_eur frequency window "
        "min_group max_group max_distance_km exclusive_with",
        "service_offers": "offer_id service tier_from_quantity unit_price_eur fixed_cost_eur "
        "capacity lon lat",
        "pickups": "pickup_id site_id x y resource quantity ready due service_minutes",
        "vehicles": "vehicle_id lon lat capacity cost_eur_per_km fixed_cost_eur shift_start "
        "shift_end",
    }

    assert set(expected) <= set(schema_names())
    for name, columns in expected.items():
        assert set(columns.split()) <= set(schema(name).names), name


@pytest.mark.parametrize("name", schema_names())
def test_every_declared_default_and_choice_reads_as_itself(name):
    for column in schema(name).columns:
        assert column.description_en, column.name
        assert column.description_fr, column.name
        if column.default and column.choices:
            assert column.default in column.choices
    rows = read_table(",".join(schema(name).names).encode(), name)
    assert rows.faults == ()
    assert rows.notices == ()


def test_titles_are_known_in_both_languages_whatever_the_case_accents_and_spaces():
    titles = ("  ID Déclaration ", "identifiant_site", "Nature", "RESSOURCE", "Quantité", "Unité")
    table = read(";".join(titles) + "\nD1;S1;Résidu;19 12 01;3;T\n")

    assert table.faults == ()
    assert table.notices == ()
    assert table.frame.loc[0, ["declaration_id", "site_id", "kind"]].tolist() == [
        *("D1", "S1", "residue"),
    ]


def test_choices_are_read_in_both_languages():
    table = read(
        "declaration_id;action;kind;per;required;hazardous;confidentiality;form\n"
        "D1;Créer;RÉSIDU;une fois;Oui;non;public;Boue\n"
        "D2;annuler;besoin;Mois;no;YES;zone;en vrac\n"
    )

    assert table.faults == ()
    assert table.rows["action"].tolist() == ["create", "cancel"]
    assert table.rows["kind"].tolist() == ["residue", "need"]
    assert table.rows["per"].tolist() == ["once", "month"]
    assert table.rows["required"].tolist() == [True, False]
    assert table.rows["hazardous"].tolist() == ["no", "yes"]
    assert table.rows["confidentiality"].tolist() == ["open", "park"]
    assert table.rows["form"].tolist() == ["sludge", "bulk"]


# Encodings, separators, lines


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
def test_accents_survive_every_encoding_and_only_a_guess_is_told(encoding):
    table = read(f"{HEAD}\nD1;S1;résidu;19 12 01;3;t;;œuvre à 5 €\n", encoding=encoding)

    assert table.faults == ()
    assert table.rows["comment"].tolist() == ["œuvre à 5 €"]
    guessed = encoding in ("cp1252", "utf-16-le", "utf-16-be")
    assert [notice.code for notice in table.notices] == ["encoding"] * guessed


def test_joined_files_of_two_encodings_are_read_line_by_line():
    content = f"{HEAD}\nD1;S1;résidu;19 12 01;3;t;;é\n".encode()
    content += "D2;S1;résidu;19 12 01;3;t;;é\n".encode("cp1252")

    table = read_table(content, "declarations")

    assert table.rows["comment"].tolist() == ["é", "é"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_separator_and_line_end_is_found_by_looking(separator, end):
    lines = [HEAD, "D1;S1;need;water;3;m3;;a", "", "D2;S1;need;water;x;m3;;b"]
    table = read(end.join(line.replace(";", separator) for line in lines) + end)

    assert table.rows["line"].tolist() == [2, 4]
    assert codes(table.faults) == [(4, "quantity", "number")]


def test_a_first_line_that_names_the_separator_is_not_the_header():
    table = read(f"sep=;\r\n{HEAD}\r\nD1;S1;need;water;x;m3;;\r\n")

    assert codes(table.faults) == [(3, "quantity", "number")]


def test_the_line_of_a_row_with_quoted_newlines_is_the_one_where_it_starts():
    table = read(f'{HEAD}\nD1;S1;need;water;1;m3;;"two\nlines"\nD2;S1;need;water;x;m3;;\n')

    assert table.rows["line"].tolist() == [2, 4]
    assert table.rows["comment"].tolist() == ["two\nlines", ""]
    assert codes(table.faults) == [(4, "quantity", "number")]


@pytest.mark.parametrize("later", ["", '"a note"', '"two\nlines"'])
def test_an_unclosed_quote_costs_its_own_row_only(later):
    table = read(
        f"{HEAD}\nD1;S1;need;water;1;m3;;\n"
        'D2;S1;need;water;1;m3;;"never closed\n'
        f"D3;S1;need;water;1;m3;;{later}\n"
        "D4;S1;need;water;1;m3;;\n"
    )

    assert codes(table.faults) == [(3, "", "quote")]
    assert table.frame["declaration_id"].tolist() == ["D1", "D3", "D4"]


def test_an_unclosed_quote_that_a_later_stray_quote_closes_swallows_nothing():
    table = read(
        f'{HEAD}\nD1;S1;"need;water;1;m3;;\nD2;S1;need;water;1;m3;;\n'
        'D3;S1;need";water;1;m3;;\nD4;S1;need;water;1;m3;;\n'
    )

    assert codes(table.faults)[0] == (2, "", "quote")
    assert {"D2", "D4"} <= set(table.frame["declaration_id"])


def test_quotes_inside_a_quoted_cell_are_read_with_a_notice():
    table = read(f'{HEAD}\nD1;S1;need;water;1;m3;;"bois "A"; trié"\n')

    assert table.faults == ()
    assert table.rows["comment"].tolist() == ['bois "A"; trié']
    assert codes(table.notices) == [(2, "", "quote_stray")]


def test_thousands_of_unclosed_quotes_take_no_time_to_speak_of():
    text = f"{HEAD}\n" + 'D1;S1;need;water;1;m3;;"x\n' * 20_000
    start = time.process_time()

    table = read(text)

    assert len(table.faults) == 20_000
    assert time.process_time() - start < 10


def test_a_cell_beyond_the_limit_of_the_csv_module_is_read():
    table = read(f'{HEAD}\nD1;S1;need;water;1;m3;;"{"x" * 200_000}"\nD2;S1;need;water;1;m3;;\n')

    assert table.faults == ()
    assert table.rows["comment"].str.len().tolist() == [200_000, 0]


# Ragged and repeated rows


def test_a_row_with_an_extra_value_is_a_fault_and_with_an_extra_blank_a_notice():
    table = read(f"{HEAD}\nD1;S1;need;water;1;m3;;;\nD2;S1;need;water;1;m3;;;lost\n")

    assert codes(table.faults) == [(3, "", "row_long")]
    assert table.faults[0].value == "lost"
    assert codes(table.notices) == [(2, "", "row_long_blank")]
    assert table.sound.tolist() == [True, False]


def test_a_row_with_fewer_cells_is_read_with_a_notice():
    table = read(f"{HEAD}\nD1;S1;need;water;1\n")

    assert table.faults == ()
    assert codes(table.notices) == [(2, "", "row_short")]
    assert table.rows["quantity"].tolist() == [1.0]


def test_a_decimal_comma_that_splits_a_cell_of_a_comma_file_is_one_fault():
    table = read(f"{HEAD}\nD1;S1;need;water;12,5;m3;;x\n".replace(";", ","))

    assert codes(table.faults) == [(2, "", "row_long")]


def test_blank_rows_are_passed_over():
    table = read(f"\n{HEAD}\n;;;;;;;\n ; ;;;;;;\n\nD1;S1;need;water;1;m3;;\n")

    assert table.faults == ()
    assert table.rows["line"].tolist() == [6]


def test_a_repeated_header_is_a_notice():
    table = read(f"{HEAD}\nD1;S1;need;water;1;m3;;\n{HEAD}\nD2;S1;need;water;1;m3;;\n")

    assert table.faults == ()
    assert codes(table.notices) == [(3, "", "header_again")]
    assert table.rows["declaration_id"].tolist() == ["D1", "D2"]


def test_a_repeated_title_is_a_notice_and_the_first_cell_that_is_filled_counts():
    table = read("declaration_id;comment;commentaire\nD1;a;b\nD2;;c\n")

    assert codes(table.notices) == [(1, "comment", "column_again")]
    assert table.rows["comment"].tolist() == ["a", "c"]


def test_an_unknown_title_is_a_notice_that_names_the_nearest():
    table = read("declaration_id;quantty\nD1;3\n")

    assert codes(table.notices) == [(1, "", "column_unknown")]
    assert "quantity" in table.notices[0].text("en")


def test_a_column_without_a_title_is_told_only_if_it_holds_something():
    assert read("declaration_id;;comment\nD1;;a\n").notices == ()
    told = read("declaration_id;;comment\nD1;x;a\n").notices
    assert codes(told) == [(1, "", "column_unnamed")]


def test_a_missing_required_column_is_one_fault():
    table = read("kind;quantity\nneed;1\nneed;2\n")

    assert codes(table.faults) == [(1, "declaration_id", "column_missing")]
    assert table.sound.tolist() == [False, False]


def test_a_file_without_titles_and_an_empty_one_are_one_fault():
    assert codes(read("1;2;3\n4;5;6\n").faults) == [(1, "", "header")]
    assert codes(read("").faults) == [(0, "", "empty")]
    assert codes(read(" \n\n").faults) == [(0, "", "empty")]


def test_a_repeated_key_is_a_fault_on_each_repeat():
    table = read("site_id;name\nS1;a\nS2;b\nS1;c\nS1;d\n", name="sites")

    assert codes(table.faults) == [(4, "site_id", "duplicate"), (5, "site_id", "duplicate")]
    assert table.frame["site_id"].tolist() == ["S1", "S2"]


def test_many_like_notices_are_counted_after_the_first_twenty():
    table = read(f"{HEAD}\n" + "".join(f"D{i};S;need;10408;1;t;;\n" for i in range(100)))

    assert len(table.notices) == 21
    assert "80" in next(n for n in table.notices if n.code == "more").text("en")


# Numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1234.5", 1234.5),
        ("1234,5", 1234.5),
        ("1 234,5", 1234.5),
        ("1\u00a0234,5", 1234.5),
        ("1\u202f234\u202f567,5", 1234567.5),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("1,234,567", 1234567),
        ("-12,5", -12.5),
        ("\u221212", -12),
        ("1e3", 1000),
        (",5", 0.5),
        ("5,", 5),
        ("0,125", 0.125),
    ],
)
def test_numbers_are_read_as_people_write_them(text, value):
    cell = read_number(text, comma_decimal=False)

    assert cell.fault == ""
    assert cell.notice == ""
    assert cell.value == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    ["x", "12 t", "1 2", "12 34", "1_000", "nan", "inf", "1e999", "", "-", ".", "e3", "1,2,3", "½"],
)
def test_what_is_no_number_is_a_fault(text):
    assert read_number(text, comma_decimal=True).fault == "number"


def test_a_comma_before_three_digits_is_decimal_and_told_unless_the_file_writes_so():
    told = read_number("1,234", comma_decimal=False)

    assert (told.value, told.notice) == (1.234, "decimal_comma")
    assert read_number("1,234", comma_decimal=True).notice == ""
    semicolon = read("declaration_id;quantity\nD1;1,234\n")
    comma = read('declaration_id,quantity\nD1,"1,234"\n')
    tab = read("declaration_id\tquantity\nD1\t1,234\n")
    assert [t.rows["quantity"][0] for t in (semicolon, comma, tab)] == [1.234] * 3
    assert [len(t.notices) for t in (semicolon, comma, tab)] == [0, 1, 1]


def test_each_range_has_its_own_fault():
    table = read(
        "declaration_id;quantity;max_share;min_lot;max_partners\n"
        "D1;0;0,8;0;1\nD2;-1;1,5;-1;0\nD3;1;80 %;;2,5\nD4;1;-0,1;;3,0\n"
    )

    assert sorted(codes(table.faults)) == sorted(
        [
            (2, "quantity", "positive"),
            (3, "quantity", "positive"),
            (3, "max_share", "share"),
            (3, "min_lot", "nonnegative"),
            (3, "max_partners", "count"),
            (4, "max_partners", "count"),
            (5, "max_share", "share"),
        ]
    )
    assert table.rows["max_share"][2] == 0.8
    assert table.rows["max_partners"][3] == 3


# Months, dates, quality, codes


@pytest.mark.parametrize(
    ("text", "active"),
    [
        ("9-12,1", {9, 10, 11, 12, 1}),
        ("11-2", {11, 12, 1, 2}),
        ("nov-févr", {11, 12, 1, 2}),
        ("sept. à déc.", {9, 10, 11, 12}),
        ("March to May", {3, 4, 5}),
        ("1, 3 et 5", {1, 3, 5}),
        ("janv;juil", {1, 7}),
        ("août", {8}),
        ("07", {7}),
    ],
)
def test_months_are_read_as_people_write_them(text, active):
    weights = str(read_months(text).value).split("|")

    assert {month for month, weight in enumerate(weights, 1) if weight == "1"} == active


@pytest.mark.parametrize("text", ["all", "Tous", "toute l'année", "1-12", "|".join(["2"] * 12)])
def test_a_whole_year_has_one_form(text):
    assert read_months(text).value == "all"


def test_weights_keep_their_values():
    assert read_months("1|0,5|" + "|".join("0" * 10)).value == "1|0.5|" + "|".join("0" * 10)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("13", "months"),
        ("9-", "months"),
        ("1-2-3", "months"),
        ("été", "months"),
        ("9.12", "months"),
        ("46000", "months"),
        ("1|1|1", "months_weights"),
        ("-1|" + "|".join("1" * 11), "months_weights"),
        ("|".join("0" * 12), "months_empty"),
        ("2026-09-12", "months_date"),
        ("31/12/2026", "months_date"),
    ],
)
def test_unreadable_months_are_faults_of_their_own(text, code):
    assert read_months(text).fault == code


@pytest.mark.parametrize("text", ["2026-12-09", "09/12/2026", "09-déc", "9-Dec."])
def test_a_date_that_a_spreadsheet_made_of_months_is_read_back_with_a_notice(text):
    cell = read_months(text)

    assert cell.value == "0|0|0|0|0|0|0|0|1|1|1|1"
    assert cell.notice == "months_date"


@pytest.mark.parametrize(
    "text", ["2026-03-31", "31/03/2026", "31.03.26", "31-3-2026", "31 mars 2026", "31 March 2026"]
)
def test_dates_are_read_as_people_write_them(text):
    assert read_date(text).value == "2026-03-31"
    assert read_moment(text).value == "2026-03-31T00:00:00"


@pytest.mark.parametrize(
    ("text", "code"),
    [("03/31/2026", "date_impossible"), ("30/02/2026", "date_impossible"), ("46112", "date")],
)
def test_what_is_no_day_is_a_fault(text, code):
    assert read_date(text).fault == code


@pytest.mark.parametrize(
    "text", ["2026-03-31T14:30:00", "2026-03-31 14:30", "31/03/2026 14h30", "31/03/2026 à 14:30"]
)
def test_moments_have_an_hour(text):
    assert read_moment(text).value == "2026-03-31T14:30:00"


def test_a_moment_with_an_offset_is_told_in_utc():
    assert read_moment("2026-03-31T14:30:00+02:00").value == "2026-03-31T12:30:00"


def test_times_are_minutes_after_midnight():
    assert [read_time(t).value for t in ("8:30", "8h30", "8h", "17:00:00")] == [510, 510, 480, 1020]
    assert [read_time(t).fault for t in ("25:00", "8:70", "8")] == ["time"] * 3


def test_quality_has_one_form():
    cell = read_quality(" Moisture_pct <= 15,5 ; LHV MJ/kg ≥ 14;")

    assert cell.value == "moisture_pct<=15.5; lhv_mj_kg>=14"
    assert [term.value for term in quality_terms(str(cell.value))] == [15.5, 14.0]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("moisture", "quality"),
        ("moisture=wet", "quality"),
        ("moisture<15", "quality_strict"),
        ("a=1;a=2", "quality_twice"),
        ("a>=6;a<=5", "quality_contradiction"),
    ],
)
def test_unreadable_quality_is_a_fault_of_its_own(text, code):
    assert read_quality(text).fault == code
    assert read_limits("a=5").fault == "quality_value"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("4,43062E+13", "siret_scientific"),
        ("4.43062e13", "siret_scientific"),
        ("443061841", "siret_siren"),
        ("4430618410004", "siret_length"),
        ("44306184100048", "siret_key"),
        ("abc", "siret"),
    ],
)
def test_each_wrong_siret_has_its_own_fault(text, code):
    assert read_siret(text).fault == code


def test_good_sirets_are_read_and_a_lost_zero_is_put_back():
    assert read_siret("443 061 841 00047").value == "44306184100047"
    assert read_siret("35600000049837").value == "35600000049837"  # La Poste, by its own rule
    padded = read_siret("5520100800004")
    assert (padded.value, padded.notice) == ("05520100800004", "siret_padded")


@pytest.mark.parametrize(
    "text", ["191201", "19 12 01", "19.12.01", "191201*", "19-12-01 *", "CED 19 12 01", "191201.0"]
)
def test_a_waste_code_has_one_form(text):
    assert read_resource(text).value == "19 12 01"
    assert normalise_resource(text) == "19 12 01"


def test_a_waste_code_of_five_digits_gets_its_zero_back_with_a_notice():
    cell = read_resource("10408")
    assert (cell.value, cell.notice) == ("01 04 08", "code_padded")


@given(st.text("0123456789 .-*aE_", max_size=9))
def test_the_reader_and_the_nomenclature_agree_on_every_spelling(text):
    assert read_resource(text).value == normalise_resource(text)


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


# Given back


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_the_corrected_file_has_every_row_and_its_faults_and_reads_back_alike(tmp_path, suffix):
    table = read(
        f"{HEAD}\nD1;S1;residue;19 12 01;1 234,5;t;;=1+1\nD2;S1;need;water;x;m3;été;-12\n"
        "D3;S1;need;water;1;m3;;;lost\n"
    )
    path = tmp_path / f"corrected{suffix}"

    write_corrected(table, path, "fr")

    again = read_table(path, "declarations", file="acme.csv")
    assert again.rows.iloc[:2].equals(table.rows.iloc[:2])
    assert codes(again.faults) == codes(table.faults)
    assert again.notices == table.notices


def test_the_corrected_file_is_safe_to_open_and_explains_itself(tmp_path):
    table = read(f"{HEAD}\nD1;S1;residue;19 12 01;x;t;;=cmd|' /C calc'!A0\nD2;S1;need;w;2;t;;-5\n")

    write_corrected(table, tmp_path / "c.csv", "en")

    raw = (tmp_path / "c.csv").read_bytes()
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert raw.startswith(b"\xef\xbb\xbf")
    assert rows[0] == ["fault", *HEAD.split(";")]
    assert rows[1][0].startswith("quantity: 'x' is not a number; ")
    assert rows[1][-1].startswith("'=cmd")
    assert rows[2][0] == ""
    assert rows[2][-1] == "-5"


def test_a_fault_of_the_header_stands_beside_the_first_row(tmp_path):
    write_corrected(read("kind;quantity\nneed;1\n"), tmp_path / "c.csv", "en")

    rows = (tmp_path / "c.csv").read_text(encoding="utf-8-sig").splitlines()
    assert rows[0] == "fault;kind;quantity"
    assert "declaration_id" in rows[1]


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("name", schema_names())
def test_every_template_is_an_empty_table_that_reads_back(tmp_path, name, lang):
    for suffix in (".csv", ".xlsx"):
        path = tmp_path / f"empty{suffix}"
        write_template(name, path, lang)

        table = read_table(path, name)

        assert table.faults == ()
        assert table.notices == ()
        assert table.given == set(schema(name).names)
        assert len(table.rows) == 0
    explanation = (tmp_path / "empty.txt").read_text(encoding="utf-8")
    for column in explain(name, lang):
        assert column["description"] in explanation


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_choices_that_a_template_offers_are_read(lang):
    for name in schema_names():
        for column in schema(name).columns:
            if column.choices:
                cells = pd.DataFrame({"x": explain_choices(name, column.name, lang)})
                text = f"{column.name}\n" + "\n".join(cells["x"]) + "\n"
                found = read_table(text.encode(), name).rows[column.name]
                assert found.astype(str).nunique() == len(column.choices), column.name


def explain_choices(name: str, column: str, lang: str) -> list[str]:
    place = schema(name).names.index(column)
    return explain(name, lang)[place]["choices"]


# Laws

# No text here is by chance one byte string in cp1252 and another in UTF-8, as "Â°" would be.
texts_of_cells = st.text('abXY éèàçùôî&-/.;,"', max_size=12).filter(
    lambda text: text == text.strip()
)
some_rows = st.lists(
    st.tuples(
        st.floats(1e-3, 1e9).map(lambda x: float(f"{x:.10g}")),
        texts_of_cells,
        st.sampled_from(["t", "kg", "m3"]),
        st.sampled_from(["residue", "need"]),
    ),
    min_size=1,
    max_size=8,
)


def written(rows, separator: str, decimal: str, thousands: str, end: str) -> str:
    def number(value: float) -> str:
        whole, _, part = f"{value:,.10f}".partition(".")
        part = part.rstrip("0")
        return whole.replace(",", thousands) + (decimal + part if part else "")

    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator=end)
    writer.writerow(["declaration_id", "quantity", "label", "unit", "kind"])
    for at, (quantity, label, unit, kind) in enumerate(rows):
        writer.writerow([f"D{at}", number(quantity), label, unit, kind])
    return out.getvalue()


@settings(max_examples=150, deadline=None)
@given(
    some_rows,
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from([".", ","]),
    st.sampled_from(["", " ", "\u00a0"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)
def test_a_written_table_reads_back_whatever_its_form(
    rows, separator, decimal, thousands, end, enc
):
    text = written(rows, separator, decimal, thousands, end)

    table = read_table(text.encode(enc), "declarations")

    assert table.faults == ()
    assert table.rows["quantity"].tolist() == pytest.approx([row[0] for row in rows], rel=1e-9)
    assert table.rows["label"].tolist() == [row[1] for row in rows]
    assert table.rows["unit"].tolist() == [row[2] for row in rows]
    assert table.rows["kind"].tolist() == [row[3] for row in rows]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["3", "x", "-1", '"', "1;2", "4,5", ""]), min_size=1, max_size=12))
def test_a_fault_never_costs_a_sound_row(quantities):
    sound = {f"D{at}" for at, text in enumerate(quantities) if text in ("3", "4,5", "")}
    body = "".join(f"D{at};{text};x\n" for at, text in enumerate(quantities))

    table = read(f"declaration_id;quantity;label\n{body}")

    assert set(table.frame["declaration_id"]) == sound
    assert {fault.line for fault in table.faults} == {
        at + 2 for at in range(len(quantities)) if f"D{at}" not in sound
    }


@settings(max_examples=50, deadline=None)
@given(
    st.permutations(
        [f"D{at};{cell}" for at, cell in enumerate(["3", "x", "-1", "4,5", "oui", "7"])]
    )
)
def test_the_order_of_rows_changes_nothing_but_lines(rows):
    table = read("declaration_id;quantity\n" + "\n".join(rows) + "\n")

    assert set(table.frame["declaration_id"]) == {"D0", "D3", "D5"}
    assert sorted(fault.value for fault in table.faults) == ["-1", "oui", "x"]
    assert all(rows[f.line - 2].endswith(f.value) for f in table.faults)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_a_table_and_never_an_error(content):
    table = read_table(content, "declarations")

    assert len(table.sound) == len(table.rows)


@settings(max_examples=200, deadline=None)
@given(st.text('";,\n\rDk1 =\t', max_size=60))
def test_any_text_under_a_header_gives_rows_on_lines_that_exist(text):
    table = read(f"declaration_id;kind;quantity;label;unit\n{text}")

    lines = table.rows["line"].tolist()
    assert lines == sorted(set(lines))
    assert all(2 <= line <= len(text) + 2 for line in lines)


# Size


def big_text(rows: int) -> str:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "declaration_id": [f"D{at}" for at in range(rows)],
            "site_id": [f"S{at // 5}" for at in range(rows)],
            "kind": rng.choice(["residue", "need"], rows),
            "resource": rng.choice(["19 12 01", "wood_chips"], rows),
            "quantity": rng.uniform(1, 1000, rows).round(3),
            "unit": "t",
            "months": rng.choice(["all", "9-12"], rows),
            "current_cost_eur_per_unit": rng.uniform(1, 100, rows).round(2),
            "max_distance_km": rng.integers(1, 100, rows),
            "comment": "…",
        }
    )
    return frame.to_csv(index=False)


def test_a_hundred_thousand_rows_are_read_within_seconds():
    content = big_text(100_000).encode()
    start = time.process_time()

    table = read_table(content, "declarations")

    assert table.sound.all()
    assert len(table.rows) == 100_000
    assert time.process_time() - start < 5


@pytest.mark.data
def test_the_hard_files_of_the_address_base_are_read_without_an_error():
    import os

    folder = Path(os.environ["EIT_DATA"]) / "hard_csv"
    files = sorted(folder.glob("*.csv"))
    assert files
    for file in files:
        table = read_table(file, "sites")
        assert all(fault.line >= 0 for fault in table.faults)
    sample = read_table(folder / "bal_sample.csv", "sites")
    assert any(notice.code == "column_unknown" for notice in sample.notices)


def test_a_rectangle_and_a_ragged_file_give_the_same_table():
    text = f"{HEAD}\n" + "".join(f"D{at};S;need;water;{at + 1},5;m3;;x\n" for at in range(50))

    quick, slow = read(text), read(text + "\n;\n")
    quoted = read(text.replace(";x\n", ';"x"\n'))

    assert quick.rows.equals(slow.rows)
    assert quick.rows.equals(quoted.rows)


def test_reading_keeps_no_copy_of_the_cells():
    content = big_text(20_000).encode()
    tracemalloc.start()
    table = read_table(content, "declarations")
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(table.rows) == 20_000
    assert kept < 15 * len(content)
