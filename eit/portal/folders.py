"""Territory folders as people send them: a zip, or one file; nothing in them is trusted."""

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path

from eit.checking import TABLES
from eit.portal.refusals import Unsound
from eit.portal.settings import MEBIBYTE
from eit.tables.workbook import UnreadableWorkbookError, refuse_bombs

MOST_FILES = 2000
MOST_BYTES = 256 * MEBIBYTE
MOST_RATIO = 200
MOST_CELLS = 6_000_000
CHUNK = 1 << 16
SINGLE = ("territory.toml", "scenario*.toml", "parks.geojson", "background.geojson", "roads.*")
PASSED_OVER = ("__macosx/*", "*.ds_store", "thumbs.db", "desktop.ini", "*.md", "readme*")
TABLE_ENDINGS = ("csv", "xlsx")
PART = re.compile(r"[^/\\:*?\"<>|\x00-\x1f\x7f]{1,120}")


def is_known(path: str) -> bool:
    """Whether a path is one that a territory folder has.

    >>> is_known("sites.csv"), is_known("declarations/acme.xlsx"), is_known("run.sh")
    (True, True, False)
    """
    folder, _, name = path.rpartition("/")
    stem, _, ending = name.rpartition(".")
    if folder == "declarations":
        return ending.lower() in TABLE_ENDINGS
    return not folder and (
        any(fnmatch(name, one) for one in SINGLE)
        or (stem in TABLES and stem != "declarations" and ending in TABLE_ENDINGS)
    )


def tidy_path(text: str) -> str:
    """A path below a territory folder, as it is kept.

    Raises
    ------
    Unsound
        If it leads anywhere else, or is no file of a territory.
    """
    parts = text.split("/")
    sound = all(PART.fullmatch(part) and not part.startswith(".") for part in parts)
    if not sound or not is_known(text):
        raise Unsound("path")
    return text


def read_zip(content: bytes) -> dict[str, bytes]:
    """Files of a zipped territory folder, by path; a folder around them all is taken off.

    Raises
    ------
    Unsound
        If it is no zip, leads out of its folder, holds links, is encrypted, or unfolds to more
        than `MOST_BYTES`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = dict(_unfold(archive))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError) as error:
        raise Unsound("zip") from error
    found = _without_top(found)
    if "sites.csv" not in found and "sites.xlsx" not in found:
        raise Unsound("zip_no_sites")
    return {tidy_path(path): text for path, text in sorted(found.items()) if _is_wanted(path)}


def read_folder(root: Path) -> dict[str, bytes]:
    """Files of a territory folder on this machine, by path."""
    files = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    return {name: files[name].read_bytes() for name in sorted(files) if is_known(name)}


def refuse_bomb(path: str, content: bytes) -> None:
    """Refuse a workbook that unfolds to more than memory should hold.

    One that is merely damaged passes: the check says what is wrong with it.

    Raises
    ------
    Unsound
        If it unfolds to more than `MOST_BYTES`, or spreads over more than `MOST_CELLS`.
    """
    if not path.lower().endswith(".xlsx"):
        return
    try:
        refuse_bombs(content, largest_bytes=MOST_BYTES, largest_cells=MOST_CELLS)
    except UnreadableWorkbookError as damage:
        if damage.code == "too_large":
            raise Unsound("workbook_large") from damage


def is_declarations(path: str) -> bool:
    """Whether a file of a folder holds what firms declared."""
    return path.startswith("declarations/")


def _unfold(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """Every file of an archive, counted while it is read: what the archive says is not believed."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(archive.infolist()) > MOST_FILES:
        raise Unsound("zip_large")
    left = MOST_BYTES
    for entry in entries:
        _refuse(entry)
        if _is_passed_over(entry.filename):
            continue
        parts = []
        with archive.open(entry) as opened:
            while chunk := opened.read(CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise Unsound("zip_large")
                parts.append(chunk)
        yield entry.filename, b"".join(parts)


def _refuse(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG) or entry.flag_bits & 0x1:
        raise Unsound("zip")
    if name.startswith(("/", "\\")) or "\\" in name or ".." in name.split("/") or ":" in name:
        raise Unsound("zip_path")
    if entry.file_size > MEBIBYTE and entry.file_size > MOST_RATIO * max(entry.compress_size, 1):
        raise Unsound("zip_large")


def _is_passed_over(path: str) -> bool:
    return any(
        fnmatch(path.lower(), one) or fnmatch(path.lower(), f"*/{one}") for one in PASSED_OVER
    )


def _is_wanted(path: str) -> bool:
    return is_known(path) and not _is_passed_over(path)


def _without_top(found: Mapping[str, bytes]) -> dict[str, bytes]:
    tops = {path.partition("/")[0] for path in found}
    if len(tops) == 1 and all("/" in path for path in found) and tops != {"declarations"}:
        return {path.partition("/")[2]: content for path, content in found.items()}
    return dict(found)
