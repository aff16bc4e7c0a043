"""What is pooled: an exchange, what its sources contain, and limits on means through pools."""

from dataclasses import dataclass

import numpy as np

from solvers.exchange.arrays import Floats, Ints
from solvers.exchange.problem import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooling:
    """An exchange whose products have the quality of what their hub took in the period.

    A property is intensive: parts per million, percent, heat per kilogram. What enters a hub
    towards a product leaves with it: the content of the product is that of all it was made
    from, and its quality is this content by its own weight,

    ``quality(p) x weight(p) x made(p) = sum of quality(s) x weight(s) x shipped(s -> p)``.

    A yield below one therefore concentrates. Sources feed pools; a product that is limited
    is fed by sources alone.

    Parameters
    ----------
    exchange
        Who ships what to whom. Its blend rows count no lane that leaves a product.
    quality
        Of each source and property, shape (m, c); NaN where it is not known.
    weight
        Of one unit of each source and each product, shape (m + p,); >= 0.
    mix_property, mix_sense, mix_limit
        Property, +1 (at most) or -1 (at least), and limit of each mean, shape (l,).
    mix_row, mix_lane, mix_weight
        The lanes that each mean counts and the weight of a unit shipped, in triplets of
        shape (b,): for each row and period,
        ``sum of sense x (quality - limit) x weight x shipped <= 0``.

    Raises
    ------
    ValueError
        If an array is out of shape or range, or a quality that a mean counts is not known.
    """

    exchange: Exchange
    quality: Floats
    weight: Floats
    mix_property: Ints
    mix_sense: Floats
    mix_limit: Floats
    mix_row: Ints
    mix_lane: Ints
    mix_weight: Floats

    def __post_init__(self) -> None:
        """Check all of it."""
        sizes = self.exchange.sizes
        properties = self.quality.shape[-1]
        _shape("quality", self.quality, (sizes["m"], properties))
        _shape("weight", self.weight, (sizes["m"] + sizes["p"],))
        for name, top in (("mix_property", properties), ("mix_sense", 0), ("mix_limit", 0)):
            _shape(name, getattr(self, name), (len(self.mix_limit),), top)
        for name, top in (
            ("mix_row", len(self.mix_limit)),
            ("mix_lane", sizes["k"]),
            ("mix_weight", 0),
        ):
            _shape(name, getattr(self, name), (len(self.mix_row),), top)
        if not np.isin(self.mix_sense, (-1.0, 1.0)).all():
            raise ValueError("mix_sense must be 1 or -1")
        _finite("mix_limit", self.mix_limit)
        for name in ("weight", "mix_weight"):
            _finite(name, getattr(self, name))
            if (getattr(self, name) < 0).any():
                raise ValueError(f"{name} must be >= 0")
        _known(self)

    @property
    def pooled(self) -> Ints:
        """Products on which some mean depends, in increasing order."""
        origin = self.exchange.origin[self.mix_lane]
        m = self.exchange.sizes["m"]
        return np.unique(origin[(origin >= m) & (self.mix_weight > 0)] - m)


def _shape(name: str, array: Floats | Ints, wanted: tuple[int, ...], top: int = 0) -> None:
    if array.shape != wanted:
        raise ValueError(f"{name} must have shape {wanted}; got {array.shape}")
    if top and array.size and (array.min() < 0 or array.max() >= top):
        raise ValueError(f"{name} must be >= 0 and < {top}")


def _finite(name: str, array: Floats) -> None:
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite")


def feeding(problem: Pooling) -> tuple[Ints, Ints]:
    """Lanes that end in a recipe that gives a product, and that product; shapes (f,)."""
    exchange = problem.exchange
    recipe = exchange.destination - exchange.sizes["n"]
    product = np.append(exchange.recipe_product, -1)[np.maximum(recipe, -1)]
    lane = np.flatnonzero(product >= 0)
    return lane, product[lane]


def _known(problem: Pooling) -> None:
    """Refuse means of what nobody stated, and pools whose content cannot be told."""
    exchange = problem.exchange
    m = exchange.sizes["m"]
    counted = np.flatnonzero(problem.mix_weight > 0)
    origin = exchange.origin[problem.mix_lane[counted]]
    name = problem.mix_property[problem.mix_row[counted]]
    direct = origin < m
    silent = np.isnan(problem.quality[origin[direct], name[direct]])
    if silent.any():
        first = int(problem.mix_lane[counted][direct][silent][0])
        raise ValueError(f"quality must be known where a mean counts it; lane {first} has none")
    lane, product = feeding(problem)
    for pool in problem.pooled.tolist():
        fed = lane[product == pool]
        if (exchange.origin[fed] >= m).any():
            raise ValueError(f"product {pool} is limited and must be fed by sources alone")
        recipes = exchange.destination[fed] - exchange.sizes["n"]
        if (exchange.recipe_yield[recipes] <= 0).any() or problem.weight[m + pool] <= 0:
            raise ValueError(f"product {pool} is limited: yields and weight must be > 0")
        names = np.unique(name[~direct & (origin == m + pool)])
        if np.isnan(problem.quality[exchange.origin[fed]][:, names]).any():
            raise ValueError(f"product {pool} is limited: all that feeds it must be known")
