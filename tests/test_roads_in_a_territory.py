"""Territories with roads of their own: lanes along them, and the recheck of both."""

import math

import numpy as np
import pandas as pd
import pytest
from support.roads import SQUARE_ROADS, TOWN, crossings, degrees, graphml, km
from support.territories import settings_of, write_folder

from eit import texts
from eit.matching import match
from eit.results import write_run
from eit.territory import read_territory
from eit.verify import verify_run
from eit.verify.distance import geodesic_km
from eit.verify.roads import backwards
from eit.verify.roads import road_km as rechecked_km
from eit.verify.walks import walk

SITES = "site_id,lon,lat\n" + "".join(f"{n},{x},{y}\n" for n, (x, y) in TOWN.items())
SITES += "E,2.95,50.40\n"
THERE_AND_BACK = """
declaration_id,site_id,kind,resource,quantity,unit,current_cost_eur_per_unit,max_distance_km
ra,A,residue,wood,10,t,50,{limit}
nb,B,need,wood,10,t,50,
rb,B,residue,sand,10,t,50,{limit}
na,A,need,sand,10,t,50,
"""


def with_roads(tmp_path, declarations, roads=SQUARE_ROADS, sites=SITES, **tables):
    """A territory folder with a road network."""
    folder = write_folder(tmp_path / "territory", declarations, sites=sites, **tables)
    (folder / "roads.graphml").write_text(roads, encoding="utf-8")
    return folder


def matched(folder, **sections):
    territory = read_territory(folder)
    return match(territory, settings_of(territory, **sections))


def ways(plan):
    """Distance and its source by the two ids of each flow."""
    rows = zip(plan.flows["from_id"], plan.flows["to_id"], strict=True)
    figures = zip(plan.flows["distance_km"].round(6), plan.flows["distance_source"], strict=True)
    return dict(zip(rows, figures, strict=True))


def reasons(plan):
    return dict(zip(plan.unmatched["declaration_id"], plan.unmatched["reason"], strict=True))


def test_lanes_there_and_back_are_as_long_as_the_road_each_way(tmp_path):
    """One side of the square there, three sides back; circuity has no part in it."""
    folder = with_roads(tmp_path, THERE_AND_BACK.format(limit=""))
    plan = matched(folder, transport={"circuity": 2.0})
    assert ways(plan) == {("ra", "nb"): (1.1, "road"), ("rb", "na"): (3.3, "road")}
    assert "circuity" not in {one["name"] for one in plan.assumptions}


def test_a_lane_must_keep_its_limit_by_road(tmp_path):
    """Straight both are 995 m apart; the way back is 3.3 km, beyond the limit of 2 km."""
    plan = matched(with_roads(tmp_path, THERE_AND_BACK.format(limit="2")))
    assert list(ways(plan)) == [("ra", "nb")]
    assert reasons(plan) == {"rb": "too_far", "na": "too_far"}
    assert "straight line" in plan.unmatched["detail"].iloc[0]


def test_a_place_off_every_road_has_no_lane_and_the_reason_says_so(tmp_path):
    """E lies ten kilometres from the square, well within the limit of distance."""
    declarations = (
        THERE_AND_BACK.format(limit="") + "ne,E,need,glass,5,t,,\nrd,D,residue,glass,5,t,9,\n"
    )
    folder = with_roads(tmp_path, declarations)
    plan = matched(folder)
    assert reasons(plan) == {"ne": "no_road", "rd": "no_road"}
    for lang in ("fr", "en"):
        assert texts.say("report.reason.no_road", lang)
    assert [n.value for n in read_territory(folder).notices if n.code == "roads_far"] == ["E"]


def test_without_a_network_of_its_own_such_a_place_has_a_lane(tmp_path):
    declarations = "declaration_id,site_id,kind,resource,quantity,unit,current_cost_eur_per_unit\n"
    declarations += "ne,E,need,glass,5,t,9\nrd,D,residue,glass,5,t,9\n"
    folder = write_folder(tmp_path / "t", declarations, sites=SITES)
    assert [source for _, source in ways(matched(folder)).values()] == ["geodesic"]


def test_beyond_the_limit_in_a_straight_line_nothing_is_measured_by_road(tmp_path):
    far = SITES.replace("2.95,50.40", "3.95,50.40") + "F,2.8001,50.40\n"
    declarations = (
        THERE_AND_BACK.format(limit="") + "ne,E,need,glass,5,t,,\nrf,F,residue,glass,5,t,9,\n"
    )
    plan = matched(with_roads(tmp_path, declarations, sites=far))
    assert reasons(plan) == {"ne": "too_far", "rf": "too_far"}
    assert "81." in plan.unmatched["detail"].iloc[0]


