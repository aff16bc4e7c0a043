"""A whole column at once: each distinct cell is read once, and one by one only where it must be."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from eit.tables import codes, dates, numbers, quality
from eit.tables.cell import Cell
from eit.tables.guarding import unguard
from eit.tables.months import read_months
from eit.tables.packed import Floats, PackedColumn, Places
from eit.tables.schema import Column

Reader = Callable[[str], Cell]
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]

Values = pd.api.extensions.ExtensionArray | np.ndarray[tuple[int], np.dtype[Any]]

TEXTS = frozenset({"text", "id", "key", "unit"})
"""Types whose value is the cell as it stands, without the spaces around it."""

_NUMBERS: Mapping[str, tuple[Callable[..., Cell], Callable[[Floats], Flags]]] = {
    "number": (numbers.read_number, np.isfinite),
    "positive": (numbers.read_positive, lambda x: np.isfinite(x) & (x > 0)),
    "nonnegative": (numbers.read_nonnegative, lambda x: np.isfinite(x) & (x >= 0)),
    "share": (numbers.read_share, lambda x: (x >= 0) & (x <= 1)),
    "count": (numbers.read_count, lambda x: np.isfinite(x) & (x >= 1) & (x == np.floor(x))),
}
_OTHERS: Mapping[str, Reader] = {
    "date": dates.read_date,
    "moment": dates.read_moment,
    "time": dates.read_time,
    "months": read_months,
    "quality": quality.read_quality,
    "limits": quality.read_limits,
    "siret": codes.read_siret,
    "insee": codes.read_insee,
    "resource": codes.read_resource,
    "resource_prefix": codes.read_resource,
}
_OF_COLUMN: Mapping[str, Callable[[Column], Reader]] = {
    "choice": codes.choice_reader,
    "tristate": codes.choice_reader,
    "open_choice": codes.open_choice_reader,
    "flag": codes.flag_reader,
}
NUMBER_TYPES = frozenset(_NUMBERS)
"""Types whose value is a number."""


class Finding(NamedTuple):
    """Something to say of the cell at a position of a column."""

    position: int
    column: str
    code: str
    is_fault: bool
    detail: Mapping[str, str]


class ReadColumn(NamedTuple):
    """Values of a column, one for each row, and what there is to say of them."""

    values: Values
    findings: list[Finding]


def read_column(column: Column, cells: Sequence[str], *, comma_decimal: bool) -> ReadColumn:
    """Read a column; a blank cell takes the default, a faulty one the value for nothing.

    Nothing is ``""`` for text, NaN for numbers, False for flags.
    """
    if column.type in TEXTS:
        return _read_texts(column, cells)
    if column.type in _NUMBERS:
        values = _read_plain(column, cells, comma_decimal)
        if values is not None:
            return ReadColumn(values, [])
    places, distinct = _distinct(cells)
    read, detail = _read_distinct(column, unguard(distinct), comma_decimal)
    told = np.zeros(len(read), dtype=bool)
    told[list(detail)] = True
    findings = []
    for position in np.flatnonzero(told[places]).tolist():
        cell = detail[int(places[position])]
        code = cell.fault or cell.notice
        findings.append(Finding(position, column.name, code, bool(cell.fault), cell.detail))
    return ReadColumn(read.take(places), findings)


def constant_column(column: Column, length: int) -> Values:
    """Fill a column that the file does not have with its default, or with nothing."""
    return constant(_default(column), length)


def constant(value: str | float | bool, length: int) -> Values:
    """Fill a column with one value."""
    if isinstance(value, str):
        return _array([value], "str").take(np.zeros(length, dtype=np.intp))
    return np.full(length, value)


def _distinct(cells: Sequence[str]) -> tuple[Places, Sequence[str]]:
    """Place of each cell among the distinct ones, and these."""
    if isinstance(cells, PackedColumn):
        return cells.distinct()
    places, distinct = pd.factorize(np.array(cells, dtype=object))
    return places, list(distinct)


def _read_texts(column: Column, cells: Sequence[str]) -> ReadColumn:
    places, distinct = _distinct(cells)
    texts = unguard(list(map(str.strip, distinct)))
    findings = []
    if column.required == "yes" and "" in texts:
        blank = np.array([not text for text in texts])
        findings = [
            Finding(at, column.name, "blank", True, {})
            for at in np.flatnonzero(blank[places]).tolist()
        ]
    texts = [text or column.default for text in texts]
    return ReadColumn(_array(texts, "str").take(places), findings)


def _read_plain(column: Column, cells: Sequence[str], comma_decimal: bool) -> Values | None:
    """Values of a column of plain numbers, blank cells among them if they may be; else None."""
    if isinstance(cells, PackedColumn):
        found = cells.numbers("," if comma_decimal else ".")
    else:
        found = _plain_numbers(cells)
    if found is None:
        return None
    doubtful = ~_NUMBERS[column.type][1](found)
    if doubtful.any():
        if column.required == "yes" or not _are_empty(cells, found, doubtful):
            return None
        found[doubtful] = _default(column)
    return found


def _plain_numbers(cells: Sequence[str]) -> Floats | None:
    """Cells as Python reads numbers, unless one is none or a person could mean another."""
    together = "".join(cells)
    if any(letter in together for letter in ("'", "_", "\n", ",")):
        return None
    try:
        return _numbers(cells)
    except ValueError:
        return None


def _are_empty(cells: Sequence[str], found: Floats, asked: Flags) -> bool:
    """Whether there is nothing in the cells asked for."""
    if isinstance(cells, PackedColumn):
        return bool(np.isnan(found[asked]).all())
    return not any(map(cells.__getitem__, np.flatnonzero(asked).tolist()))


def _numbers(cells: Sequence[str]) -> Floats:
    """Cells as Python reads numbers, NaN for blank ones."""
    try:
        return np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:
        filled = [cell or "nan" for cell in cells]
        return np.fromiter(map(float, filled), np.float64, len(cells))


def _read_distinct(
    column: Column, texts: Sequence[str], comma_decimal: bool
) -> tuple[Values, dict[int, Cell]]:
    """Values of distinct texts, and the cells of those that there is something to say of."""
    read = _reader(column, comma_decimal)
    values, unread = _read_quickly(column, texts, comma_decimal)
    told: dict[int, Cell] = {}
    for at in unread:
        if texts[at].strip():
            cell = read(texts[at])
        elif column.required == "yes":
            cell = Cell(fault="blank")
        else:
            cell = Cell(_default(column))
        values[at] = _nothing(column) if cell.fault else cell.value
        if cell.fault or cell.notice:
            told[at] = cell
    return _array(values, _dtype(column)), told


def _read_quickly(
    column: Column, texts: Sequence[str], comma_decimal: bool
) -> tuple[list[str | float | bool], list[int]]:
    """Values of the texts that need no second look, and the places of the others."""
    if column.type in _NUMBERS:
        found, doubtful = _floats(column, texts, comma_decimal)
        if found is not None:
            return list(found.tolist()), doubtful.tolist()
    return [""] * len(texts), list(range(len(texts)))


def _floats(
    column: Column, texts: Sequence[str], comma_decimal: bool
) -> tuple[Floats | None, np.ndarray[tuple[int], np.dtype[np.intp]]]:
    """Texts as numbers, and the places of those that need a second look; None if one is none."""
    nothing = np.zeros(0, dtype=np.intp)
    joined = "".join(texts)
    if "_" in joined or "\n" in joined:  # float would take 1_000 for a number
        return None, nothing
    if comma_decimal and "," in joined:
        texts = "\n".join(texts).replace(",", ".").split("\n")
    try:
        found = _numbers(texts)
    except ValueError:
        return None, nothing
    return found, np.flatnonzero(~_NUMBERS[column.type][1](found))


@cache
def _reader(column: Column, comma_decimal: bool) -> Reader:
    if column.type in _NUMBERS:
        return partial(_NUMBERS[column.type][0], comma_decimal=comma_decimal)
    if column.type in _OF_COLUMN:
        return _OF_COLUMN[column.type](column)
    return _OTHERS[column.type]


def _array(values: Sequence[Any], dtype: str) -> Values:
    """Values as pandas holds them: text as its own kind of array, the rest as numpy's."""
    if dtype == "str":
        return pd.array(np.array(values, dtype=object), dtype=pd.StringDtype(na_value=np.nan))
    return np.array(values, dtype=dtype)


def _default(column: Column) -> str | float | bool:
    if not column.default or column.type in TEXTS:
        return column.default or _nothing(column)
    return _reader(column, False)(column.default).value


def _nothing(column: Column) -> str | float | bool:
    nothing: dict[str, str | float | bool] = {"float64": np.nan, "bool": False, "str": ""}
    return nothing[_dtype(column)]


def _dtype(column: Column) -> str:
    if column.type in _NUMBERS or column.type == "time":
        return "float64"
    return "bool" if column.type == "flag" else "str"
