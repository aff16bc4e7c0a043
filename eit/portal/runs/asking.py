"""The scenarios that a facilitator may choose for a job."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from eit.faults import Fault
from eit.portal.jobs.materialise import files_at
from eit.scenario import SCENARIO_KEYS, read_settings
from eit.store.columns import now

OWN = "scenario.toml"
"""Scenario that a territory applies whatever is chosen."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A scenario to choose: its file in the territory, and its text."""

    path: str
    text: str


def list_scenarios(session: Session, territory_id: str) -> Sequence[Choice]:
    """Scenario files of a territory, but the one that always applies."""
    files = files_at(session, territory_id, now())
    return [
        Choice(path, content.decode("utf-8-sig", errors="replace"))
        for path, content in files.items()
        if path.endswith(".toml") and path not in (OWN, "territory.toml") and "/" not in path
    ]


def scenario_faults(text: str) -> Sequence[Fault]:
    """What is wrong with the text of a scenario; every fault with its line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / OWN
        path.write_text(text, encoding="utf-8")
        _, faults = read_settings(path, keys=SCENARIO_KEYS)
    return faults


def chosen_text(choices: Sequence[Choice], path: str) -> str | None:
    """Text of the scenario of a path; empty for none chosen, None if there is no such file."""
    by_path: Mapping[str, str] = {choice.path: choice.text for choice in choices}
    return by_path.get(path) if path else ""
