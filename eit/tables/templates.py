"""An empty table with its columns explained, to be filled in and sent."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from eit import data, texts
from eit.tables.columns import NUMBER_TYPES
from eit.tables.guarding import guard
from eit.tables.numbers import read_number
from eit.tables.reading import sheet_names
from eit.tables.schema import Column, schema
from eit.units import units

_ROWS = 5000
_LONGEST_LIST = 255
_AS_TEXT = frozenset({"id", "key", "siret", "insee", "resource", "resource_prefix", "months"})
_FACTS = ("column", "required", "unit", "default", "choices", "description", "also")


def schema_names() -> tuple[str, ...]:
    """Names of the declared tables, sorted."""
    return tuple(sorted(f.stem for f in data.path("schema").glob("*.csv") if f.stem != "units"))


def explain(table: str, lang: str) -> list[dict[str, Any]]:
    """Columns of a table in words, in their order.

    Returns
    -------
    columns
        Of each: ``column`` (its title), ``required`` (bool), ``when`` (in words), ``unit``,
        ``default``, ``choices``, ``description``, and ``also``, the other titles that are read.
    """
    return [_explain(column, lang) for column in schema(table).columns]


def write_template(
    table: str,
    path: Path,
    lang: str,
    *,
    rows: Sequence[Mapping[str, str]] = (),
    lists: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> None:
    """Write an empty table, or one with its first rows filled in.

    As XLSX: the titles, with lists to choose from and text cells where a spreadsheet would spoil
    what is typed; a second sheet explains the columns. As CSV, UTF-8 with a byte order mark: the
    titles and the rows, and the explanation in a text file beside it. Numbers are written as the
    language writes them, and no cell as a formula.

    Parameters
    ----------
    rows
        Cells by the name of their column.
    lists
        Values to choose from in a workbook, for columns that have none of their own.
    """
    if path.suffix.lower() == ".xlsx":
        _write_workbook(table, path, lang, rows, lists)
        return
    columns = explain(table, lang)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";" if lang == "fr" else ",")
        writer.writerow(column["column"] for column in columns)
        for row in rows:
            writer.writerow(
                _as_text(row.get(one.name, ""), one, lang) for one in schema(table).columns
            )
    path.with_suffix(".txt").write_text(_explanation(columns, lang), encoding="utf-8")


def _explain(column: Column, lang: str) -> dict[str, Any]:
    title = column.header(lang)
    values = column.choice_names(lang)
    default = dict(zip(column.choices, values, strict=True)).get(column.default, column.default)
    return {
        "column": title,
        "required": column.required != "no",
        "when": texts.say(f"intake.required.{column.required}", lang),
        "unit": column.unit,
        "default": default,
        "choices": list(_listed(column, lang)),
        "description": column.description(lang),
        "also": [name for name in (column.name, *column.aliases) if name != title],
    }


def _listed(column: Column, lang: str) -> tuple[str, ...]:
    """Values to choose from; the units in everyday use for a unit."""
    return tuple(units()) if column.type == "unit" else column.choice_names(lang)


def _facts(column: dict[str, Any]) -> list[str]:
    told = column | {"required": column["when"]}
    return [", ".join(v) if isinstance(v := told[fact], list) else str(v) for fact in _FACTS]


def _explanation(columns: Sequence[dict[str, Any]], lang: str) -> str:
    labels = [texts.say(f"intake.template.{fact}", lang) for fact in _FACTS]
    colon = " : " if lang == "fr" else ": "
    paragraphs = []
    for column in columns:
        facts = zip(labels[1:], _facts(column)[1:], strict=True)
        told = [f"  {label}{colon}{fact}" for label, fact in facts if fact]
        paragraphs.append("\n".join([column["column"], *told]))
    return "\n\n".join(paragraphs) + "\n"


def _as_text(cell: str, column: Column, lang: str) -> str:
    """A cell as it is typed in that language, guarded."""
    number = _number(cell, column)
    if number is None:
        return guard(cell)
    text = repr(number).removesuffix(".0")
    return text.replace(".", ",") if lang == "fr" else text


def _number(cell: str, column: Column) -> float | None:
    """Value of a cell of a column of numbers, where it is one."""
    read = read_number(cell, comma_decimal=True) if column.type in NUMBER_TYPES else None
    return None if read is None or read.fault else float(read.value)


def _write_workbook(
    table: str,
    path: Path,
    lang: str,
    rows: Sequence[Mapping[str, str]],
    lists: Mapping[str, Sequence[str]],
) -> None:
    import xlsxwriter  # here: a job that reads tables writes no workbook

    declared = schema(table)
    columns = explain(table, lang)
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet(sheet_names(declared)[lang == "fr"])
        as_text = book.add_format({"num_format": "@"})
        needed = book.add_format({"bold": True, "bg_color": "#D9E8F5", "border": 1})
        optional = book.add_format({"bold": True, "border": 1})
        sheet.freeze_panes(1, 1)
        for place, (column, told) in enumerate(zip(declared.columns, columns, strict=True)):
            width = max(12, len(told["column"]) + 2)
            sheet.set_column(place, place, width, as_text if column.type in _AS_TEXT else None)
            sheet.write_string(0, place, told["column"], needed if told["required"] else optional)
            sheet.write_comment(0, place, told["description"])
            choices = told["choices"] or list(lists.get(column.name, ()))
            if choices and len(",".join(choices)) <= _LONGEST_LIST:
                rule = {"validate": "list", "source": choices, "error_type": "warning"}
                sheet.data_validation(1, place, _ROWS, place, rule)
            for at, row in enumerate(rows, 1):
                _write_cell(sheet, at, place, row.get(column.name, ""), column)
        _write_explanation(book, columns, lang)


def _write_cell(sheet: Any, at: int, place: int, cell: str, column: Column) -> None:
    number = _number(cell, column)
    if number is not None:
        sheet.write_number(at, place, number)
    elif cell:
        sheet.write_string(at, place, guard(cell))


def _write_explanation(book: Any, columns: Sequence[dict[str, Any]], lang: str) -> None:
    sheet = book.add_worksheet(texts.say("intake.template_sheet", lang))
    bold = book.add_format({"bold": True})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.freeze_panes(1, 0)
    for place, (fact, width) in enumerate(zip(_FACTS, (24, 14, 18, 10, 34, 70, 40), strict=True)):
        sheet.set_column(place, place, width, wrapped)
        sheet.write_string(0, place, texts.say(f"intake.template.{fact}", lang), bold)
    for at, column in enumerate(columns, 1):
        for place, fact in enumerate(_facts(column)):
            sheet.write_string(at, place, fact)
