"""Published networks, locations, assignments and blends, as folders; see docs/published.md."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from support.published_folders import (
    Arc,
    assignment,
    commodities,
    declared,
    network,
    warehouses,
    write,
)

import eit
from eit.results import Plan, write_run
from eit.study import match
from eit.territory import read_territory
from eit.verify import verify_run

# Ahuja, R. K., Magnanti, T. L. & Orlin, J. B. (1993). Network Flows; data as in the SAS/OR
# User's Guide, Using the Network Simplex Solver: least cost 270.
AHUJA = [
    Arc(*row)
    for row in (
        ("n1", "n4", 2, 0, 15),
        ("n2", "n1", 1, 0, 10),
        ("n2", "n3", 0, 0, 10),
        ("n2", "n6", 6, 0, 10),
        ("n3", "n4", 1, 0, 5),
        ("n3", "n5", 4, 0, 10),
        ("n4", "n7", 5, 0, 10),
        ("n5", "n6", 2, 0, 20),
        ("n5", "n7", 7, 0, 15),
        ("n6", "n8", 8, 0, 10),
        ("n7", "n8", 9, 0, 15),
    )
]
AHUJA_VOLUMES = {"n1": 10, "n2": 20, "n4": -5, "n7": -15, "n8": -10}

# IBM ILOG CPLEX manual, Network flow problem description (netex1): lower bounds 18, 12 and 10.
# The arc from 6 to 8 is free there; of the plan of least cost it goes forwards.
NETEX = [
    Arc(*row)
    for row in (
        ("n1", "n2", 3, 18, 24),
        ("n2", "n3", 3, 0, 25),
        ("n3", "n4", 4, 12, 12),
        ("n4", "n7", 3, 0, 10),
        ("n7", "n6", 5, 0, 9),
        ("n6", "n8", 6, 0, 40),
        ("n5", "n8", 7, 10, 20),
        ("n5", "n2", 4, 0, 10),
        ("n3", "n2", 2, 0, 5),
        ("n4", "n5", 6, 0, 15),
        ("n4", "n6", 5, 0, 10),
        ("n6", "n4", 4, 0, 11),
        ("n6", "n5", 3, 0, 6),
        ("n2", "n6", 6, 0, 40),
    )
]
NETEX_VOLUMES = {"n1": 20, "n4": -15, "n5": 5, "n8": -10}

# Williams, H. P. (2013). Model Building in Mathematical Programming, 5th ed., problems 19 and
# 20 (Distribution 1, Distribution 2); data as in the SAS/OR Mathematical Programming Examples.
FACTORIES = {"liverpool": 150_000, "brighton": 200_000}
CUSTOMERS = {"c1": 50_000, "c2": 10_000, "c3": 40_000, "c4": 35_000, "c5": 60_000, "c6": 20_000}
DEPOTS = {"newcastle": 70_000, "birmingham": 50_000, "london": 100_000, "exeter": 40_000}
SHIPPING = """
    newcastle liverpool 0.5; birmingham liverpool 0.5; birmingham brighton 0.3
    london liverpool 1.0; london brighton 0.5; exeter liverpool 0.2; exeter brighton 0.2
    c1 liverpool 1.0; c1 brighton 2.0; c1 birmingham 1.0
    c2 newcastle 1.5; c2 birmingham 0.5; c2 london 1.5
    c3 liverpool 1.5; c3 newcastle 0.5; c3 birmingham 0.5; c3 london 2.0; c3 exeter 0.2
    c4 liverpool 2.0; c4 newcastle 1.5; c4 birmingham 1.0; c4 exeter 1.5
    c5 birmingham 0.5; c5 london 0.5; c5 exeter 0.5
    c6 liverpool 1.0; c6 newcastle 1.0; c6 london 1.5; c6 exeter 1.5
"""
NEW_SHIPPING = """
    bristol liverpool 0.6; bristol brighton 0.4; northampton liverpool 0.4
    northampton brighton 0.3; c1 bristol 1.2; c2 bristol 0.6; c2 northampton 0.4
    c3 bristol 0.5; c4 northampton 0.5; c5 bristol 0.3; c5 northampton 0.6
    c6 bristol 0.8; c6 northampton 0.9
