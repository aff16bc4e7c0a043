"""Default factors and usual costs."""

import pytest

from eit import nomenclature
from eit.data import read_csv

FACTORS = nomenclature.factors()
WAYS_OUT = read_csv("nomenclature/disposal.csv")


def test_every_factor_lies_in_its_range():
    assert (FACTORS["low"] <= FACTORS["value"]).all()
    assert (FACTORS["value"] <= FACTORS["high"]).all()


def test_every_factor_has_a_unit_a_source_a_certainty_and_says_how_its_range_was_set():
    assert (FACTORS[["unit", "source", "range_basis"]] != "").all(axis=None)
    assert set(FACTORS["certainty"]) <= {"A", "B", "C"}
    assert FACTORS["year"].between(1980, 2030).all()


@pytest.mark.parametrize("percent", [10, 20, 50])
def test_ranges_said_to_be_a_percentage_are(percent):
    rows = FACTORS[FACTORS["range_basis"] == f"{percent}%"]
    assert len(rows) > 0
    share = percent / 100
    assert rows["low"].to_numpy() == pytest.approx(rows["value"] * (1 - share), abs=1e-3, rel=2e-3)
    assert rows["high"].to_numpy() == pytest.approx(rows["value"] * (1 + share), abs=1e-3, rel=2e-3)


def test_taxes_are_exact():
    taxes = FACTORS[FACTORS["name"].str.startswith("tgap_")]
    assert (taxes["low"] == taxes["high"]).all()


def test_one_name_has_one_unit_and_one_figure_a_year():
    assert not FACTORS.duplicated(["name", "year"]).any()
    assert (FACTORS.groupby("name")["unit"].nunique() == 1).all()


def test_road_haulage_costs_what_the_survey_gives():
    # 172 270 EUR for 106 430 km at 12.5 t
    assert nomenclature.factor("transport_cost_road").value == pytest.approx(
        172_270 / 106_430 / 12.5, abs=0.001
    )


@pytest.mark.parametrize(
    ("vehicle", "litres_per_km", "load_t"),
    [
        ("road", 0.342, 12.5),
        ("road_tipper", 0.427, 12.5),
        ("road_19t", 0.27, 2.5),
        ("road_12t", 0.24, 1.8),
        ("road_7t5", 0.22, 0.9),
        ("road_van", 0.16, 0.46),
    ],
)
def test_road_emissions_are_consumption_by_diesel_by_load(vehicle, litres_per_km, load_t):
    found = nomenclature.factor(f"transport_co2e_{vehicle}").value
    assert found == pytest.approx(litres_per_km * 3.07 / load_t, rel=1e-3)


@pytest.mark.parametrize(
    ("year", "value", "taken"),
    [(2026, 69, 2026), (2025, 65, 2025), (2040, 85, 2030), (1999, 25, 2020), (None, 85, 2030)],
)
def test_year_taken_is_the_nearest_earlier_and_is_told(year, value, taken):
    found = nomenclature.factor("tgap_landfill", year=year)
    assert (found.value, found.year) == (value, taken)


def test_override_stands_in_for_value_and_range():
    found = nomenclature.factor("circuity", overrides={"circuity": 1.5, "max_distance": 9})
    assert (found.value, found.low, found.high, found.source) == (1.5, 1.5, 1.5, "scenario")


def test_unknown_factor_is_refused_by_name():
    with pytest.raises(KeyError, match="no_such_factor"):
        nomenclature.factor("no_such_factor")


@pytest.mark.parametrize(
    ("resource", "hazardous", "year", "value"),
    [
        ("20 03 01", False, 2026, 138),
        ("20 03 01", False, 2022, 122),
        ("150102", False, 2026, 138),
        ("02 07 04", False, 2026, 58.5),
        ("20 01 08", False, 2026, 122.5),
        ("20 02 01", False, 2026, 40),
        ("19 12 10", False, 2026, 45),
        ("07 05 04*", True, 2026, 30.36),
        ("15 01 02", True, 2026, 30.36),
        ("14 06 03", True, 2026, 15.18),
    ],
)
def test_disposal_costs_what_its_usual_way_out_asks(resource, hazardous, year, value):
    found = nomenclature.default_cost(resource, "residue", hazardous, year=year)
    assert found.value == value
    assert found.unit == "EUR/t"


@pytest.mark.parametrize(
    "residue", ["17 01 01", "10 01 02", "12 01 01", "15 01 01", "16 01 03", "13 02 05", "heat"]
)
def test_disposal_without_a_sourced_figure_is_not_invented(residue):
    hazardous = nomenclature.is_hazardous(residue)
    assert nomenclature.default_cost(residue, "residue", hazardous, year=2026) is None


def test_needs_have_a_price_only_where_one_is_sourced():
    assert nomenclature.default_cost("steel_scrap", "need", False, year=2026).value == 126
    assert nomenclature.default_cost("paper_recovered", "need", False, year=2020).value == 20
    for resource in ("gypsum", "natural_gas", "compost", "15 01 01", "anything"):
        assert nomenclature.default_cost(resource, "need", False, year=2026) is None


def test_usual_cost_follows_an_override():
    found = nomenclature.default_cost(
        "20 03 01", "residue", False, year=2026, overrides={"gate_landfill": 150}
    )
    assert found.value == 150


def test_usual_cost_knows_residues_and_needs_only():
    with pytest.raises(ValueError, match="kind must be residue or need; got 'offer'"):
        nomenclature.default_cost("20 03 01", "offer", False, year=2026)


def test_ways_out_are_prefixes_of_the_list_with_factors_per_tonne():
    listed = set(nomenclature.waste_codes().index) | set(nomenclature.chapters().index)
    assert WAYS_OUT["prefix"].is_unique
    assert set(WAYS_OUT["prefix"]) <= listed | {""}
    for name in {*WAYS_OUT["factor"], *WAYS_OUT["hazardous_factor"]} - {""}:
        assert nomenclature.factor(name).unit == "EUR/t"


def test_ways_out_are_explained_in_both_languages():
    assert (WAYS_OUT[["reason_en", "reason_fr"]] != "").all(axis=None)
