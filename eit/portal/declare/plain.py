"""Texts from outside, made fit for every database and every file system."""

import re
from pathlib import PurePosixPath

LONGEST_NAME = 100
_ODD = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_RESERVED = re.compile(r'[<>:"/\\|?*]')


def plain(text: str) -> str:
    """Text without NUL and without halves of characters, which databases refuse.

    Examples
    --------
    >>> plain("a" + chr(0) + "b" + chr(0xD800))
    'a\ufffdb?'
    """
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def shown_name(sent: str) -> str:
    """Name of a file as people see it: its last part, without control characters, not too long.

    It is shown, and never used as a path.

    Examples
    --------
    >>> shown_name("../../etc/passwd"), shown_name("C:" + chr(92) + "flux.csv"), shown_name("..")
    ('passwd', 'flux.csv', 'declarations.csv')
    """
    last = PurePosixPath(plain(sent).replace("\\", "/")).name
    name = " ".join(_ODD.sub("", last).split()).strip(". ")
    stem, dot, ending = name.rpartition(".")
    if len(name) > LONGEST_NAME:
        kept = LONGEST_NAME - len(ending) - 1
        name = f"{stem[:kept]}.{ending}" if dot and kept > 0 else name[:LONGEST_NAME]
    return name or "declarations.csv"


def file_name(shown: str) -> str:
    """A shown name as a name inside an archive: no sign that a file system gives a meaning."""
    return _RESERVED.sub("_", shown_name(shown)).lstrip(".~-") or "declarations.csv"
