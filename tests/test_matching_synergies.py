"""Donor-receiver pairs, directly, through hubs, through chains and circles of hubs."""

from pathlib import Path

import pandas as pd
import pytest
from support.territories import plan_of

HEAD = "declaration_id,site_id,kind,resource,quantity,unit,current_cost_eur_per_unit"
HUBS = "hub_id,lon,lat,takes,gives,yield,unit_cost_eur\n"


def pairs(synergies: pd.DataFrame, column: str) -> dict[tuple[str, str], float]:
    """One figure of each pair."""
    keys = zip(synergies["donor_id"], synergies["receiver_id"], strict=True)
    return dict(zip(keys, synergies[column].round(6), strict=True))


def test_a_direct_pair_sums_its_modes(tmp_path: Path) -> None:
    rows = f"{HEAD}\nR,A,residue,alder,40,t,20\nN,B,need,alder,60,t,30\n"
    links = "from_id,to_id,mode,distance_km,max_quantity\nR,N,rail,30,\nR,N,water,10,30\n"
    plan = plan_of(tmp_path, rows, links=links)
    assert len(plan.flows) == 2
    assert plan.synergies.to_dict("records") == [
        {
            "donor_id": "R",
            "receiver_id": "N",
            "via": "",
            "quantity": 40.0,
            "unit": "t",
            "delivered": 40.0,
            "value_eur": pytest.approx(plan.totals["value_eur"]),
            "distance_km": pytest.approx(15.0),  # 10 t over 30 km and 30 t over 10 km
        }
    ]


HUB_LINKS = """from_id,to_id,distance_km,min_quantity,required
R,H,10,60,yes
S,H,20,20,yes
H,N,5,30,yes
H,M,15,10,yes
"""


def test_a_hub_splits_in_proportion_to_what_it_took(tmp_path: Path) -> None:
    rows = (
        f"{HEAD}\nR,A,residue,alder,60,t,20\nS,C,residue,alder,20,t,20\n"
        "N,B,need,birch,30,t,30\nM,D,need,birch,10,t,30\n"
    )
    hubs = HUBS + "H,2.85,50.4,alder,birch,0.5,4\n"
    plan = plan_of(tmp_path, rows, hubs=hubs, links=HUB_LINKS)
    found = plan.synergies
    # R brought three quarters of what H took; N got three quarters of what H gave
    assert pairs(found, "quantity") == {
        ("R", "N"): 45.0,
        ("R", "M"): 15.0,
        ("S", "N"): 15.0,
        ("S", "M"): 5.0,
    }
    assert pairs(found, "delivered") == {
        ("R", "N"): 22.5,
        ("R", "M"): 7.5,
        ("S", "N"): 7.5,
        ("S", "M"): 2.5,
    }
    assert pairs(found, "distance_km") == {
        ("R", "N"): 15.0,
        ("R", "M"): 25.0,
        ("S", "N"): 25.0,
        ("S", "M"): 35.0,
    }
    assert set(found["via"]) == {"H"}
    assert found["value_eur"].sum() == pytest.approx(plan.totals["value_eur"])
    # R to N: 45 x (20 - 1 - 4) going in, three quarters of 30 x 30 - 15 coming out
    assert pairs(found, "value_eur")["R", "N"] == pytest.approx(45 * 15 + 0.75 * (900 - 15))


def test_a_chain_of_hubs_names_both_and_adds_their_distances(tmp_path: Path) -> None:
    rows = f"{HEAD}\nR,A,residue,alder,60,t,20\nN,B,need,cedar,99,t,300\n"
    hubs = HUBS + "H,2.85,50.4,alder,birch,0.5,0\nK,2.86,50.4,birch,cedar,0.5,0\n"
    links = "from_id,to_id,distance_km\nR,H,10\nH,K,20\nK,N,40\n"
    plan = plan_of(tmp_path, rows, hubs=hubs, links=links)
    row = plan.synergies.iloc[0]
    assert (row["via"], row["quantity"], row["delivered"]) == ("H|K", 60.0, 15.0)
    assert row["distance_km"] == pytest.approx(70.0)
    assert row["value_eur"] == pytest.approx(plan.totals["value_eur"])


def test_a_circle_of_hubs_is_summed_to_its_end(tmp_path: Path) -> None:
    # Half of what K makes must go back to H, again and again.
    rows = f"{HEAD}\nR,A,residue,alder,60,t,20\nN,B,need,cedar,999,t,300\n"
    hubs = (
        HUBS
        + "H,2.85,50.4,alder,birch,1,0\nK,2.86,50.4,birch,cedar,1,0\nH,2.85,50.4,cedar,birch,1,0\n"
    )
    links = (
        "from_id,to_id,distance_km,min_quantity,required,max_quantity\n"
        "R,H,10,,,\nH,K,0,,,\nK,H,0,30,yes,30\nK,N,0,,,\n"
    )
    plan = plan_of(tmp_path, rows, hubs=hubs, links=links)
    row = plan.synergies.iloc[0]
    assert len(plan.synergies) == 1
    assert (round(row["quantity"], 6), round(row["delivered"], 6)) == (60.0, 60.0)
    assert row["distance_km"] == pytest.approx(10.0)
    assert row["value_eur"] == pytest.approx(plan.totals["value_eur"])


def test_a_pair_that_trades_directly_and_through_a_hub_is_one_row(tmp_path: Path) -> None:
    rows = f"{HEAD}\nR,A,residue,alder,60,t,20\nN,B,need,alder,99,t,30\n"
    hubs = HUBS + "H,2.85,50.4,alder,alder,1,0\n"
    links = "from_id,to_id,distance_km,max_quantity\nR,N,5,25\nR,H,1,\nH,N,1,\n"
    plan = plan_of(tmp_path, rows, hubs=hubs, links=links)
    row = plan.synergies.iloc[0]
    assert len(plan.synergies) == 1
    assert (row["quantity"], row["via"]) == (60.0, "H")
    assert row["value_eur"] == pytest.approx(plan.totals["value_eur"])


def test_a_way_without_a_distance_leaves_the_pair_without_one(tmp_path: Path) -> None:
    rows = f"{HEAD}\nR,A,residue,alder,60,t,20\nN,B,need,birch,99,t,30\n"
    hubs = HUBS + "H,2.85,50.4,alder,birch,1,0\n"
    links = "from_id,to_id,cost_eur_per_unit\nR,H,1\n"
    plan = plan_of(tmp_path, rows, hubs=hubs, links=links)
    assert plan.synergies["distance_km"].isna().all()
