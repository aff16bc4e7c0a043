"""The published exchanges of Kalundborg, about 1995, are the plan of its territory."""

import pytest

from eit import data
from eit.scenario import Scenario
from eit.study import match
from eit.territory import read_territory

PUBLISHED = {  # donor, receiver, resource: quantity per year; sources in docs/kalundborg.md
    ("asnaes", "gyproc", "10 01 05", "t"): 80_000,
    ("asnaes", "cement-road", "10 01 02", "t"): 170_000,
    ("asnaes", "municipality", "heat", "t"): 225_000,
    ("asnaes", "novo", "steam", "t"): 215_000,
    ("statoil", "asnaes", "used_cooling_water", "m3"): 700_000,
}


@pytest.fixture(scope="module")
def study():
    return match(read_territory(data.path("demo", "kalundborg")), Scenario())


def test_plan_is_the_published_set_of_exchanges_in_the_published_quantities(study):
    site = study.territory.declarations["site_id"]
    flows = study.plan.flows
    ends = flows.assign(donor=flows["from_id"].map(site), receiver=flows["to_id"].map(site))
    plan = ends.groupby(["donor", "receiver", "resource", "unit"])["quantity"].sum()
    assert plan.to_dict() == pytest.approx(PUBLISHED)


def test_published_quantities_are_proven_to_be_the_most_that_can_be_exchanged(study):
    assert study.plan.status == "optimal"
    assert study.plan.objective[0]["name"] == "quantity"
    assert study.plan.objective[0]["value"] == pytest.approx(sum(PUBLISHED.values()))


def test_gyproc_still_lacks_the_third_that_the_source_names(study):
    left = study.plan.unmatched.set_index("declaration_id")["quantity_left"]
    assert left.to_dict() == pytest.approx({"gyproc-gypsum": 40_000})


def test_nothing_is_claimed_about_the_money_of_firms_that_exist(study):
    declared = study.territory.declarations
    assert declared["current_cost_eur_per_unit"].isna().all()
    assert (study.plan.flows["value_eur"] == 0).all()


def test_every_declaration_names_its_source_and_is_open():
    declared = read_territory(data.path("demo", "kalundborg")).declarations
    assert (declared["source"] != "").all()
    assert set(declared["confidentiality"]) == {"open"}
