"""The exchange model written down once more, densely and from its definition, for scipy."""

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from solvers.exchange import Exchange

Key = tuple[str, int] | tuple[str, int, int]


@dataclass
class Dense:
    """Rows over named variables."""

    keys: dict[Key, int] = field(default_factory=dict)
    high: list[float] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    rows: list[np.ndarray] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    top: list[float] = field(default_factory=list)

    def variable(self, key: Key, high: float, whole: bool = False) -> None:
        self.keys[key] = len(self.keys)
        self.high.append(high)
        self.whole.append(int(whole))

    def vector(self, terms: list[tuple[Key, float]]) -> np.ndarray:
        row = np.zeros(len(self.keys))
        for key, value in terms:
            row[self.keys[key]] += value
        return row

    def row(self, terms: list[tuple[Key, float]], low: float, top: float) -> None:
        self.rows.append(self.vector(terms))
        self.low.append(low)
        self.top.append(top)

    def maximise(self, gain: np.ndarray) -> float | None:
        for presolve in (True, False):  # scipy ends some problems with a solve error
            found = milp(
                -gain,
                constraints=LinearConstraint(np.array(self.rows), self.low, self.top),
                bounds=Bounds(np.zeros(len(self.keys)), self.high),
                integrality=self.whole,
                options={"mip_rel_gap": 0.0, "presolve": presolve},
            )
            if found.status in (0, 2):
                break
        if found.status == 2:
            return None
        assert found.x is not None, found.message
        return float(-found.fun)


def best_values(p: Exchange) -> np.ndarray | None:
    """Best value of each objective in order, each keeping the earlier ones; None if infeasible."""
    dense = _variables(p)
    for part in (_ends, _hubs, _ways, _pairs, _limits):
        part(p, dense)
    best: list[float] = []
    floors: list[float] = []
    for rank in range(p.sizes["o"]):
        gain = dense.vector(_objective(p, rank))
        for slack in (1e-8, 1e-6, 1e-5):  # scipy calls a floor infeasible within its own tolerance
            dense.low[len(dense.low) - rank :] = [x - slack * max(1.0, abs(x)) for x in floors]
            value = dense.maximise(gain)
            if value is not None or rank == 0:
                break
        if value is None:
            assert rank == 0, "a later objective made the problem infeasible"
            return None
        best.append(value)
        floors.append(value - p.tolerance * abs(value))
        dense.rows.append(gain)
        dense.low.append(-np.inf)
        dense.top.append(np.inf)
    return np.array(best)


def _variables(p: Exchange) -> Dense:
    s, periods = p.sizes, range(p.periods)
    dense, last = Dense(), p.periods - 1
    much = 20.0 * (1.0 + p.supply.sum() + p.demand.sum() / p.ratio.min(initial=1.0))
    for t in periods:
        for a in range(s["k"]):
            dense.variable(("x", a, t), much)
        for i in range(s["m"]):
            held = t == last and p.must_ship[i]
            dense.variable(("s", i, t), 0.0 if held else min(p.supply_storage[i], much))
        for j in range(s["n"]):
            dense.variable(("d", j, t), 0.0 if t == last else min(p.demand_storage[j], much))
        for u in range(s["w"]):
            payload = p.trip_payload[u]
            dense.variable(("z", u, t), 1, True)
            dense.variable(("n", u, t), np.ceil(much / payload), True)
    for name, axis in (("y", "w"), ("v", "q"), ("o", "h"), ("u", "g")):
        for e in range(s[axis]):
            dense.variable((name, e), 1, True)
    return dense


def _x(lanes: list[int], t: int, weight: np.ndarray | None = None) -> list[tuple[Key, float]]:
    return [(("x", a, t), 1.0 if weight is None else float(weight[a])) for a in lanes]


def _ends(p: Exchange, dense: Dense) -> None:
    k, m, n = p.sizes["k"], p.sizes["m"], p.sizes["n"]
    for t in range(p.periods):
        for i in range(m):
            lanes = [a for a in range(k) if p.origin[a] == i]
            waits = [(("s", i, t), 1.0)] + ([(("s", i, t - 1), -1.0)] if t else [])
            low = p.supply[i, t] if p.must_ship[i] else -np.inf
            dense.row(_x(lanes, t) + waits, low, p.supply[i, t])
        for j in range(n):
            lanes = [a for a in range(k) if p.destination[a] == j]
            waits = [(("d", j, t), -1.0)] + ([(("d", j, t - 1), 1.0)] if t else [])
            low = p.demand[j, t] if p.must_fill[j] else -np.inf
            dense.row(_x(lanes, t, p.ratio) + waits, low, p.demand[j, t])


