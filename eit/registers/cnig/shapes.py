"""Outlines and points as the standard's files hold them, made into degrees."""

import json
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import shape as from_mapping
from shapely.geometry.base import BaseGeometry

from eit.faults import Notice
from eit.places import communes, system_name
from eit.places.systems import apart_km, to_degrees
from eit.registers.settling import MAINLAND_CRS, OVERSEAS_CRS

WGS84 = 4326
FAR_KM = 30.0
"""An outline whose middle lies farther from its commune's point than this is doubtful."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a geometry stands, for what is said of it."""

    file: str
    line: int
    column: str
    insee: str


def outline(
    shape: object, text: str, crs: int, cell: Cell
) -> tuple[BaseGeometry | None, list[Notice]]:
    """Polygons in degrees, of a layer's geometry or of the GeoJSON in a cell.

    Metres where degrees should be are read as the official system of the commune's part of the
    country; polygons that cross themselves are mended.
    """
    said: list[Notice] = []
    found = shape if isinstance(shape, BaseGeometry) and not shape.is_empty else _parsed(text)
    if found is None:
        return None, said
    found = shapely.force_2d(found)
    official = OVERSEAS_CRS.get(cell.insee[:3], MAINLAND_CRS)
    metres = crs or WGS84
    if metres == WGS84 and _beyond_degrees(found):
        metres = official
        said.append(_said(cell, "cnig_metres", meant=system_name(official)))
    if metres != WGS84:
        found = shapely.transform(found, lambda xy: _degrees(xy, metres))
    if not found.is_valid:
        found = shapely.make_valid(found)
        said.append(_said(cell, "cnig_outline_mended"))
    parts = shapely.get_parts(shapely.get_parts([found]))
    polygons = [part for part in parts if part.geom_type == "Polygon" and part.area > 0]
    if not polygons:
        return None, said
    whole = polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
    middle = whole.representative_point()
    if (off := _off_km(middle.x, middle.y, cell.insee)) > FAR_KM:
        said.append(_said(cell, "cnig_far", off_km=f"{off:.0f}"))
    return whole, said


def point(shape: object, text: str, crs: int, cell: Cell) -> tuple[float, float, int, list[Notice]]:
    """Longitude (or x), latitude (or y) and EPSG code of an establishment; NaN where none is told.

    Of several points, that nearest to the commune, with a word.
    """
    found = shape if isinstance(shape, BaseGeometry) and not shape.is_empty else _parsed(text)
    if found is None:
        return np.nan, np.nan, 0, []
    places = shapely.get_coordinates(found)
    if found.geom_type not in ("Point", "MultiPoint"):
        places = shapely.get_coordinates(found.centroid)
    if len(places) == 0 or not np.isfinite(places).all():
        return np.nan, np.nan, 0, []
    said: list[Notice] = []
    epsg = crs or (MAINLAND_CRS if _beyond_degrees(found) else WGS84)
    if len(places) > 1:
        lon, lat = to_degrees(places[:, 0], places[:, 1], epsg)
        off = [_off_km(x, y, cell.insee) for x, y in zip(lon, lat, strict=True)]
        places = places[[int(np.argmin(off))]]
        said.append(_said(cell, "register_many_points", number=str(len(off))))
    return float(places[0, 0]), float(places[0, 1]), epsg, said


def _parsed(text: str) -> BaseGeometry | None:
    """Geometry of GeoJSON, or of ``longitude, latitude``; None if it is neither."""
    if not text.strip():
        return None
    try:
        if text.lstrip().startswith("{"):
            return from_mapping(json.loads(text))
        lon, lat = (float(part) for part in text.split(","))
        return shapely.Point(lon, lat)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, shapely.GEOSException):
        return None


def _beyond_degrees(found: BaseGeometry) -> bool:
    places = shapely.get_coordinates(found)
    return bool((np.abs(places) > (180, 90)).any())


def _degrees(places: np.ndarray, epsg: int) -> np.ndarray:
    return np.column_stack(to_degrees(places[:, 0], places[:, 1], epsg))


def _off_km(lon: float, lat: float, insee: str) -> float:
    """How far a point lies from that of its commune; 0 where the commune is not known."""
    known = communes()
    if insee not in known.index:
        return 0.0
    home = known.loc[insee]
    far = apart_km(
        *(np.array([value], dtype=float) for value in (lon, lat, home["lon"], home["lat"]))
    )
    return float(np.nan_to_num(far)[0])


def _said(cell: Cell, code: str, **detail: str) -> Notice:
    return Notice(cell.file, cell.line, cell.column, "", code, detail)


def geojson(shape: BaseGeometry) -> str:
    """GeoJSON text of a geometry, seven decimals (about a centimetre)."""
    return str(shapely.to_geojson(shapely.set_precision(shape, 1e-7, mode="pointwise")))
