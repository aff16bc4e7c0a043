"""Hubs that feed each other in a circle and make more than they take: refused if unlimited."""

import networkx as nx
import numpy as np

from eit.faults import Fault
from eit.matching.problem import Offer

ROUNDING = 1e-9
"""A circle whose yields multiply to one within this does not grow."""


def growing_hubs(offer: Offer) -> list[Fault]:
    """Name the hubs of each circle that grows and that no capacity or link limits."""
    graph = _unlimited(offer)
    faults = []
    for part in nx.strongly_connected_components(graph):
        circle = _growing(graph.subgraph(part))
        if circle:
            faults.append(_fault(offer, circle))
    return faults


def _unlimited(offer: Offer) -> "nx.DiGraph[int]":
    """Products that go into making others without any limit, weighed by what becomes of a unit."""
    ends, lanes = offer.ends, offer.lanes
    between = np.flatnonzero((lanes.origin >= ends.residues) & (lanes.end >= ends.needs))
    recipes = ends.destinations.iloc[lanes.end[between]]
    capacity = ends.hubs["capacity"].to_numpy(dtype=float)[recipes["hub"].to_numpy()]
    terms = offer.links.terms.iloc[lanes.link[between]]
    group = np.append(offer.links.groups["capacity"].to_numpy(dtype=float), np.inf)
    most = np.minimum(terms["max_quantity"].to_numpy(), group[terms["group"].to_numpy()])
    open_ended = np.isinf(capacity) & np.isinf(most) & (recipes["product"] >= 0).to_numpy()
    product = recipes["product"].to_numpy()[open_ended]
    weight = -np.log(recipes["yield"].to_numpy(dtype=float)[open_ended])
    source = lanes.origin[between][open_ended] - ends.residues
    graph: nx.DiGraph[int] = nx.DiGraph()
    for tail, head, cost in zip(source.tolist(), product.tolist(), weight.tolist(), strict=True):
        if not graph.has_edge(tail, head) or cost < graph[tail][head]["weight"]:
            graph.add_edge(tail, head, weight=cost)
    return graph


def _growing(part: "nx.DiGraph[int]") -> list[int]:
    """Products of one circle that makes more than it takes; none if there is no such circle."""
    grown: nx.DiGraph[int] = nx.DiGraph()
    for tail, head in part.edges:
        grown.add_edge(tail, head, weight=part[tail][head]["weight"] + ROUNDING)
    if not grown:
        return []
    try:
        return list(nx.find_negative_cycle(grown, next(iter(sorted(grown)))))
    except nx.NetworkXError:  # there is none
        return []


def _fault(offer: Offer, circle: list[int]) -> Fault:
    """Fault at the first of the hubs, naming all of them."""
    products = offer.ends.origins.iloc[offer.ends.residues + np.array(circle)]
    first = products.sort_values(["file", "line"]).iloc[0]
    hubs = ", ".join(sorted(set(products["id"])))
    place = str(first["file"]), int(first["line"])
    return Fault(*place, "capacity", "", "growing_hubs", {"hubs": hubs})