def _hubs(p: Exchange, dense: Dense) -> None:
    k, m, n, periods = p.sizes["k"], p.sizes["m"], p.sizes["n"], range(p.periods)
    into = {a: int(p.destination[a]) - n for a in range(k) if p.destination[a] >= n}
    for product in range(p.sizes["p"]):
        out = [a for a in range(k) if p.origin[a] == m + product]
        made = [a for a, r in into.items() if p.recipe_product[r] == product]
        rate = np.zeros(k)
        for a in made:
            rate[a] = -p.ratio[a] * p.recipe_yield[into[a]]
        for t in periods:
            dense.row(_x(out, t) + _x(made, t, rate), 0.0, 0.0)
    for hub in range(p.sizes["h"]):
        lanes = [a for a, r in into.items() if p.recipe_hub[r] == hub]
        taken = [term for t in periods for term in _x(lanes, t, p.ratio)]
        dense.row(taken, -np.inf, p.hub_capacity[hub])
        much = sum(dense.high[dense.keys[key]] * value for key, value in taken)
        dense.row([*taken, (("o", hub), -much)], -np.inf, 0.0)


def _ways(p: Exchange, dense: Dense) -> None:
    periods = range(p.periods)
    for u in range(p.sizes["w"]):
        lanes = [a for a in range(p.sizes["k"]) if p.way[a] == u]
        year = [term for t in periods for term in _x(lanes, t)]
        dense.row(year, p.min_quantity[u] if p.required[u] else -np.inf, p.max_quantity[u])
        dense.row([*year, (("y", u), -p.min_quantity[u])], 0.0, np.inf)
        dense.row([(("y", u), 1.0), (("v", int(p.pair[u])), -1.0)], -np.inf, 0.0)
        if p.way_group[u] >= 0:
            dense.row([(("y", u), 1.0), (("u", int(p.way_group[u])), -1.0)], -np.inf, 0.0)
        for t in periods:
            sent, got = _x(lanes, t), _x(lanes, t, p.ratio)
            much = sum(dense.high[dense.keys[key]] for key, _ in sent)
            dense.row([*sent, (("z", u, t), -much)], -np.inf, 0.0)
            dense.row([*sent, (("z", u, t), -p.min_lot[u])], 0.0, np.inf)
            dense.row([*got, (("z", u, t), -p.min_delivered[u])], 0.0, np.inf)
            dense.row([(("z", u, t), 1.0), (("y", u), -1.0)], -np.inf, 0.0)
            if np.isfinite(p.trip_payload[u]):
                dense.row([*sent, (("n", u, t), -p.trip_payload[u])], -np.inf, 0.0)
    for group in range(p.sizes["g"]):
        lanes = [a for a in range(p.sizes["k"]) if p.way_group[p.way[a]] == group]
        dense.row([x for t in periods for x in _x(lanes, t)], -np.inf, p.group_capacity[group])


def _pairs(p: Exchange, dense: Dense) -> None:
    for q in range(p.sizes["q"]):
        ways = [(("y", u), -1.0) for u in range(p.sizes["w"]) if p.pair[u] == q]
        dense.row([(("v", q), 1.0), *ways], -np.inf, 0.0)
    ends = ((p.origin, p.supply_partners), (p.destination, p.demand_partners))
    for end, most in ends:
        for e in range(len(most)):
            pairs = {int(p.pair[p.way[a]]) for a in np.flatnonzero(end == e)}
            dense.row([(("v", q), 1.0) for q in sorted(pairs)], -np.inf, most[e])


def _limits(p: Exchange, dense: Dense) -> None:
    for row in p.limits:
        by_period = (("x", row.lane_coef), ("z", row.period_coef), ("n", row.trip_coef))
        once = (("y", row.way_coef), ("v", row.pair_coef), ("o", row.hub_coef))
        terms = _terms(p, by_period, (*once, ("u", row.group_coef)))
        dense.row(terms, -np.inf, row.limit)
    for row in range(p.blend_rows):
        for t in range(p.periods):
            here = np.flatnonzero(p.blend_row == row)
            terms = [(("x", int(p.blend_lane[b]), t), float(p.blend_coef[b])) for b in here]
            dense.row(terms, -np.inf, 0.0)


def _objective(p: Exchange, rank: int) -> list[tuple[Key, float]]:
    by_period = (("x", p.gain[rank]), ("z", p.period_gain[rank]), ("n", p.trip_gain[rank]))
    once = (("y", p.way_gain[rank]), ("v", p.pair_gain[rank]), ("o", p.hub_gain[rank]))
    return _terms(p, by_period, (*once, ("u", p.group_gain[rank])))


def _terms(p: Exchange, by_period: tuple, once: tuple) -> list[tuple[Key, float]]:
    terms: list[tuple[Key, float]] = []
    for name, each in by_period:
        terms += [((name, e, t), float(x)) for e, x in enumerate(each) for t in range(p.periods)]
    for name, each in once:
        terms += [((name, e), float(x)) for e, x in enumerate(each)]
    return terms
