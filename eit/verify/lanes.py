"""Every lane that the territory permits, with its price; and why another one is refused.

A *lane* takes one good from an origin to an end in one mode; into a hub there is one lane
per recipe. Lanes of the same origin, partner and mode are one *way*; ways of the same two
ids are one *pair*.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from eit import nomenclature
from eit.roads import Network
from eit.scenario import Settings
from eit.territory import Territory
from eit.verify import quality
from eit.verify.distance import (
    SLACK,
    at_centroid,
    earth_centred,
    geodesic_km,
    least_circuity,
    near,
    stretched,
)
from eit.verify.links import DEFAULT_MODE, NO_LINK, link_terms, ways_of, winning_links
from eit.verify.market import Floats, Market, open_market
from eit.verify.meetings import Meetings, find_meetings
from eit.verify.modes import (
    Reach,
    carried,
    find_reaches,
    limit_by_mode,
    longest_km,
    served,
    source_of,
    stretch,
)
from eit.verify.roads import road_km

Flags = npt.NDArray[np.bool_]
EXACT = 1e-9
HIERARCHY = ("reuse", "recycling", "energy", "other")


@dataclass(frozen=True, slots=True)
class Ground:
    """A territory made ready for asking about its lanes.

    Attributes
    ----------
    market
        Origins, ends and hubs.
    meetings
        Goods that may meet.
    terms
        Rows of links.csv, the last one for ways without a link.
    winners
        The row that holds for each pair of origin and end and each mode.
    links_only
        Whether only listed lanes exist.
    roads
        Road network, None where the territory brings none.
    reaches
        Where each other mode of the settings serves the ends, by its name.
    """

    market: Market
    meetings: Meetings
    terms: pd.DataFrame
    winners: pd.DataFrame
    links_only: bool
    roads: Network | None
    reaches: Mapping[str, Reach]


def survey(territory: Territory, settings: Settings) -> Ground:
    """Make a territory ready for asking about its lanes."""
    market = open_market(territory, settings)
    terms = link_terms(territory.links, settings)
    return Ground(
        market=market,
        meetings=find_meetings(market, territory),
        terms=terms,
        winners=winning_links(market.origins, market.ends, terms),
        links_only=territory.links_only,
        roads=territory.roads,
        reaches=find_reaches(market, territory),
    )


def permitted_lanes(ground: Ground) -> pd.DataFrame:
    """Enumerate every permitted lane of a territory.

    Returns
    -------
    lanes
        The columns of `judged_lanes` without ``refusal``; ``way`` and ``pair`` number the
        ways and the pairs from 0. Sorted by origin, end and mode.
    """
    judged = judged_lanes(ground, _within_reach(ground))
    lanes = judged[judged["refusal"] == ""].drop(columns="refusal").reset_index(drop=True)
    ids = ground.market.ends["id"].to_numpy()
    partner = pd.Series(ids[lanes["end"]], index=lanes.index, dtype=object)
    way = lanes.groupby([lanes["origin"], partner, lanes["mode"]], sort=True).ngroup()
    start = ground.market.origins["id"].to_numpy()[lanes["origin"]]
    pair = lanes.groupby([pd.Series(start, index=lanes.index, dtype=object), partner]).ngroup()
    return lanes.assign(way=way.astype("int64"), pair=pair.astype("int64"))


def judged_lanes(ground: Ground, pairs: pd.DataFrame) -> pd.DataFrame:
    """Every way of the given pairs, priced, and why it is refused where it is.

    Parameters
    ----------
    pairs
        ``origin``, ``end``: positions in the market; each pair once.

    Returns
    -------
    lanes
        ``origin``, ``end``, ``mode``, ``link``, ``rule_id``, ``ratio``, ``distance_km`` (NaN
        where none is needed), ``distance_source``, per unit shipped ``t_km``, ``transport``
        (without trips), ``treatment``, ``saving_donor``, ``saving_receiver``, ``co2e_kg``
        (avoided net), ``laid`` (EUR per year of a pipe of its own), and ``refusal``: "" or the
        name of the first check it fails.
    """
    ways = ways_of(pairs, ground.winners, served(pairs, ground.market, ground.reaches))
    lanes = _met(ground, ways)
    lanes = _by_road(ground, lanes.assign(**_distances(ground, lanes)))
    lanes = _carried(ground, lanes.assign(**_prices(ground, lanes)))
    return lanes.assign(refusal=_refusals(ground, lanes)).drop(
        columns=["barred", "level", "off_road", "haul_km", "legs_km"]
    )


def required_ways(ground: Ground) -> pd.DataFrame:
    """Permitted ways that must carry something: ``origin``, ``end``, ``mode``, ``link``."""
    terms, winners = ground.terms, ground.winners
    asks = (terms["floor"] > 0).to_numpy()[winners["link"]] & winners["allowed"].to_numpy(bool)
    pairs = winners.loc[asks, ["origin", "end"]].drop_duplicates().reset_index(drop=True)
    lanes = judged_lanes(ground, pairs)
    held = (lanes["refusal"] == "") & (terms["floor"] > 0).to_numpy()[lanes["link"]]
    return lanes.loc[held, ["origin", "end", "mode", "link"]].reset_index(drop=True)


def missing_links(ground: Ground, present: pd.Series) -> pd.Series:
    """Required rows between two ids of the territory that no permitted lane (`present`) follows.

    Returns
    -------
    floor
        What they should carry per year, by "from→to".
    """
    terms, ids = ground.terms.iloc[:-1], set[str]()
    for frame in (ground.market.origins, ground.market.ends):
        ids |= set(frame.loc[~frame["gone"].astype(bool), "id"])
    asked = terms["allowed"].astype(bool) & (terms["floor"] > 0)
    asked &= terms["from_id"].isin(ids) & terms["to_id"].isin(ids)
    unmet = terms[asked & ~terms.index.isin(present)]
    return unmet["floor"].set_axis(unmet["from_id"] + "→" + unmet["to_id"])


def _within_reach(ground: Ground) -> pd.DataFrame:
    """Pairs of origin and end whose goods may meet and that are near enough, or listed."""
    market, meetings = ground.market, ground.meetings
    listed = ground.winners[["origin", "end"]].drop_duplicates()
    if ground.links_only:
        return listed
    places = earth_centred(market.origins), earth_centred(market.ends)
    circuity = least_circuity(market.settings) if ground.roads is None else 1.0
    spaces = {
        mode: (earth_centred(reach.origins), earth_centred(reach.ends))
        for mode, reach in ground.reaches.items()
    }
    members = meetings.origin_good.groupby(meetings.origin_good).groups
    takers = meetings.end_good.groupby(meetings.end_good).groups
    found = [listed.to_numpy(dtype="int64").reshape(-1, 2)]
    goods = meetings.rows[["origin_good", "end_good", "rule_km"]].to_numpy(dtype=float)
    for origin_good, end_good, rule_km in goods:
        start = np.asarray(members[int(origin_good)], dtype="int64")
        stop = np.asarray(takers[int(end_good)], dtype="int64")
        reach = _longest(market, start, stop, float(rule_km)) / circuity
        first, second = near(places[0][start], places[1][stop], within_km=reach)
        found.append(np.column_stack([start[first], stop[second]]))
        for mode, space in spaces.items():
            longest = _longest(market, start, stop, float(rule_km), mode=mode)
            within = longest / stretch(mode, market.settings)
            first, second = near(space[0][start], space[1][stop], within_km=within)
            found.append(np.column_stack([start[first], stop[second]]))
    pairs = pd.DataFrame(np.concatenate(found), columns=["origin", "end"])
    return pairs.drop_duplicates().sort_values(["origin", "end"]).reset_index(drop=True)


def _longest(
    market: Market, start: np.ndarray, stop: np.ndarray, rule_km: float, mode: str = DEFAULT_MODE
) -> float:
    """A distance that no pair of these origins and ends may pass in a mode."""
    if mode != DEFAULT_MODE:
        return min(rule_km, longest_km(mode, market.settings)) * (1 + SLACK)
    origin_reach, end_reach = _own_reach(market.origins), _own_reach(market.ends)
    longest = min(origin_reach[start].max(), end_reach[stop].max(), rule_km)
    if not np.isfinite(longest):  # from hub to hub
        longest = market.origins["reach_km"].to_numpy()[start].max()
    return float(longest) * (1 + SLACK)


def _own_reach(frame: pd.DataFrame) -> Floats:
    """Longest distance each declaration accepts; a hub states none."""
    reach: Floats = np.where(frame["hub"].astype(bool), np.inf, frame["reach_km"].astype(float))
    return reach


def _met(ground: Ground, ways: pd.DataFrame) -> pd.DataFrame:
    """Ways with how their goods meet: rule, ratio, treatment, what is avoided, level, limits."""
    market, meetings = ground.market, ground.meetings
    goods = pd.DataFrame(
        {
            "origin_good": meetings.origin_good.to_numpy()[ways["origin"]],
            "end_good": meetings.end_good.to_numpy()[ways["end"]],
        },
        index=ways.index,
    )
    met = goods.merge(meetings.rows, on=["origin_good", "end_good"], how="left")
    ends = market.ends.iloc[ways["end"]]
    into_hub = ends["hub"].to_numpy(bool)
    return ways.assign(
        rule_id=met["rule_id"].to_numpy(),
        ratio=met["ratio"].to_numpy(float),
        treatment=met["treatment"].to_numpy(float) + ends["treatment"].to_numpy(float),
        avoided=met["avoided"].to_numpy(float),
        level=np.where(into_hub, ends["level"], met["level"]),
        rule_km=met["rule_km"].fillna(np.inf).to_numpy(float),
        limits=met["quality"].fillna("").to_numpy(),
    )


def _distances(ground: Ground, lanes: pd.DataFrame) -> dict[str, npt.NDArray[Any]]:
    """Distance of each lane and where it comes from: its link, or the places of its ends."""
    terms = ground.terms.iloc[lanes["link"]]
    start = ground.market.origins.iloc[lanes["origin"]]
    end = ground.market.ends.iloc[lanes["end"]]
    stated = terms["distance_km"].to_numpy(float)
    by_link = np.isfinite(stated) | terms["priced"].to_numpy(bool)
    straight = np.full(len(lanes), np.nan)
    straight[~by_link] = geodesic_km(start[~by_link], end[~by_link])
    by_road = (lanes["mode"] == DEFAULT_MODE).to_numpy() & (ground.roads is not None)
    usual = (lanes["mode"] == DEFAULT_MODE).to_numpy() & ~by_road
    settings = ground.market.settings
    measured = np.where(by_road, straight, straight * settings.circuity)
    measured[usual] = stretched(straight[usual], settings)
    between = np.where(at_centroid(start) | at_centroid(end), "centroid", "geodesic")
    other = lanes["haul_km"].notna().to_numpy()
    measured = np.where(other, lanes["haul_km"] + lanes["legs_km"], measured)
    between = np.where(other, source_of(ground.market, lanes), between)
    return {
        "distance_km": np.where(by_link, stated, measured),
        "distance_source": np.where(by_link, "link", between),
    }


def _by_road(ground: Ground, lanes: pd.DataFrame) -> pd.DataFrame:
    """Lanes measured by road where there is a network, no link says it, and they may be near."""
    if ground.roads is None:
        return lanes.assign(off_road=False)
    market = ground.market
    start, end = market.origins.iloc[lanes["origin"]], market.ends.iloc[lanes["end"]]
    limit = _limit_km(start, end, lanes, market.settings) * (1 + SLACK)
    unsaid = (lanes["distance_source"] != "link") & (lanes["mode"] == DEFAULT_MODE)
    near = (unsaid & (lanes["distance_km"] <= limit)).to_numpy(dtype=bool)
    found = road_km(ground.roads, start[near], end[near], limit[near])
    off_road = np.zeros(len(lanes), dtype=bool)
    off_road[near] = np.isinf(found)
    distance = lanes["distance_km"].to_numpy(dtype=np.float64, copy=True)
    distance[near] = np.where(np.isinf(found), distance[near], found)
    source = np.where(near, "road", lanes["distance_source"].to_numpy())
    return lanes.assign(distance_km=distance, distance_source=source, off_road=off_road)


def _prices(ground: Ground, lanes: pd.DataFrame) -> dict[str, npt.NDArray[Any]]:
    """Money, tonne-kilometres and emissions per unit shipped along each lane."""
    market = ground.market
    origins, ends = market.origins.iloc[lanes["origin"]], market.ends.iloc[lanes["end"]]
    terms = ground.terms.iloc[lanes["link"]]
    t_km = origins["mass"].to_numpy(float) * lanes["distance_km"].fillna(0.0).to_numpy(float)
    cost, emission = _mode_factors(lanes["mode"], market.settings)
    quoted = terms["cost_eur_per_unit"].fillna(0.0).to_numpy(float)
    emitted = terms["co2e_kg_per_unit"].to_numpy(float)
    paid = np.where(ends["hub"], 0.0, ends["current_cost"].to_numpy(float) * lanes["ratio"])
    return {
        "t_km": t_km,
        "transport": np.where(terms["priced"], quoted, t_km * cost),
        "saving_donor": origins["current_cost"].to_numpy(float),
        "saving_receiver": paid,
        "co2e_kg": lanes["avoided"].to_numpy(float)
        - np.where(np.isfinite(emitted), emitted, t_km * emission),
    }


def _carried(ground: Ground, lanes: pd.DataFrame) -> pd.DataFrame:
    """Default lanes by rail, waterway and pipe at their own prices, with what pipes lose."""
    figures = carried(ground.market, lanes)
    other, kept = lanes["haul_km"].notna(), figures["kept"]
    return lanes.assign(
        ratio=lanes["ratio"] * kept,
        transport=lanes["transport"].where(~other, figures["transport"]),
        saving_receiver=lanes["saving_receiver"] * kept,
        co2e_kg=lanes["co2e_kg"].where(~other, lanes["avoided"] * kept - figures["emitted"]),
        laid=figures["laid"],
    )


def _mode_factors(modes: pd.Series, settings: Settings) -> tuple[Floats, Floats]:
    """EUR and kg CO2e per t.km of each mode; the road's where the mode has none of its own."""
    known = frozenset(nomenclature.factors()["name"])
    cost: dict[str, float] = {"road": settings.cost_eur_per_t_km}
    emission: dict[str, float] = {"road": settings.co2e_kg_per_t_km}
    for mode in sorted(set(modes) - {"road"}):
        for table, own in ((cost, f"transport_cost_{mode}"), (emission, f"transport_co2e_{mode}")):
            if own in known:
                table[mode] = nomenclature.factor(own, overrides=settings.factors).value
            else:
                table[mode] = table["road"]
    per_lane = (modes.map(table) for table in (cost, emission))
    first, second = (np.asarray(factors, dtype=np.float64) for factors in per_lane)
    return first, second


