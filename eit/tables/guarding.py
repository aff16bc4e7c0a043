"""Cells that a spreadsheet would run as a formula: an apostrophe keeps them text."""

from collections.abc import Sequence

from eit.tables.numbers import read_number

_STARTS = ("=", "+", "-", "@", "\t", "\r")
_GUARDED = tuple(f"'{start}" for start in _STARTS)


def guard(cell: str) -> str:
    """Put an apostrophe before a cell that looks like a formula and is no number.

    Examples
    --------
    >>> guard("=1+1"), guard("-12,5")
    ("'=1+1", '-12,5')
    """
    if not cell.startswith(_STARTS):
        return cell
    return f"'{cell}" if read_number(cell, comma_decimal=True).fault else cell


def unguard(cells: Sequence[str]) -> Sequence[str]:
    """Take the apostrophes of `guard` away again."""
    if "'" not in "".join(cells):
        return cells
    return [cell[1:] if cell.startswith(_GUARDED) else cell for cell in cells]
