"""What cannot hold together, by the ids and names of the territory."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from eit.matching.problem import Offer, blend_names, limit_names
from eit.matching.shortfalls import Shortfall
from eit.results import Conflict
from eit.scenario import Settings
from solvers.exchange import Exchange, Outcome
from solvers.exchange.claims import Claim, Kind, Relief, figure
from solvers.exchange.conflict import SEARCH, find_conflicts

KINDS: Mapping[Kind, str] = {
    Kind.MUST_SHIP: "residue",
    Kind.MUST_FILL: "need",
    Kind.REQUIRED: "link",
    Kind.HUB_CAPACITY: "hub_capacity",
    Kind.GROUP_CAPACITY: "group_capacity",
    Kind.MAX_QUANTITY: "max_quantity",
    Kind.MIN_QUANTITY: "min_quantity",
    Kind.MIN_LOT: "min_lot",
    Kind.MIN_DELIVERED: "min_lot",
    Kind.SUPPLY_PARTNERS: "max_partners",
    Kind.DEMAND_PARTNERS: "max_partners",
    Kind.BLEND: "quality",
}
"""How a claim of each kind is called; a limit of the scenario bears its own name."""

UNITS = {"budget_eur": "EUR", "fleet_t_km": "t·km"}
DIGITS = 9
"""Significant digits of an amount that must give way: a solver's rounding is not told."""


def list_conflicts(
    offer: Offer, problem: Exchange, settings: Settings, outcome: Outcome
) -> list[Conflict]:
    """Find what cannot hold together, and name it."""
    if outcome.shortfalls is None:
        return []
    left = SEARCH if settings.time_limit_s is None else settings.time_limit_s - outcome.seconds
    found = find_conflicts(
        problem, outcome.shortfalls, seconds=min(left, SEARCH), seed=settings.seed
    )
    names = _Names(offer, problem, settings)
    return [
        {
            "members": [names.member(relief) for relief in conflict.reliefs],
            "irreducible": conflict.irreducible,
            "minimum": conflict.minimum,
            "proof": "prices" if conflict.certified else "solver",
            "relaxation": [
                {**names.of(claim), "gives": _tidy(by)} for claim, by in conflict.relaxation
            ],
        }
        for conflict in found
    ]


def unmade_conflicts(unmade: Sequence[Shortfall]) -> list[Conflict]:
    """Each link that must flow and has no permitted lane cannot hold by itself."""
    return [
        {
            "members": [
                {
                    "kind": "link",
                    "id": row["id"],
                    "stated": row["short"],
                    "unit": row["unit"],
                    "gives": row["short"],
                    "alone": None,
                    "suffices": None if len(unmade) == 1 else False,
                }
            ],
            "irreducible": True,
            "minimum": True,
            "proof": "no_lane",
            "relaxation": [],
        }
        for row in unmade
    ]


class _Names:
    """Ids, figures and units of claims."""

    def __init__(self, offer: Offer, problem: Exchange, settings: Settings) -> None:
        self._problem = problem
        self._ids: dict[str, Sequence[str]] = {}
        self._units: dict[str, Sequence[str]] = {}
        self._limits = limit_names(settings)
        origins, ends = offer.ends.origins, offer.ends.destinations
        first = offer.bundles.lane
        start = origins.iloc[offer.lanes.origin[first]]
        stop = ends.iloc[offer.lanes.end[first]]
        ways = [f"{a}→{b}" for a, b in zip(start["id"], stop["id"], strict=True)]
        for kinds, ids, units in (
            (("MUST_SHIP", "MIN_LOT", "SUPPLY_PARTNERS"), origins["id"], origins["unit"]),
            (("MUST_FILL", "MIN_DELIVERED", "DEMAND_PARTNERS"), ends["id"], ends["unit"]),
            (("REQUIRED", "MAX_QUANTITY", "MIN_QUANTITY"), ways, start["unit"]),
            (("HUB_CAPACITY",), offer.ends.hubs["id"], _hub_units(offer)),
            (("GROUP_CAPACITY",), offer.links.groups["group"], _group_units(offer)),
            (("BLEND",), blend_names(offer, settings), None),
        ):
            for kind in kinds:
                self._ids[kind] = [str(name) for name in ids]
                self._units[kind] = [""] * len(ids) if units is None else list(map(str, units))

    def of(self, claim: Claim) -> dict[str, Any]:
        """What a claim is called, whose it is, what it states, and its unit."""
        at = claim.position
        if claim.kind is Kind.LIMIT:
            name = self._limits[at]
            unit, said = UNITS.get(name, ""), {"kind": name, "id": name}
        else:
            unit = "" if "PARTNERS" in claim.kind.name else self._units[claim.kind.name][at]
            said = {"kind": KINDS[claim.kind], "id": self._ids[claim.kind.name][at]}
        stated = None if claim.kind is Kind.BLEND else _tidy(figure(self._problem, claim))
        return {**said, "stated": stated, "unit": unit}

    def member(self, relief: Relief) -> dict[str, Any]:
        """A member of a set: what it states, and what it would have to give."""
        return {
            **self.of(relief.claim),
            "gives": _tidy(relief.within),
            "alone": _tidy(relief.alone),
            "suffices": relief.suffices,
        }


def _tidy(amount: float) -> float | None:
    """An amount without a solver's rounding; None where there is none."""
    return float(f"{amount:.{DIGITS}g}") if np.isfinite(amount) else None


def _hub_units(offer: Offer) -> list[str]:
    """Unit in which each hub takes: of what comes, "" where that differs."""
    ends = offer.ends
    hub = ends.destinations["hub"].to_numpy()[offer.lanes.end]
    unit = ends.origins["unit"].to_numpy()[offer.lanes.origin]
    return _common(hub, unit, len(ends.hubs))


def _group_units(offer: Offer) -> list[str]:
    """Unit of what each group carries, "" where that differs."""
    unit = offer.ends.origins["unit"].to_numpy()[offer.lanes.origin]
    group = offer.term("group")[offer.bundles.way]
    return _common(group, unit, len(offer.links.groups))


def _common(place: Any, unit: Any, size: int) -> list[str]:
    """The one unit of each place, "" where there are several or none."""
    seen = pd.DataFrame({"place": place, "unit": unit}).drop_duplicates()
    alone = seen[~seen["place"].duplicated(keep=False)].set_index("place")["unit"]
    return [str(alone.get(at, "")) for at in range(size)]
