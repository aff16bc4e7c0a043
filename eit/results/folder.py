"""Run folders as a whole: which folder is one, and how one takes the place of another."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eit.texts import say

SUMMARY = "summary.json"
INPUTS = "inputs"
SCENARIO = "run_scenario.toml"


class RunFolderError(OSError):
    """A path that must be a run folder, or free, and is neither.

    Attributes
    ----------
    path
        The folder.
    key
        Key of its sentence in the catalogue.
    """

    def __init__(self, path: Path, key: str) -> None:
        super().__init__(say(key, "en", path=path))
        self.path = path
        self.key = key

    def text(self, lang: str) -> str:
        """Say it in one line."""
        return say(self.key, lang, path=self.path)


def is_run_folder(path: str | Path) -> bool:
    """Whether a folder holds the summary of a run."""
    try:
        summary = json.loads((Path(path) / SUMMARY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(summary, dict) and "status" in summary


@contextmanager
def staged(run_folder: str | Path) -> Iterator[Path]:
    """Write a run folder beside its place, and put it there once it is whole.

    Yields an empty folder. When the block ends well it becomes ``run_folder``, in the place of
    the run folder that stood there; when it fails, nothing has changed. At no moment does half
    a run stand under the name.

    Raises
    ------
    RunFolderError
        If something stands there that is no run folder; nothing is written then.
    """
    target = Path(run_folder).resolve()
    if target.exists() and not is_run_folder(target):
        raise RunFolderError(Path(run_folder), "results.foreign")
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    partial.mkdir(parents=True)
    try:
        yield partial
        _put(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _put(partial: Path, target: Path) -> None:
    """Swap a whole folder into its place; what stood there goes last."""
    replaced = target.with_name(f".{target.name}.{os.getpid()}.replaced")
    if target.exists():
        target.rename(replaced)
    try:
        partial.rename(target)
    except OSError:
        if replaced.exists():
            replaced.rename(target)
        raise
    shutil.rmtree(replaced, ignore_errors=True)
