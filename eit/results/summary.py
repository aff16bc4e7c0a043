"""``summary.json``: how a run ended, what it adds up to, and what it was made from."""

import dataclasses
import math
import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

from eit.results.figures import DIGITS
from eit.results.plan import Plan
from eit.scenario import Settings
from eit.territory import Territory

LIBRARIES = ("eit", "ortools", "numpy", "scipy", "pandas", "geopandas", "pyproj")


def summarise(
    plan: Plan,
    territory: Territory,
    *,
    inputs: Mapping[str, str],
    sound_only: bool,
    left_out: Sequence[Mapping[str, Any]],
    time_s: Mapping[str, float],
) -> dict[str, Any]:
    """Lay out everything that summary.json says, as plain values."""
    first = plan.objective[0] if plan.objective else {}
    said = plain(
        {
            "status": plan.status,
            "objective": plan.objective,
            "bound": first.get("bound"),
            "gap": first.get("gap"),
            "totals": plan.totals,
            "counts": plan.counts,
            "time_s": time_s,
            "reasons": plan.reasons,
            "shortfalls": plan.shortfalls,
            "assumptions": plan.assumptions,
            "bound_from": plan.solver.get("bound_from"),
            "solver": {key: of for key, of in plan.solver.items() if key != "bound_from"},
            "settings": settings_as_dict(plan.settings),
            "seed": plan.settings.seed,
            "territory": {"name": territory.name, "crs": territory.crs, "year": territory.year},
            "sound_only": sound_only,
            "left_out": left_out,
            "inputs": inputs,
            "versions": versions(),
            "conflicts": plan.conflicts,
        }
    )
    return dict(said)


def settings_as_dict(settings: Settings) -> dict[str, Any]:
    """Settings as plain values, sets in order."""
    fields = {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}
    return {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in fields.items()
    }


def settings_from_dict(values: Mapping[str, Any]) -> Settings:
    """Read settings back as `settings_as_dict` wrote them."""
    sets = {name for name in values if name.startswith("exclude_") or name == "stated"}
    read: dict[str, Any] = {
        name: frozenset(of) if name in sets else _tuples(of) for name, of in values.items()
    }
    return Settings(**read)


def _tuples(value: Any) -> Any:
    """Lists, and lists within them, as tuples; anything else as it is."""
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value


def versions() -> dict[str, str]:
    """Versions of what the result depends on."""
    known = {name: metadata.version(name) for name in LIBRARIES}
    return {"python": platform.python_version(), **known}


def plain(value: Any) -> Any:
    """Turn a value into what JSON can say: 12 significant digits, no NaN, no -0.

    Examples
    --------
    >>> plain({"a": 1 / 3, "b": float("inf"), "c": (-0.0, True)})
    {'a': 0.333333333333, 'b': None, 'c': [0.0, True]}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(of) for key, of in value.items()}
    if isinstance(value, list | tuple):
        return [plain(of) for of in value]
    if hasattr(value, "item"):  # a number of numpy
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") + 0.0 if math.isfinite(value) else None
    return value
