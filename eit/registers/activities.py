"""Activity codes of either revision, brought to the classes that typical flows are stated in."""

from collections.abc import Collection, Iterable
from functools import cache

import pandas as pd
from stdnum.eu import nace
from stdnum.exceptions import ValidationError

from eit.faults import DeclarationError, Fault
from eit.places import communes

WHOLE_CITIES = {"75056": "751", "69123": "6938", "13055": "132"}
"""Paris, Lyon and Marseille, and how the codes of their arrondissements begin."""


def rev2_classes(naf: pd.Series, version: pd.Series) -> pd.Series:
    """Class of NAF rev. 2 (``23.51``) of each code, ``""`` where there is no certain one.

    A class of NAF 2025 is that of rev. 2 if the European nomenclatures give the same number the
    same name in both revisions; of one that was cut or moved, nothing is taken for granted.

    Parameters
    ----------
    naf
        Codes such as ``23.51Z``.
    version
        ``2025`` for codes of NAF 2025; anything else is rev. 2.
    """
    classes = naf.str[:5]
    new = version.astype(str) == "2025"
    return classes.where(~new | classes.map(is_unchanged).astype(bool), "")


@cache
def is_unchanged(number: str) -> bool:
    """Whether a class has the same number and name in NACE rev. 2 and rev. 2.1 (NAF 2025).

    Examples
    --------
    >>> is_unchanged("23.51"), is_unchanged("45.20")
    (True, False)
    """
    try:
        names = [nace.get_label(number, revision=revision) for revision in ("2.0", "2.1")]
    except (ValidationError, KeyError, ValueError):
        return False
    return _plain(names[0]) == _plain(names[1])


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def expand_communes(codes: Iterable[str]) -> Collection[str]:
    """The INSEE codes asked for; of Paris, Lyon and Marseille, their arrondissements too.

    Raises
    ------
    DeclarationError
        If a code is that of no commune.
    """
    asked = sorted({code.strip().upper().zfill(5) for code in codes if code.strip()})
    known = communes().index
    if faults := [Fault("", 0, "communes", c, "register_commune") for c in asked if c not in known]:
        raise DeclarationError(faults)
    whole = tuple(prefix for city, prefix in WHOLE_CITIES.items() if city in asked)
    parts = [code for code in known if whole and str(code).startswith(whole)]
    return frozenset([*asked, *parts])
