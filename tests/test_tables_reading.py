import time
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.tables import HEAD, codes, read

from eit.tables import read_table

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


def test_text_below_a_blank_title_is_a_fault_where_all_rows_are_of_one_length():
    table = read(f"{HEAD};\nD1;S1;need;water;1;m3;;;\nD2;S1;need;water;2;m3;;;lost\n")

    assert codes(table.faults) == [(3, "", "row_long")]
    assert table.faults[0].value == "lost"
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
