"""Which files of a folder are read, which are passed over with a word, and which are refused."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from eit.faults import Fault, Notice
from eit.roads import ENDINGS as ROAD_ENDINGS

TABLES = (
    *("sites", "positions", "rules", "hubs", "links"),
    *("services", "service_offers", "pickups", "vehicles"),
)
TABLE_ENDINGS = (".csv", ".xlsx")
SINGLE_FILES = ("territory.toml", "scenario.toml", "parks.geojson", "background.geojson")
ROADS = "roads"
"""Name of the road network among the single files, whatever its own."""
SILENT = ("*.md", "readme*", "scenario*.toml", "import_report.csv")
"""Files that are known to stand beside the others, and of which nothing need be said."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Files of a territory folder by what they are.

    Attributes
    ----------
    single
        Path of each of `SINGLE_FILES` and of each table, by its name without ending; of the
        road network, by `ROADS`.
    declarations
        Firms' files, by name.
    faults, notices
        Of files that are refused, missing or passed over.
    """

    root: Path
    single: Mapping[str, Path]
    declarations: tuple[Path, ...]
    faults: tuple[Fault, ...]
    notices: tuple[Notice, ...]

    def name(self, path: Path) -> str:
        """Name of a file below the folder, the same on every system."""
        return path.relative_to(self.root).as_posix()


def list_folder(root: Path) -> Folder:
    """Sort the files of a territory folder.

    Raises
    ------
    NotADirectoryError
        If there is no such folder.
    """
    if not root.is_dir():
        raise NotADirectoryError(str(root))
    single: dict[str, Path] = {}
    said: list[Fault | Notice] = []
    for path in _files(root):
        name, stem = path.name.lower(), path.stem.lower()
        known = name in SINGLE_FILES or (stem in TABLES and path.suffix.lower() in TABLE_ENDINGS)
        if name.endswith(ROAD_ENDINGS) and not _is_backup(path):
            if ROADS in single:
                said.append(
                    Fault(path.name, 0, "", "", "roads_twice", {"first": single[ROADS].name})
                )
            single.setdefault(ROADS, path)
        elif not known or _is_backup(path):
            said += [] if _is_silent(path) else [Notice(path.name, 0, "", "", "file_ignored")]
        elif stem in single:
            said.append(Fault(path.name, 0, "", "", "table_twice", {"first": single[stem].name}))
        else:
            single[stem] = path
    below, passed_over = _declarations(root)
    said += passed_over
    for stem, file in (("territory", "territory.toml"), ("sites", "sites.csv")):
        if stem not in single:
            said.append(Fault(file, 0, "", "", f"missing_{stem}"))
    if not below:
        said.append(Fault("declarations/", 0, "", "", "missing_declarations"))
    faults = tuple(one for one in said if isinstance(one, Fault))
    return Folder(root, single, below, faults, tuple(n for n in said if isinstance(n, Notice)))


def sha256(path: Path) -> str:
    """Fingerprint of a file."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _declarations(root: Path) -> tuple[tuple[Path, ...], list[Notice]]:
    """Firms' files, and a word on every other file beside them."""
    kept: list[Path] = []
    passed_over: list[Notice] = []
    for folder in sorted(path for path in root.iterdir() if path.name.lower() == "declarations"):
        for path in _files(folder) if folder.is_dir() else ():
            if path.suffix.lower() in TABLE_ENDINGS and not _is_backup(path):
                kept.append(path)
            elif not _is_silent(path):
                name = path.relative_to(root).as_posix()
                passed_over.append(Notice(name, 0, "", "", "file_ignored"))
    return tuple(kept), passed_over


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted((path for path in folder.iterdir() if path.is_file()), key=lambda p: p.name)


def _is_silent(path: Path) -> bool:
    return any(fnmatch(path.name.lower(), pattern) for pattern in SILENT)


def _is_backup(path: Path) -> bool:
    """Hidden files, and what editors and office suites leave beside the one that is open."""
    return path.name.startswith((".", "~")) or path.name.endswith(("~", ".bak", ".tmp", "#"))
