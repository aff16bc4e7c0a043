"""Every sentence that people read, in French and English, from ``datasets/messages/``."""

import csv
from functools import cache
from types import MappingProxyType

from eit import data

LANGUAGES = ("fr", "en")


@cache
def catalogue(lang: str) -> MappingProxyType[str, str]:
    """All sentences of one language by key.

    Raises
    ------
    ValueError
        If the language is not one of `LANGUAGES`, or a key stands twice.
    """
    if lang not in LANGUAGES:
        raise ValueError(f"lang must be one of {LANGUAGES}; got {lang!r}")
    sentences: dict[str, str] = {}
    for file in sorted(data.path("messages").glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                if row["key"] in sentences:
                    raise ValueError(f"{file.name}: key {row['key']!r} stands twice")
                sentences[row["key"]] = row[lang]
    return MappingProxyType(sentences)


def say(key: str, lang: str, **values: object) -> str:
    """One sentence, its ``{names}`` filled in.

    Raises
    ------
    KeyError
        If no catalogue holds the key, or a name in the sentence has no value.
    """
    return catalogue(lang)[key].format(**values)