def test_of_many_partners_too_far_to_be_looked_at_the_nearest_is_told(tmp_path):
    """Twelve residues and as many needs in the square; one need 81 km off, one 88 km off."""
    far = SITES.replace("2.95,50.40", "3.95,50.40") + "F,4.05,50.40\n"
    declarations = THERE_AND_BACK.format(limit="")
    declarations += "".join(
        f"r{n},A,residue,glass,5,t,9,\nn{n},B,need,glass,5,t,9,\n" for n in range(12)
    )
    declarations += "ne,E,need,glass,5,t,,\nnf,F,need,glass,5,t,,\n"
    plan = matched(with_roads(tmp_path, declarations, sites=far))
    said = plan.unmatched.set_index("declaration_id")
    assert said.loc[["ne", "nf"], "reason"].tolist() == ["too_far", "too_far"]
    assert "81." in said.loc["ne", "detail"]
    assert "88." in said.loc["nf", "detail"]
    assert said["detail"].str.contains("straight line").all()


def test_what_links_state_comes_before_the_road_and_other_modes_take_none(tmp_path):
    """A stated distance, and a railway of the geodesic (995 m) × 2."""
    links = "from_id,to_id,mode,distance_km\nra,nb,road,7\nrb,na,rail,\n"
    folder = with_roads(tmp_path, THERE_AND_BACK.format(limit=""), links=links)
    found = ways(matched(folder, transport={"circuity": 2.0}))
    assert found["ra", "nb"] == (7.0, "link")
    assert found["rb", "na"] == (pytest.approx(1.99, abs=0.01), "geodesic")


def test_a_road_is_never_shorter_than_the_straight_line(tmp_path):
    short = SQUARE_ROADS.replace("1100", "1")
    (distance, _), _ = ways(
        matched(with_roads(tmp_path, THERE_AND_BACK.format(limit=""), short))
    ).values()
    assert distance == pytest.approx(0.995, abs=0.001)


def test_sites_of_one_commune_are_apart_by_its_size_on_a_network_too(tmp_path):
    """Both at the commune's own point: half the square root of the area of Lens (11.7 km²)."""
    sites = "site_id,postcode,city\nA,62300,Lens\nB,62300,Lens\n"
    folder = with_roads(tmp_path, THERE_AND_BACK.format(limit=""), sites=sites)
    territory = read_territory(folder)
    lon, lat = territory.sites.loc["A", ["lon", "lat"]]
    around = {"A": (lon, lat), "B": (lon + 0.01, lat)}
    (folder / "roads.graphml").write_text(
        graphml(("A", "B", {"d9": "900"}), ("B", "A", {"d9": "900"}), junctions=around)
    )
    least = math.sqrt(territory.sites.loc["A", "commune_area_km2"]) / 2
    assert 1.6 < least < 1.8
    found = ways(matched(folder))
    assert found["ra", "nb"] == (pytest.approx(least, abs=1e-6), "road")


def test_a_site_on_a_road_that_leads_nowhere_is_named(tmp_path):
    junctions = {**TOWN, "Z": (2.80, 50.39)}
    roads = graphml(
        *((*pair, {"d9": "1100"}) for pair in ("AB", "BC", "CD", "DA", "AZ")), junctions=junctions
    )
    sites = SITES.replace("2.95,50.40", "2.80,50.39")
    folder = with_roads(tmp_path, THERE_AND_BACK.format(limit=""), roads, sites)
    said = [(n.code, n.value) for n in read_territory(folder).notices]
    assert ("roads_cut_off", "E") in said


def test_the_network_is_one_of_the_files_read(tmp_path):
    territory = read_territory(with_roads(tmp_path, THERE_AND_BACK.format(limit="")))
    assert "roads.graphml" in dict(territory.files)
    assert len(territory.roads) == 4


# the recheck


def checked(folder, run_folder, **sections):
    """Match, write and recheck a territory."""
    territory = read_territory(folder)
    plan = match(territory, settings_of(territory, **sections))
    write_run(run_folder, plan, territory)
    return verify_run(run_folder)


def test_a_run_on_roads_is_found_right_and_proven(tmp_path):
    verdict = checked(with_roads(tmp_path, THERE_AND_BACK.format(limit="")), tmp_path / "run")
    assert verdict.violations == ()
    assert all(proof.unproven == 0 for proof in verdict.bound)


