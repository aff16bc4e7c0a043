"""Default lanes by rail, waterway and pipe: plans worked out by hand, and laws."""

import json
from pathlib import Path

import numpy as np
import pytest
from pyproj import Geod
from support.random_territories import some_features, write_territory
from support.roads import SQUARE_ROADS, TOWN
from support.territories import PLAIN, plan_of, settings_of, shipped, territory_of, write_folder

from eit.faults import DeclarationError
from eit.matching import match
from eit.results import Plan
from eit.scenario import SCENARIO_KEYS, Scenario, check_settings, resolve
from eit.territory import check_territory, read_territory
from eit.verify import Ending, optimum

HEAD = "declaration_id,site_id,kind,resource,quantity,unit,current_cost_eur_per_unit"
FAR = f"{HEAD}\nR,A,residue,alder,100,t,20\nN,B,need,alder,60,t,30\n"
"""100 t of a residue that costs 20 € to be rid of, 60 t of a need that costs 30 € to buy."""
RAIL = {"modes": ["road", "rail"]}
WATER = {"modes": ["road", "water"]}
PIPE = {"modes": ["road", "pipe"]}


def km(start: tuple[float, float], stop: tuple[float, float]) -> float:
    """Geodesic between two places by lon and lat."""
    return float(Geod(ellps="WGS84").inv(*start, *stop)[2]) / 1000


def sites(a: str = "yes", b: str = "yes", column: str = "rail", more: str = "") -> str:
    """Two sites one degree apart (71.1 km), more than the usual 50 km."""
    return f"site_id,lon,lat,{column}\nA,2.80,50.40,{a}\nB,3.80,50.40,{b}\n{more}"


HAUL = km((2.80, 50.40), (3.80, 50.40))


def only(plan: Plan) -> dict[str, object]:
    """The one row of flows.csv."""
    (row,) = plan.flows.to_dict("records")
    return {str(name): value for name, value in row.items()}


def test_between_two_sidings_a_train_carries_what_is_too_far_by_road(tmp_path: Path) -> None:
    flow = only(plan_of(tmp_path, FAR, sites=sites(), transport=RAIL))
    assert (flow["mode"], flow["distance_source"]) == ("rail", "geodesic")
    along = 1.4 * HAUL
    assert flow["distance_km"] == pytest.approx(along, rel=1e-9)
    cost = 60 * (2 * 3 + along * 0.0629)  # handled at both ends, then hauled
    assert flow["transport_cost_eur"] == pytest.approx(cost, rel=1e-9)
    assert flow["co2e_kg"] == pytest.approx(-60 * along * 0.02335, rel=1e-9)
    assert flow["value_eur"] == pytest.approx(60 * 50 - cost, rel=1e-9)


def test_a_table_in_french_leads_to_the_barge_at_a_shared_quay(tmp_path: Path) -> None:
    """B is 7.1 km by road from the quay at C, which others may use; figures with commas."""
    places = "id_site;lon;lat;quai\nA;2,80;50,40;oui\nB;3,80;50,40;\nC;3,90;50,40;partagé\n"
    flow = only(plan_of(tmp_path, FAR, sites=places, transport=WATER))
    assert (flow["mode"], flow["distance_source"]) == ("water", "access")
    haul = 1.5 * km((2.80, 50.40), (3.90, 50.40))
    leg = km((3.80, 50.40), (3.90, 50.40))  # the trial's circuity is 1
    assert flow["distance_km"] == pytest.approx(haul + leg, rel=1e-9)
    cost = 60 * (2 * 3 + haul * 0.0343 + leg * 0.1)
    assert flow["transport_cost_eur"] == pytest.approx(cost, rel=1e-9)
    assert flow["co2e_kg"] == pytest.approx(-60 * (haul * 0.0485 + leg * 0.1), rel=1e-9)


def square(lon: float, lat: float, half: float = 0.002) -> list[list[list[float]]]:
    """A square outline around a place."""
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
    return [[[lon + x * half, lat + y * half] for x, y in corners]]


