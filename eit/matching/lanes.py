"""Every lane that the territory permits, and at which check the other ways fail."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd

from eit.matching.arrays import (
    Bools,
    Codes,
    Floats,
    Ints,
    Places,
    constant,
    folded,
    is_constant,
    listed,
    looked_up,
    present,
    taken,
)
from eit.matching.candidates import SLACK, Pairs, near_pairs
from eit.matching.carriage import PIPE, Carrier, by_road, needs_pipe
from eit.matching.distances import by_circuity, circuity, geodesic_km
from eit.matching.ends import Ends
from eit.matching.links import NO_LINK, Links
from eit.matching.partners import Partners
from eit.scenario import Settings
from eit.territory import Territory

SOURCES = ("geodesic", "centroid", "link", "road", "access")
"""Where a lane's distance comes from."""

MADE = "made"
STAGES = (
    "no_place",
    "no_road",
    "too_far",
    "forbidden",
    "links_only",
    "hazard",
    "quality_unknown",
    "quality",
    "hierarchy",
    "same_site",
    MADE,
)
"""The first check that a way fails; the later it stands, the nearer the way came to being made."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """Ways of goods from an origin to an end, one row per way and recipe; arrays of shape (k,).

    Those that say one thing throughout, as `link` where there is no links.csv, take no memory.

    Attributes
    ----------
    origin, end
        Positions in `Ends.origins` and `Ends.destinations`.
    met
        Row of `Partners.met`: by which rule they meet.
    link, mode
        Row of `Links.terms` (-1: none) and position in `Links.modes`.
    distance_km, source
        NaN where no distance is needed; position in `SOURCES`.
    stage
        Position in `STAGES`.
    """

    origin: Places
    end: Places
    met: Places
    link: Places
    mode: Codes
    distance_km: Floats
    source: Codes
    stage: Codes

    def __len__(self) -> int:
        return len(self.origin)

    def take(self, which: Bools | Ints | slice) -> "Lanes":
        """Some of the rows."""
        return Lanes(*(taken(getattr(self, field.name), which) for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Bundles:
    """Lanes of one origin, partner and mode are one way; ways of the same two ids one pair.

    Attributes
    ----------
    way
        The way of each lane, shape (k,).
    pair
        The pair of each way, shape (w,).
    lane
        The first lane of each way, shape (w,).
    """

    way: Ints
    pair: Ints
    lane: Ints


def find_ways(
    ends: Ends,
    partners: Partners,
    links: Links,
    carriers: Sequence[Carrier],
    territory: Territory,
    settings: Settings,
) -> Lanes:
    """Measure every way there could be: all allowed rows of links.csv, and default ways.

    A pair without an allowed row has its default ways: by road, unless its good needs a pipe, and
    by every carrier that serves both ends. It fails the check ``forbidden`` where a row forbids
    the road (then it has none of them), or the pipe it needs; all others start as made, to be
    judged.
    """
    stretch = circuity(territory, settings)
    unlisted = (
        _no_pairs()
        if territory.links_only
        else near_pairs(by_road(ends, settings), partners, settings, stretch=stretch)
    )
    rows = links.won[links.terms["allowed"].to_numpy()[links.won["link"]]]
    barred = _barred(links, needs_pipe(ends, settings))
    named = np.union1d(_numbers(rows, ends), _numbers(barred, ends))
    default = default_ways(unlisted.origin, unlisted.end, unlisted.met)
    if len(named):
        pair = folded(unlisted.origin, unlisted.end, len(ends.destinations))
        default = default.take(~listed(pair, named))
    barred = barred[~listed(_numbers(barred, ends), np.unique(_numbers(rows, ends)))]
    ways = _joined(
        _stated(rows, stage=MADE),
        _stated(barred.assign(link=NO_LINK), stage="forbidden"),
        default,
    )
    if len(ends.hubs):
        ways = ways.take(_leaves_home(ways, ends))
    ways = _measured(ways, ends, links, settings, by_road=territory.roads is not None)
    if not carriers or territory.links_only:
        return ways
    others = (_carried(one, ends, partners, links, named, settings) for one in carriers)
    return _joined(ways, *others)


def bundle(lanes: Lanes, ends: Ends) -> Bundles:
    """Number the ways and pairs of lanes.

    A lane between two declarations that no row of links.csv mentions, and that stands alone, is
    a way and a pair of its own; the others are numbered after these.
    """
    unlisted = is_constant(lanes.link) and lanes.link[0] == NO_LINK
    if unlisted and is_constant(lanes.mode) and not len(ends.hubs):
        alone = np.arange(len(lanes), dtype=np.int32)
        return Bundles(alone, alone, alone)
    start, stop = _partner_numbers(lanes, ends)
    shared = (lanes.link != NO_LINK) | (start != lanes.origin) | (stop != lanes.end)
    modes = int(lanes.mode.max(initial=0)) + 1
    size = len(ends.destinations) + len(ends.hubs)
    beside = (lanes.mode > 0) & ~shared
    if beside.any():
        pairs = folded(start, stop, size)
        shared |= listed(pairs, np.unique(pairs[beside]))
    way, lane = _numbered(folded(folded(lanes.origin, stop, size), lanes.mode, modes), shared)
    pair, _ = _numbered(folded(start, stop, size)[lane], shared[lane])
    return Bundles(way, pair, lane)


def parted(ways: Lanes, ends: Ends) -> tuple[Lanes, Lanes]:
    """Split judged ways into lanes, and the failed ways of ends that have no lane."""
    made = ways.stage == STAGES.index(MADE)
    missed = ways.take(np.flatnonzero(~made))
    lanes = ways.take(made) if len(missed) else ways
    lanes = replace(lanes, stage=_code(STAGES.index(MADE), len(lanes)))
    sends = present(lanes.origin, len(ends.origins))
    takes = present(lanes.end, len(ends.destinations))
    return lanes, missed.take(~sends[missed.origin] | ~takes[missed.end])


def default_ways(origin: Places, end: Places, met: Places, *, mode: int = 0) -> Lanes:
    """Ways that no row of links.csv mentions, by road if nothing else, not yet measured."""
    return Lanes(
        origin=origin,
        end=end,
        met=met,
        link=constant(NO_LINK, len(origin), np.int32),
        mode=_code(mode, len(origin)),
        distance_km=constant(np.nan, len(origin)),
        source=_code(0, len(origin)),
        stage=_code(STAGES.index(MADE), len(origin)),
    )


def _partner_numbers(lanes: Lanes, ends: Ends) -> tuple[Ints, Ints]:
    """Number of the declaration or hub at both ends of each lane."""
    hub = ends.origins["hub"].to_numpy()[lanes.origin]
    start = np.where(hub >= 0, len(ends.origins) + hub, lanes.origin)
    hub = ends.destinations["hub"].to_numpy()[lanes.end]
    return start, np.where(hub >= 0, len(ends.destinations) + hub, lanes.end)


def _numbered(keys: Ints, shared: Bools) -> tuple[Ints, Ints]:
    """Number keys from 0, and say where each number appears first; only shared ones repeat."""
    alone, several = np.flatnonzero(~shared), np.flatnonzero(shared)
    repeated, distinct = pd.factorize(keys[several])
    number = np.empty(len(keys), dtype=np.int64)
    number[alone] = np.arange(len(alone))
    number[several] = len(alone) + repeated
    first = np.zeros(len(distinct), dtype=np.int64)
    first[repeated[::-1]] = several[::-1]
    return number, np.concatenate([alone, first])


def _no_pairs() -> Pairs:
    none = np.zeros(0, dtype=np.int32)
    return Pairs(none, none, none)


def _barred(links: Links, piped: Bools) -> pd.DataFrame:
    """Pairs of which a row of links.csv forbids the road, or the pipe that their good needs."""
    won = links.won
    allowed = links.terms["allowed"].to_numpy()[won["link"]]
    first = (won["mode"] == 0).to_numpy(dtype=bool)
    if piped.any():
        pipe = (won["mode"] == links.modes.index(PIPE)).to_numpy(dtype=bool)
        first = first | pipe & piped[won["origin"].to_numpy(dtype=np.int64)]
    return won[~allowed & first].drop_duplicates(["origin", "end"])


def _carried(
    carrier: Carrier,
    ends: Ends,
    partners: Partners,
    links: Links,
    named: Ints,
    settings: Settings,
) -> Lanes:
    """Default ways of one mode beside the road; rows of links.csv in that mode forbid some."""
    found = near_pairs(carrier.ends, partners, settings, stretch=carrier.stretch)
    pair = folded(found.origin, found.end, len(ends.destinations))
    of_mode = links.won[(links.won["mode"] == carrier.mode).to_numpy(dtype=bool)]
    ways = default_ways(found.origin, found.end, found.met, mode=carrier.mode)
    ways = ways.take(~listed(pair, np.union1d(named, _numbers(of_mode, ends))))
    ways = ways.take(_leaves_home(ways, ends))
    haul = carrier.haul_km(ways.origin, ways.end)
    far = haul >= carrier.least_km * (1 - SLACK)
    ways, haul = ways.take(far), haul[far]
    legs = carrier.legs_km(ways.origin, ways.end)
    source = np.where(legs > 0, SOURCES.index("access"), SOURCES.index("geodesic"))
    source[_vague(ways, ends)] = SOURCES.index("centroid")
    return replace(ways, distance_km=haul + legs, source=source.astype(np.int8))


def _vague(ways: Lanes, ends: Ends) -> Bools:
    """Whether one end of each way is only known by its commune."""
    start, stop = (
        side["centroid"].to_numpy(dtype=bool) for side in (ends.origins, ends.destinations)
    )
    return np.asarray(start[ways.origin] | stop[ways.end], dtype=bool)


def _numbers(won: pd.DataFrame, ends: Ends) -> Ints:
    return folded(won["origin"].to_numpy(), won["end"].to_numpy(), len(ends.destinations))


def _stated(rows: pd.DataFrame, *, stage: str) -> Lanes:
    ways = default_ways(*(rows[name].to_numpy(np.int32) for name in ("origin", "end", "met")))
    return replace(
        ways,
        link=rows["link"].to_numpy(dtype=np.int32),
        mode=rows["mode"].to_numpy(dtype=np.int8),
        stage=_code(STAGES.index(stage), len(rows)),
    )


def _code(position: int, count: int) -> Codes:
    codes: Codes = constant(position, count, np.int8)
    return codes


def _joined(*parts: Lanes) -> Lanes:
    some = [part for part in parts if len(part)]
    if len(some) <= 1:
        return some[0] if some else parts[0]
    return Lanes(
        *(np.concatenate([getattr(part, field.name) for part in some]) for field in fields(Lanes))
    )


def _leaves_home(ways: Lanes, ends: Ends) -> Bools:
    """All but what would go from a hub to itself."""
    start = ends.origins["hub"].to_numpy()[ways.origin]
    stop = ends.destinations["hub"].to_numpy()[ways.end]
    return np.asarray((start < 0) | (start != stop), dtype=bool)


def _measured(ways: Lanes, ends: Ends, links: Links, settings: Settings, *, by_road: bool) -> Lanes:
    """Distances: the row's as it stands; none where the row has a price; else the geodesic's.

    ``by_road`` says that a road network will measure the ways by the default mode.
    """
    stated = looked_up(links.terms["distance_km"].to_numpy(), ways.link)
    by_link = ~np.isnan(stated) | looked_up(links.terms["priced"].to_numpy(), ways.link)
    if not by_link.any():
        return _estimated(ways, ends, settings, by_road=by_road)
    apart = np.flatnonzero(~by_link)
    distance, source = stated.copy(), np.full(len(ways), SOURCES.index("link"), dtype=np.int8)
    estimated = _estimated(ways.take(apart), ends, settings, by_road=by_road)
    distance[apart], source[apart] = estimated.distance_km, estimated.source
    return replace(ways, distance_km=distance, source=source)


def _estimated(ways: Lanes, ends: Ends, settings: Settings, *, by_road: bool) -> Lanes:
    """Distances by the geodesic, all of them."""
    distance = geodesic_km(ends.origins, ends.destinations, ways.origin, ways.end)
    other = ways.mode[:1] > 0 if is_constant(ways.mode) else ways.mode > 0
    if settings.circuity_ranges and not by_road:
        distance = np.where(other, distance * settings.circuity, by_circuity(distance, settings))
    else:
        distance *= np.where(other | (not by_road), settings.circuity, 1.0)
    source = _code(SOURCES.index("geodesic"), len(ways))
    centroids = [side["centroid"].to_numpy() for side in (ends.origins, ends.destinations)]
    if any(side.any() for side in centroids):
        near = centroids[0][ways.origin] | centroids[1][ways.end]
        source = np.where(near, SOURCES.index("centroid"), source).astype(np.int8)
    return replace(ways, distance_km=distance, source=source)
