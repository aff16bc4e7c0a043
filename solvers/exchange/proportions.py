"""Units in which every lane delivers just what it takes, where there are any."""

from typing import Final

import numpy as np

from solvers.exchange.arrays import Flags, Floats, Ints

AGREE: Final = 1e-12  # relative: units that differ by rounding are the same


def unit_of(
    tail: Ints, head: Ints, ratio: Floats, component: Ints, count: int
) -> tuple[Floats, Flags]:
    """Find a unit for each node so that ``ratio x unit[head] = unit[tail]`` on every lane.

    Where the ratios of a component are separable (a factor of the origin times a factor
    of the destination, as when all are one), quantities in these units are a
    plain flow: what a lane takes, it delivers.

    Parameters
    ----------
    tail, head
        Nodes each lane joins, shape (E,).
    ratio
        Delivered per shipped, shape (E,).
    component
        Component of each node, shape (V,).
    count
        Number of components.

    Returns
    -------
    unit
        Unit of each node, shape (V,); one where no lane says otherwise.
    separable
        Whether the units agree on all lanes of a component, shape (components,).
    """
    unit = np.ones(len(component))
    odd = np.unique(component[tail[ratio != 1.0]])
    separable = np.ones(count, dtype=bool)
    if odd.size:
        concerned = np.zeros(count, dtype=bool)
        concerned[odd] = True
        lane = np.flatnonzero(concerned[component[tail]])
        unit = _spread(tail[lane], head[lane], ratio[lane], component)
        wrong = np.abs(ratio[lane] * unit[head[lane]] / unit[tail[lane]] - 1.0) > AGREE
        separable[component[tail[lane[wrong]]]] = False
    return unit, separable


def _spread(tail: Ints, head: Ints, ratio: Floats, component: Ints) -> Floats:
    """Give the first origin of each component unit one, and pass units along lanes to all."""
    unit = np.zeros(len(component))
    _, first = np.unique(component[tail], return_index=True)
    unit[tail[first]] = 1.0
    while True:
        ahead = (unit[tail] > 0) & (unit[head] == 0)
        unit[head[ahead]] = unit[tail[ahead]] / ratio[ahead]
        back = (unit[head] > 0) & (unit[tail] == 0)
        unit[tail[back]] = unit[head[back]] * ratio[back]
        if not (ahead.any() or back.any()):
            return np.where(unit > 0, unit, 1.0)
