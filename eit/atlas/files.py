"""Pages in a folder: names safe on every file system, never two parks in one file."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

INDEX = "index.html"
LONGEST = 60
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_RESERVED = {"index", "sankey", "con", "prn", "aux", "nul"}
_RESERVED |= {f"{port}{number}" for port in ("com", "lpt") for number in range(10)}


def page_names(park_ids: Iterable[str]) -> dict[str, str]:
    """File name of each park's page: its id where every file system takes that, else a safe one.

    Ids that a file system would refuse, misread (``../x``, ``CON``) or not tell apart (``a`` and
    ``A``) get a readable beginning and the start of the id's SHA-256.

    Examples
    --------
    >>> page_names(["P1", "../P1", "index"])
    {'P1': 'P1.html', '../P1': 'p1-55dc22cc.html', 'index': 'index-1bc04b52.html'}
    """
    ids = list(dict.fromkeys(park_ids))
    folded = [park_id.casefold() for park_id in ids]
    names: dict[str, str] = {}
    taken: set[str] = set()
    plain = [
        bool(_PLAIN.fullmatch(park_id))
        and len(park_id) <= LONGEST
        and fold not in _RESERVED
        and folded.count(fold) == 1
        for park_id, fold in zip(ids, folded, strict=True)
    ]
    for park_id, sound in zip(ids, plain, strict=True):
        if sound:
            names[park_id] = park_id
            taken.add(park_id.casefold())
    for park_id in (i for i in ids if i not in names):
        names[park_id] = _safe(park_id, taken)
        taken.add(names[park_id])
    return {park_id: f"{names[park_id]}.html" for park_id in ids}


def write_pages(folder: Path, pages: Iterable[tuple[str, str]]) -> list[Path]:
    """Write pages, each a name and its HTML; those of an earlier run in the folder go.

    Parameters
    ----------
    folder
        Made if missing.

    Returns
    -------
    written
        The pages, in the order given.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.html"):
        old.unlink()
    written = []
    for name, html in pages:
        (folder / name).write_text(html, encoding="utf-8", newline="\n")
        written.append(folder / name)
    return written


def _safe(park_id: str, taken: set[str]) -> str:
    """A readable beginning and as much of the id's hash as tells it apart."""
    ascii_only = unicodedata.normalize("NFKD", park_id).encode("ascii", "ignore").decode("ascii")
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")[:40] or "park"
    digest = hashlib.sha256(park_id.encode("utf-8")).hexdigest()
    for length in range(8, len(digest) + 1):
        name = f"{slug}-{digest[:length]}"
        if name not in taken:
            return name
    raise AssertionError(f"two park ids with one SHA-256: {park_id!r}")
