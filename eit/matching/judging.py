"""Which ways may be used: the checks that each must pass, in the order of `STAGES`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from eit.matching.arrays import (
    Bools,
    Floats,
    Ints,
    chunks,
    constant,
    looked_up,
    positions,
)
from eit.matching.candidates import SLACK
from eit.matching.carriage import Carrier
from eit.matching.ends import Ends
from eit.matching.lanes import STAGES, Lanes
from eit.matching.links import NO_LINK, Links
from eit.matching.partners import LEVELS, RECYCLING, Partners
from eit.matching.quality import Limits, read_limits, read_properties, unknown_and_beyond
from eit.scenario import Settings


def judge(
    ways: Lanes,
    ends: Ends,
    partners: Partners,
    links: Links,
    carriers: Sequence[Carrier],
    settings: Settings,
) -> Lanes:
    """Find the first check that each way fails."""
    stage = ways.stage.copy()
    stated = _Stated.of(ends, partners)
    priced = links.terms["priced"].to_numpy()
    for part in chunks(len(ways)):
        some = ways.take(part)
        limit = limit_km(some, ends, partners, settings, carriers) * (1 + SLACK)
        silent, beyond = _quality(some, stated, settings)
        failed = {
            "no_place": np.isnan(some.distance_km) & ~looked_up(priced, some.link),
            "too_far": some.distance_km > limit,
            "hazard": _hazard(some, ends, links),
            "quality_unknown": silent,
            "quality": beyond,
            "hierarchy": _below(some, ends, partners, settings),
            "same_site": _same_site(some, ends),
        }
        for name, where in failed.items():
            if where.any():
                stage[part][where] = np.minimum(stage[part][where], STAGES.index(name))
    return replace(ways, stage=stage)


def limit_km(
    ways: Lanes,
    ends: Ends,
    partners: Partners,
    settings: Settings,
    carriers: Sequence[Carrier] = (),
) -> Floats:
    """Longest distance of each way: both declared ends', the rule's and the scenario's.

    Of a default way of a carrier, both ends' as that mode sees them.
    """
    start = ends.origins["limit_km"].to_numpy()[ways.origin]
    if len(ends.hubs):
        unlimited = (ways.origin >= ends.residues) & (ways.end < ends.needs)
        start = np.where(unlimited, np.inf, start)
    stop = ends.destinations["limit_km"].to_numpy()[ways.end]
    most = np.inf if settings.max_distance_km is None else settings.max_distance_km
    rule = partners.met["limit_km"].to_numpy()[ways.met]
    limit = np.asarray(np.minimum(np.minimum(start, stop), np.minimum(rule, most)))
    for carrier in carriers:
        at = carrier.among(ways.link, ways.mode)
        limit[at] = limit_km(ways.take(at), carrier.ends, partners, settings)
    return limit


def _hazard(ways: Lanes, ends: Ends, links: Links) -> Bools:
    dangerous = ends.origins["hazardous"].to_numpy(dtype=bool)
    if not dangerous.any():
        return _nowhere(ways)
    refused = looked_up(links.terms["bars_hazard"].to_numpy(), ways.link)
    refused = refused | ~ends.destinations["takes_hazardous"].to_numpy(dtype=bool)[ways.end]
    return np.asarray(dangerous[ways.origin] & refused, dtype=bool)


def _nowhere(ways: Lanes) -> Bools:
    return np.asarray(constant(False, len(ways)))


@dataclass(frozen=True, slots=True)
class _Stated:
    """Limits of ends and rules, and what origins state of what is limited."""

    of_end: Limits
    of_rule: Limits
    properties: Floats  # (origins, names)

    @classmethod
    def of(cls, ends: Ends, partners: Partners) -> "_Stated":
        of_end = read_limits(ends.destinations["quality"])
        of_rule = read_limits(partners.met["quality"])
        names = tuple(sorted({*of_end.names, *of_rule.names}))
        properties = read_properties(ends.origins["quality"], names)
        return cls(of_end.among(names), of_rule.among(names), properties)


def _quality(ways: Lanes, stated: _Stated, settings: Settings) -> tuple[Bools, Bools]:
    """Where something limited is not stated, and where a limit on each lane alone is passed.

    A rule's limits hold for each lane alone; an end's for the mean, unless the scenario
    says ``quality_mode = "lane"``.
    """
    if not stated.properties.shape[1]:
        return _nowhere(ways), _nowhere(ways)
    silent, beyond = unknown_and_beyond(ways.origin, ways.end, stated.of_end, stated.properties)
    if settings.quality_mode == "mix":
        beyond[:] = False
    also = unknown_and_beyond(ways.origin, ways.met, stated.of_rule, stated.properties)
    return silent | also[0], beyond | also[1]


def _below(ways: Lanes, ends: Ends, partners: Partners, settings: Settings) -> Bools:
    """Ways that stand below the level of the hierarchy that is asked for."""
    if settings.min_hierarchy is None:
        return _nowhere(ways)
    worst = LEVELS.index(settings.min_hierarchy)
    by_rule, by_recipe = _rank(partners.met["level"]), _rank(ends.destinations["level"])
    level = np.where(ways.end < ends.needs, by_rule[ways.met], by_recipe[ways.end])
    again = (ways.origin >= ends.residues) & (ways.end < ends.needs)
    by_identity = (partners.met["rule_id"] == "").to_numpy()[ways.met]
    level = np.where(again & by_identity, LEVELS.index(RECYCLING), level)
    return np.asarray(level > worst, dtype=bool)


def _same_site(ways: Lanes, ends: Ends) -> Bools:
    """Ways within one site that no row of links.csv lists."""
    start = ends.origins["site"].to_numpy()[ways.origin]
    stop = ends.destinations["site"].to_numpy()[ways.end]
    return np.asarray((start >= 0) & (start == stop) & (ways.link == NO_LINK), dtype=bool)


def _rank(levels: pd.Series) -> Ints:
    """Place in the hierarchy, 0 the best; -1 where none is meant."""
    return positions(levels, pd.Index(LEVELS))
