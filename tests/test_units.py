import csv

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eit import data
from eit.units import find_unit, nearest_unit, unit, units

CANONICAL = {"t": "tonne", "m3": "meter ** 3", "MWh": "megawatt * hour", "hour": "hour"}
CANONICAL |= {"m2": "meter ** 2"}


def rows() -> list[dict[str, str]]:
    with data.path("schema", "units.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["unit"])
def test_every_factor_is_that_of_pint(row):
    if row["canonical"] == "piece":
        assert unit(row["unit"]).to_canonical(1) == 1
        return
    registry = pint.UnitRegistry()

    expected = (1 * registry(row["pint"])).to(CANONICAL[row["canonical"]]).magnitude

    assert unit(row["unit"]).to_canonical(1) == pytest.approx(expected, rel=1e-12)


def test_every_unit_of_the_contract_is_known():
    for text in ("t", "kg", "m3", "l", "MWh", "kWh", "GJ", "piece", "hour", "m2"):
        assert find_unit(text) is not None, text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Tonnes", "t"),
        (" TONNE ", "t"),
        ("m³", "m3"),
        ("M3", "m3"),
        ("m²", "m2"),
        ("pièces", "piece"),
        ("PIECE", "piece"),
        ("u", "piece"),
        ("h", "hour"),
        ("heures", "hour"),
        ("kwh", "kWh"),
        ("Nm³", "Nm3"),
        ("litres", "l"),
        ("mètres cubes", "m3"),
        ("mégawatt heures", "MWh"),
    ],
)
def test_units_are_known_in_both_languages_whatever_the_case_and_accents(text, name):
    found = find_unit(text)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("text", ["", "x", "t/an", "ton", "9**9**9", "kilo tonne metre", "€"])
def test_other_texts_are_no_unit(text):
    assert find_unit(text) is None


def test_each_dimension_has_one_canonical_unit_with_factor_1():
    for dimension in {one.dimension for one in units().values()}:
        names = {one.canonical for one in units().values() if one.dimension == dimension}
        assert len(names) == 1
        canonical = unit(names.pop())
        assert (canonical.times, canonical.over) == (1, 1)


def test_the_nearest_unit_is_the_one_meant():
    assert nearest_unit("tonnnes") == "t"
    assert nearest_unit("kwhh") == "kWh"


@given(st.floats(0, 1e12), st.sampled_from(sorted(units())))
def test_conversion_is_proportional(quantity, name):
    assert unit(name).to_canonical(quantity) == pytest.approx(
        quantity * unit(name).to_canonical(1), rel=1e-12
    )
