"""Why a declaration that has lanes has quantity left: what stands in the way of its best one."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from eit.matching.arrays import USED, Bools, Floats, Ints, folded, sum_by
from eit.matching.flows import Flows
from eit.matching.hub_quality import mixed_out
from eit.matching.potential import NOTHING, worth
from eit.matching.problem import Offer
from eit.scenario import Settings
from solvers.exchange import Exchange, Limit
from solvers.pooling import Pooling

CAUSES = (
    "min_lot",
    "partner_limit",
    "quality_mix",
    "quality_hub",
    "limit",
    "limit_link",
    "limit_time",
    "capacity_full",
    "capacity_closed",
    "competition",
    "not_worth",
)
"""What can stand in the way of a lane; the earlier, the nearer the lane is to being used."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What a plan leaves over, and what it uses.

    Attributes
    ----------
    residues, needs
        Left per period, shapes (m, T) and (n, T); what storage spreads counts in every period.
    taken
        By each hub over the year, shape (h,).
    carried, used, pair_used
        Quantity of each way over the year and whether it is used (w,); pairs in use (q,).
    """

    residues: Floats
    needs: Floats
    taken: Floats
    carried: Floats
    used: Bools
    pair_used: Bools


def balance(offer: Offer, flows: Flows) -> Balance:
    """Work out what is left of every residue and need, and what is used."""
    ends, lane = offer.ends, flows.lane
    origin, end = offer.lanes.origin[lane], offer.lanes.end[lane]
    delivered = flows.quantity * offer.ratio[lane]
    sent = _per_period(origin, flows.period, flows.quantity, ends.offered)
    received = _per_period(end, flows.period, delivered, ends.wanted)
    hub = ends.destinations["hub"].to_numpy()[end]
    ways = len(offer.bundles.lane)
    carried = sum_by(offer.bundles.way[lane], flows.quantity, ways)
    pairs = np.zeros(int(offer.bundles.pair.max(initial=-1)) + 1, dtype=bool)
    pairs[offer.bundles.pair[carried > USED]] = True
    return Balance(
        residues=_spread(ends.offered - sent, ends.origins["storage"].to_numpy()),
        needs=_spread(ends.wanted - received, ends.destinations["storage"].to_numpy()),
        taken=sum_by(hub, flows.quantity, len(ends.hubs)),
        carried=carried,
        used=carried > USED,
        pair_used=pairs,
    )


@dataclass(frozen=True, slots=True)
class Case:
    """A plan under questioning: what was to be solved, what came of it, what it leaves."""

    offer: Offer
    problem: Exchange
    flows: Flows
    left: Balance
    settings: Settings
    proven: bool
    pooling: Pooling | None = None


def obstacles(case: Case, side: str, left_over: Bools) -> pd.DataFrame:
    """Find what keeps each declaration from the lane it is nearest to using.

    Parameters
    ----------
    case
        The plan.
    side
        ``origin`` for residues, ``end`` for needs.
    left_over
        Which of them have quantity left, shape (m,) or (n,).

    Returns
    -------
    causes
        Index: position of the residue or need; ``cause``, ``lane``, ``worth`` (gain per unit in
        the objective ``rank``).
    """
    lanes = case.offer.lanes
    own = lanes.origin if side == "origin" else lanes.end
    at = np.flatnonzero(own < len(left_over))
    at = at[left_over[own[at]]]
    value, rank = worth(case.offer, case.problem)
    found = pd.DataFrame(
        {
            "own": own[at],
            "cause": _causes(case, side, at, value[at]),
            "lane": at,
            "worth": value[at],
            "rank": rank[at],
        }
    )
    order = np.lexsort([-found["worth"].to_numpy(), found["cause"].to_numpy(), own[at]])
    best = found.iloc[order].drop_duplicates("own").set_index("own")
    return best.assign(cause=np.array(CAUSES, dtype=object)[best["cause"]])


def _causes(case: Case, side: str, at: Ints, value: Floats) -> Ints:
    """Position in `CAUSES` of what stands in the way of each lane."""
    closed, full = _hub_state(case, at)
    room, most = _room(case, side, at)
    way = case.offer.bundles.way[at]
    reaching, feeding = _through_hubs(case, at)
    tests = {
        "not_worth": value <= NOTHING,
        "capacity_closed": closed,
        "capacity_full": full,
        "competition": ~room,
        "min_lot": most < least_quantity(case, at) - USED,
        "partner_limit": _at_partner_limit(case, at),
        "quality_hub": feeding,
        "quality_mix": _mixed_out(case, at) | reaching,
        "limit_link": _link_full(case)[way],
        "limit": _at_limit(case, at),
        "limit_time": np.full(len(at), not case.proven),
    }
    order = [CAUSES.index(name) for name in tests]
    return np.select(list(tests.values()), order, default=CAUSES.index("competition"))


def _through_hubs(case: Case, at: Ints) -> tuple[Bools, Bools]:
    """Whether a lane would break a mean through a hub that mixes: at its end, or before the hub."""
    if case.pooling is None:
        none = np.zeros(len(at), dtype=bool)
        return none, none
    flows, periods = case.flows, case.offer.ends.periods
    count = len(case.offer.lanes)
    cell = folded(flows.lane, flows.period, periods)
    shipped = sum_by(cell, flows.quantity, count * periods).reshape(count, periods)
    reaching, feeding = mixed_out(case.pooling, shipped)
    return reaching[at], feeding[at]


def _hub_state(case: Case, at: Ints) -> tuple[Bools, Bools]:
    """Whether the hub a lane enters or leaves is closed, and whether it is full."""
    ends, lanes = case.offer.ends, case.offer.lanes
    start = ends.origins["hub"].to_numpy()[lanes.origin[at]]
    hub = np.maximum(start, ends.destinations["hub"].to_numpy()[lanes.end[at]])
    taken = np.append(case.left.taken, np.inf)[hub]
    capacity = np.append(ends.hubs["capacity"].to_numpy(dtype=float), np.inf)[hub]
    by_hub = hub >= 0
    return by_hub & (taken <= USED), by_hub & _reached(taken, capacity)


def _room(case: Case, side: str, at: Ints) -> tuple[Bools, Floats]:
    """Whether the other end has room when this one has quantity, and the most of both at once.

    What a hub takes or makes has room: its own state is told apart.
    """
    lanes, left = case.offer.lanes, case.left
    most = np.zeros(len(at))
    origin, end = lanes.origin[at], lanes.end[at]
    for period in range(case.offer.ends.periods):
        here = np.append(left.residues[:, period], np.inf)
        there = np.append(left.needs[:, period], np.inf)
        sent = here[np.minimum(origin, len(here) - 1)]
        wanted = there[np.minimum(end, len(there) - 1)] / case.offer.ratio[at]
        most = np.maximum(most, np.minimum(sent, wanted))
    return most > USED, most


def least_quantity(case: Case, at: Ints) -> Floats:
    """Least quantity that each lane may carry in a period, in the origin's unit."""
    way = case.offer.bundles.way[at]
    delivered = case.problem.min_delivered[way] / case.offer.ratio[at]
    lot = np.maximum(case.problem.min_lot[way], delivered)
    yearly = np.where(case.left.used[way], 0.0, case.problem.min_quantity[way])
    return np.maximum(lot, yearly)


