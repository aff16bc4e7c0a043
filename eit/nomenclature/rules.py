"""Built-in substitution rules, and recovery and disposal operations with their level."""

from collections.abc import Mapping
from functools import cache

import pandas as pd

from eit import data

_NUMBERS = [
    "ratio",
    "treatment_cost_eur_per_unit",
    "co2e_avoided_kg_per_unit",
    "max_distance_km",
]


def builtin_rules() -> pd.DataFrame:
    """What may stand in for what, indexed by ``rule_id``.

    Returns
    -------
    rules
        The columns of ``rules.csv``, numbers as floats (a blank is NaN), then ``label_en``,
        ``label_fr``, ``condition_en``, ``condition_fr`` (what a facilitator must check),
        ``ratio_basis``, and the factors behind the figures: ``avoided_factor``,
        ``process_factor`` (emission of the treatment, taken off), ``treatment_factor``
        (blank: the cost is not known, and counts 0).

    Notes
    -----
    ``co2e_avoided_kg_per_unit`` = ``ratio`` x avoided factor - process factor; NaN where the
    input that is replaced has no sourced factor.
    """
    return _rules().copy(deep=False)


def operations() -> pd.DataFrame:
    """R and D codes (``R1``), indexed by code: ``level``, ``final``, ``label_en``, ``label_fr``."""
    return _operations().copy(deep=False)


def hierarchy_of_operation(code: str) -> str:
    """Level of an operation in the waste hierarchy: reuse, recycling, energy or other.

    Any usual spelling is read; a code that is not on the list is ``other``.

    Examples
    --------
    >>> [hierarchy_of_operation(code) for code in ("R 1", "r03", "D10")]
    ['energy', 'recycling', 'other']
    """
    kind, number = code.strip()[:1].upper(), code.strip()[1:].strip().upper()
    return _levels().get(kind + (number.lstrip("0") or number[-1:]), "other")


@cache
def _rules() -> pd.DataFrame:
    table = data.read_csv("nomenclature/rules.csv").set_index("rule_id")
    return table.assign(**{name: pd.to_numeric(table[name]).astype(float) for name in _NUMBERS})


@cache
def _operations() -> pd.DataFrame:
    table = data.read_csv("nomenclature/operations.csv").set_index("code")
    return table.assign(final=table["final"] == "yes")


@cache
def _levels() -> Mapping[str, str]:
    return dict(zip(_operations().index, _operations()["level"], strict=True))
