"""What a caller overrides, and every setting of a run once all layers are laid on each other."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eit import nomenclature
from eit.faults import DeclarationError
from eit.scenario.keys import HIERARCHY, MODES, SCENARIO_KEYS
from eit.scenario.reading import check_settings, read_settings

Section = Mapping[str, Any]
TRANSPORT_FACTORS: Mapping[str, tuple[str, str]] = {
    "circuity": ("circuity", "circuity"),
    "max_distance_km": ("default_max_distance_km", "max_distance"),
    "cost_eur_per_t_km": ("cost_eur_per_t_km", "transport_cost_road"),
    "co2e_kg_per_t_km": ("co2e_kg_per_t_km", "transport_co2e_road"),
    "payload_t": ("payload_t", "transport_payload_road"),
    "rail_reach_km": ("rail_reach_km", "reach_rail"),
    "quay_reach_km": ("quay_reach_km", "reach_quay"),
    "rail_min_km": ("rail_min_km", "least_haul_rail"),
    "water_min_km": ("water_min_km", "least_haul_water"),
    "rail_max_km": ("rail_max_km", "max_distance_rail"),
    "water_max_km": ("water_max_km", "max_distance_water"),
    "pipe_max_km": ("pipe_max_km", "max_distance_pipe"),
}
"""By key of [transport]: field of `Settings`, and default factor where the key is not stated."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What the caller overrides, section by section; everything else keeps its default.

    Raises
    ------
    DeclarationError
        If a key is unknown or holds what it may not.

    Examples
    --------
    >>> Scenario(limits={"budget_eur": 20000.0}, periods={"count": 12}).sections()
    {'limits': {'budget_eur': 20000.0}, 'periods': {'count': 12}}
    """

    objective: Section = field(default_factory=dict)
    limits: Section = field(default_factory=dict)
    periods: Section = field(default_factory=dict)
    solver: Section = field(default_factory=dict)
    factors: Section = field(default_factory=dict)
    exclude: Section = field(default_factory=dict)
    transport: Section = field(default_factory=dict)

    def __post_init__(self) -> None:
        if faults := check_settings(self.sections(), keys=SCENARIO_KEYS):
            raise DeclarationError(faults)

    def sections(self) -> dict[str, dict[str, Any]]:
        """Sections that say something, as plain dictionaries."""
        named = {section: dict(getattr(self, section)) for section in SCENARIO_KEYS}
        return {section: values for section, values in named.items() if values}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting of a run; `stated` holds the ``section.key`` that somebody wrote."""

    maximise: tuple[str, ...] = ("value",)
    tolerance: float = 0.0
    quality_mode: str = "mix"
    hub_quality: str = "none"
    keep_existing: bool = True
    budget_eur: float | None = None
    fleet_t_km: float | None = None
    max_exchanges: int | None = None
    max_distance_km: float | None = None
    min_hierarchy: str | None = None
    periods: int = 1
    gap: float = 1e-4
    time_limit_s: float = 300.0
    threads: int | None = None
    seed: int = 0
    engine: str = "local"
    scheduler: str | None = None
    assume_costs: bool = True
    factors: Mapping[str, float] = field(default_factory=dict)
    exclude_sites: frozenset[str] = frozenset()
    exclude_hubs: frozenset[str] = frozenset()
    exclude_resources: frozenset[str] = frozenset()
    exclude_data_quality: frozenset[str] = frozenset()
    circuity: float
    circuity_ranges: tuple[tuple[float, float], ...] = ()
    default_max_distance_km: float
    cost_eur_per_t_km: float
    co2e_kg_per_t_km: float
    payload_t: float
    modes: tuple[str, ...] = ("road",)
    rail_reach_km: float = 0.0
    quay_reach_km: float = 0.0
    rail_min_km: float = 0.0
    water_min_km: float = 0.0
    rail_max_km: float = math.inf
    water_max_km: float = math.inf
    pipe_max_km: float = math.inf
    stated: frozenset[str] = frozenset()


