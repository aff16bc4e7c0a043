"""Rail, waterway and pipe, worked out again: who is served, how far it is, what it costs.

Everything here is read anew from the tables of a territory, place by place; nothing is shared
with the code that makes plans but the default figures and the distance between two points.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from eit import nomenclature
from eit.scenario import Settings
from eit.territory import Territory
from eit.verify.distance import SLACK, at_centroid, geodesic_km, stretched
from eit.verify.market import Floats, Market, own_unit

ACCESS: Mapping[str, str] = {"rail": "rail", "water": "quay"}
"""Column of access of each mode that needs one at both ends."""
PIPE = "pipe"
ROOTS: Mapping[str, str] = {"heat": "heat", "cold": "heat", "water": "water", "natural_gas": "gas"}
PLACE = ["lon", "lat", "placed", "insee", "area_km2"]


@dataclass(frozen=True, slots=True)
class Reach:
    """Where one mode loads and unloads.

    Attributes
    ----------
    origins, ends
        One row per origin, or end: the place (``lon lat placed insee area_km2``; NaN where the
        mode does not serve it) and ``leg_km``, the way there by road.
    """

    origins: pd.DataFrame
    ends: pd.DataFrame


def find_reaches(market: Market, territory: Territory) -> dict[str, Reach]:
    """Find where each mode of the settings, but the road, serves the ends of a territory."""
    settings = market.settings
    reaches = {}
    for mode, column in ACCESS.items():
        if mode not in settings.modes:
            continue
        reach_km = settings.rail_reach_km if mode == "rail" else settings.quay_reach_km
        points = _shared(territory, column)
        open_to = _open_to(territory, column)
        sides = [
            _loading(frame, open_to, points, reach_km, settings)
            for frame in (market.origins, market.ends)
        ]
        light = (market.origins["mass"] <= 0) | market.origins["hazardous"].astype(bool)
        sides[0].loc[light.to_numpy(), ["lon", "lat"]] = np.nan
        reaches[mode] = Reach(*sides)
    if PIPE in settings.modes:
        places = [frame[PLACE].assign(leg_km=0.0) for frame in (market.origins, market.ends)]
        places[0].loc[(kinds(market) == "").to_numpy(), ["lon", "lat"]] = np.nan
        reaches[PIPE] = Reach(*places)
    return reaches


def kinds(market: Market) -> pd.Series:
    """Kind of pipe that each origin flows through under the settings; "" for none."""
    if PIPE not in market.settings.modes:
        return pd.Series("", index=market.origins.index, dtype=object)
    parent = nomenclature.resources()["parent"].to_dict()

    def kind(resource: str, unit: str) -> str:
        if unit != own_unit(resource):
            return ""
        while parent.get(resource):
            resource = parent[resource]
        return ROOTS.get(resource, "")

    goods = zip(market.origins["resource"], market.origins["unit"], strict=True)
    return pd.Series([kind(*good) for good in goods], index=market.origins.index, dtype=object)


def served(pairs: pd.DataFrame, market: Market, reaches: Mapping[str, Reach]) -> pd.DataFrame:
    """Default ways of pairs: by road, or by the pipe that a good needs; and by other modes.

    Parameters
    ----------
    pairs
        ``origin``, ``end``.

    Returns
    -------
    ways
        ``origin``, ``end``, ``mode``, and for all but the road ``haul_km``, ``legs_km``.
    """
    piped = (kinds(market) != "").to_numpy()[pairs["origin"]]
    none = {"haul_km": np.nan, "legs_km": np.nan}
    parts = [pairs[~piped].assign(mode="road", **none)]
    for mode, reach in reaches.items():
        start, end = reach.origins.iloc[pairs["origin"]], reach.ends.iloc[pairs["end"]]
        haul = stretch(mode, market.settings) * geodesic_km(start, end)
        legs = start["leg_km"].to_numpy(float) + end["leg_km"].to_numpy(float)
        ways = pairs.assign(mode=mode, haul_km=haul, legs_km=legs)
        least = 0.0 if mode == PIPE else getattr(market.settings, f"{mode}_min_km")
        lies = piped if mode == PIPE else haul >= least * (1 - SLACK)
        parts.append(ways[lies])
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def stretch(mode: str, settings: Settings) -> float:
    """What a mode other than the road adds to the geodesic."""
    return settings.circuity if mode == PIPE else _figure(f"circuity_{mode}", settings)


def longest_km(mode: str, settings: Settings) -> float:
    """Longest lane of a mode other than the road."""
    return float(getattr(settings, f"{mode}_max_km"))


def limit_by_mode(
    start: pd.DataFrame, end: pd.DataFrame, lanes: pd.DataFrame, settings: Settings
) -> Floats:
    """Longest distance that both ends and the mode allow; the territory's does not count here."""
    of_hub, into_hub = start["hub"].to_numpy(bool), end["hub"].to_numpy(bool)
    starts = start["said_km"].where(~of_hub | into_hub, np.inf).fillna(np.inf).to_numpy(float)
    stops = end["said_km"].where(~into_hub, np.inf).fillna(np.inf).to_numpy(float)
    by_mode = {mode: longest_km(mode, settings) for mode in (*ACCESS, PIPE)}
    most = lanes["mode"].map(by_mode).fillna(np.inf).to_numpy(float)
    return np.asarray(np.minimum(np.minimum(starts, stops), most))


