"""The lanes that a plan uses by road, walked once more by another library."""

import networkx as nx
import numpy as np
import pandas as pd

from eit.roads import Network
from eit.verify.ledger import Ledger
from eit.verify.market import Floats, Ints
from eit.verify.roads import road_km
from eit.verify.verdict import Violation, unlike

FURTHER_KM = 1.0
"""How much further than a lane is said to be is walked, to say how far it is."""


def check_roads(ledger: Ledger) -> list[Violation]:
    """Walk every lane by road that the plan uses, with networkx."""
    roads, flows = ledger.ground.roads, ledger.flows
    if roads is None:
        return []
    used = flows[flows["distance_source_own"] == "road"].drop_duplicates(["origin", "end", "mode"])
    start = ledger.ground.market.origins.iloc[used["origin"]]
    end = ledger.ground.market.ends.iloc[used["end"]]
    limit_km = used["distance_km"].to_numpy(dtype=np.float64) + FURTHER_KM
    walked = road_km(roads, start, end, limit_km, measure=walk)
    return unlike("distance", used["at"], used["distance_km"], pd.Series(walked, used.index))


def walk(roads: Network, start: Ints, end: Ints, limit_m: Floats) -> Floats:
    """Metres between junctions, walked by networkx from every distinct start."""
    graph: nx.DiGraph[int] = nx.DiGraph()
    sections = zip(roads.tail.tolist(), roads.head.tolist(), roads.length_m.tolist(), strict=True)
    for tail, head, length in sections:
        known = graph.get_edge_data(tail, head)
        if known is None or length < known["weight"]:
            graph.add_edge(tail, head, weight=length)
    metres = np.full(len(start), np.inf)
    for junction in np.unique(start):
        rows = np.flatnonzero(start == junction)
        reached = nx.single_source_dijkstra_path_length(
            graph, int(junction), cutoff=float(limit_m[rows].max())
        )
        metres[rows] = [reached.get(int(stop), np.inf) for stop in end[rows]]
    return metres
