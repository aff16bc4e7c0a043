"""Who can load a train or a barge: own sidings and quays, those of parks, shared ones nearby."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from eit.matching.arrays import Bools, Floats, floats, texts
from eit.matching.candidates import SLACK, chord, unit_sphere
from eit.matching.distances import by_circuity, geodesic_km
from eit.matching.ends import Ends
from eit.scenario import Settings
from eit.territory import Territory

COLUMN = {"rail": "rail", "water": "quay"}
"""Column that says who has access to a mode."""
OWN, SHARED = ("yes", "shared"), "shared"


def through_access(ends: Ends, territory: Territory, mode: str, settings: Settings) -> Ends:
    """Ends placed where they load a train or a barge; without a place where they cannot.

    An end loads at its own place where it has a siding or a quay of its own, or lies in a park
    that has one; else at the nearest shared one within reach, by road as the settings'
    circuity has it.

    Parameters
    ----------
    mode
        A key of `COLUMN`.
    settings
        With ``rail_reach_km``, ``quay_reach_km``: longest way by road to a shared point of access.

    Returns
    -------
    ends
        With ``lon``, ``lat``, ``centroid`` of where they load, and ``leg_km``, the way there by
        road.
    """
    column = COLUMN[mode]
    points = shared_points(territory, column)
    sides = (
        _side(frame, _own(frame, territory, column), points, column, settings)
        for frame in (ends.origins, ends.destinations)
    )
    origins, destinations = sides
    return replace(ends, origins=origins, destinations=destinations)


def shared_points(territory: Territory, column: str) -> pd.DataFrame:
    """Sidings, or quays, that others may use: of sites, of hubs, of parks; each by id.

    Returns
    -------
    points
        ``lon``, ``lat``, ``centroid``, ``insee``, ``area_km2``; a park stands at a point in it.
    """
    sites = territory.sites[(territory.sites[column] == SHARED).to_numpy(dtype=bool)]
    hubs = territory.hubs[(territory.hubs[column] == SHARED).to_numpy(dtype=bool)]
    parks = territory.parks[territory.parks[column].to_numpy(dtype=bool)]
    inside = parks.geometry.representative_point()
    outlines = pd.DataFrame({"lon": inside.x, "lat": inside.y, **_NO_COMMUNE})
    parts = [_placed(sites.sort_index()), _placed(hubs.sort_values("hub_id")), outlines]
    points = pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
    return points[points["lon"].notna()].reset_index(drop=True)


_NO_COMMUNE: dict[str, Any] = {"centroid": False, "insee": "", "area_km2": 0.0}


def _placed(rows: pd.DataFrame) -> pd.DataFrame:
    """Places of rows, as `eit.matching.distances` reads them."""
    centroid = (texts(rows["position_quality"]) == "commune").to_numpy()
    return pd.DataFrame(
        {
            "lon": floats(rows["lon"]),
            "lat": floats(rows["lat"]),
            "centroid": centroid,
            "insee": np.where(centroid, texts(rows["insee"]).to_numpy(dtype=object), ""),
            "area_km2": floats(rows["commune_area_km2"], blank=0.0),
        }
    )


def _own(frame: pd.DataFrame, territory: Territory, column: str) -> Bools:
    """Which ends have access at their own place: their site's, their park's or their hub's."""
    sites, parks, hubs = territory.sites, territory.parks, territory.hubs
    served = sites[column].isin(OWN)
    served |= sites["park_id"].isin(parks.loc[parks[column].to_numpy(dtype=bool), "park_id"])
    at_site = np.append(served.to_numpy(dtype=bool), False)[frame["site"].to_numpy(dtype=np.int64)]
    at_hub = frame["id"].isin(hubs.loc[hubs[column].isin(OWN), "hub_id"]).to_numpy(dtype=bool)
    return np.where(frame["hub"].to_numpy() >= 0, at_hub, at_site)


def _side(
    frame: pd.DataFrame, own: Bools, points: pd.DataFrame, column: str, settings: Settings
) -> pd.DataFrame:
    """Origins, or ends, placed where they load."""
    reach_km = settings.rail_reach_km if column == "rail" else settings.quay_reach_km
    leg_km = np.where(own, 0.0, np.nan)
    lon, lat = (frame[name].to_numpy(dtype=np.float64, copy=True) for name in ("lon", "lat"))
    nearest, away_km = _nearest(frame, points, reach_km)
    away_km = by_circuity(away_km, settings)
    by_road = np.flatnonzero(~own & (away_km <= reach_km * (1 + SLACK)))
    lon[by_road] = points["lon"].to_numpy()[nearest[by_road]]
    lat[by_road] = points["lat"].to_numpy()[nearest[by_road]]
    leg_km[by_road] = away_km[by_road]
    out = np.isnan(leg_km)
    lon[out], lat[out] = np.nan, np.nan
    centroid = frame["centroid"].to_numpy(dtype=bool) & own
    return frame.assign(lon=lon, lat=lat, centroid=centroid, leg_km=np.nan_to_num(leg_km))


def _nearest(frame: pd.DataFrame, points: pd.DataFrame, within_km: float) -> tuple[Any, Floats]:
    """Nearest point of each end and its geodesic (the first of equals), infinite if too far."""
    nearest = np.zeros(len(frame), dtype=np.int64)
    away_km = np.full(len(frame), np.inf)
    placed = np.flatnonzero(np.isfinite(frame["lon"].to_numpy(dtype=np.float64)))
    if not len(points) or not len(placed):
        return nearest, away_km
    here, there = (
        cKDTree(unit_sphere(rows["lon"].to_numpy(), rows["lat"].to_numpy()))
        for rows in (frame.iloc[placed], points)
    )
    found = here.sparse_distance_matrix(there, chord(within_km), output_type="ndarray")
    end, point = placed[found["i"]], found["j"].astype(np.int64)
    distance = geodesic_km(frame, points, end, point)
    order = np.lexsort((point, distance, end))
    first = order[np.unique(end[order], return_index=True)[1]]
    nearest[end[first]], away_km[end[first]] = point[first], distance[first]
    return nearest, away_km