def _at_partner_limit(case: Case, at: Ints) -> Bools:
    """Whether one end has all the partners it may, and this pair is not among them."""
    origin, end = (ends[at] for ends in (case.offer.lanes.origin, case.offer.lanes.end))
    pair = case.problem.pair[case.offer.bundles.way]
    number, first = np.unique(pair, return_index=True)
    first = first[case.left.pair_used[number]]
    full = np.zeros(len(at), dtype=bool)
    for mine, theirs, most in (
        (origin, case.offer.lanes.origin[first], case.problem.supply_partners),
        (end, case.offer.lanes.end[first], case.problem.demand_partners),
    ):
        partners = np.bincount(theirs[theirs < len(most)], minlength=len(most))
        reached = np.append(partners >= most, False)
        full |= reached[np.minimum(mine, len(most))]
    return full & ~case.left.pair_used[pair[at]]


def _mixed_out(case: Case, at: Ints) -> Bools:
    """Whether a lane would push a mean over its limit where it stands at it already."""
    problem, flows = case.problem, case.flows
    year = sum_by(flows.lane, flows.quantity, len(case.offer.lanes))
    share = problem.blend_coef * year[problem.blend_lane]
    total = sum_by(problem.blend_row, share, problem.blend_rows)
    size = sum_by(problem.blend_row, np.abs(share), problem.blend_rows)
    tight = total >= -USED * np.maximum(1.0, size)
    blocked = np.zeros(len(case.offer.lanes), dtype=bool)
    over = tight[problem.blend_row] & (problem.blend_coef > 0)
    blocked[problem.blend_lane[over]] = True
    return blocked[at]


