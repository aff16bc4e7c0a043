"""Roads: the shortest way is the shortest, one-way streets count, and nothing is guessed."""

import math
import os
from pathlib import Path

import networkx as nx
import numpy as np
import osmium
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from osmium.osm import mutable
from pyproj import Transformer

from eit import texts
from eit.matching import match
from eit.results import write_run
from eit.roads import Network, read_roads, road_km, road_minutes, routes, snap
from eit.roads.extract import BACKWARD, BOTH, FORWARD, SHUT, direction
from eit.roads.network import shortest_arcs
from eit.roads.speeds import MOST_KMH, kmh, usual_kmh
from eit.territory import read_territory
from eit.verify import verify_run
from eit.verify.distance import geodesic_km
from eit.verify.roads import backwards
from eit.verify.roads import road_km as rechecked_km
from eit.verify.walks import walk
from tests.territories import settings_of, write_folder

CRS = "EPSG:2154"
ORIGIN = np.array([700_000.0, 6_600_000.0])
"""Where metres of Lambert-93 and metres on the ground differ least."""
TO_DEGREES = Transformer.from_crs(CRS, 4326, always_xy=True)
SCALE = 2e-3
"""How far lengths of Lambert-93 may be from those on the ground, there."""


def degrees(*metres):
    """Longitude and latitude of points given in metres from ORIGIN."""
    points = ORIGIN + np.array(metres, dtype=float)
    return np.column_stack(TO_DEGREES.transform(points[:, 0], points[:, 1]))


def network(points, sections, *, minutes=None):
    """A network with straight sections (tail, head, length in metres); points in metres."""
    point = ORIGIN + np.array(points, dtype=float)
    tail, head, length = (np.array(column) for column in zip(*sections, strict=True))
    ends = np.stack([point[tail], point[head]], axis=1)
    return Network(
        crs=CRS,
        point=point,
        tail=tail,
        head=head,
        length_m=length.astype(float),
        minutes=np.full(len(tail), np.nan) if minutes is None else np.array(minutes, dtype=float),
        shape=ends.reshape(-1, 2),
        start=2 * np.arange(len(tail) + 1),
    )


SQUARE = [(0, 0), (1000, 0), (1000, 1000), (0, 1000)]
ROUND = [(0, 1, 1000), (1, 2, 1000), (2, 3, 1000), (3, 0, 1000)]


def km(net, places, pairs, **options):
    origin, end = np.array(pairs).T
    return road_km(net, places, places, origin, end, **options)


# shortest ways


def test_one_way_streets_make_the_way_back_another_one():
    """Around a one-way square of 1 km a side: one side there, three sides back."""
    found = km(network(SQUARE, ROUND), degrees(*SQUARE), [(0, 1), (1, 0), (0, 2), (2, 0), (0, 0)])
    assert found == pytest.approx([1.0, 3.0, 2.0, 2.0, 0.0], abs=1e-6)


@pytest.mark.parametrize("lengths", [(900, 700, 800), (700, 800, 900), (700, 700, 900)])
def test_of_parallel_streets_the_shortest_counts(lengths):
    net = network([(0, 0), (600, 0)], [(0, 1, length) for length in lengths])
    assert km(net, degrees((0, 0), (600, 0)), [(0, 1)]) == pytest.approx([0.7], abs=1e-6)


def test_a_street_without_length_is_a_way():
    net = network([(0, 0), (500, 0), (1000, 0)], [(0, 1, 0), (1, 2, 500)])
    assert km(net, degrees((0, 0), (1000, 0)), [(0, 1)]) == pytest.approx([0.5], abs=1e-6)


def test_the_way_to_the_road_counts_at_both_ends():
    """300 m to the street, 400 m along it, 200 m from it."""
    net = network([(0, 0), (1000, 0)], [(0, 1, 1000)])
    places = degrees((250, 300), (650, -200))
    assert km(net, places, [(0, 1)]) == pytest.approx([0.9], rel=SCALE)


