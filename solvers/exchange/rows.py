"""The constraints of the model, one function per family of rows, each stated with its symbols.

Symbols: x shipped on lane a in period t, r its ratio; s, d what waits at a source or
sink; y, z a way used in the year, in a period; n its trips; v a pair used; o a hub
open; u a group used. U is the largest possible quantity of a lane or way.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from solvers.exchange.arrays import Flags, Floats, Ints, distinct
from solvers.exchange.columns import Columns, limit_row
from solvers.exchange.features import Decisions, period_least, way_least, way_most
from solvers.exchange.problem import Exchange


class Rows(NamedTuple):
    """A family of rows: coefficients in triplets, and the range of each row."""

    row: Ints
    column: Ints
    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Frame:
    """All that a family of rows is made from."""

    problem: Exchange
    columns: Columns
    needed: Decisions
    most: Floats  # (k, T): U of each lane
    way_most: Floats  # (w, T): U of each way

    @classmethod
    def of(cls, problem: Exchange, columns: Columns, needed: Decisions, most: Floats) -> "Frame":
        """Frame of a problem."""
        return cls(problem, columns, needed, most, way_most(problem, most))


def _family(
    terms: list[tuple[Ints, Ints, Floats | float]],
    low: Floats | float,
    high: Floats | float,
    size: int,
) -> Rows:
    """Join terms (row, column, value); those at row or column -1 are left out."""
    rows, columns, values = [], [], []
    for row, column, value in terms:
        row, column, value = np.broadcast_arrays(row, column, value)
        here = (row >= 0) & (column >= 0)
        rows.append(row[here])
        columns.append(column[here])
        values.append(value[here].astype(np.float64))
    return Rows(
        np.concatenate(rows),
        np.concatenate(columns),
        np.concatenate(values),
        np.broadcast_to(np.asarray(low, dtype=np.float64), size),
        np.broadcast_to(np.asarray(high, dtype=np.float64), size),
    )


def _numbered(chosen: Flags) -> Ints:
    """Number the chosen in order, -1 for the others."""
    return np.where(chosen, np.cumsum(chosen) - 1, -1)


def _cells(entities: Ints, frame: Frame) -> Ints:
    """Row of each (entity, period), in that order: shape (len, T)."""
    periods = frame.problem.periods
    return np.where(entities[:, None] >= 0, entities[:, None] * periods + np.arange(periods), -1)


def source_rows(frame: Frame) -> Rows:
    """Supply: sum of x out of i in t + s[t] - s[t-1] <= supply[i, t]; = if it must ship."""
    p, c = frame.problem, frame.columns
    m, periods = p.supply.shape
    row = np.arange(m * periods).reshape(m, periods)
    terms: list[tuple[Ints, Ints, Floats | float]] = [
        (_cells(np.where(p.origin < m, p.origin, -1), frame), c.shipped, 1.0),
        (row, c.source_store, 1.0),
        (row[:, 1:], c.source_store[:, :-1], -1.0),
    ]
    low = np.where(p.must_ship[:, None], p.supply, -np.inf)
    return _family(terms, low.ravel(), p.supply.ravel(), m * periods)


def sink_rows(frame: Frame) -> Rows:
    """Demand: sum of r x into j in t + d[t-1] - d[t] <= demand[j, t]; = if it must be filled."""
    p, c = frame.problem, frame.columns
    n, periods = p.demand.shape
    row = np.arange(n * periods).reshape(n, periods)
    terms: list[tuple[Ints, Ints, Floats | float]] = [
        (
            _cells(np.where(p.destination < n, p.destination, -1), frame),
            c.shipped,
            p.ratio[:, None],
        ),
        (row, c.sink_store, -1.0),
        (row[:, 1:], c.sink_store[:, :-1], 1.0),
    ]
    low = np.where(p.must_fill[:, None], p.demand, -np.inf)
    return _family(terms, low.ravel(), p.demand.ravel(), n * periods)


def product_rows(frame: Frame) -> Rows:
    """Hub product: sum of x out of p in t - sum of yield r x into its recipes in t = 0."""
    p, c = frame.problem, frame.columns
    m, n, products = p.sizes["m"], p.sizes["n"], p.sizes["p"]
    recipe = p.destination - n
    made = np.append(p.recipe_product, -1)[np.maximum(recipe, -1)]
    rate = p.ratio * np.append(p.recipe_yield, 0.0)[np.maximum(recipe, -1)]
    terms: list[tuple[Ints, Ints, Floats | float]] = [
        (_cells(np.maximum(p.origin - m, -1), frame), c.shipped, 1.0),
        (_cells(made, frame), c.shipped, -rate[:, None]),
    ]
    return _family(terms, 0.0, 0.0, products * p.periods)


def capacity_rows(frame: Frame) -> Rows:
    """Hub capacity: sum of r x into h over the year <= capacity[h], times o[h] if decided."""
    p, c = frame.problem, frame.columns
    limited = np.isfinite(p.hub_capacity)
    row = _numbered(limited)
    decided = c.open[limited] >= 0
    hub = p.hub
    terms: list[tuple[Ints, Ints, Floats | float]] = [
        (np.append(row, -1)[hub][:, None], c.shipped, p.ratio[:, None]),
        (row[limited], c.open[limited], -p.hub_capacity[limited]),
    ]
    high = np.where(decided, 0.0, p.hub_capacity[limited])
    return _family(terms, -np.inf, high, int(limited.sum()))


def open_rows(frame: Frame) -> Rows:
    """Strong opening: x[a, t] <= U[a, t] o[h] into a decided hub; z or y <= o where they stand."""
    p, c = frame.problem, frame.columns
    hub = p.hub
    opened = np.append(c.open, -1)[hub]
    return _strong(frame, opened)


def group_open_rows(frame: Frame) -> Rows:
    """Strong group use: x[a, t] <= U[a, t] u[g] in a decided group; z or y <= u where there."""
    p, c = frame.problem, frame.columns
    used = np.append(c.group, -1)[p.group]
    return _strong(frame, used)


def _strong(frame: Frame, switch: Ints) -> Rows:
    """Tie each lane (k,) to the switch column it needs, by its way's decision if it has one."""
    p, c = frame.problem, frame.columns
    tied = np.flatnonzero(switch >= 0)
    year, period = c.used[p.way[tied]], c.period[p.way[tied]]
    choice = np.where(period >= 0, period, year[:, None])
    decided = choice >= 0
    row = np.arange(decided.size).reshape(decided.shape)
    own = np.where(decided, choice, c.shipped[tied])
    size = np.where(decided, 1.0, frame.most[tied])
    terms: list[tuple[Ints, Ints, Floats | float]] = [
        (row, own, 1.0),
        (row, switch[tied][:, None], -size),
    ]
    return _family(terms, -np.inf, 0.0, decided.size)