def _link_full(case: Case) -> Bools:
    """Whether each way carries all it may by its row of links.csv, or its group does; (w,)."""
    problem, carried = case.problem, case.left.carried
    total = sum_by(problem.way_group, carried, len(problem.group_capacity))
    group_full = np.append(_reached(total, problem.group_capacity), False)
    full = _reached(carried, problem.max_quantity)
    return np.asarray(full | group_full[problem.way_group])


def _at_limit(case: Case, at: Ints) -> Bools:
    """Whether the least that a lane could add would pass a limit of the scenario."""
    offer, problem = case.offer, case.problem
    way = offer.bundles.way[at]
    least = np.maximum(least_quantity(case, at), USED)
    new_way, new_pair = ~case.left.used[way], ~case.left.pair_used[problem.pair[way]]
    blocked = np.zeros(len(at), dtype=bool)
    for limit in problem.limits:
        more = limit.lane_coef[at] * least
        more = more + new_way * (limit.way_coef + limit.period_coef + limit.trip_coef)[way]
        more = more + new_pair * limit.pair_coef[problem.pair[way]]
        rest = limit.limit - _spent(case, limit)
        blocked |= (more > 0) & (more >= rest - USED * max(1.0, limit.limit))
    return blocked


def _spent(case: Case, limit: Limit) -> float:
    """What the plan takes up of a limit of the scenario."""
    flows, left, offer = case.flows, case.left, case.offer
    moved = limit.lane_coef[flows.lane] @ flows.quantity
    used = limit.way_coef @ left.used + limit.pair_coef @ left.pair_used
    of_period = np.unique(offer.bundles.way[flows.lane] * offer.ends.periods + flows.period)
    each = limit.period_coef[of_period // offer.ends.periods].sum()
    trips = flows.table["trips"].fillna(0).to_numpy(dtype=float)
    whole = limit.trip_coef[offer.bundles.way[flows.lane]] @ trips
    hubs = limit.hub_coef @ (left.taken > USED)
    group = case.problem.way_group[left.used]
    groups = limit.group_coef[np.unique(group[group >= 0])].sum()
    return float(moved + used + each + whole + hubs + groups)


def _reached(amount: Floats, limit: Floats) -> Bools:
    """Whether amounts come up to their limits; nothing comes up to none."""
    finite = np.isfinite(limit)
    room = np.where(finite, limit, 0.0) - amount
    return np.asarray(finite & (room <= USED * np.maximum(1.0, np.abs(amount))))


def _per_period(at: Ints, period: Ints, amount: Floats, like: Floats) -> Floats:
    """Sum amounts by place and period, in the shape of ``like``; places beyond it left out."""
    cell = folded(at, period, like.shape[1])
    return np.asarray(sum_by(cell, amount, like.size).reshape(like.shape))


def _spread(left: Floats, storage: Floats) -> Floats:
    """Count what is left where there is storage in every period: it could have waited."""
    stored = storage[: len(left)] > 0
    return np.where(stored[:, None], left.sum(axis=1, keepdims=True), left)
