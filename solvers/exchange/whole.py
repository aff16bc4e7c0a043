"""Whole numbers for the flow solver: what scale makes them, and what rounding costs."""

from typing import Final

import numpy as np

from solvers.exchange.arrays import Flags, Floats, Ints, Nodes, chunks

DECIMALS: Final = 6  # a quantity with more of them is cut, not made whole
MOST_UNITS: Final = 2.0**52  # the total of a component in its whole units
WHOLE: Final = 2.0**-40  # relative: a decimal number is whole within this


def quantity_scale(amount: Floats, component: Ints, count: int) -> tuple[Floats, Flags]:
    """Whole units per unit of quantity, by component, and whether nothing is cut by them.

    The least power of ten that makes all amounts of a component whole, else a power of
    two that leaves room for the total: quantities are then cut down to whole units.

    Parameters
    ----------
    amount, component
        Quantities >= 0 and their components, both of shape (V,).

    Returns
    -------
    scale, exact
        Shapes (count,).
    """
    total = np.bincount(component, amount, count)
    room = MOST_UNITS / np.where(total > 0, total, 1.0)
    decimal, exact = _least_decimal(amount, component, room)
    return np.where(exact, decimal, np.exp2(np.floor(np.log2(room)))), exact


def whole_units(amount: Floats, scale: Floats, exact: Flags) -> Ints:
    """Amounts in whole units: to the nearest where nothing is cut, else cut down."""
    units = amount * scale
    return np.where(exact, np.rint(units), np.floor(units)).astype(np.int64)


def cost_scale(gain: Floats, first: Ints, nodes: Ints, resolution: float) -> tuple[Floats, Flags]:
    """Whole cost units per unit of gain, by component, and whether nothing is rounded by them.

    The least power of ten that makes all gains of a component whole; else fine
    enough that rounding a gain is `resolution` of the component's mean gain. Coarse
    enough for the solver, which multiplies costs by the number of nodes.

    Parameters
    ----------
    gain
        Gain per unit of each arc, sorted by component, shape (E,).
    first
        First arc of each component, and the end of the last one, shape (count + 1,).
    nodes
        Number of nodes of each component, or of the network it is solved in, shape (count,).

    Returns
    -------
    scale, exact
        Shapes (count,).
    """
    some = np.flatnonzero(np.diff(first))  # components that have arcs
    largest, sizes = np.zeros(len(nodes)), np.zeros(len(nodes))
    arcs = np.zeros(len(nodes))
    for part in chunks(len(gain)):
        low, high = np.searchsorted(first[some + 1], [part.start, part.stop - 1], side="right")
        here = some[low : high + 1]
        start = np.maximum(first[here], part.start) - part.start
        size = np.abs(gain[part])
        largest[here] = np.maximum(largest[here], np.maximum.reduceat(size, start))
        sizes[here] += np.add.reduceat(size, start)
        arcs[here] += np.add.reduceat(size > 0, start, dtype=np.int64)
    mean = sizes / np.maximum(arcs, 1)
    wanted = 1.0 / np.where(mean > 0, mean * resolution, 1.0)
    room = 2.0**60 / (np.where(largest > 0, largest, 1.0) * (nodes + 2.0))
    decimal, exact = _decimal_by_group(gain, first, room)
    return np.where(exact, decimal, np.exp2(np.floor(np.log2(np.minimum(wanted, room))))), exact


def _decimal_by_group(amount: Floats, first: Ints, room: Floats) -> tuple[Floats, Flags]:
    """As `_least_decimal`, of groups of consecutive amounts: most fail by their first one."""
    some = np.flatnonzero(np.diff(first))
    may = np.ones(len(room), dtype=bool)
    may[some] = _all_whole(amount[first[some]], 10.0**DECIMALS, np.arange(len(some)), len(some))
    group = np.flatnonzero(may)
    count = np.diff(first)[group]
    member = np.arange(count.sum()) + np.repeat(first[group] - np.cumsum(count) + count, count)
    decimal, exact = _least_decimal(amount[member], np.repeat(group, count), room)
    return decimal, exact & may


def _least_decimal(amount: Floats, component: Ints | Nodes, room: Floats) -> tuple[Floats, Flags]:
    """Least power of ten that makes all amounts of a component whole, where one within `room` does.

    What the largest power does not make whole, no smaller one does: it is tried first.
    """
    scale = np.ones(len(room))
    able = _all_whole(amount, 10.0**DECIMALS, component, len(room))
    exact = np.zeros(len(room), dtype=bool)
    for power in range(DECIMALS + 1):
        if not np.any(able & ~exact):
            break
        open_ = np.flatnonzero((able & ~exact)[component])
        whole = _all_whole(amount[open_], 10.0**power, component[open_], len(room))
        fits = able & ~exact & whole & (10.0**power <= room)
        scale[fits] = 10.0**power
        exact |= fits
    return scale, exact


def _all_whole(amount: Floats, unit: float, component: Ints | Nodes, count: int) -> Flags:
    """Components whose amounts are all whole times a unit, shape (count,)."""
    found = np.ones(count, dtype=bool)
    for part in chunks(len(amount)):
        each = np.abs(amount[part]) * unit
        off = np.abs(each - np.rint(each)) > WHOLE * np.maximum(each, 1.0)
        found[component[part][off]] = False
    return found
