"""Who may meet: the search in space misses none, distances are geodesics, numbers are stable."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from support.territories import settings_of, territory_of

from eit.matching import find_market
from eit.matching.arrays import listed, repeat_ranges, sum_by
from eit.matching.candidates import LEAST_RADIUS_KM, chord, unit_sphere
from eit.matching.distances import geodesic_km

HEAD = "declaration_id,site_id,kind,resource,quantity,unit,current_cost_eur_per_unit"
HUBS = "hub_id,lon,lat,takes,gives,yield\n"
DEGREES = st.tuples(st.floats(-180, 180), st.floats(-89, 89))


def places(*rows: tuple[float, float], commune: str = "", area: float = 0.0) -> pd.DataFrame:
    """Places by longitude and latitude, at the centroid of a commune if one is named."""
    lon, lat = zip(*rows, strict=True)
    frame = pd.DataFrame({"lon": lon, "lat": lat})
    return frame.assign(insee=commune, centroid=bool(commune), area_km2=area)


def test_a_tenth_of_a_degree_of_the_equator_is_its_arc() -> None:
    starts, stops = places((0.0, 0.0)), places((0.1, 0.0))
    distance = geodesic_km(starts, stops, np.array([0]), np.array([0]))
    assert distance[0] == pytest.approx(6378.137 * np.pi / 1800, rel=1e-12)


def test_two_centroids_of_one_commune_are_half_the_root_of_its_area_apart() -> None:
    here = places((2.8, 50.4), commune="62498", area=36.0)
    there = places((2.8, 50.4), (2.9, 50.4), commune="62498", area=36.0)
    elsewhere = places((2.8, 50.4), commune="59350", area=36.0)
    zero = np.array([0])
    assert geodesic_km(here, there, zero, zero)[0] == 3.0
    assert geodesic_km(here, there, zero, np.array([1]))[0] == pytest.approx(7.11, abs=0.01)
    assert geodesic_km(here, elsewhere, zero, zero)[0] == 0.0


@given(DEGREES, DEGREES)
def test_no_geodesic_is_shorter_than_its_chord_allows(
    here: tuple[float, float], there: tuple[float, float]
) -> None:
    metres = Geod(ellps="WGS84").inv(*here, *there)[2]
    lon, lat = np.array([here, there]).T
    points = unit_sphere(lon, lat)
    apart = float(np.linalg.norm(points[0] - points[1]))
    assert apart <= chord(metres / 1000) + 1e-9
    assert LEAST_RADIUS_KM < 6356.0


def scattered(seed: int, count: int) -> tuple[str, str]:
    """Sites and declarations scattered over some tens of kilometres, limits of all sizes."""
    draw = np.random.default_rng(seed)
    place = draw.uniform((2.6, 50.2), (3.2, 50.6), (count, 2))
    sites = "".join(f"S{at:03},{lon:.5f},{lat:.5f}\n" for at, (lon, lat) in enumerate(place))
    kind = draw.choice(["residue", "need"], count)
    limit = draw.choice(["", "2", "9", "25", "400"], count)
    good = draw.choice(["alder", "alder", "alder", "birch"], count)
    rows = "".join(
        f"D{at:03},S{at:03},{kind[at]},{good[at]},5,t,9,{limit[at]}\n" for at in range(count)
    )
    return f"site_id,lon,lat\n{sites}", f"{HEAD},max_distance_km\n{rows}"


@pytest.mark.parametrize("seed", range(3))
def test_the_search_finds_exactly_the_pairs_within_both_limits(seed: int, tmp_path: Path) -> None:
    sites, rows = scattered(seed, 120)
    territory = territory_of(tmp_path / "t", rows, sites=sites)
    market = find_market(territory, settings_of(territory, transport={"circuity": 1.2}))
    ends, lanes = market.offer.ends, market.offer.lanes
    start, stop = ends.origins["id"].to_numpy(), ends.destinations["id"].to_numpy()
    found = set(zip(start[lanes.origin], stop[lanes.end], strict=True))
    assert len(found) == len(lanes)
    declared = territory.declarations.join(territory.sites[["lon", "lat"]], on="site_id")
    earth, expected = Geod(ellps="WGS84"), set()
    for a in declared[declared["kind"] == "residue"].itertuples():
        for b in declared[declared["kind"] == "need"].itertuples():
            far = 1.2 * earth.inv(a.lon, a.lat, b.lon, b.lat)[2] / 1000
            limits = [x for x in (a.max_distance_km, b.max_distance_km) if x == x] + [50] * (
                a.max_distance_km != a.max_distance_km or b.max_distance_km != b.max_distance_km
            )
            if a.resource == b.resource and far <= min(limits):
                expected.add((a.Index, b.Index))
    assert found == expected
    assert market.considered < 120 * 120 / 4


def test_ways_and_pairs_number_modes_and_recipes(tmp_path: Path) -> None:
    rows = f"{HEAD}\nR,A,residue,19 12 01,100,t,20\nN,B,need,birch,60,t,30\n"
    hubs = (
        "hub_id,lon,lat,takes,gives,yield\nH,2.9,50.4,19 12,birch,1\nH,2.9,50.4,19 12 01,birch,1\n"
    )
    links = "from_id,to_id,mode,cost_eur_per_unit\nR,H,road,1\nR,H,rail,1\n"
    territory = territory_of(tmp_path / "t", rows, hubs=hubs, links=links)
    offer = find_market(territory, settings_of(territory)).offer
    # into the hub: two modes of two recipes each; out of it: one
    assert len(offer.lanes) == 5
    assert len(offer.bundles.lane) == 3
    assert offer.bundles.pair.tolist() in ([0, 1, 1], [0, 0, 1])


def test_a_hub_never_feeds_itself(tmp_path: Path) -> None:
    rows = f"{HEAD}\nR,A,residue,alder,100,t,20\n"
    hubs = "hub_id,lon,lat,takes,gives,yield\nH,2.9,50.4,alder,alder,0.5\nK,2.8,50.4,alder,,\n"
    territory = territory_of(
        tmp_path / "t", rows, hubs=hubs, links="from_id,to_id,distance_km\nH,K,4\n"
    )
    offer = find_market(territory, settings_of(territory)).offer
    start = offer.ends.origins["id"].to_numpy()[offer.lanes.origin]
    stop = offer.ends.destinations["id"].to_numpy()[offer.lanes.end]
    assert sorted(zip(start, stop, strict=True)) == [("H", "K"), ("R", "H"), ("R", "K")]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), max_size=8))
def test_repeated_ranges_are_the_ranges_one_after_another(ranges: list[tuple[int, int]]) -> None:
    starts, lengths = (np.array([one[at] for one in ranges], dtype=int) for at in (0, 1))
    expected = [start + step for start, length in ranges for step in range(length)]
    assert repeat_ranges(starts, lengths).tolist() == expected


def test_sums_leave_out_what_has_no_number() -> None:
    assert sum_by(np.array([0, 2, -1, 0]), np.array([1.0, 2.0, 4.0, 8.0]), 2).tolist() == [9.0, 0.0]
    assert listed(np.array([5, 1, 9]), np.array([1, 5])).tolist() == [True, True, False]
    assert listed(np.array([5]), np.array([], dtype=int)).tolist() == [False]
