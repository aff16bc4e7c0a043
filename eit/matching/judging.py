"""Which ways may be used: the checks that each must pass, in the order of `STAGES`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from eit.matching.arrays import (
    Bools,
    Floats,
    Ints,
    Places,
    chunks,
    condensed,
    constant,
    looked_up,
    positions,
    taken,
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
    reach = _Reach.of(ends, partners, settings, carriers)
    sites, hazards = _Sites.of(ends), _Hazards.of(ends, links)
    unpriced = ~links.terms["priced"].to_numpy(dtype=bool)
    for part in chunks(len(ways)):
        some = ways.take(part)
        silent, beyond = _quality(some, stated, settings)
        failed = {
            "no_place": np.isnan(some.distance_km) & looked_up(unpriced, some.link),
            "too_far": some.distance_km > reach.km(some) * (1 + SLACK),
            "hazard": hazards.bar(some),
            "quality_unknown": silent,
            "quality": beyond,
            "hierarchy": _below(some, ends, partners, settings),
            "same_site": sites.same(some),
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
    return _Reach.of(ends, partners, settings, carriers).km(ways)


@dataclass(frozen=True, slots=True)
class _Reach:
    """Longest distances of origins, ends and rules, as arrays: looked up in many chunks."""

    ends: Ends
    start_km: Floats
    stop_km: Floats
    rule_km: Floats  # and the scenario's
    carried: tuple[tuple[Carrier, "_Reach"], ...]

    @classmethod
    def of(
        cls, ends: Ends, partners: Partners, settings: Settings, carriers: Sequence[Carrier]
    ) -> "_Reach":
        most = np.inf if settings.max_distance_km is None else settings.max_distance_km
        return cls(
            ends=ends,
            start_km=ends.origins["limit_km"].to_numpy(),
            stop_km=ends.destinations["limit_km"].to_numpy(),
            rule_km=condensed(np.minimum(partners.met["limit_km"].to_numpy(), most)),
            carried=tuple((one, cls.of(one.ends, partners, settings, ())) for one in carriers),
        )

    def km(self, ways: Lanes) -> Floats:
        """Longest distance of each way, shape (k,)."""
        limit: Floats = taken(self.start_km, ways.origin)
        if len(self.ends.hubs):
            unlimited = (ways.origin >= self.ends.residues) & (ways.end < self.ends.needs)
            limit[unlimited] = np.inf
        np.minimum(limit, taken(self.stop_km, ways.end), out=limit)
        np.minimum(limit, taken(self.rule_km, ways.met), out=limit)
        for carrier, reach in self.carried:
            at = carrier.among(ways.link, ways.mode)
            limit[at] = reach.km(ways.take(at))
        return limit


@dataclass(frozen=True, slots=True)
class _Hazards:
    """What is hazardous, and which ends and rows of links.csv refuse it."""

    dangerous: Bools
    refused: Bools
    barred: Bools

    @classmethod
    def of(cls, ends: Ends, links: Links) -> "_Hazards":
        return cls(
            dangerous=ends.origins["hazardous"].to_numpy(dtype=bool),
            refused=~ends.destinations["takes_hazardous"].to_numpy(dtype=bool),
            barred=links.terms["bars_hazard"].to_numpy(dtype=bool),
        )

    def bar(self, ways: Lanes) -> Bools:
        """Ways that something hazardous may not take."""
        if not self.dangerous.any():
            return _nowhere(ways)
        refused = looked_up(self.barred, ways.link) | taken(self.refused, ways.end)
        return np.asarray(taken(self.dangerous, ways.origin) & refused, dtype=bool)


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


@dataclass(frozen=True, slots=True)
class _Sites:
    """Sites of origins and ends; those of hubs, which have none, are never the same."""

    start: Places
    stop: Places

    @classmethod
    def of(cls, ends: Ends) -> "_Sites":
        start, stop = ends.origins["site"].to_numpy(), ends.destinations["site"].to_numpy()
        return cls(np.where(start < 0, -2, start).astype(np.int32), stop.astype(np.int32))

    def same(self, ways: Lanes) -> Bools:
        """Ways within one site that no row of links.csv lists."""
        same = taken(self.start, ways.origin) == taken(self.stop, ways.end)
        return np.asarray(same & (ways.link == NO_LINK), dtype=bool)


def _rank(levels: pd.Series) -> Ints:
    """Place in the hierarchy, 0 the best; -1 where none is meant."""
    return positions(levels, pd.Index(LEVELS))
