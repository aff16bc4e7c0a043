"""The pq-formulation: proportions of each pool, and the part of each way out that each feed is.

Tawarmalani and Sahinidis (2002), "Convexification and Global Optimization in Continuous and
Mixed-Integer Nonlinear Programming", ch. 9. Symbols: f a feed of pool p, b a way out of it
(all unlimited ones together are one); q[f] the proportion of f in what p gives, x[b] what
leaves, v[f, b] = q[f] x[b] the part of it that comes from f.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from solvers.exchange.arrays import Flags, Floats, Ints
from solvers.exchange.build import Model
from solvers.exchange.engine import Products, Program
from solvers.pooling.mixing import made_by
from solvers.pooling.problem import Pooling


@dataclass(frozen=True, slots=True)
class Formulation:
    """Columns and rows that follow those of a model of the exchange.

    ``row_low <= matrix @ v <= row_high``; v[result] = v[left] v[right] for each product;
    `hull` are the rows ``hull @ v <= hull_high`` that hold of every such product
    (McCormick 1976).
    """

    size: int  # columns of the model before these
    matrix: Any  # (R, N)
    row_low: Floats
    row_high: Floats
    hull: Any  # (H, N)
    hull_high: Floats
    high: Floats  # of the columns added
    quantity: Any  # flags (N,): which columns are quantities, not proportions or decisions
    products: Products
    feed_lane: Ints  # (F,): lane of each feed
    feed_pool: Ints  # (F,): its pool, numbered
    feed_rate: Floats  # (F,): made per unit shipped
    share: Ints  # (F, T): columns q

    def extend(self, program: Program, hull: Flags | None = None) -> Program:
        """A program of the exchange with the pools added, and the rows of the hull chosen (H,)."""
        added = self.matrix.shape[1] - self.size
        wide = sparse.csr_array(
            (program.matrix.data, program.matrix.indices, program.matrix.indptr),
            shape=(program.matrix.shape[0], self.matrix.shape[1]),
        )
        parts, low, high = [wide, self.matrix], [self.row_low], [self.row_high]
        if hull is not None:
            parts.append(sparse.csr_array(self.hull[hull]))
            low.append(np.full(int(hull.sum()), -np.inf))
            high.append(self.hull_high[hull])
        return Program(
            gain=np.append(program.gain, np.zeros(added)),
            matrix=sparse.csr_array(sparse.vstack(parts, format="csr")),
            row_low=np.concatenate([program.row_low, *low]),
            row_high=np.concatenate([program.row_high, *high]),
            low=np.append(program.low, np.zeros(added)),
            high=np.append(program.high, self.high),
            whole=np.append(program.whole, np.zeros(added, dtype=bool)),
        )

    def holding(self, program: Program, shares: Floats) -> Program:
        """An extended program with its proportions (F, T) held: linear, and a restriction."""
        products = self.products
        count = len(products.result)
        point = np.zeros(program.matrix.shape[1])
        point[self.share] = shares
        row = np.arange(count)
        cells = np.append(np.ones(count), -point[products.left])
        rows = sparse.csr_array(
            (cells, (np.append(row, row), np.append(products.result, products.right))),
            shape=(count, len(point)),
        )
        low, high = program.low.copy(), program.high.copy()
        low[self.share] = high[self.share] = shares
        return replace(
            program,
            matrix=sparse.csr_array(sparse.vstack([program.matrix, rows], format="csr")),
            row_low=np.append(program.row_low, np.zeros(count)),
            row_high=np.append(program.row_high, np.zeros(count)),
            low=low,
            high=high,
        )

    def near(self, program: Program, values: Floats, radius: float) -> Program:
        """An extended program with all products linear near a point, which holds there.

        ``v = q0 x + x0 q - q0 x0``: off by no more than what q and x move, multiplied; each
        proportion moves by `radius` at most.
        """
        products = self.products
        count = len(products.result)
        left, right = values[products.left], values[products.right]
        row = np.arange(count)
        rows = sparse.csr_array(
            (
                np.concatenate([np.ones(count), -right, -left]),
                (np.tile(row, 3), np.concatenate([products.result, products.left, products.right])),
            ),
            shape=(count, program.matrix.shape[1]),
        )
        low, high = program.low.copy(), program.high.copy()
        low[self.share] = np.maximum(low[self.share], values[self.share] - radius)
        high[self.share] = np.minimum(high[self.share], values[self.share] + radius)
        return replace(
            program,
            matrix=sparse.csr_array(sparse.vstack([program.matrix, rows], format="csr")),
            row_low=np.append(program.row_low, -left * right),
            row_high=np.append(program.row_high, -left * right),
            low=low,
            high=high,
        )

    def shares_of(self, shipped: Floats, before: Floats) -> Floats:
        """Proportions (F, T) that a plan has; `before` (F, T) where nothing is made."""
        amount = shipped[self.feed_lane] * self.feed_rate[:, None]
        pools = int(self.feed_pool.max(initial=-1)) + 1
        total = np.stack([np.bincount(self.feed_pool, of, pools) for of in amount.T], axis=1)
        made = total[self.feed_pool]
        return np.where(made > 0, amount / np.where(made > 0, made, 1.0), before)


class _Sheet:
    """Columns and rows as they are written down."""

    def __init__(self, size: int) -> None:
        self.width = size
        self.high: list[Floats] = []
        self.cells: list[tuple[Ints, Ints, Floats]] = []
        self.low: list[Floats] = []
        self.top: list[Floats] = []
        self.height = 0

    def columns(self, high: Floats) -> Ints:
        at = np.arange(self.width, self.width + high.size).reshape(high.shape)
        self.width += high.size
        self.high.append(high.ravel())
        return at

    def rows(self, shape: tuple[int, ...], low: Floats | float, high: Floats | float) -> Ints:
        count = int(np.prod(shape))
        at = np.arange(self.height, self.height + count).reshape(shape)
        self.height += count
        for ends, end in ((self.low, low), (self.top, high)):
            ends.append(np.broadcast_to(np.asarray(end, dtype=np.float64), shape).ravel())
        return at

    def put(self, row: Ints, column: Ints, value: Floats | float) -> None:
        cells = np.broadcast_arrays(row, column, np.asarray(value, dtype=np.float64))
        self.cells.append((cells[0].ravel(), cells[1].ravel(), cells[2].ravel()))

    def matrix(self, width: int) -> Any:
        if not self.cells:
            return sparse.csr_array((self.height, width))
        row, column, value = (np.concatenate(part) for part in zip(*self.cells, strict=True))
        return sparse.csr_array((value, (row, column)), shape=(self.height, width))

    def ends(self) -> tuple[Floats, Floats]:
        nothing = np.zeros(0)
        return np.concatenate([nothing, *self.low]), np.concatenate([nothing, *self.top])


@dataclass(frozen=True, slots=True)
class _Frame:
    """All that the pools are written from, and where."""

    problem: Pooling
    model: Model
    most: Floats  # (k, T): the most each lane can carry
    sheet: _Sheet
    hull: _Sheet
    means: Ints  # (l, T): rows of the means

    @classmethod
    def of(cls, problem: Pooling, model: Model, most: Floats) -> "_Frame":
        """Frame of a problem, with the rows of its means begun."""
        sheet = _Sheet(model.columns.size)
        means = sheet.rows((len(problem.mix_limit), problem.exchange.periods), -np.inf, 0.0)
        return cls(problem, model, most, sheet, _Sheet(0), means)


def formulate(problem: Pooling, model: Model, most: Floats) -> Formulation:
    """Write the pools of a problem, given the most each lane can carry (k, T)."""
    frame = _Frame.of(problem, model, most)
    _direct(frame)
    lane, number, rate = _feeds(problem)
    share = np.zeros((len(lane), problem.exchange.periods), dtype=np.int64)
    products = [Products(*(np.zeros(0, dtype=np.int64) for _ in range(3)))]
    for at, pool in enumerate(problem.pooled.tolist()):
        here = np.flatnonzero(number == at)
        share[here], made = _pool(frame, pool, lane[here], rate[here])
        products.append(made)
    sheet, hull = frame.sheet, frame.hull
    low, high = sheet.ends()
    quantity = np.append(~model.whole, np.ones(sheet.width - model.columns.size, dtype=bool))
    quantity[share] = False
    return Formulation(
        size=model.columns.size,
        matrix=sheet.matrix(sheet.width),
        row_low=low,
        row_high=high,
        hull=hull.matrix(sheet.width),
        hull_high=hull.ends()[1],
        high=np.concatenate([np.zeros(0), *sheet.high]),
        quantity=quantity,
        products=Products(
            result=np.concatenate([each.result for each in products]),
            left=np.concatenate([each.left for each in products]),
            right=np.concatenate([each.right for each in products]),
        ),
        feed_lane=lane,
        feed_pool=number,
        feed_rate=rate,
        share=share,
    )


def _feeds(problem: Pooling) -> tuple[Ints, Ints, Floats]:
    """Lanes that feed a limited pool, the pool's number, and what a unit shipped makes; sorted."""
    lane, product, rate = made_by(problem)
    number = np.full(problem.exchange.sizes["p"], -1)
    number[problem.pooled] = np.arange(len(problem.pooled))
    here = np.flatnonzero(number[product] >= 0)
    here = here[np.argsort(number[product[here]], kind="stable")]
    return lane[here], number[product[here]], rate[here]


