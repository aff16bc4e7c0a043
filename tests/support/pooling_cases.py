"""Pooling problems of the literature, as data and as the arrays of `solvers.pooling`.

Figures from the papers, as collected by Tawarmalani and Sahinidis (2002), "Convexification and
Global Optimization in Continuous and Mixed-Integer Nonlinear Programming", ch. 9, whose table
of 14 problems (the model POOL of the GAMS library) also gives their global optima:

Haverly (1978, 1979), ACM SIGMAP Bulletin 25 and 26; Ben-Tal, Eiger and Gershovitz (1994),
Mathematical Programming 63; Foulds, Haugland and Jörnsten (1992), Optimization 24; Adhya,
Tawarmalani and Sahinidis (1999), Ind. Eng. Chem. Res. 38; Audet, Brimberg, Hansen, Le Digabel
and Mladenović (2004), Management Science 50 (RT2).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from solvers.exchange import Exchange
from solvers.pooling import Pooling


@dataclass(frozen=True)
class Case:
    """One problem: what is bought, pooled and sold.

    ``components``: most, price, qualities; ``sold``: most, price, qualities at most;
    ``feeds``: components of each pool (from 0); ``capacity`` of each pool; ``pool_most``:
    the most each pool sends to each product; ``direct``: by component, the most it sends to each
    product past the pools; ``at_least``: qualities at least, ``least``: of each product.
    """

    optimum: float
    components: Sequence[tuple[float, float, Sequence[float]]]
    sold: Sequence[tuple[float, float, Sequence[float]]]
    feeds: Sequence[Sequence[int]]
    capacity: Sequence[float]
    pool_most: Sequence[Sequence[float]]
    direct: Mapping[int, Sequence[float]] = field(default_factory=dict)
    at_least: Sequence[Sequence[float]] = ()
    least: float = 0.0


def haverly(optimum: float, most: float, first: float, second: float) -> Case:
    """Two crudes through one tank, one beside it."""
    return Case(
        optimum,
        components=[(most, 6, [3]), (most, second, [1]), (most, 10, [2])],
        sold=[(first, 9, [2.5]), (200, 15, [1.5])],
        feeds=[[0, 1]],
        capacity=[most],
        pool_most=[[first, 200]],
        direct={2: [first, 200]},
    )


ADHYA_SOLD = [
    (10, 16, [3, 3, 3.25, 0.75, 6, 5]),
    (25, 25, [4, 2.5, 3.5, 1.5, 7, 6]),
    (30, 15, [1.5, 5.5, 3.9, 0.8, 7, 6]),
    (10, 10, [3, 4, 4, 1.8, 8, 6]),
]
ADHYA_BOUGHT = [
    (75, 7, [1, 6, 4, 0.5, 5, 9]),
    (75, 3, [4, 1, 3, 2, 4, 4]),
    (75, 2, [4, 5.5, 3, 0.9, 7, 10]),
    (75, 10, [3, 3, 3, 1, 3, 4]),
    (75, 5, [1, 2.7, 4, 1.6, 3, 7]),
]
ADHYA_MOST = [[10, 25, 30, 10], [30, 10, 10, 25]]
BENTAL_FOUR = [(600, 6, [3, 1]), (600, 16, [1, 3]), (600, 15, [1.2, 5]), (600, 12, [1.5, 2.5])]
FOULDS_SOLD = [(1, 20 - 0.5 * p, [1.05 + 0.05 * p]) for p in range(16)]
FOULDS_11 = [(16, 20 - c, [1 + 0.1 * c]) for c in range(11)]


def _first_four(rows: Sequence[tuple[float, float, Sequence[float]]]) -> list:
    return [(most, price, quality[:4]) for most, price, quality in rows]


def _foulds(components: list, feeds: list) -> Case:
    return Case(8, components, FOULDS_SOLD, feeds, [16] * 8, [[16] * 16] * 8)


CASES: Mapping[str, Case] = {
    "haverly1": haverly(400, 300, 100, 16),
    "haverly2": haverly(600, 800, 600, 16),
    "haverly3": haverly(750, 300, 100, 13),
    "bental4": Case(
        450,
        components=[(300, 6, [3]), (50, 15, [1]), (300, 16, [1]), (300, 10, [2])],
        sold=[(100, 9, [2.5]), (200, 15, [1.5])],
        feeds=[[0, 1, 2]],
        capacity=[300],
        pool_most=[[100, 200]],
        direct={3: [100, 200]},
    ),
    "bental5": Case(
        3500,
        components=[*BENTAL_FOUR, *BENTAL_FOUR, *BENTAL_FOUR, (600, 10, [2, 2.5])],
        sold=[
            (100, 18, [2.5, 2]),
            (200, 15, [1.5, 2.5]),
            (100, 19, [2, 2.6]),
            (100, 16, [2, 2]),
            (100, 14, [2, 2]),
        ],
        feeds=[[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]],
        capacity=[600] * 3,
        pool_most=[
            [100, 200, 100, 100, 100],
            [100, 100, 100, 200, 100],
            [200, 100, 100, 100, 100],
        ],
        direct={12: [100, 200, 100, 100, 100]},
    ),
    "foulds2": Case(
        1100,
        components=[
            (600, price, [sulfur])
            for price, sulfur in ((6, 3), (16, 1), (10, 2), (3, 3.5), (13, 1.5), (7, 2.5))
        ],
        sold=[(100, 9, [2.5]), (200, 15, [1.5]), (100, 6, [3]), (200, 12, [2])],
        feeds=[[0, 1], [3, 4]],
        capacity=[600, 600],
        pool_most=[[100, 200, 100, 200]] * 2,
        direct={2: [100, 200, 100, 200], 5: [100, 200, 100, 200]},
    ),
    "foulds3": _foulds(
        [(16, 20 - p - c, [1 + 0.1 * (p + c)]) for p in range(8) for c in range(4)],
        [[4 * p, 4 * p + 1, 4 * p + 2, 4 * p + 3] for p in range(8)],
    ),
    "foulds4": _foulds(
        FOULDS_11,
        [
            [0, 3, 6, 9],
            [1, 4, 7, 10],
            [1, 2, 4, 5],
            [2, 3, 5, 6],
            [2, 4, 5, 7],
            [3, 5, 6, 8],
            [3, 6, 7, 8],
            [4, 7, 8, 9],
        ],
    ),
    "foulds5": _foulds(
        FOULDS_11,
        [
            [0, 1, 2, 3],
            [7, 8, 9, 10],
            [1, 2, 3, 4],
            [6, 7, 8, 9],
            [3, 4, 5, 6],
            [0, 1, 2, 10],
            [3, 7, 8, 9],
            [4, 5, 6, 7],
        ],
    ),
    "rt2": Case(
        4391.8258928,
        components=[
            (60.9756, 49.2, [0.82, 3, 99.2, 90.5]),
            (161.29, 62, [0.62, 0, 87.9, 83.5]),
            (5, 300, [0.75, 0, 114, 98.7]),
        ],
        sold=[
            (300, 190, [0.79, 3, 114, 98.7]),
            (300, 230, [0.79, 0.9, 114, 98.7]),
            (300, 150, [0.79, 3, 114, 98.7]),
        ],
        feeds=[[0, 1, 2], [0, 1, 2]],
        capacity=[12.5, 17.5],
        pool_most=[[12.5] * 3, [17.5] * 3],
        direct={0: [0, 7.5, 0], 1: [161.29, 0, 161.29], 2: [7.5, 0, 0]},
        at_least=[[0.74, 0, 95, 85], [0.74, 0, 96, 88], [0.74, 0, 91, 83.5]],
        least=5,
    ),
    "adhya1": Case(
        549.80305,
        _first_four(ADHYA_BOUGHT),
        _first_four(ADHYA_SOLD),
        [[0, 1], [2, 3, 4]],
        [75, 75],
        ADHYA_MOST,
    ),
    "adhya2": Case(549.80305, ADHYA_BOUGHT, ADHYA_SOLD, [[0, 1], [2, 3, 4]], [75, 75], ADHYA_MOST),
    "adhya3": Case(
        561.044687,
        [
            *ADHYA_BOUGHT,
            (75, 5, [1.8, 2.7, 4, 3.5, 6.1, 3]),
            (75, 9, [5, 1, 1.7, 2.9, 3.5, 2.9]),
            (75, 11, [3, 3, 3, 1, 5, 2]),
        ],
        ADHYA_SOLD,
        [[0, 1], [2, 3, 4], [5, 6, 7]],
        [75] * 3,
        [[10, 25, 30, 10], [10, 10, 25, 30], [30, 10, 10, 25]],
    ),
    "adhya4": Case(
        877.64574,
        [
            (85, 15, [0.5, 1.9, 1.3, 1]),
            (85, 7, [1.4, 1.8, 1.7, 1.6]),
            (85, 4, [1.2, 1.9, 1.4, 1.4]),
            (85, 5, [1.5, 1.2, 1.7, 1.3]),
            (85, 6, [1.6, 1.8, 1.6, 2]),
            (85, 3, [1.2, 1.1, 1.4, 2]),
            (85, 5, [1.5, 1.5, 1.5, 1.5]),
            (85, 5, [1.4, 1.6, 1.2, 1.6]),
        ],
        [
            (15, 10, [1.2, 1.7, 1.4, 1.7]),
            (25, 25, [1.4, 1.3, 1.8, 1.4]),
            (10, 30, [1.3, 1.3, 1.9, 1.9]),
            (20, 6, [1.2, 1.1, 1.7, 1.6]),
            (15, 10, [1.6, 1.9, 2, 2.5]),
        ],
        [[0, 1, 2, 3], [4, 5, 6, 7]],
        [85, 85],
        [[15, 25, 10, 20, 15], [10, 20, 15, 15, 25]],
    ),
}


def pooling_of(case: Case) -> Pooling:
    """Write a case as arrays: pools are hubs, and so are products, which are limited at entry.

    A product as a hub takes from pools and components within its limits, and gives to one
    sink over one way, which carries ``least`` at least.
    """
    m, pools, n = len(case.components), len(case.feeds), len(case.sold)
    limits = [
        (p, name, sense, bound)
        for p, (_, _, upper) in enumerate(case.sold)
        for sense, bounds in ((1.0, upper), (-1.0, case.at_least[p] if case.at_least else ()))
        for name, bound in enumerate(bounds)
    ]
    # origin, destination, gain, most: recipes stand after sinks, products after sources
    lanes = [(c, n + o, 0.0, np.inf) for o, fed in enumerate(case.feeds) for c in fed]
    lanes += [
        (m + o, n + pools + p, 0.0, most[p])
        for o, most in enumerate(case.pool_most)
        for p in range(n)
    ]
    lanes += [
        (c, n + pools + p, 0.0, most[p])
        for c, most in case.direct.items()
        for p in range(n)
        if most[p] > 0
    ]
    lanes = [
        (start, stop, gain - (case.components[start][1] if start < m else 0.0), most)
        for start, stop, gain, most in lanes
    ]
    lanes += [(m + pools + p, p, case.sold[p][1], np.inf) for p in range(n)]
    start, stop, gain, most = (np.array(each) for each in zip(*lanes, strict=True))
    last = np.arange(len(lanes)) >= len(lanes) - n
    counted = [
        (row, lane)
        for row, (p, *_) in enumerate(limits)
        for lane in np.flatnonzero(stop == n + pools + p)
    ]
    hubs = np.arange(pools + n)
    return Pooling(
        exchange=Exchange(
            supply=np.array([most for most, _, _ in case.components], dtype=float),
            demand=np.array([most for most, _, _ in case.sold], dtype=float),
            origin=start.astype(int),
            destination=stop.astype(int),
            gain=gain.astype(float),
            max_quantity=most.astype(float),
            min_quantity=np.where(last, case.least, 0.0),
            required=last & (case.least > 0),
            recipe_hub=hubs,
            recipe_product=hubs,
            product_hub=hubs,
            hub_capacity=np.array([*case.capacity, *[np.inf] * n], dtype=float),
        ),
        quality=np.array([quality for _, _, quality in case.components], dtype=float),
        weight=np.ones(m + pools + n),
        mix_property=np.array([name for _, name, _, _ in limits]),
        mix_sense=np.array([sense for _, _, sense, _ in limits]),
        mix_limit=np.array([bound for *_, bound in limits], dtype=float),
        mix_row=np.array([row for row, _ in counted]),
        mix_lane=np.array([lane for _, lane in counted]),
        mix_weight=np.ones(len(counted)),
    )
