"""Typical flows held against exchanges that are published, and what activity codes get wrong."""

import re

import pandas as pd
import pytest

from bench import typical as bench
from eit import data, nomenclature
from eit.registers import infer_declarations, typical_flows
from eit.registers.typical import propose

COAL_ASH = {"10 01 01", "10 01 02", "10 01 05"}


def test_a_power_station_is_not_given_coal_ash_for_its_activity_code():
    """35.11 holds coal, gas, hydraulic and wind power alike: ash is for coal alone."""
    inferred = infer_declarations(pd.Series({"P": "35.11Z"}), lang="en")
    assert COAL_ASH.isdisjoint(inferred["resource"])
    flows = typical_flows()
    ash = flows[(flows["naf_prefix"] == "35.11") & flows["resource"].isin(COAL_ASH)]
    assert set(ash["resource"]) == COAL_ASH
    assert (ash["only_if"] != "").all()


def test_published_exchanges_name_known_activities_and_flows_of_the_knowledge():
    table = bench.published()
    classes = {code[:5] for code in nomenclature.naf().index}
    assert {*table["generator_naf"], *table["receiver_naf"]} <= classes
    assert table["rule"].map(lambda rule: re.fullmatch(r"SYN\d{3}", rule) is not None).all()
    assert not table.duplicated(["network", "rule"]).any()
    assert set(table["certainty"]) <= {"A", "B", "C"}
    assert (table.groupby("network").size() >= 4).all()


def test_pairs_are_joined_by_rules_alone():
    flows = pd.DataFrame(
        [("01.11", "residue", "ash"), ("02.10", "need", "sand"), ("03.11", "need", "lime")],
        columns=["naf_prefix", "kind", "resource"],
    )
    rules = pd.DataFrame({"residue": ["ash", "mud"], "need": ["sand", "lime"]})
    assert bench.pairs(flows, rules) == {("01.11", "ash", "02.10", "sand")}


def test_a_network_counts_its_own_pairs():
    """Gypsum of Asnæs for Gyproc is a pair that only one who knows of the coal can see."""
    seen = bench.score("Kalundborg", held_out=False, with_parts=True)
    told = bench.score("Kalundborg", held_out=False, with_parts=False)
    assert seen.true == told.true == (bench.published()["network"] == "Kalundborg").sum()
    assert told.hits < seen.hits <= seen.true
    assert seen.hits <= seen.proposed


NOT_TOLD_BY_A_CODE = [  # activity, flow, and what the site would have to be for it to be true
    ("35.11Z", "10 01 02", "a coal-fired power station; not a wind farm, a dam or a gas turbine"),
    ("35.11Z", "low_temperature_heat", "a thermal power station"),
    ("24.10Z", "coke_oven_gas", "a works with coke ovens; not an electric furnace"),
    ("10.81Z", "bagasse", "a cane sugar mill; not one that slices beet"),
    ("20.12Z", "06 11 01", "a maker of titanium dioxide; not of any other pigment"),
    ("20.15Z", "06 09 04", "a maker of phosphate fertiliser; not of urea"),
    ("17.11Z", "black_liquor", "a kraft pulp mill; not mechanical pulp"),
    ("24.42Z", "01 03 09", "an alumina refinery; not a rolling mill"),
    ("23.51Z", "15 01 01", "a works that sells cement in bags"),
    ("20.14Z", "hydrogen_by_product", "a chlor-alkali plant"),
]


@pytest.mark.parametrize(("naf", "flow", "site"), NOT_TOLD_BY_A_CODE)
def test_what_an_activity_code_cannot_tell_is_not_inferred_but_can_be_shown(naf, flow, site):
    asked = pd.Series({"S": naf})
    assert flow not in set(infer_declarations(asked, lang="en")["resource"]), site
    assert flow in set(propose(asked, with_parts=True)["resource"])


def test_a_rule_is_foreseen_if_another_case_or_an_act_has_it():
    """Fly ash in cement: of the cases Kalundborg's alone, and EN 197-1; basic knowledge."""
    assert "SYN002" in bench.supported_elsewhere("Kalundborg")
    assert "SYN002" not in bench.supported_elsewhere("Kalundborg", acts=False)
    assert "SYN024" in bench.supported_elsewhere("Kalundborg", acts=False)  # Kwinana has it too
    assert "SYN028" not in bench.supported_elsewhere("Kalundborg")


def test_evidence_is_of_rules_that_there_are_and_stands_once():
    evidence = data.read_csv("typical_flows/evidence.csv")
    assert not evidence.duplicated(["rule", "kind", "name"]).any()
    assert set(evidence["rule"]) <= set(nomenclature.builtin_rules().index)
    assert set(evidence["kind"]) == {"case", "act"}
    assert (evidence[["name", "source", "certainty"]] != "").all(axis=None)


@pytest.mark.parametrize("with_parts", [False, True])
def test_known_cases_are_remembered_and_unknown_ones_foreseen_in_part(with_parts):
    """What the figures are is printed by ``python -m bench.typical``; here, that they hold."""
    networks = sorted(set(bench.published()["network"]))
    known, unseen, by_cases = (
        bench.total([bench.score(n, with_parts=with_parts, **way) for n in networks])
        for way in bench.WAYS.values()
    )
    assert known.recall >= (0.8 if with_parts else 0.5)
    assert 0.29 <= by_cases.recall <= unseen.recall < known.recall
    assert (0.2 if with_parts else 0.28) <= unseen.precision <= known.precision
