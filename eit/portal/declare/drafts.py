"""Drafts: corrected, taken back, declared; an older version stays as it was beside the new one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from eit.portal import audit
from eit.portal.declare.access import Actor
from eit.portal.declare.checking import (
    basis_of,
    check_submission,
    faults_by_line,
    judge_submission,
)
from eit.portal.declare.context import context_of
from eit.portal.declare.heads import BY_FIRM, LINE, head_line, head_of
from eit.portal.declare.intake import (
    CORRECTION,
    DECLARED,
    DRAFT,
    WITHDRAWN,
    Receipt,
    Sent,
    keep,
    lock_firm,
    receive,
)
from eit.portal.declare.judging import WITH_FILE, read_sent
from eit.portal.declare.rewriting import Cells, rewritten
from eit.portal.declare.walking import declared_submissions
from eit.portal.refusals import Hidden, Impossible
from eit.store.columns import now
from eit.store.database import Store
from eit.store.models import LineRow, SubmissionRow
from eit.tables import schema

ATTEMPTS = 5
TOGETHER = 500
"""Lines that one question to the database names."""

Faults = Sequence[Mapping[str, object]]

_TICK = timedelta(microseconds=1)
_NAMES = frozenset(schema("declarations").names)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of declaring a draft.

    Attributes
    ----------
    declared
        Lines that are declared now.
    left
        Lines that stay, to be corrected; in the draft ``rest_id``, if there are any.
    """

    declared: int
    left: int
    rest_id: str | None


def correct(
    store: Store,
    submission_id: str,
    changes: Mapping[int, Cells | None],
    actor: Actor,
    *,
    replaces_known: bool | None = None,
) -> Receipt:
    """Change lines of a draft: a new submission takes its place, the draft stays readable.

    Parameters
    ----------
    changes
        By line: the cells that change; None takes the line out.
    replaces_known
        Whether lines that create what is live already replace it from now on; None: as before.

    Raises
    ------
    Hidden
        If there is no such submission or line.
    Impossible
        If it is no draft.
    """
    with store.reading() as session:
        row = _with_content(session, submission_id)
        acting = speaker(session, row, actor)
        lines = set(_lines_of(session, row.id))
    if row.state != DRAFT:
        raise Impossible("declare_no_draft")
    if not set(changes) <= lines:
        raise Hidden
    declared = {
        line: cells and {name: text for name, text in cells.items() if name in _NAMES}
        for line, cells in changes.items()
    }
    return receive(
        store,
        Sent(
            firm_id=row.firm_id,
            actor=acting,
            kind=CORRECTION,
            filename=csv_name(row.filename),
            content=rewritten(row.content, declared) if declared else row.content,
            replaces_known=row.replaces_known if replaces_known is None else replaces_known,
            corrects_id=row.id,
        ),
    )


def withdraw(store: Store, submission_id: str, actor: Actor) -> None:
    """Take a draft back; it stays readable.

    Raises
    ------
    Impossible
        If it is no draft.
    """
    with store.changing() as session:
        row = session.get(SubmissionRow, submission_id, with_for_update=True)
        if row is None:
            raise Hidden
        if row.state != DRAFT:
            raise Impossible("declare_no_draft")
        row.state = WITHDRAWN
        audit.record(session, actor.viewer, "submission.withdraw", row.id, row.territory_id)


def declare(store: Store, submission_id: str, actor: Actor) -> Outcome:
    """Declare the sound lines of a draft; the others become a draft of their own.

    What was sound when it was checked is judged again by what holds now, so that two drafts
    never declare the same thing twice.

    Raises
    ------
    Hidden
        If there is no such submission.
    Impossible
        ``declare_no_draft`` if it is no draft, ``declare_nothing_sound`` if no line can be
        declared.
    """
    for _ in range(ATTEMPTS):
        plan = _plan(store, submission_id)
        outcome = _carry_out(store, plan, actor)
        if outcome is not None:
            if outcome.rest_id is not None:
                check_submission(store, outcome.rest_id)
            return outcome
    raise Impossible("declare_busy")


def csv_name(filename: str) -> str:
    """Name of a file once it was written again as CSV."""
    stem, dot, _ = filename.rpartition(".")
    return f"{stem if dot else filename}.csv"


@dataclass(frozen=True, slots=True)
class _Plan:
    """What declaring a draft would do, and what that rests on.

    Attributes
    ----------
    sound, faulty
        Lines to be declared, and lines that stay.
    found
        Faults of those that were sound before.
    rest
        The file without the lines to be declared; blank if nothing stays.
    """

    row: SubmissionRow
    by: str
    basis: str
    sound: frozenset[int]
    faulty: frozenset[int]
    found: Mapping[int, Faults]
    rest: bytes


