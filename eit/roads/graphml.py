"""Reads a road network as OSMnx writes it: GraphML, every figure a string, lengths in metres."""

from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import CRSError

from eit.faults import Fault, Notice
from eit.roads.network import Floats, Ints, Network, Shapes
from eit.roads.speeds import kmh, road_class, usual_kmh

EARTH = Geod(ellps="WGS84")
EDGE_TEXTS = ("length", "geometry", "highway", "maxspeed", "speed_kph", "travel_time")
"""Data of edges that are used; ``travel_time`` in seconds, as OSMnx adds it."""

Said = list[Fault | Notice]


@dataclass(slots=True)
class _Graph:
    """What stands in the file, text by text."""

    crs: str = ""
    node: list[str] = field(default_factory=list)
    x: list[str] = field(default_factory=list)
    y: list[str] = field(default_factory=list)
    source: list[str] = field(default_factory=list)
    target: list[str] = field(default_factory=list)
    both: list[bool] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in EDGE_TEXTS})

    def name(self, edge: int) -> str:
        """An edge by its two ends."""
        return f"{self.source[edge]}→{self.target[edge]}"


def read_graphml(path: Path, crs: str, file: str) -> tuple[Network | None, Said]:
    """Read a GraphML file, as `eit.roads.read_roads` does."""
    try:
        graph = _Parser().read(path)
        system = CRS.from_user_input(graph.crs) if graph.crs else None
    except (expat.ExpatError, OSError) as error:
        return None, [Fault(file, 0, "", "", "roads_unreadable", {"why": str(error)})]
    except CRSError:
        return None, [Fault(file, 0, "crs", graph.crs, "roads_crs")]
    if system is None or not (system.is_geographic or system.is_projected):
        return None, [Fault(file, 0, "crs", graph.crs, "roads_crs")]
    if not graph.source:
        return None, [Fault(file, 0, "", "", "roads_empty")]
    ends, point, said = _checked(graph, file, in_degrees=bool(system.is_geographic))
    if said:
        return None, said
    length, of_length = _lengths(graph, file)
    lines = _lines(graph, ends, point)
    if system.to_epsg() != 4326:
        lines = shapely.transform(lines, _transformer(system, "EPSG:4326"), interleaved=False)
    blank = np.isnan(length)
    length[blank] = [EARTH.geometry_length(line) for line in lines[blank]]
    said = [*of_length, *_paths(graph, file)]
    if any(isinstance(one, Fault) for one in said):
        return None, said
    minutes = _minutes(graph, length)
    network = _network(graph, ends, point, lines, length, minutes, system, crs)
    if nowhere := int((~np.isfinite(network.shape)).any(axis=1).sum()):
        return None, [*said, _counted(file, "geometry", "", "roads_nowhere", nowhere)]
    return network, said


