"""Places: communes however they are written, and coordinates as they were meant."""

import io
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from eit import data
from eit.places import area_of_use, communes, epsg_of, find_communes, locate, normal_name, within
from eit.places.sources import make_communes, neighbour_area_km2
from eit.places.systems import MAINLAND

NAN = float("nan")
LENS = {"postcode": "62300", "city": "Lens"}


def find(insee="", postcode="", city=""):
    found = find_communes(pd.Series([insee]), pd.Series([postcode]), pd.Series([city]))
    return found.insee[0], found.how[0]


def put(**cells):
    """Locate one row; its place, and the codes of what was said."""
    located = locate(pd.DataFrame([{"file": "sites.csv", "line": 2} | cells]))
    said = [one.code for one in (*located.faults, *located.notices)]
    return located.places.iloc[0], [code for code in said if code != "placed_at_communes"]


def metres_apart(place, lon, lat):
    return Geod(ellps="WGS84").inv(place["lon"], place["lat"], lon, lat)[2]


# communes


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Le Portel", "PORTEL"),
        ("L'Haÿ-les-Roses", "HAY LES ROSES"),
        ("St-Omer", "SAINT OMER"),
        ("STE MARIE KERQUE", "SAINTE MARIE KERQUE"),
        ("Châlons s/ Marne CEDEX 2", "CHALONS SUR MARNE"),
        ("Noyelles lez Seclin", "NOYELLES LES SECLIN"),
        ("PARIS-12E-ARRONDISSEMENT", "PARIS 12"),
        ("Marseille 08", "MARSEILLE 8"),
        ("Œuilly", "OEUILLY"),
        ("", ""),
    ],
)
def test_a_name_has_one_normal_form(written, normal):
    assert normal_name(pd.Series([written])).tolist() == [normal]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"insee": "62498"}, ("62498", "insee")),
        ({"insee": "1001"}, ("01001", "insee")),
        ({"insee": "2a004"}, ("2A004", "insee")),
        ({"postcode": "62300", "city": "LENS"}, ("62498", "name")),
        ({"postcode": "62480", "city": "Portel"}, ("62667", "name")),
        ({"postcode": "1000", "city": "Bourg en Bresse"}, ("01053", "name")),
        ({"postcode": "62307", "city": "Lens CEDEX"}, ("62498", "elsewhere")),
        ({"postcode": "62110", "city": "Hénin-Baumont"}, ("62427", "alike")),
        ({"postcode": "62110", "city": "Hénin"}, ("62427", "alike")),
        ({"postcode": "59160", "city": "Lomme"}, ("59350", "name")),
        ({"postcode": "62620", "city": ""}, ("", "ambiguous")),
        ({"postcode": "51000", "city": "Châlons-sur-Marne"}, ("51108", "misnamed")),
        ({"city": "Boulogne-sur-Mer"}, ("62160", "name")),
        ({"city": "Sainte-Colombe"}, ("", "ambiguous")),
        ({"city": "Paris"}, ("75056", "name")),
        ({"postcode": "75012", "city": "Paris"}, ("75112", "name")),
        ({"postcode": "62300", "city": "Atlantis"}, ("", "unknown")),
        ({"insee": "99999"}, ("", "unknown")),
        ({}, ("", "")),
    ],
)
def test_a_commune_is_found_however_it_is_written(cells, expected):
    assert find(**cells) == expected


def test_an_ambiguous_commune_names_its_candidates():
    found = find_communes(pd.Series([""]), pd.Series(["62620"]), pd.Series([""]))
    assert "BARLIN (62083)" in found.candidates[0]


def test_lens_is_where_the_atlas_has_it():
    lens = communes().loc["62498"]
    assert (lens["lon"], lens["lat"]) == pytest.approx((2.83, 50.43), abs=0.02)
    assert lens["area_km2"] == pytest.approx(11.7, rel=0.02)  # Insee: 11.70 km2


def test_every_commune_with_a_point_has_an_area():
    table = communes()
    assert (table["area_km2"].notna() == table["lon"].notna()).all()
    assert table["lon"].notna().mean() > 0.99
    assert table.index.is_unique


def test_the_guessed_area_of_an_even_grid_is_that_of_its_cells():
    """On a square grid of 4 km the third neighbour is as near as the first: 4 km."""
    north, east = np.divmod(np.arange(400), 20)
    lat = pd.Series(north * 4 / 111.195)
    area = neighbour_area_km2(pd.Series(east * 4 / 111.195), lat)
    assert area.median() == pytest.approx(np.pi * 16 / 3.5, rel=0.01)  # 14.4, truth 16


