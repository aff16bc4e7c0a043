"""Small road networks: drawn in metres, and in the files that people have."""

import numpy as np
import osmium
from osmium.osm import mutable
from pyproj import Transformer

from eit.roads import Network, read_roads, road_km

CRS = "EPSG:2154"
ORIGIN = np.array([700_000.0, 6_600_000.0])
"""Where metres of Lambert-93 and metres on the ground differ least."""
TO_DEGREES = Transformer.from_crs(CRS, 4326, always_xy=True)


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


def km(net, places, pairs, **options):
    """Kilometres by road between pairs of places."""
    origin, end = np.array(pairs).T
    return road_km(net, places, places, origin, end, **options)


def nodes_of(net):
    """Longitude and latitude of the ends of sections."""
    return np.column_stack(TO_DEGREES.transform(net.point[:, 0], net.point[:, 1]))


def crossings():
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


def codes(said):
    """What was said, by code."""
    return [one.code for one in said]


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


# in a territory

TOWN = {"A": (2.80, 50.40), "B": (2.814, 50.40), "C": (2.814, 50.409), "D": (2.80, 50.409)}
"""Corners of a square of about a kilometre, round which a street leads one way."""
SQUARE_ROADS = graphml(
    *((*pair, {"d9": "1100"}) for pair in ("AB", "BC", "CD", "DA")), junctions=TOWN
)
