"""Coordinate reference systems met in French files: their names, bounds, and the way to WGS84."""

import re
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

Floats = NDArray[np.float64]
Bounds = tuple[float, float, float, float]
"""West, south, east, north."""

WGS84 = 4326
MAINLAND = (
    *(2154, WGS84, 27572),  # Lambert-93, degrees, Lambert II étendu
    *range(3942, 3951),  # the nine conic zones CC42 to CC50
    *(32631, 32630, 32632),  # UTM
    *(27561, 27562, 27563, 27564, 27571, 27573, 27574),  # Lambert zones
    3857,  # web maps
)
OVERSEAS = {
    "971": (5490, 4559, 32620, WGS84, 3857),
    "972": (5490, 4559, 32620, WGS84, 3857),
    "973": (2972, 2971, 32622, WGS84, 3857),
    "974": (2975, 3727, 32740, WGS84, 3857),
    "975": (4467, WGS84, 3857),
    "976": (4471, 32738, WGS84, 3857),
    "977": (5490, 4559, WGS84, 3857),
    "978": (5490, 4559, WGS84, 3857),
    "987": (3297, 32706, 32705, WGS84, 3857),
    "988": (3163, 32758, WGS84, 3857),
}
"""Systems to try, the likeliest first: of mainland France, and by the first digits of a commune."""
MAINLAND_BOUNDS: Bounds = (-5.6, 41.2, 10.0, 51.3)
"""Mainland France and Corsica, in degrees."""

_NAMES = {
    r"(RGF93)?(LAMBERT|L)93": 2154,
    r"(RGF93)?(LAMBERT)?(CC|ZONE)(4[2-9]|50)": 3900,
    r"(NTF(PARIS)?)?(LAMBERT|L)(II|2|ZONEII)(ETENDUE?|E)?": 27572,
    r"(WGS84)?UTM(ZONE)?(30|31|32)N?": 32600,
    r"WGS(19)?84|GPS|LATLON|LONLAT|DEGRES?|CRS84|OGC:?1?3?:?CRS84": WGS84,
    r"(WEB|PSEUDO)?MERCATOR|WEBMERCATOR|GOOGLE": 3857,
}


@cache
def epsg_of(label: str) -> int | None:
    """EPSG code of a system as people write it; 0 for a blank, None if no system is so called.

    Examples
    --------
    >>> [epsg_of(label) for label in ("EPSG:2154", "Lambert II étendu", "CC50", "wgs 84", "", "?")]
    [2154, 27572, 3950, 4326, 0, None]
    """
    text = label.strip().upper().removesuffix(".0")
    if not text:
        return 0
    plain = re.sub(r"[^A-Z0-9]", "", text.translate(str.maketrans("ÉÈÊ", "EEE")))
    if number := re.fullmatch(r"(?:EPSG)*(?:URN|OGC|DEF|CRS)*(?:EPSG)?(\d{4,5})", plain):
        return _known(int(number[1]))
    for pattern, code in _NAMES.items():
        if named := re.fullmatch(pattern, plain):
            zone = re.search(r"(\d\d)N?$", plain) if code in (3900, 32600) else None
            return code + int(zone[1]) if zone and named else code
    return None


def _known(code: int) -> int | None:
    try:
        CRS.from_epsg(code)
    except CRSError:
        return None
    return code


@cache
def system_name(epsg: int) -> str:
    """Say a system's code and its name, as in ``EPSG:2154 (RGF93 v1 / Lambert-93)``."""
    return f"EPSG:{epsg} ({CRS.from_epsg(epsg).name})" if epsg else "?"


@cache
def area_of_use(epsg: int) -> Bounds:
    """Where a system is meant to be used, in degrees."""
    area = CRS.from_epsg(epsg).area_of_use
    return area.bounds if area else (-180.0, -90.0, 180.0, 90.0)


@cache
def own_bounds(epsg: int, degrees: Bounds) -> Bounds:
    """A box of degrees in a system's own units, cut to where the system is used, and some more."""
    if epsg == WGS84:
        return degrees
    used = degrees if epsg == 27572 else area_of_use(epsg)  # Lambert II étendu is met in Corsica
    box = (*np.maximum(degrees[:2], used[:2]), *np.minimum(degrees[2:], used[2:]))
    if box[0] >= box[2] or box[1] >= box[3]:
        return (np.inf, np.inf, -np.inf, -np.inf)
    west, south, east, north = _way(WGS84, epsg).transform_bounds(*box)
    margin = 20_000.0
    return west - margin, south - margin, east + margin, north + margin


def to_degrees(x: Floats, y: Floats, epsg: int) -> tuple[Floats, Floats]:
    """Longitudes and latitudes of points of one system; NaN where it has none."""
    if epsg == WGS84:
        lon, lat = x, y
        sound = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    else:
        lon, lat = _way(epsg, WGS84).transform(x, y)
        sound = np.isfinite(lon) & np.isfinite(lat)
    return np.where(sound, lon, np.nan), np.where(sound, lat, np.nan)


def within(lon: Floats, lat: Floats, box: Bounds) -> NDArray[np.bool_]:
    """Whether each point lies in a box; False where it is unknown."""
    west, south, east, north = box
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def apart_km(lon: Floats, lat: Floats, lon0: Floats, lat0: Floats) -> Floats:
    """Great-circle distance on the mean sphere: right within 0.6 %, enough to judge by."""
    phi, phi0 = np.radians(lat), np.radians(lat0)
    half = np.sin((phi - phi0) / 2) ** 2
    half = half + np.cos(phi) * np.cos(phi0) * np.sin(np.radians(lon - lon0) / 2) ** 2
    return np.asarray(2 * 6371.0088 * np.arcsin(np.sqrt(np.clip(half, 0, 1))))


def systems_for(insee: pd.Series) -> pd.Series:
    """Which list of systems to try for each commune: a key of `OVERSEAS`, or ``""``."""
    return insee.str[:3].where(insee.str[:3].isin(list(OVERSEAS)), "")


@cache
def _way(source: int, target: int) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)
