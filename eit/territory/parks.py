"""Business parks: polygons read from GeoJSON, mended, and given to the sites that lie in them."""

import json
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from eit.faults import Fault, Notice
from eit.places import Bounds, system_name, within
from eit.places.systems import MAINLAND, to_degrees
from eit.tables import key_of, nearest, schema

COLUMNS = ("park_id", "name", "rail", "quay", "geometry")
ALIASES = {
    "park_id": ("park_id", "id", "id_zone", "id_zae", "id_parc", "site_id", "identifiant"),
    "name": ("name", "nom", "nom_zone", "nom_zae", "libelle", "site_nom"),
    "rail": ("rail", "embranchement", "reseau_fret_ferroviaire"),
    "quay": ("quay", "quai", "reseau_fluvial"),
}
ACCESS = ("rail", "quay")
"""Properties that say whether a park has a siding or a quay for its sites and those nearby."""
WGS84 = "EPSG:4326"


def no_parks() -> gpd.GeoDataFrame:
    """A frame of parks without a row."""
    kinds = {"park_id": str, "name": str, "rail": bool, "quay": bool}
    frame = pd.DataFrame({name: pd.Series([], dtype=kind) for name, kind in kinds.items()})
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries([], crs=WGS84), crs=WGS84)


def read_parks(
    path: Path, *, area: Bounds, file: str = "parks.geojson"
) -> tuple[gpd.GeoDataFrame, list[Fault | Notice]]:
    """Read parks; what is faulty is left out of the frame.

    Parameters
    ----------
    path
        GeoJSON file of polygons or multipolygons with park_id and name.
    area
        Box in degrees where the territory lies, which tells metres without a label apart.
    file
        Name by which faults call the file.

    Returns
    -------
    parks, said
        park_id, name, rail and quay (bool), geometry in EPSG:4326, by park_id; faults and notices.
    """
    from pyogrio.errors import DataSourceError  # here: 30 MB that only a file of parks is worth

    try:
        collection = json.loads(path.read_bytes().decode("utf-8-sig"))
        if not collection["features"]:
            return no_parks(), []
        read = gpd.GeoDataFrame(gpd.read_file(path, on_invalid="ignore"))
        if len(read) < len(collection["features"]):
            raise ValueError(f"features: {len(read)} / {len(collection['features'])}")
    except (ValueError, KeyError, TypeError, DataSourceError) as error:
        return no_parks(), [Fault(file, 0, "", "", "parks_unreadable", {"why": _line(error)})]
    said: list[Fault | Notice] = []
    parks = gpd.GeoDataFrame(
        {column: _texts(read, column) for column in ("park_id", "name", *ACCESS)},
        geometry=shapely.force_2d(read.geometry.to_numpy()),
        crs=read.crs or WGS84,
    )
    parks, unfit = _in_degrees(parks, area, file)
    said += unfit
    parks, mended = _mended(parks, file)
    said += [*mended, *_about_ids(parks, file), *_about_access(parks, file)]
    parks = parks.assign(**{name: parks[name].map(_says_yes).astype(bool) for name in ACCESS})
    kept = parks[(parks["park_id"] != "") & ~parks["park_id"].duplicated()]
    kept = kept.assign(name=kept["name"].where(kept["name"] != "", kept["park_id"]))
    return kept.sort_values("park_id", ignore_index=True), said


def assign_parks(
    sites: pd.DataFrame, parks: gpd.GeoDataFrame
) -> tuple[pd.Series, list[Fault | Notice]]:
    """Park of every site: the declared one, else the one in which it lies.

    Parameters
    ----------
    sites
        Index site_id; park_id, lon, lat, position_quality, file, line.
    parks
        As `read_parks` gives them.

    Returns
    -------
    park_id, said
        On the index of the sites, ``""`` where none; faults of unknown parks, and notices.
    """
    declared = sites["park_id"]
    if parks.empty:
        said: list[Fault | Notice] = []
        if (declared != "").any():
            said.append(Notice("sites.csv", 0, "park_id", "", "parks_missing"))
        return declared, said
    exact = sites[sites["position_quality"] == "exact"]
    points = gpd.GeoSeries.from_xy(exact["lon"], exact["lat"], crs=WGS84)
    tree = shapely.STRtree(parks.geometry.to_numpy())
    which, park = tree.query(points.to_numpy(), predicate="intersects")
    lies = pd.Series(parks["park_id"].to_numpy()[park], index=exact.index[which]).sort_values()
    inside = lies[~lies.index.duplicated()].reindex(sites.index, fill_value="")
    said = list(_about_sites(sites, set(parks["park_id"]), lies))
    return declared.where(declared != "", inside).rename("park_id"), said


def _texts(read: gpd.GeoDataFrame, column: str) -> pd.Series:
    """A text column under any of its names, numbers without a decimal point."""
    titles = {str(title).lower(): title for title in read.columns}
    found = next((titles[alias] for alias in ALIASES[column] if alias in titles), None)
    if found is None:
        return pd.Series("", index=read.index)
    values = read[found]
    if pd.api.types.is_float_dtype(values):
        values = values.astype("Int64")
    return values.astype(object).where(values.notna(), "").astype(str).str.strip()