def read_scenario(path: str | Path) -> Scenario:
    """Read a scenario file.

    Raises
    ------
    DeclarationError
        With every fault of the file: not TOML, an unknown section or key, a value out of range.
    """
    sections, faults = read_settings(path, keys=SCENARIO_KEYS)
    if faults:
        raise DeclarationError(faults)
    return Scenario(**sections)


def resolve(
    toml: Mapping[str, Section], folder_scenario: Mapping[str, Section], scenario: Scenario
) -> Settings:
    """Settings of a run: the territory's, under the folder's scenario, under the caller's.

    Parameters
    ----------
    toml
        ``territory.toml`` as read; of its ``[territory]`` section the year counts, that of the
        default factors.
    folder_scenario
        The folder's ``scenario.toml`` as read, empty if there is none.
    scenario
        What the caller overrides.

    Examples
    --------
    >>> folder = {"limits": {"budget_eur": 1000.0}, "solver": {"seed": 3}}
    >>> settings = resolve({}, folder, Scenario(limits={"budget_eur": 5000.0}, solver={"seed": 4}))
    >>> settings.budget_eur, settings.seed
    (1000.0, 4)
    """
    layers = (toml, folder_scenario, scenario.sections())
    merged: dict[str, dict[str, Any]] = {section: {} for section in SCENARIO_KEYS}
    for layer in layers:
        for section in merged:
            merged[section] |= layer.get(section, {})
    merged["limits"] = _tightest([layer.get("limits", {}) for layer in layers])
    factors = merged["factors"]
    overrides = {name: float(factors[name]) for name in sorted(factors) if name != "assume_costs"}
    return Settings(
        **_as_stated(merged),
        **_transport(merged["transport"], overrides, toml.get("territory", {}).get("year")),
        **_excluded(merged["exclude"]),
        factors=overrides,
        stated=frozenset(f"{section}.{key}" for section in merged for key in merged[section]),
    )


def _tightest(limits: list[Section]) -> dict[str, Any]:
    """Of every limit stated anywhere the one that leaves least room."""
    tightest: dict[str, Any] = {}
    for key in SCENARIO_KEYS["limits"]:
        room: Callable[[Any], float] = HIERARCHY.index if key == "min_hierarchy" else float
        stated = [layer[key] for layer in limits if key in layer]
        if stated:
            tightest[key] = min(stated, key=room)
    return tightest


def _as_stated(merged: Mapping[str, Section]) -> dict[str, Any]:
    """Fields that bear the name of their key, and the three that are told apart by section."""
    fields = {**merged["objective"], **merged["limits"], **merged["solver"]}
    if "maximise" in fields:
        fields["maximise"] = tuple(fields["maximise"])
    if "count" in merged["periods"]:
        fields["periods"] = merged["periods"]["count"]
    if "assume_costs" in merged["factors"]:
        fields["assume_costs"] = merged["factors"]["assume_costs"]
    return fields


def _excluded(exclude: Section) -> dict[str, Any]:
    resources = map(nomenclature.normalise_resource, exclude.get("resources", ()))
    return {
        "exclude_sites": frozenset(exclude.get("sites", ())),
        "exclude_hubs": frozenset(exclude.get("hubs", ())),
        "exclude_resources": frozenset(resources),
        "exclude_data_quality": frozenset(exclude.get("data_quality", ())),
    }


def _transport(stated: Section, overrides: Mapping[str, float], year: int | None) -> dict[str, Any]:
    """As stated under [transport], else the default factor, overridden or not."""
    asked = stated.get("modes", MODES[:1])
    fields: dict[str, Any] = {"modes": tuple(mode for mode in MODES if mode in asked)}
    ranges = stated.get("circuity_ranges", ())
    fields["circuity_ranges"] = tuple((float(r["up_to_km"]), float(r["factor"])) for r in ranges)
    for key, (name, factor) in TRANSPORT_FACTORS.items():
        default = nomenclature.factor(factor, year=year, overrides=overrides)
        fields[name] = float(stated.get(key, default.value))
    return fields
