"""The European List of Waste: normal form of a code, its entries and their chapters; the NAF."""

import re
from functools import cache

import pandas as pd

from eit import data

_GAP = r"[\s._/-]*"
_CODE = re.compile(
    rf"""
    (?: (?: ced | ewc | ler | low ) [\s:]* )?      # the list may be named
    ([0-9]{{1,2}}) {_GAP} ([0-9]{{2}}) {_GAP} ([0-9]{{2}})
    (?: [.,]0 )?                                   # 191201.0, a spreadsheet's number
    \s* \*?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PREFIX = re.compile(rf"([0-9]{{2}})(?:{_GAP}([0-9]{{2}}))?")


def normalise_resource(text: str) -> str:
    """Bring a waste code, a prefix of one, or a resource id to its normal form.

    A code becomes ``NN NN NN``: no star, a lost leading zero put back. A prefix becomes ``NN``
    or ``NN NN``. Anything else is trimmed and set in lower case.

    Examples
    --------
    >>> [normalise_resource(text) for text in ("191201*", " 19.12.01 ", "20108", "1912", "Gypsum")]
    ['19 12 01', '19 12 01', '02 01 08', '19 12', 'gypsum']
    """
    trimmed = text.strip()
    if code := _CODE.fullmatch(trimmed):
        return " ".join([code[1].zfill(2), code[2], code[3]])
    if prefix := _PREFIX.fullmatch(trimmed):
        return " ".join(filter(None, prefix.groups()))
    return trimmed.lower()


def normalise_resources(texts: pd.Series) -> pd.Series:
    """Normal form of each text, a missing one becoming ``""``; each distinct text is read once."""
    numbers, distinct = pd.factorize(texts)
    normal = [normalise_resource(str(text)) for text in distinct]
    forms = pd.array([*normal, ""], dtype="str").take(numbers)  # the last for number -1: missing
    return pd.Series(forms, index=texts.index, name=texts.name)


def is_waste_code(text: str) -> bool:
    """Whether a text, however spelled, names an entry of the list; a prefix does not."""
    return normalise_resource(text) in _entries().index


def is_hazardous(text: str) -> bool:
    """Whether a text names an entry that is starred, hazardous by its very code."""
    return bool(_entries()["hazardous"].get(normalise_resource(text), False))


def waste_codes() -> pd.DataFrame:
    """Entries of the list, indexed by code ``NN NN NN``.

    Returns
    -------
    entries
        ``label_en``, ``label_fr``, ``hazardous`` (bool), ``family``, ``note`` (``""``, or
        ``revised``, ``deleted``, ``added`` in 2026), ``note_en`` and ``note_fr``.
    """
    return _entries().copy(deep=False)


def listed() -> pd.DataFrame:
    """Every row of the list, chapters and sub-chapters too; not to be changed."""
    return _list()


def chapters() -> pd.DataFrame:
    """Chapters ``NN`` and sub-chapters ``NN NN`` of the list, columns as in `waste_codes`."""
    return _list()[_list()["level"] != "entry"].drop(columns="level")


def naf() -> pd.DataFrame:
    """Sub-classes of NAF rev. 2 by code: ``label_en`` (that of the class) and ``label_fr``."""
    return _naf().copy(deep=False)


@cache
def _list() -> pd.DataFrame:
    table = data.read_csv("nomenclature/waste_codes.csv").set_index("code")
    return table.assign(hazardous=table["hazardous"] == "1")


@cache
def _entries() -> pd.DataFrame:
    return _list()[_list()["level"] == "entry"].drop(columns="level")


@cache
def _naf() -> pd.DataFrame:
    return data.read_csv("nomenclature/naf.csv").set_index("code")
