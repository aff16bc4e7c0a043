"""What is left of each declaration, and why: one row each, as in unmatched.csv."""

import numpy as np
import pandas as pd

from eit.matching.arrays import Floats, floats
from eit.matching.ends import excluded
from eit.matching.lanes import Lanes
from eit.matching.misses import missed
from eit.matching.obstacles import Case, obstacles
from eit.matching.wording import Words, say_miss, say_obstacle, say_plain
from eit.results import table
from eit.scenario import Settings
from eit.territory import Territory

LEFT = 1e-6
"""Part of a declaration below which nothing is left of it."""

REASON_OF = {
    "quality_mix": "quality",
    "quality_hub": "quality",
    "quality_unknown_hub": "quality_unknown",
    "limit_link": "limit",
    "limit_time": "limit",
    "capacity_full": "capacity",
    "capacity_closed": "capacity",
    "competition_residue": "competition",
    "competition_need": "competition",
    "too_far_by_road": "too_far",
    "too_far_straight": "too_far",
    "no_partner_residue": "no_partner",
    "no_partner_need": "no_partner",
}
"""Reason of causes that are told apart only in words."""


def list_unmatched(case: Case, misses: Lanes, territory: Territory, *, lang: str) -> pd.DataFrame:
    """Write one row per declaration with quantity left, in order of id.

    Parameters
    ----------
    case
        The plan.
    misses
        Ways that failed a check, of declarations without any lane.
    lang
        Language of ``detail`` and ``change``.
    """
    rows = pd.concat(
        [
            _excluded(territory, case.settings, lang),
            _side(case, misses, "origin", territory, lang),
            _side(case, misses, "end", territory, lang),
        ]
    )
    return rows.sort_values("declaration_id", ignore_index=True)


def _excluded(territory: Territory, settings: Settings, lang: str) -> pd.DataFrame:
    """Declarations that the scenario leaves out: all of them is left."""
    gone = territory.declarations[excluded(territory.declarations, settings)]
    share = np.where(gone["kind"] == "need", floats(gone["max_share"], blank=1.0), 1.0)
    left = floats(gone["quantity"]) * share
    words = [say_plain("excluded", lang)] * len(gone)
    return _rows(gone.index, gone["kind"], left, gone["unit"], words)


def _side(case: Case, misses: Lanes, side: str, territory: Territory, lang: str) -> pd.DataFrame:
    """Residues, or needs, with quantity left."""
    ends, lanes = case.offer.ends, case.offer.lanes
    frame = ends.origins if side == "origin" else ends.destinations
    total, left = _left(case, side)
    over = left > LEFT * np.maximum(1.0, total)
    used = lanes.origin if side == "origin" else lanes.end
    has_lane = np.zeros(len(frame), dtype=bool)
    has_lane[used] = True
    has_lane = has_lane[: len(over)]
    barred = obstacles(case, side, over & has_lane)
    alone = missed(side, over & ~has_lane, misses, case.offer, case.settings, territory)
    at = np.concatenate([barred.index, alone.index]).astype(np.int64)
    words = [
        *say_obstacle(case, side, barred, lang),
        *say_miss(case, side, alone, misses, lang),
    ]
    kind = np.full(len(at), "residue" if side == "origin" else "need", dtype=object)
    return _rows(frame["id"].to_numpy()[at], kind, left[at], frame["unit"].to_numpy()[at], words)


def _left(case: Case, side: str) -> tuple[Floats, Floats]:
    """Quantity of the year, and what is left of it, of each residue or need."""
    offer, flows = case.offer, case.flows
    if side == "origin":
        total, moved = offer.ends.offered.sum(axis=1), flows.quantity
        at = offer.lanes.origin[flows.lane]
    else:
        total, moved = offer.ends.wanted.sum(axis=1), flows.quantity * offer.ratio[flows.lane]
        at = offer.lanes.end[flows.lane]
    inside = at < len(total)
    return total, total - np.bincount(at[inside], moved[inside], len(total))


def _rows(
    ids: object, kind: object, left: Floats, unit: object, words: list[Words]
) -> pd.DataFrame:
    return table(
        "unmatched",
        {
            "declaration_id": np.asarray(ids, dtype=object),
            "kind": np.asarray(kind, dtype=object),
            "quantity_left": left,
            "unit": np.asarray(unit, dtype=object),
            "reason": np.array(
                [REASON_OF.get(one.cause, one.cause) for one in words], dtype=object
            ),
            "detail": np.array([one.detail for one in words], dtype=object),
            "change": np.array([one.change for one in words], dtype=object),
        },
    )
