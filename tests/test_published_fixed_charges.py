"""Published transport and design problems with fixed charges, as folders; see docs/published.md."""

import csv
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog
from support.published_folders import PUBLISHED, Arc, declared, write

import eit
from eit.results import write_run
from eit.study import match
from eit.territory import read_territory
from eit.verify import verify_run

# Fixed-cost transport problems bk4x3 and gr4x6 of MIPLIB (Gleixner et al. 2021, Math. Program.
# Comput. 13, 443-490), optima 350 and 202.35: what each source has and each sink must get; unit
# cost and fixed cost of each link.
BK4X3 = (
    (10, 30, 40, 20),
    (20, 50, 30),
    ((2, 3, 4), (3, 2, 1), (1, 4, 3), (4, 5, 2)),
    ((10, 30, 20),) * 4,
)
GR4X6 = (
    (45, 35, 20, 15),
    (35, 30, 25, 15, 5, 5),
    (
        (0.69, 0.64, 0.71, 0.79, 1.7, 2.83),
        (1.01, 0.75, 0.88, 0.59, 1.5, 2.63),
        (1.05, 1.06, 1.08, 0.64, 1.22, 2.37),
        (1.94, 1.5, 1.56, 1.22, 1.98, 1.98),
    ),
    (
        (11, 16, 18, 17, 10, 20),
        (14, 17, 17, 13, 15, 13),
        (12, 13, 20, 17, 13, 15),
        (16, 19, 15, 11, 15, 12),
    ),
)
Table = tuple[tuple[float, ...], ...]
Transport = tuple[tuple[float, ...], tuple[float, ...], Table, Table]


def value(folder: Path) -> float:
    """Value of the plan, which must be proven optimal and pass the recheck."""
    territory = read_territory(folder)
    plan = match(territory, eit.Scenario()).plan
    assert plan.status == "optimal"
    write_run(folder / "run", plan, territory)
    verdict = verify_run(folder / "run")
    assert verdict.ok, verdict.lines("en")
    return float(plan.totals["value_eur"])


def transport(folder: Path, problem: Transport) -> Path:
    """All that sources have must reach the sinks, which must be filled."""
    supply, demand, cost, fixed = problem
    residues = [declared(f"a{i}", volume) for i, volume in enumerate(supply)]
    needs = [declared(f"b{j}", -volume) for j, volume in enumerate(demand)]
    links = [
        Arc(f"a{i}", f"b{j}", cost[i][j]).row(fixed_cost_eur=fixed[i][j])
        for i, j in product(range(len(supply)), range(len(demand)))
    ]
    return write(folder, "transport", declarations=[*residues, *needs], links=links)


def cheapest(problem: Transport) -> float:
    """Least cost by trying every set of links, each a linear program by scipy."""
    supply, demand, cost, fixed = (np.array(each, dtype=float) for each in problem)
    ends = np.vstack(
        [
            np.repeat(np.eye(len(supply)), len(demand), axis=1),
            np.tile(np.eye(len(demand)), len(supply)),
        ]
    )
    least = np.inf
    for chosen in product((0.0, 1.0), repeat=cost.size):
        paid = float(fixed.ravel() @ chosen)
        if paid < least:
            most = [(0.0, 1e3 * each) for each in chosen]
            found = linprog(cost.ravel(), A_eq=ends, b_eq=[*supply, *demand], bounds=most)
            if found.success:
                least = min(least, paid + float(found.fun))
    return least


def test_bk4x3_costs_350(tmp_path: Path) -> None:
    assert value(transport(tmp_path, BK4X3)) == pytest.approx(-350, rel=1e-9)


def test_gr4x6_costs_202_35(tmp_path: Path) -> None:
    assert value(transport(tmp_path, GR4X6)) == pytest.approx(-202.35, rel=1e-9)


@pytest.mark.long
def test_every_set_of_links_of_bk4x3_costs_350_or_more() -> None:
    assert cheapest(BK4X3) == pytest.approx(350)


def rows(name: str) -> list[dict[str, str]]:
    """Rows of a file of published figures."""
    with (PUBLISHED / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def design(folder: Path, name: str) -> Path:
    """A network shared by goods: an arc is a capacity group, a node a hub of every good."""
    goods = rows(f"{name}_goods.csv")
    arcs = rows(f"{name}_arcs.csv")
    declarations, links = [], []
    for number, good in enumerate(goods):
        given, taken = f"from_{number}", f"to_{number}"
        quantity = int(good["quantity"])
        declarations += [
            declared(given, quantity, f"good_{number}"),
            declared(taken, -quantity, f"good_{number}"),
        ]
        links += [
            Arc(given, f"n{good['start']}", 0.0).row(),
            Arc(f"n{good['end']}", taken, 0.0).row(),
        ]
    links += [
        Arc(f"n{arc['start']}", f"n{arc['end']}", float(arc["cost"])).row(
            capacity_group=f"{arc['start']}>{arc['end']}",
            group_capacity=arc["capacity"],
            group_fixed_cost_eur=arc["fixed_cost"],
        )
        for arc in arcs
    ]
    nodes = sorted({arc[end] for arc in arcs for end in ("start", "end")})
    hubs = [
        {"hub_id": f"n{node}", "takes": f"good_{number}", "gives": f"good_{number}"}
        for node in nodes
        for number in range(len(goods))
    ]
    return write(folder, name, declarations=declarations, hubs=hubs, links=links)


@pytest.mark.long
def test_the_design_of_20_nodes_and_228_arcs_for_39_goods_costs_423_848(tmp_path: Path) -> None:
    # Canad set C, instance c33 (20,230,40,V,L): Crainic, T. G., Frangioni, A. & Gendron, B.
    # (2001). Discrete Appl. Math. 112, 73-99; optimum 423 848.
    assert value(design(tmp_path, "canad_c33")) == pytest.approx(-423_848, rel=1e-9)