def carried(market: Market, lanes: pd.DataFrame) -> pd.DataFrame:
    """What default lanes by rail, waterway and pipe cost, emit and lose.

    Parameters
    ----------
    lanes
        ``origin``, ``end``, ``mode``, ``haul_km`` (blank: none of these), ``legs_km``.

    Returns
    -------
    figures
        On the index of `lanes`: ``transport`` (EUR per unit), ``emitted`` (kg per unit), ``kept``
        (part of a unit that arrives) and ``laid`` (EUR per year of the lane).
    """
    kind = kinds(market).to_numpy()[lanes["origin"]]
    mass = market.origins["mass"].to_numpy(float)[lanes["origin"]]
    into_hub = market.ends["hub"].to_numpy(bool)[lanes["end"]]
    figures = pd.DataFrame(
        {"transport": 0.0, "emitted": 0.0, "kept": 1.0, "laid": 0.0}, lanes.index
    )
    own = lanes["haul_km"].notna()
    for mode in sorted(set(lanes.loc[own, "mode"])):
        for sort in sorted(set(kind[own & (lanes["mode"] == mode)])):
            rows = (own & (lanes["mode"] == mode) & (kind == sort)).to_numpy()
            haul, legs = (lanes.loc[rows, name].to_numpy(float) for name in ("haul_km", "legs_km"))
            if mode == PIPE:
                found = _by_pipe(sort, haul, into_hub[rows], market.settings)
            else:
                found = _by_access(mode, haul, legs, mass[rows], market.settings)
            figures.loc[rows, list(found)] = np.column_stack(list(found.values()))
    return figures


def _by_access(
    mode: str, haul: Floats, legs: Floats, mass: Floats, settings: Settings
) -> dict[str, Floats]:
    """Per tonne: handled at both ends, the haul by its mode, the legs by road."""
    handled = 2 * _figure(f"handling_{mode}", settings)
    per_t = handled + haul * _figure(f"haul_cost_{mode}", settings)
    per_t = per_t + legs * settings.cost_eur_per_t_km
    emitted = haul * _figure(f"transport_co2e_{mode}", settings)
    emitted = emitted + legs * settings.co2e_kg_per_t_km
    return {"transport": mass * per_t, "emitted": mass * emitted}


def _by_pipe(
    kind: str, km: Floats, into_hub: npt.NDArray[np.bool_], settings: Settings
) -> dict[str, Floats]:
    """Power along the way, losses on the way to a need, and a year's part of the laying."""
    mwh = km * _figure(f"pipe_power_{kind}", settings) / 1000.0
    lost = _figure(f"pipe_loss_{kind}", settings)
    years, rate = _figure("pipe_years", settings), _figure("pipe_interest", settings)
    if rate:  # the years' payments, discounted, are worth the laying
        worth = sum((1 + rate) ** -year for year in range(1, int(years) + 1))
        if years != int(years):
            worth = (1 - (1 + rate) ** -years) / rate
    else:
        worth = years
    return {
        "transport": mwh * _figure("price_electricity", settings),
        "emitted": mwh * _figure("electricity_fr", settings),
        "kept": np.where(into_hub, 1.0, np.exp(km * np.log1p(-lost))),
        "laid": km * 1000.0 * _figure(f"pipe_cost_{kind}", settings) / worth,
    }


