"""Rows of any table that names a place (sites, hubs, …) put on the map."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from eit.faults import Fault, Notice
from eit.places.coordinates import read_coordinates
from eit.places.gazetteer import Found, describe_communes, find_communes
from eit.places.systems import (
    MAINLAND_BOUNDS,
    WGS84,
    Bounds,
    epsg_of,
    systems_for,
)
from eit.places.telling import about_cells, about_communes, about_readings

REACH, SPARE_KM = 2.2, 0.5
"""A commune's ground lies within 2.2 times the radius of a disc of its area, and half a kilometre,
from its point: so in 97 % of the 3,788 communes of Hauts-de-France, to their farthest corner."""
SURE = ("insee", "name", "elsewhere")
"""Ways of finding a commune that hold against coordinates elsewhere in the territory. A postcode
alone does not: abroad, four digits are one, and in France five with their first zero lost."""


@dataclass(frozen=True, slots=True)
class Located:
    """Where each row is.

    Attributes
    ----------
    places
        On the index of the rows: lon, lat (degrees, NaN where none), position_quality (exact,
        commune, none), commune_area_km2 (NaN unless placed at a commune's point), insee.
    faults, notices
        Cells that cannot be read; everything that was mended, assumed or left without a place.
    """

    places: pd.DataFrame
    faults: tuple[Fault, ...]
    notices: tuple[Notice, ...]


def locate(
    rows: pd.DataFrame,
    *,
    area: Bounds = MAINLAND_BOUNDS,
    likely: int = 2154,
    placed: pd.Series | None = None,
) -> Located:
    """Find the place of every row, by its coordinates, else by its commune.

    The declared commune judges the coordinates: of all the ways to read them the one that
    supposes fewest errors and falls where the commune is wins. Where none does, and they
    lie more than some kilometres off, the row is placed at the commune's point instead.

    Parameters
    ----------
    rows
        Any of the columns lon, lat (degrees), x, y, crs, insee, postcode, city, with file and
        line; missing text ``""``, missing number NaN.
    area
        Box in degrees that judges coordinates where no commune is known.
    likely
        EPSG code tried first for x and y without a system.
    placed
        Rows that something else places better than their commune does, on their index: of
        these it is not said that they stand at its centre.
    """
    rows = _complete(rows)
    found = find_communes(rows["insee"], rows["postcode"], rows["city"])
    home = describe_communes(found.insee)
    pairs = _pairs(rows, found, home)
    reach = REACH * np.sqrt(home["area_km2"] / np.pi) + SPARE_KM
    given = pairs[pairs["x"].notna()]
    readings = read_coordinates(
        given, area=area, reach_km=reach.reindex(given.index), likely=likely
    )
    places = _places(pairs, readings, found, home)
    story = rows.join(pairs.add_prefix("pair_")).join(readings[["verdict", "reading", "off_km"]])
    story = story.assign(
        how=found.how,
        candidates=found.candidates,
        commune=(home["name"] + " (" + found.insee + ")").where(found.insee != "", ""),
        quality=places["position_quality"],
        placed=False if placed is None else placed,
    )
    said = [*about_cells(story), *about_readings(story), *about_communes(story)]
    return Located(
        places,
        tuple(one for one in said if isinstance(one, Fault)),
        tuple(one for one in said if isinstance(one, Notice)),
    )


def _complete(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with every column that is looked at."""
    blank: dict[str, float | str] = dict.fromkeys(("lon", "lat", "x", "y"), np.nan)
    blank |= dict.fromkeys(("crs", "insee", "postcode", "city", "file"), "") | {"line": 0}
    return rows.assign(**{column: value for column, value in blank.items() if column not in rows})


def _pairs(rows: pd.DataFrame, found: Found, home: pd.DataFrame) -> pd.DataFrame:
    """The pair of numbers to read in each row, its label, and the commune that judges it."""
    labels = {label: epsg_of(label) for label in rows["crs"].unique()}
    in_degrees = _both(rows, "lon", "lat")
    pairs = rows[["x", "y"]].where(_both(rows, "x", "y")).astype(float)
    pairs.loc[in_degrees, ["x", "y"]] = rows.loc[in_degrees, ["lon", "lat"]].to_numpy(float)
    epsg = rows["crs"].map(labels).fillna(0).astype(int).mask(in_degrees, WGS84)
    return pairs.assign(
        epsg=epsg,
        lon0=home["lon"],
        lat0=home["lat"],
        sure=found.how.isin(SURE),
        region=systems_for(found.insee),
    )


def _both(rows: pd.DataFrame, first: str, second: str) -> pd.Series:
    """Whether both coordinates stand, and are not the two zeros that mean nothing."""
    return rows[first].notna() & rows[second].notna() & ((rows[first] != 0) | (rows[second] != 0))


def _places(
    pairs: pd.DataFrame, readings: pd.DataFrame, found: Found, home: pd.DataFrame
) -> pd.DataFrame:
    judged = pairs["lon0"].notna()
    verdict = readings["verdict"]
    lost = verdict.eq("none") | (verdict.eq("far") & judged[readings.index])
    exact = readings.index[~lost]
    places = pairs[["lon0", "lat0"]].set_axis(["lon", "lat"], axis=1)
    places.loc[exact] = readings.loc[exact, ["lon", "lat"]]
    quality = pd.Series(np.where(judged, "commune", "none"), index=pairs.index, dtype=object)
    quality[exact] = "exact"
    areas = home["area_km2"].where(quality == "commune")
    return places.assign(
        position_quality=quality.astype("str"),
        commune_area_km2=areas.astype(float),
        insee=found.insee.astype("str"),
    )
