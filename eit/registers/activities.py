"""Activity codes of either revision, brought to the classes that typical flows are stated in."""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from functools import cache

import pandas as pd
from stdnum.eu import nace
from stdnum.exceptions import ValidationError

from eit import data
from eit.faults import DeclarationError, Fault
from eit.places import communes

WHOLE_CITIES = {"75056": "751", "69123": "6938", "13055": "132"}
"""Paris, Lyon and Marseille, and how the codes of their arrondissements begin."""
DEPARTEMENT = re.compile(r"9[78]\d|\d\d|2[AB]")


def rev2_classes(naf: pd.Series, version: pd.Series) -> pd.Series:
    """Class of NAF rev. 2 (``23.51``) of each code, ``""`` where none answers to it.

    Parameters
    ----------
    naf
        Codes such as ``23.51Z``.
    version
        ``2025`` for codes of NAF 2025; anything else is rev. 2.
    """
    classes = naf.str[:5]
    new = version.astype(str) == "2025"
    return classes.where(~new, classes.map(class_2008))


@cache
def class_2008(number: str) -> str:
    """Class of NAF rev. 2 that a class of NAF 2025 answers to; ``""`` if none surely does.

    One that has the same name in the European nomenclatures (NACE rev. 2 and rev. 2.1), under
    whatever number; else the one that ``typical_flows/naf_2025.csv`` names.

    Examples
    --------
    >>> class_2008("23.51"), class_2008("22.26"), class_2008("95.31"), class_2008("35.12")
    ('23.51', '22.29', '45.20', '')
    """
    stated = data.read_csv("typical_flows/naf_2025.csv").set_index("class_2025")["class_2008"]
    if number in stated.index:
        return str(stated[number])
    name = _name(number, "2.1")
    if not name:
        return ""
    if _name(number, "2.0") == name:
        return number
    return _numbers_2008().get(name, "")


@cache
def _numbers_2008() -> dict[str, str]:
    """Class of NACE rev. 2 by its name; a name that two classes bear names neither."""
    classes = sorted({code[:2] + "." + code[2:4] for code in _naf()})
    named = [(name, number) for number in classes if (name := _name(number, "2.0"))]
    count = Counter(name for name, _ in named)
    return {name: number for name, number in named if count[name] == 1}


def _naf() -> list[str]:
    codes = data.read_csv("nomenclature/naf.csv")["code"]
    return codes.str.replace(".", "").tolist()


def _name(number: str, revision: str) -> str:
    """Letters of a class's name in a revision of NACE, ``""`` where it has no such class."""
    try:
        label = nace.get_label(number, revision=revision)
    except (ValidationError, KeyError, ValueError):
        return ""
    return "".join(letter for letter in label.lower() if letter.isalnum())


def expand_communes(codes: Iterable[str]) -> Collection[str]:
    """The INSEE codes asked for; of a département, those of all its communes.

    Of Paris, Lyon and Marseille, their arrondissements too.

    Parameters
    ----------
    codes
        Of communes (``62510``) or of départements (``62``, ``2A``, ``974``).

    Raises
    ------
    DeclarationError
        If a code is that of no commune and no département.
    """
    known = communes().index
    asked: set[str] = set()
    faults = []
    for code in sorted({code.strip().upper() for code in codes if code.strip()}):
        whole = DEPARTEMENT.fullmatch(code)
        here = {c for c in known if c.startswith(code)} if whole else {code.zfill(5)} & set(known)
        asked |= here
        if not here:
            faults.append(Fault("", 0, "communes", code, "register_commune"))
    if faults:
        raise DeclarationError(faults)
    cities = tuple(prefix for city, prefix in WHOLE_CITIES.items() if city in asked)
    return frozenset(asked | {c for c in known if cities and c.startswith(cities)})
