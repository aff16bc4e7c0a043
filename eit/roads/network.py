"""A road network in arrays: junctions, and the directed sections between them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Network:
    """Roads as a directed graph; a two-way street is two sections, parallel ones may be.

    Attributes
    ----------
    crs
        Projected system of all coordinates, in metres.
    point
        Junctions, shape (n, 2).
    tail, head
        Junction where each section begins and ends, shape (m,).
    length_m
        Length of each section as the file says it, shape (m,); >= 0.
    minutes
        Time along each section, shape (m,); NaN where its speed is not known.
    shape
        Points of all sections one after the other, from tail to head, shape (p, 2).
    start
        Where the points of each section begin, and where the last one's end, shape (m + 1,).

    Raises
    ------
    ValueError
        If the system is not a projected one in metres.
    """

    crs: str
    point: Floats
    tail: Ints
    head: Ints
    length_m: Floats
    minutes: Floats
    shape: Floats
    start: Ints

    def __post_init__(self) -> None:
        system = CRS.from_user_input(self.crs)
        if not system.is_projected or {axis.unit_name for axis in system.axis_info} != {"metre"}:
            raise ValueError(f"crs must be a projected system in metres; got {self.crs!r}")

    def __len__(self) -> int:
        return len(self.point)

    def lines(self) -> Shapes:
        """Sections as lines, shape (m,)."""
        section = np.repeat(np.arange(len(self.tail)), np.diff(self.start))
        return np.asarray(shapely.linestrings(self.shape, indices=section), dtype=object)

    def main_part(self) -> npt.NDArray[np.bool_]:
        """Junctions of the largest part in which every one is reached from every other, (n,)."""
        if not len(self):
            return np.zeros(0, dtype=bool)
        graph = shortest_arcs(self.tail, self.head, self.length_m, len(self))
        number, part = connected_components(graph, directed=True, connection="strong")
        largest = np.argmax(np.bincount(part, minlength=number))
        return np.asarray(part == largest, dtype=bool)


def shortest_arcs(tail: Ints, head: Ints, weight: Floats, nodes: int) -> csr_array:
    """Graph of the least weight between each two nodes; a weight of 0 is a way too.

    Parameters
    ----------
    tail, head, weight
        Arcs, shape (m,); those without a weight (NaN) are left out.
    nodes
        Number of nodes n.

    Returns
    -------
    graph
        Shape (n, n).
    """
    known = np.flatnonzero(~np.isnan(weight) & (tail != head))
    order = known[np.lexsort((weight[known], head[known], tail[known]))]
    rows, columns = tail[order], head[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    start = np.searchsorted(rows[first], np.arange(nodes + 1))
    parts = weight[order][first], columns[first].astype(np.int32), start.astype(np.int32)
    return csr_array(parts, shape=(nodes, nodes))
