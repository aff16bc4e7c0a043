"""What is refused before it is kept: tables that would fill the memory, not those with faults."""

from eit.portal.refusals import Unsound
from eit.tables.workbook import UnreadableWorkbookError, refuse_bombs

UNPACKED_BYTES = 256 << 20
MOST_CELLS = 6_000_000
MOST_LINES = 200_000
MOST_SEPARATORS = 2_000
MOST_NUMBER = 2**31 - 1
"""Largest number that every database keeps as one."""
_ARCHIVE = b"PK\x03\x04"


def refuse_oversized(content: bytes, *, most_bytes: int) -> None:
    """Refuse a file that no table of declarations is: empty, a bomb, or a million columns.

    A file that is merely damaged passes: it is kept, and its author is told what is wrong with it.

    Parameters
    ----------
    most_bytes
        Longest file.

    Raises
    ------
    Unsound
        ``declare_empty``, ``declare_large``, ``declare_bomb``, ``declare_lines`` or
        ``declare_wide``.
    """
    if not content:
        raise Unsound("declare_empty")
    if len(content) > most_bytes:
        raise Unsound("declare_large")
    if content.startswith(_ARCHIVE):
        _refuse_archive(content)
        return
    if max(content.count(b"\n"), content.count(b"\r")) > MOST_LINES:
        raise Unsound("declare_lines")
    for line in content.splitlines():
        if max(map(line.count, (b";", b",", b"\t"))) > MOST_SEPARATORS:
            raise Unsound("declare_wide")


def _refuse_archive(content: bytes) -> None:
    try:
        refuse_bombs(content, largest_bytes=UNPACKED_BYTES, largest_cells=MOST_CELLS)
    except UnreadableWorkbookError as damage:
        if damage.code == "too_large":
            raise Unsound("declare_bomb") from damage
