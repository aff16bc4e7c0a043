"""Typical flows held against exchanges that are published, and what activity codes get wrong."""

import re

import pandas as pd
import pytest

from bench import typical as bench
from eit import nomenclature
from eit.registers import infer_declarations, typical_flows

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


@pytest.mark.parametrize("with_parts", [False, True])
def test_known_cases_are_remembered_and_unknown_ones_foreseen_in_part(with_parts):
    """What the figures are is printed by ``python -m bench.typical``; here, that they hold."""
    networks = sorted(set(bench.published()["network"]))
    known, unseen = (
        bench.total([bench.score(n, held_out=h, with_parts=with_parts) for n in networks])
        for h in (False, True)
    )
    assert known.recall >= (0.8 if with_parts else 0.5)
    assert 0.2 <= unseen.recall < known.recall
    assert unseen.precision <= known.precision