def _refusals(ground: Ground, lanes: pd.DataFrame) -> np.ndarray:
    """Name of the first check that each lane fails; "" where it is permitted."""
    settings = ground.market.settings
    start = ground.market.origins.iloc[lanes["origin"]].reset_index(drop=True)
    end = ground.market.ends.iloc[lanes["end"]].reset_index(drop=True)
    terms = ground.terms.iloc[lanes["link"]].reset_index(drop=True)
    unlisted = (lanes["link"] == NO_LINK).to_numpy()
    of_hub, into_hub = start["hub"].to_numpy(bool), end["hub"].to_numpy(bool)
    declared = ~of_hub & ~into_hub
    hazard = start["hazardous"].to_numpy(bool)
    distance = lanes["distance_km"].to_numpy(float)
    known, met = _quality(start, end, lanes, settings)
    tests = {
        "excluded": start["gone"].to_numpy(bool) | end["gone"].to_numpy(bool),
        "no_rule": lanes["ratio"].isna().to_numpy(),
        "same_hub": of_hub & into_hub & (start["id"] == end["id"]).to_numpy(),
        "same_site": declared & unlisted & (start["site"] == end["site"]).to_numpy(),
        "forbidden": lanes["barred"].to_numpy(bool),
        "links_only": unlisted & ground.links_only,
        "hazard": hazard & (terms["bars_hazard"] | ~end["takes_hazardous"].astype(bool)).to_numpy(),
        "quality_unknown": ~known,
        "quality": ~met,
        "hierarchy": _below(lanes["level"], settings.min_hierarchy),
        "no_place": np.isnan(distance) & ~terms["priced"].to_numpy(bool),
        "no_road": lanes["off_road"].to_numpy(bool),
        "distance_limit": distance > _limit_km(start, end, lanes, settings) * (1 + SLACK),
    }
    return np.select(list(tests.values()), list(tests), default="")