class _Parser:
    """Takes the file element by element, and keeps the texts that are used."""

    def __init__(self) -> None:
        self.graph = _Graph()
        self.keys: dict[str, str] = {}
        self.directed = True
        self.holder = ""
        self.told: dict[str, str] = {}
        self.key: str | None = None

    def read(self, path: Path) -> _Graph:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self.begin
        parser.EndElementHandler = self.finish
        parser.CharacterDataHandler = self.hear
        with path.open("rb") as content:
            parser.ParseFile(content)
        return self.graph

    def begin(self, name: str, about: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if tag == "data":
            self.key = self.keys.get(about.get("key", ""), "")
        elif tag == "node":
            self.holder, self.told = tag, {}
            self.graph.node.append(about.get("id", ""))
        elif tag == "edge":
            self.holder, self.told = tag, {}
            self.graph.source.append(about.get("source", ""))
            self.graph.target.append(about.get("target", ""))
            directed = about.get("directed", str(self.directed).lower())
            self.graph.both.append(directed == "false")
        elif tag == "graph":
            self.holder, self.told = tag, {}
            self.directed = about.get("edgedefault") != "undirected"
        elif tag == "key":
            self.keys[about.get("id", "")] = about.get("attr.name", "")

    def hear(self, text: str) -> None:
        if self.key is not None:
            self.told[self.key] = self.told.get(self.key, "") + text

    def finish(self, name: str) -> None:
        tag = name.rpartition(":")[2]
        if tag == "data":
            self.key = None
            if self.holder == "graph":
                self.graph.crs = self.told.get("crs", "").strip()
        elif tag == "node":
            self.graph.x.append(self.told.get("x", ""))
            self.graph.y.append(self.told.get("y", ""))
            self.holder, self.told = "graph", {}
        elif tag == "edge":
            for column, texts in self.graph.texts.items():
                texts.append(self.told.get(column, "").strip())
            self.holder, self.told = "graph", {}


def _checked(graph: _Graph, file: str, *, in_degrees: bool) -> tuple[Ints, Floats, Said]:
    """Ends of every edge as positions, shape (m, 2); where the nodes are; what is wrong."""
    index = pd.Index(graph.node)
    names = np.array([graph.source, graph.target], dtype=object)
    said: Said = []
    point = np.column_stack([_numbers(graph.x), _numbers(graph.y)])
    most = (180.0, 90.0) if in_degrees else (1e9, 1e9)
    nowhere = np.flatnonzero(~(np.abs(point) <= most).all(axis=1))
    if index.has_duplicates:
        twice = index[index.duplicated()]
        said.append(_counted(file, "id", str(twice[0]), "roads_node_twice", len(twice)))
        index = index.drop_duplicates()
    if len(nowhere):
        said.append(_counted(file, "x", graph.node[nowhere[0]], "roads_nowhere", len(nowhere)))
    ends = np.column_stack([index.get_indexer(side) for side in names])
    loose = np.flatnonzero((ends < 0).any(axis=1))
    if len(loose):
        said.append(_counted(file, "source", graph.name(loose[0]), "roads_loose", len(loose)))
    return ends.astype(np.int64), point, said


def _counted(file: str, column: str, value: str, code: str, number: int) -> Fault:
    return Fault(file, 0, column, value, code, {"number": str(number)})


def _numbers(texts: list[str]) -> Floats:
    read = pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce")
    return np.array(read, dtype=np.float64)


def _lengths(graph: _Graph, file: str) -> tuple[Floats, Said]:
    """Length of every edge in metres, NaN where the file says none."""
    texts = graph.texts["length"]
    length = _numbers(texts)
    silent = np.array([text == "" for text in texts], dtype=bool)
    wrong = np.flatnonzero(~silent & ~(np.isfinite(length) & (length >= 0)))
    said: Said = []
    if len(wrong):
        first = graph.name(wrong[0])
        detail = {"number": str(len(wrong)), "edge": first}
        said.append(Fault(file, 0, "length", texts[wrong[0]], "roads_length", detail))
    if silent.any():
        said.append(
            Notice(file, 0, "length", "", "roads_measured", {"number": str(int(silent.sum()))})
        )
    return length, said


def _paths(graph: _Graph, file: str) -> Said:
    """A word on sections of a class that no truck uses: the file is taken as it stands."""
    texts = pd.Series(graph.texts["highway"], dtype=object)
    classes = texts.map({text: road_class(text) for text in set(texts)})
    odd = classes[(classes != "") & ~classes.isin(list(usual_kmh()))]
    if odd.empty:
        return []
    detail = {"number": str(len(odd)), "classes": ", ".join(sorted(set(odd)))}
    return [Notice(file, 0, "highway", "", "roads_paths", detail)]


def _lines(graph: _Graph, ends: Ints, point: Floats) -> Shapes:
    """Shape of every edge from its source to its target; straight where none is drawn."""
    texts = np.array([text or None for text in graph.texts["geometry"]], dtype=object)
    with np.errstate(invalid="ignore"):
        drawn = np.asarray(shapely.from_wkt(texts, on_invalid="ignore"), dtype=object)
    straight = np.asarray(shapely.linestrings(point[ends]), dtype=object)
    good = (shapely.get_type_id(drawn) == 1) & (shapely.get_num_points(drawn) > 1)
    lines = np.where(good, drawn, straight)
    begin = shapely.get_coordinates(shapely.get_point(lines, 0))
    finish = shapely.get_coordinates(shapely.get_point(lines, -1))
    tail, head = point[ends[:, 0]], point[ends[:, 1]]
    as_drawn = ((begin - tail) ** 2 + (finish - head) ** 2).sum(axis=1)
    against = ((begin - head) ** 2 + (finish - tail) ** 2).sum(axis=1)
    turned = np.flatnonzero(against < as_drawn)
    lines[turned] = shapely.reverse(lines[turned])
    return np.asarray(lines, dtype=object)


def _minutes(graph: _Graph, length: Floats) -> Floats:
    """Time of every edge: as stated, else by its speed."""
    speed = _numbers(graph.texts["speed_kph"])
    usual = kmh(graph.texts["maxspeed"], graph.texts["highway"])
    speed = np.where(np.isfinite(speed) & (speed > 0), speed, usual)
    stated = _numbers(graph.texts["travel_time"]) / 60
    by_speed: Floats = length / (speed * 1000 / 60)
    return np.where(np.isfinite(stated) & (stated >= 0), stated, by_speed)


def _transformer(system: CRS | str, to: CRS | str):  # type: ignore[no-untyped-def]
    return Transformer.from_crs(system, to, always_xy=True).transform


def _network(
    graph: _Graph,
    ends: Ints,
    point: Floats,
    lines: Shapes,
    length: Floats,
    minutes: Floats,
    system: CRS,
    crs: str,
) -> Network:
    """Lay everything out in metres; an edge without direction becomes two sections."""
    to_metres = _transformer("EPSG:4326", crs)
    both = np.flatnonzero(np.array(graph.both, dtype=bool))
    ends = np.concatenate([ends, ends[both][:, ::-1]])
    lines = np.concatenate([lines, shapely.reverse(lines[both])])
    coordinates, section = shapely.get_coordinates(lines, return_index=True)
    return Network(
        crs=crs,
        point=np.column_stack(_transformer(system, crs)(point[:, 0], point[:, 1])),
        tail=ends[:, 0],
        head=ends[:, 1],
        length_m=np.concatenate([length, length[both]]),
        minutes=np.concatenate([minutes, minutes[both]]),
        shape=np.column_stack(to_metres(coordinates[:, 0], coordinates[:, 1])),
        start=np.searchsorted(section, np.arange(len(lines) + 1)),
    )
