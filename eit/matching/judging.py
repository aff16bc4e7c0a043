"""Which ways may be used: the checks that each must pass, in the order of `STAGES`."""

from dataclasses import replace

import numpy as np
import pandas as pd

from eit.matching.arrays import Bools, Floats, Ints, positions
from eit.matching.candidates import SLACK
from eit.matching.ends import Ends
from eit.matching.lanes import STAGES, Lanes
from eit.matching.links import NO_LINK, Links
from eit.matching.partners import LEVELS, RECYCLING, Partners
from eit.matching.quality import read_limits, read_properties, unknown_and_beyond
from eit.scenario import Settings


def judge(ways: Lanes, ends: Ends, partners: Partners, links: Links, settings: Settings) -> Lanes:
    """Find the first check that each way fails."""
    silent, beyond = _quality(ways, ends, partners, settings)
    needless = links.terms["priced"].to_numpy()[ways.link]
    failed = {
        "no_place": np.isnan(ways.distance_km) & ~needless,
        "too_far": ways.distance_km > limit_km(ways, ends, partners, settings) * (1 + SLACK),
        "hazard": _hazard(ways, ends, links),
        "quality_unknown": silent,
        "quality": beyond,
        "hierarchy": _below(ways, ends, partners, settings),
        "same_site": _same_site(ways, ends),
    }
    stage = ways.stage.copy()
    for name, where in failed.items():
        stage[where] = np.minimum(stage[where], STAGES.index(name))
    return replace(ways, stage=stage)


def limit_km(ways: Lanes, ends: Ends, partners: Partners, settings: Settings) -> Floats:
    """Longest distance of each way: both declared ends', the rule's and the scenario's."""
    start = ends.origins["limit_km"].to_numpy()[ways.origin]
    unlimited = (ways.origin >= ends.residues) & (ways.end < ends.needs)
    start = np.where(unlimited, np.inf, start)
    stop = ends.destinations["limit_km"].to_numpy()[ways.end]
    most = np.inf if settings.max_distance_km is None else settings.max_distance_km
    rule = partners.met["limit_km"].to_numpy()[ways.met]
    return np.asarray(np.minimum(np.minimum(start, stop), np.minimum(rule, most)))


def _hazard(ways: Lanes, ends: Ends, links: Links) -> Bools:
    hazardous = ends.origins["hazardous"].to_numpy(dtype=bool)[ways.origin]
    refused = links.terms["bars_hazard"].to_numpy()[ways.link]
    refused = refused | ~ends.destinations["takes_hazardous"].to_numpy(dtype=bool)[ways.end]
    return np.asarray(hazardous & refused, dtype=bool)


def _quality(
    ways: Lanes, ends: Ends, partners: Partners, settings: Settings
) -> tuple[Bools, Bools]:
    """Where something limited is not stated, and where a limit on each lane alone is passed.

    A rule's limits hold for each lane alone; an end's for the mean, unless the scenario
    says ``quality_mode = "lane"``.
    """
    of_end = read_limits(ends.destinations["quality"])
    of_rule = read_limits(partners.met["quality"])
    names = tuple(sorted({*of_end.names, *of_rule.names}))
    stated = read_properties(ends.origins["quality"], names)
    silent, beyond = unknown_and_beyond(ways.origin, ways.end, of_end.among(names), stated)
    if settings.quality_mode == "mix":
        beyond[:] = False
    also = unknown_and_beyond(ways.origin, ways.met, of_rule.among(names), stated)
    return silent | also[0], beyond | also[1]


def _below(ways: Lanes, ends: Ends, partners: Partners, settings: Settings) -> Bools:
    """Ways that stand below the level of the hierarchy that is asked for."""
    if settings.min_hierarchy is None:
        return np.zeros(len(ways), dtype=bool)
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
