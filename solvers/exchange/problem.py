"""What may be exchanged: supplies, demands, lanes, hubs and limits, as checked arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from solvers.exchange.arrays import Flags, Floats, Ints
from solvers.exchange.circles import growing_circle
from solvers.exchange.schema import (
    COLUMNS,
    LIMIT_AXES,
    POSITIONS,
    Column,
    check,
    default,
    lengths,
    read,
)

UNSET: Final[Any] = None  # filled in by __post_init__


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One yearly limit on what is shipped and used; arrays left out count nothing.

    ``lane_coef @ shipped + way_coef @ used + period_coef @ used_t + trip_coef @ trips
    + pair_coef @ pair used + hub_coef @ open + group_coef @ group used <= limit``,
    summed over the periods. `limit` and all but `lane_coef` are >= 0.
    """

    limit: float
    lane_coef: Floats = UNSET
    way_coef: Floats = UNSET
    period_coef: Floats = UNSET
    trip_coef: Floats = UNSET
    pair_coef: Floats = UNSET
    hub_coef: Floats = UNSET
    group_coef: Floats = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Who may ship how much to whom, what it brings, and within which limits.

    Six arrays make a transport problem: `supply`, `demand`, `origin`,
    `destination`, `gain` and, where a unit shipped is not a unit delivered,
    `ratio`. All others are optional. Quantities are in units of the caller's
    choice, over T periods that make one year.

    Parameters
    ----------
    supply
        Offered by each source in each period, shape (m, T) or (m,); >= 0.
    demand
        The most each sink takes, in delivered units, shape (n, T) or (n,); >= 0.
    origin
        Where each lane starts, shape (k,): i < m is source i, m + p product p.
    destination
        Where each lane ends, shape (k,): j < n is sink j, n + r recipe r.
    gain
        Per unit shipped and objective, shape (o, k) or (k,). Objectives stand
        in order of rank and all are maximised.
    ratio
        Delivered per unit shipped, shape (k,); > 0, default 1.
    way
        The way each lane belongs to, shape (k,); default: each its own.
    must_ship, must_fill
        Sources that leave in full (m,) and sinks that are filled in full (n,), per
        period net of storage.
    supply_storage, demand_storage
        What may wait from one period to the next (m,), and what may come
        early (n,). Starts empty; where `must_ship` or `must_fill`, ends empty.
    supply_partners, demand_partners
        Most distinct pairs in use over the year, shapes (m,) and (n,).
    pair
        The pair each way joins, shape (w,); default: each its own.
    min_lot, min_delivered
        Least shipped, and least delivered, in any period in use, shape (w,).
    min_quantity, max_quantity
        Least over the year if used, and most over the year, shape (w,).
    required
        Ways that carry `min_quantity` in any case, shape (w,).
    way_gain, period_gain
        Once if used in the year; once per period in use; shape (o, w).
    trip_payload, trip_gain
        Quantity of a whole trip (w,), and gain of each trip (o, w); <= 0.
    pair_gain
        Once if any of its ways is used, shape (o, q). What earns by being used
        carries at least the smaller of 0.001 and its largest possible quantity.
    recipe_hub, recipe_product, recipe_yield
        Each recipe's hub, product (-1: none, a final treatment) and the
        quantity of product per unit taken, shape (r,).
    product_hub
        The hub that gives each product, shape (p,).
    hub_capacity, hub_gain
        Most taken over the year by all recipes (h,); gain once if open (o, h), <= 0.
    way_group, group_capacity, group_gain
        Group of each way (w,), -1 none; most shipped over the year by its ways
        (g,); gain once if any is used (o, g), <= 0.
    limits
        Yearly limits.
    blend_row, blend_lane, blend_coef, blend_rows
        Mixing: for each row and period, sum(coef x shipped[lane]) <= 0, in
        triplets of shape (b,); `blend_rows` is the number of rows.
    tolerance
        Relative loss allowed on the objectives of higher rank; >= 0.

    Raises
    ------
    ValueError
        If an array is out of shape or range: the argument, the position, what
        came and what was wanted; or if hubs stand in a circle that makes more
        than it takes and none of them, nor a lane between, is limited.
    """

    supply: Floats
    demand: Floats
    origin: Ints
    destination: Ints
    gain: Floats
    ratio: Floats = UNSET
    way: Ints = UNSET
    must_ship: Flags = UNSET
    must_fill: Flags = UNSET
    supply_storage: Floats = UNSET
    demand_storage: Floats = UNSET
    supply_partners: Floats = UNSET
    demand_partners: Floats = UNSET
    pair: Ints = UNSET
    min_lot: Floats = UNSET
    min_delivered: Floats = UNSET
    min_quantity: Floats = UNSET
    max_quantity: Floats = UNSET
    required: Flags = UNSET
    way_gain: Floats = UNSET
    period_gain: Floats = UNSET
    trip_payload: Floats = UNSET
    trip_gain: Floats = UNSET
    pair_gain: Floats = UNSET
    recipe_hub: Ints = UNSET
    recipe_product: Ints = UNSET
    recipe_yield: Floats = UNSET
    product_hub: Ints = UNSET
    hub_capacity: Floats = UNSET
    hub_gain: Floats = UNSET
    way_group: Ints = UNSET
    group_capacity: Floats = UNSET
    group_gain: Floats = UNSET
    limits: tuple[Limit, ...] = ()
    blend_row: Ints = UNSET
    blend_lane: Ints = UNSET
    blend_coef: Floats = UNSET
    blend_rows: int = 0
    tolerance: float = 0.0
    sizes: Mapping[str, int] = field(init=False, repr=False)
    separate: bool = field(init=False, repr=False)  # see `_separate`

    def __post_init__(self) -> None:
        """Fill in what was left out and check all of it."""
        came = {name: getattr(self, name) for name in COLUMNS}
        given = {name: read(name, array) for name, array in came.items() if array is not None}
        sizes = lengths(given, self.blend_rows)
        object.__setattr__(self, "sizes", MappingProxyType(sizes))
        for name, column in COLUMNS.items():
            if name in given:
                array = given[name]
                check(name, column, array, sizes)
            elif name == "pair" and "way" not in given and sizes["w"] == sizes["k"]:
                array = self.way
            else:
                array = default(name, column, sizes)
            object.__setattr__(self, name, array)
        _check_positions(self)
        _check_numbers(self)
        object.__setattr__(self, "separate", _separate(self))
        object.__setattr__(self, "limits", tuple(_limit(row, sizes) for row in self.limits))
        _refuse_growing_circles(self)

    @property
    def periods(self) -> int:
        """Number of periods, T."""
        return self.sizes["T"]

    @property
    def group(self) -> Ints:
        """Group of each lane, shape (k,); -1 none."""
        return self.way_group[self.way]

    @property
    def hub(self) -> Ints:
        """Hub that each lane enters, shape (k,); -1 none."""
        recipe = np.maximum(self.destination - self.sizes["n"], -1)
        return np.append(self.recipe_hub, -1)[recipe]


def _separate(problem: Exchange) -> bool:
    """Whether every lane is a way and a pair of its own, in order, and no way is in a group."""
    sizes = problem.sizes
    if not sizes["k"] == sizes["w"] == sizes["q"] or sizes["g"]:
        return False
    way, pair = problem.way, problem.pair
    return bool(np.all(way[1:] > way[:-1]) and (pair is way or np.all(pair[1:] > pair[:-1])))


def _check_positions(problem: Exchange) -> None:
    sizes = problem.sizes
    tops = {
        "origin": sizes["m"] + sizes["p"],
        "destination": sizes["n"] + sizes["r"],
        "blend_row": sizes["rows"],
        **{name: sizes[axis] for name, axis in POSITIONS.items()},
    }
    for name, top in tops.items():
        index = getattr(problem, name)
        if index.max(initial=-1) >= top:
            bad = np.flatnonzero(index >= top)
            raise ValueError(
                f"{name} must be < {top}; got {index[bad[0]]} at position {int(bad[0])}"
            )
    made = np.flatnonzero(problem.recipe_product >= 0)
    other = problem.product_hub[problem.recipe_product[made]] != problem.recipe_hub[made]
    if other.any():
        raise ValueError(
            "recipe_product must be a product of the recipe's own hub; "
            f"got another hub's at position {int(made[other][0])}"
        )


def _check_numbers(problem: Exchange) -> None:
    if not (np.isfinite(problem.tolerance) and problem.tolerance >= 0):
        raise ValueError(f"tolerance must be finite and >= 0; got {problem.tolerance}")
    if problem.periods < 1:
        raise ValueError("supply must have at least one period; got none")
    held = np.flatnonzero(problem.required)
    held = held[problem.min_quantity[held] > 0]
    bare = held[~np.isin(held, problem.way)] if held.size else held
    if bare.size:
        raise ValueError(f"required must be false where a way has no lane; got way {int(bare[0])}")


def _limit(row: Limit, sizes: Mapping[str, int]) -> Limit:
    """The limit with every array filled in and checked."""
    if not row.limit >= 0:
        raise ValueError(f"limit must be >= 0; got {row.limit}")
    filled: dict[str, Any] = {"limit": float(row.limit)}
    for name, axis in LIMIT_AXES.items():
        given = getattr(row, name)
        array = np.zeros(sizes[axis]) if given is None else np.asarray(given, dtype=np.float64)
        low = -np.inf if name == "lane_coef" else 0.0
        check(name, Column(axis, float, low=low), array, sizes)
        filled[name] = array
    return Limit(**filled)


def hub_edges(problem: Exchange) -> tuple[Ints, Ints, Floats]:
    """Product-to-product edges along lanes that nothing limits, and the log of what they make."""
    m, n = problem.sizes["m"], problem.sizes["n"]
    lane = np.flatnonzero((problem.origin >= m) & (problem.destination >= n))
    recipe = problem.destination[lane] - n
    product = problem.recipe_product[recipe]
    factor = problem.ratio[lane] * problem.recipe_yield[recipe]
    group = problem.way_group[problem.way[lane]]
    group_capacity = np.append(problem.group_capacity, np.inf)[group]
    unlimited = (
        np.isinf(problem.hub_capacity[problem.recipe_hub[recipe]])
        & np.isinf(problem.max_quantity[problem.way[lane]])
        & np.isinf(group_capacity)
    )
    keep = (product >= 0) & (factor > 0) & unlimited
    return problem.origin[lane][keep] - m, product[keep], np.log(factor[keep])


def _refuse_growing_circles(problem: Exchange) -> None:
    """Refuse hubs in a circle that make more than they take, if nothing limits them."""
    if not problem.sizes["p"]:
        return
    circle = growing_circle(*hub_edges(problem), problem.sizes["p"])
    if circle.size:
        hubs = sorted(set(problem.product_hub[circle].tolist()))
        raise ValueError(
            "hub_capacity must limit a circle of hubs whose yields multiply to more than 1; "
            f"got no limit on hubs {hubs}"
        )
