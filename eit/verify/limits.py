"""What flows may do together: volumes, lots, partners, links, hubs, groups, quality, limits."""

import numpy as np
import pandas as pd

from eit.verify import quality
from eit.verify.lanes import missing_links, required_ways
from eit.verify.ledger import Ledger
from eit.verify.market import USED, Floats
from eit.verify.model import group_terms
from eit.verify.pools import qualities
from eit.verify.verdict import Violation, above, below, slack, unlike

WAY = ["origin", "to_id", "mode"]


def check_volumes(ledger: Ledger) -> list[Violation]:
    """What leaves a residue and reaches a need, period by period, with storage."""
    market = ledger.ground.market
    shipped, delivered = moved(ledger)
    residues = market.origins.iloc[: len(market.offered)]
    needs = market.ends.iloc[: len(market.wanted)]
    return [
        *_kept_supply(residues, market.offered, shipped),
        *_filled_needs(needs, market.wanted, delivered),
    ]


def moved(ledger: Ledger) -> tuple[Floats, Floats]:
    """Quantity shipped by each residue and delivered to each need, shapes (rows, T)."""
    market, flows = ledger.ground.market, ledger.flows
    quantity = flows["quantity"].to_numpy(float)
    period = flows["period"].to_numpy(int) - 1
    sums = []
    for side, table, amount in (
        ("origin", market.offered, quantity),
        ("end", market.wanted, quantity * flows["ratio"].to_numpy(float)),
    ):
        at = flows[side].to_numpy()
        here = at < len(table)
        total = np.zeros_like(table)
        np.add.at(total, (at[here], period[here]), amount[here])
        sums.append(total)
    return sums[0], sums[1]


def _kept_supply(rows: pd.DataFrame, offered: Floats, shipped: Floats) -> list[Violation]:
    """Follow each residue's stock: it keeps what it can, and nothing leaves that is not there."""
    full = (rows["required"].astype(bool) & ~rows["gone"].astype(bool)).to_numpy()
    room = rows["storage"].to_numpy(float)
    stock = np.zeros(len(rows))
    wrong: list[Violation] = []
    for t in range(offered.shape[1]):
        there = stock + offered[:, t]
        wrong += above("supply", rows["id"], shipped[:, t], there)
        stock = np.maximum(there - shipped[:, t], 0.0)
        wrong += above("required", rows["id"][full], stock[full], room[full])
        stock = np.minimum(stock, room)
    return wrong + above("required", rows["id"][full], stock[full], 0.0)


def _filled_needs(rows: pd.DataFrame, wanted: Floats, delivered: Floats) -> list[Violation]:
    """Follow what waits at each need: it comes early within the room, and is all used."""
    full = (rows["required"].astype(bool) & ~rows["gone"].astype(bool)).to_numpy()
    room = rows["storage"].to_numpy(float)
    waiting = np.zeros(len(rows))
    wrong: list[Violation] = []
    for t in range(wanted.shape[1]):
        there = waiting + delivered[:, t]
        last = t == wanted.shape[1] - 1
        held = np.zeros(len(rows)) if last else room
        wrong += above("need", rows["id"], there, wanted[:, t] + held)
        wrong += below("required", rows["id"][full], there[full], wanted[full, t])
        waiting = np.clip(there - wanted[:, t], 0.0, room)
    return wrong


def check_ways(ledger: Ledger) -> list[Violation]:
    """Lots per period, and what a way carries over the year."""
    ground, flows = ledger.ground, ledger.flows
    market = ground.market
    runs = flows.groupby(["way", "period"], as_index=False).agg(
        at=("at", "first"),
        origin=("origin", "first"),
        end=("end", "first"),
        quantity=("quantity", "sum"),
        ratio=("ratio", "first"),
    )
    runs = runs[runs["quantity"] > USED]
    lot = market.origins["min_lot"].to_numpy(float)[runs["origin"]]
    lot_in = market.ends["min_lot"].to_numpy(float)[runs["end"]]
    year = flows.groupby("way").agg(
        at=("at", "first"), link=("link", "first"), quantity=("quantity", "sum")
    )
    year = year[year["quantity"] > USED]
    terms = ground.terms.iloc[year["link"]]
    return [
        *below("min_lot", runs["at"], runs["quantity"], lot),
        *below("min_lot", runs["at"], runs["quantity"] * runs["ratio"], lot_in),
        *above("lane_limit", year["at"], year["quantity"], terms["max_quantity"]),
        *below("lane_minimum", year["at"], year["quantity"], terms["min_quantity"]),
        *_required_links(ledger),
    ]


def _required_links(ledger: Ledger) -> list[Violation]:
    """Links that must flow: every way they hold for carries its least quantity."""
    ground, flows = ledger.ground, ledger.flows
    starts, stops = ground.market.origins["id"], ground.market.ends["id"]
    held = required_ways(ground)
    missing = missing_links(ground, held["link"])
    held = held.assign(to_id=stops.to_numpy()[held["end"]]).drop_duplicates(WAY)
    carried = flows.groupby(WAY)["quantity"].sum()
    found = carried.reindex(pd.MultiIndex.from_frame(held[WAY])).fillna(0.0)
    floor = ground.terms["floor"].to_numpy(float)[held["link"]]
    names = starts.to_numpy()[held["origin"]] + "→" + held["to_id"]
    return [
        *below("required_link", names, found, floor),
        *below("required_link", missing.index, 0.0 * missing, missing),
    ]


