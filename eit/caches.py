"""Where what can be made again is kept between two runs: a folder that may always be deleted."""

import os
from pathlib import Path

import platformdirs

VARIABLE = "EIT_CACHE"
"""Environment variable that names another folder; set to nothing, nothing is kept."""


def cache_folder(kind: str) -> Path | None:
    """Folder for one kind of thing, made if need be; None where there can be none.

    Whoever writes into it must do without where it cannot be written.

    Parameters
    ----------
    kind
        What is kept there, as ``roads``.
    """
    stated = os.environ.get(VARIABLE)
    if stated is not None and not stated.strip():
        return None
    folder = (Path(stated) if stated else platformdirs.user_cache_path("eit")) / kind
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder
