"""Plans worked out by hand, one feature of the model at a time."""

from pathlib import Path

import pytest
from support.territories import plan_of, shipped

from eit.faults import DeclarationError

HEAD = "declaration_id,site_id,kind,resource,quantity,unit,current_cost_eur_per_unit"
PAIR = f"{HEAD}\nR,A,residue,alder,100,t,20\nN,B,need,alder,60,t,30\n"
"""100 t of a residue that costs 20 € to be rid of, 60 t of a need that costs 30 € to buy."""


BUILT_IN = """
[territory]
name = "Trial"
[factors]
assume_costs = false
"""


def link(**cells: object) -> str:
    """One row of links.csv from R to N, 10 km unless told otherwise."""
    row = {"from_id": "R", "to_id": "N", "distance_km": 10} | cells
    return ",".join(row) + "\n" + ",".join(str(of) for of in row.values()) + "\n"


def links(*rows: dict[str, object]) -> str:
    """Several rows of links.csv."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [",".join(str(row.get(name, "")) for name in names) for row in rows]
    return "\n".join([",".join(names), *lines]) + "\n"


def test_a_lane_is_priced_to_the_cent(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, PAIR, links=link())
    flow = plan.flows.iloc[0]
    assert (flow["from_id"], flow["to_id"], flow["period"], flow["mode"]) == ("R", "N", 1, "road")
    assert flow["distance_source"] == "link"
    figures = {
        "quantity": 60.0,
        "delivered": 60.0,
        "distance_km": 10.0,
        "transport_cost_eur": 60.0,  # 60 t x 10 km x 0.10 EUR
        "treatment_cost_eur": 0.0,
        "fixed_cost_eur": 0.0,
        "saving_donor_eur": 1200.0,  # 60 t x 20 EUR
        "saving_receiver_eur": 1800.0,  # 60 t x 30 EUR
        "value_eur": 2940.0,
        "co2e_kg": -60.0,  # emitted: 60 t x 10 km x 0.1 kg
    }
    assert {name: pytest.approx(flow[name], abs=1e-9) for name in figures} == figures
    assert plan.status == "optimal"
    assert plan.totals["value_eur"] == pytest.approx(2940.0, abs=1e-9)
    assert plan.totals["t_km"] == pytest.approx(600.0)
    assert plan.totals["quantity_by_unit"] == {"t": 60.0}
    assert plan.totals["exchanges"] == 1


def test_a_lane_that_costs_more_than_it_saves_is_not_used(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, PAIR, links=link(cost_eur_per_unit=51))
    assert plan.flows.empty
    assert plan.objective[0]["value"] == 0.0


def test_a_negative_cost_is_an_income_that_the_donor_gives_up(tmp_path: Path) -> None:
    rows = f"{HEAD}\nR,A,residue,alder,10,t,-12\nN,B,need,alder,10,t,30\n"
    plan = plan_of(tmp_path, rows, links=link())
    assert plan.flows["saving_donor_eur"].tolist() == [-120.0]
    assert plan.totals["value_eur"] == pytest.approx(10 * (30 - 12 - 1))


def test_kilograms_and_tonnes_meet_and_cubic_metres_do_not(tmp_path: Path) -> None:
    rows = (
        f"{HEAD}\nR,A,residue,alder,90000,kg,0.02\nN,B,need,alder,60,t,30\nM,B,need,alder,9,m3,99\n"
    )
    plan = plan_of(tmp_path, rows, links=link())
    assert shipped(plan) == {("R", "N"): 60.0}
    assert plan.flows["saving_donor_eur"].tolist() == pytest.approx([1200.0])
    assert plan.unmatched.set_index("declaration_id").loc["M", "reason"] == "unit"


RULES = "rule_id,residue,need,ratio,treatment_cost_eur_per_unit,co2e_avoided_kg_per_unit\n"


def test_a_rule_delivers_its_ratio_and_costs_its_treatment(tmp_path: Path) -> None:
    rows = f"{HEAD}\nR,A,residue,alder,100,t,20\nN,B,need,birch,60,t,30\n"
    plan = plan_of(tmp_path, rows, links=link(), rules=RULES + "r,alder,birch,0.5,4,200\n")
    flow = plan.flows.iloc[0]
    assert (flow["rule_id"], flow["quantity"], flow["delivered"]) == ("r", 100.0, 50.0)
    assert flow["treatment_cost_eur"] == 400.0
    assert flow["value_eur"] == pytest.approx(100 * 20 + 50 * 30 - 100 - 400)
    assert flow["co2e_kg"] == pytest.approx(100 * 200 - 100)


@pytest.mark.parametrize(
    ("rules", "winner"),
    [
        ("b,19,birch,1,0,0\na,19 12 01,birch,1,9,0\n", "a"),  # the longest name
        ("b,19 12,birch,1,0,0\na,19,birch,1,9,0\n", "b"),
        ("b,19 12 01,birch,1,0,0\na,19 12 01,birch,1,9,0\n", "a"),  # then the smallest id
    ],
)
def test_of_several_rules_the_longest_name_wins_then_the_smallest_id(
    rules: str, winner: str, tmp_path: Path
) -> None:
    rows = f"{HEAD}\nR,A,residue,19 12 01,10,t,20\nN,B,need,birch,60,t,30\n"
    plan = plan_of(tmp_path, rows, links=link(), rules=RULES + rules)
    assert plan.flows["rule_id"].tolist() == [winner]


def test_a_rule_beats_identity(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, PAIR, links=link(), rules=RULES + "r,alder,alder,0.9,0,0\n")
    assert plan.flows["rule_id"].tolist() == ["r"]
    assert plan.flows["quantity"].tolist() == pytest.approx([60 / 0.9])


def test_a_need_takes_its_share_and_no_more(tmp_path: Path) -> None:
    rows = f"{HEAD},max_share\nR,A,residue,alder,100,t,20,\nN,B,need,alder,60,t,30,0.25\n"
    assert shipped(plan_of(tmp_path, rows, links=link())) == {("R", "N"): 15.0}


SITES_WIN = [
    {"from_id": "R", "to_id": "N", "cost_eur_per_unit": 4},
    {"from_id": "R", "to_id": "B", "cost_eur_per_unit": 3},
    {"from_id": "A", "to_id": "N", "cost_eur_per_unit": 2},
    {"from_id": "A", "to_id": "B", "cost_eur_per_unit": 1},
]


@pytest.mark.parametrize("first", range(4))
def test_the_most_particular_row_of_links_wins_whole(first: int, tmp_path: Path) -> None:
    plan = plan_of(tmp_path, PAIR, links=links(*reversed(SITES_WIN[first:])))
    cost = SITES_WIN[first]["cost_eur_per_unit"]
    assert plan.flows["transport_cost_eur"].tolist() == [60.0 * float(str(cost))]
    assert plan.flows["distance_km"].isna().all()
    assert plan.totals["t_km"] == 0.0


def test_allowed_modes_are_parallel_ways_and_leave_no_default_way(tmp_path: Path) -> None:
    rows = links(
        {"from_id": "R", "to_id": "N", "mode": "rail", "cost_eur_per_unit": 1, "max_quantity": 25},
        {"from_id": "R", "to_id": "N", "mode": "water", "cost_eur_per_unit": 2, "max_quantity": 9},
    )
    plan = plan_of(tmp_path, PAIR, links=rows)
    assert dict(zip(plan.flows["mode"], plan.flows["quantity"], strict=True)) == {
        "rail": 25.0,
        "water": 9.0,
    }
    assert plan.totals["exchanges"] == 1


def test_a_row_that_forbids_another_mode_leaves_the_road_open(tmp_path: Path) -> None:
    rail = links({"from_id": "R", "to_id": "N", "mode": "rail", "allowed": "no"})
    assert shipped(plan_of(tmp_path / "rail", PAIR, links=rail)) == {("R", "N"): 60.0}
    road = links({"from_id": "A", "to_id": "B", "allowed": "no"})
    assert plan_of(tmp_path / "road", PAIR, links=road).flows.empty


def test_only_listed_lanes_count_where_the_territory_says_so(tmp_path: Path) -> None:
    rows = PAIR + "M,C,need,alder,10,t,99\n"
    plan = plan_of(tmp_path, rows, links=link(), territory="links_only = true")
    assert shipped(plan) == {("R", "N"): 60.0}


def test_declarations_of_one_site_meet_only_if_listed(tmp_path: Path) -> None:
    rows = f"{HEAD}\nR,A,residue,alder,100,t,20\nN,A,need,alder,60,t,30\n"
    assert plan_of(tmp_path / "bare", rows).flows.empty
    listed = plan_of(tmp_path / "listed", rows, links="from_id,to_id\nA,A\n")
    assert shipped(listed) == {("R", "N"): 60.0}
    assert listed.flows["distance_km"].tolist() == [0.0]


def test_the_shortest_limit_of_both_ends_and_the_scenario_holds(tmp_path: Path) -> None:
    rows = f"{HEAD},max_distance_km\nR,A,residue,alder,9,t,20,10\nN,B,need,alder,9,t,30,8\n"
    near, far = link(distance_km=8), link(distance_km=8.1)
    assert shipped(plan_of(tmp_path / "near", rows, links=near)) == {("R", "N"): 9.0}
    assert plan_of(tmp_path / "far", rows, links=far).flows.empty
    limited = plan_of(tmp_path / "limited", rows, links=near, limits={"max_distance_km": 7.9})
    assert limited.flows.empty


HUBS = "hub_id,lon,lat,takes,gives,yield,capacity,unit_cost_eur,opening_cost_eur\n"
HUB_LINKS = links(
    {"from_id": "R", "to_id": "H", "cost_eur_per_unit": 2},
    {"from_id": "H", "to_id": "N", "cost_eur_per_unit": 3},
)
BIRCH = f"{HEAD}\nR,A,residue,alder,100,t,20\nN,B,need,birch,60,t,30\n"


def test_a_hub_gives_its_yield_of_what_it_takes_within_its_capacity(tmp_path: Path) -> None:
    hubs = HUBS + "H,2.85,50.4,alder,birch,0.5,80,4,1000\n"
    plan = plan_of(tmp_path, BIRCH, hubs=hubs, links=HUB_LINKS)
    assert shipped(plan) == {("R", "H"): 80.0, ("H", "N"): 40.0}
    into = plan.flows[plan.flows["to_id"] == "H"].iloc[0]
    assert (into["recipe"], into["delivered"], into["treatment_cost_eur"]) == (0, 80.0, 320.0)
    # 80 x (20 - 2 - 4) in, 40 x (30 - 3) out, less the opening
    assert plan.totals["value_eur"] == pytest.approx(80 * 14 + 40 * 27 - 1000)
    assert plan.hubs.to_dict("records") == [
        {
            "hub_id": "H",
            "used": "yes",
            "taken": 80.0,
            "given": 40.0,
            "unit_cost_eur": 4.0,
            "opening_cost_eur": 1000.0,
        }
    ]
    assert plan.totals["quantity_by_unit"] == {"t": 80.0}  # not again at the hub


def test_a_hub_stays_closed_if_its_opening_is_not_covered(tmp_path: Path) -> None:
    hubs = HUBS + "H,2.85,50.4,alder,birch,0.5,80,4,2201\n"  # the lanes bring 2,200
    plan = plan_of(tmp_path, BIRCH, hubs=hubs, links=HUB_LINKS)
    assert plan.flows.empty
    assert plan.hubs.empty


def test_a_final_treatment_takes_and_gives_nothing(tmp_path: Path) -> None:
    rows = f"{HEAD}\nR,A,residue,19 12 01,100,t,20\n"
    hubs = HUBS + "H,2.85,50.4,19 12,,,70,4,0\n"
    plan = plan_of(
        tmp_path,
        rows,
        hubs=hubs,
        links=links({"from_id": "R", "to_id": "H", "cost_eur_per_unit": 0}),
    )
    assert shipped(plan) == {("R", "H"): 70.0}
    assert plan.hubs["given"].tolist() == [0.0]
    assert plan.synergies.empty


def test_no_lane_in_use_carries_less_than_the_smallest_lot(tmp_path: Path) -> None:
    rows = (
        f"{HEAD},min_lot\nR,A,residue,alder,100,t,20,\n"
        "N,B,need,alder,60,t,30,\nM,C,need,alder,60,t,10,45\n"
    )
    plan = plan_of(
        tmp_path,
        rows,
        links=links(
            {"from_id": "R", "to_id": "N", "cost_eur_per_unit": 0},
            {"from_id": "R", "to_id": "M", "cost_eur_per_unit": 0},
        ),
    )
    # 55 t to N and a whole lot of 45 t to M beat 60 and 0 (but not 60 and 40, a lot too small)
    assert shipped(plan) == {("R", "N"): 55.0, ("R", "M"): 45.0}


def test_a_declaration_keeps_to_its_number_of_partners(tmp_path: Path) -> None:
    rows = (
        f"{HEAD},max_partners\nR,A,residue,alder,100,t,20,1\n"
        "N,B,need,alder,60,t,30,\nM,C,need,alder,70,t,10,\n"
    )
    plan = plan_of(tmp_path, rows, links="from_id,to_id,cost_eur_per_unit\nA,B,0\nA,C,0\n")
    assert shipped(plan) == {("R", "N"): 60.0}  # 60 x 50 is more than 70 x 30


def test_whole_trips_are_paid_and_a_trip_that_does_not_pay_is_not_made(tmp_path: Path) -> None:
    rows = link(distance_km="", cost_eur_per_unit=1, trip_payload=25, trip_cost_eur=600)
    plan = plan_of(tmp_path, PAIR, links=rows)
    # a full trip brings 25 x 49 = 1,225; the third, for 10 t, would bring 490 and cost 600
    assert shipped(plan) == {("R", "N"): 50.0}
    assert plan.flows["trips"].tolist() == [2]
    assert plan.flows["transport_cost_eur"].tolist() == [50 + 1200]


def test_a_fixed_cost_stands_on_the_first_row_of_the_year_or_the_period(tmp_path: Path) -> None:
    year = link(cost_eur_per_unit=0, fixed_cost_eur=120)
    plan = plan_of(tmp_path / "year", PAIR, links=year, periods={"count": 12})
    assert plan.flows["fixed_cost_eur"].tolist() == [120.0] + [0.0] * 11
    period = link(cost_eur_per_unit=0, fixed_cost_eur=120, fixed_per="period")
    plan = plan_of(tmp_path / "period", PAIR, links=period, periods={"count": 12})
    assert plan.flows["fixed_cost_eur"].tolist() == [120.0] * 12
    assert plan.totals["value_eur"] == pytest.approx(60 * 50 - 12 * 120)


def test_a_group_shares_its_limit_and_pays_its_investment_once(tmp_path: Path) -> None:
    rows = PAIR + "M,C,need,alder,60,t,10\n"
    group = {"cost_eur_per_unit": 0, "capacity_group": "pipe", "group_capacity": 70}
    group |= {"group_fixed_cost_eur": 500}
    plan = plan_of(
        tmp_path,
        rows,
        links=links({"from_id": "R", "to_id": "N"} | group, {"from_id": "R", "to_id": "M"} | group),
    )
    assert shipped(plan) == {("R", "N"): 60.0, ("R", "M"): 10.0}
    assert plan.groups.to_dict("records") == [{"capacity_group": "pipe", "fixed_cost_eur": 500.0}]
    assert plan.totals["value_eur"] == pytest.approx(60 * 50 + 10 * 30 - 500)


@pytest.mark.parametrize(
    ("limits", "quantity"),
    [
        ({"budget_eur": 20}, 20.0),  # 1 EUR of transport per tonne
        ({"fleet_t_km": 300}, 30.0),  # 10 km per tonne
        ({"max_exchanges": 0}, None),
    ],
)
def test_limits_of_the_scenario_hold(
    limits: dict[str, object], quantity: float | None, tmp_path: Path
) -> None:
    plan = plan_of(tmp_path, PAIR, links=link(), limits=limits)
    assert shipped(plan) == ({("R", "N"): quantity} if quantity else {})


def test_months_meet_only_through_storage(tmp_path: Path) -> None:
    head = f"{HEAD},months,storage\n"
    rows = head + "R,A,residue,alder,30,t,20,1-3,{}\nN,B,need,alder,40,t,30,3-4,{}\n"
    monthly = {"periods": {"count": 12}}
    bare = plan_of(tmp_path / "bare", rows.format("", ""), links=link(), **monthly)
    assert dict(zip(bare.flows["period"], bare.flows["quantity"], strict=True)) == {3: 10.0}
    # what waits at the donor: 4 t of February leave in March
    donor = plan_of(tmp_path / "donor", rows.format("4", ""), links=link(), **monthly)
    assert sum(donor.flows["quantity"]) == pytest.approx(10 + 4)
    # what comes early to the receiver: 6 t stored by the end of February
    early = plan_of(tmp_path / "early", rows.format("", "6"), links=link(), **monthly)
    assert sum(early.flows["quantity"]) == pytest.approx(10 + 6)


def test_a_mean_keeps_its_limit_and_a_lane_alone_must_keep_it_in_lane_mode(tmp_path: Path) -> None:
    rows = (
        f"{HEAD},quality\nR,A,residue,alder,100,t,20,moisture_pct=30\n"
        "S,C,residue,alder,20,t,20,moisture_pct=10\n"
        "U,C,residue,alder,20,t,20,\nN,B,need,alder,500,t,30,moisture_pct<=15\n"
    )
    free = "from_id,to_id,cost_eur_per_unit\nA,B,0\nC,B,0\n"
    mixed = plan_of(tmp_path / "mixed", rows, links=free)
    # 20 t at 10 % carry a third as much at 30 %: (20 x 10 + q x 30) / (20 + q) = 15
    assert shipped(mixed) == {("R", "N"): pytest.approx(20 / 3, abs=1e-5), ("S", "N"): 20.0}
    lane = plan_of(tmp_path / "lane", rows, links=free, objective={"quality_mode": "lane"})
    assert shipped(lane) == {("S", "N"): 20.0}


def test_lanes_below_the_least_level_of_the_hierarchy_are_not_made(tmp_path: Path) -> None:
    rows = f"{HEAD}\nR,A,residue,alder,100,t,20\nN,B,need,birch,60,t,30\n"
    rules = "rule_id,residue,need,ratio,hierarchy\nr,alder,birch,1,energy\n"
    for least, used in (("energy", True), ("recycling", False)):
        plan = plan_of(
            tmp_path / least, rows, links=link(), rules=rules, limits={"min_hierarchy": least}
        )
        assert plan.flows.empty != used


def test_hazardous_residues_go_only_where_they_may(tmp_path: Path) -> None:
    rows = f"{HEAD},hazardous\nR,A,residue,alder,100,t,20,yes\nN,B,need,alder,60,t,30,\n"
    hubs = HUBS.replace("\n", ",hazardous\n")
    hubs += "H,2.85,50.4,alder,,,30,0,0,no\nK,2.86,50.4,alder,,,10,0,0,yes\n"
    barred = links({"from_id": "R", "to_id": "N", "cost_eur_per_unit": 0, "hazardous": "no"})
    assert shipped(plan_of(tmp_path, rows, hubs=hubs, links=barred)) == {("R", "K"): 10.0}


def test_objectives_rank_and_value_breaks_the_last_tie(tmp_path: Path) -> None:
    rows = PAIR + "M,C,need,alder,60,t,10\n"
    both = links(
        {"from_id": "R", "to_id": "N", "cost_eur_per_unit": 0, "co2e_kg_per_unit": 5},
        {"from_id": "R", "to_id": "M", "cost_eur_per_unit": 0, "co2e_kg_per_unit": 1},
    )
    plan = plan_of(tmp_path, rows, links=both, objective={"maximise": ["quantity", "co2e"]})
    # all 100 t leave; co2e prefers M, which takes 60 of them
    assert shipped(plan) == {("R", "N"): 40.0, ("R", "M"): 60.0}
    assert [one["name"] for one in plan.objective] == ["quantity", "co2e", "value"]
    values = [one["value"] for one in plan.objective]
    assert values == pytest.approx([100.0, -0.26, 40 * 50 + 60 * 30])
    assert plan.status == "optimal"


def test_a_tolerance_lets_a_later_objective_take_from_an_earlier_one(tmp_path: Path) -> None:
    both = links({"from_id": "R", "to_id": "N", "cost_eur_per_unit": 0, "co2e_kg_per_unit": 5})
    goals = {"maximise": ["value", "co2e"], "tolerance": 0.25}
    plan = plan_of(tmp_path, PAIR, links=both, objective=goals)
    assert shipped(plan) == {("R", "N"): pytest.approx(45.0, abs=1e-4)}
    value = plan.objective[0]
    assert value["bound"] == pytest.approx(3000.0, rel=1e-6)
    assert value["gap"] == pytest.approx(1 / 3, rel=1e-4)
    assert plan.status == "optimal"  # what was given up was asked for; the gap says how much


def test_exchanges_are_pairs_of_ids(tmp_path: Path) -> None:
    rows = PAIR + "M,C,need,alder,60,t,-70\n"  # every tonne to M loses money
    plan = plan_of(
        tmp_path,
        rows,
        links="from_id,to_id,cost_eur_per_unit\nA,B,0\nA,C,0\n",
        objective={"maximise": ["exchanges"]},
    )
    assert plan.objective[0]["value"] == 2.0
    assert shipped(plan) == {("R", "N"): 60.0, ("R", "M"): pytest.approx(0.001)}


def test_what_is_required_and_cannot_be_had_is_named(tmp_path: Path) -> None:
    rows = f"{HEAD},required\nR,A,residue,alder,100,t,20,yes\nN,B,need,alder,60,t,30,\n"
    plan = plan_of(tmp_path, rows, links=link())
    assert plan.status == "infeasible"
    assert plan.flows.empty
    assert plan.shortfalls == (
        {"kind": "residue", "id": "R", "period": None, "short": 40.0, "unit": "t"},
    )
    assert plan.reasons == ("R: 40 t of what must leave cannot leave",)


def test_a_required_need_is_served_at_a_loss(tmp_path: Path) -> None:
    rows = f"{HEAD},required\nR,A,residue,alder,100,t,20,\nN,B,need,alder,60,t,30,yes\n"
    plan = plan_of(tmp_path, rows, links=link(cost_eur_per_unit=80))
    assert shipped(plan) == {("R", "N"): 60.0}
    assert plan.totals["value_eur"] == pytest.approx(-60 * 30)


def test_a_required_link_flows_and_an_existing_one_is_kept_unless_freed(tmp_path: Path) -> None:
    for column in ("required", "existing"):
        loss = link(cost_eur_per_unit=80, min_quantity=7, **{column: "yes"})
        plan = plan_of(tmp_path / column, PAIR, links=loss)
        assert shipped(plan) == {("R", "N"): 7.0}
    freed = plan_of(tmp_path / "freed", PAIR, links=loss, objective={"keep_existing": False})
    assert freed.flows.empty


def test_a_required_link_without_a_permitted_lane_makes_the_plan_infeasible(tmp_path: Path) -> None:
    far = link(distance_km=51, min_quantity=7, required="yes")
    plan = plan_of(tmp_path, PAIR, links=far)
    assert plan.status == "infeasible"
    assert plan.reasons == ("R→N: 7 t of what must flow on this lane cannot flow",)
    french = plan_of(tmp_path / "fr", PAIR, links=far, lang="fr")
    assert "ne peuvent pas circuler" in french.reasons[0]


def test_a_required_link_asks_nothing_of_a_firm_that_leaves(tmp_path: Path) -> None:
    far = link(min_quantity=7, required="yes")
    plan = plan_of(tmp_path, PAIR, links=far, exclude={"sites": ["B"]})
    assert plan.status == "optimal"
    assert plan.flows.empty


def test_nothing_declared_is_an_empty_optimal_plan(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, HEAD + "\n")
    assert plan.status == "optimal"
    assert plan.flows.empty
    assert plan.objective[0] == {"name": "value", "value": 0.0, "bound": 0.0, "gap": 0.0}


@pytest.mark.parametrize(("made", "grows"), [(2.0, True), (1.0, False), (0.5, False)])
def test_hubs_that_make_ever_more_of_each_other_are_a_fault(
    made: float, grows: bool, tmp_path: Path
) -> None:
    rows = f"{HEAD}\nR,A,residue,alder,10,t,20\nN,B,need,birch,50,t,30\n"
    hubs = "hub_id,lon,lat,takes,gives,yield\n"
    hubs += f"H,2.85,50.4,alder,birch,1\nK,2.86,50.4,birch,alder,{made}\n"
    if not grows:
        assert plan_of(tmp_path, rows, hubs=hubs).status == "optimal"
        return
    with pytest.raises(DeclarationError) as raised:
        plan_of(tmp_path, rows, hubs=hubs)
    assert [fault.code for fault in raised.value.faults] == ["growing_hubs"]
    assert "H, K" in raised.value.faults[0].mend("en")


def test_excluded_resources_leave_by_code_and_prefix(tmp_path: Path) -> None:
    rows = (
        f"{HEAD}\nR,A,residue,19 12 01,9,t,20\nN,B,need,19 12 01,9,t,30\n"
        "S,A,residue,alder,9,t,20\nM,B,need,alder,9,t,30\n"
    )
    for resource, kept in (("19 12", "S"), ("19 12 01", "S"), ("alder", "R")):
        plan = plan_of(tmp_path / resource, rows, exclude={"resources": [resource]})
        assert plan.flows["from_id"].tolist() == [kept]


def test_figures_nobody_declared_are_listed_with_their_uses(tmp_path: Path) -> None:
    rows = f"{HEAD}\nR,A,residue,20 03 01,100,t,\nN,B,need,20 03 01,60,t,\n"
    plan = plan_of(tmp_path, rows, factors={"assume_costs": True})
    used = {one["name"]: one["used_for"] for one in plan.assumptions}
    assert used == {"gate_landfill": 1, "current_cost.need.20 03 01": 1, "max_distance": 2}
    gate = next(one for one in plan.assumptions if one["name"] == "gate_landfill")
    assert plan.flows["saving_donor_eur"].tolist() == pytest.approx([60 * gate["value"]])
    assert gate["source"]


def test_a_factor_that_the_scenario_overrides_reaches_built_in_rules(tmp_path: Path) -> None:
    rows = f"{HEAD}\nR,A,residue,17 01 01,60,t,9\nN,B,need,aggregate,60,t,9\n"
    name, built_in = "primary_material_aggregates", BUILT_IN
    plain = plan_of(tmp_path / "plain", rows, toml=built_in)
    more = plan_of(tmp_path / "more", rows, toml=built_in, factors={name: 107.7931})
    assert plain.flows["rule_id"].tolist() == more.flows["rule_id"].tolist() == ["SYN096"]
    # 7.7931 kg per tonne by default, 100 more here
    gained = more.totals["co2e_avoided_t"] - plain.totals["co2e_avoided_t"]
    assert gained == pytest.approx(6.0)