def test_within_a_one_way_street_the_way_back_goes_round():
    """From 250 to 750 of the first side 500 m; back the other 3,500 m of the square."""
    places = degrees((250, 0), (750, 0))
    found = km(network(SQUARE, ROUND), places, [(0, 1), (1, 0)])
    assert found == pytest.approx([0.5, 3.5], rel=SCALE)


def test_from_the_midst_of_a_two_way_street_both_ends_are_near():
    net = network([(0, 0), (1000, 0)], [(0, 1, 1000), (1, 0, 1000)])
    places = degrees((250, 0), (0, 0), (1000, 0))
    found = km(net, places, [(0, 1), (0, 2), (1, 0), (2, 0)])
    assert found == pytest.approx([0.25, 0.75, 0.25, 0.75], rel=SCALE)


def test_two_places_on_one_spot_are_apart_by_the_way_to_the_road_and_back():
    net = network([(0, 0), (1000, 0)], [(0, 1, 1000)])
    places = degrees((250, 300), (250, 300))
    assert km(net, places, [(0, 1)]) == pytest.approx([0.6], rel=SCALE)


def test_the_length_is_the_files_and_not_the_lines():
    """A winding road, drawn straight, of 5 km over 1 km: half of it is 2.5 km."""
    net = network([(0, 0), (1000, 0)], [(0, 1, 5000)])
    places = degrees((500, 0), (1000, 0))
    assert km(net, places, [(0, 1)]) == pytest.approx([2.5], rel=SCALE)


# no way


def test_what_cannot_be_reached_is_told_from_what_is_too_far():
    net = network([(0, 0), (1000, 0), (3000, 0)], [(0, 1, 1000), (1, 2, 2000)])
    places = degrees((0, 0), (1000, 0), (3000, 0))
    found = km(net, places, [(0, 1), (0, 2), (1, 0), (2, 1)], limit_km=1.5)
    assert found[:2].tolist() == [pytest.approx(1.0, abs=1e-6), math.inf]
    assert np.isnan(found[2:]).all()


def test_a_distance_at_its_limit_is_within_it():
    net = network([(0, 0), (1000, 0)], [(0, 1, 1000)])
    assert km(net, degrees((0, 0), (1000, 0)), [(0, 1)], limit_km=1.0 + 1e-8)[0] < math.inf


def test_each_pair_may_have_a_limit_of_its_own():
    net = network([(0, 0), (1000, 0), (3000, 0)], [(0, 1, 1000), (1, 2, 2000)])
    places = degrees((0, 0), (1000, 0), (3000, 0))
    found = km(net, places, [(0, 2), (1, 2)], limit_km=[1.0, 5.0])
    assert found.tolist() == [math.inf, pytest.approx(2.0, abs=1e-6)]


def test_a_place_beyond_reach_of_every_road_has_no_way():
    net = network([(0, 0), (1000, 0)], [(0, 1, 1000), (1, 0, 1000)])
    places = degrees((500, 1900), (500, 2100), (1000, 0))
    found = km(net, places, [(0, 2), (1, 2), (2, 1)])
    assert found[0] == pytest.approx(2.4, rel=SCALE)
    assert np.isnan(found[1:]).all()
    assert km(net, places, [(1, 2)], reach_km=3.0)[0] == pytest.approx(2.6, rel=SCALE)


def test_a_place_that_is_nowhere_has_no_way():
    net = network(SQUARE, ROUND)
    places = np.array([[math.nan, math.nan], *degrees((0, 0))])
    assert np.isnan(km(net, places, [(0, 1), (1, 0)])).all()


def test_nothing_asked_is_nothing_answered():
    none = np.zeros(0, dtype=int)
    assert road_km(network(SQUARE, ROUND), degrees((0, 0)), degrees((0, 0)), none, none).size == 0


# beside networkx


@st.composite
def towns(draw):
    """Streets between junctions on a parabola, so that no street passes through a third one."""
    size = draw(st.integers(2, 7))
    ends = st.integers(0, size - 1)
    street = st.tuples(ends, ends, st.integers(0, 3000)).filter(lambda s: s[0] != s[1])
    return [(100 * x, 10 * x * x) for x in range(size)], draw(st.lists(street, min_size=1))


