"""What hubs pass on, where the scenario says that they mix: known properties, and their values.

With ``hub_quality = "mixed"`` a product has the content of what was taken to make it: per
unit given, the sum of property x mass taken over the mass given. It states a property if every
permitted lane that could feed it comes from a residue that states it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from eit.verify import quality
from eit.verify.lanes import Ground, permitted_lanes
from eit.verify.ledger import Ledger
from eit.verify.market import Floats, Market
from eit.verify.verdict import Violation, slack

MIXED = "mixed"


def with_pools(ground: Ground) -> Ground:
    """A ground whose products say, in ``passes``, which properties they pass on.

    The same ground where hubs do not mix.
    """
    market = ground.market
    if market.settings.hub_quality != MIXED or market.origins.empty:
        return ground
    product = market.origins["hub"].astype(bool)
    open_ground = _passing(ground, np.where(product, quality.ANYTHING, ""))
    lanes = permitted_lanes(open_ground)
    passes = np.full(len(market.origins), "", dtype=object)
    for at, names in _passed(market, lanes).items():
        passes[at] = ";".join(sorted(names))
    return _passing(ground, passes)


def _passing(ground: Ground, passes: npt.NDArray[Any]) -> Ground:
    origins = ground.market.origins.assign(passes=passes)
    return replace(ground, market=replace(ground.market, origins=origins))


def _passed(market: Market, lanes: pd.DataFrame) -> dict[int, frozenset[str]]:
    """Properties that each product passes on, given every lane that could feed it."""
    found: dict[int, frozenset[str]] = {}
    product = market.ends["product"].to_numpy(int)[lanes["end"]]
    starts = market.origins.iloc[lanes["origin"]]
    mass = market.origins["mass"].to_numpy(float)
    rows = zip(product, starts["hub"].astype(bool), starts["quality"], starts["mass"], strict=True)
    for at, of_hub, text, weight in rows:
        if at < 0:
            continue
        alike = (weight > 0) == (mass[at] > 0)
        names = frozenset(quality.stated(text)) if alike and not of_hub else frozenset()
        found[int(at)] = names & found.get(int(at), names)
    return found


@dataclass(frozen=True, slots=True)
class Mixture:
    """Lanes that feed a product: what a unit shipped makes, and carries per unit given."""

    lanes: pd.DataFrame
    rate: Floats  # (f,): product per unit shipped
    content: Mapping[str, Floats]  # (f,) each: quality of the product, made of this lane alone


def mixture_of(market: Market, product: int, lanes: pd.DataFrame) -> Mixture:
    """What a product is made of, over the given lanes that feed it."""
    fed = lanes[market.ends["product"].to_numpy(int)[lanes["end"]] == product]
    starts, stops = market.origins.iloc[fed["origin"]], market.ends.iloc[fed["end"]]
    rate = stops["yields"].to_numpy(float) * fed["ratio"].to_numpy(float)
    own = float(market.origins["mass"].iloc[product])
    mass = starts["mass"].to_numpy(float) / own if own > 0 else np.ones(len(fed))
    said = [quality.stated(text) for text in starts["quality"]]
    names = [name for name in market.origins["passes"].iloc[product].split(";") if name]
    content = {
        name: np.array([each[name] for each in said]) * mass / rate if said else np.zeros(0)
        for name in names
    }
    return Mixture(fed, rate, content)


def qualities(ledger: Ledger) -> pd.DataFrame:
    """What each row of flows.csv carries: one column per property, NaN where unknown.

    A residue's as stated; a product's as mixed in the row's period.
    """
    market, flows = ledger.ground.market, ledger.flows
    starts = market.origins.iloc[flows["origin"]]
    known = pd.DataFrame([quality.stated(text) for text in starts["quality"]], index=flows.index)
    if "passes" not in market.origins:
        return known
    of_hub = flows[starts["hub"].to_numpy(bool)]
    for _, rows in of_hub.groupby(["origin", "period"]):
        origin, period = int(rows["origin"].iloc[0]), int(rows["period"].iloc[0])
        mixture = mixture_of(market, origin, flows[flows["period"] == period])
        made = mixture.rate * mixture.lanes["quantity"].to_numpy(float)
        for name, content in mixture.content.items():
            if made.sum() > 0:
                known.loc[rows.index, name] = float((content * made).sum() / made.sum())
    return known


def check_alone(ledger: Ledger) -> list[Violation]:
    """Limits that each lane of a product meets alone: a rule's, and an end's if asked."""
    market, flows = ledger.ground.market, ledger.flows
    if "passes" not in market.origins:
        return []
    by_lane = market.settings.quality_mode == "lane"
    known = qualities(ledger)
    of_end = market.ends["quality"].to_numpy()[flows["end"]]
    wrong = []
    for row in np.flatnonzero(market.origins["hub"].to_numpy(bool)[flows["origin"]]):
        own = quality.limits(of_end[row]) if by_lane else ()
        for limit in (*quality.limits(flows["limits"].iloc[row]), *own):
            value = float(known[limit.name].iloc[row])
            if not limit.excess(value) <= slack(limit.bound):
                name = f"{flows['at'].iloc[row]} {limit.text}"
                wrong.append(Violation("quality", name, value, limit.bound))
    return wrong
