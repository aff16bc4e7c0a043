"""What a firm declared, line by line, in the order in which it counts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple

from sqlalchemy import ColumnElement, String, cast, select
from sqlalchemy.orm import Session

from eit.store.models import LineRow, SubmissionRow
from eit.tables import key_of, schema
from eit.tables.dates import read_moment
from eit.tables.guarding import unguard

CREATE, REPLACE, CANCEL = "create", "replace", "cancel"
MOST_NAMED = 500
"""Identifiers that one question to the database names."""


class _Line(NamedTuple):
    submission_id: str
    line: int
    declaration_id: str
    cells: Mapping[str, str]


_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class State:
    """What holds of one declaration: since when, and by which line, if it is live."""

    moment: str = ""
    live: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One declared line: what it does, and from when on.

    ``moment`` is ISO text without a zone: as stated, else that of the submission in UTC; never
    before what an earlier submission did to the same declaration.
    """

    submission_id: str
    line: int
    declaration_id: str
    action: str
    moment: str


@dataclass(frozen=True, slots=True)
class Walk:
    """Everything a firm declared, in order.

    Attributes
    ----------
    steps
        Submission by submission, in the order of the lines.
    states
        What holds in the end, by declaration.
    cells
        Cells of each line, by submission and line.
    """

    steps: tuple[Step, ...]
    states: Mapping[str, State]
    cells: Mapping[tuple[str, int], Mapping[str, str]]

    def by_submission(self) -> dict[str, list[Step]]:
        """The steps of each submission."""
        found: dict[str, list[Step]] = {}
        for one in self.steps:
            found.setdefault(one.submission_id, []).append(one)
        return found

    def live(self) -> dict[str, Step]:
        """The line by which each live declaration holds, sorted by identifier."""
        order = sorted(self.steps, key=lambda one: (one.declaration_id, one.moment))
        latest = {one.declaration_id: one for one in order}
        return {name: one for name, one in latest.items() if self.states[name].live}


def declared_submissions(
    session: Session, firm_id: str, as_of: datetime | None = None
) -> Sequence[SubmissionRow]:
    """A firm's declared submissions, oldest first."""
    wanted = select(SubmissionRow).where(*_declared(firm_id, as_of))
    return session.scalars(wanted.order_by(SubmissionRow.declared_at, SubmissionRow.id)).all()


def walk(
    session: Session,
    firm_id: str,
    *,
    as_of: datetime | None = None,
    only: Collection[str] | None = None,
) -> Walk:
    """Follow everything a firm declared.

    Parameters
    ----------
    as_of
        What was declared after it does not count.
    only
        Identifiers of the declarations to follow; None: all.
    """
    submissions = declared_submissions(session, firm_id, as_of)
    lines = _sound_lines(session, firm_id, as_of, only)
    states: dict[str, State] = {}
    steps: list[Step] = []
    for submission in submissions:
        assert submission.declared_at is not None
        sent = [_step(submission.id, row) for row in lines.get(submission.id, ())]
        taken = advance(
            sent,
            states,
            moment=moment_text(submission.declared_at),
            replaces_known=submission.replaces_known,
        )
        steps += taken
    cells = {(row.submission_id, row.line): row.cells for rows in lines.values() for row in rows}
    return Walk(tuple(steps), states, cells)


def advance(
    sent: Sequence[Step], states: dict[str, State], *, moment: str, replaces_known: bool
) -> list[Step]:
    """Say what each line of one more submission does and when; `states` goes along.

    Parameters
    ----------
    sent
        The lines as sent: ``moment`` is blank where none is stated.
    states
        What holds before; what holds after is written into it.
    moment
        When the submission is declared.
    replaces_known
        Whether a line that creates what is live already replaces it.
    """
    known = frozenset(name for name, state in states.items() if state.live)
    taken: dict[int, Step] = {}
    dated = [(replace(one, moment=one.moment or moment), at) for at, one in enumerate(sent)]
    for one, at in sorted(dated, key=lambda pair: (pair[0].moment, pair[0].line)):
        before = states.get(one.declaration_id, State())
        replaces = replaces_known and one.action == CREATE and one.declaration_id in known
        step = replace(
            one,
            action=REPLACE if replaces else one.action,
            moment=max(one.moment, _after(before.moment)),
        )
        taken[at] = step
        states[one.declaration_id] = State(step.moment, step.action != CANCEL)
    return [taken[at] for at in range(len(sent))]


def moment_text(moment: datetime) -> str:
    """A moment in UTC, as the column ``declared_at`` holds it once read."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat()


@cache
def action_of(text: str) -> str:
    """What a cell of the column ``action`` says; nothing said is a creation."""
    return schema("declarations")["action"].choice_of().get(key_of(text), CREATE)


def stated_moment(text: str) -> str:
    """What a cell of the column ``declared_at`` says; blank where it says nothing."""
    return str(read_moment(unguard([text])[0]).value) if text.strip() else ""


def _after(moment: str) -> str:
    if not moment:
        return ""
    try:
        return (datetime.fromisoformat(moment) + _TICK).isoformat()
    except OverflowError:
        return moment


def _step(submission_id: str, row: _Line) -> Step:
    return Step(
        submission_id=submission_id,
        line=row.line,
        declaration_id=row.declaration_id,
        action=action_of(row.cells.get("action", "")),
        moment=stated_moment(row.cells.get("declared_at", "")),
    )


def _sound_lines(
    session: Session, firm_id: str, as_of: datetime | None, only: Collection[str] | None
) -> dict[str, list[_Line]]:
    """Sound lines of what a firm declared, by submission, in order."""
    wanted = (
        select(LineRow.submission_id, LineRow.line, LineRow.declaration_id, LineRow.cells)
        .join(SubmissionRow, SubmissionRow.id == LineRow.submission_id)
        .where(*_declared(firm_id, as_of))
        .where(LineRow.declaration_id != "", cast(LineRow.faults, String) == "[]")
        .order_by(LineRow.submission_id, LineRow.line)
    )
    if only is not None and len(only) <= MOST_NAMED:
        wanted = wanted.where(LineRow.declaration_id.in_(sorted(only)))
    found: dict[str, list[_Line]] = {}
    for values in session.execute(wanted):
        line = _Line(*values)
        if only is None or line.declaration_id in only:
            found.setdefault(line.submission_id, []).append(line)
    return found


def _declared(firm_id: str, as_of: datetime | None) -> list[ColumnElement[bool]]:
    """What a firm declared by a moment, as conditions."""
    conditions = [SubmissionRow.firm_id == firm_id, SubmissionRow.state == "declared"]
    return conditions if as_of is None else [*conditions, SubmissionRow.declared_at <= as_of]
