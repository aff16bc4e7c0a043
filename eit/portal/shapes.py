"""Shapes that every part of the HTTP interface answers with."""

from typing import Any

from pydantic import BaseModel


class Problem(BaseModel):
    """What went wrong: a word for programs, a sentence for people."""

    code: str
    message: str


class ErrorShape(BaseModel):
    """The one shape of every error."""

    error: Problem


class FaultShape(BaseModel):
    """A fault as ``eit check --json`` prints it."""

    file: str
    line: int
    column: str
    value: str
    wanted: str
    mend: str
    code: str


class NoticeShape(BaseModel):
    """A notice as ``eit check --json`` prints it."""

    file: str
    line: int
    column: str
    value: str
    said: str
    code: str


class Checked(BaseModel):
    """What ``eit check --json`` prints."""

    faults: list[FaultShape]
    notices: list[NoticeShape]
    sound: int


ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorShape, "description": "The request cannot be understood"},
    401: {"model": ErrorShape, "description": "No key, or one that opens nothing"},
    403: {"model": ErrorShape, "description": "Known, but not permitted"},
    404: {"model": ErrorShape, "description": "Not there, or not for this key"},
    413: {"model": ErrorShape, "description": "Too large"},
    422: {"model": ErrorShape | Checked, "description": "Fields or rows with faults"},
    503: {"model": ErrorShape, "description": "Cannot write at the moment"},
}
"""Answers that any operation may give; routers take them as ``responses``."""

CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"model": ErrorShape, "description": "the state of things does not allow it"}
}
"""Answer of operations that a state may forbid: a job that ended, a draft that was declared."""
