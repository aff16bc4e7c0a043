import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tables import codes, read

from eit.nomenclature import normalise_resource
from eit.tables import quality_terms
from eit.tables.codes import read_resource, read_siret
from eit.tables.dates import read_date, read_moment, read_time
from eit.tables.months import read_months
from eit.tables.numbers import read_number
from eit.tables.quality import read_limits, read_quality

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
