"""The check of what was received: judged whole, written piece by piece, so that others get on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session, undefer

from eit.faults import Fault
from eit.portal.declare.context import Context, context_of
from eit.portal.declare.heads import LINE, Head, head_line, head_of, stored_fault, stored_notice
from eit.portal.declare.intake import DRAFT, RECEIVED
from eit.portal.declare.judging import (
    WITH_FILE,
    Judged,
    judge,
    named_in,
    past_tables,
    read_sent,
)
from eit.portal.declare.plain import plain
from eit.portal.declare.walking import declared_submissions, moment_text, walk
from eit.store.columns import new_id, now
from eit.store.database import Store
from eit.store.models import FirmRow, LineRow, SubmissionRow
from eit.tables import Table, read_sheet
from eit.tables.workbook import UnreadableWorkbookError

PIECE = 1000
"""Lines written at once."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A submission judged, and by what."""

    judged: Judged
    basis: str


def check_submission(store: Store, submission_id: str, *, piece: int = PIECE) -> None:
    """Check what was received; it is a draft afterwards.

    It may be stopped at any moment and begun again, here or in another process: what it writes is
    the same each time, and only what is still ``received`` is written to.

    Parameters
    ----------
    piece
        Lines written at once.
    """
    with store.reading() as session:
        row = session.get(SubmissionRow, submission_id, options=[undefer(SubmissionRow.content)])
    if row is None or row.state != RECEIVED:
        return
    table = read_sent(row.content, row.filename)
    verdict = judge_submission(store, row, table)
    records = _records(submission_id, table, verdict.judged)
    total = len(table.rows)
    for done, lines in _pieces(records, piece):
        if not _write_piece(store, submission_id, lines, done, total):
            return
    _finish(store, row, verdict)


def judge_submission(store: Store, row: SubmissionRow, table: Table) -> Verdict:
    """Judge a table of a submission by what holds now."""
    with store.reading() as session:
        firm = session.get_one(FirmRow, row.firm_id)
        context = context_of(session, firm)
        walked = walk(session, firm.id, only=named_in(table))
        past = past_tables(session, firm.id, walked, besides=(table.file,))
        basis = basis_of(session, firm.id, context)
    judged = judge(
        table,
        context,
        past,
        walked.states,
        moment=moment_text(now()),
        replaces_known=row.replaces_known,
    )
    return Verdict(judged, basis)


def basis_of(session: Session, firm_id: str, context: Context) -> str:
    """What a verdict rests on: the context, and the last that the firm declared."""
    declared = declared_submissions(session, firm_id)
    return f"{declared[-1].id if declared else ''}|{context.basis}"


def waiting(session: Session) -> Sequence[str]:
    """What was received and is not yet checked, oldest first."""
    wanted = select(SubmissionRow.id).where(SubmissionRow.state == RECEIVED)
    return session.scalars(wanted.order_by(SubmissionRow.received_at)).all()


def faults_by_line(faults: Sequence[Fault]) -> dict[int, list[dict[str, Any]]]:
    """Faults as they are kept, by the line they stand on."""
    found: dict[int, list[dict[str, Any]]] = {}
    for fault in faults:
        found.setdefault(fault.line, []).append(stored_fault(fault))
    return found


def _records(submission_id: str, table: Table, judged: Judged) -> Iterator[dict[str, Any]]:
    """Every line with its cells as sent and its faults, ready to be written."""
    names = [name for name in table.schema.names if name in table.given]
    columns = table.texts(names) if len(table.rows) else {}
    faults = faults_by_line(judged.faults)
    lines, identifiers = table.rows["line"], table.rows["declaration_id"]
    sent = zip(*columns.values(), strict=True) if columns else iter(())
    for line, name, sound, cells in zip(lines, identifiers, judged.sound, sent, strict=False):
        own = faults.get(int(line), [])
        yield {
            "id": new_id(),
            "submission_id": submission_id,
            "line": int(line),
            "declaration_id": plain(str(name)),
            "cells": {k: plain(text) for k, text in zip(names, cells, strict=True) if text},
            "faults": own or ([] if sound else [{"code": WITH_FILE}]),
        }


def _pieces(
    records: Iterator[dict[str, Any]], size: int
) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Records some at a time, each time with how many there were so far."""
    done = 0
    while piece := list(islice(records, size)):
        done += len(piece)
        yield done, piece


def _write_piece(
    store: Store, submission_id: str, lines: Sequence[Mapping[str, Any]], done: int, total: int
) -> bool:
    """Write some lines, once even if they were written before; whether to go on."""
    with store.changing() as session:
        row = session.get(SubmissionRow, submission_id, with_for_update=True)
        if row is None or row.state != RECEIVED:
            return False
        first, last = lines[0]["line"], lines[-1]["line"]
        session.execute(
            delete(LineRow).where(
                LineRow.submission_id == submission_id, LineRow.line.between(first, last)
            )
        )
        session.execute(insert(LineRow), list(lines))
        row.checked_rows, row.total_rows = done, total
    return True


def _finish(store: Store, sent: SubmissionRow, verdict: Verdict) -> None:
    """Write what is said of the file as a whole; it is a draft from here on."""
    table, judged = verdict.judged.table, verdict.judged
    of_rows = set(table.rows["line"].tolist())
    whole = [stored_fault(fault) for fault in judged.faults if fault.line not in of_rows]
    with store.changing() as session:
        row = session.get(SubmissionRow, sent.id, with_for_update=True)
        if row is None or row.state != RECEIVED:
            return
        kept = head_line(session, sent.id)
        head = Head(
            by=head_of(kept).by,
            separator=_separator(table),
            columns=[name for name in table.schema.names if name in table.given],
            notices=[stored_notice(notice) for notice in judged.notices],
            basis=verdict.basis,
        )
        if kept is None:
            kept = LineRow(submission_id=sent.id, line=LINE)
            session.add(kept)
        kept.cells, kept.faults = head.as_dict(), whole
        row.sound = int(judged.sound.sum())
        row.faulty = len(table.rows) - row.sound
        row.checked_rows = row.total_rows = len(table.rows)
        row.state = DRAFT


def _separator(table: Table) -> str:
    try:
        return read_sheet(table.sent, table.schema).separator
    except UnreadableWorkbookError:
        return ""
