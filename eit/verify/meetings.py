"""Which goods may meet which, by a rule or by identity, before any place is looked at.

Goods are told apart by resource, unit and side (declared or of a hub): there are few
of them even where there are many declarations.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eit import nomenclature
from eit.territory import Territory
from eit.verify.market import Market, is_code, keys_of, own_unit

COLUMNS = ["origin_good", "end_good", "rule_id", "ratio", "treatment", "avoided", "level"]
RECYCLING, REUSE = "recycling", "reuse"


@dataclass(frozen=True, slots=True)
class Good:
    """A resource in a unit, declared or of a hub."""

    hub: bool
    resource: str
    unit: str


@dataclass(frozen=True, slots=True)
class Meetings:
    """Goods that may meet.

    Attributes
    ----------
    origin_good, end_good
        Number of the good of every origin and every end.
    rows
        One row per pair of goods that meets: ``origin_good``, ``end_good``, ``rule_id``
        ("" by identity), ``ratio`` (delivered per unit shipped), ``treatment`` (EUR per
        unit; a recipe's own cost is added by the lane), ``avoided`` (kg CO2e per unit),
        ``level`` of the hierarchy ("" into a hub), ``rule_km`` (inf if none) and ``quality``.
    """

    origin_good: pd.Series
    end_good: pd.Series
    rows: pd.DataFrame


def find_meetings(market: Market, territory: Territory) -> Meetings:
    """Match every kind of origin with every kind of end by the best rule, else by identity."""
    overrides = market.settings.factors
    origins, origin_good = _goods(market.origins)
    ends, end_good = _goods(market.ends)
    rules = _rules(territory)
    wanted: defaultdict[str, list[int]] = defaultdict(list)
    for at, good in enumerate(ends):
        wanted[good.resource].append(at)
    found = [
        (start, end, *met)
        for start, origin in enumerate(origins)
        for end, met in _partners(origin, ends, wanted, rules, overrides)
    ]
    columns = [*COLUMNS, "rule_km", "quality"]
    return Meetings(origin_good, end_good, pd.DataFrame(found, columns=columns))


def _goods(frame: pd.DataFrame) -> tuple[list[Good], pd.Series]:
    keys = pd.MultiIndex.from_frame(frame[["hub", "resource", "unit"]].astype(object))
    numbers, distinct = pd.factorize(keys)
    return [Good(*key) for key in distinct], pd.Series(numbers, index=frame.index, dtype="int64")


def _rules(territory: Territory) -> pd.DataFrame:
    """Own rules, then the built-in ones, each told apart by its `rank` (0 first)."""
    own = territory.rules.rename_axis("rule_id").reset_index().assign(rank=0)
    if not territory.builtin_rules:
        return own
    shipped = nomenclature.builtin_rules().rename_axis("rule_id").reset_index().assign(rank=1)
    return pd.concat([part for part in (own, shipped) if len(part)] or [own], ignore_index=True)


Met = tuple[str, float, float, float, str, float, str]


def _partners(
    origin: Good,
    ends: list[Good],
    wanted: Mapping[str, list[int]],
    rules: pd.DataFrame,
    overrides: Mapping[str, float],
) -> Iterator[tuple[int, Met]]:
    """Ends that one kind of origin may reach, each once, with how."""
    keys = keys_of(origin.resource)
    best = _best_rules(keys, rules)
    for at in sorted({at for need in best for at in wanted.get(need, ()) if not ends[at].hub}):
        met = _by_rule(origin, ends[at], best[ends[at].resource], overrides)
        if met is not None:
            yield at, met
    for key in keys:
        for at in wanted.get(key, ()):
            end = ends[at]
            if end.hub:
                yield at, ("", 1.0, 0.0, 0.0, "", np.inf, "")
            elif key == origin.resource and key not in best and end.unit == origin.unit:
                level = RECYCLING if origin.hub else REUSE
                yield at, ("", 1.0, 0.0, _avoided(key, overrides), level, np.inf, "")


def _best_rules(keys: tuple[str, ...], rules: pd.DataFrame) -> dict[str, pd.Series]:
    """The rule that holds for each need: the territory's, then the longest, then by id."""
    matching = rules[rules["residue"].isin(keys)]
    order = matching.assign(length=-matching["residue"].str.len())
    order = order.sort_values(["rank", "length", "rule_id"], kind="stable")
    first = order.drop_duplicates("need")
    return {row["need"]: row for _, row in first.iterrows()}


def _by_rule(
    origin: Good, end: Good, rule: pd.Series, overrides: Mapping[str, float]
) -> Met | None:
    """How a rule lets two goods meet; None if their units do not allow it."""
    if rule["rank"] == 1 and (
        origin.unit != own_unit(origin.resource) or end.unit != own_unit(end.resource)
    ):
        return None
    ratio = rule["ratio"]
    if pd.isna(ratio):
        if origin.unit != end.unit:
            return None
        ratio = 1.0
    return (
        str(rule["rule_id"]),
        float(ratio),
        _number(rule["treatment_cost_eur_per_unit"], 0.0),
        _number(rule["co2e_avoided_kg_per_unit"], ratio * _avoided(end.resource, overrides)),
        rule["hierarchy"] or RECYCLING,
        _number(rule["max_distance_km"], np.inf),
        rule["quality"] or "",
    )


def _number(cell: float, blank: float) -> float:
    return blank if pd.isna(cell) else float(cell)


def _avoided(resource: str, overrides: Mapping[str, float]) -> float:
    """Emission saved per unit of a need met by the same resource, where a factor is known."""
    name = "" if is_code(resource) else nomenclature.resources()["avoided_factor"].get(resource)
    if not isinstance(name, str) or not name:
        return 0.0
    return float(nomenclature.factor(name, overrides=overrides).value)