@given(towns())
@settings(max_examples=25, deadline=None)
def test_between_junctions_the_way_is_that_of_networkx(town):
    points, streets = town
    graph = nx.MultiDiGraph()
    graph.add_weighted_edges_from(streets)
    pairs = [(a, b) for a in graph for b in graph]
    net = network(points, streets)
    for (a, b), distance in zip(pairs, km(net, _nodes(net), pairs), strict=True):
        if nx.has_path(graph, a, b):
            shortest = nx.shortest_path_length(graph, a, b, weight="weight")
            assert distance * 1000 == pytest.approx(shortest, abs=0.01)
        else:
            assert math.isnan(distance)


def test_of_parallel_arcs_the_graph_keeps_the_least():
    arcs = shortest_arcs(*np.array([(0, 1, 5), (1, 0, 2), (0, 1, 3), (0, 0, 1)]).T, 2)
    assert arcs.toarray().tolist() == [[0, 3], [2, 0]]


def _nodes(net):
    return np.column_stack(TO_DEGREES.transform(net.point[:, 0], net.point[:, 1]))


@pytest.fixture(scope="module")
def grid():
    """A town of 20 × 20 crossings, a third of the streets one-way, lengths whole metres."""
    random = np.random.default_rng(7)
    number = np.arange(400).reshape(20, 20)
    across = np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()])
    along = np.column_stack([number[:-1].ravel(), number[1:].ravel()])
    there = np.concatenate([across, along])
    ends = np.concatenate([there, there[random.random(len(there)) > 1 / 3][:, ::-1]])
    lengths = random.integers(100, 200, len(ends))
    points = np.column_stack(np.divmod(np.arange(400), 20)) * 100.0
    return network(points, [(*pair, length) for pair, length in zip(ends, lengths, strict=True)])


def test_places_in_the_midst_of_streets_are_junctions_of_networkx(grid):
    """Cut a street on either side of a place, and let networkx walk from place to place."""
    random = np.random.default_rng(11)
    section = random.choice(len(grid.tail), 40, replace=False)
    ends = grid.shape.reshape(-1, 2, 2)[section]
    spot = ends[:, 0] + random.uniform(0.1, 0.9, (40, 1)) * (ends[:, 1] - ends[:, 0])
    places = np.column_stack(TO_DEGREES.transform(spot[:, 0], spot[:, 1]))
    snaps = snap(grid, places)
    graph = nx.DiGraph()
    graph.add_weighted_edges_from(zip(grid.tail, grid.head, grid.length_m, strict=True))
    for place, at, part in zip(snaps.place, snaps.section, snaps.part, strict=True):
        length = grid.length_m[at]
        graph.add_edge(f"from {place}", grid.head[at], weight=(1 - part) * length)
        graph.add_edge(grid.tail[at], f"to {place}", weight=part * length)
    street = [set(snaps.section[snaps.place == place]) for place in range(40)]
    pairs = [(a, b) for a in range(40) for b in range(40) if not street[a] & street[b]]
    found = km(grid, places, pairs) * 1000
    for (a, b), distance in zip(pairs, found, strict=True):
        if nx.has_path(graph, f"from {a}", f"to {b}"):
            shortest = nx.shortest_path_length(graph, f"from {a}", f"to {b}", weight="weight")
            assert distance == pytest.approx(shortest, abs=0.05)
        else:
            assert math.isnan(distance)
    assert np.isfinite(found).sum() > 1000


def test_how_many_searches_run_at_a_time_changes_nothing(grid, monkeypatch):
    random = np.random.default_rng(3)
    pairs = random.integers(0, 400, (300, 2))
    limit = random.uniform(0.5, 3.0, 300)
    whole = km(grid, _nodes(grid), pairs, limit_km=limit)
    monkeypatch.setattr(routes, "MOST_SEARCHES", 3)
    assert np.isinf(whole).any()
    assert (whole <= limit).any()
    np.testing.assert_array_equal(km(grid, _nodes(grid), pairs, limit_km=limit), whole)