def with_park(folder: Path, lon: float, lat: float, **properties: object) -> Path:
    """Write a park around a place into a territory folder."""
    shape = {"type": "Polygon", "coordinates": square(lon, lat)}
    named = {"park_id": "P", "name": "Port"} | properties
    feature = {"type": "Feature", "properties": named, "geometry": shape}
    text = json.dumps({"type": "FeatureCollection", "features": [feature]})
    (folder / "parks.geojson").write_text(text, encoding="utf-8")
    return folder


def matched(folder: Path, **sections: dict[str, object]) -> Plan:
    """Match a territory folder."""
    territory = read_territory(folder)
    return match(territory, settings_of(territory, **sections), lang="en")


@pytest.mark.parametrize(("said", "runs"), [("oui", True), (True, True), ("non", False)])
def test_the_siding_of_a_park_serves_the_sites_in_it(
    said: object, runs: bool, tmp_path: Path
) -> None:
    folder = write_folder(tmp_path / "t", FAR, sites=sites(b="no"))
    plan = matched(with_park(folder, 3.80, 50.40, rail=said), transport=RAIL)
    assert plan.flows["mode"].tolist() == ["rail"] * runs
    assert plan.flows["distance_source"].tolist() == ["geodesic"] * runs


def test_and_those_within_reach_of_it_by_road(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "t", FAR, sites=sites(b="no"))
    with_park(folder, 3.90, 50.40, reseau_fret_ferroviaire="oui")
    flow = only(matched(folder, transport=RAIL))
    leg = km((3.80, 50.40), (3.90, 50.40))
    haul = 1.4 * km((2.80, 50.40), (3.90, 50.40))
    assert flow["distance_km"] == pytest.approx(haul + leg, rel=1e-6)
    assert matched(folder, transport=RAIL | {"rail_reach_km": 7}).flows.empty
    assert matched(folder, transport=RAIL | {"rail_reach_km": 7.2}).flows["mode"].tolist() == [
        "rail"
    ]


def test_what_a_park_says_in_other_words_is_told_and_read_as_no(tmp_path: Path) -> None:
    folder = with_park(write_folder(tmp_path / "t", FAR, sites=sites()), 2.8, 50.4, quay="bientôt")
    reading = check_territory(folder)
    assert [(n.code, n.column, n.value) for n in reading.notices] == [
        ("park_access", "quay", "bientôt")
    ]
    assert "Port" not in reading.notices[0].text("fr")
    assert not reading.territory.parks["quay"].any()


def test_a_hub_may_have_the_siding(tmp_path: Path) -> None:
    declarations = f"{HEAD}\nR,A,residue,alder,100,t,20\n"
    hubs = "hub_id,takes,gives,lon,lat,rail,unit_cost_eur\nH,alder,,3.80,50.40,oui,2\n"
    flow = only(plan_of(tmp_path, declarations, sites=sites(), hubs=hubs, transport=RAIL))
    assert (flow["to_id"], flow["mode"], flow["treatment_cost_eur"]) == ("H", "rail", 200.0)


@pytest.mark.parametrize(("a", "b"), [("yes", "no"), ("no", "yes"), ("no", "no")])
def test_without_access_at_both_ends_there_is_no_train(a: str, b: str, tmp_path: Path) -> None:
    plan = plan_of(tmp_path, FAR, sites=sites(a, b), transport=RAIL)
    assert plan.flows.empty
    assert set(plan.unmatched["reason"]) == {"too_far"}


def test_a_mode_that_is_not_asked_for_makes_no_lane(tmp_path: Path) -> None:
    assert plan_of(tmp_path / "none", FAR, sites=sites("shared", "shared")).flows.empty
    assert plan_of(tmp_path / "other", FAR, sites=sites(), transport=WATER).flows.empty


def test_the_private_siding_next_door_is_no_access(tmp_path: Path) -> None:
    next_door = "C,3.81,50.40,yes\n"
    assert plan_of(tmp_path, FAR, sites=sites(b="no", more=next_door), transport=RAIL).flows.empty


def test_of_two_shared_sidings_the_nearest_serves(tmp_path: Path) -> None:
    more = "C,3.90,50.40,shared\nD,3.75,50.40,shared\n"
    flow = only(plan_of(tmp_path, FAR, sites=sites(b="", more=more), transport=RAIL))
    haul, leg = 1.4 * km((2.80, 50.40), (3.75, 50.40)), km((3.80, 50.40), (3.75, 50.40))
    assert flow["distance_km"] == pytest.approx(haul + leg, rel=1e-9)


