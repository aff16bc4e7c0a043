"""Runs side by side: what they were asked, what they bring, which synergies they share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from eit import atlas, nomenclature
from eit.results import HAS_PLAN, Run, read_run
from eit.store.models import JobRow

TOTALS = ("value_eur", "quantity_t", "co2e_avoided_t", "t_km", "exchanges")
MOST = 4
"""Runs that a page sets side by side at most."""


@dataclass(frozen=True, slots=True)
class Column:
    """One run among others.

    Attributes
    ----------
    job
        Its job.
    totals
        By name, in `TOTALS`; None where there is no plan.
    gap
        Proven gap of the first objective; None where there is no plan.
    pairs
        Donor and receiver of each synergy, with the quantity a year.
    """

    job: JobRow
    totals: Mapping[str, float | None]
    gap: float | None
    pairs: Mapping[tuple[str, str], float]


@dataclass(frozen=True, slots=True)
class Difference:
    """A synergy whose quantity is not the same in all runs; 0 where a run lacks it."""

    donor: str
    receiver: str
    quantities: tuple[float, ...]


def column_of(job: JobRow, data: Path) -> Column:
    """One job's run, from its summary and its synergies."""
    summary: Mapping[str, Any] = job.summary or {}
    totals: Mapping[str, Any] = summary.get("totals") or {}
    return Column(
        job=job,
        totals={name: totals.get(name) for name in TOTALS},
        gap=summary.get("gap"),
        pairs=_pairs(data / job.folder) if job.folder else {},
    )


def _pairs(run_folder: Path) -> Mapping[tuple[str, str], float]:
    rows = pd.read_csv(run_folder / "synergies.csv", dtype=str, keep_default_na=False)
    sums: dict[tuple[str, str], float] = {}
    for donor, receiver, quantity in rows[["donor_id", "receiver_id", "quantity"]].to_numpy():
        sums[donor, receiver] = sums.get((donor, receiver), 0.0) + float(quantity)
    return sums


def differences(columns: Sequence[Column]) -> Sequence[Difference]:
    """Synergies that differ between runs by more than a thousandth, the widest first."""
    keys = sorted(set().union(*(column.pairs for column in columns)))
    rows = [
        Difference(*key, tuple(column.pairs.get(key, 0.0) for column in columns)) for key in keys
    ]
    differing = [row for row in rows if _spread(row) > 1e-3 * max(row.quantities)]
    return sorted(differing, key=_spread, reverse=True)


def _spread(row: Difference) -> float:
    return max(row.quantities) - min(row.quantities)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A synergy on a facilitator's page: both ends by name, what both gain together."""

    donor: str
    receiver: str
    resource: str
    quantity: float
    unit: str
    via: str
    distance_km: float | None
    value_eur: float


@dataclass(frozen=True, slots=True)
class Overview:
    """What a facilitator sees of a run.

    Attributes
    ----------
    exchanges
        Synergies, the largest gain first.
    reasons
        How many declarations were left over, by reason.
    left_out
        Faults of rows that the run had to leave out.
    parks
        Name of each park by the file name of its page.
    """

    exchanges: Sequence[Exchange]
    reasons: Mapping[str, int]
    left_out: Sequence[Mapping[str, Any]]
    parks: Mapping[str, str]


def overview(run_folder: Path, lang: str) -> Overview:
    """Read what a facilitator sees of a run: no declared cost, no side's own saving."""
    run = read_run(run_folder)
    counts = run.plan.unmatched["reason"].value_counts()
    named = dict(zip(run.territory.parks["park_id"], run.territory.parks["name"], strict=True))
    pages = atlas.page_names(sorted({*named, *run.territory.sites["park_id"]} - {""}))
    return Overview(
        exchanges=_exchanges(run, lang) if run.plan.status in HAS_PLAN else (),
        reasons={str(reason): int(count) for reason, count in counts.items()},
        left_out=run.summary.get("left_out", ()),
        parks={file: str(named.get(park) or park) for park, file in pages.items()},
    )


def _exchanges(run: Run, lang: str) -> Sequence[Exchange]:
    declared, sites = run.territory.declarations, run.territory.sites
    title = sites["firm"].where(sites["firm"] != "", sites["name"])
    named = declared["site_id"].map(title)
    names = named.where(named != "", declared["site_id"]).to_dict()
    resources = declared["resource"].to_dict()
    rows = run.plan.synergies.sort_values("value_eur", ascending=False, kind="stable")
    return [
        Exchange(
            donor=str(names.get(row["donor_id"], row["donor_id"])),
            receiver=str(names.get(row["receiver_id"], row["receiver_id"])),
            resource=nomenclature.label(str(resources.get(row["donor_id"], "")), lang),
            quantity=row["quantity"],
            unit=row["unit"],
            via=row["via"],
            distance_km=None if pd.isna(row["distance_km"]) else row["distance_km"],
            value_eur=row["value_eur"],
        )
        for row in rows.to_dict("records")
    ]
