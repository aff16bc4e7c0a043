"""Networks that were read once, kept as arrays: reading a file anew takes many times as long.

A network is kept under the fingerprint of its file, of the system it is brought to, and of
everything else that reading it rests on. The folder may be deleted at any time, and what
cannot be written or read there is merely read from its own file again.
"""

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np

from eit import data
from eit.caches import cache_folder
from eit.faults import Notice
from eit.roads.network import Network

FORMAT = 1
"""Raised whenever files are read or networks are kept in another way."""
MOST = 8
"""Networks that are kept; of more, those written first go."""
ARRAYS = tuple(field.name for field in fields(Network) if field.name != "crs")
SAID = "said"


def place_of(path: Path, crs: str) -> Path | None:
    """Where the network of a file is kept; None where nothing can be.

    Parameters
    ----------
    path
        The road file.
    crs
        System to which it is brought.
    """
    folder = cache_folder("roads")
    if folder is None:
        return None
    try:
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256")
    except OSError:
        return None
    speeds = data.path("roads", "speeds.csv").read_bytes()
    for part in (str(FORMAT), crs, path.suffix.lower(), hashlib.sha256(speeds).hexdigest()):
        digest.update(b"\0" + part.encode())
    return folder / f"{digest.hexdigest()}.npz"


def kept_network(place: Path, crs: str, file: str) -> tuple[Network, list[Notice]] | None:
    """Open a network and what was said of it; None if there is none, or it is damaged.

    Parameters
    ----------
    place
        As of `place_of`.
    crs
        System of its coordinates.
    file
        Name by which notices call the file.
    """
    try:
        with place.open("rb") as content, np.load(content, allow_pickle=False) as kept:
            network = Network(crs=crs, **{name: kept[name] for name in ARRAYS})
            said = json.loads(kept[SAID].tobytes())
        _refuse_damaged(network)
        notices = [
            Notice(file, 0, one["column"], one["value"], one["code"], one["detail"]) for one in said
        ]
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return None
    return network, notices


def _refuse_damaged(network: Network) -> None:
    """Raise a ``ValueError`` if arrays do not fit each other."""
    nodes, sections = len(network.point), len(network.tail)
    shapes = {
        "point": (nodes, 2),
        **dict.fromkeys(("tail", "head", "length_m", "minutes"), (sections,)),
        "shape": (len(network.shape), 2),
        "start": (sections + 1,),
    }
    ends = np.concatenate([network.tail, network.head])
    fits = all(getattr(network, name).shape == shape for name, shape in shapes.items())
    if not fits or (sections and not (ends.min() >= 0 and ends.max() < nodes)):
        raise ValueError("arrays that do not fit each other")
    if network.start[-1] != len(network.shape):
        raise ValueError("points that belong to no section")


def keep_network(place: Path, network: Network, said: Sequence[Notice]) -> bool:
    """Keep a network and what was said of it; whole, or not at all.

    Returns
    -------
    kept
        False where the folder cannot be written.
    """
    notes = [
        {"column": n.column, "value": n.value, "code": n.code, "detail": dict(n.detail)}
        for n in said
    ]
    content = {name: getattr(network, name) for name in ARRAYS}
    content[SAID] = np.frombuffer(json.dumps(notes).encode(), dtype=np.uint8)
    try:
        number, unfinished = tempfile.mkstemp(suffix=".tmp", dir=place.parent)
    except OSError:
        return False
    try:
        with os.fdopen(number, "wb") as file:
            np.savez(file, **content)
        Path(unfinished).replace(place)
        _forget_oldest(place.parent)
    except OSError:
        Path(unfinished).unlink(missing_ok=True)
        return False
    return True


def _forget_oldest(folder: Path) -> None:
    """Delete networks beyond `MOST`, those first that were written first."""
    kept = sorted(folder.glob("*.npz"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    for path in kept[:-MOST]:
        path.unlink(missing_ok=True)
