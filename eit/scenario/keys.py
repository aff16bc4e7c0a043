"""Every section and key of ``territory.toml`` and ``scenario.toml``, and what each may hold."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyproj import CRS
from pyproj.exceptions import CRSError

from eit import nomenclature

OBJECTIVES = ("value", "co2e", "quantity", "exchanges")
MODES = ("road", "rail", "water", "pipe")
"""Modes of transport by which lanes are made that nobody lists; the road is always one."""
HIERARCHY = ("reuse", "recycling", "energy", "other")
"""Levels of the waste hierarchy, the best first."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a key may hold: a kind, a range (from `low`, above `over`, to `high`), choices.

    A list that takes its names from `choices` must hold `needed`, if that is given.
    """

    kind: str
    low: float = -math.inf
    over: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    needed: str = ""


FLAG, TEXT, NAMES = Key("flag"), Key("text"), Key("names")
AMOUNT, COUNT, FACTOR = Key("number", low=0), Key("whole", low=0), Key("number")
DATA_QUALITIES = ("measured", "estimated", "inferred")

SCENARIO_KEYS: Mapping[str, Mapping[str, Key]] = {
    "objective": {
        "maximise": Key("ranking", choices=OBJECTIVES),
        "tolerance": Key("number", low=0, high=1),
        "quality_mode": Key("choice", choices=("mix", "lane")),
        "hub_quality": Key("choice", choices=("none", "mixed")),
        "keep_existing": FLAG,
    },
    "limits": {
        "budget_eur": AMOUNT,
        "fleet_t_km": AMOUNT,
        "max_exchanges": COUNT,
        "max_distance_km": AMOUNT,
        "min_hierarchy": Key("choice", choices=HIERARCHY),
    },
    "periods": {"count": Key("option", choices=("1", "12"))},
    "solver": {
        "gap": AMOUNT,
        "time_limit_s": Key("number", over=0),
        "threads": Key("whole", low=1),
        "seed": Key("whole", low=0, high=2**31 - 1),
        "engine": Key("choice", choices=("local", "dask")),
        "scheduler": TEXT,
    },
    "factors": {"assume_costs": FLAG},
    "exclude": {
        "sites": NAMES,
        "hubs": NAMES,
        "resources": NAMES,
        "data_quality": Key("names", choices=DATA_QUALITIES),
    },
    "transport": {
        "circuity": Key("number", low=1),
        "circuity_ranges": Key("ranges"),
        "max_distance_km": AMOUNT,
        "cost_eur_per_t_km": AMOUNT,
        "co2e_kg_per_t_km": AMOUNT,
        "payload_t": Key("number", over=0),
        "modes": Key("modes", choices=MODES, needed="road"),
        "rail_reach_km": AMOUNT,
        "quay_reach_km": AMOUNT,
        "rail_min_km": AMOUNT,
        "water_min_km": AMOUNT,
        "rail_max_km": AMOUNT,
        "water_max_km": AMOUNT,
        "pipe_max_km": AMOUNT,
    },
}
TERRITORY_KEYS: Mapping[str, Mapping[str, Key]] = {
    "territory": {
        "name": TEXT,
        "crs": Key("crs"),
        "year": Key("whole", low=1900, high=2200),
        "builtin_rules": FLAG,
        "links_only": FLAG,
    },
    **SCENARIO_KEYS,
}
FACTOR_RANGES: Mapping[str, Key] = {
    "circuity_rail": Key("number", low=1),
    "circuity_water": Key("number", low=1),
    "pipe_interest": Key("number", low=0, high=1),
    "pipe_loss_gas": Key("number", low=0, high=0.5),
    "pipe_loss_heat": Key("number", low=0, high=0.5),
    "pipe_loss_water": Key("number", low=0, high=0.5),
    "pipe_years": Key("number", low=1),
    **{
        f"{kind}_{what}": AMOUNT
        for kind, of in {
            "haul_cost": ("rail", "water"),
            "handling": ("rail", "water"),
            "pipe_cost": ("gas", "heat", "water"),
            "pipe_power": ("gas", "heat", "water"),
        }.items()
        for what in of
    },
}
"""What the default factors of rail, waterway and pipe may be overridden by."""
NOT_MODELLED: Mapping[str, tuple[str, ...]] = {"solver.engine": ("dask",), "solver.scheduler": ()}
"""Values that this version refuses by name; an empty tuple refuses them all."""


def known_keys(section: str, keys: Mapping[str, Mapping[str, Key]]) -> Mapping[str, Key]:
    """Keys of a section; [factors] also takes every default factor by its name."""
    if section != "factors":
        return keys[section]
    any_factor = dict.fromkeys(nomenclature.factors()["name"], FACTOR)
    return any_factor | dict(FACTOR_RANGES) | dict(keys[section])


def _is_number(value: object) -> bool:
    countable = isinstance(value, int | float) and not isinstance(value, bool)
    return countable and math.isfinite(value)  # type: ignore[arg-type]


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_names(value: object) -> bool:
    return isinstance(value, list | tuple) and all(map(_is_text, value))


def _is_ranges(value: object) -> bool:
    """Tables of ``up_to_km``, ever farther, a ``factor`` of at least 1, and where it comes from."""
    if not isinstance(value, list | tuple) or not value:
        return False
    last = 0.0
    for one in value:
        if not isinstance(one, Mapping) or set(one) != {"up_to_km", "factor", "source"}:
            return False
        if not (
            _is_number(one["up_to_km"]) and _is_number(one["factor"]) and _is_text(one["source"])
        ):
            return False
        if one["up_to_km"] <= last or one["factor"] < 1:
            return False
        last = one["up_to_km"]
    return True


def _is_ranking(value: object) -> bool:
    return _is_names(value) and bool(value)


def _is_metric_crs(value: object) -> bool:
    """Projected and in metres, as everything that is measured needs."""
    try:
        crs = CRS.from_user_input(value)
    except CRSError:
        return False
    return bool(crs.is_projected) and {axis.unit_name for axis in crs.axis_info} == {"metre"}


KINDS: Mapping[str, Callable[[object], bool]] = {
    "number": _is_number,
    "whole": _is_whole,
    "flag": _is_flag,
    "text": _is_text,
    "names": _is_names,
    "ranges": _is_ranges,
    "choice": _is_text,
    "option": _is_whole,
    "ranking": _is_ranking,
    "modes": _is_ranking,
    "crs": _is_metric_crs,
}
"""What makes a value one of a kind."""
