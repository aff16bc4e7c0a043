"""Rows of the second model for limits on means; through hubs that mix, with products of columns.

The property of what a hub gives is a column of its own (the p-formulation): above its least,
`low`, by `rise`; and each lane out of the hub carries ``rise x quantity`` more than `low` alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eit.verify import quality
from eit.verify.market import Floats, Ints, Market
from eit.verify.pools import Mixture, mixture_of
from eit.verify.quality import Limit
from eit.verify.sheet import Draft

NO_LANES = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Carried:
    """One property of one product: its least, and what each lane carries above it."""

    low: float
    above: Mapping[int, Ints]  # by lane, columns (T,)


def write_means(draft: Draft, market: Market, lanes: pd.DataFrame, ship: Ints) -> None:
    """Limits of an end on the mean of what it receives in a period, by mass.

    A limit ``p <= L`` is ``sum (p_a - L) x mass_a x quantity_a <= 0``; without any mass among
    its lanes, by quantity. Of a product's lanes each rule's limit holds alone, and each end's
    where the scenario asks for it.
    """
    wanted = _wanted(market, lanes)
    carried = _pools(draft, market, lanes, ship, wanted)
    ids, texts = market.ends["id"].to_numpy(), market.ends["quality"].to_numpy()
    groups = lanes.groupby("end").indices
    for at in sorted(np.flatnonzero(texts != "")):
        inside = np.asarray(groups.get(at, NO_LANES), dtype=np.int64)
        if not len(inside):
            continue
        mass = market.origins["mass"].to_numpy(float)[lanes["origin"].to_numpy()[inside]]
        weight = mass if mass.any() else np.ones(len(inside))
        for limit in quality.limits(texts[at]):
            name = f"{ids[at]}|{limit.text}"
            _mean(draft, market, lanes, ship, carried, name, limit, inside, weight)
    for lane, limits in _alone(market, lanes).items():
        for limit in limits:
            one = np.array([lane])
            _mean(draft, market, lanes, ship, carried, "", limit, one, np.ones(1))


def _mean(
    draft: Draft,
    market: Market,
    lanes: pd.DataFrame,
    ship: Ints,
    carried: Mapping[tuple[int, str], _Carried],
    name: str,
    limit: Limit,
    inside: Ints,
    weight: Floats,
) -> None:
    """One row per period: the mean of some lanes within a limit."""
    starts = lanes["origin"].to_numpy()[inside]
    texts, of_hub = market.origins["quality"].to_numpy(), market.origins["hub"].to_numpy(bool)
    pools = [carried[start, limit.name] if of_hub[start] else None for start in starts.tolist()]
    value = np.array(
        [
            quality.stated(texts[start])[limit.name] if pool is None else pool.low
            for start, pool in zip(starts, pools, strict=True)
        ]
    )
    for t in range(ship.shape[1]):
        rows = draft.add_rows("quality", [name], -np.inf, 0.0, period=t + 1)
        draft.put(rows, ship[inside, t], limit.sense * (value - limit.bound) * weight)
        for lane, pool, of in zip(inside.tolist(), pools, weight, strict=True):
            if pool is not None:
                draft.put(rows, pool.above[lane][t], limit.sense * of)


def _alone(market: Market, lanes: pd.DataFrame) -> dict[int, tuple[Limit, ...]]:
    """Limits that each lane of a product meets alone, by lane."""
    if "passes" not in market.origins:
        return {}
    by_lane = market.settings.quality_mode == "lane"
    of_end = market.ends["quality"].to_numpy()[lanes["end"]]
    out = np.flatnonzero(market.origins["hub"].to_numpy(bool)[lanes["origin"]])
    rules = lanes["limits"].to_numpy()
    return {
        int(lane): quality.limits(rules[lane]) + (quality.limits(of_end[lane]) if by_lane else ())
        for lane in out
    }


def _wanted(market: Market, lanes: pd.DataFrame) -> dict[int, dict[str, list[int]]]:
    """Properties of each product that some limit counts, and on which of its lanes."""
    found: dict[int, dict[str, list[int]]] = {}
    if "passes" not in market.origins:
        return found
    of_end = market.ends["quality"].to_numpy()[lanes["end"]]
    alone = _alone(market, lanes)
    for lane in np.flatnonzero(market.origins["hub"].to_numpy(bool)[lanes["origin"]]).tolist():
        limits = {limit.name for limit in (*quality.limits(of_end[lane]), *alone[lane])}
        for name in sorted(limits):
            product = found.setdefault(int(lanes["origin"].iloc[lane]), {})
            product.setdefault(name, []).append(lane)
    return found


def _pools(
    draft: Draft,
    market: Market,
    lanes: pd.DataFrame,
    ship: Ints,
    wanted: Mapping[int, Mapping[str, list[int]]],
) -> dict[tuple[int, str], _Carried]:
    """Columns and rows of every limited property of every product."""
    carried = {}
    for product, names in sorted(wanted.items()):
        mixture = mixture_of(market, product, lanes)
        out = np.flatnonzero(lanes["origin"].to_numpy() == product)
        for name, limited in names.items():
            low = float(mixture.content[name].min())
            excess = (mixture.content[name] - low) * mixture.rate
            rise = float(mixture.content[name].max()) - low
            free = np.setdiff1d(out, limited)
            above = _carry(draft, ship, mixture, np.array(limited), free, rise, excess)
            carried[product, name] = _Carried(low, dict(zip(limited, above, strict=True)))
    return carried


def _carry(
    draft: Draft,
    ship: Ints,
    mixture: Mixture,
    limited: Ints,
    free: Ints,
    rise: float,
    excess: Floats,
) -> Ints:
    """Columns of what lanes carry above the least, which adds up to what came in above it."""
    periods = ship.shape[1]
    column = draft.add_columns("rise", np.full((1, periods), rise))
    out = ship[limited]
    if len(free):
        rest = draft.add_columns("rest", draft.high_of(ship[free]).sum(axis=0)[None])
        for t in range(periods):
            rows = draft.add_rows("rest", [""], 0.0, 0.0, period=t + 1)
            draft.put(rows, ship[free, t], 1.0)
            draft.put(rows, rest[:, t], -1.0)
        out = np.concatenate([out, rest])
    above = draft.add_columns("above", draft.high_of(out) * rise)
    fed = mixture.lanes.index.to_numpy()
    for t in range(periods):
        rows = draft.add_rows("content", [""], 0.0, 0.0, period=t + 1)
        draft.put(rows, above[:, t], 1.0)
        draft.put(rows, ship[fed, t], -excess)
    draft.bend(above, np.repeat(column, len(out), axis=0), out)
    return above[: len(limited)]