def _plan(store: Store, submission_id: str) -> _Plan:
    """Judge the sound lines of a draft alone, until what is left holds together."""
    with store.reading() as session:
        row = _with_content(session, submission_id)
        if row.state != DRAFT:
            raise Impossible("declare_no_draft")
        head = head_of(head_line(session, row.id))
        lines = _lines_of(session, row.id)
    sound = frozenset(line for line, (_, faults) in lines.items() if not faults)
    found: dict[int, Faults] = {}
    while sound:
        left_out = dict.fromkeys(lines.keys() - sound)
        content = rewritten(row.content, left_out) if left_out else row.content
        table = read_sent(content, row.filename)
        verdict = judge_submission(store, row, table)
        named = faults_by_line(verdict.judged.faults)
        wrong = set(table.rows["line"][~verdict.judged.sound].tolist())
        found |= {line: named.get(line) or [{"code": WITH_FILE}] for line in wrong}
        sound -= wrong
        if not wrong:
            faulty = frozenset(lines.keys() - sound)
            rest = rewritten(row.content, dict.fromkeys(sound)) if faulty else b""
            return _Plan(row, head.by, verdict.basis, sound, faulty, found, rest)
    raise Impossible("declare_nothing_sound")


def _carry_out(store: Store, plan: _Plan, actor: Actor) -> Outcome | None:
    """Declare as planned; None if what the plan rests on has changed meanwhile."""
    with store.changing() as session:
        firm = lock_firm(session, plan.row.firm_id)
        row = session.get_one(SubmissionRow, plan.row.id)
        if row.state != DRAFT:
            raise Impossible("declare_no_draft")
        if basis_of(session, firm.id, context_of(session, firm)) != plan.basis:
            return None
        _write_faults(session, row.id, plan.found)
        row.state = DECLARED
        row.declared_at = _next_moment(session, firm.id)
        row.declared_by = actor.account_id
        row.sound, row.faulty = len(plan.sound), len(plan.faulty)
        audit.record(session, actor.viewer, "submission.declare", row.id, firm.territory_id)
        rest = keep(session, firm, _rest(plan, actor)).id if plan.faulty else None
        return Outcome(len(plan.sound), len(plan.faulty), rest)


def _write_faults(session: Session, submission_id: str, found: Mapping[int, Faults]) -> None:
    """Note what is wrong with lines that were sound when they were checked."""
    lines = sorted(found)
    for start in range(0, len(lines), TOGETHER):
        some = lines[start : start + TOGETHER]
        wanted = select(LineRow).where(
            LineRow.submission_id == submission_id, LineRow.line.in_(some)
        )
        for line in session.scalars(wanted):
            line.faults = [dict(fault) for fault in found[line.line]]


def _rest(plan: _Plan, actor: Actor) -> Sent:
    return Sent(
        firm_id=plan.row.firm_id,
        actor=replace(actor, by=plan.by),
        kind=CORRECTION,
        filename=csv_name(plan.row.filename),
        content=plan.rest,
        replaces_known=plan.row.replaces_known,
        corrects_id=plan.row.id,
    )


def _next_moment(session: Session, firm_id: str) -> datetime:
    """Now, or just after the firm's last declaration if the clock went back."""
    earlier = declared_submissions(session, firm_id)
    last = earlier[-1].declared_at if earlier else None
    return now() if last is None else max(now(), last + _TICK)


def _with_content(session: Session, submission_id: str) -> SubmissionRow:
    row = session.get(SubmissionRow, submission_id, options=[undefer(SubmissionRow.content)])
    if row is None:
        raise Hidden
    return row


def speaker(session: Session, row: SubmissionRow, actor: Actor) -> Actor:
    """As what a correction speaks: what holds something of the firm's stays the firm's."""
    before = head_of(head_line(session, row.id)).by
    return replace(actor, by=before if before == BY_FIRM else actor.by)


def _lines_of(session: Session, submission_id: str) -> dict[int, tuple[str, list[object]]]:
    """Identifier and faults of each line."""
    wanted = select(LineRow.line, LineRow.declaration_id, LineRow.faults).where(
        LineRow.submission_id == submission_id, LineRow.line != LINE
    )
    return {line: (name, faults) for line, name, faults in session.execute(wanted)}
