"""Distances along roads: a network that the territory brings, and the shortest ways through it."""

from eit.roads.network import Network
from eit.roads.reading import ENDINGS, read_roads
from eit.roads.routes import road_km, road_minutes
from eit.roads.snapping import REACH_KM, Snaps, snap

__all__ = [
    "ENDINGS",
    "REACH_KM",
    "Network",
    "Snaps",
    "read_roads",
    "road_km",
    "road_minutes",
    "snap",
]
