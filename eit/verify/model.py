"""The matching model, written a second time: from lanes to the rows and columns of a MILP.

Nothing here is shared with the code that makes plans: same meaning, other hands. Every
function writes one kind of row; together they are the whole model.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from eit.scenario import Settings
from eit.verify.lanes import Ground, missing_links
from eit.verify.market import Floats, Ints, Market
from eit.verify.mixtures import write_means
from eit.verify.sheet import Draft, Model

TOUCH = 1e-3
"""Quantity that a way carries at least where exchanges are counted."""


def build_model(ground: Ground, lanes: pd.DataFrame) -> Model:
    """Write the model of a territory over its permitted lanes."""
    market, draft = ground.market, Draft()
    most = _most(ground, lanes)
    ship = draft.add_columns("ship", most)
    ways = _ways(ground, lanes, most)
    _volumes(draft, market, lanes, ship)
    _hubs(draft, market, lanes, ship, most)
    _use_of_ways(draft, market.settings, ways, lanes, ship)
    _amounts_of_ways(draft, ground, ways, lanes, ship)
    _partners(draft, market, ways)
    _trips(draft, ways, lanes, ship)
    _groups(draft, ground, ways, lanes, ship)
    write_means(draft, market, lanes, ship)
    spent = _spending(draft, ground, ways, lanes)
    _limits(draft, market.settings, lanes, spent)
    return draft.finished(_objectives(draft, market, lanes, spent), lanes, ways)


def _most(ground: Ground, lanes: pd.DataFrame) -> Floats:
    """A quantity that no lane of a best plan passes in a period, shape (lanes, T)."""
    market = ground.market
    offered = np.full((len(market.origins), market.settings.periods), np.inf)
    residues, needs = len(market.offered), len(market.wanted)
    held = market.origins["storage"].to_numpy(float)[:residues, None]
    so_far = np.cumsum(market.offered, axis=1)
    offered[:residues] = np.minimum(so_far, market.offered + held)
    offered[residues:] = _most_made(market, lanes)[:, None]
    wanted = np.full((len(market.ends), market.settings.periods), np.inf)
    room = market.ends["storage"].to_numpy(float)[:needs, None]
    to_come = np.cumsum(market.wanted[:, ::-1], axis=1)[:, ::-1]
    wanted[:needs] = np.minimum(to_come, market.wanted + room)
    hub_room = market.hubs["capacity"].reindex(market.ends["id"].iloc[needs:])
    wanted[needs:] = hub_room.to_numpy(float)[:, None]
    carried = ground.terms["max_quantity"].to_numpy(float)[lanes["link"], None]
    ratio = lanes["ratio"].to_numpy(float)[:, None]
    most: Floats = np.minimum(offered[lanes["origin"]], wanted[lanes["end"]] / ratio)
    return np.asarray(np.minimum(carried, most), dtype=np.float64)


def _most_made(market: Market, lanes: pd.DataFrame) -> Floats:
    """What each product of a hub cannot exceed, shape (products,).

    The hub's capacity, or all residues together, times the best yield; each hub that feeds
    another may have multiplied them before.
    """
    starts, stops = market.origins.iloc[lanes["origin"]], market.ends.iloc[lanes["end"]]
    feeding = starts["hub"].to_numpy(bool) & stops["hub"].to_numpy(bool)
    best = market.ends.groupby("id")["yields"].max()
    before = best.reindex(pd.unique(starts.loc[feeding, "id"])).clip(lower=1.0).prod()
    made = market.origins["id"].iloc[len(market.offered) :]
    taken = np.minimum(market.hubs["capacity"].reindex(made), market.offered.sum() * before)
    return np.asarray(taken.to_numpy(float) * best.reindex(made).to_numpy(float), dtype=np.float64)


def _ways(ground: Ground, lanes: pd.DataFrame, most: Floats) -> pd.DataFrame:
    """One row per way: its ends, its terms, what it carries at most, which binaries it needs."""
    first = lanes.drop_duplicates("way").sort_values("way").set_index("way")
    market = ground.market
    start = market.origins.iloc[first["origin"]].set_axis(first.index)
    end = market.ends.iloc[first["end"]].set_axis(first.index)
    terms = ground.terms.iloc[first["link"]].set_axis(first.index)
    lane_year = pd.Series(most.sum(axis=1), index=lanes.index).groupby(lanes["way"]).max()
    total = _year_most(market, first)
    ways = terms.assign(
        fixed_cost_eur=terms["fixed_cost_eur"] + first["laid"],
        pair=first["pair"],
        from_id=start["id"],
        to_id=end["id"],
        ratio=first["ratio"],
        lot=start["min_lot"],
        lot_delivered=end["min_lot"].where(~end["hub"].astype(bool), 0.0),
        year_most=np.minimum(np.minimum(lane_year, total), terms["max_quantity"]),
    )
    limited = np.isfinite(start["max_partners"]) | np.isfinite(end["max_partners"])
    fixed = ways["fixed_cost_eur"] > 0
    counted = counts_exchanges(market.settings)
    return ways.assign(
        counted=limited.astype(bool) | counted,
        runs=(ways["lot"] > 0) | (ways["lot_delivered"] > 0) | (fixed & ways["per_period"]),
        joins=(fixed & ~ways["per_period"]) | (ways["min_quantity"] > 0) | limited | counted,
    )


def _year_most(market: Market, first: pd.DataFrame) -> Floats:
    """What the two ends of a way leave it over the year."""
    offered = np.full(len(market.origins), np.inf)
    offered[: len(market.offered)] = market.offered.sum(axis=1)
    wanted = np.full(len(market.ends), np.inf)
    wanted[: len(market.wanted)] = market.wanted.sum(axis=1)
    year: Floats = np.minimum(offered[first["origin"]], wanted[first["end"]] / first["ratio"])
    return np.asarray(year, dtype=float)


def counts_exchanges(settings: Settings) -> bool:
    """Whether distinct pairs are counted, as an objective or as a limit."""
    return "exchanges" in settings.maximise or settings.max_exchanges is not None


def _volumes(draft: Draft, market: Market, lanes: pd.DataFrame, ship: Ints) -> None:
    """What leaves a residue and what reaches a need, period by period, with storage.

    Residue: ``shipped_t + kept_t <= offered_t + kept_(t-1)``; need: ``delivered_t +
    early_(t-1) - early_t <= wanted_t``; equal where the declaration is required.
    """
    sides = (
        ("supply", market.origins, market.offered, "origin", 1, np.ones(len(lanes))),
        ("need", market.ends, market.wanted, "end", -1, lanes["ratio"].to_numpy(float)),
    )
    for kind, frame, quantity, side, sign, weight in sides:
        declared = frame.iloc[: len(quantity)]
        full = (declared["required"].astype(bool) & ~declared["gone"].astype(bool)).to_numpy()
        at = lanes[side].to_numpy()
        here = np.flatnonzero(at < len(quantity))
        room = np.repeat(declared["storage"].to_numpy(float)[:, None], quantity.shape[1], axis=1)
        room[:, -1] = np.where(full | (sign < 0), 0.0, room[:, -1])
        stock = draft.add_columns(f"stock_{kind}", room)
        for t in range(quantity.shape[1]):
            low = np.where(full, quantity[:, t], -np.inf)
            rows = draft.add_rows(kind, declared["id"], low, quantity[:, t], period=t + 1)
            draft.put(rows[at[here]], ship[here, t], weight[here])
            draft.put(rows, stock[:, t], sign)
            if t:
                draft.put(rows, stock[:, t - 1], -sign)


def _hubs(draft: Draft, market: Market, lanes: pd.DataFrame, ship: Ints, most: Floats) -> None:
    """Products leave as they are made; a hub takes within its capacity, and only if open."""
    ends, origins, hubs = market.ends, market.origins, market.hubs
    into = np.flatnonzero(ends["hub"].to_numpy(bool)[lanes["end"]])
    out_of = np.flatnonzero(origins["hub"].to_numpy(bool)[lanes["origin"]])
    product = ends["product"].to_numpy(int)[lanes["end"].to_numpy()[into]]
    yields = ends["yields"].to_numpy(float)[lanes["end"].to_numpy()[into]]
    first = len(market.offered)
    names = (origins["id"] + "|" + origins["resource"]).iloc[first:]
    for t in range(ship.shape[1]):
        rows = draft.add_rows("product", names, 0.0, 0.0, period=t + 1)
        draft.put(rows[lanes["origin"].to_numpy()[out_of] - first], ship[out_of, t], 1.0)
        makes = product >= 0
        draft.put(rows[product[makes] - first], ship[into[makes], t], -yields[makes])
    hub = hubs.index.get_indexer(pd.Index(ends["id"].iloc[lanes["end"].to_numpy()[into]]))
    rows = draft.add_rows("capacity", hubs.index, -np.inf, hubs["capacity"])
    draft.put(rows[hub][:, None], ship[into], 1.0)
    charged = (hubs["opening_cost"] != 0).to_numpy()
    opened = draft.add_columns("open", charged.astype(float), whole=True)
    _only_if(draft, "open", hubs.index[hub], ship[into], most[into], opened[hub], charged[hub])


def _only_if(
    draft: Draft,
    kind: str,
    ids: npt.ArrayLike,
    ship: Ints,
    most: Floats,
    switch: Ints,
    where: npt.NDArray[np.bool_],
) -> None:
    """``ship_t <= most_t x switch`` for the lanes `where`; `switch` is per lane or per period."""
    names = np.asarray(ids, dtype=object)[where]
    for t in range(ship.shape[1]):
        rows = draft.add_rows(f"{kind}_switch", names, -np.inf, 0.0, period=t + 1)
        draft.put(rows, ship[where, t], 1.0)
        own = switch[where, t] if switch.ndim == 2 else switch[where]
        draft.put(rows, own, -most[where, t])


def _use_of_ways(
    draft: Draft, settings: Settings, ways: pd.DataFrame, lanes: pd.DataFrame, ship: Ints
) -> None:
    """Switches of a way: `used` over the year, `running` in a period."""
    way = lanes["way"].to_numpy()
    most = draft.high_of(ship)
    joins, runs = ways["joins"].to_numpy(bool), ways["runs"].to_numpy(bool)
    names = _names(ways)
    used = draft.add_columns("used", joins.astype(float), whole=True)
    periods = ship.shape[1]
    running = draft.add_columns(
        "running", np.repeat(runs[:, None], periods, axis=1).astype(float), whole=True
    )
    _only_if(draft, "used", names[way], ship, most, used[way], joins[way])
    _only_if(draft, "running", names[way], ship, most, running[way], runs[way])
    both = joins & runs
    for t in range(periods):
        rows = draft.add_rows("running_used", names[both], -np.inf, 0.0, period=t + 1)
        draft.put(rows, running[both, t], 1.0)
        draft.put(rows, used[both], -1.0)
        for kind, least, per in (
            ("min_lot", "lot", None),
            ("min_delivered", "lot_delivered", "ratio"),
        ):
            asks = (ways[least] > 0).to_numpy()
            rows = draft.add_rows(kind, names[asks], 0.0, np.inf, period=t + 1)
            place = np.full(len(ways), -1)
            place[asks] = rows
            here = np.flatnonzero(asks[way])
            weight = 1.0 if per is None else lanes["ratio"].to_numpy(float)[here]
            draft.put(place[way[here]], ship[here, t], weight)
            draft.put(rows, running[asks, t], -ways.loc[asks, least].to_numpy(float))


def _amounts_of_ways(
    draft: Draft, ground: Ground, ways: pd.DataFrame, lanes: pd.DataFrame, ship: Ints
) -> None:
    """What a way carries over the year: at most, at least if used, at least in any case."""
    way, names = lanes["way"].to_numpy(), _names(ways)
    used = draft.columns["used"]
    bound = (ways["floor"] > 0) | np.isfinite(ways["max_quantity"])
    touched = np.minimum(TOUCH, ways["year_most"])
    least = ways["min_quantity"]
    if "exchanges" in ground.market.settings.maximise:
        least = least.clip(lower=touched)
    for kind, asks, low, high in (
        ("way_max", bound.to_numpy(), ways["floor"], ways["max_quantity"]),
        ("way_min", (least > 0).to_numpy(), 0.0 * least, least + np.inf),
    ):
        place = np.full(len(ways), -1)
        place[asks] = rows = draft.add_rows(kind, names[asks], low[asks], high[asks])
        here = np.flatnonzero(asks[way])
        draft.put(place[way[here]][:, None], ship[here], 1.0)
        if kind == "way_min":
            draft.put(rows, used[asks], -least[asks].to_numpy(float))
    missing = missing_links(ground, lanes["link"])
    draft.add_rows("link_required", missing.index, missing, np.inf)


def _partners(draft: Draft, market: Market, ways: pd.DataFrame) -> None:
    """Distinct pairs in use, of a declaration with a limit and in all."""
    counted = ways[ways["counted"].astype(bool)]
    pairs = counted.drop_duplicates("pair").set_index("pair")[["from_id", "to_id"]]
    joined = draft.add_columns("joined", np.ones(len(pairs)), whole=True)
    at = pairs.index.get_indexer(pd.Index(counted["pair"]))
    used = draft.columns["used"][counted.index]
    rows = draft.add_rows("pair_switch", _names(counted), -np.inf, 0.0)
    draft.put(rows, used, 1.0)
    draft.put(rows, joined[at], -1.0)
    rows = draft.add_rows("pair_used", pairs["from_id"] + "→" + pairs["to_id"], -np.inf, 0.0)
    draft.put(rows, joined, 1.0)
    draft.put(rows[at], used, -1.0)
    for frame, side in ((market.origins, "from_id"), (market.ends, "to_id")):
        limited = frame[np.isfinite(frame["max_partners"])].set_index("id")["max_partners"]
        rows = draft.add_rows("max_partners", limited.index, -np.inf, limited)
        place = limited.index.get_indexer(pd.Index(pairs[side]))
        draft.put(rows[place[place >= 0]], joined[place >= 0], 1.0)


def _trips(draft: Draft, ways: pd.DataFrame, lanes: pd.DataFrame, ship: Ints) -> None:
    """Whole trips: ``shipped_t <= payload x trips_t``."""
    way = lanes["way"].to_numpy()
    paid = ways["by_trip"].to_numpy(bool)
    most = pd.DataFrame(draft.high_of(ship)).groupby(way).max().reindex(ways.index).to_numpy()
    payload = ways["trip_payload"].to_numpy(float)
    high = np.ceil(most[paid] / payload[paid, None])
    trips = draft.add_columns("trips", high, whole=True)
    place = np.full(len(ways), -1)
    here = np.flatnonzero(paid[way])
    for t in range(ship.shape[1]):
        place[paid] = rows = draft.add_rows("trips", _names(ways[paid]), -np.inf, 0.0, period=t + 1)
        draft.put(place[way[here]], ship[here, t], 1.0)
        draft.put(rows, trips[:, t], -payload[paid])


def _groups(
    draft: Draft, ground: Ground, ways: pd.DataFrame, lanes: pd.DataFrame, ship: Ints
) -> None:
    """Ways that share a limit or an investment."""
    groups = group_terms(ground.terms)
    of_lane = ways["capacity_group"].to_numpy()[lanes["way"].to_numpy()]
    group = groups.index.get_indexer(of_lane)
    here = np.flatnonzero(group >= 0)
    rows = draft.add_rows("group", groups.index, -np.inf, groups["group_capacity"])
    draft.put(rows[group[here]][:, None], ship[here], 1.0)
    charged = (groups["group_fixed_cost_eur"] > 0).to_numpy()
    chosen = draft.add_columns("group", charged.astype(float), whole=True)
    most = draft.high_of(ship)[here]
    where = charged[group[here]]
    _only_if(draft, "group", of_lane[here], ship[here], most, chosen[group[here]], where)


def group_terms(terms: pd.DataFrame) -> pd.DataFrame:
    """Limit and fixed cost of each capacity group, by its name."""
    named = terms[terms["capacity_group"] != ""]
    first = named.drop_duplicates("capacity_group").set_index("capacity_group").sort_index()
    return first[["group_capacity", "group_fixed_cost_eur"]]


def _spending(draft: Draft, ground: Ground, ways: pd.DataFrame, lanes: pd.DataFrame) -> Floats:
    """EUR that one unit of each column costs: transport, treatment, fixed, opening, groups."""
    spent = np.zeros(draft.width)
    columns = draft.columns
    spent[columns["ship"]] = (lanes["transport"] + lanes["treatment"]).to_numpy(float)[:, None]
    fixed, per_period = ways["fixed_cost_eur"], ways["per_period"].astype(bool)
    spent[columns["used"]] = fixed.where(~per_period, 0.0)
    spent[columns["running"]] = fixed.where(per_period, 0.0).to_numpy(float)[:, None]
    spent[columns["trips"]] = ways.loc[ways["by_trip"].astype(bool), ["trip_cost_eur"]].to_numpy()
    spent[columns["open"]] = ground.market.hubs["opening_cost"]
    spent[columns["group"]] = group_terms(ground.terms)["group_fixed_cost_eur"]
    return spent


def _limits(draft: Draft, settings: Settings, lanes: pd.DataFrame, spent: Floats) -> None:
    """Yearly limits of the scenario."""
    everything = np.arange(draft.width)
    if settings.budget_eur is not None:
        rows = draft.add_rows("budget", [""], -np.inf, settings.budget_eur)
        draft.put(rows, everything[spent != 0], spent[spent != 0])
    if settings.fleet_t_km is not None:
        rows = draft.add_rows("fleet", [""], -np.inf, settings.fleet_t_km)
        draft.put(rows, draft.columns["ship"], lanes["t_km"].to_numpy(float)[:, None])
    if settings.max_exchanges is not None:
        rows = draft.add_rows("exchanges", [""], -np.inf, settings.max_exchanges)
        draft.put(rows, draft.columns["joined"], 1.0)


def _objectives(
    draft: Draft, market: Market, lanes: pd.DataFrame, spent: Floats
) -> Mapping[str, Floats]:
    """What one unit of each column brings to each objective."""
    ship = draft.columns["ship"]
    saved, co2e, leaving, pairs = (np.zeros(draft.width) for _ in range(4))
    saved[ship] = (lanes["saving_donor"] + lanes["saving_receiver"]).to_numpy(float)[:, None]
    co2e[ship] = lanes["co2e_kg"].to_numpy(float)[:, None] / 1000.0
    from_residue = ~market.origins["hub"].to_numpy(bool)[lanes["origin"]]
    leaving[ship] = from_residue.astype(float)[:, None]
    pairs[draft.columns["joined"]] = 1.0
    return {"value": saved - spent, "co2e": co2e, "quantity": leaving, "exchanges": pairs}


def _names(ways: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Names of ways: from→to, and the mode."""
    return (ways["from_id"] + "→" + ways["to_id"] + " " + ways["mode"]).to_numpy(dtype=object)