"""

# OR-Library, Beasley, J. E. (1988). Eur. J. Oper. Res. 33, 314-325: customers and costs of
# problem sets IV to VII are those of cap41; capacity, opening cost and optimum of each.
WAREHOUSES = {
    "cap42": (5_000, 12_500, 1_098_000.450),
    "cap43": (5_000, 17_500, 1_153_000.450),
    "cap44": (5_000, 25_000, 1_235_500.450),
    "cap51": (10_000, 17_500, 1_025_208.225),
    "cap61": (15_000, 7_500, 932_615.750),
    "cap62": (15_000, 12_500, 977_799.400),
    "cap63": (15_000, 17_500, 1_014_062.050),
    "cap64": (15_000, 25_000, 1_045_650.250),
    "cap71": (58_268, 7_500, 932_615.750),
    "cap72": (58_268, 12_500, 977_799.400),
    "cap73": (58_268, 17_500, 1_010_641.450),
    "cap74": (58_268, 25_000, 1_034_976.975),
}
FAST = ("cap71", "cap74", "cap61")

# Osman, I. H. (1995). OR Spektrum 17, 211-225; OR-Library gap1, c515-1 to c515-5, maximised.
ASSIGNMENTS = {1: 336, 2: 327, 3: 339, 4: 341, 5: 326}


def solved(folder: Path) -> Plan:
    """Match a folder, write the run, recheck it."""
    territory = read_territory(folder)
    plan = match(territory, eit.Scenario()).plan
    write_run(folder / "run", plan, territory)
    verdict = verify_run(folder / "run")
    assert verdict.ok, verdict.lines("en")
    return plan


def value(folder: Path) -> float:
    """Value of the plan, which must be proven optimal."""
    plan = solved(folder)
    assert plan.status == "optimal"
    return float(plan.totals["value_eur"])


def least_cost(arcs: list[Arc], volumes: dict[str, int], free: str = "") -> float:
    """Least cost of a network by scipy, straight from arcs and volumes; `free` may go backwards."""
    nodes = sorted({arc.start for arc in arcs} | {arc.end for arc in arcs})
    balance = [[(arc.start == n) - (arc.end == n) for arc in arcs] for n in nodes]
    found = linprog(
        [arc.cost for arc in arcs],
        A_eq=np.array(balance),
        b_eq=[volumes.get(n, 0) for n in nodes],
        bounds=[
            (None if f"{arc.start}>{arc.end}" == free else arc.least, arc.most) for arc in arcs
        ],
    )
    return float(found.fun)


def test_the_network_of_ahuja_costs_270(tmp_path: Path) -> None:
    assert value(network(tmp_path, AHUJA, AHUJA_VOLUMES)) == pytest.approx(-270, rel=1e-9)


def test_a_network_with_lower_bounds_costs_what_scipy_says(tmp_path: Path) -> None:
    cost = least_cost(NETEX, NETEX_VOLUMES, free="n6>n8")
    assert value(network(tmp_path, NETEX, NETEX_VOLUMES)) == pytest.approx(-cost, rel=1e-9)


def test_a_lower_bound_too_high_is_named_with_what_it_must_give(tmp_path: Path) -> None:
    # Into node 6 come at most 10 over arc 2-6 and 10 through 5 (arc 3-5); 10 leave over 6-8,
    # all that node 8 takes. Both lower bounds ask for 9 and 3: two too many.
    arcs = [arc for arc in AHUJA if (arc.start, arc.end) not in (("n2", "n6"), ("n5", "n6"))]
    arcs += [Arc("n2", "n6", 6, 9, 10), Arc("n5", "n6", 2, 3, 20)]
    plan = solved(network(tmp_path, arcs, AHUJA_VOLUMES))
    assert plan.status == "infeasible"
    (conflict,) = plan.conflicts
    assert [(m["kind"], m["id"]) for m in conflict["members"]] == [
        ("link", "n2→n6"),
        ("link", "n5→n6"),
    ]
    assert [m["alone"] for m in conflict["members"]] == pytest.approx([2.0, 2.0])
    assert conflict["minimum"]


def arcs_of(text: str) -> list[tuple[str, str, float]]:
    """Rows "to from cost" as (from, to, cost)."""
    rows = (row.split() for line in text.strip().splitlines() for row in line.split(";"))
    return [(start, end, float(cost)) for end, start, cost in filter(None, rows)]


def distribution(folder: Path, depots: list[dict[str, object]], shipping: str) -> Path:
    """Two levels: factories and depots are hubs, the factories fed from one stock."""
    served = {str(row["hub_id"]): row for row in depots}
    made = [{"hub_id": f, "capacity": c, "opening_cost_eur": 0} for f, c in FACTORIES.items()]
    links = [Arc("stock", factory, 0.0).row() for factory in FACTORIES]
    for start, end, cost in arcs_of(shipping):
        links += [
            Arc(own_start, own_end, cost).row()
            for own_start in served_as(start, served)
            for own_end in served_as(end, served)
        ]
    return write(
        folder,
        "distribution",
        declarations=[
            declared("stock", sum(FACTORIES.values()), required="no"),
            *(declared(customer, -volume) for customer, volume in CUSTOMERS.items()),
        ],
        hubs=[{**hub, "takes": "goods", "gives": "goods"} for hub in (*made, *depots)],
        links=links,
    )


def served_as(place: str, hubs: dict[str, dict[str, object]]) -> list[str]:
    """A place, and its extension where it has one."""
    return [name for name in (place, f"{place}_more") if name == place or name in hubs]


def test_the_distribution_of_williams_costs_198_500(tmp_path: Path) -> None:
    # Williams, problem 19: minimum cost 198 500 a month.
    depots = [{"hub_id": d, "capacity": c, "opening_cost_eur": 0} for d, c in DEPOTS.items()]
    assert value(distribution(tmp_path, depots, SHIPPING)) == pytest.approx(-198_500, rel=1e-9)


def test_the_depots_of_williams_cost_174_000(tmp_path: Path) -> None:
    # Williams, problem 20: 174 000 a month, savings of closing Newcastle (10 000) and Exeter
    # (5 000) counted; here what stays open pays them. At most four depots: so few are best.
    opening = {"newcastle": 10_000, "exeter": 5_000, "bristol": 12_000, "northampton": 4_000}
    opening["birmingham_more"] = 3_000
    room = DEPOTS | {"bristol": 30_000, "northampton": 25_000, "birmingham_more": 20_000}
    depots = [
        {"hub_id": d, "capacity": c, "opening_cost_eur": opening.get(d, 0)} for d, c in room.items()
    ]
    folder = distribution(tmp_path, depots, SHIPPING + NEW_SHIPPING)
    plan = solved(folder)
    assert plan.status == "optimal"
    assert plan.totals["value_eur"] == pytest.approx(-(174_000 + 15_000), rel=1e-9)
    used = set(plan.hubs["hub_id"]) - set(FACTORIES) - {"birmingham_more"}
    assert len(used | {"birmingham", "london"}) <= 4


# SAS/OR User's Guide, The LP Procedure, A Multicommodity Transshipment Problem with Fixed
# Charges: three farms, two warehouses, one city, four goods.
FARMS = {
    ("farm_a", "chicago"): ((20, 15, 17, 22), 100, None),
    ("farm_b", "chicago"): ((15, 15, 15, 30), 75, None),
    ("farm_c", "chicago"): ((30, 30, 10, 10), 100, None),
    ("farm_a", "stlouis"): ((30, 25, 27, 22), 150, None),
    ("farm_c", "stlouis"): ((10, 9, 11, 10), 75, None),
    ("chicago", "newyork"): ((75, 75, 75, 75), 200, None),
    ("stlouis", "newyork"): ((80, 80, 80, 80), 200, None),
}
FARM_VOLUMES = {
    "farm_a": (100, 100, 40, 0),
    "farm_b": (100, 200, 50, 50),
    "farm_c": (40, 100, 75, 100),
    "newyork": (-150, -200, -50, -75),
}

# Gurobi example netflow: two goods, six arcs with shared capacities; optimum 5500.
PENS = {
    ("detroit", "boston"): ((10, 20), 0, 100),
    ("detroit", "newyork"): ((20, 20), 0, 80),
    ("detroit", "seattle"): ((60, 80), 0, 120),
    ("denver", "boston"): ((40, 60), 0, 120),
    ("denver", "newyork"): ((40, 70), 0, 120),
    ("denver", "seattle"): ((30, 30), 0, 120),
}
PEN_VOLUMES = {
    "detroit": (50, 60),
    "denver": (60, 40),
    "boston": (-50, -40),
    "newyork": (-50, -30),
    "seattle": (-10, -30),
}


def design_cost(arcs: dict, volumes: dict, required: set[str]) -> float:
    """Least cost of a network design by scipy: flows by arc and good, one switch by arc."""
    pairs, goods = list(arcs), len(next(iter(volumes.values())))
    width = len(pairs) * (goods + 1)
    demand = sum(max(-v, 0) for row in volumes.values() for v in row)
    rows, low, high = [], [], []
    for k in range(goods):
        for node in {node for pair in pairs for node in pair}:
            row = np.zeros(width)
            for a, (start, end) in enumerate(pairs):
                row[a * (goods + 1) + k] = (start == node) - (end == node)
            volume = volumes.get(node, [0] * goods)[k]
            rows.append(row)
            low.append(volume if node in required or node not in volumes else min(volume, 0))
            high.append(volume if node in required or node not in volumes else max(volume, 0))
    cost = np.zeros(width)
    for a, (unit, fixed, most) in enumerate(arcs.values()):
        at = a * (goods + 1)
        cost[at : at + goods + 1] = [*unit, fixed]
        row = np.zeros(width)
        row[at : at + goods + 1] = [*[1.0] * goods, -(demand if most is None else most)]
        rows.append(row)
        low.append(-np.inf)
        high.append(0.0)
    whole = np.arange(width) % (goods + 1) == goods
    found = milp(
        cost,
        constraints=LinearConstraint(np.array(rows), low, high),
        bounds=Bounds(0.0, np.where(whole, 1.0, np.inf)),
        integrality=whole.astype(int),
    )
    return float(found.fun)


def test_four_goods_over_arcs_with_fixed_charges_cost_what_scipy_says(tmp_path: Path) -> None:
    cost = design_cost(FARMS, FARM_VOLUMES, {"newyork"})
    folder = commodities(tmp_path, FARMS, FARM_VOLUMES, {"newyork"})
    assert value(folder) == pytest.approx(-cost, rel=1e-9)


def test_pencils_and_pens_over_shared_capacities_cost_5500(tmp_path: Path) -> None:
    folder = commodities(tmp_path, PENS, PEN_VOLUMES, PEN_VOLUMES)
    assert value(folder) == pytest.approx(-5500, rel=1e-9)


@pytest.mark.parametrize("number", [2, 3])
def test_assignments_earn_what_is_published(number: int, tmp_path: Path) -> None:
    assert value(assignment(tmp_path, number)) == pytest.approx(ASSIGNMENTS[number], rel=1e-9)


@pytest.mark.long
@pytest.mark.parametrize("number", [1, 4, 5])
def test_the_other_assignments_earn_what_is_published(number: int, tmp_path: Path) -> None:
    assert value(assignment(tmp_path, number)) == pytest.approx(ASSIGNMENTS[number], rel=1e-9)


def check_warehouses(name: str, folder: Path) -> None:
    capacity, opening, cost = WAREHOUSES[name]
    assert value(warehouses(folder / name, capacity, opening)) == pytest.approx(-cost, rel=1e-9)


@pytest.mark.parametrize("name", FAST)
def test_warehouses_cost_what_is_published(name: str, tmp_path: Path) -> None:
    check_warehouses(name, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(set(WAREHOUSES) - set(FAST)))
def test_the_other_warehouses_cost_what_is_published(name: str, tmp_path: Path) -> None:
    check_warehouses(name, tmp_path)


# Winston, W. L. (2004). Operations Research, 4th ed., section 18.3: demands 1, 3, 2, 4; a lot
# costs 3, a unit 1, holding a unit for a month 0.5; at most 5 a month made, 4 held.
LOTS, MOST_MADE, MOST_HELD = (1, 3, 2, 4), 5, 4


@cache
def cheapest(month: int, stock: int) -> float:
    """Winston's recursion: least cost from a month on, with so much in stock."""
    if month == len(LOTS):
        return 0.0 if stock == 0 else np.inf
    costs = [np.inf]
    for made in range(MOST_MADE + 1):
        left = stock + made - LOTS[month]
        if 0 <= left <= MOST_HELD:
            costs.append((3 + made if made else 0) + 0.5 * left + cheapest(month + 1, left))
    return min(costs)


