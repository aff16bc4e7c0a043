"""Small random exchange problems with any mixture of features."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from solvers.exchange import Exchange, Limit

FEATURES = (
    "storage",
    "ratio",
    "must",
    "min_lot",
    "min_delivered",
    "min_quantity",
    "max_quantity",
    "required",
    "fixed",
    "fixed_period",
    "trips",
    "partners",
    "modes",
    "exchanges",
    "hubs",
    "capacity",
    "opening",
    "chain",
    "groups",
    "limits",
    "blend",
    "two",
    "three",
    "tolerance",
    "thirds",
)
HUBS = frozenset({"hubs", "capacity", "opening", "chain"})


def random_arrays(seed: int, features: Iterable[str], periods: int = 1) -> dict[str, Any]:
    """Arguments of a random `Exchange` with the given features."""
    rng, chosen = np.random.default_rng(seed), set(features)
    m, n = (int(x) for x in rng.integers(1, 5, 2))
    arrays: dict[str, Any] = {
        "supply": _whole(rng, 0, 12, m, periods),
        "demand": _whole(rng, 0, 12, n, periods),
    }
    hubs = _hub_arrays(rng, chosen) if chosen & HUBS else {}
    arrays |= _lane_arrays(rng, chosen, m, n, hubs) | hubs
    arrays |= _end_arrays(rng, chosen, m, n)
    arrays |= _way_arrays(rng, chosen, arrays)
    arrays |= _joint_arrays(rng, chosen, arrays)
    if "tolerance" in chosen:
        arrays["tolerance"] = 0.05
    if "thirds" in chosen:
        arrays["supply"], arrays["gain"] = arrays["supply"] / 3, arrays["gain"] / 7
    return arrays


def random_exchange(seed: int, features: Iterable[str], periods: int = 1) -> Exchange:
    """A random problem with the given features."""
    return Exchange(**random_arrays(seed, features, periods))


def _whole(rng: np.random.Generator, low: int, high: int, *shape: int) -> np.ndarray:
    return rng.integers(low, high + 1, shape).astype(float)


def _hub_arrays(rng: np.random.Generator, chosen: set[str]) -> dict[str, Any]:
    """Two hubs; the first has two recipes, the second a product that may depend on the first's."""
    final = rng.random() < 0.5
    arrays: dict[str, Any] = {
        "recipe_hub": np.array([0, 0, 1]),
        "recipe_product": np.array([0, -1 if final else 0, 1]),
        "recipe_yield": rng.choice([0.25, 0.5, 0.8, 1.0], 3),
        "product_hub": np.array([0, 1]),
        "hub_capacity": np.full(2, np.inf),
    }
    if "capacity" in chosen:
        arrays["hub_capacity"] = _whole(rng, 2, 15, 2)
    return arrays


def _lane_arrays(
    rng: np.random.Generator, chosen: set[str], m: int, n: int, hubs: dict[str, Any]
) -> dict[str, Any]:
    ends = [(i, j) for i in range(m) for j in range(n)]
    if hubs:
        ends += [(i, n + r) for i in range(m) for r in range(3)]
        ends += [(m + p, j) for p in range(2) for j in range(n)]
        ends += [(m, n + 2), (m + 1, n)] if "chain" in chosen else []
    ends = [end for end in ends if rng.random() < 0.6] or ends[:1]
    ways: dict[tuple, int] = {}
    pairs: dict[tuple, int] = {}
    lanes = []
    for origin, destination in ends:
        to = ("hub", int(hubs["recipe_hub"][destination - n])) if destination >= n else destination
        pair = (origin, to)
        pairs.setdefault(pair, len(pairs))
        for mode in range(1 + ("modes" in chosen and rng.random() < 0.5)):
            ways.setdefault((pair, mode), len(ways))
            lanes.append((origin, destination, ways[pair, mode]))
    origin, destination, way = np.array(lanes).T
    o = 3 if "three" in chosen else 2 if "two" in chosen else 1
    gain = _whole(rng, -4, 9, o, len(lanes))
    between = (origin >= m) & (destination >= n)
    gain[:, between] = -np.abs(gain[:, between])  # nothing gains by going round
    arrays = {"origin": origin, "destination": destination, "way": way, "gain": gain}
    arrays["pair"] = np.array([pairs[pair] for pair, _ in ways])
    if "ratio" in chosen:
        ratio = rng.choice([0.5, 1.0, 2.0, 1.5], len(lanes))
        arrays["ratio"] = np.where(between, 1.0, ratio)  # what goes round does not grow
    return arrays


