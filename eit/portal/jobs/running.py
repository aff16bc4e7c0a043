"""One job in a process of its own: ``python -m eit.portal.jobs.running``.

Reads one line of JSON from stdin (`Order`), writes lines of JSON to stdout: progress, and how
it ended. It ends itself when stdin is closed, so that no job outlives its worker.
"""

import json
import math
import os
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from eit.faults import DeclarationError
from eit.study import run


@dataclass(frozen=True, slots=True)
class Order:
    """What to run.

    Attributes
    ----------
    territory, run_folder
        Folder to read, folder to write.
    scenario
        Scenario file; empty for none.
    lang
        Language of the reasons and pages.
    """

    territory: str
    run_folder: str
    scenario: str
    lang: str

    def line(self) -> str:
        """Give the order as one line of JSON."""
        return json.dumps(asdict(self)) + "\n"


def main() -> None:
    """Run the job that stdin orders."""
    told = _own_stdout()
    order = Order(**json.loads(sys.stdin.readline()))
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    try:
        study = run(
            Path(order.territory),
            Path(order.run_folder),
            scenario_file=Path(order.scenario) if order.scenario else None,
            sound_only=True,
            lang=order.lang,
            progress=lambda *where: _tell(told, progress=_progress(*where)),
        )
    except DeclarationError as error:
        _tell(told, faults=[fault.as_dict(order.lang) for fault in error.faults])
    else:
        _tell(told, summary=study.summary)


def _own_stdout() -> TextIO:
    """Keep stdout for what is told here: solvers' libraries write there too."""
    kept = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return os.fdopen(kept, "w", encoding="utf-8")


def _end_with_stdin() -> None:
    sys.stdin.read()
    os._exit(1)


def _progress(stage: str, fraction: float, gap: float) -> dict[str, Any]:
    known = math.isfinite(gap)
    return {"stage": stage, "fraction": float(fraction), "gap": float(gap) if known else None}


def _tell(told: TextIO, **what: Any) -> None:
    told.write(json.dumps(what, default=str) + "\n")
    told.flush()


if __name__ == "__main__":
    main()
