"""How the arrays of a problem are declared: axes, kind, default and range; and their check."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np

from solvers.exchange.arrays import Ints, varied


class Column(NamedTuple):
    """How one array of a problem is declared: its axes, kind, default and range."""

    axes: str
    kind: type
    default: float = 0.0
    low: float = -np.inf
    high: float = np.inf
    infinite: bool = False


# Axes: m sources, n sinks, T periods, k lanes, w ways, q pairs, h hubs, r recipes, p products,
# g groups, o objectives, b blending terms.
COLUMNS: Final[Mapping[str, Column]] = MappingProxyType(
    {
        "supply": Column("mT", float, low=0.0),
        "demand": Column("nT", float, low=0.0),
        "origin": Column("k", int, low=0),
        "destination": Column("k", int, low=0),
        "ratio": Column("k", float, default=1.0, low=np.nextafter(0.0, 1.0)),
        "gain": Column("ok", float),
        "way": Column("k", int, low=0),
        "must_ship": Column("m", bool),
        "must_fill": Column("n", bool),
        "supply_storage": Column("m", float, low=0.0, infinite=True),
        "demand_storage": Column("n", float, low=0.0, infinite=True),
        "supply_partners": Column("m", float, default=np.inf, low=0.0, infinite=True),
        "demand_partners": Column("n", float, default=np.inf, low=0.0, infinite=True),
        "pair": Column("w", int, low=0),
        "min_lot": Column("w", float, low=0.0),
        "min_delivered": Column("w", float, low=0.0),
        "min_quantity": Column("w", float, low=0.0),
        "max_quantity": Column("w", float, default=np.inf, low=0.0, infinite=True),
        "required": Column("w", bool),
        "way_group": Column("w", int, default=-1, low=-1),
        "trip_payload": Column(
            "w", float, default=np.inf, low=np.nextafter(0.0, 1.0), infinite=True
        ),
        "way_gain": Column("ow", float),
        "period_gain": Column("ow", float),
        "trip_gain": Column("ow", float, high=0.0),
        "pair_gain": Column("oq", float),
        "recipe_hub": Column("r", int, low=0),
        "recipe_product": Column("r", int, default=-1, low=-1),
        "recipe_yield": Column("r", float, default=1.0, low=0.0),
        "product_hub": Column("p", int, low=0),
        "hub_capacity": Column("h", float, default=np.inf, low=0.0, infinite=True),
        "hub_gain": Column("oh", float, high=0.0),
        "group_capacity": Column("g", float, default=np.inf, low=0.0, infinite=True),
        "group_gain": Column("og", float, high=0.0),
        "blend_row": Column("b", int, low=0),
        "blend_lane": Column("b", int, low=0),
        "blend_coef": Column("b", float),
    }
)

# The arrays whose values are positions on another axis, which they make at least so long.
POSITIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "way": "w",
        "pair": "q",
        "way_group": "g",
        "recipe_hub": "h",
        "product_hub": "h",
        "recipe_product": "p",
        "blend_lane": "k",
    }
)

NARROW: Final = ("origin", "destination", "way", "pair")
"""Arrays of lanes that stay in 32 bits where they are given so: they are long."""

LIMIT_AXES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "lane_coef": "k",
        "way_coef": "w",
        "period_coef": "w",
        "trip_coef": "w",
        "pair_coef": "q",
        "hub_coef": "h",
        "group_coef": "g",
    }
)


def read(name: str, given: Any) -> Any:
    """The array as given, in its declared kind and number of axes."""
    column = COLUMNS[name]
    kinds = {float: np.float64, int: np.int64, bool: np.bool_}
    array = np.asarray(given)
    if column.kind is not float and array.size and array.dtype.kind not in "bui":
        raise ValueError(f"{name} must be whole numbers or flags; got {array.dtype}")
    if not (name in NARROW and array.dtype == np.int32):
        array = array.astype(kinds[column.kind], copy=False)
    if array.ndim == 1 and column.axes in ("mT", "nT"):
        array = array[:, None]
    if array.ndim == 1 and column.axes.startswith("o"):
        array = array[None, :]
    if array.ndim != len(column.axes):
        raise ValueError(f"{name} must have {len(column.axes)} axes; got {array.ndim}")
    return array


def lengths(given: Mapping[str, Any], blend_rows: int) -> dict[str, int]:
    """Length of each axis: of the first array that stands on it, else of what is pointed to."""
    sizes: dict[str, int] = {}
    for name, array in given.items():
        for axis, length in zip(COLUMNS[name].axes, array.shape, strict=True):
            sizes.setdefault(axis, length)
    sizes.setdefault("w", _reach(given.get("way"), sizes["k"]))
    sizes.setdefault("q", _reach(given.get("pair"), sizes["w"]))
    for name, axis in POSITIONS.items():
        if axis not in sizes:
            reach = max(_reach(given.get(n), 0) for n, a in POSITIONS.items() if a == axis)
            sizes[axis] = reach
        sizes.setdefault(COLUMNS[name].axes, 0)
    sizes["rows"] = blend_rows
    return sizes


def _reach(index: Ints | None, default: int) -> int:
    if index is None:
        return default
    return int(index.max(initial=-1)) + 1


def default(name: str, column: Column, sizes: Mapping[str, int]) -> Any:
    """What an array that was left out stands for; it takes no memory where it is constant."""
    if name in ("way", "pair"):
        return np.arange(sizes[column.axes])
    kinds = {float: np.float64, int: np.int64, bool: np.bool_}
    default: Any = np.array(column.default, dtype=kinds[column.kind])
    return np.broadcast_to(default, [sizes[axis] for axis in column.axes])  # takes no memory


def check(name: str, column: Column, array: Any, sizes: Mapping[str, int]) -> None:
    """Check the shape and range of an array.

    Raises
    ------
    ValueError
        Naming the array, the position, what came and what was wanted.
    """
    wanted = tuple(sizes[axis] for axis in column.axes)
    if array.shape != wanted:
        axes = ", ".join(column.axes)
        raise ValueError(f"{name} must have shape ({axes}) = {wanted}; got {array.shape}")
    if column.kind is bool or _in_range(column, array):
        return
    bad = ~((array >= column.low) & (array <= column.high))
    if not column.infinite and column.kind is float:
        bad |= ~np.isfinite(array)
    if bad.any():
        place = tuple(int(axis[0]) for axis in np.nonzero(bad))
        wish = _wish(column)
        where = place[0] if len(place) == 1 else place
        raise ValueError(f"{name} must be {wish}; got {array[place]} at position {where}")


def _in_range(column: Column, array: Any) -> bool:
    """Whether the least and the largest number, and so all, are in range; NaN is not."""
    each = varied(array)
    if not each.size:
        return True
    low, high = each.min(), each.max()
    finite = column.infinite or (np.isfinite(low) and np.isfinite(high))
    return bool(low >= column.low and high <= column.high and finite)


def _wish(column: Column) -> str:
    words = [] if column.infinite or column.kind is int else ["finite"]
    if column.low == np.nextafter(0.0, 1.0):
        words.append("> 0")
    elif np.isfinite(column.low):
        words.append(f">= {column.low:g}")
    if np.isfinite(column.high):
        words.append(f"<= {column.high:g}")
    return " and ".join(words) or "a number"