def group_rows(frame: Frame) -> Rows:
    """Group capacity: sum of x in g over the year <= capacity[g], times u[g] if decided."""
    p, c = frame.problem, frame.columns
    limited = np.isfinite(p.group_capacity)
    row = _numbered(limited)
    terms: list[tuple[Ints, Ints, Floats | float]] = [
        (np.append(row, -1)[p.group][:, None], c.shipped, 1.0),
        (row[limited], c.group[limited], -p.group_capacity[limited]),
    ]
    high = np.where(c.group[limited] >= 0, 0.0, p.group_capacity[limited])
    return _family(terms, -np.inf, high, int(limited.sum()))


def way_max_rows(frame: Frame) -> Rows:
    """Way at most: sum of x in w over the year <= max_quantity[w], times y[w] if decided."""
    p, c = frame.problem, frame.columns
    limited = np.isfinite(p.max_quantity)
    row = _numbered(limited)
    terms: list[tuple[Ints, Ints, Floats | float]] = [
        (row[p.way][:, None], c.shipped, 1.0),
        (row[limited], c.used[limited], -p.max_quantity[limited]),
    ]
    high = np.where(c.used[limited] >= 0, 0.0, p.max_quantity[limited])
    return _family(terms, -np.inf, high, int(limited.sum()))


