"""What to begin with: pairs of firms by what they gain together, and what stands in the way."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from eit import nomenclature
from eit.atlas.exchanges import node_of, resource_name
from eit.results import Plan
from eit.territory import Territory

NEAR_KM = 1.0
SHOWN = 10
OBSTACLES = {"check", "candidate", "hazardous"}
DISCOUNT = 0.5


def list_starts(
    territory: Territory, plan: Plan, exchanges: pd.DataFrame, lang: str
) -> pd.DataFrame:
    """Pairs of firms that do not lose together, best first, as `maps.sheet` wants starts.

    The order is the gain, halved for each of `OBSTACLES`: figures to confirm, a treatment site to
    be built, hazardous waste. What runs today is not a start.
    """
    nodes = node_of(territory)
    pairs = plan.synergies[plan.synergies["value_eur"] >= 0]
    hubs = pairs["via"].map(lambda via: via.split("|") if via else [])
    legs = _legs(pairs.assign(hubs=hubs), exchanges)
    resource = pairs["donor_id"].map(territory.declarations["resource"])
    starts = pd.DataFrame(
        {
            "donor": pairs["donor_id"].map(nodes),
            "via": hubs.map(lambda ids: nodes[ids[0]] if ids else ""),
            "receiver": pairs["receiver_id"].map(nodes),
            "resource": [resource_name(r, lang) for r in resource],
            "family": [nomenclature.family(r) for r in resource],
            "quantity": pairs["quantity"],
            "unit": pairs["unit"],
            "value_eur": pairs["value_eur"],
            "distance_km": pairs["distance_km"],
            "remarks": _remarks(pairs.assign(hubs=hubs, legs=legs), exchanges, territory),
            "exchanges": legs,
            "tie": pairs["donor_id"] + " " + pairs["receiver_id"] + " " + pairs["via"],
        }
    )
    hindered = np.array([len(OBSTACLES.intersection(keys)) for keys in starts["remarks"]], float)
    score = starts["value_eur"] * DISCOUNT**hindered
    order = {"score": False, "quantity": False, "tie": True}
    ranked = starts.assign(score=score).sort_values([*order], ascending=[*order.values()])
    running = set(exchanges.index[exchanges["existing"]])
    to_do = [not running.issuperset(keys) for keys in ranked["exchanges"]]
    return ranked[pd.Series(to_do, ranked.index, dtype=bool)].reset_index(drop=True)


def _legs(pairs: pd.DataFrame, exchanges: pd.DataFrame) -> pd.Series:
    """Exchanges that make up each pair: the direct ones, or all legs through its hubs."""
    by_ends: dict[tuple[str, str], list[str]] = {}
    for key, origin, end in zip(
        exchanges.index, exchanges["from_id"], exchanges["to_id"], strict=True
    ):
        by_ends.setdefault((origin, end), []).append(key)
    ends = zip(pairs["donor_id"], pairs["hubs"], pairs["receiver_id"], strict=True)
    found = [_keys(by_ends, donor, hubs, receiver) for donor, hubs, receiver in ends]
    return pd.Series(found, pairs.index, dtype=object)


def _keys(
    by_ends: Mapping[tuple[str, str], list[str]], donor: str, hubs: list[str], receiver: str
) -> list[str]:
    """Keys of the exchanges of one pair."""
    if not hubs:
        return by_ends.get((donor, receiver), [])
    legs = [(start, end) for start in [donor, *hubs] for end in [*hubs, receiver]]
    return [key for leg in legs if leg != (donor, receiver) for key in by_ends.get(leg, [])]


def _remarks(pairs: pd.DataFrame, exchanges: pd.DataFrame, territory: Territory) -> pd.Series:
    """Keys of labels for what helps each pair and what stands in its way."""
    candidates = set(territory.hubs.loc[territory.hubs["status"] == "candidate", "hub_id"])
    certainty = exchanges["certainty"].to_dict()
    hazardous = pairs["donor_id"].map(territory.declarations["hazardous"])
    rows = zip(pairs["distance_km"], pairs["legs"], pairs["hubs"], hazardous, strict=True)
    remarks = []
    for distance_km, legs, hubs, dangerous in rows:
        known = {certainty[key] for key in legs}
        holds = {
            "near": distance_km <= NEAR_KM,
            "measured": known == {"measured"},
            "check": bool(known & {"inferred", "estimated"}),
            "candidate": bool(candidates & set(hubs)),
            "hazardous": bool(dangerous),
        }
        remarks.append([key for key, so in holds.items() if so])
    return pd.Series(remarks, pairs.index, dtype=object)
