"""Numbers as people type them: decimal point or comma, thousands set apart by any kind of space."""

import math
import re

from eit.tables.cell import Cell

_SPACES = dict.fromkeys(map(ord, "\u00a0\u202f\u2009\u2007\u2008\u200a"), " ")
_SIGNS = {ord("\u2212"): "-", ord("\u2013"): "-"}
_PLAIN = re.compile(r"[+-]?(\d+|\d{1,3}( \d{3})+)?([.,]\d*)?([eE][+-]?\d{1,3})?")
_COMMA_THOUSANDS = re.compile(r"[+-]?\d{1,3}((,\d{3})+\.\d+|(,\d{3}){2,})")
_POINT_THOUSANDS = re.compile(r"[+-]?\d{1,3}((\.\d{3})+,\d+|(\.\d{3}){2,})")
_DOUBTFUL = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


def read_number(text: str, *, comma_decimal: bool) -> Cell:
    """Read a finite number.

    ``1,234`` is 1.234; unless ``comma_decimal`` says that the file writes decimals so, a notice
    tells it. ``1,234.5`` and ``1.234,5`` can only be read in one way, and are.

    Examples
    --------
    >>> read_number("1\u202f234,5", comma_decimal=True).value
    1234.5
    """
    plain = text.translate(_SPACES | _SIGNS).strip()
    if _COMMA_THOUSANDS.fullmatch(plain):
        return Cell(float(plain.replace(",", "")))
    if _POINT_THOUSANDS.fullmatch(plain):
        return Cell(float(plain.replace(".", "").replace(",", ".")))
    if not _PLAIN.fullmatch(plain) or not any(map(str.isdigit, plain)) or plain[:1] in "eE":
        return Cell(fault="number")
    try:
        value = float(plain.replace(" ", "").replace(",", "."))
    except ValueError:
        return Cell(fault="number")
    if not math.isfinite(value):
        return Cell(fault="number")
    if not comma_decimal and _DOUBTFUL.fullmatch(plain):
        return Cell(value, notice="decimal_comma", detail={"read": f"{value:.15g}"})
    return Cell(value)


def read_share(text: str, *, comma_decimal: bool) -> Cell:
    """Read a share from 0 to 1; ``80 %`` is 0.8."""
    percent = text.rstrip().endswith("%")
    cell = read_number(text.rstrip().rstrip("%"), comma_decimal=comma_decimal)
    if cell.fault:
        return cell
    share = float(cell.value) / 100 if percent else float(cell.value)
    return cell._replace(value=share) if 0 <= share <= 1 else Cell(fault="share")


def read_count(text: str, *, comma_decimal: bool) -> Cell:
    """Read a whole number, at least 1."""
    cell = read_number(text, comma_decimal=comma_decimal)
    if cell.fault:
        return cell
    value = float(cell.value)
    return cell if value >= 1 and value.is_integer() else Cell(fault="count")


def read_positive(text: str, *, comma_decimal: bool) -> Cell:
    """Read a number above 0."""
    cell = read_number(text, comma_decimal=comma_decimal)
    return cell if cell.fault or float(cell.value) > 0 else Cell(fault="positive")


def read_nonnegative(text: str, *, comma_decimal: bool) -> Cell:
    """Read a number of 0 or more."""
    cell = read_number(text, comma_decimal=comma_decimal)
    return cell if cell.fault or float(cell.value) >= 0 else Cell(fault="nonnegative")
