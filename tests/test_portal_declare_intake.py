"""What comes in is kept as it came, refused where it is a bomb, checked as `eit check` does."""

import io
import zipfile

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import undefer
from support.portal.desk import HEADER, MIXED, folder_of
from support.portal.opened import FOLDER

from eit.checking import check_paths
from eit.portal.declare import limits
from eit.portal.declare.access import Desk
from eit.portal.declare.limits import MOST_LINES, refuse_oversized
from eit.portal.declare.plain import file_name, plain, shown_name
from eit.portal.declare.rewriting import rewritten, table_of
from eit.portal.declare.showing import check_shape, faults_of, notices_of
from eit.portal.refusals import Unsound
from eit.store.models import SubmissionRow
from eit.tables import read_table

OWN_SITES = b"site_id,firm,name,lon,lat\na1,Acme,Acme Lens,2.80,50.43\na2,Acme,A,2.78,50.42\n"
DIRTY = (
    "id_declaration;id_site;nature;ressource;libelle;quantite;unite;mois;perso\r\n"
    "R1;a1;résidu;19 12 01;papier « blanc »;12,5;t;9-12,1;x\r\n"
    "R2;b1;résidu;19 12 1;;1 200;tonnes;tous;\r\n"
    'R3;a2;besoin;"ouvert;5;t;;;\r\n'
    "\r\n"
    "R4;a2;besoin;sand;sable;4;t;tous;y;trop\r\n"
    'R5;a2;besoin;sand;"deux\r\nlignes";4;t;tous;y\r\n'
    "R1;a1;résidu;19 12 01;encore;-1;zzz;hiver;\r\n"
)


