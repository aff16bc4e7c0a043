"""One component of a problem as a problem of its own."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from solvers.exchange.arrays import Flags, Ints
from solvers.exchange.components import Components
from solvers.exchange.problem import Exchange, Limit
from solvers.exchange.schema import COLUMNS, LIMIT_AXES

POINTS_TO: Final = {
    "way": "w",
    "pair": "q",
    "way_group": "g",
    "recipe_hub": "h",
    "recipe_product": "p",
    "product_hub": "h",
    "blend_row": "y",
    "blend_lane": "k",
}


@dataclass(frozen=True, slots=True)
class Members:
    """Who belongs to which component, on one axis."""

    order: Ints  # those that belong to one, by component
    start: Ints  # (components + 1,): where each component begins in `order`
    rank: Ints  # (size + 1,): position of each within its component; -1 none, and last

    @classmethod
    def of(cls, label: Ints, count: int) -> "Members":
        """Sort the elements of an axis by their labels, -1 left out."""
        here = np.flatnonzero(label >= 0)
        order = here[np.argsort(label[here], kind="stable")]
        start = np.searchsorted(label[order], np.arange(count + 1))
        rank = np.full(len(label) + 1, -1)
        rank[order] = np.arange(len(order)) - start[label[order]]
        return cls(order, start, rank)

    def __getitem__(self, component: int) -> Ints:
        """Members of one component, in increasing order."""
        return self.order[self.start[component] : self.start[component + 1]]


def membership(parts: Components, chosen: Flags) -> dict[str, Members]:
    """Members of the chosen components (components,), by axis."""
    if not chosen.any():
        return {axis: Members.of(label[:0], parts.count) for axis, label in parts.labels.items()}
    return {
        axis: Members.of(np.where(parts.within(axis, chosen), label, -1), parts.count)
        for axis, label in parts.labels.items()
    }


def restrict(problem: Exchange, members: dict[str, Members], component: int) -> Exchange:
    """Problem of one component; its elements keep their order."""
    chosen = {axis: each[component] for axis, each in members.items()}
    arrays: dict[str, Any] = {}
    for name, column in COLUMNS.items():
        array = getattr(problem, name)
        for position, axis in enumerate(column.axes):
            if axis in chosen:
                array = np.take(array, chosen[axis], axis=position)
        arrays[name] = array
    for name, axis in POINTS_TO.items():
        arrays[name] = _renumber(arrays[name], members, axis)
    for name, plain, through in (("origin", "m", "p"), ("destination", "n", "r")):
        arrays[name] = _ends(arrays[name], members[plain], members[through], component)
    return Exchange(
        **arrays,
        limits=tuple(_limit(problem.limits[row], chosen) for row in chosen["l"]),
        blend_rows=len(chosen["y"]),
        tolerance=problem.tolerance,
    )


def _renumber(position: Ints, members: dict[str, Members], axis: str) -> Ints:
    """Positions within the component; -1 stays."""
    return members[axis].rank[position]


def _ends(end: Ints, plain: Members, through: Members, component: int) -> Ints:
    """Ends of lanes: sources before products, sinks before recipes."""
    first = len(plain.rank) - 1
    own = plain.rank[np.minimum(end, first)]
    hub = through.rank[np.maximum(end - first, -1)]
    return np.where(end < first, own, len(plain[component]) + hub)


def _limit(row: Limit, chosen: dict[str, Ints]) -> Limit:
    arrays = {name: getattr(row, name)[chosen[axis]] for name, axis in LIMIT_AXES.items()}
    return Limit(limit=row.limit, **arrays)
