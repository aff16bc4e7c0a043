"""Codes as people and spreadsheets write them: SIRET, INSEE, waste codes; choices from a list."""

import re
from collections.abc import Callable

from stdnum.fr import siret as stdnum_siret

from eit import texts
from eit.tables.cell import Cell
from eit.tables.schema import Column, key_of, nearest

_SCIENTIFIC = re.compile(r"\d+([.,]\d*)?[eE]\+?\d+")
_SEPARATORS = re.compile(r"[\s.\-_/]+")
_INSEE = re.compile(r"\d[\dAB]\d{3}")
_GAP = r"[\s._/-]*"
_WASTE_CODE = re.compile(
    rf"(?:(?:ced|ewc|ler|low)[\s:]*)?"  # the list may be named
    rf"([0-9]{{1,2}}){_GAP}([0-9]{{2}}){_GAP}([0-9]{{2}})"
    r"(?:[.,]0)?"  # 191201.0 is what a spreadsheet makes of a number
    r"\s*\*?",
    re.IGNORECASE,
)
_PREFIX = re.compile(rf"([0-9]{{2}})(?:{_GAP}([0-9]{{2}}))?")


def read_siret(text: str) -> Cell:
    """Read a SIRET, spaces and points ignored; the zero that a spreadsheet drops is put back.

    Examples
    --------
    >>> read_siret("356 000 000 49837").value
    '35600000049837'
    """
    if _SCIENTIFIC.fullmatch(text.strip()):
        return Cell(fault="siret_scientific")
    digits = _SEPARATORS.sub("", text)
    if not digits.isascii() or not digits.isdigit():
        return Cell(fault="siret")
    if len(digits) == 9:
        return Cell(fault="siret_siren")
    if len(digits) == 13 and stdnum_siret.is_valid(f"0{digits}"):
        return Cell(f"0{digits}", notice="siret_padded", detail={"read": f"0{digits}"})
    if len(digits) != 14:
        return Cell(fault="siret_length", detail={"number": str(len(digits))})
    return Cell(digits) if stdnum_siret.is_valid(digits) else Cell(fault="siret_key")


def read_insee(text: str) -> Cell:
    """Read the INSEE code of a commune; the zero that a spreadsheet drops is put back."""
    code = _SEPARATORS.sub("", text).upper()
    if _INSEE.fullmatch(code):
        return Cell(code)
    padded = f"0{code}"
    if len(padded) == 5 and _INSEE.fullmatch(padded):
        return Cell(padded, notice="insee_padded", detail={"read": padded})
    return Cell(fault="insee")


def read_resource(text: str) -> Cell:
    """Read a resource: a waste code becomes ``NN NN NN``, its beginning ``NN`` or ``NN NN``.

    A code of five digits lost its zero in a spreadsheet; it is put back, with a notice. Anything
    else is an identifier, in lower case.

    Examples
    --------
    >>> [read_resource(text).value for text in ("191201*", " 19.12.01 ", "1912", "Wood_Chips")]
    ['19 12 01', '19 12 01', '19 12', 'wood_chips']
    """
    plain = text.strip()
    if found := _WASTE_CODE.fullmatch(plain):
        code = f"{found[1]:0>2} {found[2]} {found[3]}"
        lost = len(found[1]) == 1
        return Cell(code, notice="code_padded", detail={"read": code}) if lost else Cell(code)
    if found := _PREFIX.fullmatch(plain):
        return Cell(" ".join(filter(None, found.groups())))
    return Cell(plain.lower())


def choice_reader(column: Column) -> Callable[[str], Cell]:
    """Reader of one column's choices, in either language."""
    spellings = column.choice_of()
    names = tuple(spellings)

    def read_choice(text: str) -> Cell:
        value = spellings.get(key_of(text))
        if value is not None:
            return Cell(value)
        closest = list(column.choices).index(spellings[nearest(key_of(text), names)])
        detail: dict[str, str] = {}
        for lang in texts.LANGUAGES:
            listed = column.choice_names(lang)
            detail |= {f"choices_{lang}": ", ".join(listed), f"nearest_{lang}": listed[closest]}
        return Cell(fault="choice", detail=detail)

    return read_choice


def open_choice_reader(column: Column) -> Callable[[str], Cell]:
    """Reader of one column's usual words in either language, and of any other, in lower case."""
    spellings = column.choice_of()
    return lambda text: Cell(spellings.get(key_of(text), text.strip().lower()))


def flag_reader(column: Column) -> Callable[[str], Cell]:
    """Reader of yes and no; the value is a bool."""
    read_choice = choice_reader(column)

    def read_flag(text: str) -> Cell:
        cell = read_choice(text)
        return cell if cell.fault else cell._replace(value=cell.value == "yes")

    return read_flag
