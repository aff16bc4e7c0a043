"""Every lane that the territory permits, and at which check the other ways fail."""

from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd

from eit.matching.arrays import Bools, Floats, Ints, folded, listed
from eit.matching.candidates import Pairs, near_pairs
from eit.matching.distances import circuity, geodesic_km
from eit.matching.ends import Ends
from eit.matching.links import NO_LINK, Links
from eit.matching.partners import Partners
from eit.scenario import Settings
from eit.territory import Territory

SOURCES = ("geodesic", "centroid", "link", "road")
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

    origin: Ints
    end: Ints
    met: Ints
    link: Ints
    mode: Ints
    distance_km: Floats
    source: Ints
    stage: Ints

    def __len__(self) -> int:
        return len(self.origin)

    def take(self, which: Bools | Ints) -> "Lanes":
        """Some of the rows."""
        return Lanes(*(getattr(self, field.name)[which] for field in fields(self)))


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
    ends: Ends, partners: Partners, links: Links, territory: Territory, settings: Settings
) -> Lanes:
    """Measure every way there could be: all allowed rows of links.csv, and default ways.

    A pair without an allowed row has one default way, by road. It fails the check
    ``forbidden`` where a row forbids the road; all others start as made, to be judged.
    """
    unlisted = (
        _no_pairs() if territory.links_only else near_pairs(ends, partners, territory, settings)
    )
    rows = links.won[links.terms["allowed"].to_numpy()[links.won["link"]]]
    barred = _barred(links)
    taken = np.union1d(_numbers(rows, ends), _numbers(barred, ends))
    default = ~listed(folded(unlisted.origin, unlisted.end, len(ends.destinations)), taken)
    barred = barred[~listed(_numbers(barred, ends), np.unique(_numbers(rows, ends)))]
    ways = _joined(
        _stated(rows, stage=MADE),
        _stated(barred.assign(link=NO_LINK), stage="forbidden"),
        default_ways(unlisted.origin[default], unlisted.end[default], unlisted.met[default]),
    )
    ways = ways.take(_leaves_home(ways, ends))
    stretch = np.where(ways.mode == 0, circuity(territory, settings), settings.circuity)
    return _measured(ways, ends, links, stretch)


def bundle(lanes: Lanes, ends: Ends) -> Bundles:
    """Number the ways and pairs of lanes.

    A lane between two declarations that no row of links.csv mentions is a way and a pair of its
    own; the others are numbered after these.
    """
    start, stop = _partner_numbers(lanes, ends)
    shared = (lanes.link != NO_LINK) | (start != lanes.origin) | (stop != lanes.end)
    modes = int(lanes.mode.max(initial=0)) + 1
    size = len(ends.destinations) + len(ends.hubs)
    way, lane = _numbered(folded(folded(lanes.origin, stop, size), lanes.mode, modes), shared)
    pair, _ = _numbered(folded(start, stop, size)[lane], shared[lane])
    return Bundles(way, pair, lane)


def parted(ways: Lanes, ends: Ends) -> tuple[Lanes, Lanes]:
    """Split judged ways into lanes, and the failed ways of ends that have no lane."""
    made = ways.stage == STAGES.index(MADE)
    lanes, missed = ways.take(made), ways.take(~made)
    sends = np.zeros(len(ends.origins), dtype=bool)
    takes = np.zeros(len(ends.destinations), dtype=bool)
    sends[lanes.origin], takes[lanes.end] = True, True
    return lanes, missed.take(~sends[missed.origin] | ~takes[missed.end])


def default_ways(origin: Ints, end: Ints, met: Ints) -> Lanes:
    """Ways by road that no row of links.csv mentions, not yet measured."""
    return Lanes(
        origin=origin,
        end=end,
        met=met,
        link=np.full(len(origin), NO_LINK),
        mode=np.zeros(len(origin), dtype=np.int64),
        distance_km=np.full(len(origin), np.nan),
        source=np.zeros(len(origin), dtype=np.int64),
        stage=np.full(len(origin), STAGES.index(MADE)),
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
    none = np.zeros(0, dtype=np.int64)
    return Pairs(none, none, none)


def _barred(links: Links) -> pd.DataFrame:
    """Pairs whose default way, the road, a row of links.csv forbids."""
    allowed = links.terms["allowed"].to_numpy()[links.won["link"]]
    return links.won[~allowed & (links.won["mode"] == 0).to_numpy()]


def _numbers(won: pd.DataFrame, ends: Ends) -> Ints:
    return folded(won["origin"].to_numpy(), won["end"].to_numpy(), len(ends.destinations))


def _stated(rows: pd.DataFrame, *, stage: str) -> Lanes:
    ways = default_ways(*(rows[name].to_numpy(np.int64) for name in ("origin", "end", "met")))
    return replace(
        ways,
        link=rows["link"].to_numpy(dtype=np.int64),
        mode=rows["mode"].to_numpy(dtype=np.int64),
        stage=np.full(len(rows), STAGES.index(stage)),
    )


def _joined(*parts: Lanes) -> Lanes:
    return Lanes(
        *(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Lanes))
    )


def _leaves_home(ways: Lanes, ends: Ends) -> Bools:
    """All but what would go from a hub to itself."""
    start = ends.origins["hub"].to_numpy()[ways.origin]
    stop = ends.destinations["hub"].to_numpy()[ways.end]
    return np.asarray((start < 0) | (start != stop), dtype=bool)


def _measured(ways: Lanes, ends: Ends, links: Links, stretch: Floats) -> Lanes:
    """Distances: the row's as it stands; none where the row has a price; else the geodesic's."""
    stated = links.terms["distance_km"].to_numpy()[ways.link]
    by_link = ~np.isnan(stated) | links.terms["priced"].to_numpy()[ways.link]
    apart = np.flatnonzero(~by_link)
    origin, end = ways.origin[apart], ways.end[apart]
    distance = stated.copy()
    distance[apart] = stretch[apart] * geodesic_km(ends.origins, ends.destinations, origin, end)
    source = np.full(len(ways), SOURCES.index("link"))
    near = ends.origins["centroid"].to_numpy()[origin]
    near |= ends.destinations["centroid"].to_numpy()[end]
    source[apart] = np.where(near, SOURCES.index("centroid"), SOURCES.index("geodesic"))
    return replace(ways, distance_km=distance, source=source)
