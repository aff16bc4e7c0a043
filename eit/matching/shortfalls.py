"""What is required and cannot be had: by id, and by how much."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from eit.matching.arrays import USED, Ints
from eit.matching.ends import Ends
from eit.matching.lanes import Lanes
from eit.matching.links import Links
from eit.matching.problem import Offer
from eit.matching.wording import figure
from eit.texts import say
from solvers.exchange import Shortfalls

Shortfall = dict[str, Any]
"""``kind`` (residue, need or link), ``id``, ``period`` (None: the year), ``short``, ``unit``."""


def unmade_links(lanes: Lanes, ends: Ends, links: Links) -> list[Shortfall]:
    """Rows between two declarations or hubs that must flow, and of which no lane is permitted.

    A row whose end the scenario leaves out asks for nothing.
    """
    terms = links.terms.iloc[:-1]
    present = set(ends.origins["id"]) | set(ends.destinations["id"])
    unmade = ~np.isin(np.arange(len(terms)), lanes.link)
    asked = terms["held"] & terms["allowed"] & (terms["min_quantity"] > 0)
    asked &= terms["from_id"].isin(present) & terms["to_id"].isin(present)
    unit = dict(zip(ends.origins["id"], ends.origins["unit"], strict=True))
    rows = terms.loc[asked & unmade, ["from_id", "to_id", "min_quantity"]]
    return [
        {
            "kind": "link",
            "id": f"{from_id}→{to_id}",
            "period": None,
            "short": least,
            "unit": unit.get(from_id, ""),
        }
        for from_id, to_id, least in rows.to_numpy(dtype=object).tolist()
    ]


def list_shortfalls(offer: Offer, found: Shortfalls | None) -> list[Shortfall]:
    """Name what the solver found to be missing."""
    if found is None:
        return []
    origins, ends = offer.ends.origins, offer.ends.destinations
    first = offer.bundles.lane
    start = origins.iloc[offer.lanes.origin[first]]
    stop = ends.iloc[offer.lanes.end[first]]
    names = (start["id"].to_numpy() + "→" + stop["id"].to_numpy()).astype(object)
    return [
        *_short("residue", origins["id"].to_numpy(), origins["unit"], found.must_ship),
        *_short("need", ends["id"].to_numpy(), ends["unit"], found.must_fill),
        *_short("link", names, start["unit"], found.required[:, None]),
    ]


def _short(kind: str, names: Any, unit: pd.Series, short: Any) -> Iterator[Shortfall]:
    """Rows short by more than rounding; the period is named where there are several."""
    at: Ints
    at, period = np.nonzero(short > USED)
    several = short.shape[1] > 1
    for row, when in zip(at.tolist(), period.tolist(), strict=True):
        yield {
            "kind": kind,
            "id": str(names[row]),
            "period": when + 1 if several else None,
            "short": float(short[row, when]),
            "unit": str(unit.iloc[row]),
        }


def say_shortfalls(short: list[Shortfall], lang: str) -> list[str]:
    """Say each shortfall in one sentence; if none is known, that all of it together fails."""
    lines = []
    for one in short:
        words = {"id": one["id"], "short": figure(one["short"], lang), "unit": one["unit"]}
        line = say(f"infeasible.{one['kind']}", lang, **words)
        if one["period"] is not None:
            line = say("infeasible.period", lang, line=line, period=one["period"])
        lines.append(line)
    return lines or [say("infeasible.together", lang)]