def test_a_haul_too_short_for_a_train_is_not_made(tmp_path: Path) -> None:
    near = "site_id,lon,lat,rail\nA,2.80,50.40,yes\nB,3.00,50.40,yes\n"  # 14.2 km, 19.9 by rail
    dear = {"cost_eur_per_t_km": 9.0}
    plan = plan_of(tmp_path / "short", FAR, sites=near, transport=RAIL | dear)
    assert plan.flows.empty
    plan = plan_of(tmp_path / "let", FAR, sites=near, transport=RAIL | dear | {"rail_min_km": 19})
    assert plan.flows["mode"].tolist() == ["rail"]


def test_limits_somebody_states_hold_by_rail_too_and_the_mode_has_its_own(tmp_path: Path) -> None:
    stated = FAR.replace("per_unit\n", "per_unit,max_distance_km\n").replace(",20\n", ",20,90\n")
    stated = stated.replace(",30\n", ",30,\n")
    cases = {
        "declared": (stated, {}, {}),  # 99.5 km by rail
        "scenario": (FAR, {}, {"max_distance_km": 90}),
        "mode": (FAR, {"rail_max_km": 90}, {}),
    }
    for name, (declarations, transport, limits) in cases.items():
        told = {"transport": RAIL | transport} | ({"limits": limits} if limits else {})
        plan = plan_of(tmp_path / name, declarations, sites=sites(), **told)
        assert plan.flows.empty, name
        assert set(plan.unmatched["reason"]) == {"too_far"}
    at_its_limit = RAIL | {"rail_max_km": 1.4 * HAUL}
    assert not plan_of(tmp_path / "at", FAR, sites=sites(), transport=at_its_limit).flows.empty


def test_a_train_and_a_truck_of_one_pair_are_one_exchange_with_one_partner(tmp_path: Path) -> None:
    declarations = FAR.replace("per_unit\n", "per_unit,max_partners\n")
    declarations = declarations.replace(",20\n", ",20,1\n").replace(",30\n", ",30,1\n")
    transport = RAIL | {"max_distance_km": 100}
    plan = plan_of(tmp_path, declarations, sites=sites(), transport=transport)
    assert (plan.counts["ways"], plan.counts["pairs"]) == (2, 1)
    assert plan.totals["exchanges"] == 1


def test_rows_forbid_the_train_or_with_the_road_everything(tmp_path: Path) -> None:
    transport = RAIL | {"max_distance_km": 100}

    def modes(name: str, *rows: str) -> list[str]:
        links = "from_id,to_id,mode,allowed\n" + "".join(f"R,N,{row}\n" for row in rows)
        plan = plan_of(tmp_path / name, FAR, sites=sites(), links=links, transport=transport)
        return plan.flows["mode"].tolist()

    assert modes("rail", "rail,no") == ["road"]
    assert modes("road", "road,no") == []
    assert modes("blank", ",no") == []
    assert modes("listed", "road,no", "rail,yes") == ["rail"]


def test_hazardous_waste_takes_the_train_only_where_a_row_lists_it(tmp_path: Path) -> None:
    declarations = FAR.replace("per_unit\n", "per_unit,hazardous\n").replace(",20\n", ",20,yes\n")
    declarations = declarations.replace(",30\n", ",30,\n")
    assert plan_of(tmp_path / "a", declarations, sites=sites(), transport=RAIL).flows.empty
    links = "from_id,to_id,mode,distance_km\nR,N,rail,45\n"
    plan = plan_of(tmp_path / "b", declarations, sites=sites(), links=links, transport=RAIL)
    assert shipped(plan) == {("R", "N"): 60.0}


def test_what_a_row_lists_is_priced_as_without_the_mode(tmp_path: Path) -> None:
    links = "from_id,to_id,mode,distance_km\nR,N,rail,45\n"
    alone = plan_of(tmp_path / "a", FAR, sites=sites(), links=links)
    on = plan_of(tmp_path / "b", FAR, sites=sites(), links=links, transport=RAIL)
    assert alone.flows.equals(on.flows)
    assert only(on)["transport_cost_eur"] == pytest.approx(60 * 45 * 0.1)