def _limit_km(
    start: pd.DataFrame, end: pd.DataFrame, lanes: pd.DataFrame, settings: Settings
) -> Floats:
    """Longest distance of each lane: both ends', the rule's and the scenario's."""
    own = np.minimum(_own_reach(start), _own_reach(end))
    own = np.where(np.isfinite(own), own, start["reach_km"].to_numpy(float))
    own = np.where(lanes["haul_km"].notna(), limit_by_mode(start, end, lanes, settings), own)
    scenario = np.inf if settings.max_distance_km is None else settings.max_distance_km
    limit: Floats = np.minimum(np.minimum(own, lanes["rule_km"].to_numpy(float)), scenario)
    return limit


def _below(levels: pd.Series, least: str | None) -> Flags:
    if least is None:
        return np.zeros(len(levels), dtype=bool)
    allowed = HIERARCHY[: HIERARCHY.index(least) + 1]
    return ~levels.isin(allowed).to_numpy()


def _quality(
    start: pd.DataFrame, end: pd.DataFrame, lanes: pd.DataFrame, settings: Settings
) -> tuple[Flags, Flags]:
    """Whether each lane's residue states what is limited; whether it meets what it must alone.

    A rule's limits hold for every residue; an end's limits for the mean, or for every lane
    in quality mode "lane". What a hub passes on (see `eit.verify.pools`) is known.
    """
    passes = start["passes"] if "passes" in start else pd.Series("", index=start.index)
    texts = pd.MultiIndex.from_arrays(
        [start["quality"].astype(object), end["quality"].astype(object), lanes["limits"], passes]
    )
    numbers, distinct = pd.factorize(texts)
    known, met = np.ones(len(distinct), dtype=bool), np.ones(len(distinct), dtype=bool)
    for at, (residue, of_end, of_rule, passed) in enumerate(distinct):
        ends, rules = quality.limits(of_end), quality.limits(of_rule)
        alone = (*ends, *rules) if settings.quality_mode == "lane" else rules
        known[at] = quality.all_stated(residue, (*ends, *rules))
        known[at] |= quality.all_passed(passed, (*ends, *rules))
        met[at] = quality.all_met(residue, alone, tolerance=EXACT)
    return known[numbers], met[numbers]