def test_lots_of_at_most_five_with_four_in_store_cost_20(tmp_path: Path) -> None:
    assert cheapest(0, 0) == 20
    months = range(4)
    rows = [
        declared(f"m{t + 1}", MOST_MADE, required="no", months=str(t + 1), storage="")
        for t in months
    ]
    weights = "|".join(str(demand) for demand in (*LOTS, *[0] * 8))
    rows.append(declared("shop", -sum(LOTS), months=weights, storage=MOST_HELD))
    # Holding from month t on is paid on the link to the end; what the demands' own months weigh
    # comes off.
    links = [Arc(f"m{t + 1}", "shop", 1 + 0.5 * (4 - t)).row(fixed_cost_eur=3) for t in months]
    own = sum(0.5 * (4 - t) * LOTS[t] for t in months)
    folder = write(tmp_path, "lots", "[periods]\ncount = 12\n", declarations=rows, links=links)
    assert -value(folder) - own == pytest.approx(20, abs=1e-9)


# Winston (2004), section 3.8, Sunco Oil: three crudes, three gasolines, octane and sulphur.
CRUDES = {"crude_1": (45, 12, 0.5), "crude_2": (35, 6, 2.0), "crude_3": (25, 8, 3.0)}
GASES = {"gas_1": (70, 10, 1.0, 3000), "gas_2": (60, 8, 2.0, 2000), "gas_3": (50, 6, 1.0, 1000)}