# coordinates as labelled


def test_the_origin_of_lambert_93_lies_at_3_degrees_east_46_and_a_half_north():
    place, said = put(x=700000.0, y=6600000.0, crs="EPSG:2154")
    assert (place["lon"], place["lat"]) == pytest.approx((3.0, 46.5), abs=1e-9)
    assert (place["position_quality"], said) == ("exact", [])


def test_the_origin_of_extended_lambert_2_lies_on_the_meridian_of_paris():
    place, _ = put(x=600000.0, y=2200000.0, crs="Lambert II étendu")
    assert (place["lon"], place["lat"]) == pytest.approx(
        (2 + 20 / 60 + 14.025 / 3600, 46.8), abs=2e-3
    )


@pytest.mark.parametrize(
    ("label", "code"),
    [
        *[("EPSG:2154", 2154), ("2154", 2154), ("epsg 2154.0", 2154), ("Lambert-93", 2154)],
        *[("RGF93 / Lambert-93", 2154), ("L93", 2154), ("Lambert 2 étendu", 27572), ("L2E", 27572)],
        *[("NTF (Paris) / Lambert zone II", 27572), ("CC50", 3950), ("RGF93 CC 42", 3942)],
        *[("UTM 31N", 32631), ("WGS 84", 4326), ("gps", 4326), ("Pseudo-Mercator", 3857)],
        *[
            ("urn:ogc:def:crs:EPSG::2154", 2154),
            ("", 0),
            ("Lambert 99", None),
            ("EPSG:99999", None),
        ],
    ],
)
def test_a_system_is_known_by_its_usual_names(label, code):
    assert epsg_of(label) == code


def test_a_row_without_coordinates_is_placed_at_its_commune():
    place, said = put(**LENS, address="1 rue de la Gare")
    lens = communes().loc["62498"]
    assert (place["lon"], place["lat"]) == (lens["lon"], lens["lat"])
    assert (place["position_quality"], place["insee"]) == ("commune", "62498")
    assert place["commune_area_km2"] == lens["area_km2"]
    assert said == []


def test_a_row_that_names_no_place_has_none():
    place, said = put(address="somewhere")
    assert place["position_quality"] == "none"
    assert np.isnan([place["lon"], place["lat"], place["commune_area_km2"]]).all()
    assert said == []


# coordinates as they were meant


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"x": 687900.0, "y": 7036000.0, "crs": "EPSG:27572"}, ["place_relabelled"]),
        ({"x": 687900.0, "y": 7036000.0}, ["place_unlabelled"]),
        ({"lon": 687900.0, "lat": 7036000.0}, ["place_relabelled"]),
        ({"x": 687.9, "y": 7036.0, "crs": "EPSG:2154"}, ["place_scaled"]),
        ({"lon": 50.43, "lat": 2.83}, ["place_swapped"]),
        ({"lon": 283.0, "lat": 5043.0}, ["place_scaled"]),
        ({"lon": 0.0, "lat": 0.0}, ["place_zero"]),
        ({"lon": 2.83, "lat": 40.43}, ["place_far"]),
        ({"lon": 1e9, "lat": 7.0}, ["place_unread"]),
        ({"lon": 2.83, "lat": 50.50}, ["place_doubtful"]),
        ({"lon": 2.83, "lat": 50.43, "x": 600000.0, "y": 6600000.0, "crs": "2154"}, ["place_two"]),
        ({"lon": 2.83}, ["half_place"]),
        ({"x": 687900.0, "y": 7036000.0, "crs": "Lambert 99"}, ["unknown_crs", "place_unlabelled"]),
    ],
)
def test_what_was_supposed_of_coordinates_is_said(cells, said):
    place, codes = put(**LENS, **cells)
    assert codes == said
    assert metres_apart(place, 2.83, 50.43) < 9000


def test_a_lost_minus_is_found_by_the_commune():
    place, said = put(lon=4.486, lat=48.39, city="Brest", postcode="29200")
    assert said == ["place_minus"]
    assert (place["lon"], place["lat"]) == (-4.486, 48.39)


def test_without_a_commune_the_area_judges():
    place, said = put(lon=50.43, lat=2.83)
    assert said == ["place_swapped"]
    assert (place["lon"], place["lat"]) == (2.83, 50.43)
    assert put(lon=1e9, lat=7.0)[1] == ["place_unreadable"]