def required_rows(frame: Frame) -> Rows:
    """Required way: sum of x in w over the year >= min_quantity[w]."""
    p, c = frame.problem, frame.columns
    row = _numbered(p.required)
    terms: list[tuple[Ints, Ints, Floats | float]] = [(row[p.way][:, None], c.shipped, 1.0)]
    return _family(terms, p.min_quantity[p.required], np.inf, int(p.required.sum()))


def way_min_rows(frame: Frame) -> Rows:
    """Way at least, if used: sum of x in w over the year - least[w] y[w] >= 0."""
    p, c = frame.problem, frame.columns
    least = way_least(p, frame.way_most.sum(axis=1))
    held = (c.used >= 0) & (least > 0)
    row = _numbered(held)
    terms: list[tuple[Ints, Ints, Floats | float]] = [
        (row[p.way][:, None], c.shipped, 1.0),
        (row[held], c.used[held], -least[held]),
    ]
    return _family(terms, 0.0, np.inf, int(held.sum()))


def lot_rows(frame: Frame) -> Rows:
    """Lots shipped: sum of x in w and t - least[w, t] z[w, t] >= 0."""
    least = period_least(frame.problem, frame.way_most)
    return _lots(frame, least, np.ones(frame.problem.sizes["k"]))


def delivered_lot_rows(frame: Frame) -> Rows:
    """Lots delivered: sum of r x in w and t - min_delivered[w] z[w, t] >= 0."""
    p = frame.problem
    least = np.repeat(p.min_delivered[:, None], p.periods, axis=1)
    return _lots(frame, least, p.ratio)


def _lots(frame: Frame, least: Floats, weight: Floats) -> Rows:
    p, c = frame.problem, frame.columns
    held = (c.period >= 0) & (least > 0)
    row = _numbered(held.ravel()).reshape(held.shape)
    terms: list[tuple[Ints, Ints, Floats | float]] = [
        (row[p.way], c.shipped, weight[:, None]),
        (row[held], c.period[held], -least[held]),
    ]
    return _family(terms, 0.0, np.inf, int(held.sum()))


def link_rows(frame: Frame) -> Rows:
    """Use: sum of x in w and t <= U[w, t] z[w, t], or y[w] where periods are not decided."""
    p, c = frame.problem, frame.columns
    choice = np.where(c.period >= 0, c.period, c.used[:, None])
    tied = choice >= 0
    row = _numbered(tied.ravel()).reshape(tied.shape)
    terms: list[tuple[Ints, Ints, Floats | float]] = [
        (row[p.way], c.shipped, 1.0),
        (row[tied], choice[tied], -frame.way_most[tied]),
    ]
    return _family(terms, -np.inf, 0.0, int(tied.sum()))


def lane_link_rows(frame: Frame) -> Rows:
    """Use of each lane of a way with several: x[a, t] <= U[a, t] z[w, t], or y[w]."""
    p, c = frame.problem, frame.columns
    several = np.bincount(p.way, minlength=p.sizes["w"]) > 1
    choice = np.where(c.period >= 0, c.period, c.used[:, None])[p.way]
    tied = (choice >= 0) & several[p.way, None]
    row = np.arange(int(tied.sum()))
    terms: list[tuple[Ints, Ints, Floats | float]] = [
        (row, c.shipped[tied], 1.0),
        (row, choice[tied], -frame.most[tied]),
    ]
    return _family(terms, -np.inf, 0.0, len(row))


def year_rows(frame: Frame) -> Rows:
    """A period in use is a year in use: z[w, t] <= y[w]."""
    c = frame.columns
    tied = (c.period >= 0) & (c.used >= 0)[:, None] & (c.period != c.used[:, None])
    row = np.arange(int(tied.sum()))
    year = np.repeat(c.used[:, None], tied.shape[1], axis=1)
    terms: list[tuple[Ints, Ints, Floats | float]] = [
        (row, c.period[tied], 1.0),
        (row, year[tied], -1.0),
    ]
    return _family(terms, -np.inf, 0.0, len(row))