def _figure(name: str, settings: Settings) -> float:
    return float(nomenclature.factor(name, overrides=settings.factors).value)


def _open_to(territory: Territory, column: str) -> frozenset[tuple[bool, str]]:
    """Whether a hub, and id, of every place that has access of its own."""
    parks = set(territory.parks["park_id"][territory.parks[column].astype(bool)])
    sites = territory.sites
    by_site = sites.index[(sites[column] != "no") | sites["park_id"].isin(parks)]
    by_hub = territory.hubs["hub_id"][territory.hubs[column] != "no"]
    return frozenset({(False, site) for site in by_site} | {(True, hub) for hub in by_hub})


def _shared(territory: Territory, column: str) -> pd.DataFrame:
    """Places where others may load: sites, then hubs, then parks, each in order of id."""
    sites, hubs, parks = territory.sites, territory.hubs, territory.parks
    rows = []
    for frame in (sites.sort_index(), hubs.sort_values("hub_id")):
        for _, row in frame[frame[column] == "shared"].iterrows():
            area = float(row["commune_area_km2"])
            rows.append((row["lon"], row["lat"], row["position_quality"], row["insee"], area))
    for _, park in parks[parks[column].astype(bool)].iterrows():
        inside = park.geometry.representative_point()
        rows.append((inside.x, inside.y, "exact", "", np.nan))
    points = pd.DataFrame(rows, columns=PLACE).astype({"lon": float, "lat": float})
    return points[points["lon"].notna()].reset_index(drop=True)


def _loading(
    frame: pd.DataFrame,
    open_to: frozenset[tuple[bool, str]],
    points: pd.DataFrame,
    reach_km: float,
    settings: Settings,
) -> pd.DataFrame:
    """Where each origin, or end, loads: at home, or at the nearest point within reach."""
    hub = frame["hub"].to_numpy(bool)
    names = zip(hub, np.where(hub, frame["id"], frame["site"]), strict=True)
    at_home = np.array([(bool(one), name) in open_to for one, name in names], dtype=bool)
    away = np.full((len(points), len(frame)), np.inf)
    for at in range(len(points)):
        away[at] = geodesic_km(frame, points.iloc[[at] * len(frame)])
    places = frame[PLACE].reset_index(drop=True).astype({"lon": float, "lat": float})
    leg_km = np.zeros(len(frame))
    nearest_km = away.min(axis=0, initial=np.inf)
    least = stretched(np.where(np.isnan(nearest_km), np.inf, nearest_km), settings)
    away_from_home = ~at_home & (least <= reach_km * (1 + SLACK))
    if away_from_home.any():
        nearest = points.iloc[away[:, away_from_home].argmin(axis=0)]
        places.loc[away_from_home, ["lon", "lat"]] = nearest[["lon", "lat"]].to_numpy(float)
        places.loc[away_from_home, "placed"] = "access"  # stands on the point, not in a commune
        leg_km[away_from_home] = least[away_from_home]
    places.loc[~at_home & ~away_from_home, ["lon", "lat"]] = np.nan
    return places.assign(leg_km=leg_km)


def source_of(market: Market, lanes: pd.DataFrame) -> npt.NDArray[np.object_]:
    """How the distance of default lanes by rail, waterway and pipe was found."""
    start, end = market.origins.iloc[lanes["origin"]], market.ends.iloc[lanes["end"]]
    vague = at_centroid(start) | at_centroid(end)
    by_road = np.where(lanes["legs_km"].to_numpy(float) > 0, "access", "geodesic")
    return np.where(vague, "centroid", by_road).astype(object)
