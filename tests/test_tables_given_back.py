import csv
import io

import pandas as pd
import pytest
from support.tables import HEAD, codes, read

from eit.tables import explain, read_table, schema, schema_names, write_corrected, write_template


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