def test_the_order_of_pairs_is_of_no_account(grid):
    pairs = np.random.default_rng(5).integers(0, 400, (50, 2))
    forth = km(grid, _nodes(grid), pairs)
    assert km(grid, _nodes(grid), pairs[::-1])[::-1].tolist() == forth.tolist()


# refusals


def test_a_network_in_degrees_is_refused():
    with pytest.raises(ValueError, match="projected system in metres"):
        Network("EPSG:4326", *(np.zeros(0),) * 7)


def test_places_in_metres_are_refused():
    with pytest.raises(ValueError, match="degrees"):
        snap(network(SQUARE, ROUND), [[700_000.0, 6_600_000.0]])


def test_a_file_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="ends with one of"):
        read_roads("roads.shp", crs=CRS)


# time


def test_the_quickest_way_need_not_be_the_shortest():
    """Straight on 1 km in 4 minutes; round the corner 2 km in 2."""
    points = [(0, 0), (1000, 0), (500, 900)]
    net = network(points, [(0, 1, 1000), (0, 2, 1000), (2, 1, 1000)], minutes=[4, 1, 1])
    places = degrees((0, 0), (1000, 0))
    assert road_minutes(net, places, places, [0], [1]) == pytest.approx([2.0], abs=1e-4)
    assert km(net, places, [(0, 1)]) == pytest.approx([1.0], abs=1e-6)


def test_a_section_without_speed_is_not_used_for_time():
    net = network([(0, 0), (1000, 0)], [(0, 1, 1000)])
    places = degrees((0, 0), (1000, 0))
    assert np.isnan(road_minutes(net, places, places, [0], [1]))[0]


def test_a_truck_goes_no_faster_than_it_may():
    assert max(usual_kmh().values()) <= MOST_KMH
    speed = kmh(
        ["130", "", "", "50"], ["motorway", "residential", "footway", "['primary', 'path']"]
    )
    assert speed.tolist()[:2] == [90.0, 25.0]
    assert math.isnan(speed[2])
    assert speed[3] == 50.0


# GraphML

HEAD = """<?xml version='1.0' encoding='utf-8'?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="d9" for="edge" attr.name="length" attr.type="string"/>
<key id="d8" for="edge" attr.name="highway" attr.type="string"/>
<key id="d7" for="edge" attr.name="geometry" attr.type="string"/>
<key id="d6" for="edge" attr.name="travel_time" attr.type="string"/>
<key id="d2" for="node" attr.name="x" attr.type="string"/>
<key id="d1" for="node" attr.name="y" attr.type="string"/>
<key id="d0" for="graph" attr.name="crs" attr.type="string"/>
"""
JUNCTIONS = {"a": (2.80, 50.40), "b": (2.81, 50.40), "c": (2.81, 50.41)}


def graphml(*edges, junctions=JUNCTIONS, crs="epsg:4326", kind="directed"):
    """A GraphML file as OSMnx writes it; edges (from, to, {key: text})."""
    lines = [HEAD, f'<graph edgedefault="{kind}">']
    lines += [f'<data key="d0">{crs}</data>'] if crs else []
    for name, (x, y) in junctions.items():
        lines.append(f'<node id="{name}"><data key="d2">{x}</data><data key="d1">{y}</data></node>')
    for number, (tail, head, told) in enumerate(edges):
        data = "".join(f'<data key="{key}">{text}</data>' for key, text in told.items())
        lines.append(f'<edge source="{tail}" target="{head}" id="{number}">{data}</edge>')
    return "\n".join([*lines, "</graph></graphml>"])


