"""The variables of the model: where each stands, its bounds and what it brings."""

from dataclasses import dataclass

import numpy as np

from solvers.exchange.arrays import Flags, Floats, Ints, total
from solvers.exchange.features import Decisions, way_most
from solvers.exchange.problem import Exchange, Limit
from solvers.exchange.reach import demand_room, supply_room


@dataclass(frozen=True, slots=True)
class Columns:
    """Position of each variable in the model; -1 where there is none."""

    shipped: Ints  # (k, T): x, quantity shipped
    source_store: Ints  # (m, T): s, waits from this period to the next; none in the last
    sink_store: Ints  # (n, T): d, came early and waits; none in the last
    used: Ints  # (w,): y, whether the way is used in the year
    period: Ints  # (w, T): z, whether it is used in the period; with one period, y
    trips: Ints  # (w, T): whole trips
    pair: Ints  # (q,): v, whether the pair is used; of a pair with one way, y
    open: Ints  # (h,): o, whether the hub is open
    group: Ints  # (g,): u, whether the group is used
    size: int
    first_whole: int  # the columns from here on are whole numbers


def lay_out(problem: Exchange, needed: Decisions) -> Columns:
    """Number the variables: quantities first, then whole numbers."""
    sizes, periods = problem.sizes, problem.periods
    end = sizes["k"] * periods
    shipped = np.arange(end).reshape(sizes["k"], periods)
    waits = np.arange(periods) < periods - 1
    source_store, end = _number((supply_room(problem) > 0)[:, None] & waits, end)
    sink_store, end = _number((demand_room(problem) > 0)[:, None] & waits, end)
    first_whole = end
    once = needed.used | needed.period if periods == 1 else needed.used
    used, end = _number(once, end)
    if periods == 1:
        period = used[:, None]
    else:
        period, end = _number(np.repeat(needed.period[:, None], periods, axis=1), end)
    trips, end = _number(np.repeat(needed.trips[:, None], periods, axis=1), end)
    pair, end = _pairs(problem, needed.pair, used, end)
    opened, end = _number(needed.open, end)
    group, end = _number(needed.group, end)
    return Columns(
        shipped,
        source_store,
        sink_store,
        used,
        period,
        trips,
        pair,
        opened,
        group,
        end,
        first_whole,
    )


def _number(wanted: Flags, start: int) -> tuple[Ints, int]:
    position = np.full(wanted.shape, -1)
    count = int(wanted.sum())
    position[wanted] = np.arange(start, start + count)
    return position, start + count


def _pairs(problem: Exchange, wanted: Flags, used: Ints, start: int) -> tuple[Ints, int]:
    """Number the pairs; a pair of one way is that way."""
    ways = np.bincount(problem.pair, minlength=problem.sizes["q"])
    position, end = _number(wanted & (ways > 1), start)
    alone = np.flatnonzero((wanted & (ways == 1))[problem.pair])
    position[problem.pair[alone]] = used[alone]
    return position, end


def column_bounds(problem: Exchange, columns: Columns, most: Floats) -> tuple[Floats, Floats]:
    """Least and most of each variable."""
    high = np.ones(columns.size)
    high[columns.shipped] = most
    stores = (
        (columns.source_store, supply_room(problem)),
        (columns.sink_store, demand_room(problem)),
    )
    for store, room in stores:
        entity, period = np.nonzero(store >= 0)
        high[store[entity, period]] = room[entity]
    carried = way_most(problem, most)
    way, period = np.nonzero(columns.trips >= 0)
    payload = problem.trip_payload[way]
    high[columns.trips[way, period]] = np.ceil(carried[way, period] / payload)
    idle = (columns.used >= 0) & (carried.sum(axis=1) <= 0)
    high[columns.used[idle]] = 0.0
    return np.zeros(columns.size), high


def objective(problem: Exchange, columns: Columns) -> Floats:
    """What one unit of each variable brings to each objective: shape (o, columns)."""
    gain = np.zeros((problem.sizes["o"], columns.size))
    gain[:, columns.shipped] = problem.gain[:, :, None]
    for position, each in (
        (columns.used, problem.way_gain),
        (columns.period, problem.period_gain),
        (columns.trips, problem.trip_gain),
        (columns.pair, problem.pair_gain),
        (columns.open, problem.hub_gain),
        (columns.group, problem.group_gain),
    ):
        for row, value in zip(gain, each, strict=True):
            row += spread(position, value, columns.size)
    return gain


def limit_row(columns: Columns, row: Limit) -> Floats:
    """What one unit of each variable counts in a yearly limit: shape (columns,)."""
    counted = np.zeros(columns.size)
    for position, each in (
        (columns.shipped, row.lane_coef),
        (columns.used, row.way_coef),
        (columns.period, row.period_coef),
        (columns.trips, row.trip_coef),
        (columns.pair, row.pair_coef),
        (columns.open, row.hub_coef),
        (columns.group, row.group_coef),
    ):
        counted += spread(position, each, columns.size)
    return counted


def spread(position: Ints, value: Floats, size: int) -> Floats:
    """Add each value at all positions of its row: shape (size,); position -1 is nowhere."""
    flat = position if position.ndim == 2 else position[:, None]
    entity, _ = place = np.nonzero(flat >= 0)
    return total(flat[place], value[entity], size)
