"""Many-to-many distances by road, beside networkx and beside scipy without a limit; reading.

``python -m bench.roads`` prints a table; ``--data FOLDER`` adds the real graphs of that
folder (``*.graphml``), ``--write FILE`` also writes the table as Markdown. Seconds are those
of the processor for all pairs; networkx walks from a few origins only and is scaled up.
Contenders take turns, so that a busy moment of the machine falls on all of them. A second
table tells what it takes to read a network from its file, and to open it where it was kept.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import networkx as nx
import numpy as np
from pyproj import Transformer
from scipy.sparse.csgraph import dijkstra

from eit.roads import Network, read_roads, road_km
from eit.roads.network import shortest_arcs

CRS = "EPSG:2154"
SIDE = 317
"""Crossings along a side of the grid: 100,489 in all."""
STREET_M = 100.0
ENDS = 300
"""Distinct origins, and distinct ends; every pair of them is asked for."""
LIMIT_KM = 10.0
WALKED = 10
"""Origins that networkx walks from."""
ROUNDS = 3


def grid(side: int = SIDE) -> Network:
    """A town of crossings a street apart, a fifth of the streets one-way; lengths vary."""
    random = np.random.default_rng(1)
    number = np.arange(side * side).reshape(side, side)
    across = np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()])
    along = np.column_stack([number[:-1].ravel(), number[1:].ravel()])
    there = np.concatenate([across, along])
    ends = np.concatenate([there, there[random.random(len(there)) > 0.2][:, ::-1]])
    cell = np.column_stack(np.divmod(np.arange(side * side), side))
    point = np.array([700_000.0, 6_600_000.0]) + STREET_M * cell
    length = STREET_M * random.uniform(1.0, 1.5, len(ends))
    return Network(
        crs=CRS,
        point=point,
        tail=ends[:, 0],
        head=ends[:, 1],
        length_m=length,
        minutes=np.full(len(ends), np.nan),
        shape=point[ends].reshape(-1, 2),
        start=2 * np.arange(len(ends) + 1),
    )


def contest(name: str, network: Network, ends: int) -> list[str]:
    """One row per contender: median seconds for all pairs and the ratio to ours."""
    random = np.random.default_rng(2)
    start, stop = (random.choice(len(network), ends, replace=False) for _ in range(2))
    to_degrees = Transformer.from_crs(CRS, 4326, always_xy=True)
    places = np.column_stack(to_degrees.transform(network.point[:, 0], network.point[:, 1]))
    origin, end = np.divmod(np.arange(ends * ends), ends)
    graph = shortest_arcs(network.tail, network.head, network.length_m, len(network))
    known = nx.DiGraph()
    rows = np.repeat(np.arange(len(network)), np.diff(graph.indptr))
    known.add_weighted_edges_from(
        zip(rows.tolist(), graph.indices.tolist(), graph.data.tolist(), strict=True)
    )

    def ours(limit_km: float) -> float:
        road_km(network, places[start], places[stop], origin, end, limit_km=limit_km)
        return 1.0

    def scipy() -> float:
        for at in range(0, ends, 50):
            dijkstra(graph, indices=start[at : at + 50])[:, stop]
        return 1.0

    def walk(limit_km: float) -> float:
        for node in start[:WALKED].tolist():
            nx.single_source_dijkstra_path_length(known, node, cutoff=limit_km * 1000)
        return ends / WALKED

    contenders: dict[str, Callable[[], float]] = {
        f"eit.roads, limit {LIMIT_KM:g} km": lambda: ours(LIMIT_KM),
        "eit.roads, no limit": lambda: ours(np.inf),
        "scipy dijkstra, no limit": scipy,
        f"networkx, limit {LIMIT_KM:g} km": lambda: walk(LIMIT_KM),
        "networkx, no limit": lambda: walk(np.inf),
    }
    seconds: dict[str, list[float]] = {label: [] for label in contenders}
    for _ in range(ROUNDS):
        for label, run in contenders.items():
            begin = time.process_time()
            times = run()
            seconds[label].append((time.process_time() - begin) * times)
    medians = {label: statistics.median(of) for label, of in seconds.items()}
    first = next(iter(medians.values()))
    return [
        f"| {name} | {len(network):,} | {ends} × {ends} | {label} | {of:.2f} | {of / first:.1f} |"
        for label, of in medians.items()
    ]


def write_graphml(network: Network, path: Path) -> None:
    """Write a network as OSMnx does, every figure a string."""
    to_degrees = Transformer.from_crs(network.crs, 4326, always_xy=True)
    lon, lat = to_degrees.transform(network.point[:, 0], network.point[:, 1])
    with path.open("w", encoding="utf-8") as file:
        file.write(
            '<graphml><key id="l" for="edge" attr.name="length"/><key id="h" for="edge"'
            ' attr.name="highway"/><key id="x" for="node" attr.name="x"/><key id="y" for="node"'
            ' attr.name="y"/><key id="c" for="graph" attr.name="crs"/>'
            '<graph edgedefault="directed"><data key="c">epsg:4326</data>\n'
        )
        for at, (x, y) in enumerate(zip(lon, lat, strict=True)):
            place = f'<data key="x">{x:.7f}</data><data key="y">{y:.7f}</data>'
            file.write(f'<node id="{at}">{place}</node>\n')
        for tail, head, metres in zip(network.tail, network.head, network.length_m, strict=True):
            told = f'<data key="l">{metres:.3f}</data><data key="h">residential</data>'
            file.write(f'<edge source="{tail}" target="{head}">{told}</edge>\n')
        file.write("</graph></graphml>\n")


def readings(name: str, path: Path) -> Iterator[str]:
    """Rows on reading a file: median seconds anew and kept, and the size of both."""
    seconds: dict[str, list[float]] = {"": [], "kept": []}
    with tempfile.TemporaryDirectory() as kept:
        for where in (kept, *[kept, ""] * ROUNDS):
            os.environ["EIT_CACHE"] = where
            begin = time.process_time()
            read_roads(path, crs=CRS)
            seconds["kept" if where else ""].append(time.process_time() - begin)
        size = sum(file.stat().st_size for file in Path(kept).rglob("*.npz"))
    anew = statistics.median(seconds[""])
    again = statistics.median(seconds["kept"][1:])  # the first one made it
    rows = (
        ("read from the file", path.stat().st_size, anew),
        ("opened where it was kept", size, again),
    )
    for label, of, took in rows:
        yield f"| {name} | {label} | {of / 1e6:.1f} | {took:.3f} | {took / again:.1f} |"


def reading_table(paths: list[Path]) -> list[str]:
    """Table on reading the grid and every file given."""
    lines = ["", "| roads | network | MB | CPU s, median | ratio |", "|---|---|---:|---:|---:|"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "grid.graphml"
        write_graphml(grid(), path)
        lines += readings("grid", path)
    for path in paths:
        lines += readings(path.stem, path)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--write", type=Path)
    chosen = parser.parse_args()
    lines = [
        "| roads | junctions | pairs | contender | CPU s, median | ratio |",
        "|---|---:|---:|---|---:|---:|",
        *contest("grid", grid(), ENDS),
    ]
    paths = sorted(chosen.data.glob("*.graphml")) if chosen.data else []
    for path in paths:
        network, _ = read_roads(path, crs=CRS)
        if network is not None:
            lines += contest(path.stem, network, ENDS)
    text = "\n".join([*lines, *reading_table(paths)]) + "\n"
    print(text)
    if chosen.write:
        chosen.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
