"""What residues state, what needs, recipes and rules limit, and how limits mix."""

import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from eit.matching.arrays import Bools, Floats, Ints, repeat_ranges

STATEMENT = re.compile(r"\s*([^<>=\s]+)\s*(<=|>=|=)\s*(\S+)\s*")
SLACK = 1e-9
"""Relative slack by which a lane alone may pass a limit, for rounding."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of many rows: a flat table, and where each row's begin.

    ``row`` positions of the rows that set them, sorted; ``name`` position of the property;
    ``sense`` +1 for at most, -1 for at least; ``bound``; all of shape (limits,).
    """

    row: Ints
    name: Ints
    sense: Floats
    bound: Floats
    names: tuple[str, ...]

    def of(self, rows: Ints) -> tuple[Ints, Ints]:
        """Pair rows, repeats allowed, with their limits: positions in ``rows`` and in here."""
        if not len(self.row):
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        start = np.searchsorted(self.row, rows, side="left")
        count = np.searchsorted(self.row, rows, side="right") - start
        return np.repeat(np.arange(len(rows)), count), repeat_ranges(start, count)

    def none(self) -> "Limits":
        """No limit at all."""
        return NO_LIMITS

    def among(self, names: tuple[str, ...]) -> "Limits":
        """Number the properties among more of them."""
        number = np.array([names.index(name) for name in self.names], dtype=np.int64)
        return replace(self, name=number[self.name], names=names)


NO_LIMITS = Limits(
    np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0), ()
)


def read_limits(quality: pd.Series) -> Limits:
    """Limits that each row sets, as in ``moisture_pct<=15``; ``=`` limits from both sides."""
    number, texts = pd.factorize(quality)
    stated = [
        (at, name, sense, bound)
        for at, text in enumerate(texts)
        for name, sign, bound in statements(text)
        for sense in {"<=": (1.0,), ">=": (-1.0,), "=": (1.0, -1.0)}[sign]
    ]
    if not stated:
        return NO_LIMITS
    found = pd.DataFrame(stated, columns=["text", "name", "sense", "bound"])
    rows = pd.DataFrame({"row": np.arange(len(number)), "text": number})
    each = rows.merge(found, on="text").sort_values(["row", "name", "sense"], kind="stable")
    names = tuple(sorted(set(found["name"])))
    return Limits(
        row=each["row"].to_numpy(dtype=np.int64),
        name=pd.Index(names, dtype=object).get_indexer(each["name"].astype(object)),
        sense=each["sense"].to_numpy(dtype=np.float64),
        bound=each["bound"].to_numpy(dtype=np.float64),
        names=names,
    )


def read_properties(quality: pd.Series, names: tuple[str, ...]) -> Floats:
    """Value of each named property that each row states, NaN if not; shape (rows, names)."""
    if not names:
        return np.zeros((len(quality), 0))
    number, texts = pd.factorize(quality)
    table = np.full((len(texts), len(names)), np.nan)
    column = {name: at for at, name in enumerate(names)}
    for at, text in enumerate(texts):
        for name, sign, value in statements(text):
            if sign == "=" and name in column:
                table[at, column[name]] = value
    return np.asarray(table[number], dtype=np.float64)


def unknown_and_beyond(
    origin: Ints, rows: Ints, limits: Limits, stated: Floats
) -> tuple[Bools, Bools]:
    """Tell which lanes leave a limited property unsaid, and which alone pass a limit.

    Parameters
    ----------
    origin
        Origin of each lane, shape (k,).
    rows
        Row of ``limits`` that each lane meets, shape (k,).
    limits, stated
        As read; ``stated`` has one row per origin.
    """
    lane, limit = limits.of(rows)
    value = stated[origin[lane], limits.name[limit]]
    bound = limits.bound[limit]
    over = limits.sense[limit] * (value - bound) > SLACK * np.maximum(1.0, np.abs(bound))
    silent = np.zeros(len(rows), dtype=bool)
    beyond = np.zeros(len(rows), dtype=bool)
    silent[lane[np.isnan(value)]] = True
    beyond[lane[over]] = True
    return silent, beyond


def statements(text: str) -> list[tuple[str, str, float]]:
    """Properties, signs and figures of one cell."""
    found = (STATEMENT.fullmatch(part) for part in str(text).split(";"))
    return [(part[1], part[2], float(part[3])) for part in found if part]
