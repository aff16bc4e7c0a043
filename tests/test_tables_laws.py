import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tables import read

from eit.tables import read_table

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