def _end_arrays(rng: np.random.Generator, chosen: set[str], m: int, n: int) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    if "storage" in chosen:
        arrays["supply_storage"], arrays["demand_storage"] = (
            _whole(rng, 0, 8, m),
            _whole(rng, 0, 8, n),
        )
    if "must" in chosen:
        arrays["must_ship"], arrays["must_fill"] = rng.random(m) < 0.3, rng.random(n) < 0.3
    if "partners" in chosen:
        for name, size in (("supply_partners", m), ("demand_partners", n)):
            arrays[name] = np.where(rng.random(size) < 0.3, np.inf, _whole(rng, 1, 2, size))
    return arrays


def _way_arrays(
    rng: np.random.Generator, chosen: set[str], arrays: dict[str, Any]
) -> dict[str, Any]:
    w, o = len(arrays["pair"]), len(arrays["gain"])
    made: dict[str, Any] = {"min_quantity": np.zeros(w)}
    if "min_quantity" in chosen:
        made["min_quantity"] = _whole(rng, 0, 6, w)
    if "required" in chosen:
        made["required"] = rng.random(w) < 0.15
        made["min_quantity"] = np.maximum(made["min_quantity"], _whole(rng, 0, 3, w))
    if "min_lot" in chosen:
        made["min_lot"] = _whole(rng, 0, 5, w)
    if "min_delivered" in chosen:
        made["min_delivered"] = _whole(rng, 0, 4, w)
    if "max_quantity" in chosen:
        made["max_quantity"] = np.where(rng.random(w) < 0.5, np.inf, _whole(rng, 1, 8, w))
    if "fixed" in chosen:
        made["way_gain"] = -_whole(rng, 0, 12, o, w)
    if "fixed_period" in chosen:
        made["period_gain"] = -_whole(rng, 0, 6, o, w)
    if "trips" in chosen:
        made["trip_payload"] = np.where(rng.random(w) < 0.3, np.inf, _whole(rng, 1, 4, w))
        made["trip_gain"] = -_whole(rng, 0, 5, o, w)
    if "exchanges" in chosen:
        made["pair_gain"] = np.zeros((o, int(arrays["pair"].max()) + 1))
        made["pair_gain"][int(rng.integers(o))] = _whole(rng, -2, 4, made["pair_gain"].shape[1])
        made["min_quantity"] = np.maximum(made["min_quantity"], 0.5)
    return made


def _joint_arrays(
    rng: np.random.Generator, chosen: set[str], arrays: dict[str, Any]
) -> dict[str, Any]:
    k, w, o = len(arrays["origin"]), len(arrays["pair"]), len(arrays["gain"])
    q = int(arrays["pair"].max()) + 1
    made: dict[str, Any] = {}
    if "opening" in chosen:
        made["hub_gain"] = np.zeros((o, 2))
        made["hub_gain"][0] = -_whole(rng, 0, 15, 2)
    if "groups" in chosen:
        made["way_group"] = rng.integers(-1, 2, w)
        made["group_capacity"] = np.where(rng.random(2) < 0.5, np.inf, _whole(rng, 3, 15, 2))
        made["group_gain"] = -_whole(rng, 0, 8, o, 2)
    if "limits" in chosen:
        budget = Limit(limit=float(rng.integers(4, 60)), lane_coef=_whole(rng, -1, 4, k))
        count = Limit(
            limit=float(rng.integers(1, 20)),
            lane_coef=_whole(rng, 0, 2, k),
            way_coef=_whole(rng, 0, 2, w),
            period_coef=_whole(rng, 0, 1, w),
            trip_coef=_whole(rng, 0, 1, w),
            pair_coef=_whole(rng, 0, 1, q),
        )
        made["limits"] = (budget, count) if rng.random() < 0.5 else (budget,)
    if "blend" in chosen:
        made |= {"blend_row": rng.integers(0, 2, k), "blend_rows": 2}
        made |= {"blend_lane": np.arange(k), "blend_coef": _whole(rng, -3, 3, k)}
    return made
