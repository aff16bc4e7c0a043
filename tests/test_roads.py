"""Ways on roads: the shortest way is the shortest, one-way streets count, nothing is guessed."""

import math
import os
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.roads import CRS, TO_DEGREES, codes, crossings, degrees, km, network, nodes_of

from eit.roads import Network, read_roads, road_km, road_minutes, routes, snap
from eit.roads.network import shortest_arcs
from eit.roads.speeds import MOST_KMH, kmh, usual_kmh

SCALE = 2e-3
"""How far lengths of Lambert-93 may be from those on the ground, there."""
SQUARE = [(0, 0), (1000, 0), (1000, 1000), (0, 1000)]
ROUND = [(0, 1, 1000), (1, 2, 1000), (2, 3, 1000), (3, 0, 1000)]


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
    for (a, b), distance in zip(pairs, km(net, nodes_of(net), pairs), strict=True):
        if nx.has_path(graph, a, b):
            shortest = nx.shortest_path_length(graph, a, b, weight="weight")
            assert distance * 1000 == pytest.approx(shortest, abs=0.01)
        else:
            assert math.isnan(distance)


def test_of_parallel_arcs_the_graph_keeps_the_least():
    arcs = shortest_arcs(*np.array([(0, 1, 5), (1, 0, 2), (0, 1, 3), (0, 0, 1)]).T, 2)
    assert arcs.toarray().tolist() == [[0, 3], [2, 0]]


@pytest.fixture(scope="module")
def grid():
    return crossings()


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
    whole = km(grid, nodes_of(grid), pairs, limit_km=limit)
    monkeypatch.setattr(routes, "MOST_SEARCHES", 3)
    assert np.isinf(whole).any()
    assert (whole <= limit).any()
    np.testing.assert_array_equal(km(grid, nodes_of(grid), pairs, limit_km=limit), whole)


def test_the_order_of_pairs_is_of_no_account(grid):
    pairs = np.random.default_rng(5).integers(0, 400, (50, 2))
    forth = km(grid, nodes_of(grid), pairs)
    assert km(grid, nodes_of(grid), pairs[::-1])[::-1].tolist() == forth.tolist()


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
