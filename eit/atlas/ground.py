"""What lies under the map without a network: communes by name, main roads, the folder's own."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio.errors
import shapely
from numpy.typing import NDArray
from shapely import LineString, MultiLineString

from eit.atlas.places import DEGREES
from eit.faults import DeclarationError, Fault
from eit.places import communes
from eit.territory import Territory

BACKGROUND = "background.geojson"
"""A file of the territory folder: lines and areas, with ``kind`` where they are one of `KINDS`."""
KINDS = ("road", "water", "green", "built", "boundary")
TOWNS = 48
"""Most communes named on a page."""
ROAD_POINTS = 12_000
"""Most points of all roads on a page; slower roads are left out until they are fewer."""
SPEEDS_KM_H = (0.0, 45.0, 65.0, 85.0, 105.0)
MARGIN = 0.6
LEAST_MARGIN_DEG = 0.02
SIMPLE_DEG = 5e-5
_SMALL = {
    *("a", "au", "aux", "d", "de", "des", "du", "en", "es", "et", "l", "la", "le", "les", "lez"),
    *("lès", "pres", "sous", "sur"),
}
_SPELLED = {"ST": "Saint", "STE": "Sainte"}

Box = NDArray[np.float64]


def list_ground(territory: Territory) -> gpd.GeoDataFrame:
    """Lines and areas that may lie under the pages of this territory, EPSG:4326.

    Returns
    -------
    ground
        ``name`` and ``role``: one of `KINDS`, ``area`` or ``line``.

    Raises
    ------
    DeclarationError
        If the folder has a background that cannot be read.
    """
    parts = [_own(territory.folder), _roads(territory)]
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=DEGREES)


def around(
    ground: gpd.GeoDataFrame, shapes: gpd.GeoSeries, spelled: Mapping[str, str]
) -> gpd.GeoDataFrame:
    """What a page about some places carries: the ground around them, and communes as ``town``.

    Parameters
    ----------
    spelled
        Better spellings of communes' names, by code.
    """
    placed = shapes[shapes.notna()]
    if not len(placed):
        return ground.iloc[:0]
    box = _wider(np.asarray(placed.total_bounds, dtype=np.float64))
    near = ground[ground.geometry.intersects(shapely.box(*box))]
    drawn = near.geometry.clip_by_rect(*box).simplify(SIMPLE_DEG)
    kept = near.set_geometry(drawn)[~drawn.is_empty]
    both = pd.concat([kept, _towns(box, spelled)], ignore_index=True)
    return gpd.GeoDataFrame(both, geometry="geometry", crs=DEGREES)


def _wider(box: Box) -> Box:
    """A box with a margin on all sides."""
    west, south, east, north = box
    across, up = (max(LEAST_MARGIN_DEG, MARGIN * side) for side in (east - west, north - south))
    return np.array([west - across, south - up, east + across, north + up])


def _frame(names: list[str], roles: list[str], shapes: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"name": names, "role": roles}, geometry=shapes, crs=DEGREES)


def _own(folder: Path | None) -> gpd.GeoDataFrame:
    """The background that the territory folder brings."""
    path = folder / BACKGROUND if folder is not None else None
    if path is None or not path.is_file():
        return _frame([], [], [])
    try:
        read = gpd.read_file(path).to_crs(DEGREES).explode(ignore_index=True)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as error:
        fault = Fault(BACKGROUND, 0, "", str(error), "background_unreadable", {})
        raise DeclarationError((fault,), ()) from error
    shapes = read[read.geometry.geom_type.isin(["LineString", "Polygon"])]
    kinds = shapes["kind"] if "kind" in shapes else pd.Series("", shapes.index)
    other = np.where(shapes.geometry.geom_type == "Polygon", "area", "line")
    roles = pd.Series(np.where(kinds.isin(KINDS), kinds.astype(str), other), dtype=str)
    order = roles.map({"area": 0, "built": 1, "green": 2, "water": 3}).fillna(4)
    frame = _frame([""] * len(shapes), [*roles], shapes.geometry.to_numpy())
    return frame.iloc[np.argsort(order.to_numpy(), kind="stable")]


def _roads(territory: Territory) -> gpd.GeoDataFrame:
    """Roads of the territory's network, one line a section, the faster ones where many."""
    roads = territory.roads
    if roads is None or not len(roads):
        return _frame([], [], [])
    with np.errstate(invalid="ignore", divide="ignore"):
        speed = np.nan_to_num(roads.length_m / roads.minutes * 0.06, nan=np.inf)
    points = np.diff(roads.start)
    once = _once(roads.tail, roads.head, roads.length_m)
    for least in SPEEDS_KM_H:
        kept = once & (speed >= least)
        if points[kept].sum() <= ROAD_POINTS:
            break
    spans = zip(roads.start[:-1][kept], roads.start[1:][kept], strict=True)
    lines = [LineString(roads.shape[begin:end]) for begin, end in spans]
    parts = shapely.get_parts(shapely.line_merge(MultiLineString(lines)))
    drawn = gpd.GeoSeries(parts, crs=roads.crs).simplify(15).to_crs(DEGREES)
    return _frame([""] * len(drawn), ["road"] * len(drawn), drawn.to_numpy())


