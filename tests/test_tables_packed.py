import random
import struct

import numpy as np
import pytest
from support.hostile_tables import hostile_table

from eit.tables import read_table, rows
from eit.tables.packed import EXACT_DIGITS, pack


def everything(name: str, content: bytes):
    """All that a table says, floats by their bits."""
    table = read_table(content, name)
    columns = {
        column: values.to_numpy().tobytes() if values.dtype.kind in "fib" else values.tolist()
        for column, values in table.rows.items()
    }
    kinds = table.rows.dtypes.astype(str).to_dict()
    said = table.faults, table.notices, table.given, table.header_line
    sent = {name: list(cells) for name, cells in table.texts(table.schema.names).items()}
    return columns, kinds, table.sound.tolist(), said, sent


def as_strings(text: str, separator: str):
    """Columns of a rectangle, a string for every cell."""
    lines = [line.split(separator) for line in text.split("\n")]
    return list(zip(*lines, strict=True)) if len(set(map(len, lines))) == 1 else ()


def assert_both_ways_agree(seeds: range, monkeypatch: pytest.MonkeyPatch) -> int:
    """Read files with packed columns and without; the number of those that are rectangles."""
    rectangles = 0

    def pack_strings(text: str, separator: str):
        nonlocal rectangles
        columns = as_strings(text, separator)
        rectangles += bool(columns)
        return columns

    for seed in seeds:
        name, content = hostile_table(seed)
        quick = everything(name, content)
        with monkeypatch.context() as patch:
            patch.setattr(rows, "pack", pack_strings)
            assert quick == everything(name, content), seed
    return rectangles


def test_hostile_files_say_the_same_packed_and_cell_by_cell(monkeypatch):
    assert assert_both_ways_agree(range(250), monkeypatch) > 100


@pytest.mark.long
def test_thousands_of_hostile_files_say_the_same_packed_and_cell_by_cell(monkeypatch):
    assert assert_both_ways_agree(range(250, 3000), monkeypatch) > 1000


def column(cells: list[str]):
    """The second column of a file."""
    return pack("\n".join(f"x;{cell}" for cell in cells), ";")[1]


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


def written_number(draw: random.Random) -> str:
    digits = "".join(draw.choices("0123456789", k=draw.randint(1, EXACT_DIGITS)))
    point = draw.randint(0, len(digits))
    mark = draw.choice([".", ""])
    return draw.choice(["", "", "-", "+"]) + digits[:point] + mark + digits[point:]


def test_numbers_are_to_the_bit_what_python_reads():
    draw = random.Random(5)
    cells = [written_number(draw) for _ in range(40_000)]

    found = column(cells).numbers(".")

    assert found is not None
    assert [bits(value) for value in found.tolist()] == [bits(float(cell)) for cell in cells]


def test_a_decimal_comma_is_a_point_where_it_may_be_one():
    found = column(["1,5", "-0,25", "", "3.75"]).numbers(",")

    assert found is not None
    assert np.array_equal(found, [1.5, -0.25, np.nan, 3.75], equal_nan=True)
    assert column(["1,5"]).numbers(".") is None


@pytest.mark.parametrize(
    "cell",
    [
        *("1e5", "nan", "inf", "1 0", " 1", "1 ", "-", "+", ".", "-.", "1.2.3", "--1", "1-", "t"),
        *("1_0", "'1", "0x1", "\u0661", "\u22121", "1234567890123456", "0.000000000000000001"),
    ],
)
def test_anything_but_a_plain_number_leaves_the_column_to_the_other_way(cell):
    assert column(["1", cell, "2"]).numbers(".") is None


def test_a_column_of_nothing_is_nothing():
    found = column(["", "", ""]).numbers(".")

    assert found is not None
    assert np.isnan(found).all()


def test_distinct_cells_put_together_again_are_the_column():
    draw = random.Random(3)
    for longest in (0, 1, 7, 8, 9, 16, 24, 31, 32, 33, 90):
        half = longest // 2
        known = ["é" * half, "a" * half, "a" * longest, "b" * (longest // 3), ""]
        cells = draw.choices(known, k=500)

        packed = column(cells)
        places, distinct = packed.distinct()

        assert [distinct[place] for place in places] == cells
        assert len(set(distinct)) == len(distinct)
        assert list(packed) == cells
        assert [packed[at] for at in range(-5, 500)] == [cells[at] for at in range(-5, 500)]
        assert packed.count("é") == cells.count("é")


def test_a_cell_and_the_same_with_more_behind_it_are_two():
    cells = ["a" * at for at in range(33)] * 2

    places, distinct = column(cells).distinct()

    assert places.tolist() == [*range(33), *range(33)]
    assert list(distinct) == cells[:33]


@pytest.mark.parametrize(
    "text",
    ["a;b\nc", "a;b\nc;d;e", "a;b\nc\nd;e;f", "a;b\n\nc;d", "a;b\nc;\0", "a;b\nc;d\n", "a;b;\nc;d"],
)
def test_only_rectangles_without_a_nul_are_packed(text):
    assert pack(text, ";") == ()


def test_a_separator_of_several_bytes_is_not_packed():
    assert pack("a§b\nc§d", "§") == ()
    assert [list(one) for one in pack("a|b\nc|d", "|")] == [["a", "c"], ["b", "d"]]


def test_more_rows_than_one_stretch_keep_their_order():
    cells = [f"{at}.{at % 7}" for at in range(70_000)]

    packed = column(cells)

    assert packed.strings() == cells
    assert packed.numbers(".").tolist() == [float(cell) for cell in cells]
    assert list(packed.distinct()[1]) == cells
