"""Which goods may meet which, by rule or identity, before any place is looked at.

Goods are few even where declarations are many: everything here works on the distinct
(resource, unit) of origins and ends, numbered by their ``key``.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eit import nomenclature
from eit.matching.arrays import floats, texts
from eit.matching.ends import Ends, names_of, unit_of
from eit.scenario import Settings
from eit.territory import Territory

REUSE, RECYCLING = "reuse", "recycling"
LEVELS = ("reuse", "recycling", "energy", "other")
"""The waste hierarchy, the best first."""


@dataclass(frozen=True, slots=True)
class Partners:
    """Pairs of goods that may meet, and pairs that only their units keep apart.

    Attributes
    ----------
    met
        One row per pair: ``origin_key end_key need rule_id ratio treatment_eur avoided_kg
        level limit_km quality built_in by_need takes`` (``by_need``: what is avoided is that of
        making the need anew; ``takes``: the end is a hub's recipe; blank ``rule_id`` by
        identity; ``limit_km`` inf where the rule states none).
    unit_misses
        ``origin_key end_key`` of pairs with a rule or an equal resource, but units that
        do not fit.
    """

    met: pd.DataFrame
    unit_misses: pd.DataFrame


def find_partners(ends: Ends, territory: Territory, settings: Settings) -> Partners:
    """Match the goods of origins with those of ends: best rule first, else identity."""
    origins, needs, takes = _goods(ends)
    named = _by_name(origins)
    pairs = pd.concat([_by_rule(named, needs, territory, settings), _by_identity(origins, needs)])
    pairs = pairs.drop_duplicates(["origin_key", "end_key"]).reset_index(drop=True)
    fits = pairs["fits"].to_numpy(dtype=bool)
    met = pairs[fits].assign(takes=False, by_need=lambda rows: rows["avoided_kg"].isna())
    met["avoided_kg"] = _avoided(met, settings)
    met = pd.concat([met, _by_takes(named, takes)], ignore_index=True)
    met = met.drop(columns="fits")
    gone = pairs[~fits][["origin_key", "end_key"]]
    return Partners(
        met=met.sort_values(["origin_key", "end_key"], ignore_index=True),
        unit_misses=gone.reset_index(drop=True),
    )


def _goods(ends: Ends) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Distinct goods of origins, of needs, and of what recipes take."""
    columns = ["key", "resource", "unit"]
    origins = ends.origins[columns].drop_duplicates("key")
    needs = ends.destinations[columns].iloc[: ends.needs].drop_duplicates("key")
    takes = ends.destinations[columns].iloc[ends.needs :].drop_duplicates("key")
    return origins, needs, takes


def _by_name(origins: pd.DataFrame) -> pd.DataFrame:
    """One row per origin good and name a rule or hub may give it; ``loss`` 0 is exact."""
    rows = [
        (key, resource, unit, name, loss)
        for key, resource, unit in origins.itertuples(index=False)
        for loss, name in enumerate(names_of(resource))
    ]
    return pd.DataFrame(rows, columns=["origin_key", "resource", "unit", "name", "loss"])


def _by_rule(
    named: pd.DataFrame, needs: pd.DataFrame, territory: Territory, settings: Settings
) -> pd.DataFrame:
    """For each good and need the one rule that holds: own, then longest name, then id."""
    rules = _rules(territory, settings)
    found = named.merge(rules, left_on="name", right_on="residue")
    found = found.sort_values(["built_in", "loss", "rule_id"], kind="stable")
    found = found.drop_duplicates(["origin_key", "need"])
    pairs = found.merge(needs.set_axis(["end_key", "need", "end_unit"], axis=1), on="need")
    stated = floats(pairs["ratio"])
    fits = ~np.isnan(stated) | (pairs["unit"] == pairs["end_unit"]).to_numpy()
    usual = (pairs["unit"] == pairs["resource"].map(unit_of)) & (
        pairs["end_unit"] == pairs["need"].map(unit_of)
    )
    fits &= (~pairs["built_in"] | usual).to_numpy(dtype=bool)
    level = texts(pairs["hierarchy"])
    return pd.DataFrame(
        {
            "origin_key": pairs["origin_key"],
            "end_key": pairs["end_key"],
            "need": pairs["need"],
            "rule_id": pairs["rule_id"],
            "ratio": np.where(np.isnan(stated), 1.0, stated),
            "treatment_eur": floats(pairs["treatment_cost_eur_per_unit"], blank=0.0),
            "avoided_kg": floats(pairs["co2e_avoided_kg_per_unit"]),
            "level": level.where(level != "", RECYCLING),
            "limit_km": floats(pairs["max_distance_km"], blank=np.inf),
            "quality": texts(pairs["quality"]),
            "built_in": pairs["built_in"].astype(bool),
            "fits": fits,
        }
    )


