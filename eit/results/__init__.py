"""The frozen plan, and the run folder that holds it: docs/contract.md, written and read."""

from eit.results.conflicts import Conflict, say_conflicts
from eit.results.folder import RunFolderError, is_run_folder, staged
from eit.results.plan import COLUMNS, HAS_PLAN, Plan, table
from eit.results.reading import Run, read_run
from eit.results.writing import write_run

__all__ = [
    "COLUMNS",
    "HAS_PLAN",
    "Conflict",
    "Plan",
    "Run",
    "RunFolderError",
    "is_run_folder",
    "read_run",
    "say_conflicts",
    "staged",
    "table",
    "write_run",
]