def _in_degrees(
    parks: gpd.GeoDataFrame, area: Bounds, file: str
) -> tuple[gpd.GeoDataFrame, list[Fault | Notice]]:
    """Reproject by the label, or, where degrees cannot be, by the first system that fits."""
    crs = CRS.from_user_input(parks.crs)
    label = crs.to_epsg() or 0
    if label != 4326:
        said = {"label": system_name(label) if label else crs.name}
        return parks.to_crs(WGS84), [Notice(file, 0, "", "", "parks_reprojected", said)]
    west, south, east, north = parks.total_bounds
    if not (abs(west) > 180 or abs(east) > 180 or abs(south) > 90 or abs(north) > 90):
        return parks, []
    x, y = np.array([west, east]), np.array([south, north])
    for epsg in MAINLAND:
        if epsg != 4326 and within(*to_degrees(x, y, epsg), area).all():
            notice = Notice(file, 0, "", "", "parks_metres", {"meant": system_name(epsg)})
            return parks.set_crs(epsg, allow_override=True).to_crs(WGS84), [notice]
    return parks.iloc[:0], [Fault(file, 0, "", "", "parks_nowhere")]


def _mended(parks: gpd.GeoDataFrame, file: str) -> tuple[gpd.GeoDataFrame, list[Fault | Notice]]:
    """Polygons made valid; features that are none left out."""
    shapes = parks.geometry.to_numpy()
    kinds = np.isin(shapely.get_type_id(shapes), (3, 6)) & ~shapely.is_empty(shapes)
    broken = kinds & ~shapely.is_valid(shapes)
    mended = shapes.copy()
    mended[broken] = [_polygons(shape) for shape in shapely.make_valid(shapes[broken])]
    kinds &= ~shapely.is_empty(mended)
    said: list[Fault | Notice] = []
    for number in np.flatnonzero(broken & kinds).tolist():
        where = {"park": _named(parks, number)}
        said.append(Notice(file, 0, "geometry", "", "park_mended", where))
    for number in np.flatnonzero(~kinds).tolist():
        where = {"park": _named(parks, number)}
        said.append(Fault(file, 0, "geometry", "", "park_not_polygon", where))
    return parks.set_geometry(mended, crs=parks.crs)[kinds], said


def _polygons(shape: shapely.Geometry) -> shapely.Geometry:
    """The polygons of a mended shape, without the lines and points that mending leaves."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type.endswith("Polygon")]
    return shapely.union_all(parts)


def _about_ids(parks: gpd.GeoDataFrame, file: str) -> Iterator[Fault]:
    for number in np.flatnonzero(parks["park_id"] == "").tolist():
        yield Fault(file, 0, "park_id", "", "park_without_id", {"park": _named(parks, number)})
    repeated = parks["park_id"].duplicated() & (parks["park_id"] != "")
    for park in sorted(set(parks.loc[repeated, "park_id"])):
        yield Fault(file, 0, "park_id", park, "park_twice")


def _about_access(parks: gpd.GeoDataFrame, file: str) -> Iterator[Notice]:
    """Words for a siding or a quay that say neither yes nor no: read as no."""
    for name in ACCESS:
        odd = parks[name].map(_says_yes).isna() & (parks[name] != "")
        for park, value in zip(parks.loc[odd, "park_id"], parks.loc[odd, name], strict=True):
            yield Notice(file, 0, name, value, "park_access", {"park": park})


def _says_yes(word: str) -> bool | None:
    """Whether a property says yes, in the words of the column of sites.csv; None if neither."""
    meant = schema("sites")["rail"].choice_of().get(key_of(word))
    return {"yes": True, "shared": True, "no": False}.get(meant or "")


def _about_sites(sites: pd.DataFrame, known: set[str], lies: pd.Series) -> Iterator[Fault | Notice]:
    """Declared parks that do not exist, or lie elsewhere, and sites in two parks at once."""
    declared = sites["park_id"]
    unknown = sites[(declared != "") & ~declared.isin(known)]
    for file, line, park in zip(unknown["file"], unknown["line"], unknown["park_id"], strict=True):
        said = {"nearest": nearest(park, sorted(known))}
        yield Fault(file, int(line), "park_id", park, "unknown_park", said)
    found = lies.groupby(level=0).agg(lambda parks: ", ".join(sorted(parks)))
    other = found[[declared[site] not in ("", *found[site].split(", ")) for site in found.index]]
    double = found[found.str.contains(", ", regex=False) & (declared[found.index] == "")]
    for code, places in (("park_elsewhere", other), ("park_overlap", double)):
        for site, park in places.items():
            row = sites.loc[[site]].iloc[0]
            value = str(row["park_id"])
            yield Notice(row["file"], int(row["line"]), "park_id", value, code, {"parks": park})


def _named(parks: gpd.GeoDataFrame, number: int) -> str:
    """A feature by its id, else by its place in the file."""
    return str(parks["park_id"].iloc[number]) or f"{int(parks.index[number]) + 1}"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