def _once(
    tail: NDArray[np.int64], head: NDArray[np.int64], length_m: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which sections to draw: of the two ways of one street, one."""
    ends = np.sort(np.stack([tail, head]), axis=0)
    frame = pd.DataFrame({"from": ends[0], "to": ends[1], "length": np.round(length_m)})
    return ~frame.duplicated().to_numpy()


def _towns(box: Box, spelled: Mapping[str, str]) -> gpd.GeoDataFrame:
    """Communes in a box: those spelled, of several postcodes (the larger), then the inmost."""
    west, south, east, north = box
    table = communes()
    inside = table["lon"].between(west, east) & table["lat"].between(south, north)
    here = table[inside]
    across = (here["lon"] - (west + east) / 2) * np.cos(np.radians(here["lat"]))
    away = np.hypot(across, here["lat"] - (south + north) / 2)
    codes = -here["postcodes"].str.count(r"\d{5}")
    known = here.index.isin([*spelled])
    order = ["known", "codes", "away", "name"]
    ranked = here.assign(known=~known, away=away, codes=codes).sort_values(order)
    shown = ranked.drop_duplicates("name").head(TOWNS)
    names = [spelled.get(str(i)) or commune_name(n) for i, n in shown["name"].items()]
    return _frame(names, ["town"] * len(names), gpd.points_from_xy(shown["lon"], shown["lat"]))


def spelled_names(sites: pd.DataFrame) -> dict[str, str]:
    """Names of communes as sites write them, with accents, by code; those in capitals left out."""
    known = sites[(sites["insee"] != "") & (sites["city"] != sites["city"].str.upper())]
    return {
        str(code): Counter(sorted(names)).most_common(1)[0][0]
        for code, names in known.groupby("insee")["city"]
    }


def commune_name(capitals: str) -> str:
    """A commune's name in capitals as it is usually written, but for its accents.

    Examples
    --------
    >>> commune_name("LOOS EN GOHELLE"), commune_name("LA BASSEE"), commune_name("ST VAAST")
    ('Loos-en-Gohelle', 'La Bassee', 'Saint-Vaast')
    >>> commune_name("L ABERGEMENT CLEMENCIAT"), commune_name("VILLENEUVE D ASCQ")
    ("L'Abergement-Clemenciat", "Villeneuve-d'Ascq")
    """
    words = capitals.split()
    told = []
    for at, word in enumerate(words):
        small = at > 0 and word.lower() in _SMALL
        text = word.lower() if small else _SPELLED.get(word, word.capitalize())
        end = "'" if word in {"L", "D"} else " " if at == 0 and word in {"LE", "LA", "LES"} else "-"
        told.append(text + (end if at < len(words) - 1 else ""))
    return "".join(told)
