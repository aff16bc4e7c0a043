"""Quantities as declared become quantities per year in canonical units."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from eit.declarations.rows import Positions, Remark, Rows
from eit.tables import ALL, key_of, schema
from eit.units import Unit, find_unit, nearest_unit

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]

_PERIODS_A_YEAR = {"year": 1.0, "once": 1.0, "week": 52.0, "day": 365.0}


class Measure(NamedTuple):
    """What the unit cell of a row says: a unit, and perhaps a period (``t/mois``)."""

    unit: Unit | None
    per: str


class Measures(NamedTuple):
    """Unit of each row.

    Attributes
    ----------
    unit, canonical
        Names; ``""`` where the unit is not known.
    per
        Period of each row, from its unit where that says so.
    factor
        Canonical units in one unit of the row, shape (rows,); NaN where it is not known.
    """

    unit: pd.Series
    canonical: pd.Series
    per: pd.Series
    factor: Floats


def read_measure(text: str) -> Measure:
    """Read a unit, alone or with its period: ``t``, ``t/an``, ``kWh par mois``.

    Examples
    --------
    >>> read_measure("tonnes / mois").per
    'month'
    """
    if unit := find_unit(text):
        return Measure(unit, "")
    words = text.replace("/", " / ").replace(" par ", " / ").replace(" per ", " / ")
    name, slash, period = words.partition("/")
    per = schema("declarations")["per"].choice_of().get(key_of(period), "")
    return Measure(find_unit(name) if slash and per else None, per)


def measure(rows: Rows) -> tuple[Measures, list[Remark]]:
    """Read the unit of every row; each distinct text once."""
    places, texts = pd.factorize(rows["unit"])
    read = [read_measure(text) for text in texts]
    units = [one.unit for one in read]
    name = pd.Series([unit.name if unit else "" for unit in units], dtype="str").take(places)
    canonical = pd.Series([u.canonical if u else "" for u in units], dtype="str").take(places)
    factor = np.array([unit.times / unit.over if unit else np.nan for unit in units])
    stated = pd.Series([one.per for one in read], dtype="str").take(places)
    stated = stated.reset_index(drop=True)
    unknown = np.flatnonzero((name == "").to_numpy() & rows.declares)
    details = [{"nearest": nearest_unit(texts[place])} for place in places[unknown]]
    remarks = [Remark(unknown, "unit", "unit", details), *_disagreements(rows, stated)]
    return Measures(
        unit=name.reset_index(drop=True),
        canonical=canonical.reset_index(drop=True),
        per=rows["per"].where(stated == "", stated),
        factor=factor[places],
    ), remarks


def to_year(per: pd.Series, months: pd.Series) -> Floats:
    """Periods of each kind in the year of a row: an inactive month has no week and no day.

    Parameters
    ----------
    per
        ``year``, ``month``, ``week``, ``day`` or ``once``.
    months
        ``all`` or twelve weights.

    Returns
    -------
    factor
        Shape (rows,).
    """
    places, texts = pd.factorize(months)
    active = np.array([active_months(text) for text in texts])[places].astype(float)
    often = per.map(_PERIODS_A_YEAR).to_numpy(dtype=float)
    factor = np.where(per.isin(("week", "day")), often * active / 12, often)
    return np.where(per == "month", active, factor)


def active_months(months: str) -> int:
    """Months with a weight above 0 in a normal form, ``all`` or ``w1|…|w12``."""
    if months == ALL:
        return 12
    return sum(float(weight) > 0 for weight in months.split("|") if weight)


def canonical_year(rows: pd.DataFrame, measures: Measures, kept: Positions) -> pd.DataFrame:
    """Columns of quantities and costs of the kept rows, per year and in canonical units."""
    factor = measures.factor[kept]
    per = measures.per.iloc[kept]
    row = rows.iloc[kept]
    yearly = factor * to_year(per, row["months"])
    return pd.DataFrame(
        {
            "quantity": row["quantity"] * yearly,
            "unit": measures.canonical.iloc[kept].to_numpy(),
            "quantity_low": row["quantity_low"] * yearly,
            "quantity_high": row["quantity_high"] * yearly,
            "current_cost_eur_per_unit": row["current_cost_eur_per_unit"] / factor,
            "min_lot": row["min_lot"] * factor,
            "storage": row["storage"] * factor,
            "declared_quantity": row["quantity"],
            "declared_unit": measures.unit.iloc[kept].to_numpy(),
            "per": per.to_numpy(),
        },
        index=row.index,
    )


def _disagreements(rows: Rows, stated: pd.Series) -> Iterator[Remark]:
    """Rows whose unit tells one period and whose own column another."""
    doubtful = np.flatnonzero((stated != "") & (stated != rows["per"]) & rows.declares)
    given = [at for at in doubtful.tolist() if rows.sent(at, "per")]
    details = [{"stated": str(stated[at]), "per": rows.sent(at, "per")} for at in given]
    yield Remark(np.array(given, dtype=np.intp), "unit", "unit_per", details)
