"""Where things are: a gazetteer of communes, and the repair of coordinates."""

from eit.places.gazetteer import (
    Found,
    communes,
    find_communes,
    nearest_communes,
    normal_name,
)
from eit.places.locating import Located, locate
from eit.places.systems import Bounds, area_of_use, epsg_of, system_name, within

__all__ = [
    "Bounds",
    "Found",
    "Located",
    "area_of_use",
    "communes",
    "epsg_of",
    "find_communes",
    "locate",
    "nearest_communes",
    "normal_name",
    "system_name",
    "within",
]