def check_partners(ledger: Ledger) -> list[Violation]:
    """Distinct partners of each declaration over the year."""
    pairs = used_pairs(ledger)
    market = ledger.ground.market
    wrong = []
    for frame, side, other in (
        (market.origins, "from_id", "to_id"),
        (market.ends, "to_id", "from_id"),
    ):
        limited = frame[np.isfinite(frame["max_partners"])].set_index("id")["max_partners"]
        count = pairs.groupby(side)[other].nunique().reindex(limited.index).fillna(0)
        wrong += above("max_partners", limited.index, count, limited)
    return wrong


def used_pairs(ledger: Ledger) -> pd.DataFrame:
    """Distinct pairs of ids between which something flows."""
    flows = ledger.flows
    carried = flows.groupby(["way", "from_id", "to_id"], as_index=False)["quantity"].sum()
    pairs: pd.DataFrame = carried[["from_id", "to_id"]][carried["quantity"] > USED]
    return pairs.drop_duplicates()


def check_hubs(ledger: Ledger) -> list[Violation]:
    """A hub takes within its capacity, gives what it made and no more, and is said to be used."""
    market = ledger.ground.market
    taken, made, left = hub_volumes(ledger)
    capacity = market.hubs["capacity"]
    names = market.origins["id"] + "|" + market.origins["resource"]
    products = market.origins["hub"].to_numpy(bool)
    wrong = above("capacity", capacity.index, taken.reindex(capacity.index), capacity)
    for t in range(made.shape[1]):
        wrong += unlike("hub_balance", names[products], left[products, t], made[products, t])
    table = ledger.files.tables["hubs"]
    listed = set(table.loc[table["used"].str.lower().isin(("yes", "true", "1")), "hub_id"])
    shut = taken[(taken > USED) & ~taken.index.isin(listed)]
    return wrong + above("closed_hub", shut.index, shut, 0.0)


def hub_volumes(ledger: Ledger) -> tuple[pd.Series, Floats, Floats]:
    """Taken by each hub over the year; made and left of each origin, shapes (origins, T)."""
    market, flows = ledger.ground.market, ledger.flows
    ends = market.ends.iloc[flows["end"]]
    into = ends["hub"].to_numpy(bool)
    quantity, period = flows["quantity"].to_numpy(float), flows["period"].to_numpy(int) - 1
    taken = flows[into].groupby("to_id")["quantity"].sum().reindex(market.hubs.index).fillna(0.0)
    shape = (len(market.origins), market.settings.periods)
    made, left = np.zeros(shape), np.zeros(shape)
    product = ends["product"].to_numpy(int)
    makes = into & (product >= 0)
    yields = ends["yields"].to_numpy(float)
    np.add.at(made, (product[makes], period[makes]), quantity[makes] * yields[makes])
    np.add.at(left, (flows["origin"].to_numpy(), period), quantity)
    return taken, made, left


def check_groups(ledger: Ledger) -> list[Violation]:
    """Ways that share a limit."""
    groups = group_terms(ledger.ground.terms)
    carried = group_volumes(ledger).reindex(groups.index).fillna(0.0)
    return above("group", groups.index, carried, groups["group_capacity"])


def group_volumes(ledger: Ledger) -> pd.Series:
    """Quantity of each capacity group over the year."""
    flows = ledger.flows
    name = ledger.ground.terms["capacity_group"].to_numpy(dtype=object)[flows["link"]]
    grouped = flows["quantity"].groupby(name).sum()
    return grouped[grouped.index != ""]


def check_quality(ledger: Ledger) -> list[Violation]:
    """The mean of what each end receives in a period, by mass."""
    market, flows = ledger.ground.market, ledger.flows
    start = market.origins.iloc[flows["origin"]]
    frame = pd.DataFrame(
        {
            "end": flows["end"].to_numpy(),
            "period": flows["period"].to_numpy(),
            "mass": start["mass"].to_numpy(float) * flows["quantity"].to_numpy(float),
            "quantity": flows["quantity"].to_numpy(float),
        }
    )
    ids, texts = market.ends["id"].to_numpy(), market.ends["quality"].to_numpy()
    limited = (texts != "")[frame["end"]]
    known = qualities(ledger) if limited.any() else pd.DataFrame()
    wrong = []
    for (end, _), rows in frame[limited].groupby(["end", "period"]):
        weight = rows["mass"] if (rows["mass"] > 0).any() else rows["quantity"]
        if weight.sum() <= USED:
            continue
        for limit in quality.limits(texts[end]):
            value = known.loc[rows.index, limit.name]
            mean = float((value * weight).sum() / weight.sum())
            if not limit.excess(mean) <= slack(limit.bound):
                name = f"{ids[end]} {limit.text}"
                wrong.append(Violation("quality", name, mean, limit.bound))
    return wrong
