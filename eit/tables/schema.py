"""The declared columns of every table; how a title or a choice that people write is known."""

import csv
import re
import unicodedata
from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from rapidfuzz import fuzz, process

from eit import data

MOST_COMPARED = 20_000_000
"""Pairs of words that are compared letter by letter before a quicker way is taken."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One declared column: a row of ``datasets/schema/<table>.csv``.

    ``required`` is ``yes``, ``no``, or ``live`` (needed by every row that is not a cancellation).
    ``choices`` maps each value, by its English name, to the other ways of writing it.
    """

    name: str
    aliases: tuple[str, ...]
    type: str
    unit: str
    required: str
    default: str
    choices: Mapping[str, tuple[str, ...]]
    description_en: str
    description_fr: str

    def header(self, lang: str) -> str:
        """Title of the column in a file written for people."""
        return self.aliases[0] if lang == "fr" and self.aliases else self.name

    def description(self, lang: str) -> str:
        """What the column holds, in one sentence."""
        return self.description_fr if lang == "fr" else self.description_en

    def choice_names(self, lang: str) -> tuple[str, ...]:
        """Values as a person reads them: the English names, or the first French ones."""
        if lang != "fr":
            return tuple(self.choices)
        return tuple(others[0] if others else name for name, others in self.choices.items())

    def choice_of(self) -> Mapping[str, str]:
        """Map the key of every spelling to the value it stands for."""
        spellings = {key_of(name): name for name in self.choices}
        for name, others in self.choices.items():
            spellings |= {key_of(other): name for other in others}
        return spellings


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """The declared columns of one table, in order."""

    name: str
    columns: tuple[Column, ...]
    by_key: Mapping[str, Column]

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def __reduce__(self) -> tuple[object, ...]:
        return schema, (self.name,)

    @property
    def names(self) -> tuple[str, ...]:
        """English names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def recognise(self, title: str) -> Column | None:
        """The column that a title of a file means, in either language."""
        return self.by_key.get(key_of(title))

    def nearest(self, title: str) -> str:
        """English name of the column whose name or alias looks most like a title."""
        return self.by_key[nearest(key_of(title), tuple(self.by_key))].name


@cache
def schema(name: str) -> Schema:
    """Declared columns of a table.

    Raises
    ------
    FileNotFoundError
        If no table of that name is declared.
    ValueError
        If two of its columns answer to the same title.
    """
    with data.path("schema", f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        columns = tuple(_column(row) for row in csv.DictReader(lines))
    by_key: dict[str, Column] = {}
    for column in columns:
        for title in (column.name, *column.aliases):
            if by_key.setdefault(key_of(title), column) is not column:
                raise ValueError(f"schema {name}: two columns answer to {title!r}")
    return Schema(name, columns, MappingProxyType(by_key))


def key_of(text: str) -> str:
    """What is left of a title or a choice without case, accents, spaces and punctuation.

    Examples
    --------
    >>> key_of(" Coût actuel (€/unité) ")
    'coutactueleurunite'
    """
    if text.isascii():
        plain = text
    else:
        plain = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("€", "eur"))
    return _NOT_ALPHANUMERIC.sub("", plain.lower())


def nearest(text: str, known: Sequence[str]) -> str:
    """The known word that looks most like a text (the first of several); "" if none is known.

    Examples
    --------
    >>> nearest("quantty", ["unit", "quantity"])
    'quantity'
    """
    found = process.extractOne(text, known, scorer=fuzz.ratio)
    return str(found[0]) if found else ""


def nearest_of(texts: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """For each text the known word that looks most like it; an ellipsis where none is known.

    Beyond `MOST_COMPARED` pairs, it is the next one in the alphabet.
    """
    words = sorted(set(known))
    asked = set(texts)
    if not words:
        return dict.fromkeys(asked, "…")
    if len(asked) * len(words) <= MOST_COMPARED:
        return {text: nearest(text, words) for text in asked}
    return {text: words[min(bisect(words, text), len(words) - 1)] for text in asked}


_NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]+")


def _column(row: Mapping[str, str]) -> Column:
    choices = [choice.partition("=") for choice in row["choices"].split(";") if choice]
    return Column(
        name=row["column"],
        aliases=tuple(row["alias_fr"].split("|")) if row["alias_fr"] else (),
        type=row["type"],
        unit=row["unit"],
        required=row["required"],
        default=row["default"],
        choices=MappingProxyType(
            {name: tuple(o.split("|") if o else ()) for name, _, o in choices}
        ),
        description_en=row["description_en"],
        description_fr=row["description_fr"],
    )
