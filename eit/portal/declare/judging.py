"""A firm's table judged as `eit check` does, against its own sites and what it declared before."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from eit.declarations import Ledger, read_declarations
from eit.declarations.actions import FAULTY
from eit.faults import Fault, Notice
from eit.portal.declare.context import Context
from eit.portal.declare.declared import separator_of, submission_lines, table_text
from eit.portal.declare.heads import Head, heads_of
from eit.portal.declare.plain import plain
from eit.portal.declare.walking import State, Step, Walk, advance, declared_submissions
from eit.tables import Table, read_table

WITH_FILE = "file"
"""Code of a line that is sound in itself, in a file that is not: it is said of the file."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A table, and what is wrong with it.

    Attributes
    ----------
    table
        As read.
    faults, notices
        Of this table alone.
    sound
        Which of its rows can be declared, shape (rows,).
    """

    table: Table
    faults: tuple[Fault, ...]
    notices: tuple[Notice, ...]
    sound: np.ndarray[tuple[int], np.dtype[np.bool_]]


def read_sent(content: bytes, filename: str) -> Table:
    """Read a file as a table of declarations, with its faults; identifiers as they are kept."""
    table = read_table(content, "declarations", file=filename)
    names = table.rows["declaration_id"]
    if not names.str.contains("\x00", regex=False).any():
        return table
    return replace(table, rows=table.rows.assign(declaration_id=names.map(plain)))


def named_in(table: Table) -> frozenset[str]:
    """Identifiers that a table names."""
    return frozenset(table.rows["declaration_id"]) - {""}


def judge(
    table: Table,
    context: Context,
    past: Sequence[Table],
    states: Mapping[str, State],
    *,
    moment: str,
    replaces_known: bool,
) -> Judged:
    """Judge a table in the context of its firm.

    Parameters
    ----------
    past, states
        What the firm declared of the same identifiers, as tables, and what holds of it.
    moment
        When it would be declared: it counts where the table states none.
    replaces_known
        Whether a row that creates what is live already replaces it.
    """
    taken = _taken(table, states, moment=moment, replaces_known=replaces_known)
    ledger = read_declarations(
        [*past, taken],
        sites=context.sites,
        known_resources=context.resources,
        year=context.year,
        builtin_rules=context.builtin_rules,
    )
    return Judged(
        table=table,
        faults=tuple(one for one in ledger.faults if one.file == table.file),
        notices=tuple(one for one in ledger.notices if one.file == table.file),
        sound=_sound(ledger, table),
    )


def past_tables(
    session: Session, firm_id: str, walked: Walk, *, besides: Collection[str] = ()
) -> list[Table]:
    """What a firm declared, as tables in order; lines are numbered as in the files it sent.

    Parameters
    ----------
    besides
        Names of files that none of them may bear.
    """
    submissions = declared_submissions(session, firm_id)
    steps = walked.by_submission()
    heads = heads_of(session, steps)
    taken = set(besides)
    tables = []
    for submission in submissions:
        if submission.id not in steps:
            continue
        separator = separator_of(heads.get(submission.id, Head()).separator)
        name = _free(f"{submission.filename} ({submission.declared_at:%Y-%m-%d})", taken)
        lines = submission_lines(steps[submission.id], walked.cells)
        table = read_sent(table_text(lines, separator=separator).encode(), name)
        numbers = np.array([one.line for one in steps[submission.id]], dtype=np.int64)
        tables.append(replace(table, rows=table.rows.assign(line=numbers)))
    return tables


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "'"
    taken.add(name)
    return name


def _taken(
    table: Table, states: Mapping[str, State], *, moment: str, replaces_known: bool
) -> Table:
    """The table with what each row does, and when, as it would count."""
    rows = table.rows
    columns = ("line", "declaration_id", "action", "declared_at")
    sent = [
        Step("", int(line), str(name), str(action), str(stated))
        for line, name, action, stated in zip(*(rows[one] for one in columns), strict=True)
    ]
    steps = advance(sent, dict(states), moment=moment, replaces_known=replaces_known)
    told = {
        "action": [one.action for one in steps],
        "declared_at": [one.moment for one in steps],
    }
    typed = {name: pd.Series(texts, rows.index, rows[name].dtype) for name, texts in told.items()}
    return replace(table, rows=rows.assign(**typed))


def _sound(ledger: Ledger, table: Table) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    history = ledger.history
    outcomes = history.loc[history["file"] == table.file, "outcome"]
    return (outcomes != FAULTY).to_numpy(dtype=bool)