def trip_rows(frame: Frame) -> Rows:
    """Whole trips: sum of x in w and t <= payload[w] n[w, t]."""
    p, c = frame.problem, frame.columns
    tied = c.trips >= 0
    row = _numbered(tied.ravel()).reshape(tied.shape)
    way, _ = np.nonzero(tied)
    terms: list[tuple[Ints, Ints, Floats | float]] = [
        (row[p.way], c.shipped, 1.0),
        (row[tied], c.trips[tied], -p.trip_payload[way]),
    ]
    return _family(terms, -np.inf, 0.0, int(tied.sum()))


def pair_rows(frame: Frame) -> Rows:
    """A way in use is a pair in use: y[w] <= v[q]."""
    p, c = frame.problem, frame.columns
    pair = c.pair[p.pair]
    tied = (pair >= 0) & (c.used >= 0) & (pair != c.used)
    row = np.arange(int(tied.sum()))
    terms: list[tuple[Ints, Ints, Floats | float]] = [
        (row, c.used[tied], 1.0),
        (row, pair[tied], -1.0),
    ]
    return _family(terms, -np.inf, 0.0, len(row))


def pair_use_rows(frame: Frame) -> Rows:
    """A pair that earns is one in use: v[q] <= sum of y of its ways."""
    p, c = frame.problem, frame.columns
    ways = np.bincount(p.pair, minlength=p.sizes["q"])
    earns = np.any(p.pair_gain > 0, axis=0) & (c.pair >= 0) & (ways != 1)
    row = _numbered(earns)
    terms: list[tuple[Ints, Ints, Floats | float]] = [
        (row[p.pair], c.used, -1.0),
        (row[earns], c.pair[earns], 1.0),
    ]
    return _family(terms, -np.inf, 0.0, int(earns.sum()))


def supply_partner_rows(frame: Frame) -> Rows:
    """Partners of a source: sum of v over its pairs <= supply_partners."""
    p = frame.problem
    return _partners(frame, p.origin, frame.needed.supply_partners, p.supply_partners)


def demand_partner_rows(frame: Frame) -> Rows:
    """Partners of a sink: sum of v over its pairs <= demand_partners."""
    p = frame.problem
    return _partners(frame, p.destination, frame.needed.demand_partners, p.demand_partners)


def _partners(frame: Frame, end: Ints, many: Flags, most: Floats) -> Rows:
    p, c = frame.problem, frame.columns
    lane = np.flatnonzero(np.append(many, False)[np.minimum(end, len(many))])
    ends, pairs = distinct(end[lane], p.pair[p.way[lane]])
    terms: list[tuple[Ints, Ints, Floats | float]] = [(_numbered(many)[ends], c.pair[pairs], 1.0)]
    return _family(terms, -np.inf, np.floor(most[many]), int(many.sum()))


def limit_rows(frame: Frame) -> Rows:
    """Yearly limits: coefficients times all variables <= limit."""
    p = frame.problem
    counted = [limit_row(frame.columns, row) for row in p.limits]
    terms: list[tuple[Ints, Ints, Floats | float]] = [
        (np.full(int((row != 0).sum()), i), np.flatnonzero(row), row[row != 0])
        for i, row in enumerate(counted)
    ]
    nothing = np.empty(0, dtype=np.int64)
    high = np.array([row.limit for row in p.limits])
    return _family([*terms, (nothing, nothing, 0.0)], -np.inf, high, len(p.limits))


def blend_rows(frame: Frame) -> Rows:
    """Mixing: sum of coef x over the lanes of a blend row in t <= 0."""
    p, c = frame.problem, frame.columns
    terms: list[tuple[Ints, Ints, Floats | float]] = [
        (_cells(p.blend_row, frame), c.shipped[p.blend_lane], p.blend_coef[:, None])
    ]
    return _family(terms, -np.inf, 0.0, p.blend_rows * p.periods)
