"""One reader for every declared table, CSV or XLSX, however it was made; and its templates."""

from eit.tables.cell import Cell
from eit.tables.correcting import write_corrected
from eit.tables.months import ALL
from eit.tables.quality import Term, quality_terms
from eit.tables.reading import Table, no_rows, read_sheet, read_table, sheet_names
from eit.tables.schema import Column, Schema, key_of, nearest, nearest_of, schema
from eit.tables.templates import explain, schema_names, write_template

__all__ = [
    "ALL",
    "Cell",
    "Column",
    "Schema",
    "Table",
    "Term",
    "explain",
    "key_of",
    "nearest",
    "nearest_of",
    "no_rows",
    "quality_terms",
    "read_sheet",
    "read_table",
    "schema",
    "schema_names",
    "sheet_names",
    "write_corrected",
    "write_template",
]
