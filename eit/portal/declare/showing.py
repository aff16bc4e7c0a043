"""What people see of submissions and declarations, each value only where they may."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, case, cast, func, select
from sqlalchemy.orm import Session

from eit.faults import Fault, Notice, in_order
from eit.portal.declare.access import COST, Desk
from eit.portal.declare.heads import (
    LINE,
    Head,
    fault_from,
    head_line,
    head_of,
    heads_of,
    notice_from,
)
from eit.portal.declare.judging import WITH_FILE
from eit.portal.declare.walking import Step, Walk, walk
from eit.store.models import AccountRow, LineRow, SubmissionRow

PAGE = 100
"""Lines on one page."""
LISTED = 50
"""Submissions on one page."""
SHOW = ("all", "faulty", "sound")


@dataclass(frozen=True, slots=True)
class Line:
    """One line as a person sees it: cells as sent, and what is wrong with them."""

    line: int
    declaration_id: str
    cells: Mapping[str, str]
    faults: tuple[Fault, ...]
    sound: bool

    def faults_in(self, column: str) -> tuple[Fault, ...]:
        """What is wrong with one cell, or, under a blank name, with the whole row."""
        return tuple(fault for fault in self.faults if fault.column == column)

    def first_fault_in(self, column: str) -> int:
        """Place among the faults of the first one of a cell."""
        return [fault.column for fault in self.faults].index(column)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a list, and how much of it there is."""

    items: Sequence[Any]
    number: int
    size: int
    total: int

    @property
    def last(self) -> int:
        """Number of the last page."""
        return max(1, -(-self.total // self.size))


@dataclass(frozen=True, slots=True)
class Version:
    """One line that ever named a declaration, in the submission that it came with."""

    submission: SubmissionRow
    head: Head
    line: Line


@dataclass(frozen=True, slots=True)
class Live:
    """A live declaration: its cells, since when it holds, and by which submission."""

    declaration_id: str
    cells: Mapping[str, str]
    submission_id: str
    line: int
    declared_at: datetime | None
    declared_by: str | None
    by: str


def lines_page(
    session: Session, desk: Desk, row: SubmissionRow, *, show: str = "all", number: int = 1
) -> Page:
    """Lines of a submission, faulty ones first."""
    is_sound = cast(LineRow.faults, String) == "[]"
    wanted = [LineRow.submission_id == row.id, LineRow.line != LINE]
    if show != "all":
        wanted.append(is_sound if show == "sound" else ~is_sound)
    order = (case((is_sound, 1), else_=0), LineRow.line)
    total = session.scalar(select(func.count()).select_from(LineRow).where(*wanted)) or 0
    number = _within(number, total, PAGE)
    some = select(LineRow).where(*wanted).order_by(*order)
    found = session.scalars(some.offset((number - 1) * PAGE).limit(PAGE))
    head = head_of(head_line(session, row.id))
    return Page([line_of(desk, row, head, one) for one in found], number, PAGE, total)


def find_line(session: Session, desk: Desk, row: SubmissionRow, line: int) -> Line | None:
    """One line of a submission."""
    wanted = select(LineRow).where(
        LineRow.submission_id == row.id, LineRow.line == line, LineRow.line != LINE
    )
    found = session.scalar(wanted)
    head = head_of(head_line(session, row.id))
    return line_of(desk, row, head, found) if found else None


def line_of(desk: Desk, row: SubmissionRow, head: Head, line: LineRow) -> Line:
    """A line as this person may see it."""
    return Line(
        line=line.line,
        declaration_id=line.declaration_id,
        cells=desk.seen(line.cells, head),
        faults=tuple(_faults(desk, row, head, line.line, line.faults)),
        sound=not line.faults,
    )


def only_changed(
    session: Session, row: SubmissionRow, changes: Mapping[int, Mapping[str, str] | None]
) -> dict[int, Mapping[str, str] | None]:
    """Changes without the cells that already stand so."""
    wanted = select(LineRow.line, LineRow.cells).where(
        LineRow.submission_id == row.id, LineRow.line.in_(sorted(changes))
    )
    sent = {line: cells for line, cells in session.execute(wanted)}
    kept: dict[int, Mapping[str, str] | None] = {}
    for line, cells in changes.items():
        before = sent.get(line, {})
        new = cells and {
            name: cell
            for name, cell in cells.items()
            if cell.strip() != before.get(name, "").strip()
        }
        if cells is None or new:
            kept[line] = new
    return kept


def faults_of(session: Session, desk: Desk, row: SubmissionRow) -> tuple[Fault, ...]:
    """Every fault of a submission, as `eit check` gives them."""
    wanted = (
        select(LineRow.line, LineRow.faults)
        .where(LineRow.submission_id == row.id, cast(LineRow.faults, String) != "[]")
        .order_by(LineRow.line)
    )
    head = head_of(head_line(session, row.id))
    return in_order(
        fault
        for line, stored in session.execute(wanted)
        for fault in _faults(desk, row, head, line, stored)
    )


def file_faults(session: Session, desk: Desk, row: SubmissionRow) -> tuple[Fault, ...]:
    """What is wrong with the file as a whole."""
    kept = head_line(session, row.id)
    stored = kept.faults if kept else []
    return tuple(_faults(desk, row, head_of(kept), LINE, stored))


def notices_of(session: Session, desk: Desk, row: SubmissionRow) -> tuple[Notice, ...]:
    """What a submission's author should know of."""
    head = head_of(head_line(session, row.id))
    hidden = set() if desk.sees_costs(head) else {COST}
    return tuple(
        notice_from(row.filename, one) for one in head.notices if one["column"] not in hidden
    )


def submissions_page(session: Session, desk: Desk, *, number: int = 1) -> Page:
    """Everything sent for a firm, latest first, each with its head."""
    mine = SubmissionRow.firm_id == desk.firm.id
    return _submissions(session, [mine], number)


def drafts(session: Session, desk: Desk) -> Page:
    """What is checked or being checked and not declared, latest first."""
    standing = SubmissionRow.state.in_(("received", "draft"))
    return _submissions(session, [SubmissionRow.firm_id == desk.firm.id, standing], 1)


def live_page(session: Session, desk: Desk, *, number: int = 1, search: str = "") -> Page:
    """The firm's live declarations, by identifier."""
    walked = walk(session, desk.firm.id)
    names = [name for name, step in walked.live().items() if _mentions(walked, step, search)]
    number = _within(number, len(names), PAGE)
    some = names[(number - 1) * PAGE : number * PAGE]
    return Page(_live(session, desk, walked, some), number, PAGE, len(names))


def live_rows(session: Session, desk: Desk) -> list[Live]:
    """All live declarations of a firm."""
    walked = walk(session, desk.firm.id)
    return _live(session, desk, walked, list(walked.live()))


def find_live(session: Session, desk: Desk, declaration_id: str) -> Live | None:
    """One live declaration."""
    walked = walk(session, desk.firm.id, only=(declaration_id,))
    found = _live(session, desk, walked, [one for one in walked.live() if one == declaration_id])
    return found[0] if found else None


def history(session: Session, desk: Desk, declaration_id: str) -> list[Version]:
    """Every line that ever named a declaration, latest first."""
    wanted = (
        select(LineRow, SubmissionRow)
        .join(SubmissionRow, SubmissionRow.id == LineRow.submission_id)
        .where(
            SubmissionRow.firm_id == desk.firm.id,
            LineRow.declaration_id == declaration_id,
            LineRow.line != LINE,
        )
        .order_by(SubmissionRow.received_at.desc(), LineRow.line.desc())
    )
    found = session.execute(wanted).all()
    heads = heads_of(session, {row.id for _, row in found})
    return [
        Version(row, heads[row.id], line_of(desk, row, heads[row.id], line)) for line, row in found
    ]


def names_of(session: Session, account_ids: Iterable[str | None]) -> dict[str | None, str]:
    """Names of people by account; their address where they gave none."""
    asked = {one for one in account_ids if one}
    rows = session.scalars(select(AccountRow).where(AccountRow.id.in_(asked)))
    return {None: "–"} | {row.id: row.name or row.email or "–" for row in rows}


def check_shape(
    faults: Sequence[Fault], notices: Sequence[Notice], sound: int, lang: str
) -> dict[str, Any]:
    """What ``eit check --json`` prints."""
    return {
        "faults": [fault.as_dict(lang) for fault in faults],
        "notices": [notice.as_dict(lang) for notice in notices],
        "sound": sound,
    }


def _faults(
    desk: Desk, row: SubmissionRow, head: Head, line: int, stored: Sequence[Mapping[str, Any]]
) -> list[Fault]:
    """Kept faults as faults; what they repeat of cells that must not be seen is left out."""
    open_book = desk.sees_costs(head)
    found = []
    for one in stored:
        if one["code"] == WITH_FILE:
            continue
        hidden = not open_book and one["column"] in ("", COST)
        shown = {"line": line, **one, **({"value": ""} if hidden else {})}
        found.append(fault_from(row.filename, shown))
    return found


def _submissions(session: Session, wanted: Sequence[ColumnElement[bool]], number: int) -> Page:
    total = session.scalar(select(func.count()).select_from(SubmissionRow).where(*wanted)) or 0
    number = _within(number, total, LISTED)
    some = (
        select(SubmissionRow)
        .where(*wanted)
        .order_by(SubmissionRow.received_at.desc(), SubmissionRow.id)
    )
    rows = session.scalars(some.offset((number - 1) * LISTED).limit(LISTED)).all()
    heads = heads_of(session, [row.id for row in rows])
    return Page([(row, heads.get(row.id, Head())) for row in rows], number, LISTED, total)


def _live(session: Session, desk: Desk, walked: Walk, names: Sequence[str]) -> list[Live]:
    steps = walked.live()
    heads = heads_of(session, {steps[name].submission_id for name in names})
    rows = {key: session.get_one(SubmissionRow, key) for key in heads}
    found = []
    for name in names:
        step = steps[name]
        row, head = rows[step.submission_id], heads[step.submission_id]
        cells = desk.seen(walked.cells[step.submission_id, step.line], head)
        found.append(
            Live(name, cells, row.id, step.line, row.declared_at, row.declared_by, head.by)
        )
    return found


def _mentions(walked: Walk, step: Step, search: str) -> bool:
    """Whether a live declaration has the words searched for."""
    if not search:
        return True
    cells = walked.cells[step.submission_id, step.line]
    text = " ".join(
        [step.declaration_id, cells.get("label", ""), cells.get("resource", "")]
    ).casefold()
    return all(word in text for word in search.casefold().split())


def _within(number: int, total: int, size: int) -> int:
    """A page number that exists."""
    return min(max(1, number), max(1, -(-total // size)))
