"""Settings of a run: read from TOML, checked against one declared table, and resolved.

Weakest first, key by key: built-in factors, ``territory.toml``, the folder's
``scenario.toml``, the scenario given for the run. Limits only tighten.
"""

from eit.scenario.keys import SCENARIO_KEYS, TERRITORY_KEYS, Key, known_keys
from eit.scenario.reading import check_settings, read_settings
from eit.scenario.settings import (
    TRANSPORT_FACTORS,
    Scenario,
    Settings,
    read_scenario,
    resolve,
)

__all__ = [
    "SCENARIO_KEYS",
    "TERRITORY_KEYS",
    "TRANSPORT_FACTORS",
    "Key",
    "Scenario",
    "Settings",
    "check_settings",
    "known_keys",
    "read_scenario",
    "read_settings",
    "resolve",
]