def read(tmp_path, text, name="roads.graphml"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_roads(path, crs=CRS)


def codes(said):
    return [one.code for one in said]


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

CORNERS = {
    1: (2.80, 50.40),
    2: (2.81, 50.40),
    3: (2.82, 50.40),
    4: (2.81, 50.41),
    5: (2.805, 50.40),
}


def extract(path, *ways, nodes=CORNERS):
    """An extract with ways (points, tags)."""
    with osmium.SimpleWriter(str(path)) as writer:
        for number, at in nodes.items():
            writer.add_node(mutable.Node(id=number, location=at, version=1))
        for number, (points, tags) in enumerate(ways, start=10):
            writer.add_way(mutable.Way(id=number, nodes=points, tags=tags, version=1))
    return read_roads(path, crs=CRS)


def lengths(net):
    """Length in whole metres by the longitudes and latitudes of both ends."""
    place = np.round(_nodes(net), 6)
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


# in a territory

TOWN = {"A": (2.80, 50.40), "B": (2.814, 50.40), "C": (2.814, 50.409), "D": (2.80, 50.409)}
"""Corners of a square of about a kilometre, round which a street leads one way."""
SQUARE_ROADS = graphml(
    *((*pair, {"d9": "1100"}) for pair in ("AB", "BC", "CD", "DA")), junctions=TOWN
)
SITES = "site_id,lon,lat\n" + "".join(f"{n},{x},{y}\n" for n, (x, y) in TOWN.items())
SITES += "E,2.95,50.40\n"
THERE_AND_BACK = """
declaration_id,site_id,kind,resource,quantity,unit,current_cost_eur_per_unit,max_distance_km
ra,A,residue,wood,10,t,50,{limit}
nb,B,need,wood,10,t,50,
rb,B,residue,sand,10,t,50,{limit}
na,A,need,sand,10,t,50,
"""


def with_roads(tmp_path, declarations, roads=SQUARE_ROADS, sites=SITES, **tables):
    """A territory folder with a road network."""
    folder = write_folder(tmp_path / "territory", declarations, sites=sites, **tables)
    (folder / "roads.graphml").write_text(roads, encoding="utf-8")
    return folder


def matched(folder, **sections):
    territory = read_territory(folder)
    return match(territory, settings_of(territory, **sections))


def ways(plan):
    """Distance and its source by the two ids of each flow."""
    rows = zip(plan.flows["from_id"], plan.flows["to_id"], strict=True)
    figures = zip(plan.flows["distance_km"].round(6), plan.flows["distance_source"], strict=True)
    return dict(zip(rows, figures, strict=True))


def reasons(plan):
    return dict(zip(plan.unmatched["declaration_id"], plan.unmatched["reason"], strict=True))


def test_lanes_there_and_back_are_as_long_as_the_road_each_way(tmp_path):
    """One side of the square there, three sides back; circuity has no part in it."""
    folder = with_roads(tmp_path, THERE_AND_BACK.format(limit=""))
    plan = matched(folder, transport={"circuity": 2.0})
    assert ways(plan) == {("ra", "nb"): (1.1, "road"), ("rb", "na"): (3.3, "road")}
    assert "circuity" not in {one["name"] for one in plan.assumptions}


def test_a_lane_must_keep_its_limit_by_road(tmp_path):
    """Straight both are 995 m apart; the way back is 3.3 km, beyond the limit of 2 km."""
    plan = matched(with_roads(tmp_path, THERE_AND_BACK.format(limit="2")))
    assert list(ways(plan)) == [("ra", "nb")]
    assert reasons(plan) == {"rb": "too_far", "na": "too_far"}
    assert "straight line" in plan.unmatched["detail"].iloc[0]


def test_a_place_off_every_road_has_no_lane_and_the_reason_says_so(tmp_path):
    """E lies ten kilometres from the square, well within the limit of distance."""
    declarations = (
        THERE_AND_BACK.format(limit="") + "ne,E,need,glass,5,t,,\nrd,D,residue,glass,5,t,9,\n"
    )
    folder = with_roads(tmp_path, declarations)
    plan = matched(folder)
    assert reasons(plan) == {"ne": "no_road", "rd": "no_road"}
    for lang in ("fr", "en"):
        assert texts.say("report.reason.no_road", lang)
    assert [n.value for n in read_territory(folder).notices if n.code == "roads_far"] == ["E"]


def test_without_a_network_of_its_own_such_a_place_has_a_lane(tmp_path):
    declarations = "declaration_id,site_id,kind,resource,quantity,unit,current_cost_eur_per_unit\n"
    declarations += "ne,E,need,glass,5,t,9\nrd,D,residue,glass,5,t,9\n"
    folder = write_folder(tmp_path / "t", declarations, sites=SITES)
    assert [source for _, source in ways(matched(folder)).values()] == ["geodesic"]


def test_beyond_the_limit_in_a_straight_line_nothing_is_measured_by_road(tmp_path):
    far = SITES.replace("2.95,50.40", "3.95,50.40") + "F,2.8001,50.40\n"
    declarations = (
        THERE_AND_BACK.format(limit="") + "ne,E,need,glass,5,t,,\nrf,F,residue,glass,5,t,9,\n"
    )
    plan = matched(with_roads(tmp_path, declarations, sites=far))
    assert reasons(plan) == {"ne": "too_far", "rf": "too_far"}
    assert "81." in plan.unmatched["detail"].iloc[0]


def test_of_many_partners_too_far_to_be_looked_at_the_nearest_is_told(tmp_path):
    """Twelve residues and as many needs in the square; one need 81 km off, one 88 km off."""
    far = SITES.replace("2.95,50.40", "3.95,50.40") + "F,4.05,50.40\n"
    declarations = THERE_AND_BACK.format(limit="")
    declarations += "".join(
        f"r{n},A,residue,glass,5,t,9,\nn{n},B,need,glass,5,t,9,\n" for n in range(12)
    )
    declarations += "ne,E,need,glass,5,t,,\nnf,F,need,glass,5,t,,\n"
    plan = matched(with_roads(tmp_path, declarations, sites=far))
    said = plan.unmatched.set_index("declaration_id")
    assert said.loc[["ne", "nf"], "reason"].tolist() == ["too_far", "too_far"]
    assert "81." in said.loc["ne", "detail"]
    assert "88." in said.loc["nf", "detail"]
    assert said["detail"].str.contains("straight line").all()


def test_what_links_state_comes_before_the_road_and_other_modes_take_none(tmp_path):
    """A stated distance, and a railway of the geodesic (995 m) × 2."""
    links = "from_id,to_id,mode,distance_km\nra,nb,road,7\nrb,na,rail,\n"
    folder = with_roads(tmp_path, THERE_AND_BACK.format(limit=""), links=links)
    found = ways(matched(folder, transport={"circuity": 2.0}))
    assert found["ra", "nb"] == (7.0, "link")
    assert found["rb", "na"] == (pytest.approx(1.99, abs=0.01), "geodesic")


def test_a_road_is_never_shorter_than_the_straight_line(tmp_path):
    short = SQUARE_ROADS.replace("1100", "1")
    (distance, _), _ = ways(
        matched(with_roads(tmp_path, THERE_AND_BACK.format(limit=""), short))
    ).values()
    assert distance == pytest.approx(0.995, abs=0.001)


def test_sites_of_one_commune_are_apart_by_its_size_on_a_network_too(tmp_path):
    """Both at the commune's own point: half the square root of the area of Lens (11.7 km²)."""
    sites = "site_id,postcode,city\nA,62300,Lens\nB,62300,Lens\n"
    folder = with_roads(tmp_path, THERE_AND_BACK.format(limit=""), sites=sites)
    territory = read_territory(folder)
    lon, lat = territory.sites.loc["A", ["lon", "lat"]]
    around = {"A": (lon, lat), "B": (lon + 0.01, lat)}
    (folder / "roads.graphml").write_text(
        graphml(("A", "B", {"d9": "900"}), ("B", "A", {"d9": "900"}), junctions=around)
    )
    least = math.sqrt(territory.sites.loc["A", "commune_area_km2"]) / 2
    assert 1.6 < least < 1.8
    found = ways(matched(folder))
    assert found["ra", "nb"] == (pytest.approx(least, abs=1e-6), "road")


def test_a_site_on_a_road_that_leads_nowhere_is_named(tmp_path):
    junctions = {**TOWN, "Z": (2.80, 50.39)}
    roads = graphml(
        *((*pair, {"d9": "1100"}) for pair in ("AB", "BC", "CD", "DA", "AZ")), junctions=junctions
    )
    sites = SITES.replace("2.95,50.40", "2.80,50.39")
    folder = with_roads(tmp_path, THERE_AND_BACK.format(limit=""), roads, sites)
    said = [(n.code, n.value) for n in read_territory(folder).notices]
    assert ("roads_cut_off", "E") in said


def test_the_network_is_one_of_the_files_read(tmp_path):
    territory = read_territory(with_roads(tmp_path, THERE_AND_BACK.format(limit="")))
    assert "roads.graphml" in dict(territory.files)
    assert len(territory.roads) == 4


# the recheck


def checked(folder, run_folder, **sections):
    """Match, write and recheck a territory."""
    territory = read_territory(folder)
    plan = match(territory, settings_of(territory, **sections))
    write_run(run_folder, plan, territory)
    return verify_run(run_folder)


def test_a_run_on_roads_is_found_right_and_proven(tmp_path):
    verdict = checked(with_roads(tmp_path, THERE_AND_BACK.format(limit="")), tmp_path / "run")
    assert verdict.violations == ()
    assert all(proof.unproven == 0 for proof in verdict.bound)


@pytest.mark.parametrize(
    ("column", "wrong", "check"),
    [("distance_km", "1.1", "distance"), ("distance_source", "geodesic", "distance_source")],
)
def test_a_false_distance_by_road_is_found(tmp_path, column, wrong, check):
    """The way back is 3.3 km and not the 1.1 km of the way there."""
    checked(with_roads(tmp_path, THERE_AND_BACK.format(limit="")), tmp_path / "run")
    path = tmp_path / "run" / "flows.csv"
    flows = pd.read_csv(path, dtype=str, keep_default_na=False)
    flows.loc[flows["from_id"] == "rb", column] = wrong
    flows.to_csv(path, index=False)
    found = {
        (violation.check, violation.id) for violation in verify_run(tmp_path / "run").violations
    }
    assert (check, "rb→na") in found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_recheck_measures_every_pair_alike_by_three_ways(grid, seed):
    """From the origins, backwards from the ends, and walked by networkx; off the road too."""
    random = np.random.default_rng(seed)
    places = degrees(*random.uniform(-400, 2300, (24, 2)))
    pairs = random.integers(0, 24, (150, 2))
    limit = random.uniform(0.5, 4.0, 150)
    found = km(grid, places, pairs, limit_km=limit)
    assert np.isinf(found).any()
    assert np.isfinite(found).sum() > 30
    frame = pd.DataFrame({"lon": places[:, 0], "lat": places[:, 1]})
    frame = frame.assign(insee="", placed="exact", area_km2=np.nan)
    start, end = frame.iloc[pairs[:, 0]], frame.iloc[pairs[:, 1]]
    expected = np.where(np.isnan(found), np.inf, np.maximum(found, geodesic_km(start, end)))
    for measure in (backwards, walk):
        again = rechecked_km(grid, start, end, limit, measure=measure)
        np.testing.assert_allclose(again, expected, rtol=1e-9)


def random_folder(tmp_path, seed):
    """Forty sites about a town with holes and one-way streets, and what they have and want."""
    random, size = np.random.default_rng(seed), 9
    number = np.arange(size * size).reshape(size, size)
    across = np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()])
    there = np.concatenate([across, np.column_stack([number[:-1].ravel(), number[1:].ravel()])])
    there = there[random.random(len(there)) > 0.25]
    ends = np.concatenate([there, there[random.random(len(there)) > 0.4][:, ::-1]])
    junctions = {n: (2.8 + 0.02 * (n // size), 50.3 + 0.013 * (n % size)) for n in range(size**2)}
    streets = [(a, b, {"d9": str(random.uniform(1300, 2500))}) for a, b in ends.tolist()]
    places = random.uniform((2.76, 50.27), (3.0, 50.44), (40, 2)).round(5).tolist()
    sites = ["site_id,lon,lat,postcode,city"]
    sites += [
        f"S{n},,,62300,Lens" if n % 9 == 8 else f"S{n},{x},{y},," for n, (x, y) in enumerate(places)
    ]
    rows = [
        "declaration_id,site_id,kind,resource,quantity,unit,current_cost_eur_per_unit,max_distance_km"
    ]
    for row in range(120):
        site, quantity, cost = random.integers((0, 1, 0), (40, 50, 9))
        goods, limit = random.choice(["wood", "sand"]), random.choice(["15", "5", "9.5"])
        kind = "residue" if row % 2 else "need"
        rows.append(f"D{row},S{site},{kind},{goods},{quantity},t,{cost},{limit}")
    return with_roads(
        tmp_path,
        "\n".join(rows),
        graphml(*streets, junctions=junctions),
        "\n".join(sites),
        links="from_id,to_id,distance_km,cost_eur_per_unit\nD1,D0,,9\nD3,S4,3,\nS7,S8,,\n",
        hubs="hub_id,lon,lat,takes,gives,yield,capacity,unit_cost_eur,opening_cost_eur\n"
        "H1,2.85,50.35,wood,sand,0.9,200,0.1,10\nH2,2.9,50.4,sand,,,100,0.1,5\n",
    )


@pytest.mark.long
@pytest.mark.parametrize("seed", range(12))
def test_random_runs_on_roads_are_found_right_and_proven(tmp_path, seed):
    verdict = checked(random_folder(tmp_path, seed), tmp_path / "run")
    assert verdict.violations == ()
    assert all(proof.unproven == 0 for proof in verdict.bound)
    flows = pd.read_csv(tmp_path / "run" / "flows.csv")
    assert (flows["distance_source"] == "road").sum() > 10


# two towns near Paris


@pytest.mark.data
@pytest.mark.parametrize("town", ["artemis", "maisons_laffitte"])
def test_on_real_graphs_distances_are_those_of_networkx_to_the_metre(town):
    """A thousand pairs there and back, read and walked by networkx; some have no way."""
    path = Path(os.environ["EIT_DATA"]) / "roads" / f"{town}.graphml"
    net, said = read_roads(path, crs=CRS)
    assert codes(said) == ["roads_paths"]
    graph = nx.read_graphml(path)
    names = list(graph)
    places = np.array([(float(graph.nodes[n]["x"]), float(graph.nodes[n]["y"])) for n in names])
    forth = np.random.default_rng(1).integers(0, len(names), (1000, 2))
    found = km(net, places, [*forth, *forth[:, ::-1]])
    assert np.isnan(found).any()
    assert not np.allclose(found[:1000], found[1000:], equal_nan=True)
    for (a, b), distance in zip([*forth, *forth[:, ::-1]], found, strict=True):
        if nx.has_path(graph, names[a], names[b]):
            walked = nx.shortest_path_length(graph, names[a], names[b], weight=_shortest)
            assert distance * 1000 == pytest.approx(walked, abs=0.01)
        else:
            assert math.isnan(distance)


def _shortest(_tail, _head, parallel):
    return min(float(edge["length"]) for edge in parallel.values())


@pytest.mark.data
@pytest.mark.parametrize("town", ["artemis", "maisons_laffitte"])
def test_the_main_part_of_a_real_graph_is_that_of_networkx(town):
    path = Path(os.environ["EIT_DATA"]) / "roads" / f"{town}.graphml"
    net, _ = read_roads(path, crs=CRS)
    largest = max(nx.strongly_connected_components(nx.read_graphml(path)), key=len)
    assert net.main_part().sum() == len(largest)