def test_one_way_streets_are_nothing_to_a_train(tmp_path: Path) -> None:
    """A road network in which the way back is three times as long (see support.roads)."""
    places = "site_id,lon,lat,rail\n" + "".join(f"{n},{x},{y},yes\n" for n, (x, y) in TOWN.items())
    declarations = f"{HEAD}\nra,A,residue,wood,10,t,50\nnb,B,need,wood,10,t,50\n"
    declarations += "rb,B,residue,sand,10,t,50\nna,A,need,sand,10,t,50\n"
    folder = write_folder(tmp_path / "t", declarations, sites=places)
    (folder / "roads.graphml").write_text(SQUARE_ROADS, encoding="utf-8")
    free = {f"{what}_rail": 0.0 for what in ("handling", "haul_cost")}
    transport = RAIL | {"rail_min_km": 0, "circuity": 3.0}
    flows = matched(folder, transport=transport, factors=free).flows
    assert flows["mode"].tolist() == ["rail", "rail"]
    there, back = flows["distance_km"]
    assert there == pytest.approx(back, rel=1e-12)
    assert there == pytest.approx(1.4 * km(TOWN["A"], TOWN["B"]), rel=1e-9)


# pipes


WARM = f"{HEAD}\nR,A,residue,heat,90000,MWh,0\nN,B,need,heat,60000,MWh,30\n"
ANNUITY = 0.04 / (1 - 1.04**-30)
PIPE_KM = km((2.80, 50.40), (2.90, 50.40))


def test_heat_moves_free_of_charge_where_no_pipe_is_asked_for(tmp_path: Path) -> None:
    flow = only(plan_of(tmp_path, WARM))
    assert (flow["mode"], flow["quantity"], flow["delivered"]) == ("road", 60000.0, 60000.0)
    assert (flow["transport_cost_eur"], flow["fixed_cost_eur"]) == (0.0, 0.0)


def test_a_heat_pipe_is_laid_by_the_metre_loses_by_the_km_and_is_pumped(tmp_path: Path) -> None:
    flow = only(plan_of(tmp_path, WARM, transport=PIPE))
    assert (flow["mode"], flow["distance_source"]) == ("pipe", "geodesic")
    kept = 0.99**PIPE_KM
    assert flow["delivered"] == pytest.approx(60000.0, rel=1e-9)
    assert flow["quantity"] == pytest.approx(60000.0 / kept, rel=1e-6)
    assert flow["fixed_cost_eur"] == pytest.approx(PIPE_KM * 1000 * 1000 * ANNUITY, rel=1e-9)
    pumped = flow["quantity"] * PIPE_KM * 1.1 / 1000  # MWh of electricity
    assert flow["transport_cost_eur"] == pytest.approx(pumped * 100, rel=1e-9)
    assert flow["co2e_kg"] == pytest.approx(-pumped * 57.1, rel=1e-9)
    assert flow["saving_receiver_eur"] == pytest.approx(60000 * 30, rel=1e-9)


def test_a_pipe_that_does_not_pay_is_not_laid_and_the_reason_says_so(tmp_path: Path) -> None:
    little = WARM.replace("90000", "90").replace("60000", "60")
    plan = plan_of(tmp_path, little, transport=PIPE)
    assert plan.flows.empty
    assert set(plan.unmatched["reason"]) == {"not_worth"}


def test_water_has_a_pipe_of_its_own_and_goods_keep_the_road(tmp_path: Path) -> None:
    declarations = f"{HEAD}\nR,A,residue,rainwater,90000,m3,0\nN,B,need,rainwater,50000,m3,2\n"
    declarations += "P,A,residue,alder,10,t,20\nQ,B,need,alder,10,t,30\n"
    flows = plan_of(tmp_path, declarations, transport=PIPE).flows.set_index("from_id")
    assert flows["mode"].to_dict() == {"R": "pipe", "P": "road"}
    water = flows.loc["R"]
    assert water["delivered"] / water["quantity"] == pytest.approx(0.998**PIPE_KM, rel=1e-9)
    assert water["fixed_cost_eur"] == pytest.approx(PIPE_KM * 145_000 * ANNUITY, rel=1e-9)


