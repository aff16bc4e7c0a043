"""How goods are carried where links.csv does not say: by road, rail, waterway or pipe.

Each mode of transport sees the ends in its own way: who has access to it and where, how far it
reaches, what a unit costs and loses on its way.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from eit import nomenclature
from eit.matching.access import COLUMN as ACCESS
from eit.matching.access import through_access
from eit.matching.arrays import Bools, Codes, Floats, Ints, Places
from eit.matching.distances import geodesic_km
from eit.matching.ends import Ends, unit_of
from eit.matching.links import NO_LINK, Links
from eit.nomenclature import Factor
from eit.scenario import Settings
from eit.territory import Territory

PIPE = "pipe"
PIPED = {"heat": "heat", "cold": "heat", "water": "water", "natural_gas": "gas"}
"""What flows through a pipe, and through which kind: by the resource's first ancestor."""
PIPES = ("heat", "water", "gas")
FIGURES = {
    **{
        mode: (
            *(f"circuity_{mode}", f"handling_{mode}", f"haul_cost_{mode}"),
            *(f"least_haul_{mode}", f"transport_co2e_{mode}"),
        )
        for mode in ACCESS
    },
    PIPE: ("electricity_fr", "pipe_interest", "pipe_years", "price_electricity"),
}
"""Default factors that every lane of a mode rests on."""
KWH_PER_MWH, M_PER_KM = 1000.0, 1000.0


@dataclass(frozen=True, slots=True)
class Carrier:
    """One mode by which lanes are made that no row of links.csv mentions.

    Attributes
    ----------
    name, mode
        Its name, and its position in `Links.modes`.
    ends
        The ends as this mode sees them: without a place where it does not serve them, with
        their longest distance by it. ``leg_km``: way by road to where it loads.
    stretch
        What it adds to the geodesic.
    least_km
        Shortest haul.
    once_eur
        Cost of a unit of each origin whatever the distance, shape (origins,).
    cost_eur_per_km, co2e_kg_per_km
        Of a unit, on the haul; shape (origins,).
    leg_eur_per_km, leg_kg_per_km
        Of a unit, on the ways by road at both ends; shape (origins,).
    loss_per_km
        Part of a unit lost per km; shape (origins,).
    laid_eur_per_km
        What a km of its own costs per year, once used; shape (origins,).
    """

    name: str
    mode: int
    ends: Ends
    stretch: float
    least_km: float
    once_eur: Floats
    cost_eur_per_km: Floats
    co2e_kg_per_km: Floats
    leg_eur_per_km: Floats
    leg_kg_per_km: Floats
    loss_per_km: Floats
    laid_eur_per_km: Floats

    @property
    def figures(self) -> tuple[str, ...]:
        """Names of the default factors that every lane of this mode rests on."""
        return FIGURES[self.name]

    def among(self, link: Places, mode: Codes) -> Ints:
        """Positions of the lanes of this mode that no row of links.csv mentions."""
        return np.flatnonzero((mode == self.mode) & (link == NO_LINK))

    def legs_km(self, origin: Places, end: Places) -> Floats:
        """Ways by road to and from where this mode loads, both ends together, shape (k,)."""
        start = self.ends.origins["leg_km"].to_numpy()[origin]
        return np.asarray(start + self.ends.destinations["leg_km"].to_numpy()[end])

    def haul_km(self, origin: Places, end: Places) -> Floats:
        """Way by this mode alone, from where it loads to where it unloads, shape (k,)."""
        places = self.ends.origins, self.ends.destinations
        return self.stretch * geodesic_km(*places, origin, end)


def find_carriers(
    ends: Ends, links: Links, territory: Territory, settings: Settings
) -> list[Carrier]:
    """Modes that serve a territory beside the road, in the order of `Links.modes`."""
    found = []
    for mode, name in enumerate(links.modes):
        if name in settings.modes and name in ACCESS:
            found.append(_by_access(name, mode, ends, territory, settings))
        elif name in settings.modes and name == PIPE:
            found.append(_by_pipe(mode, ends, settings))
    return found


def by_road(ends: Ends, settings: Settings) -> Ends:
    """The ends as the road sees them: without what flows through pipes, where there are any."""
    piped = needs_pipe(ends, settings)
    return _unplaced(ends, origins=piped) if piped.any() else ends


def needs_pipe(ends: Ends, settings: Settings) -> Bools:
    """Which origins flow through pipes alone under these settings, shape (origins,)."""
    if PIPE not in settings.modes:
        return np.zeros(len(ends.origins), dtype=bool)
    return pipe_kinds(ends) >= 0


def carried_km(name: str, usual: Floats, assumed: Bools, settings: Settings) -> Floats:
    """Longest distance by a mode: what is stated, and never beyond what the mode reaches.

    Where nobody states one, the mode's own stands in for the territory's.

    Parameters
    ----------
    usual, assumed
        Longest distance of each end, and whether it is only the territory's.
    """
    most = max_km(name, settings)
    return np.minimum(np.where(assumed, np.inf, usual), most)


