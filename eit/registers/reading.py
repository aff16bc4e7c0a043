"""Files of a register read as declared tables; whole rows apart from damaged ones."""

from pathlib import Path

import pandas as pd

from eit.faults import DeclarationError, Fault, Notice
from eit.tables import Table, read_table


def read_rows(
    source: Path | bytes,
    schema: str,
    lang: str,
    *,
    file: str | None = None,
    may_lack: tuple[str, ...] = (),
) -> tuple[Table, pd.DataFrame, list[Fault | Notice]]:
    """Read a register's file: the table, its rows that are whole, and what is said of the others.

    Parameters
    ----------
    source, schema, file
        As for `eit.tables.read_table`.
    lang
        Language in which a damaged row says what is wrong with it.
    may_lack
        Required columns that a row may leave blank all the same.

    Raises
    ------
    DeclarationError
        If the file is not that register at all.
    """
    table = read_table(source, schema, file=file)
    if fatal := [fault for fault in table.faults if fault.line <= 1]:
        raise DeclarationError(fatal)
    said: list[Fault | Notice] = [*table.notices]
    spared = {("blank", column) for column in may_lack}
    damaged = [fault for fault in table.faults if (fault.code, fault.column) not in spared]
    said += [Notice(f.file, f.line, "", f.text(lang), "register_damaged") for f in damaged]
    whole = ~table.rows["line"].isin([fault.line for fault in damaged])
    return table, table.rows[whole].reset_index(drop=True), said
