"""Road networks in files: GraphML as OSMnx writes it, extracts of OpenStreetMap."""

import numpy as np
import pytest
from pyproj import Transformer
from support.roads import CORNERS, CRS, JUNCTIONS, codes, extract, graphml, km, nodes_of

from eit.roads import read_roads
from eit.roads.extract import BACKWARD, BOTH, FORWARD, SHUT, direction


def read(tmp_path, text, name="roads.graphml"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_roads(path, crs=CRS)


# GraphML


def test_a_graph_is_read_with_lengths_in_metres_and_both_directions_apart(tmp_path):
    net, said = read(
        tmp_path,
        graphml(("a", "b", {"d9": "800.5"}), ("b", "c", {"d9": "1200"}), ("c", "a", {"d9": "5"})),
    )
    assert said == []
    assert net.length_m.tolist() == [800.5, 1200.0, 5.0]
    assert [net.tail.tolist(), net.head.tolist()] == [[0, 1, 2], [1, 2, 0]]
    places = np.array(list(JUNCTIONS.values()))
    found = km(net, places, [(0, 1), (1, 0)])
    assert found == pytest.approx([0.8005, 1.205], abs=1e-6)


def test_an_undirected_graph_is_open_both_ways(tmp_path):
    net, _ = read(tmp_path, graphml(("a", "b", {"d9": "800"}), kind="undirected"))
    places = np.array(list(JUNCTIONS.values()))
    assert km(net, places, [(0, 1), (1, 0)]) == pytest.approx([0.8, 0.8], abs=1e-6)


def test_a_length_that_is_missing_is_measured_along_the_line_and_said(tmp_path):
    """One hundredth of a degree of longitude at 50.4° N is 711.0 m on WGS84; there and back 2 ×."""
    line = "LINESTRING (2.80 50.40, 2.81 50.40, 2.80 50.40, 2.81 50.40)"
    net, said = read(tmp_path, graphml(("a", "b", {"d7": line}), ("b", "a", {})))
    assert codes(said) == ["roads_measured"]
    assert net.length_m == pytest.approx([3 * 711.0, 711.0], abs=0.1)


def test_a_line_drawn_against_its_edge_is_turned(tmp_path):
    """A place at a quarter of the way from a to b has three quarters to go to b."""
    line = "LINESTRING (2.81 50.40, 2.80 50.40)"
    net, _ = read(tmp_path, graphml(("a", "b", {"d7": line, "d9": "1000"})))
    places = np.array([(2.8025, 50.40), JUNCTIONS["b"]])
    assert km(net, places, [(0, 1)]) == pytest.approx([0.75], abs=1e-3)


def test_a_graph_in_metres_is_the_same_as_in_degrees(tmp_path):
    to_metres = Transformer.from_crs(4326, 32631, always_xy=True)
    junctions = {name: to_metres.transform(*at) for name, at in JUNCTIONS.items()}
    edges = [("a", "b", {"d9": "800"}), ("b", "c", {})]
    in_metres, _ = read(tmp_path, graphml(*edges, junctions=junctions, crs="epsg:32631"))
    in_degrees, _ = read(tmp_path, graphml(*edges))
    assert in_metres.point == pytest.approx(in_degrees.point, abs=0.01)
    assert in_metres.length_m == pytest.approx(in_degrees.length_m, abs=0.01)


def test_times_are_the_files_or_by_the_class_of_road(tmp_path):
    """OSMnx states seconds; else 65 km/h on a primary road."""
    edges = [("a", "b", {"d9": "800", "d6": "90"}), ("b", "a", {"d9": "650", "d8": "primary"})]
    net, _ = read(tmp_path, graphml(*edges))
    assert net.minutes == pytest.approx([1.5, 0.6])


def test_paths_in_a_graph_are_taken_and_said(tmp_path):
    net, said = read(tmp_path, graphml(("a", "b", {"d9": "8", "d8": "footway"})))
    assert len(net.tail) == 1
    assert codes(said) == ["roads_paths"]
    assert "footway" in said[0].text("fr")


@pytest.mark.parametrize("line", ["POINT (2 50)", "LINESTRING EMPTY", "LINESTRING (2 50", "?"])
def test_what_is_no_line_is_drawn_straight(tmp_path, line):
    net, said = read(tmp_path, graphml(("a", "b", {"d7": line, "d9": "700"})))
    assert said == []
    assert net.shape == pytest.approx(net.point[:2])


def test_a_file_in_another_encoding_is_read(tmp_path):
    text = graphml(("a", "b", {"d9": "700"})).replace("utf-8", "utf-16")
    net, _ = read(tmp_path, text.encode("utf-16"))
    assert net.length_m.tolist() == [700.0]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<graphml><graph>", "roads_unreadable"),
        ("", "roads_unreadable"),
        (graphml(("a", "b", {"d9": "1"}), crs=""), "roads_crs"),
        (graphml(("a", "b", {"d9": "1"}), crs="epsg:99999"), "roads_crs"),
        (graphml(("a", "b", {"d9": "1"}), crs="epsg:5773"), "roads_crs"),
        (graphml(("a", "b", {"d9": "1"}), crs="epsg:4978"), "roads_crs"),
        (
            graphml(("a", "b", {"d9": "1"}), junctions={**JUNCTIONS, "b": (500, 50)}),
            "roads_nowhere",
        ),
        (graphml(("a", "b", {"d7": "LINESTRING (1e9 9, 2.8 50)", "d9": "1"})), "roads_nowhere"),
        (graphml(), "roads_empty"),
        (graphml(("a", "b", {"d9": "-1"})), "roads_length"),
        (graphml(("a", "b", {"d9": "long"})), "roads_length"),
        (graphml(("a", "b", {"d9": "nan"})), "roads_length"),
        (graphml(("a", "z", {"d9": "1"})), "roads_loose"),
        (graphml(("a", "b", {"d9": "1"}), junctions={**JUNCTIONS, "d": ("", 1)}), "roads_nowhere"),
    ],
)
def test_what_is_wrong_in_a_graph_is_said_in_both_languages(tmp_path, text, code):
    net, said = read(tmp_path, text)
    assert net is None
    assert codes(said) == [code]
    assert said[0].text("fr") != said[0].text("en")


