"""How fast a truck goes along a section: what a sign says, else what is usual on such a road."""

import re
from functools import cache

import numpy as np

from eit import data
from eit.roads.network import Floats

MOST_KMH = 90.0
"""Most that a vehicle above 3.5 t may go anywhere in France (code de la route, R413-8)."""
OFF_ROAD_KMH = 15.0
"""Between a site and the road: as on a service road."""
KMH_PER_MPH = 1.609344


@cache
def usual_kmh() -> dict[str, float]:
    """Usual speed by class of road; the classes are those that trucks use."""
    table = data.read_csv("roads/speeds.csv")
    return dict(zip(table["highway"], table["speed_kmh"].astype(float), strict=True))


def road_class(highway: str) -> str:
    """Class of a section, of several (as OSMnx joins them) the first.

    Examples
    --------
    >>> road_class("['residential', 'service']"), road_class("primary")
    ('residential', 'primary')
    """
    named = re.findall(r"[a-z_]+", highway)
    return named[0] if named else ""


def stated_kmh(maxspeed: str) -> float:
    """Limit of speed as tagged, of several the least; NaN where no figure stands.

    Examples
    --------
    >>> stated_kmh("50"), stated_kmh("['30', '45']"), stated_kmh("20 mph"), stated_kmh("FR:urban")
    (50.0, 30.0, 32.18688, nan)
    """
    figures = re.findall(r"(\d+(?:\.\d+)?)\s*(mph)?", maxspeed)
    limits = [float(figure) * (KMH_PER_MPH if mph else 1.0) for figure, mph in figures]
    return min((limit for limit in limits if limit > 0), default=np.nan)


def kmh(maxspeed: list[str], highway: list[str]) -> Floats:
    """Speed of each section; NaN where neither a limit nor the class is known."""
    usual = usual_kmh()
    limits = {text: stated_kmh(text) for text in set(maxspeed)}
    classes = {text: usual.get(road_class(text), np.nan) for text in set(highway)}
    stated = np.array([limits[text] for text in maxspeed], dtype=np.float64)
    assumed = np.array([classes[text] for text in highway], dtype=np.float64)
    return np.minimum(np.where(np.isnan(stated), assumed, stated), MOST_KMH)
