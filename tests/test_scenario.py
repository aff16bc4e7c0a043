"""Settings: what may be written, what is said of the rest, and which layer wins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eit import nomenclature
from eit.faults import DeclarationError
from eit.scenario import SCENARIO_KEYS, TERRITORY_KEYS, Scenario, read_scenario, resolve
from eit.scenario.keys import HIERARCHY


def faults_of(tmp_path, text):
    path = tmp_path / "scenario.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DeclarationError) as raised:
        read_scenario(path)
    return raised.value.faults


def test_every_fault_of_a_file_is_said_at_once_with_its_line(tmp_path):
    text = """
[objective]
maximise = ["value", "cost"]
tolerance = "a"   # a text
[limits]
budjet_eur = 3
max_distance_km = -1
[solver]
gap = nan
seed = true
[periods]
count = 3
[objectif]
a = 1
[transport]
circuity = 0.5
[exclude]
sites = "A"
"""
    found = [(f.line, f.column, f.code) for f in faults_of(tmp_path, text)]
    assert found == [
        (3, "objective.maximise", "setting_choice"),
        (4, "objective.tolerance", "setting_number"),
        (6, "limits.budjet_eur", "unknown_key"),
        (7, "limits.max_distance_km", "setting_floor"),
        (9, "solver.gap", "setting_number"),
        (10, "solver.seed", "setting_whole"),
        (12, "periods.count", "setting_choice"),
        (13, "objectif", "unknown_section"),
        (16, "transport.circuity", "setting_floor"),
        (18, "exclude.sites", "setting_names"),
    ]


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_an_unknown_key_names_the_nearest_known_one(tmp_path, lang):
    key, section = faults_of(tmp_path, "[limits]\nbudget = 3\n[tranport]\na = 1\n")
    assert "budget_eur" in key.mend(lang)
    assert "[transport]" in section.mend(lang)


def test_what_this_version_does_not_model_is_refused_by_name(tmp_path):
    text = '[solver]\nengine = "dask"\nscheduler = "tcp://127.0.0.1:8786"\n'
    found = faults_of(tmp_path, text)
    assert [(f.line, f.code) for f in found] == [(2, "not_modelled"), (3, "not_modelled")]
    assert "solver.engine" in found[0].mend("fr")


def test_a_factor_is_overridden_by_its_name_and_a_wrong_name_is_a_fault(tmp_path):
    name = nomenclature.factors()["name"].iloc[0]
    scenario = Scenario(factors={name: 3, "assume_costs": False})
    settings = resolve({}, {}, scenario)
    assert settings.factors == {name: 3.0}
    assert not settings.assume_costs
    (fault,) = faults_of(tmp_path, f"[factors]\n{name}x = 3\n")
    assert fault.detail["nearest"] == name


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("[limits\nbudget_eur = 3", "toml_syntax", 1),
        ("[limits]\nbudget_eur = 3\nbudget_eur = 4", "toml_syntax", 3),
        ("limits = 3", "setting_section", 1),
        ("[objective]\nmaximise = []", "setting_ranking", 2),
        ('[objective]\nmaximise = ["value", "value"]', "setting_repeated", 2),
        ('[objective]\nmaximise = "value"', "setting_ranking", 2),
        ('[objective]\nquality_mode = "both"', "setting_choice", 2),
        ("[objective]\ntolerance = 1.5", "setting_range", 2),
        ("[solver]\ntime_limit_s = 0", "setting_over", 2),
        ("[solver]\ngap = -1e-9", "setting_floor", 2),
        ("[periods]\ncount = 12.0", "setting_option", 2),
        ("[factors]\nassume_costs = 1", "setting_flag", 2),
        ("limits.max_exchanges = 1.5", "setting_whole", 1),
        ("[territory]\nname = 'x'", "unknown_section", 1),
        ("# début\n".encode("cp1252"), "toml_encoding", 0),
    ],
)
def test_each_kind_of_mistake_has_its_own_fault(tmp_path, text, code, line):
    (fault,) = faults_of(tmp_path, text)
    assert (fault.code, fault.line) == (code, line)
    assert all(fault.text(lang) for lang in ("fr", "en"))


def test_a_file_that_is_not_there_is_a_fault(tmp_path):
    with pytest.raises(DeclarationError) as raised:
        read_scenario(tmp_path / "none.toml")
    assert [fault.code for fault in raised.value.faults] == ["unreadable_file"]


def test_a_byte_order_mark_and_an_empty_file_are_sound(tmp_path):
    path = tmp_path / "scenario.toml"
    path.write_bytes(b"\xef\xbb\xbf[solver]\r\nseed = 4\r\n")
    assert read_scenario(path) == Scenario(solver={"seed": 4})
    path.write_text("")
    assert read_scenario(path) == Scenario()


def test_a_scenario_given_in_python_meets_the_same_checks():
    with pytest.raises(DeclarationError):
        Scenario(limits={"max_distance": 3})


def test_defaults_are_those_of_the_contract():
    settings = resolve({}, {}, Scenario())
    assert settings.maximise == ("value",)
    assert (settings.tolerance, settings.gap, settings.seed) == (0.0, 1e-4, 0)
    assert (settings.periods, settings.threads, settings.engine) == (1, None, "local")
    assert (settings.circuity, settings.default_max_distance_km) == (1.3, 50.0)
    assert settings.assume_costs
    assert settings.keep_existing
    assert settings.stated == frozenset()


def test_the_strongest_layer_wins_key_by_key():
    territory = {"transport": {"circuity": 1.2, "payload_t": 20}, "solver": {"seed": 1}}
    folder = {"solver": {"seed": 2, "gap": 0.0}, "objective": {"maximise": ["co2e"]}}
    settings = resolve(territory, folder, Scenario(solver={"seed": 3}, periods={"count": 12}))
    assert (settings.seed, settings.gap, settings.circuity) == (3, 0.0, 1.2)
    assert (settings.payload_t, settings.maximise, settings.periods) == (20.0, ("co2e",), 12)
    assert "transport.circuity" in settings.stated


amounts = st.floats(0, 1e9)


@given(
    st.lists(amounts, min_size=3, max_size=3),
    st.lists(st.sampled_from(HIERARCHY), min_size=3, max_size=3),
)
def test_limits_only_tighten(budgets, levels):
    layers = [
        {"limits": {"budget_eur": budget, "min_hierarchy": level}}
        for budget, level in zip(budgets, levels, strict=True)
    ]
    settings = resolve(layers[0], layers[1], Scenario(**layers[2]))
    assert settings.budget_eur == min(budgets)
    assert settings.min_hierarchy == next(level for level in HIERARCHY if level in levels)


def test_a_transport_default_may_be_overridden_as_a_factor_and_by_its_key():
    by_factor = Scenario(factors={"transport_cost_road": 0.5})
    by_key = Scenario(factors={"transport_cost_road": 0.5}, transport={"cost_eur_per_t_km": 0.2})
    assert resolve({}, {}, by_factor).cost_eur_per_t_km == 0.5
    assert resolve({}, {}, by_key).cost_eur_per_t_km == 0.2


def test_excluded_resources_take_their_normal_form():
    exclude = {"resources": ["191201", " Wood "], "sites": ["S1"], "hubs": []}
    settings = resolve({}, {}, Scenario(exclude=exclude))
    assert settings.exclude_resources == {"19 12 01", "wood"}
    assert settings.exclude_sites == {"S1"}


def test_the_territory_takes_every_key_of_a_scenario_and_its_own():
    assert set(TERRITORY_KEYS) == {"territory", *SCENARIO_KEYS}
