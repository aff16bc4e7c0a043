"""Shapes of what the HTTP interface of declarations takes and gives."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from eit.portal.declare.heads import Head
from eit.portal.declare.limits import MOST_NUMBER
from eit.portal.declare.showing import Line, Live, Page, Version
from eit.portal.shapes import FaultShape, NoticeShape
from eit.store.models import SubmissionRow

MOST_CHANGED = 5_000
LONGEST_CELL = 32_767
LineNumber = Annotated[int, Field(ge=1, le=MOST_NUMBER)]
Cell = Annotated[str, Field(max_length=LONGEST_CELL)]


class SubmissionShape(BaseModel):
    """A table as it was sent, and what became of it."""

    id: str
    kind: str
    state: str
    filename: str
    sha256: str
    received_at: datetime
    sent_as: str
    replaces_known: bool
    corrects_id: str | None
    declared_at: datetime | None
    faulty: int
    checked_rows: int
    total_rows: int
    sound: int

    @classmethod
    def of(cls, row: SubmissionRow, head: Head) -> "SubmissionShape":
        """The shape of a submission."""
        names = set(cls.model_fields) - {"sent_as"}
        return cls(sent_as=head.by, **{name: getattr(row, name) for name in names})


class CheckedSubmission(SubmissionShape):
    """A submission with its faults and notices in the shape of `eit check --json`."""

    faults: list[FaultShape]
    notices: list[NoticeShape]


class ReceivedSubmission(CheckedSubmission):
    """A submission that was just sent; ``duplicate`` if the very same bytes came before."""

    duplicate: bool


class LineShape(BaseModel):
    """A line: its cells as sent, by declared column, and what is wrong with them."""

    line: int
    declaration_id: str
    cells: dict[str, str]
    faults: list[FaultShape]
    sound: bool

    @classmethod
    def of(cls, line: Line, lang: str) -> "LineShape":
        """The shape of a line."""
        faults = [FaultShape.model_validate(fault.as_dict(lang)) for fault in line.faults]
        return cls(
            line=line.line,
            declaration_id=line.declaration_id,
            cells=dict(line.cells),
            faults=faults,
            sound=line.sound,
        )


class Listing(BaseModel):
    """Some of a list: which page, of how many, and how many things there are in all."""

    page: int
    pages: int
    total: int

    @classmethod
    def counted(cls, page: Page) -> dict[str, int]:
        """Counts of a page."""
        return {"page": page.number, "pages": page.last, "total": page.total}


class Lines(Listing):
    """Lines of a submission, faulty ones first."""

    items: list[LineShape]


class Submissions(Listing):
    """Submissions, latest first."""

    items: list[SubmissionShape]


class LiveShape(BaseModel):
    """A live declaration, and the submission by which it holds."""

    declaration_id: str
    cells: dict[str, str]
    submission_id: str
    line: int
    declared_at: datetime | None
    declared_as: str

    @classmethod
    def of(cls, live: Live) -> "LiveShape":
        """The shape of a live declaration."""
        return cls(
            declaration_id=live.declaration_id,
            cells=dict(live.cells),
            submission_id=live.submission_id,
            line=live.line,
            declared_at=live.declared_at,
            declared_as=live.by,
        )


class Declarations(Listing):
    """Live declarations, by identifier."""

    items: list[LiveShape]


class VersionShape(BaseModel):
    """A line that once named a declaration, in the submission that it came with."""

    submission: SubmissionShape
    line: LineShape

    @classmethod
    def of(cls, version: Version, lang: str) -> "VersionShape":
        """The shape of a version."""
        submission = SubmissionShape.of(version.submission, version.head)
        return cls(submission=submission, line=LineShape.of(version.line, lang))


class History(BaseModel):
    """Every version of a declaration, latest first."""

    items: list[VersionShape]


class ChangedLine(BaseModel):
    """Cells of a line that change, by declared column."""

    model_config = ConfigDict(extra="forbid")

    line: LineNumber
    cells: Annotated[dict[str, Cell], Field(min_length=1, max_length=100)]


class Correction(BaseModel):
    """Changes of a draft: cells, and lines to be taken out."""

    model_config = ConfigDict(extra="forbid")

    rows: Annotated[list[ChangedLine], Field(max_length=MOST_CHANGED)] = []
    drop: Annotated[list[LineNumber], Field(max_length=MOST_CHANGED)] = []
    replaces_known: bool | None = None


class Cancellation(BaseModel):
    """Which live declaration to cancel."""

    model_config = ConfigDict(extra="forbid")

    declaration_id: Annotated[str, Field(min_length=1, max_length=500)]


class DeclaredShape(BaseModel):
    """Lines that are declared now, and lines left in a draft of their own."""

    declared: int
    left: int
    rest_id: str | None


class DelegationShape(BaseModel):
    """Whether the territory's facilitators may declare for the firm."""

    model_config = ConfigDict(extra="forbid")

    granted: bool
