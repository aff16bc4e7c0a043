"""Settings of a run, resolved anew from its inputs and held against what summary.json tells."""

import math
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from eit.scenario import Scenario, Settings, read_scenario, resolve
from eit.territory import Territory
from eit.verify.files import INPUTS, RunFiles
from eit.verify.lanes import HIERARCHY
from eit.verify.verdict import Violation

SCENARIO = "run_scenario.toml"
LIMITS = ("budget_eur", "fleet_t_km", "max_exchanges", "max_distance_km", "min_hierarchy")
"""Settings that only tighten."""


def run_settings(files: RunFiles, territory: Territory) -> tuple[Settings, list[Violation]]:
    """Settings resolved anew from the run's inputs, and where summary.json differs.

    A scenario that was given in memory left no file: its settings are then those that
    summary.json tells, as long as no limit of the folder is loosened.
    """
    given = files.folder / INPUTS / SCENARIO
    scenario = read_scenario(given) if given.is_file() else Scenario()
    settings = resolve(territory.toml, territory.scenario, scenario)
    told = files.summary.get("settings")
    if not isinstance(told, Mapping):
        return settings, [Violation("settings", "settings", "", "")]
    own = {field.name: getattr(settings, field.name) for field in fields(settings)}
    differing = [name for name in own if name in told and not _same(told[name], own[name])]
    if given.is_file():
        wrong = [Violation("settings", n, str(told[n]), str(own[n])) for n in differing]
        return settings, wrong
    taken: dict[str, Any] = {name: _as(own[name], told[name]) for name in differing}
    loosened = [name for name in taken if name in LIMITS and _looser(taken[name], own[name])]
    wrong = [Violation("settings", name, str(told[name]), str(own[name])) for name in loosened]
    return replace(settings, **{n: v for n, v in taken.items() if n not in loosened}), wrong


def _as(own: object, told: object) -> object:
    """A setting as JSON tells it, in the form that it has in memory."""
    if not isinstance(told, list):
        return told
    return frozenset(told) if isinstance(own, frozenset) else tuple(told)


def _same(told: object, own: object) -> bool:
    """Whether summary.json tells a setting as it is; figures to 12 digits, sets in order."""
    if isinstance(own, float) and isinstance(told, int | float):
        return math.isclose(told, own, rel_tol=1e-11)
    if isinstance(own, frozenset):
        return told == sorted(own)
    if isinstance(own, Mapping):
        return isinstance(told, Mapping) and {**told} == {**own}
    return (list(own) if isinstance(own, tuple) else own) == told


def _looser(told: object, own: object) -> bool:
    """Whether a limit leaves more room than the folder's."""
    if own is None:
        return False
    if isinstance(own, str):
        return told not in HIERARCHY[: HIERARCHY.index(own) + 1]
    return not (isinstance(told, int | float) and isinstance(own, int | float) and told <= own)
