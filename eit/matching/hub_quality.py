"""What hubs pass on: the quality of a product is that of what was taken to make it.

Only with ``[objective] hub_quality = "mixed"``. The law, and what is refused, is in
``docs/pooling_quality.md``: content is conserved, so that a property of a product is the sum of
its mass taken over the mass given; a product that anything unstated may feed states nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from eit.faults import Notice
from eit.matching.arrays import USED, Bools, Floats, Ints
from eit.matching.carriage import Carrier
from eit.matching.ends import Ends
from eit.matching.judging import judge
from eit.matching.lanes import STAGES, Lanes
from eit.matching.links import Links
from eit.matching.partners import Partners
from eit.matching.problem import Offer
from eit.matching.quality import Limits, read_limits, read_properties
from eit.results import HAS_PLAN
from eit.scenario import Settings
from solvers.exchange import Exchange, Outcome
from solvers.pooling import Pooling, feed_quality, mix_excess, pool_quality

MIXED = "mixed"
METHODS = ("global", "relaxation")
"""How the part with pools in it was solved, as in ``summary.json``."""


def pass_on(
    ways: Lanes,
    ends: Ends,
    partners: Partners,
    links: Links,
    carriers: Sequence[Carrier],
    settings: Settings,
) -> Lanes:
    """Judge again the ways of hub products that failed for what nobody states.

    They pass where every property limited at their end, or by their rule, is stated by all
    residues that may feed the product.
    """
    silent = ways.stage == STAGES.index("quality_unknown")
    again = np.flatnonzero(silent & (ways.origin >= ends.residues))
    if settings.hub_quality != MIXED or not len(again):
        return ways
    some = ways.take(again)
    blind = judge(
        replace(some, stage=np.full_like(some.stage, STAGES.index("made"))),
        replace(ends, destinations=ends.destinations.assign(quality="")),
        replace(partners, met=partners.met.assign(quality="")),
        links,
        carriers,
        settings,
    )
    open_ways = ways.stage.copy()
    open_ways[again] = blind.stage
    limits = _limits(ends, partners)
    known = stated_products(replace(ways, stage=open_ways), ends, limits.names)
    product = some.origin.astype(np.int64) - ends.residues
    tells = np.ones(len(again), dtype=bool)
    for rows, of in ((some.end, limits.of_end), (some.met, limits.of_rule)):
        way, limit = of.of(rows.astype(np.int64))
        tells[way[~known[product[way], of.name[limit]]]] = False
    stage = ways.stage.copy()
    stage[again[tells]] = blind.stage[tells]
    return replace(ways, stage=stage)


@dataclass(frozen=True, slots=True)
class _Limits:
    """Limits of ends and of rules, their properties numbered alike."""

    of_end: Limits
    of_rule: Limits
    names: tuple[str, ...]


def _limits(ends: Ends, partners: Partners) -> _Limits:
    of_end = read_limits(ends.destinations["quality"])
    of_rule = read_limits(partners.met["quality"])
    names = tuple(sorted({*of_end.names, *of_rule.names}))
    return _Limits(of_end.among(names), of_rule.among(names), names)


def stated_products(ways: Lanes, ends: Ends, names: tuple[str, ...]) -> Bools:
    """Tell which properties each product passes on, shape (products, names).

    Those that every way that may feed it states. None at all where another hub's product may
    feed it, where nothing does, or where some of it has mass and some has none.
    """
    feed, product = _feeding(ways, ends)
    origin = ways.origin[feed].astype(np.int64)
    count = len(ends.origins) - ends.residues
    mass = ends.origins["mass_t"].to_numpy(dtype=float)
    stated = ~np.isnan(read_properties(ends.origins["quality"], names))
    alike = (mass[origin] > 0) == (mass[ends.residues + product] > 0)
    tells = stated[origin] & (alike & (origin < ends.residues))[:, None]
    silent = np.zeros((count, len(names)), dtype=bool)
    np.logical_or.at(silent, product, ~tells)
    fed = np.zeros(count, dtype=bool)
    fed[product] = True
    return np.asarray(~silent & fed[:, None])


def _feeding(ways: Lanes, ends: Ends) -> tuple[Ints, Ints]:
    """Ways that pass and end in a recipe that gives something, and the product (from 0)."""
    product = ends.destinations["product"].to_numpy(dtype=np.int64)[ways.end]
    feed = np.flatnonzero((ways.stage == STAGES.index("made")) & (product >= 0))
    return feed, product[feed]


@dataclass(frozen=True, slots=True)
class _Means:
    """Limits on means that count a product: property, sense, bound, and what each counts."""

    name: Ints
    sense: Floats
    bound: Floats
    row: Ints
    lane: Ints
    weight: Floats


def pool(offer: Offer, problem: Exchange, settings: Settings) -> Pooling | None:
    """Add to a model the limits that count what hubs mix; None where there are none."""
    if settings.hub_quality != MIXED:
        return None
    ends = offer.ends
    limits = _limits(ends, offer.partners)
    means = _means(offer, limits, settings)
    quality = read_properties(ends.origins["quality"].iloc[: ends.residues], limits.names)
    mass = ends.origins["mass_t"].to_numpy(dtype=float)
    weight = np.where(mass > 0, mass, 1.0)
    if not len(means.bound):
        return None
    return Pooling(
        exchange=problem,
        quality=quality,
        weight=weight,
        mix_property=means.name,
        mix_sense=means.sense,
        mix_limit=means.bound,
        mix_row=means.row,
        mix_lane=means.lane,
        mix_weight=means.weight,
    )


def _means(offer: Offer, limits: _Limits, settings: Settings) -> _Means:
    """Write every limit that a lane of a product meets.

    A limit of an end holds for the mean of all that reaches it; with ``quality_mode = "lane"``,
    and always where a rule sets it, for the lane alone.
    """
    lanes, residues = offer.lanes, offer.ends.residues
    made = np.flatnonzero(lanes.origin >= residues)
    alone, limit = limits.of_rule.of(lanes.met[made].astype(np.int64))
    parts = [_alone(limits.of_rule, made[alone], limit)]
    if settings.quality_mode == "lane":
        alone, limit = limits.of_end.of(lanes.end[made].astype(np.int64))
        parts.append(_alone(limits.of_end, made[alone], limit))
    else:
        parts.append(_together(offer, limits.of_end))
    rows = np.cumsum([0, *(len(part.bound) for part in parts)])
    return _Means(
        name=np.concatenate([part.name for part in parts]),
        sense=np.concatenate([part.sense for part in parts]),
        bound=np.concatenate([part.bound for part in parts]),
        row=np.concatenate([part.row + at for part, at in zip(parts, rows, strict=False)]),
        lane=np.concatenate([part.lane for part in parts]),
        weight=np.concatenate([part.weight for part in parts]),
    )


def _alone(limits: Limits, lane: Ints, limit: Ints) -> _Means:
    row = np.arange(len(lane))
    weight = np.ones(len(lane))
    return _Means(limits.name[limit], limits.sense[limit], limits.bound[limit], row, lane, weight)


def _together(offer: Offer, limits: Limits) -> _Means:
    """Limits of ends that a product reaches, by mass; by quantity where nothing has any."""
    lane, row = limits.of(offer.lanes.end.astype(np.int64))
    origin = offer.lanes.origin[lane]
    through = np.zeros(len(limits.row), dtype=bool)
    through[row[origin >= offer.ends.residues]] = True
    mass = offer.ends.origins["mass_t"].to_numpy(dtype=float)[origin]
    heavy = np.bincount(row, mass, len(limits.row)) > 0
    weight = np.where(heavy[row], mass, 1.0)
    number, here = np.cumsum(through) - 1, through[row]
    return _Means(
        limits.name[through],
        limits.sense[through],
        limits.bound[through],
        number[row[here]],
        lane[here],
        weight[here],
    )


def describe_pools(pooling: Pooling | None, outcome: Outcome) -> dict[str, Any]:
    """Say in ``summary.json`` which method solved the part with pools in it, and how well."""
    if pooling is None:
        return {}
    method = np.array(outcome.component_method, dtype=object)
    here = np.isin(method, METHODS)
    return {
        "hub_quality": {
            "method": str(method[here][0]) if here.any() else "none",
            "pools": len(pooling.pooled),
            "limits": len(pooling.mix_limit),
            "value": float(outcome.component_value[here].sum()),
            "bound": float(outcome.component_bound[here].sum()),
        }
    }


def pool_notices(pooling: Pooling | None, outcome: Outcome) -> tuple[Notice, ...]:
    """Say the same to the reader of the run."""
    told = describe_pools(pooling, outcome).get("hub_quality")
    if told is None or told["method"] == "none" or outcome.status not in HAS_PLAN:
        return ()
    room = max(told["bound"] - told["value"], 0.0) / max(1.0, abs(told["value"]))
    words = {"pools": str(told["pools"]), "gap": f"{100 * room:.2g}"}
    code = f"hub_quality_{told['method']}"
    return (Notice("scenario.toml", 0, "hub_quality", MIXED, code, words),)


def mixed_out(pooling: Pooling, shipped: Floats) -> tuple[Bools, Bools]:
    """Lanes that would push a mean through a pool over its limit where it stands at it.

    Parameters
    ----------
    shipped
        Quantities of the plan, shape (k, T).

    Returns
    -------
    reaching, feeding
        Lanes to a limited end, and lanes into a hub that serves one; shape (k,) each.
    """
    reaching = np.zeros(len(shipped), dtype=bool)
    feeding = reaching.copy()
    over, size = mix_excess(pooling, shipped)
    tight: Bools = np.any(over >= -USED * np.maximum(1.0, size), axis=1)
    feed, product, made_of = feed_quality(pooling)
    pools = _over_the_year(pool_quality(pooling, shipped))
    m = pooling.exchange.sizes["m"]
    for row, lane in zip(pooling.mix_row.tolist(), pooling.mix_lane.tolist(), strict=True):
        if not tight[row]:
            continue
        name, sense, limit = (
            of[row] for of in (pooling.mix_property, pooling.mix_sense, pooling.mix_limit)
        )
        origin = int(pooling.exchange.origin[lane])
        if origin < m:
            reaching[lane] |= sense * (pooling.quality[origin, name] - limit) > 0
            continue
        into = product == origin - m
        worse = sense * (made_of[into, name] - limit) > 0
        feeding[feed[into][worse]] = True
        now = pools[origin - m, name]
        reaching[lane] |= worse.all() if np.isnan(now) else sense * (now - limit) > 0
    return reaching, feeding


def _over_the_year(quality: Floats) -> Floats:
    """Plain mean over the periods in which something is made; NaN where in none."""
    made = ~np.isnan(quality)
    count = made.sum(axis=2)
    total = np.where(made, quality, 0.0).sum(axis=2)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
