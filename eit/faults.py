"""What is wrong in a firm's file, where it stands, and how to mend it, in French and English."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, TypeVar

from eit import texts

LONGEST_VALUE = 60
"""Characters of a cell that a sentence repeats; the JSON form holds the whole cell."""

LIKE_NOTICES = 20
"""Notices of one kind that a file gets one by one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A cell, a row or a file that cannot be taken as it stands.

    ``wanted`` completes the sentence "this is not …", so that its text in the catalogue is a noun
    phrase; ``mend`` tells what to do. Both may name ``{column}``, ``{value}`` and every key of
    ``detail``. ``line`` is the physical line, 0 where the whole file is meant.
    """

    file: str
    line: int
    column: str
    value: str
    code: str
    detail: Mapping[str, str] = field(default_factory=dict)

    def wanted(self, lang: str) -> str:
        """What should have stood there, as a noun phrase."""
        return self._say(f"fault.{self.code}.wanted", lang)

    def mend(self, lang: str) -> str:
        """What to do about it, as an instruction."""
        return self._say(f"fault.{self.code}.mend", lang)

    def text(self, lang: str) -> str:
        """Say it in one line, without the name of the file."""
        return self._sentence(_place(self.line, self.column, lang), lang)

    def remark(self, lang: str) -> str:
        """Say it in one line to stand beside its row, without the line number."""
        return self._sentence(self.column, lang)

    def as_dict(self, lang: str) -> dict[str, str | int]:
        """Give the keys that ``eit check --json`` prints."""
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "value": self.value,
            "wanted": self.wanted(lang),
            "mend": self.mend(lang),
            "code": self.code,
        }

    def _sentence(self, place: str, lang: str) -> str:
        key = "intake.fault" if self.value else "intake.fault_blank"
        words = {"wanted": self.wanted(lang), "mend": self.mend(lang), "value": _short(self.value)}
        return texts.say(key, lang, place=place, **words).removeprefix(" ").removeprefix(": ")

    def _say(self, key: str, lang: str) -> str:
        words = {"column": self.column, "value": _short(self.value), **self.detail}
        return texts.say(key, lang, **words)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that was taken in a way its author should know of; nothing needs mending."""

    file: str
    line: int
    column: str
    value: str
    code: str
    detail: Mapping[str, str] = field(default_factory=dict)

    def text(self, lang: str) -> str:
        """Say it in one line, without the name of the file."""
        place = _place(self.line, self.column, lang)
        return texts.say("intake.notice", lang, place=place, said=self._said(lang))

    def as_dict(self, lang: str) -> dict[str, str | int]:
        """Give the keys that ``eit check --json`` prints."""
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "value": self.value,
            "said": self._said(lang),
            "code": self.code,
        }

    def _said(self, lang: str) -> str:
        words = {"column": self.column, "value": _short(self.value), **self.detail}
        return texts.say(f"notice.{self.code}", lang, **words)


Said = TypeVar("Said", Fault, Notice)


class DeclarationError(ValueError):
    """Files that cannot be taken as they stand: all their faults at once.

    Attributes
    ----------
    faults, notices
        In the order of `in_order`.
    """

    def __init__(self, faults: Iterable[Fault], notices: Iterable[Notice] = ()) -> None:
        self.faults: tuple[Fault, ...] = in_order(faults)
        self.notices: tuple[Notice, ...] = in_order(notices)
        super().__init__(self.faults, self.notices)

    def __str__(self) -> str:
        return "\n".join(lines(self.faults, "en"))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.faults, self.notices)


def in_order(said: Iterable[Said]) -> tuple[Said, ...]:
    """Sort faults or notices by file, line, then as they were found."""
    return tuple(sorted(said, key=lambda one: (one.file, one.line)))


def fewer(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """Sort notices; of one kind in one file, the first `LIKE_NOTICES` and a count of the others."""
    seen: Counter[tuple[str, str, str]] = Counter()
    first: dict[tuple[str, str, str], Notice] = {}
    kept = []
    for notice in in_order(notices):
        kind = notice.file, notice.column, notice.code
        first.setdefault(kind, notice)
        seen[kind] += 1
        if seen[kind] <= LIKE_NOTICES:
            kept.append(notice)
    for kind, number in seen.items():
        if number > LIKE_NOTICES:
            detail = {"more": str(number - LIKE_NOTICES), "line": str(first[kind].line)}
            kept.append(Notice(kind[0], 0, kind[1], "", "more", detail))
    return in_order(kept)


def lines(said: Sequence[Fault] | Sequence[Notice], lang: str) -> list[str]:
    """Sentences to print: per file a heading with their number, then one line each."""
    printed: list[str] = []
    kind = "fault" if said and isinstance(said[0], Fault) else "notice"
    listed: Sequence[Fault | Notice] = said
    for file, group in groupby(listed, key=lambda one: one.file):
        sentences = [one.text(lang) for one in group]
        plural = "one" if len(sentences) == 1 else "many"
        heading = texts.say(f"intake.{kind}s_{plural}", lang, file=file, number=len(sentences))
        printed += [heading, *sentences]
    return printed


def _place(line: int, column: str, lang: str) -> str:
    if line == 0:
        return column or texts.say("intake.place_file", lang)
    key = "intake.place_cell" if column else "intake.place_line"
    return texts.say(key, lang, line=line, column=column)


def _short(value: str) -> str:
    flat = " ".join(value.split())
    return flat if len(flat) <= LONGEST_VALUE else flat[: LONGEST_VALUE - 1] + "…"