def max_km(name: str, settings: Settings) -> float:
    """Longest lane by a mode other than the road."""
    return float(getattr(settings, f"{name}_max_km"))


def figure(name: str, settings: Settings) -> Factor:
    """Look up a default factor of a mode."""
    return nomenclature.factor(name, overrides=settings.factors)


def annuity(settings: Settings) -> float:
    """Part of what a pipe costs to lay that falls on each year."""
    rate, years = (figure(f"pipe_{of}", settings).value for of in ("interest", "years"))
    return rate / (1 - (1 + rate) ** -years) if rate > 0 else 1 / years


def _by_access(
    name: str, mode: int, ends: Ends, territory: Territory, settings: Settings
) -> Carrier:
    """Rail or waterway: for what weighs something and is not hazardous, between two accesses."""
    mass = ends.origins["mass_t"].to_numpy(dtype=np.float64)
    barred = (mass <= 0) | ends.origins["hazardous"].to_numpy(dtype=bool)
    seen = through_access(ends, territory, name, settings)
    none = np.zeros(len(mass))
    return Carrier(
        name=name,
        mode=mode,
        ends=_reaching(_unplaced(seen, origins=barred), name, settings),
        stretch=figure(f"circuity_{name}", settings).value,
        least_km=settings.rail_min_km if name == "rail" else settings.water_min_km,
        once_eur=2 * figure(f"handling_{name}", settings).value * mass,
        cost_eur_per_km=figure(f"haul_cost_{name}", settings).value * mass,
        co2e_kg_per_km=figure(f"transport_co2e_{name}", settings).value * mass,
        leg_eur_per_km=settings.cost_eur_per_t_km * mass,
        leg_kg_per_km=settings.co2e_kg_per_t_km * mass,
        loss_per_km=none,
        laid_eur_per_km=none,
    )


def _by_pipe(mode: int, ends: Ends, settings: Settings) -> Carrier:
    """Pipes for heat, water and gas: laid lane by lane, with what they lose and pump."""
    kind = pipe_kinds(ends)
    laid, loss, power = (
        np.array([*(figure(f"pipe_{of}_{one}", settings).value for one in PIPES), 0.0])[kind]
        for of in ("cost", "loss", "power")
    )
    mwh = power / KWH_PER_MWH
    legs = {"leg_km": 0.0}
    seen = replace(
        ends,
        origins=ends.origins.assign(**legs),
        destinations=ends.destinations.assign(**legs),
    )
    none = np.zeros(len(kind))
    return Carrier(
        name=PIPE,
        mode=mode,
        ends=_reaching(_unplaced(seen, origins=kind < 0), PIPE, settings),
        stretch=settings.circuity,
        least_km=0.0,
        once_eur=none,
        cost_eur_per_km=mwh * figure("price_electricity", settings).value,
        co2e_kg_per_km=mwh * figure("electricity_fr", settings).value,
        leg_eur_per_km=none,
        leg_kg_per_km=none,
        loss_per_km=loss,
        laid_eur_per_km=laid * M_PER_KM * annuity(settings),
    )


def pipe_kinds(ends: Ends) -> Ints:
    """Kind of pipe that each origin flows through, by position in `PIPES`; -1 for none."""
    goods = pd.MultiIndex.from_frame(ends.origins[["resource", "unit"]])
    number, distinct = pd.factorize(goods)
    kinds = [
        PIPES.index(kind) if kind and unit == unit_of(resource) else -1
        for resource, unit in distinct
        for kind in (pipe_kind(resource),)
    ]
    return np.array(kinds, dtype=np.int64)[number] if kinds else np.zeros(0, dtype=np.int64)


def pipe_kind(resource: str) -> str:
    """Kind of pipe a resource flows through; "" where it is carried.

    Examples
    --------
    >>> [pipe_kind(name) for name in ("steam", "used_cooling_water", "biogas", "sand")]
    ['heat', 'water', 'gas', '']
    """
    parents = nomenclature.resources()["parent"]
    while resource in parents.index and parents[resource]:
        resource = str(parents[resource])
    return PIPED.get(resource, "")


def _unplaced(ends: Ends, *, origins: Bools) -> Ends:
    """Take away the places of some origins."""
    frame = ends.origins
    places = {name: frame[name].mask(origins) for name in ("lon", "lat")}
    return replace(ends, origins=frame.assign(**places))


def _reaching(ends: Ends, name: str, settings: Settings) -> Ends:
    """The ends with the longest distances of a mode."""
    sides = (
        frame.assign(
            limit_km=carried_km(
                name,
                frame["limit_km"].to_numpy(dtype=np.float64),
                frame["limit_assumed"].to_numpy(dtype=bool),
                settings,
            )
        )
        for frame in (ends.origins, ends.destinations)
    )
    origins, destinations = sides
    return replace(ends, origins=origins, destinations=destinations)
