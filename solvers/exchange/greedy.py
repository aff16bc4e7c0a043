"""A first plan of a component of lanes with fixed costs, lots and partners, from its relaxation.

Lanes ship as much as is left at their ends, in order of what they gain in the relaxed plan, then of
what they lose against the bound. One pass: a good plan long before any search has one.
"""

from typing import Final

import numpy as np

from solvers.exchange.arrays import Floats, Ints
from solvers.exchange.relaxation import Lanes, Relaxed, best_of_ends

WIDTH: Final = 6  # lanes of each end that are tried: those that lose least


def greedy_plan(lanes: Lanes, relaxed: Relaxed) -> Floats:
    """Quantities (k, 1) of a plan that keeps supply, demand, lots and partners."""
    order = _order(lanes, relaxed)
    room, partners = lanes.room.tolist(), lanes.partners.tolist()
    shipped = np.zeros((len(lanes.gain), 1))
    ends, once = (lanes.start, lanes.stop), (lanes.gain, lanes.cost, lanes.ratio)
    columns = (each[order].tolist() for each in (*ends, *once, lanes.least, lanes.most))
    rows = zip(order.tolist(), *columns, strict=True)
    for lane, start, stop, gain, cost, ratio, least, most in rows:
        if partners[start] < 1 or partners[stop] < 1:
            continue
        quantity = min(room[start], room[stop] / ratio, most)
        if quantity <= 0 or quantity < least or quantity * gain <= cost:
            continue
        shipped[lane] = quantity
        room[start] -= quantity
        room[stop] = max(room[stop] - quantity * ratio, 0.0)
        partners[start] -= 1
        partners[stop] -= 1
    return shipped


def _order(lanes: Lanes, relaxed: Relaxed) -> Ints:
    """Lanes worth a try, best first."""
    carried = relaxed.shipped[:, 0]
    tried = np.flatnonzero(best_of_ends(lanes, -relaxed.loss, WIDTH) | (carried > 0))
    worth = carried[tried] * lanes.spread[tried]
    return tried[np.lexsort((relaxed.loss[tried], -worth))]
