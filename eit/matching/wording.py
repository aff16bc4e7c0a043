"""Reasons in words: the sentences of unmatched.csv, in French or English.

The texts name the nearest candidate and a figure. What the other side pays or earns is never
told; what a pair lacks together may be.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from eit import nomenclature
from eit.matching.hub_quality import MIXED
from eit.matching.lanes import Lanes
from eit.matching.obstacles import Case, least_quantity
from eit.matching.problem import objectives
from eit.matching.quality import statements
from eit.texts import say

KIND = {"origin": "residue", "end": "need"}
FIGURE = {
    "min_lot": "lot",
    "partner_limit": "most_partners",
    "capacity_full": "capacity",
    "limit_link": "carries",
    "not_worth": "missing",
}
"""The figure that the sentence of a cause names."""


@dataclass(frozen=True, slots=True)
class Words:
    """Why something is left, and what would change it."""

    cause: str
    detail: str
    change: str


def say_plain(cause: str, lang: str, **values: object) -> Words:
    """Fill in the two sentences of a cause."""
    detail = say(f"reason.{cause}.detail", lang, **values)
    return Words(cause, detail, say(f"reason.{cause}.change", lang, **values))


def figure(value: float, lang: str) -> str:
    """Write a figure for reading: whole, or to four significant digits.

    Examples
    --------
    >>> figure(1234567.0, "en"), figure(0.012345, "en"), figure(1234.5, "fr")
    ('1,234,567', '0.01235', '1\u202f234')
    """
    if not np.isfinite(value):
        return "∞"
    places = 3 - math.floor(math.log10(abs(value))) if value else 0
    text = f"{value:,.{min(max(places, 0), 9)}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace(",", "\u202f").replace(".", ",") if lang == "fr" else text


def say_obstacle(case: Case, side: str, causes: pd.DataFrame, lang: str) -> Iterator[Words]:
    """Say what keeps each declaration from its best lane, row by row of ``causes``."""
    facts = _facts(case, side, causes)
    measure = {name: say(f"reason.measure.{name}", lang) for name in set(facts["objective"])}
    for cause, row in zip(causes["cause"], _records(facts), strict=True):
        words = {"partner": row.partner, "unit": row.unit, "lane_unit": row.lane_unit}
        if cause in FIGURE:
            words[FIGURE[cause]] = figure(getattr(row, FIGURE[cause]), lang)
        if cause == "not_worth":
            words["measure"] = measure[row.objective]
        kind = f"_{KIND[side]}" if cause == "competition" else ""
        yield say_plain(cause + kind, lang, **words)


def _facts(case: Case, side: str, causes: pd.DataFrame) -> pd.DataFrame:
    """Figures that the sentences of obstacles name, one row per row of ``causes``."""
    offer, problem, ends = case.offer, case.problem, case.offer.ends
    lane = causes["lane"].to_numpy(dtype=np.int64)
    origin, end, way = offer.lanes.origin[lane], offer.lanes.end[lane], offer.bundles.way[lane]
    own, other = (origin, end) if side == "origin" else (end, origin)
    mine, theirs = _sides(case, side)
    hub = np.maximum(
        ends.origins["hub"].to_numpy()[origin], ends.destinations["hub"].to_numpy()[end]
    )
    most = np.append(problem.supply_partners, np.inf)[np.minimum(origin, ends.residues)]
    most = np.minimum(most, np.append(problem.demand_partners, np.inf)[np.minimum(end, ends.needs)])
    capacity = np.append(ends.hubs["capacity"].to_numpy(dtype=float), np.inf)
    rank = causes["rank"].to_numpy(dtype=np.int64)
    return pd.DataFrame(
        {
            "partner": theirs["id"].to_numpy()[other],
            "unit": mine["unit"].to_numpy()[own],
            "lane_unit": ends.origins["unit"].to_numpy()[origin],
            "lot": least_quantity(case, lane),
            "most_partners": most,
            "capacity": capacity[hub],
            "carries": case.left.carried[way],
            "missing": -causes["worth"].to_numpy(),
            "objective": np.array(objectives(case.settings), dtype=object)[rank],
        }
    )


def say_miss(
    case: Case, side: str, causes: pd.DataFrame, ways: Lanes, lang: str
) -> Iterator[Words]:
    """Say why each declaration has no lane, row by row of ``causes``."""
    mine, theirs = _sides(case, side)
    own = causes.index.to_numpy()
    resource, unit = (mine[name].to_numpy()[own] for name in ("resource", "unit"))
    partner = np.append(theirs["id"].to_numpy(), "")[causes["partner"]]
    facts = zip(resource, unit, partner, _records(causes), strict=True)
    for good, measure, name, row in facts:
        words: dict[str, object] = {
            "resource": nomenclature.label(good, lang),
            "unit": measure,
            "partner": name,
        }
        if row.cause.startswith("too_far"):
            words["distance"] = figure(row.distance_km, lang)
            words["limit"] = figure(row.limit_km, lang)
        elif row.cause == "hierarchy":
            words["least"] = say(f"reason.level.{case.settings.min_hierarchy}", lang)
        elif row.cause in ("quality", "quality_unknown"):
            words |= _breach(case, ways, row.way, lang)
        kind = f"_{KIND[side]}" if row.cause == "no_partner" else ""
        if row.cause == "quality_unknown" and _of_hub(case, side, row.partner):
            kind = "_hub"
        yield say_plain(row.cause + kind, lang, **words)


def _of_hub(case: Case, side: str, partner: int) -> bool:
    """Whether what was looked at is what a hub gives, and hubs pass on what they mix."""
    mixed = side == "end" and case.settings.hub_quality == MIXED
    return mixed and partner >= case.offer.ends.residues


def _breach(case: Case, ways: Lanes, way: int, lang: str) -> dict[str, str]:
    """Name the first limit of an end or a rule that a residue does not state, or passes."""
    offer = case.offer
    stated = {
        name: value
        for name, _, value in statements(offer.ends.origins["quality"].iloc[ways.origin[way]])
    }
    limited = [
        *statements(offer.ends.destinations["quality"].iloc[ways.end[way]]),
        *statements(offer.partners.met["quality"].iloc[ways.met[way]]),
    ]
    for name, sign, bound in limited:
        value = stated.get(name)
        if value is None or not _within(value, sign, bound):
            said = "" if value is None else figure(value, lang)
            return {"property": name, "value": said, "bound": f"{sign} {figure(bound, lang)}"}
    return {"property": "", "value": "", "bound": ""}


def _within(value: float, sign: str, bound: float) -> bool:
    return {"<=": value <= bound, ">=": value >= bound, "=": value == bound}[sign]


def _records(frame: pd.DataFrame) -> Iterator[Any]:
    """Rows of a frame, by the names of its columns."""
    return frame.itertuples(index=False)


def _sides(case: Case, side: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Own side first."""
    pair = case.offer.ends.origins, case.offer.ends.destinations
    return pair if side == "origin" else pair[::-1]
