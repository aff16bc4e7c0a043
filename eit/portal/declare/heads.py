"""What is kept of a submission besides its lines: who it speaks as, what is said of the file.

It is kept as the line 0 of the submission, which no table has.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from eit.faults import Fault, Notice
from eit.portal.declare.plain import plain
from eit.store.models import LineRow

LINE = 0
BY_FIRM, BY_FACILITATOR = "firm", "facilitator"


@dataclass(frozen=True, slots=True)
class Head:
    """What is said of a submission as a whole.

    Attributes
    ----------
    by
        As what its sender acted: ``firm`` or ``facilitator``.
    separator
        Between the cells of the file; under ``;`` a comma is a decimal one.
    columns
        Declared columns that the file has, in the order of the schema.
    notices
        As `stored_notice` makes them.
    basis
        What it was last judged by: the context, and the firm's last declaration.
    """

    by: str = BY_FIRM
    separator: str = ""
    columns: list[str] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)
    basis: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As plain values, to be kept."""
        return asdict(self)


def head_of(row: LineRow | None) -> Head:
    """Read a head; of a submission without one, an empty head."""
    return Head(**row.cells) if row is not None else Head()


def head_line(session: Session, submission_id: str) -> LineRow | None:
    """The line 0 of a submission."""
    wanted = select(LineRow).where(LineRow.submission_id == submission_id, LineRow.line == LINE)
    return session.scalar(wanted)


def heads_of(session: Session, submission_ids: Iterable[str]) -> Mapping[str, Head]:
    """Heads of several submissions."""
    wanted = select(LineRow).where(
        LineRow.submission_id.in_(list(submission_ids)), LineRow.line == LINE
    )
    return {row.submission_id: head_of(row) for row in session.scalars(wanted)}


def stored_fault(fault: Fault) -> dict[str, Any]:
    """A fault as it is kept; its file is that of the submission."""
    return {
        "line": fault.line,
        "column": fault.column,
        "value": plain(fault.value),
        "code": fault.code,
        "detail": {name: plain(str(value)) for name, value in fault.detail.items()},
    }


def stored_notice(notice: Notice) -> dict[str, Any]:
    """A notice as it is kept."""
    return {
        "line": notice.line,
        "column": notice.column,
        "value": plain(notice.value),
        "code": notice.code,
        "detail": {name: plain(str(value)) for name, value in notice.detail.items()},
    }


def fault_from(file: str, stored: Mapping[str, Any]) -> Fault:
    """A fault as it was before it was kept."""
    return Fault(file, **stored)


def notice_from(file: str, stored: Mapping[str, Any]) -> Notice:
    """A notice as it was before it was kept."""
    return Notice(file, **stored)