def test_what_a_pipe_loses_avoids_nothing(tmp_path: Path) -> None:
    """Drinking water spares 0.1913 kg per m3 made anew; what leaks away spares none."""
    declarations = f"{HEAD}\nR,A,residue,drinking_water,90000,m3,0\n"
    declarations += "N,B,need,drinking_water,50000,m3,2\n"
    flow = only(plan_of(tmp_path, declarations, transport=PIPE))
    pumped = flow["quantity"] * PIPE_KM * 0.0195 / 1000
    assert flow["co2e_kg"] == pytest.approx(50000 * 0.1913 - pumped * 57.1, rel=1e-9)


def test_beyond_the_longest_pipe_the_reason_tells_the_distance_of_the_pipe(tmp_path: Path) -> None:
    for near, transport in (("B", PIPE | {"pipe_max_km": 5}), ("C", PIPE)):
        declarations = WARM.replace("N,B", f"N,{near}").replace("heat", "steam")  # 10 km at most
        plan = plan_of(tmp_path / near, declarations, transport=transport)
        assert plan.flows.empty
        assert plan.unmatched["reason"].tolist() == ["too_far", "too_far"]
        told = "7.11 km away; the limit is 5" if near == "B" else "14.22 km away; the limit is 10"
        assert told in plan.unmatched["detail"].iloc[0]


def test_a_row_may_forbid_or_price_the_pipe(tmp_path: Path) -> None:
    def plan(name: str, row: str) -> Plan:
        links = f"from_id,to_id,mode,allowed,cost_eur_per_unit,fixed_cost_eur\nR,N,{row}\n"
        return plan_of(tmp_path / name, WARM, links=links, transport=PIPE)

    for name, row in {"pipe": "pipe,no,,", "all": ",no,,"}.items():
        shut = plan(name, row)
        assert set(shut.unmatched["reason"]) == {"forbidden"}
    quoted = only(plan("quote", "pipe,,0.5,1000"))
    assert (quoted["transport_cost_eur"], quoted["fixed_cost_eur"]) == (30000.0, 1000.0)
    assert quoted["quantity"] == 60000.0  # a row that lists a pipe says nothing of losses


def test_into_a_hub_a_pipe_delivers_what_left(tmp_path: Path) -> None:
    hubs = "hub_id,takes,gives,yield,lon,lat\nH,low_temperature_heat,heat,1,2.90,50.40\n"
    declarations = f"{HEAD}\nR,A,residue,low_temperature_heat,90000,MWh,0\n"
    declarations += "N,C,need,heat,60000,MWh,60\n"
    flows = plan_of(tmp_path, declarations, hubs=hubs, transport=PIPE).flows.set_index("from_id")
    assert flows.loc["R", "delivered"] == flows.loc["R", "quantity"]
    assert flows.loc["H", "quantity"] == pytest.approx(flows.loc["R", "quantity"], rel=1e-9)
    assert flows.loc["H", "delivered"] == pytest.approx(60000.0, rel=1e-9)


def test_what_is_laid_counts_against_the_budget(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, WARM, transport=PIPE, limits={"budget_eur": 400_000})
    assert plan.flows.empty
    assert set(plan.unmatched["reason"]) == {"limit"}


@pytest.mark.parametrize(
    ("factors", "per_year"), [({"pipe_interest": 0.0}, 1 / 30), ({"pipe_years": 1}, 1.04)]
)
def test_laying_is_spread_over_its_years_at_its_rate(
    factors: dict[str, object], per_year: float, tmp_path: Path
) -> None:
    plan = plan_of(tmp_path, WARM, transport=PIPE, factors=factors | {"pipe_cost_heat": 10})
    assert only(plan)["fixed_cost_eur"] == pytest.approx(PIPE_KM * 10_000 * per_year, rel=1e-9)


# settings and assumptions


