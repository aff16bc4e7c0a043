"""From firms' CSV files to a proven plan of synergies and maps of business parks.

>>> import eit
>>> from eit import data
>>> territory = eit.read_territory(data.path("demo", "kalundborg"))
>>> eit.match(territory, eit.Scenario()).plan.status
'optimal'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eit.faults import DeclarationError, Fault, Notice
    from eit.results import Plan, read_run
    from eit.scenario import Scenario, Settings, read_scenario
    from eit.study import Study, match, run
    from eit.territory import Territory, check_territory, read_territory
    from eit.verify import verify_run

_HOME = {
    "DeclarationError": "eit.faults",
    "Fault": "eit.faults",
    "Notice": "eit.faults",
    "Plan": "eit.results",
    "Scenario": "eit.scenario",
    "Settings": "eit.scenario",
    "Study": "eit.study",
    "Territory": "eit.territory",
    "check_territory": "eit.territory",
    "match": "eit.study",
    "read_run": "eit.results",
    "read_scenario": "eit.scenario",
    "read_territory": "eit.territory",
    "run": "eit.study",
    "verify_run": "eit.verify",
}

__all__ = [
    "DeclarationError",
    "Fault",
    "Notice",
    "Plan",
    "Scenario",
    "Settings",
    "Study",
    "Territory",
    "check_territory",
    "match",
    "read_run",
    "read_scenario",
    "read_territory",
    "run",
    "verify_run",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that ``eit --help`` stays quick."""
    if name not in _HOME:
        raise AttributeError(f"module 'eit' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