def _direct(frame: _Frame) -> None:
    """Means: what sources ship themselves."""
    problem = frame.problem
    origin = problem.exchange.origin[problem.mix_lane]
    at = np.flatnonzero((origin < problem.exchange.sizes["m"]) & (problem.mix_weight > 0))
    row = problem.mix_row[at]
    excess = problem.quality[origin[at], problem.mix_property[row]] - problem.mix_limit[row]
    value = problem.mix_sense[row] * excess * problem.mix_weight[at]
    lanes = frame.model.columns.shipped[problem.mix_lane[at]]
    frame.sheet.put(frame.means[row], lanes, value[:, None])


def _pool(frame: _Frame, pool: int, lanes: Ints, rate: Floats) -> tuple[Ints, Products]:
    """Columns and rows of one pool with these feeds: its proportions (F, T), and its products."""
    sheet, shipped = frame.sheet, frame.model.columns.shipped
    limited, leaving, room = _ways_out(frame, pool)
    made = frame.most[lanes] * rate[:, None]
    total = _throughput(frame.problem, pool, made, room)
    room = np.minimum(room, total)
    share = sheet.columns(np.ones(made.shape))
    part = sheet.columns(np.minimum(made[:, None], room[None]))
    row = sheet.rows((1, made.shape[1]), 1.0, 1.0)  # proportions add up
    sheet.put(row, share, 1.0)
    row = sheet.rows(leaving.shape, 0.0, 0.0)  # parts of what leaves add up
    sheet.put(row, leaving, -1.0)
    sheet.put(row[None], part, 1.0)
    row = sheet.rows(share.shape, 0.0, 0.0)  # and to what each feed makes
    sheet.put(row, shipped[lanes], -rate[:, None])
    sheet.put(row[:, None], part, 1.0)
    row = sheet.rows(share.shape, -np.inf, 0.0)  # no feed is more than its part of all
    sheet.put(row, shipped[lanes], rate[:, None])
    sheet.put(row, share, -total)
    _mean_rows(frame, pool, lanes, rate, limited, part)
    _hull_rows(frame.hull, part, share, leaving, room)
    whole = np.broadcast_arrays(part, share[:, None], leaving[None])
    return share, Products(*(each.ravel() for each in whole))