@pytest.mark.parametrize(
    ("modes", "code"),
    [
        (["road", "plane"], "setting_choice"),
        (["rail"], "setting_needed"),
        (["road", "road"], "setting_repeated"),
        ("road", "setting_modes"),
        ([], "setting_modes"),
    ],
)
def test_a_mode_that_is_not_known_is_a_fault(modes: object, code: str) -> None:
    (fault,) = check_settings({"transport": {"modes": modes}}, keys=SCENARIO_KEYS)
    assert (fault.column, fault.code) == ("transport.modes", code)
    assert all(fault.mend(lang) for lang in ("fr", "en"))


@pytest.mark.parametrize(
    "factor", [{"pipe_loss_heat": 1.0}, {"pipe_years": 0}, {"circuity_rail": 0.9}]
)
def test_a_factor_of_a_mode_that_makes_no_sense_is_a_fault(factor: dict[str, object]) -> None:
    with pytest.raises(DeclarationError):
        Scenario(factors=factor)


def test_modes_are_kept_in_their_own_order() -> None:
    asked = Scenario(transport={"modes": ["pipe", "water", "road"]})
    assert resolve({}, {}, asked).modes == ("road", "water", "pipe")
    assert resolve({}, {}, Scenario()).modes == ("road",)


def test_every_figure_of_a_mode_is_listed_among_the_assumptions(tmp_path: Path) -> None:
    more = "C,3.90,50.40,shared\n"
    plan = plan_of(tmp_path / "rail", FAR, sites=sites(b="", more=more), transport=RAIL)
    names = {one["name"] for one in plan.assumptions}
    of_rail = {"circuity_rail", "handling_rail", "haul_cost_rail", "transport_co2e_rail"}
    assert of_rail | {"reach_rail", "least_haul_rail", "max_distance_rail"} <= names
    assert not any("water" in name or "pipe" in name for name in names)
    stated = RAIL | {"rail_max_km": 200, "rail_min_km": 10}
    plan = plan_of(tmp_path / "own", FAR, sites=sites(), transport=stated)
    assert not {"least_haul_rail", "max_distance_rail"} & {one["name"] for one in plan.assumptions}
    plan = plan_of(tmp_path / "pipe", WARM, transport=PIPE)
    names = {one["name"] for one in plan.assumptions}
    assert {"pipe_cost_heat", "pipe_loss_heat", "pipe_years", "price_electricity"} <= names
    assert "pipe_cost_water" not in names


# laws


@pytest.mark.parametrize("seed", [3, 8, 13, 21])
def test_a_further_mode_never_lowers_the_optimum(seed: int, tmp_path: Path) -> None:
    features = [f for f in some_features(seed) if f not in ("pipes", "objectives", "links_only")]
    folder = write_territory(tmp_path, seed, [*features, "access"])
    territory = read_territory(folder)
    best = []
    for modes in (["road"], ["road", "rail"], ["road", "rail", "water"]):
        found = optimum(territory, Scenario(transport={"modes": modes}))
        feasible = found.ending != Ending.INFEASIBLE
        best.append(found.bests[0] if feasible else -np.inf)
        plan = match(territory, settings_of(territory, transport={"modes": modes}))
        if feasible:
            assert plan.objective[0]["value"] == pytest.approx(best[-1], rel=1e-6, abs=1e-6)
    assert best[0] <= best[1] + 1e-6
    assert best[1] <= best[2] + 1e-6


def test_without_access_a_mode_changes_no_figure_of_the_plan(tmp_path: Path) -> None:
    territory = read_territory(write_territory(tmp_path, 5, ("rules", "hubs", "quotes")))
    plans = [
        match(territory, settings_of(territory, transport={"modes": modes}))
        for modes in (["road"], ["road", "rail", "water"])
    ]
    assert plans[0].flows.equals(plans[1].flows)
    assert plans[0].unmatched.equals(plans[1].unmatched)


def test_the_settings_of_a_territory_may_ask_for_modes_too(tmp_path: Path) -> None:
    toml = PLAIN.replace("circuity = 1.0", 'circuity = 1.0\nmodes = ["road", "rail"]')
    territory = territory_of(tmp_path / "t", FAR, sites=sites(), toml=toml)
    assert match(territory, settings_of(territory)).flows["mode"].tolist() == ["rail"]
