"""Opens the data files that ship with the software, in a checkout and in a wheel alike."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def path(*parts: str) -> Path:
    """Path of a file or folder below ``datasets/``.

    Raises
    ------
    FileNotFoundError
        If nothing of that name ships with the software.
    """
    package = Path(__file__).parent
    for root in (package / "datasets", package.parent / "datasets"):
        found = root.joinpath(*parts)
        if found.exists():
            return found
    raise FileNotFoundError(f"datasets/{'/'.join(parts)} is not part of this installation")


def read_csv(name: str) -> "pd.DataFrame":
    """Read a shipped CSV file, every cell as text, an empty cell as ``""``."""
    import pandas as pd  # here, so that `eit --help` need not wait for it

    return pd.read_csv(path(*name.split("/")), dtype=str, keep_default_na=False, encoding="utf-8")
