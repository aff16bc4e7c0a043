"""Ways measured along the roads of the territory, where it brings a network."""

from dataclasses import replace

import numpy as np

from eit.matching.candidates import SLACK
from eit.matching.distances import road_km
from eit.matching.ends import Ends
from eit.matching.judging import limit_km
from eit.matching.lanes import SOURCES, STAGES, Lanes
from eit.matching.partners import Partners
from eit.scenario import Settings
from eit.territory import Territory


def by_road(
    ways: Lanes, ends: Ends, partners: Partners, territory: Territory, settings: Settings
) -> Lanes:
    """Measure every way by road whose distance no row of links.csv states.

    A way whose geodesic is beyond its limit keeps it. One that is longer than its limit by
    road is infinitely long, which is all that need be known of it; one that no road leads
    along fails the check ``no_road`` and keeps its geodesic.
    """
    if territory.roads is None:
        return ways
    unstated = (ways.source != SOURCES.index("link")) & (ways.mode == 0)
    limit = limit_km(ways, ends, partners, settings) * (1 + SLACK)
    at = np.flatnonzero(unstated & (ways.distance_km <= limit))
    measured = ways.take(at)
    places = ends.origins, ends.destinations, measured.origin, measured.end
    found = road_km(territory.roads, *places, limit[at])
    none = np.isnan(found)
    distance, source, stage = ways.distance_km.copy(), ways.source.copy(), ways.stage.copy()
    distance[at] = np.where(none, measured.distance_km, found)
    source[at] = SOURCES.index("road")
    stage[at[none]] = np.minimum(stage[at[none]], STAGES.index("no_road"))
    return replace(ways, distance_km=distance, source=source, stage=stage)
