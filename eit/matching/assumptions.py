"""Every figure a run rests on that nobody of the territory declared."""

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce

import numpy as np
import pandas as pd

from eit import nomenclature
from eit.matching.arrays import Bools, chunks, counted, is_constant, looked_up, taken
from eit.matching.carriage import PIPE, PIPES, Carrier, figure, pipe_kinds
from eit.matching.ends import Ends
from eit.matching.lanes import SOURCES, Lanes
from eit.matching.links import ROAD, Links
from eit.matching.partners import avoided_factors, builtin_rules
from eit.matching.problem import Offer
from eit.matching.tariff import Assumption, Tariff, assumption, mode_factor
from eit.nomenclature import Factor
from eit.scenario import TRANSPORT_FACTORS, Settings
from eit.territory import Territory


def list_assumptions(
    offer: Offer, tariff: Tariff, territory: Territory, settings: Settings
) -> list[Assumption]:
    """List the defaults that lanes or declarations rest on, each once, in order of name."""
    lanes, ends, links = offer.lanes, offer.ends, offer.links
    met = offer.partners.met
    met = met.assign(used=counted(lanes.met, len(met)))
    found = [
        *tariff.assumptions,
        *_of_distance(offer, settings),
        *_of_transport(lanes, ends, links, offer.carriers, settings),
        *_of_carriers(offer, settings),
        *_of_needs(met, settings),
        *_of_rules(met, territory, settings),
    ]
    return _merged(found)


def _merged(found: Iterable[Assumption]) -> list[Assumption]:
    """One entry per figure, the uses added up; those that serve nothing left out."""
    merged: dict[tuple[str, float, str], Assumption] = {}
    for one in found:
        key = (one["name"], one["value"], str(one["year"]))
        before = merged.get(key, {"used_for": 0})
        merged[key] = one | {"used_for": one["used_for"] + before["used_for"]}
    return [merged[key] for key in sorted(merged) if merged[key]["used_for"]]


def _of_distance(offer: Offer, settings: Settings) -> Iterator[Assumption]:
    """Circuity of the roads, and the longest distance where nobody states one."""
    lanes, ends = offer.lanes, offer.ends
    if "transport.circuity" not in settings.stated:
        factor = nomenclature.factor("circuity", overrides=settings.factors)
        estimated = np.isin(SOURCES, ["geodesic", "centroid"])
        rests = looked_up(estimated, lanes.source)
        if offer.carriers:
            rests = np.array(rests)
        for one in offer.carriers:
            at = one.among(lanes.link, lanes.mode)
            rests[at] = (one.name == PIPE) | (one.legs_km(lanes.origin[at], lanes.end[at]) > 0)
        yield assumption(factor, _count(rests))
    if "transport.max_distance_km" not in settings.stated:
        factor = nomenclature.factor("max_distance", overrides=settings.factors)
        sides = ends.origins[: ends.residues], ends.destinations[: ends.needs]
        yield assumption(factor, sum(int(side["limit_assumed"].sum()) for side in sides))


def _of_transport(
    lanes: Lanes, ends: Ends, links: Links, carriers: Sequence[Carrier], settings: Settings
) -> Iterator[Assumption]:
    """Cost and emission of a tonne-kilometre by mode where no price stands; load of a trip."""
    heavy = np.empty(len(lanes), dtype=bool)
    weighs = ends.origins["mass_t"].to_numpy() > 0
    for part in chunks(len(lanes)):
        heavy[part] = lanes.distance_km[part] > 0
        if not weighs.all():
            heavy[part] &= taken(weighs, lanes.origin[part])
    for carrier in carriers:
        heavy[carrier.among(lanes.link, lanes.mode)] = False
    silent = looked_up(np.isnan(links.terms["co2e_kg"].to_numpy()), lanes.link)
    unpriced = looked_up(~links.terms["priced"].to_numpy(), lanes.link)
    for kind, stated, rests in (
        ("transport_cost", "transport.cost_eur_per_t_km", unpriced),
        ("transport_co2e", "transport.co2e_kg_per_t_km", silent),
    ):
        for at, mode in enumerate(links.modes):
            factor = mode_factor(kind, mode, settings)
            if mode == ROAD or factor is None:
                factor = None if stated in settings.stated else mode_factor(kind, ROAD, settings)
            if factor is not None:
                of_mode = looked_up(np.arange(len(links.modes)) == at, lanes.mode)
                yield assumption(factor, _count(heavy, rests, of_mode))
    if "transport.payload_t" not in settings.stated:
        factor = nomenclature.factor("transport_payload_road", overrides=settings.factors)
        usual = looked_up(links.terms["usual_payload"].to_numpy(), lanes.link)
        yield assumption(factor, _count(usual))


def _of_carriers(offer: Offer, settings: Settings) -> Iterator[Assumption]:
    """Figures of default lanes by rail, waterway and pipe."""
    lanes = offer.lanes
    for one in offer.carriers:
        at = one.among(lanes.link, lanes.mode)
        used = dict.fromkeys(one.figures, len(at))
        used[f"max_distance_{one.name}"] = len(at)
        legs = int((one.legs_km(lanes.origin[at], lanes.end[at]) > 0).sum())
        if one.name == PIPE:
            kinds = np.bincount(pipe_kinds(offer.ends)[lanes.origin[at]], minlength=len(PIPES))
            for kind, count in zip(PIPES, kinds.tolist(), strict=True):
                used |= {f"pipe_{of}_{kind}": count for of in ("cost", "loss", "power")}
        else:
            used["reach_rail" if one.name == "rail" else "reach_quay"] = legs
            used |= {"transport_cost_road": legs, "transport_co2e_road": legs}
        for name, count in used.items():
            if _KEYS.get(name) not in settings.stated:
                yield assumption(figure(name, settings), count)


_KEYS = {factor: f"transport.{key}" for key, (_, factor) in TRANSPORT_FACTORS.items()}
"""Key of [transport] that stands in for a default factor."""


def _of_needs(met: pd.DataFrame, settings: Settings) -> Iterator[Assumption]:
    """Emission of making a resource anew, which a lane without a figure of its own avoids."""
    used = met[met["by_need"]].groupby("need")["used"].sum()
    for resource, factor in avoided_factors(used.index, settings).items():
        yield assumption(factor, int(used[resource]))


def _of_rules(met: pd.DataFrame, territory: Territory, settings: Settings) -> Iterator[Assumption]:
    """Figures of built-in rules: what they cost and what they avoid."""
    if not territory.builtin_rules:
        return
    used = met[met["built_in"]].groupby("rule_id")["used"].sum()
    rules = builtin_rules(settings).loc[used.index]
    for column, unit in (
        ("treatment_cost_eur_per_unit", "EUR/unit"),
        ("co2e_avoided_kg_per_unit", "kgCO2e/unit"),
    ):
        stated = zip(rules.index, rules[column].fillna(0.0), rules["source"], used, strict=True)
        for rule_id, value, source, lanes_by_rule in stated:
            if value != 0:
                name = f"{rule_id}.{column}"
                figure = Factor(name, value, value, value, unit, 0, source, "")
                yield assumption(figure, int(lanes_by_rule))


def _count(*conditions: Bools) -> int:
    """For how many lanes all holds; what says one thing throughout is asked once."""
    if not all(one[0] for one in conditions if is_constant(one)):
        return 0
    several = [one for one in conditions if not is_constant(one)]
    if not several:
        return len(conditions[0])
    return int(np.count_nonzero(reduce(np.logical_and, several)))