def sunco_profit() -> float:
    """Winston's program: barrels of each crude in each gasoline, dollars of advertising."""
    pairs = [(c, g) for c in CRUDES for g in GASES]
    width = len(pairs) + len(GASES)
    cost = [CRUDES[c][0] + 4 - GASES[g][0] for c, g in pairs] + [1] * len(GASES)
    above, most, equal, demand = [], [], [], []
    for g, (gas, (_, octane, sulphur, asked)) in enumerate(GASES.items()):
        mine = np.array([own == gas for _, own in pairs])
        equal.append([*mine.astype(float), *(-10.0 * (np.arange(3) == g))])
        demand.append(asked)
        for row in (
            [octane - CRUDES[c][1] for c, _ in pairs],
            [CRUDES[c][2] - sulphur for c, _ in pairs],
        ):
            above.append([*(np.array(row) * mine), *[0.0] * 3])
            most.append(0.0)
    for crude in CRUDES:
        above.append([*(float(own == crude) for own, _ in pairs), *[0.0] * 3])
        most.append(5000.0)
    above.append([*[1.0] * len(pairs), *[0.0] * 3])
    most.append(14_000.0)
    found = linprog(cost, np.array(above), most, np.array(equal), demand, [(0, None)] * width)
    return -float(found.fun)


def test_three_gasolines_with_octane_and_sulphur_earn_287_750(tmp_path: Path) -> None:
    # What advertising sells is a need of its own: 0.1 a barrel less. The refinery is a group.
    assert sunco_profit() == pytest.approx(287_750)
    rows = [
        declared(c, 5000, "oil", required="no", quality=f"octane={octane}; sulphur_pct={sulphur}")
        for c, (_, octane, sulphur) in CRUDES.items()
    ]
    for gas, (price, octane, sulphur, asked) in GASES.items():
        limits = f"octane>={octane}; sulphur_pct<={sulphur}"
        rows.append(declared(gas, -asked, "oil", quality=limits, current_cost_eur_per_unit=price))
        more = {"required": "no", "current_cost_eur_per_unit": price - 0.1, "quality": limits}
        rows.append(declared(f"{gas}_more", -14_000, "oil", **more))
    links = [
        Arc(c, gas, CRUDES[c][0] + 4).row(capacity_group="refinery", group_capacity=14_000)
        for c in CRUDES
        for own in GASES
        for gas in (own, f"{own}_more")
    ]
    assert value(write(tmp_path, "sunco", declarations=rows, links=links)) == pytest.approx(287_750)
