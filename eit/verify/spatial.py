"""Best plan of a model with products of columns: spatial branch and bound, slow and plain.

Each node narrows the ranges of some columns: the left ones of products, and whole ones. Its
relaxation is a linear program, with the rows of McCormick (1976) for these ranges; a plan comes
from holding these columns near where the relaxation puts them. By scipy's HiGHS.
"""

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count as numbers

import numpy as np
from scipy.sparse import csr_array, vstack

from eit.verify.market import Floats, Ints
from eit.verify.sheet import NO_BENDS, Model

EDGE = 0.1
"""Part of a range at each end in which it is not cut."""
CLOSE = 1e-7
"""Relative: a node whose bound passes the best plan by less is done."""
WHOLE = 1e-6
"""What is so near to a whole number is one."""
THIN = 1e-12
"""Part of a column's range below which it is not cut again."""

Solve = Callable[[Model], tuple[Floats | None, float]]
"""The best point of a linear model, and what none passes."""


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search found: a plan, its value, what no plan passes, and whether it came to an end.

    ``complete``: the bound is within the tolerance of the value, or below what was enough.
    """

    plan: Floats | None
    value: float
    bound: float
    complete: bool


@dataclass(frozen=True, slots=True)
class _Node:
    """Ranges of the columns that are cut: left ones of products, then whole ones."""

    low: Floats
    high: Floats


def search(
    model: Model, aim: Floats, solve: Solve, *, enough: float, nodes: int, seconds: float
) -> Searched:
    """Narrow the ranges of columns until the bound meets the best plan, or `enough`.

    Parameters
    ----------
    model
        With `bends`.
    aim
        Objective, shape (columns,).
    solve
        Best point of a model without bends and whole columns.
    enough
        A bound that needs no further proof; -inf asks for the optimum.
    """
    until = time.monotonic() + seconds
    left = np.unique(model.bends.left)
    cut = np.append(left, np.flatnonzero(model.whole))
    best, plan = -np.inf, None
    order, done = numbers(), -np.inf
    root = _Node(np.zeros(len(cut)), np.append(model.high[left], np.floor(model.high[model.whole])))
    heap: list[tuple[float, int, _Node]] = [(-np.inf, next(order), root)]
    while heap:
        parent, count, node = heapq.heappop(heap)
        target = max(best + CLOSE * max(1.0, abs(best)) if plan is not None else -np.inf, enough)
        if -parent <= target:
            return Searched(plan, best, max(-parent, done, best), complete=True)
        if count >= 2 * nodes or time.monotonic() > until:
            return Searched(plan, best, max(-parent, best), complete=False)
        point, bound = solve(_narrowed(model, cut, node))
        bound = min(bound, -parent)
        if point is None:
            if bound > -np.inf:  # stopped without a point: keep the bound
                return Searched(plan, best, max(bound, best), complete=False)
            continue
        held, _ = solve(_held(model, cut, node, point))
        if held is not None and float(aim @ held) > best:
            best, plan = float(aim @ held), held
        halves = _halves(model, left, cut, node, point)
        done = done if halves else max(done, bound)
        for half in halves:
            heapq.heappush(heap, (-bound, next(order), half))
    return Searched(plan, best, max(done, best), complete=True)


def _halves(model: Model, left: Ints, cut: Ints, node: _Node, point: Floats) -> tuple[_Node, ...]:
    """Cut the range that is furthest off: of a whole column, else of a left one; none if thin."""
    whole = point[cut[len(left) :]]
    away = np.abs(whole - np.round(whole))
    if len(away) and away.max() > WHOLE:
        at = len(left) + int(np.argmax(away))
        floor = float(np.floor(point[cut[at]]))
        return _cut(node, at, floor, floor + 1.0)
    middle = _ratio(model, left, point)
    off = _misfit(model, left, point, middle)
    at = int(np.argmax(off))
    wide = node.high[at] - node.low[at]
    if off[at] == 0 or wide <= THIN * max(1.0, float(model.high[left[at]])):
        return ()
    here = np.clip(middle[at], node.low[at] + EDGE * wide, node.high[at] - EDGE * wide)
    return _cut(node, at, float(here), float(here))


def _cut(node: _Node, at: int, most: float, least: float) -> tuple[_Node, _Node]:
    high, low = node.high.copy(), node.low.copy()
    high[at], low[at] = most, least
    return _Node(node.low, high), _Node(low, node.high)


def _ratio(model: Model, left: Ints, point: Floats) -> Floats:
    """Value of each left column that the products of a point add up to."""
    number = np.searchsorted(left, model.bends.left)
    total = np.bincount(number, point[model.bends.result], len(left))
    size = np.bincount(number, point[model.bends.right], len(left))
    return np.where(size > 0, total / np.where(size > 0, size, 1.0), point[left])


def _misfit(model: Model, left: Ints, point: Floats, middle: Floats) -> Floats:
    """By how much the products of each left column are off."""
    bends = model.bends
    number = np.searchsorted(left, bends.left)
    off = np.abs(point[bends.result] - middle[number] * point[bends.right])
    return np.asarray(np.bincount(number, off, len(left)), dtype=np.float64)


def _narrowed(model: Model, cut: Ints, node: _Node) -> Model:
    """A linear relaxation: the ranges of a node, and the rows that hold of products in them."""
    bends = model.bends
    left = np.unique(bends.left)
    number = np.searchsorted(left, bends.left)
    least, most, reach = node.low[number], node.high[number], model.high[bends.right]
    cells = (
        (1.0, 0.0, -most, 0.0),
        (-1.0, 0.0, least, 0.0),
        (-1.0, reach, most, most * reach),
        (1.0, -reach, -least, -least * reach),
    )
    parts, tops = [model.matrix], [model.row_high]
    for of_result, of_left, of_right, top in cells:
        parts.append(_rows(model, of_result, of_left, of_right))
        tops.append(np.broadcast_to(np.asarray(top, dtype=float), len(number)))
    own = np.ones(len(cut)), (np.arange(len(cut)), cut)
    parts.append(csr_array(own, shape=(len(cut), len(model.high))))
    count = len(number) * len(cells)
    return replace(
        model,
        matrix=csr_array(vstack(parts)),
        row_low=np.concatenate([model.row_low, np.full(count, -np.inf), node.low]),
        row_high=np.concatenate([*tops, node.high]),
        whole=np.zeros_like(model.whole),
        bends=NO_BENDS,
    )


def _held(model: Model, cut: Ints, node: _Node, point: Floats) -> Model:
    """A linear restriction: whole columns rounded up, left ones held where products put them."""
    left = np.unique(model.bends.left)
    number = np.searchsorted(left, model.bends.left)
    value = np.clip(_ratio(model, left, point), node.low[: len(left)], node.high[: len(left)])
    rows = _rows(model, 1.0, 0.0, -value[number])
    whole = cut[len(left) :]
    up = np.ceil(point[whole] - WHOLE)
    own = csr_array(
        (np.ones(len(whole)), (np.arange(len(whole)), whole)), shape=(len(whole), len(model.high))
    )
    zero = np.zeros(len(number))
    return replace(
        model,
        matrix=csr_array(vstack([model.matrix, rows, own])),
        row_low=np.concatenate([model.row_low, zero, up]),
        row_high=np.concatenate([model.row_high, zero, up]),
        whole=np.zeros_like(model.whole),
        bends=NO_BENDS,
    )


def _rows(
    model: Model, result: Floats | float, left: Floats | float, right: Floats | float
) -> csr_array:
    """One row per product, with the given coefficients of its three columns."""
    bends, count = model.bends, len(model.bends.result)
    row = np.arange(count)
    values = [np.broadcast_to(np.asarray(of, dtype=float), count) for of in (result, left, right)]
    cells = np.concatenate(values), (np.tile(row, 3), np.concatenate(bends))
    return csr_array(cells, shape=(count, len(model.high)))
