"""What a solve gives back: how it ended, the plan, its bound and the prices that prove it."""

from dataclasses import dataclass
from enum import StrEnum

from solvers.exchange.arrays import Flags, Floats, Ints


class Status(StrEnum):
    """How a solve ended."""

    OPTIMAL = "optimal"  # every gap is within what was asked
    FEASIBLE = "feasible"  # a plan that holds, at a limit of time; its gap is said
    INFEASIBLE = "infeasible"  # what is required cannot all be had; the shortfall is said
    NO_PLAN = "no_plan"  # stopped at a limit with nothing to show


@dataclass(frozen=True, slots=True)
class Prices:
    """What one unit more of each thing would bring to the first objective.

    Zero in components that were not proven by prices. With reduced gain
    ``gain - price of origin - ratio x price of destination - way_max - group
    - limits x coef - blends x coef`` every lane and period is <= 0 within rounding, and
    the bound is the sum of prices times right-hand sides (`pricing.bound`).
    """

    source: Floats  # (m, T); >= 0, free where must_ship
    sink: Floats  # (n, T); >= 0, free where must_fill
    product: Floats  # (p, T); free
    capacity: Floats  # (h,); >= 0
    way_max: Floats  # (w,); >= 0
    way_min: Floats  # (w,); >= 0, only where required: it lowers the bound
    group: Floats  # (g,); >= 0
    limit: Floats  # (limits,); >= 0
    blend: Floats  # (rows, T); >= 0


@dataclass(frozen=True, slots=True)
class Shortfalls:
    """The least total by which what is required cannot be had."""

    must_ship: Floats  # (m, T): not shipped, in the source's units
    must_fill: Floats  # (n, T): not filled, in delivered units
    required: Floats  # (w,): short of min_quantity
    message: str

    @property
    def total(self) -> float:
        """Sum of all shortfalls."""
        return float(self.must_ship.sum() + self.must_fill.sum() + self.required.sum())


@dataclass(frozen=True, slots=True)
class Outcome:
    """A plan, how good it is and how far from the best it can be at most."""

    status: Status
    values: Floats  # (o,): each objective of the plan
    bounds: Floats  # (o,): no plan has more, the objectives of higher rank being kept
    gaps: Floats  # (o,): (bound - value) / max(1, |value|)
    shipped: Floats  # (k, T)
    used: Flags  # (w,)
    trips: Floats  # (w, T): whole numbers
    open: Flags  # (h,)
    group_used: Flags  # (g,)
    prices: Prices | None
    component: Ints  # (k,); -1: left out beforehand, since it can bring nothing
    component_method: tuple[str, ...]  # "flow", "lp" or "milp"
    component_value: Floats  # (components,): first objective
    component_bound: Floats  # (components,): first objective
    component_scale: Floats  # (components,): units of the integer flow per unit, 0 where floats
    shortfalls: Shortfalls | None
    method: str
    seconds: float
    message: str
