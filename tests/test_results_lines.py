"""Tables as CSV lines: the same bytes as Python's own formatting gives, figure by figure."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eit.results.figures import NONE, written
from eit.results.lines import csv_lines

DRAW = np.random.default_rng(0)


def told(figures: np.ndarray) -> list[str]:
    return [bytes(row[row < NONE]).decode() for row in written(figures)]


def by_python(figures: np.ndarray) -> list[str]:
    return [f"{of:.12g}" if of == of else "" for of in (figures + 0.0).tolist()]


@pytest.mark.parametrize(
    "figures",
    [
        np.exp(DRAW.normal(0, 12, 20_000)) * np.where(DRAW.random(20_000) < 0.3, -1, 1),
        np.round(np.exp(DRAW.normal(3, 4, 20_000)), 3),
        DRAW.integers(-(10**6), 10**6, 20_000) / 8,
        # halves of the twelfth digit, which floats cannot round
        (DRAW.integers(10**11, 10**12, 20_000) + 0.5) / 10.0 ** DRAW.integers(0, 15, 20_000),
        10.0 ** np.arange(-20, 20),
        np.nextafter(10.0 ** np.arange(-6, 14), 0),
        np.nextafter(10.0 ** np.arange(-6, 14), np.inf),
        np.array(
            [0.0, -0.0, np.nan, np.inf, -np.inf, 5e-324, 1e300, 999999999999.5, 99999999999.95]
        ),
    ],
)
def test_figures_are_written_as_python_writes_twelve_digits(figures: np.ndarray) -> None:
    assert told(figures) == by_python(figures)


@given(st.lists(st.floats(allow_nan=False), max_size=20))
def test_any_figure_is_written_as_python_writes_it(figures: list[float]) -> None:
    assert told(np.array(figures)) == by_python(np.array(figures))


def test_a_table_has_the_bytes_that_pandas_writes() -> None:
    frame = pd.DataFrame(
        {
            "text": pd.Series(
                ["x,y", 'q"r', "", "é\nz", "p\rq", " sp", np.nan, "a\0b", "=1"], dtype="str"
            ),
            "whole": pd.array([1, None, 3, 4, 5, 6, 7, 8, -9], dtype="Int64"),
            "place": range(9),
        }
    )
    figures = np.array([1.0, np.nan, -0.0, 1 / 3, 4, 5, 6, 7, 1e-9])
    by_pandas = frame.assign(figure=by_python(figures)).to_csv(index=False, lineterminator="\n")
    assert b"".join(csv_lines(frame.assign(figure=figures))).decode() == by_pandas


def test_a_table_without_rows_is_its_titles() -> None:
    frame = pd.DataFrame({"a": pd.Series(dtype="str"), "b": pd.Series(dtype="float64")})
    assert b"".join(csv_lines(frame)) == b"a,b\n"


def test_long_tables_are_written_whole() -> None:
    frame = pd.DataFrame({"id": [f"D{at}" for at in range(20_001)], "x": np.arange(20_001) / 4})
    assert b"".join(csv_lines(frame)).decode() == frame.to_csv(index=False, float_format="%.12g")