def _rules(territory: Territory, settings: Settings) -> pd.DataFrame:
    """Own rules, and the built-in ones where the territory takes them."""
    own = territory.rules.rename_axis("rule_id").reset_index().assign(built_in=False)
    if not territory.builtin_rules:
        return own
    shipped = builtin_rules(settings).reset_index().assign(built_in=True)
    return pd.concat([own, shipped], ignore_index=True) if len(own) else shipped


def builtin_rules(settings: Settings) -> pd.DataFrame:
    """Built-in rules, their figures following the factors that the scenario overrides."""
    rules = nomenclature.builtin_rules().rename_axis("rule_id")
    change = {
        name: value - nomenclature.factor(name).value for name, value in settings.factors.items()
    }
    avoided, process, treatment = (
        rules[f"{part}_factor"].map(change).fillna(0.0).astype(float)
        for part in ("avoided", "process", "treatment")
    )
    saved = rules["co2e_avoided_kg_per_unit"] + rules["ratio"].fillna(1.0) * avoided - process
    cost = rules["treatment_cost_eur_per_unit"] + treatment
    return rules.assign(co2e_avoided_kg_per_unit=saved, treatment_cost_eur_per_unit=cost)


def _by_identity(origins: pd.DataFrame, needs: pd.DataFrame) -> pd.DataFrame:
    """Pairs of one resource; they fit where the units are equal too."""
    pairs = origins.merge(needs, on="resource", suffixes=("", "_end"))
    return _plain(pairs["key"], pairs["key_end"], level=REUSE).assign(
        need=pairs["resource"], fits=pairs["unit"] == pairs["unit_end"]
    )


def _by_takes(named: pd.DataFrame, takes: pd.DataFrame) -> pd.DataFrame:
    """Pairs of a good and a recipe that takes it, by its exact name or a prefix."""
    pairs = named.merge(takes, left_on="name", right_on="resource", suffixes=("", "_end"))
    return _plain(pairs["origin_key"], pairs["key"], level="").assign(
        need="", avoided_kg=0.0, by_need=False, takes=True
    )


def _plain(origin: pd.Series, end: pd.Series, *, level: str) -> pd.DataFrame:
    """Pairs that meet without a rule: ratio 1, no cost, no limit of their own."""
    return pd.DataFrame({"origin_key": origin, "end_key": end}).assign(
        rule_id="",
        ratio=1.0,
        treatment_eur=0.0,
        avoided_kg=np.nan,
        level=level,
        limit_km=np.inf,
        quality="",
        built_in=False,
    )


def _avoided(met: pd.DataFrame, settings: Settings) -> pd.Series:
    """Emission avoided per unit: the rule's; if blank, that of making the need anew, if known."""
    blank = met["avoided_kg"].isna()
    found = avoided_factors(met.loc[blank, "need"].unique(), settings)
    anew = met["need"].map({name: one.value for name, one in found.items()})
    return met["avoided_kg"].fillna(met["ratio"] * anew.astype(float)).fillna(0.0)


def avoided_factors(resources: Iterable[str], settings: Settings) -> dict[str, nomenclature.Factor]:
    """Emission of making one unit of a resource anew, for those that have a factor for it."""
    known = nomenclature.resources()["avoided_factor"]
    names = known[known != ""].to_dict()
    return {
        resource: nomenclature.factor(names[resource], overrides=settings.factors)
        for resource in resources
        if resource in names and not nomenclature.is_waste_code(resource)
    }