def test_a_place_outside_the_area_is_left_as_it_is():
    """Kalundborg is no mistake: the territory says whether it belongs."""
    place, said = put(lon=11.09, lat=55.68)
    assert (place["lon"], place["lat"], said) == (11.09, 55.68, [])


def test_a_foreign_postcode_does_not_move_a_place_to_france():
    """4400 Kalundborg is no 04400 Barcelonnette: UTM 32 north holds both."""
    row = {"file": "a.csv", "line": 2, "postcode": "4400", "city": "Kalundborg"}
    rows = pd.DataFrame(
        [row | {"lon": 11.09, "lat": 55.68}, row | {"city": ""} | {"lon": 11.0, "lat": 55.0}]
    )
    places = locate(rows, area=(6.0, 38.76, 12.0, 84.33), likely=25832).places
    assert places["position_quality"].tolist() == ["exact", "exact"]
    assert places["lat"].tolist() == [55.68, 55.0]


def test_overseas_communes_are_read_in_their_own_systems():
    place, said = put(x=322473.0, y=7684589.0, postcode="97420", city="Le Port")
    assert said == ["place_unlabelled"]
    assert (place["lon"], place["lat"]) == pytest.approx((55.29, -20.94), abs=0.02)


towns = st.sampled_from(["62498", "59350", "29019", "64445", "06029", "67482", "2A004", "33063"])
labels = st.sampled_from(["", *(f"EPSG:{code}" for code in MAINLAND)])


@settings(max_examples=60, deadline=None)
@given(
    town=towns,
    truth=st.sampled_from(MAINLAND),
    label=labels,
    swapped=st.booleans(),
    power=st.sampled_from([0, -3, 2]),
    east=st.floats(-0.6, 0.6),
    north=st.floats(-0.6, 0.6),
)
def test_a_true_point_is_recovered_under_any_label_if_its_commune_is_known(
    town, truth, label, swapped, power, east, north
):
    """Within 0.9 km of the commune's point, in any system: never more than 10 m lost."""
    centre = communes().loc[town]
    lon = centre["lon"] + east / 111.2 / np.cos(np.radians(centre["lat"]))
    lat = centre["lat"] + north / 111.2
    assume(within(lon, lat, area_of_use(truth)))
    pair = Transformer.from_crs(4326, truth, always_xy=True).transform(lon, lat)
    x, y = (value * 10.0**power for value in (reversed(pair) if swapped else pair))
    place, _ = put(x=x, y=y, crs=label, insee=town)
    assert place["position_quality"] == "exact"
    assert metres_apart(place, lon, lat) < 10


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.sampled_from([NAN, 0.0, -1.0, 2.83, 50.43, 7e5, 7e6, 1e300, -1e-300]),
        min_size=4,
        max_size=4,
    ),
    st.sampled_from(["", "2154", "?", "EPSG:4326"]),
    st.sampled_from(["", "62300", "x"]),
    st.text(max_size=6),
)
def test_no_row_whatever_stops_the_others(numbers, crs, postcode, city):
    cells = dict(zip(("lon", "lat", "x", "y"), numbers, strict=True))
    odd = cells | {"crs": crs, "postcode": postcode, "city": city, "file": "a.csv", "line": 2}
    good = {"lon": 2.83, "lat": 50.43, "x": NAN, "y": NAN, "crs": "", "postcode": "", "city": ""}
    located = locate(
        pd.DataFrame([odd, good | {"file": "a.csv", "line": 3}], index=["odd", "good"])
    )
    assert located.places.loc["good", "position_quality"] == "exact"
    assert located.places.loc["odd", "position_quality"] in ("exact", "commune", "none")
    for one in (*located.faults, *located.notices):
        assert all(one.as_dict(lang) for lang in ("fr", "en"))


def test_an_empty_table_is_located_without_a_word():
    located = locate(pd.DataFrame({"lon": [], "lat": [], "city": []}))
    assert (len(located.places), located.faults, located.notices) == (0, (), ())


@pytest.mark.data
def test_the_gazetteer_is_made_from_its_sources():
    geo = Path(os.environ["EIT_DATA"]) / "geo"
    made = make_communes(geo / "laposte_hexasmal.csv", geo / "communes-hauts-de-france.geojson")
    written = io.StringIO(made.to_csv(index=False, lineterminator="\n"))
    pd.testing.assert_frame_equal(
        pd.read_csv(written, dtype=str, keep_default_na=False), data.read_csv("places/communes.csv")
    )
