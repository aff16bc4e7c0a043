"""Headcount bands of the French register of firms: what a code stands for."""

import pandas as pd

BANDS = {
    **{"00": (0, 0), "01": (1, 2), "02": (3, 5), "03": (6, 9), "11": (10, 19), "12": (20, 49)},
    **{"21": (50, 99), "22": (100, 199), "31": (200, 249), "32": (250, 499), "41": (500, 999)},
    **{"42": (1000, 1999), "51": (2000, 4999), "52": (5000, 9999), "53": (10000, 10000)},
}
"""Fewest and most employees by INSEE code (``trancheEffectifs…``); the last has no upper end."""


def fewest_employees(codes: pd.Series) -> pd.Series:
    """Lower end of each band as text, ``""`` where the code says nothing (``NN``, blank, unknown).

    The lower end is what a band is sure of: no firm is given employees that nobody counted.

    Examples
    --------
    >>> fewest_employees(pd.Series(["12", "3", "NN", ""])).tolist()
    ['20', '6', '', '']
    """
    plain = codes.str.strip().str.replace(r"\.0$", "", regex=True)
    plain = plain.where(plain == "", plain.str.zfill(2))
    return plain.map({code: str(low) for code, (low, _) in BANDS.items()}).fillna("").astype("str")


def band_of(employees: float) -> str:
    """Code of the band that a headcount lies in, ``""`` if it is not known."""
    if employees != employees:
        return ""
    return max(code for code, (low, _) in BANDS.items() if low <= employees)