@pytest.mark.parametrize(
    ("column", "wrong", "check"),
    [("distance_km", "1.1", "distance"), ("distance_source", "geodesic", "distance_source")],
)
def test_a_false_distance_by_road_is_found(tmp_path, column, wrong, check):
    """The way back is 3.3 km and not the 1.1 km of the way there."""
    checked(with_roads(tmp_path, THERE_AND_BACK.format(limit="")), tmp_path / "run")
    path = tmp_path / "run" / "flows.csv"
    flows = pd.read_csv(path, dtype=str, keep_default_na=False)
    flows.loc[flows["from_id"] == "rb", column] = wrong
    flows.to_csv(path, index=False)
    found = {
        (violation.check, violation.id) for violation in verify_run(tmp_path / "run").violations
    }
    assert (check, "rb→na") in found


@pytest.fixture(scope="module")
def grid():
    return crossings()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_recheck_measures_every_pair_alike_by_three_ways(grid, seed):
    """From the origins, backwards from the ends, and walked by networkx; off the road too."""
    random = np.random.default_rng(seed)
    places = degrees(*random.uniform(-400, 2300, (24, 2)))
    pairs = random.integers(0, 24, (150, 2))
    limit = random.uniform(0.5, 4.0, 150)
    found = km(grid, places, pairs, limit_km=limit)
    assert np.isinf(found).any()
    assert np.isfinite(found).sum() > 30
    frame = pd.DataFrame({"lon": places[:, 0], "lat": places[:, 1]})
    frame = frame.assign(insee="", placed="exact", area_km2=np.nan)
    start, end = frame.iloc[pairs[:, 0]], frame.iloc[pairs[:, 1]]
    expected = np.where(np.isnan(found), np.inf, np.maximum(found, geodesic_km(start, end)))
    for measure in (backwards, walk):
        again = rechecked_km(grid, start, end, limit, measure=measure)
        np.testing.assert_allclose(again, expected, rtol=1e-9)


def random_folder(tmp_path, seed):
    """Forty sites about a town with holes and one-way streets, and what they have and want."""
    random, size = np.random.default_rng(seed), 9
    number = np.arange(size * size).reshape(size, size)
    across = np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()])
    there = np.concatenate([across, np.column_stack([number[:-1].ravel(), number[1:].ravel()])])
    there = there[random.random(len(there)) > 0.25]
    ends = np.concatenate([there, there[random.random(len(there)) > 0.4][:, ::-1]])
    junctions = {n: (2.8 + 0.02 * (n // size), 50.3 + 0.013 * (n % size)) for n in range(size**2)}
    streets = [(a, b, {"d9": str(random.uniform(1300, 2500))}) for a, b in ends.tolist()]
    places = random.uniform((2.76, 50.27), (3.0, 50.44), (40, 2)).round(5).tolist()
    sites = ["site_id,lon,lat,postcode,city"]
    sites += [
        f"S{n},,,62300,Lens" if n % 9 == 8 else f"S{n},{x},{y},," for n, (x, y) in enumerate(places)
    ]
    rows = [
        "declaration_id,site_id,kind,resource,quantity,unit,current_cost_eur_per_unit,max_distance_km"
    ]
    for row in range(120):
        site, quantity, cost = random.integers((0, 1, 0), (40, 50, 9))
        goods, limit = random.choice(["wood", "sand"]), random.choice(["15", "5", "9.5"])
        kind = "residue" if row % 2 else "need"
        rows.append(f"D{row},S{site},{kind},{goods},{quantity},t,{cost},{limit}")
    return with_roads(
        tmp_path,
        "\n".join(rows),
        graphml(*streets, junctions=junctions),
        "\n".join(sites),
        links="from_id,to_id,distance_km,cost_eur_per_unit\nD1,D0,,9\nD3,S4,3,\nS7,S8,,\n",
        hubs="hub_id,lon,lat,takes,gives,yield,capacity,unit_cost_eur,opening_cost_eur\n"
        "H1,2.85,50.35,wood,sand,0.9,200,0.1,10\nH2,2.9,50.4,sand,,,100,0.1,5\n",
    )


@pytest.mark.long
@pytest.mark.parametrize("seed", range(12))
def test_random_runs_on_roads_are_found_right_and_proven(tmp_path, seed):
    verdict = checked(random_folder(tmp_path, seed), tmp_path / "run")
    assert verdict.violations == ()
    assert all(proof.unproven == 0 for proof in verdict.bound)
    flows = pd.read_csv(tmp_path / "run" / "flows.csv")
    assert (flows["distance_source"] == "road").sum() > 10
