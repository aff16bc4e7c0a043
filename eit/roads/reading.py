"""A road file becomes a network, or the list of what stands in its way."""

from pathlib import Path

from eit.faults import Fault, Notice
from eit.roads.graphml import read_graphml
from eit.roads.network import Network

ENDINGS = (".graphml", ".pbf")
"""How the names of road files end."""


def read_roads(
    path: str | Path, *, crs: str, file: str = ""
) -> tuple[Network | None, list[Fault | Notice]]:
    """Read a road network.

    Parameters
    ----------
    path
        ``*.graphml`` as OSMnx writes it, taken whole; or ``*.osm.pbf``, of which the roads
        that trucks may use are taken.
    crs
        Projected system in metres to which the coordinates are brought.
    file
        Name by which faults call the file; its own name if empty.

    Returns
    -------
    network, said
        None with at least one fault.

    Raises
    ------
    ValueError
        If the system is not a projected one in metres, or the name has another ending.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise ValueError(f"a road file ends with one of {ENDINGS}; got {path.name!r}")
    if ending == ".graphml":
        return read_graphml(path, crs, file or path.name)
    from eit.roads.extract import read_extract  # here: its engine is of use for nothing else

    return read_extract(path, crs, file or path.name)
