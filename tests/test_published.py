"""Optima that others published, put as territory folders and found through the public functions."""

import math
from pathlib import Path

import networkx as nx
import pandas as pd
import pytest
from support.random_territories.folder import write_rows

import eit
from eit.results import write_run
from eit.study import match
from eit.territory import read_territory
from eit.verify import Ending, optimum, verify_run

FOLDER = Path(__file__).parent / "published"
INSTANCES = pd.read_csv(FOLDER / "instances.csv").set_index("name")
SOLVABLE = INSTANCES.index[INSTANCES["status"] == "optimal"]


def test_every_instance_has_a_source_and_a_folder() -> None:
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir()}
    assert set(INSTANCES.index) == folders
    assert (INSTANCES["source"].str.len() > 20).all()


@pytest.mark.parametrize("name", SOLVABLE)
def test_match_reaches_the_published_optimum_and_proves_it(name: str) -> None:
    plan = match(read_territory(FOLDER / name), eit.Scenario()).plan
    assert plan.status == "optimal"
    assert plan.totals["value_eur"] == pytest.approx(INSTANCES.loc[name, "value"], rel=1e-9)


@pytest.mark.parametrize("name", SOLVABLE)
def test_the_independent_model_reaches_the_published_optimum(name: str) -> None:
    found = optimum(read_territory(FOLDER / name))
    assert found.ending == Ending.OPTIMAL
    assert found.values == pytest.approx((INSTANCES.loc[name, "value"],), rel=1e-9)


@pytest.mark.parametrize("name", INSTANCES.index)
def test_the_written_run_passes_the_recheck(name: str, tmp_path: Path) -> None:
    territory = read_territory(FOLDER / name)
    write_run(tmp_path / "run", match(territory, eit.Scenario()).plan, territory)
    verdict = verify_run(tmp_path / "run")
    assert verdict.ok, verdict.lines("en")


def test_a_published_impossibility_is_found_infeasible() -> None:
    territory = read_territory(FOLDER / "powerco_short")
    assert match(territory, eit.Scenario()).plan.status == "infeasible"
    assert optimum(territory).ending == Ending.INFEASIBLE


def test_the_year_of_lot_sizes_costs_864_once_its_own_months_come_off() -> None:
    # Holding is paid on the link as 12 - i; what the demands' own months weigh comes off.
    demand = [69, 29, 36, 61, 61, 26, 34, 67, 45, 67, 79, 56]
    own_months = sum((11 - month) * units for month, units in enumerate(demand))
    assert -INSTANCES.loc["wagner_whitin", "value"] - own_months == 864


def test_least_flows_agree_with_the_network_simplex_of_networkx(tmp_path: Path) -> None:
    arcs = {
        # from, to: unit cost, at least, at most
        ("mine_a", "hub_n"): (4, 10, 60),
        ("mine_a", "hub_s"): (7, 0, 60),
        ("mine_b", "hub_n"): (9, 5, 40),
        ("mine_b", "hub_s"): (3, 0, 30),
        ("hub_n", "hub_s"): (1, 8, 50),
        ("hub_n", "town_x"): (6, 0, 50),
        ("hub_s", "town_x"): (8, 12, 50),
        ("hub_s", "town_y"): (5, 0, 45),
        ("hub_n", "town_y"): (11, 3, 45),
    }
    volumes = {"mine_a": -60, "mine_b": -40, "town_x": 55, "town_y": 45, "hub_n": 0, "hub_s": 0}
    _write_network(tmp_path, arcs, volumes)
    value = match(read_territory(tmp_path), eit.Scenario()).plan.totals["value_eur"]
    assert value == pytest.approx(-_least_cost(arcs, volumes), rel=1e-9)


def _write_network(
    folder: Path, arcs: dict[tuple[str, str], tuple[int, int, int]], volumes: dict[str, int]
) -> None:
    """A flow network as a territory: sources must leave, sinks be filled, arcs be listed."""
    (folder / "territory.toml").write_text(
        '[territory]\nname = "network"\nbuiltin_rules = false\nlinks_only = true\n'
        "[solver]\ngap = 0.0\n[factors]\nassume_costs = false\n",
        encoding="utf-8",
    )
    ends = {name: volume for name, volume in volumes.items() if volume}
    write_rows(folder / "sites.csv", [{"site_id": f"s_{name}"} for name in ends])
    rows = [
        {
            "declaration_id": name,
            "site_id": f"s_{name}",
            "kind": "need" if volume > 0 else "residue",
            "resource": "goods",
            "quantity": abs(volume),
            "required": "yes",
        }
        for name, volume in ends.items()
    ]
    write_rows(folder / "declarations" / "all.csv", rows)
    hubs = [name for name, volume in volumes.items() if not volume]
    write_rows(
        folder / "hubs.csv", [{"hub_id": name, "takes": "goods", "gives": "goods"} for name in hubs]
    )
    links = [
        {
            "from_id": start,
            "to_id": end,
            "cost_eur_per_unit": cost,
            "min_quantity": least or "",
            "max_quantity": most,
            "required": "yes" if least else "no",
        }
        for (start, end), (cost, least, most) in arcs.items()
    ]
    write_rows(folder / "links.csv", links)


def _least_cost(
    arcs: dict[tuple[str, str], tuple[int, int, int]], volumes: dict[str, int]
) -> float:
    """Least cost by networkx, lower bounds moved to the ends of their arcs."""
    graph = nx.DiGraph()
    demand = dict(volumes)
    for (start, end), (cost, least, most) in arcs.items():
        graph.add_edge(start, end, weight=cost, capacity=most - least)
        demand[start] += least
        demand[end] -= least
    nx.set_node_attributes(graph, demand, "demand")
    moved, _ = nx.network_simplex(graph)
    fixed = sum(cost * least for cost, least, _ in arcs.values())
    assert math.isfinite(moved)
    return float(moved + fixed)
