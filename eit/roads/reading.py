"""A road file becomes a network, or the list of what stands in its way."""

from pathlib import Path

from eit.faults import Fault, Notice
from eit.roads.graphml import read_graphml
from eit.roads.keeping import keep_network, kept_network, place_of
from eit.roads.network import Network

ENDINGS = (".graphml", ".pbf")
"""How the names of road files end."""


def read_roads(
    path: str | Path, *, crs: str, file: str = ""
) -> tuple[Network | None, list[Fault | Notice]]:
    """Read a road network, or open it where it was kept when it was read before.

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
    place = place_of(path, crs)
    if place is not None and (kept := kept_network(place, crs, file or path.name)):
        return kept[0], list(kept[1])
    network, said = _read(path, crs, file or path.name)
    if place is not None and network is not None:
        keep_network(place, network, [one for one in said if isinstance(one, Notice)])
    return network, said


def _read(path: Path, crs: str, file: str) -> tuple[Network | None, list[Fault | Notice]]:
    if path.suffix.lower() == ".graphml":
        return read_graphml(path, crs, file)
    from eit.roads.extract import read_extract  # here: its engine is of use for nothing else

    return read_extract(path, crs, file)
