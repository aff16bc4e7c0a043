"""Geodesics by series, against PROJ's, which solves them another way."""

import numpy as np
import pytest
from pyproj import Geod

from eit.matching.geodesic import Points, distances_km

EARTH = Geod(ellps="WGS84")
NANOMETRES_10 = 1e-11  # km


def around(lat: float, degrees: float, count: int = 4000) -> tuple[np.ndarray, ...]:
    """Pairs of places within so many degrees of each other, all around the earth."""
    draw = np.random.default_rng(0)
    lon, start = draw.uniform(-180, 180, count), np.clip(lat + draw.uniform(-2, 2, count), -89, 89)
    away, course = degrees * draw.random(count), draw.uniform(0, 2 * np.pi, count)
    stop = np.clip(start + away * np.cos(course), -89.9, 89.9)
    return lon, start, lon + away * np.sin(course) / np.cos(np.radians(start)), stop


def measured(
    lon: np.ndarray, lat: np.ndarray, to_lon: np.ndarray, to_lat: np.ndarray
) -> np.ndarray:
    each = np.arange(len(lon))
    return distances_km(Points.at(lon, lat), Points.at(to_lon, to_lat), each, each)


@pytest.mark.parametrize("lat", [-75, -30, 0, 0.5, 20, 46.5, 65, 84, 88])
@pytest.mark.parametrize("degrees", [0.01, 0.1, 1, 4, 30])
def test_geodesics_are_proj_s_to_ten_nanometres(lat: float, degrees: float) -> None:
    pairs = around(lat, degrees)
    by_proj = EARTH.inv(*pairs)[2] / 1000
    assert np.abs(measured(*pairs) - by_proj).max() < NANOMETRES_10


def test_a_geodesic_is_as_long_the_other_way_round() -> None:
    lon, lat, to_lon, to_lat = around(47, 3)
    there, back = measured(lon, lat, to_lon, to_lat), measured(to_lon, to_lat, lon, lat)
    assert np.abs(there - back).max() < NANOMETRES_10


def test_one_place_is_no_way_from_itself_and_nowhere_has_no_distance() -> None:
    lon, lat = np.array([2.5, 2.5, np.nan]), np.array([48.0, 48.0, 48.0])
    places = Points.at(lon, lat)
    found = distances_km(places, places, np.array([0, 0, 2]), np.array([0, 1, 1]))
    assert found[:2].tolist() == [0.0, 0.0]
    assert np.isnan(found[2])


def test_antipodes_are_measured_too() -> None:
    pairs = np.array([0.0, 0, 7]), np.array([0.0, 90, 0]), np.array([179.7, 0, 187]), np.zeros(3)
    pairs[3][1] = -90.0
    assert measured(*pairs) == pytest.approx(EARTH.inv(*pairs)[2] / 1000, rel=1e-12)