def _ways_out(frame: _Frame, pool: int) -> tuple[Ints, Ints, Floats]:
    """Lanes that some mean counts, columns of what leaves (B, T), and the most of each.

    The last column is all that no mean counts, if there is any.
    """
    exchange, shipped, sheet = frame.problem.exchange, frame.model.columns.shipped, frame.sheet
    out = np.flatnonzero(exchange.origin == exchange.sizes["m"] + pool)
    counted = np.isin(out, frame.problem.mix_lane[frame.problem.mix_weight > 0])
    limited, free = out[counted], out[~counted]
    if not len(free):
        return limited, shipped[limited], frame.most[limited]
    most = frame.most[free].sum(axis=0)[None]
    rest = sheet.columns(most)
    row = sheet.rows(rest.shape, 0.0, 0.0)
    sheet.put(row, rest, -1.0)
    sheet.put(np.repeat(row, len(free), axis=0), shipped[free], 1.0)
    leaving = np.append(shipped[limited], rest, axis=0)
    return limited, leaving, np.append(frame.most[limited], most, axis=0)


def _throughput(problem: Pooling, pool: int, made: Floats, room: Floats) -> Floats:
    """The most that a pool can give in each period, shape (T,)."""
    exchange = problem.exchange
    recipes = exchange.recipe_product == pool
    capacity = float(exchange.hub_capacity[exchange.product_hub[pool]])
    most = capacity * float(exchange.recipe_yield[recipes].max(initial=0.0))
    return np.asarray(np.minimum(np.minimum(made.sum(axis=0), room.sum(axis=0)), most))


def _mean_rows(
    frame: _Frame, pool: int, lanes: Ints, rate: Floats, limited: Ints, part: Ints
) -> None:
    """Means: what leaves the pool, feed by feed, each with its content per unit made."""
    problem, exchange = frame.problem, frame.problem.exchange
    place = np.full(exchange.sizes["k"], -1)
    place[limited] = np.arange(len(limited))
    at = np.flatnonzero((place[problem.mix_lane] >= 0) & (problem.mix_weight > 0))
    row, way = problem.mix_row[at], place[problem.mix_lane[at]]
    source = exchange.origin[lanes]
    own = problem.weight[exchange.sizes["m"] + pool]
    dense = problem.weight[source] / (rate * own)
    content = problem.quality[source][:, problem.mix_property[row]] * dense[:, None]
    excess = problem.mix_sense[row] * (content - problem.mix_limit[row]) * problem.mix_weight[at]
    frame.sheet.put(frame.means[row][None], part[:, way], excess[:, :, None])


def _hull_rows(hull: _Sheet, part: Ints, share: Ints, leaving: Ints, room: Floats) -> None:
    """McCormick: v <= X q and v >= x + X q - X; the others follow from the sums."""
    row = hull.rows(part.shape, -np.inf, 0.0)
    hull.put(row, part, 1.0)
    hull.put(row, share[:, None], -room[None])
    row = hull.rows(part.shape, -np.inf, room[None])
    hull.put(row, part, -1.0)
    hull.put(row, leaving[None], 1.0)
    hull.put(row, share[:, None], room[None])