def packed(**parts: bytes) -> bytes:
    """A zip archive that looks like a workbook."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        for name, part in parts.items():
            archive.writestr(name, part)
    return content.getvalue()


def workbook(rows) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    return content.getvalue()


def as_dirty(encoding: str) -> bytes:
    if encoding != "xlsx":
        return DIRTY.encode(encoding)
    return workbook([line.split(";") for line in DIRTY.splitlines() if line])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "xlsx"])
def test_a_file_is_checked_as_eit_check_does_in_a_folder_with_the_firms_own_sites(
    firms, tmp_path, encoding
):
    name = "flux.xlsx" if encoding == "xlsx" else "flux.csv"
    content = as_dirty(encoding)
    number = firms.send(content, name)

    files = {**FOLDER, "sites.csv": OWN_SITES, f"declarations/{name}": content}
    folder = folder_of(tmp_path, files)
    expected = check_paths([folder / "declarations" / name]).as_dict("fr")
    row = firms.row(number)
    with firms.store.reading() as session:
        desk = Desk(firms.viewer(), firms.territory, firms.acme, False)
        faults, notices = faults_of(session, desk, row), notices_of(session, desk, row)
    found = check_shape(faults, notices, row.sound, "fr")

    assert expected["faults"]
    assert found == named_as_sent(expected)


def named_as_sent(checked):
    """What was said of a file in a folder, as it is said of the file alone."""
    if isinstance(checked, dict):
        return {key: named_as_sent(value) for key, value in checked.items()}
    if isinstance(checked, list):
        return [named_as_sent(value) for value in checked]
    return checked.replace("declarations/", "") if isinstance(checked, str) else checked


def test_the_bytes_are_kept_as_they_came(firms):
    content = DIRTY.encode("cp1252") + b"\x00\xff"
    number = firms.send(content, "brut.csv")

    with firms.store.reading() as session:
        row = session.get_one(SubmissionRow, number, options=[undefer(SubmissionRow.content)])
    assert row.content == content


def test_the_very_same_file_is_recognised_and_kept_again_only_where_that_is_asked_for(firms):
    text = HEADER + "D1;a1;need;sand;1;t;\n"

    first = firms.send(text)
    assert firms.send(text) == first
    assert firms.send(text, again=True) != first


def test_another_firms_site_and_one_that_is_nowhere_are_told_in_the_same_words(firms):
    other = firms.send(HEADER + "S1;b1;need;sand;1;t;\n")
    nowhere = firms.send(HEADER + "S1;b7;need;sand;1;t;\n")

    [of_other] = firms.lines(other)[2].faults
    [of_nowhere] = firms.lines(nowhere)[2].faults
    assert {**of_other, "value": ""} == {**of_nowhere, "value": ""}


def test_what_was_declared_before_is_known_to_the_check(firms):
    firms.declare(HEADER + "K1;a1;need;sand;1;t;\n", name="avant.csv")
    text = (
        "declaration_id;action;site_id;kind;resource;quantity\n"
        "K1;create;a1;need;sand;2\nK2;replace;a1;need;sand;2\nK3;cancel;;;;\n"
    )
    number = firms.send(text)

    expected = {2: ["create_live"], 3: ["replace_unknown"], 4: ["cancel_unknown"]}
    assert firms.codes(number) == expected
    assert "avant.csv" in firms.lines(number)[2].faults[0]["detail"]["where"]
    assert firms.codes(firms.send(text, replaces_known=True))[2] == []


def test_a_column_that_is_missing_is_said_once_and_makes_every_line_wait(firms):
    number = firms.send("declaration_id;site_id;kind;quantity\nC1;a1;need;4\nC2;a1;need;4\n")

    row = firms.row(number)
    assert (row.sound, row.faulty) == (0, 2)
    with firms.store.reading() as session:
        desk = Desk(firms.viewer(), firms.territory, firms.acme, False)
        assert [fault.code for fault in faults_of(session, desk, row)] == ["column_missing"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "declare_empty"),
        (b"x" * 2000, "declare_large"),
        (b"a;" * 500_000, "declare_large"),
    ],
)
def test_an_empty_or_too_large_file_is_refused(content, code):
    with pytest.raises(Unsound, match=code):
        refuse_oversized(content, most_bytes=1000)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"declaration_id" + b";x" * 1_000_000, "declare_wide"),
        (b"\xff\xfe" + ("a" + ",x" * 3_000).encode("utf-16-le"), "declare_wide"),
        (b"declaration_id\n" + b"\n" * (MOST_LINES + 1), "declare_lines"),
        (b"declaration_id\r" + b"x\r" * (MOST_LINES + 1), "declare_lines"),
        (packed(**{"xl/worksheets/sheet1.xml": b"\0" * 3_000_000}), "declare_bomb"),
        (packed(**{"xl/worksheets/sheet1.xml": b'<c r="XFD1048576"/>'}), "declare_bomb"),
    ],
)
def test_a_table_that_would_fill_the_memory_is_refused(monkeypatch, content, code):
    monkeypatch.setattr(limits, "UNPACKED_BYTES", 2_000_000)
    with pytest.raises(Unsound, match=code):
        refuse_oversized(content, most_bytes=32 << 20)


def test_an_archive_that_lies_about_its_sizes_is_refused_before_it_is_unpacked(firms):
    honest = packed(**{"xl/worksheets/sheet1.xml": b"\0" * 5_000_000})
    lying = honest.replace((5_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != honest

    codes = [fault.code for fault in read_table(lying, "declarations").faults]
    assert codes == ["workbook"]


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04 rest", packed(), b"\xd0\xcf\x11\xe0" + b"\0" * 600]
)
def test_a_damaged_workbook_is_kept_and_its_author_told(firms, content):
    number = firms.send(content, "abîmé.xlsx")

    row = firms.row(number)
    assert (row.state, row.sound, row.faulty) == ("draft", 0, 0)
    with firms.store.reading() as session:
        desk = Desk(firms.viewer(), firms.territory, firms.acme, False)
        assert [fault.code for fault in faults_of(session, desk, row)] == ["workbook"]


def test_names_of_files_are_shown_without_their_paths_and_never_lead_anywhere():
    assert shown_name("../../../etc/passwd") == "passwd"
    assert shown_name("C:\\Users\\x\\flux.csv") == "flux.csv"
    assert shown_name("flux\u202evsc.exe\x00.csv") == "fluxvsc.exe\ufffd.csv"
    assert shown_name("") == "declarations.csv"
    assert len(shown_name("a" * 500 + ".csv")) == 100
    assert shown_name("a" * 500 + ".csv").endswith(".csv")
    assert file_name('con<b>"|?*.csv') == "con_b_____.csv"
    assert file_name(".htaccess") == "htaccess"


@given(st.text())
def test_plain_text_can_be_written_to_any_database(text):
    assert "\x00" not in plain(text)
    plain(text).encode("utf-8")


CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"),
    max_size=12,
)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=5),
    st.integers(0, 4),
    CELLS,
    st.sampled_from(["label", "comment", "source"]),
)
def test_a_rewritten_file_says_the_new_cell_and_every_other_cell_as_before(rows, at, cell, column):
    sent = [
        {"declaration_id": f"R{n}", "label": a, "source": b, "quantity": c}
        for n, (a, b, c) in enumerate(rows)
    ]
    content = table_of(sent)
    names = ("declaration_id", "label", "source", "quantity", "comment")
    before = read_table(content, "declarations")
    line = int(before.rows["line"].iloc[at % len(rows)])
    after = read_table(rewritten(content, {line: {column: cell}}), "declarations")

    expected = {name: list(cells) for name, cells in before.texts(names).items()}
    expected[column][at % len(rows)] = cell
    found = {name: list(cells) for name, cells in after.texts(names).items()}
    for name in names:
        for old, new in zip(expected[name], found[name], strict=True):
            assert _tidy(new) == _tidy(old)


def _tidy(cell: str) -> str:
    """A cell without what guarding and line ends may change of it."""
    return " ".join(cell.lstrip("'").split())


def test_rows_that_are_not_named_keep_their_lines_and_their_faults():
    content = DIRTY.encode("cp1252")
    before = read_table(content, "declarations", file="f")
    after = read_table(rewritten(content, {3: {"resource": "19 12 02"}}), "declarations", file="f")

    assert after.rows["line"].tolist() == before.rows["line"].tolist()
    old = [fault for fault in before.faults if fault.line != 3]
    assert [fault for fault in after.faults if fault.line != 3] == old


def test_a_row_too_long_stays_too_long_when_a_column_is_added():
    content = DIRTY.encode()
    after = read_table(rewritten(content, {3: {"comment": "vu"}}), "declarations")

    assert after.rows.set_index("line")["comment"][3] == "vu"
    assert "row_long" in {fault.code for fault in after.faults if fault.line == 6}


def test_a_row_taken_out_leaves_the_others_on_their_lines():
    after = read_table(rewritten(DIRTY.encode(), {2: None, 7: None}), "declarations")

    assert after.rows["line"].tolist() == [3, 4, 6, 9]


def test_a_workbook_is_rewritten_as_text_on_the_same_lines():
    content = workbook([["declaration_id", "quantity"], [], ["R1", 12.5], ["R2", "-3"]])
    after = read_table(rewritten(content, {4: {"quantity": "3,5"}}), "declarations")

    assert after.rows["line"].tolist() == [3, 4]
    assert after.rows["quantity"].tolist() == [12.5, 3.5]


def test_mixed_has_the_faults_that_it_is_said_to_have(firms):
    assert {line: bool(codes) for line, codes in firms.codes(firms.send(MIXED)).items()} == {
        2: False,
        3: True,
        4: True,
        5: False,
    }
