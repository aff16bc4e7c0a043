"""Hubs that feed each other in a circle and make more than they take: refused if unlimited."""

from collections.abc import Iterator, Mapping

import numpy as np

from eit.faults import Fault
from eit.matching.problem import Offer

ROUNDING = 1e-9
"""A circle whose yields multiply to one within this does not grow."""


def growing_hubs(offer: Offer) -> list[Fault]:
    """Name the hubs of each circle that grows and that no capacity or link limits."""
    arcs = _unlimited(offer)
    return [_fault(offer, circle) for circle in _growing(arcs)] if arcs else []


def _unlimited(offer: Offer) -> Mapping[tuple[int, int], float]:
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
    arcs: dict[tuple[int, int], float] = {}
    for tail, head, cost in zip(source.tolist(), product.tolist(), weight.tolist(), strict=True):
        arcs[tail, head] = min(cost, arcs.get((tail, head), np.inf))
    return arcs


def _growing(arcs: Mapping[tuple[int, int], float]) -> Iterator[list[int]]:
    """Products of one circle that makes more than it takes, in each part that has one."""
    import networkx as nx  # here: few territories have hubs that feed each other

    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_weighted_edges_from(
        (tail, head, cost + ROUNDING) for (tail, head), cost in arcs.items()
    )
    for part in nx.strongly_connected_components(graph):
        circle = graph.subgraph(part)
        if circle.edges:
            try:
                yield list(nx.find_negative_cycle(circle, min(part)))
            except nx.NetworkXError:  # there is none
                continue


def _fault(offer: Offer, circle: list[int]) -> Fault:
    """Fault at the first of the hubs, naming all of them."""
    products = offer.ends.origins.iloc[offer.ends.residues + np.array(circle)]
    first = products.sort_values(["file", "line"]).iloc[0]
    hubs = ", ".join(sorted(set(products["id"])))
    place = str(first["file"]), int(first["line"])
    return Fault(*place, "capacity", "", "growing_hubs", {"hubs": hubs})