# extracts of OpenStreetMap


def lengths(net):
    """Length in whole metres by the longitudes and latitudes of both ends."""
    place = np.round(nodes_of(net), 6)
    return {
        (tuple(place[tail]), tuple(place[head])): round(length)
        for tail, head, length in zip(net.tail, net.head, net.length_m, strict=True)
    }


def test_ways_are_cut_where_they_meet_and_one_way_streets_lead_one_way(tmp_path):
    """A hundredth of a degree at 50.4° N is 711 m of longitude or 1,112 m of latitude."""
    net, said = extract(
        tmp_path / "t.osm.pbf",
        ([1, 5, 2, 3], {"highway": "primary", "oneway": "yes"}),
        ([2, 4], {"highway": "residential"}),
        ([4, 1], {"highway": "footway"}),
        ([4, 3], {"highway": "service", "access": "private"}),
    )
    assert said == []
    one, two, three, four = (CORNERS[corner] for corner in (1, 2, 3, 4))
    expected = {(one, two): 711, (two, three): 711, (two, four): 1112, (four, two): 1112}
    assert lengths(net) == expected


def test_a_street_against_its_drawing_leads_back(tmp_path):
    net, _ = extract(tmp_path / "t.osm.pbf", ([1, 5, 2], {"highway": "primary", "oneway": "-1"}))
    assert lengths(net) == {(CORNERS[2], CORNERS[1]): 711}
    halfway = np.array([CORNERS[5], CORNERS[1]])
    assert km(net, halfway, [(0, 1)]) == pytest.approx([0.3555], abs=1e-3)


def test_a_loop_that_comes_back_on_itself_is_cut_there(tmp_path):
    net, _ = extract(tmp_path / "t.osm.pbf", ([1, 2, 4, 3, 2], {"highway": "residential"}))
    assert len(net) == 2
    assert len(net.tail) == 4
    places = np.array([CORNERS[1], CORNERS[4]])
    assert km(net, places, [(0, 1)]) == pytest.approx([0.711 + 1.1124], abs=1e-3)


def test_roads_end_where_the_extract_ends_and_that_is_said(tmp_path):
    net, said = extract(
        tmp_path / "t.osm.pbf",
        ([1, 2], {"highway": "primary", "oneway": "yes"}),
        ([2, 99, 3, 4], {"highway": "primary", "oneway": "yes"}),
    )
    assert codes(said) == ["roads_cut"]
    assert set(lengths(net)) == {(CORNERS[1], CORNERS[2]), (CORNERS[3], CORNERS[4])}


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"highway": "primary"}, BOTH),
        ({"highway": "primary", "oneway": "yes"}, FORWARD),
        ({"highway": "primary", "oneway": "-1"}, BACKWARD),
        ({"highway": "primary", "oneway": "no"}, BOTH),
        ({"highway": "motorway"}, FORWARD),
        ({"highway": "motorway_link", "oneway": "no"}, BOTH),
        ({"highway": "tertiary", "junction": "roundabout"}, FORWARD),
        ({"highway": "residential", "oneway": "reversible"}, SHUT),
        ({"highway": "service", "access": "private"}, SHUT),
        ({"highway": "service", "access": "private", "motor_vehicle": "yes"}, BOTH),
        ({"highway": "service", "access": "yes", "hgv": "no"}, SHUT),
        ({"highway": "service", "access": "no", "hgv": "delivery"}, BOTH),
        ({"highway": "service", "area": "yes"}, SHUT),
        ({"highway": "cycleway"}, SHUT),
        ({"highway": "construction"}, SHUT),
    ],
)
def test_trucks_go_where_the_tags_let_them(tags, expected):
    assert direction(tags) == expected


@pytest.mark.parametrize("content", [b"", b"no extract" * 50])
def test_an_extract_that_cannot_be_read_is_a_fault(tmp_path, content):
    net, said = read(tmp_path, content, "nord.osm.pbf")
    assert net is None
    assert codes(said) == ["roads_unreadable"]


def test_an_extract_without_roads_is_a_fault(tmp_path):
    net, said = extract(tmp_path / "t.osm.pbf", ([1, 2], {"highway": "path"}))
    assert net is None
    assert codes(said) == ["roads_empty"]
