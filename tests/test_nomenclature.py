"""Waste codes, resources, families, rules and operations."""

import csv
import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eit import nomenclature
from eit.data import read_csv

CODES = nomenclature.waste_codes()
RESOURCES = nomenclature.resources()
RULES = nomenclature.builtin_rules()
OFFICIAL = CODES[CODES["note"] != "added"]


def carrier(name):
    """Codes of a public copy of the list, ``NN NN NN``, with label and hazard."""
    path = Path(os.environ["EIT_DATA"], "nomenclatures", name)
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            digits = row["code"].replace(" ", "")
            if len(digits) == 6:
                yield " ".join((digits[:2], digits[2:4], digits[4:])), row


# ---- the list of waste


def test_list_has_the_842_entries_408_of_them_hazardous():
    assert len(OFFICIAL) == 842
    assert OFFICIAL["hazardous"].sum() == 408


def test_list_has_20_chapters_and_111_sub_chapters_before_the_change_of_2026():
    headings = nomenclature.chapters()
    official = headings.index[headings["note"] != "added"]
    assert official.str.len().value_counts().to_dict() == {5: 111, 2: 20}


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "lang"), [("ewc_fr_trackdechets.csv", "fr"), ("ewc_en_defra.csv", "en")]
)
def test_list_agrees_code_by_code_with_public_copies(name, lang):
    copy = dict(carrier(name))
    assert set(copy) == set(OFFICIAL.index)
    hazard = {code: row["hazardous"] == "1" for code, row in copy.items()}
    assert hazard == OFFICIAL["hazardous"].to_dict()


@pytest.mark.data
def test_french_labels_are_those_of_the_public_copy():
    copy = {code: row["label_fr"].strip() for code, row in carrier("ewc_fr_trackdechets.csv")}
    without_footnotes = {code: label.replace(" (3)", "") for code, label in copy.items()}
    assert without_footnotes == OFFICIAL["label_fr"].to_dict()


@pytest.mark.data
def test_english_labels_are_those_of_the_public_copy_but_for_one_plural():
    copy = {code: row["label_en"].strip().lower() for code, row in carrier("ewc_en_defra.csv")}
    ours = {code: label.lower() for code, label in OFFICIAL["label_en"].items()}
    differing = {code for code in copy if letters(copy[code]) != letters(ours[code])}
    assert differing == {"11 03 02"}  # "other wastes" in the decision, "other waste" in the copy


def letters(text):
    return "".join(filter(str.isalnum, text))


def test_codes_touched_by_the_decision_on_batteries_say_so():
    touched = CODES.loc[CODES["note"] != "", "note"]
    assert touched.to_dict() == {
        **dict.fromkeys((f"16 06 0{last}" for last in range(1, 7)), "revised"),
        **dict.fromkeys(("19 02 11", "20 01 33", "20 01 34"), "deleted"),
        **dict.fromkeys(("20 01 42", "20 01 43"), "added"),
    }
    assert CODES.loc[touched.index, "note_en"].str.contains("2025/934").all()
    assert CODES.loc[touched.index, "note_fr"].str.contains("2025/934").all()


def test_codes_added_on_batteries_are_hazardous_and_their_labels_called_summaries():
    added = CODES[CODES["note"] == "added"]
    assert added["hazardous"].all()
    assert added["label_en"].str.endswith("(summary)").all()
    assert added["label_fr"].str.endswith("(résumé)").all()


def test_naf_has_its_732_sub_classes():
    naf = nomenclature.naf()
    assert len(naf) == 732
    assert naf.index.str.fullmatch(r"\d\d\.\d\d[A-Z]").all()
    assert naf.index.is_unique


# ---- normal form


@given(
    st.sampled_from(list(CODES.index)),
    st.sampled_from(["{0} {1} {2}", "{0}{1}{2}", "{0}.{1}.{2}", "{0}-{1}-{2}", "{0}{1} {2}"]),
    st.sampled_from(["", "*", " *", ".0"]),
    st.sampled_from(["", " ", "\t", "\u00a0", "\u202f", "LER ", "ewc: ", "CED"]),
)
def test_every_usual_spelling_of_a_code_is_read(code, pattern, ending, start):
    text = start + pattern.format(*code.split()) + ending
    assert nomenclature.normalise_resource(text) == code
    assert nomenclature.is_waste_code(text)


@given(st.sampled_from([code for code in CODES.index if code.startswith("0")]))
def test_leading_zero_lost_in_a_spreadsheet_is_put_back(code):
    assert nomenclature.normalise_resource(code.replace(" ", "")[1:]) == code


@given(st.sampled_from(list(RESOURCES.index)), st.sampled_from(["{}", " {} ", "\u00a0{}\n"]))
def test_resource_ids_are_trimmed_and_set_in_lower_case(resource, pattern):
    assert nomenclature.normalise_resource(pattern.format(resource.upper())) == resource


@given(st.text())
def test_normal_form_of_a_normal_form_is_itself(text):
    once = nomenclature.normalise_resource(text)
    assert nomenclature.normalise_resource(once) == once


@pytest.mark.parametrize(
    ("text", "normal"), [("19", "19"), ("19 12", "19 12"), ("1912", "19 12"), ("19.12", "19 12")]
)
def test_prefixes_have_a_normal_form_but_are_no_codes(text, normal):
    assert nomenclature.normalise_resource(text) == normal
    assert not nomenclature.is_waste_code(text)


@pytest.mark.parametrize("text", ["17 01 1", "99 99 99", "1234567", "gypsum", ""])
def test_what_the_list_does_not_hold_is_no_waste_code(text):
    assert not nomenclature.is_waste_code(text)


@given(st.lists(st.none() | st.text(max_size=8) | st.sampled_from(["191201*", "Gypsum"])))
def test_many_texts_are_read_as_one_by_one(texts):
    rows = pd.Series(texts, index=range(10, 10 + len(texts)), dtype=object, name="resource")
    normal = nomenclature.normalise_resources(rows)
    one_by_one = ["" if text is None else nomenclature.normalise_resource(text) for text in texts]
    assert normal.tolist() == one_by_one
    assert normal.index.equals(rows.index)
    assert normal.name == "resource"


def test_star_of_the_list_is_known_however_the_code_is_spelled():
    assert nomenclature.is_hazardous("160601")
    assert not nomenclature.is_hazardous("19 12 01")
    assert not nomenclature.is_hazardous("gypsum")


# ---- resources and families


def test_resource_ids_are_normal_and_never_look_like_a_code():
    assert RESOURCES.index.is_unique
    assert RESOURCES.index.str.fullmatch(r"[a-z][a-z0-9_]*").all()
    assert [nomenclature.normalise_resource(name) for name in RESOURCES.index] == list(
        RESOURCES.index
    )


def test_parents_are_resources_of_the_tree_and_lead_to_a_root():
    parent = RESOURCES["parent"].to_dict()
    for resource in RESOURCES.index:
        seen, above = [resource], parent[resource]
        while above:
            assert above not in seen, f"{resource} is its own ancestor"
            seen.append(above)
            above = parent[above]


def test_units_are_canonical_and_a_tonne_weighs_a_tonne():
    assert set(RESOURCES["unit"]) <= {"t", "m3", "MWh", "piece"}
    assert (RESOURCES.loc[RESOURCES["unit"] == "t", "mass_t_per_unit"] == 1).all()
    assert (RESOURCES["mass_t_per_unit"] >= 0).all()


def test_factors_named_by_resources_exist_per_unit_of_the_resource():
    for resource in RESOURCES.itertuples():
        if resource.price_factor:
            assert nomenclature.factor(resource.price_factor).unit == f"EUR/{resource.unit}"
        if resource.avoided_factor:
            assert nomenclature.factor(resource.avoided_factor).unit == f"kgCO2e/{resource.unit}"


def test_mass_is_known_in_the_unit_of_the_kind_and_in_tonnes_only():
    assert nomenclature.mass_t_per_unit("15 01 03", "t") == 1.0
    assert nomenclature.mass_t_per_unit("pallet", "piece") == 0.025
    assert nomenclature.mass_t_per_unit("steam", "MWh") == 0.0
    assert nomenclature.mass_t_per_unit("steam", "t") == 1.0
    assert nomenclature.mass_t_per_unit("15 01 03", "piece") == 0.0
    assert nomenclature.mass_t_per_unit("anything", "m3") == 0.0


def test_unit_of_waste_is_the_tonne_and_of_the_unknown_none():
    assert nomenclature.unit_of("191201*") == "t"
    assert nomenclature.unit_of("natural_gas") == "MWh"
    assert nomenclature.unit_of("anything") is None


def test_every_code_and_resource_has_a_known_family():
    keys = set(nomenclature.families().index)
    assert set(CODES["family"]) | set(RESOURCES["family"]) <= keys
    assert nomenclature.family("15 01 01*") == "paper"
    assert nomenclature.family("15 01") == "other"
    assert nomenclature.family("heat") == "energy"
    assert nomenclature.family("anything") == "other"


def test_no_two_families_share_colour_and_dash():
    looks = nomenclature.families()[["colour", "dash"]]
    assert not looks.duplicated().any()


def test_family_colours_are_of_the_palette_for_the_colour_blind():
    okabe_ito = {"#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7"}
    assert set(nomenclature.families()["colour"]) <= okabe_ito | {"#666666"}


def test_labels_are_looked_up_in_both_languages():
    assert nomenclature.label("191201", "en") == "paper and cardboard"
    assert nomenclature.label("191201", "fr") == "papier et carton"
    assert nomenclature.label("gypsum", "fr") == "Gypse"
    assert nomenclature.label("Acme slag", "fr") == "Acme slag"
    with pytest.raises(ValueError, match="lang must be fr or en"):
        nomenclature.label("gypsum", "de")


@pytest.mark.parametrize(
    "name", ["waste_codes", "resources", "families", "rules", "operations", "naf"]
)
def test_every_label_exists_in_both_languages(name):
    table = read_csv(f"nomenclature/{name}.csv")
    pairs = [column.removesuffix("_en") for column in table.columns if column.endswith("_en")]
    assert "label" in pairs
    for pair in pairs:
        blank = [table[f"{pair}_{lang}"] == "" for lang in ("en", "fr")]
        assert blank[0].equals(blank[1]), f"{pair} exists in one language only"
    assert (table["label_en"] != "").all()


def test_frames_given_out_are_the_callers_own():
    resources, codes = nomenclature.resources(), nomenclature.waste_codes()
    resources.loc["gypsum", "unit"] = "piece"
    codes["hazardous"] = True
    assert nomenclature.unit_of("gypsum") == "t"
    assert nomenclature.waste_codes()["hazardous"].sum() == 408 + 2


# ---- rules and operations


def test_rules_speak_of_known_codes_and_resources_in_normal_form():
    known = set(CODES.index) | set(RESOURCES.index)
    assert set(RULES["residue"]) <= known
    assert set(RULES["need"]) <= set(RESOURCES.index)


def test_rules_have_the_columns_of_a_territorys_own():
    own = read_csv("schema/rules.csv")["column"].tolist()
    assert [RULES.index.name, *RULES.columns][: len(own)] == own


def test_no_pair_has_two_rules():
    assert not RULES[["residue", "need"]].duplicated().any()


def test_ratios_are_above_0_and_1_where_matter_stays_what_it_is():
    assert (RULES["ratio"] > 0).all()
    same = RULES[RULES["ratio_basis"].isin(["same_matter", "unit", "energy"])]
    assert (same["ratio"] == 1).all()
    units = same[["residue", "need"]].map(nomenclature.unit_of)
    assert (units["residue"] == units["need"]).all()


def test_no_rule_stands_on_a_code_that_says_nothing_of_the_matter():
    assert not RULES["residue"].str.endswith(" 99").any()


def test_level_of_a_rule_is_that_of_its_operation():
    levels = RULES["operation"].map(nomenclature.hierarchy_of_operation)
    assert RULES["hierarchy"].tolist() == levels.tolist()


def test_avoided_emission_is_ratio_times_factor_less_treatment():
    for rule in RULES.itertuples():
        if not rule.avoided_factor:
            assert pd.isna(rule.co2e_avoided_kg_per_unit)
            continue
        replaced = nomenclature.factor(rule.avoided_factor)
        assert replaced.unit == f"kgCO2e/{nomenclature.unit_of(rule.need)}"
        spent = nomenclature.factor(rule.process_factor).value if rule.process_factor else 0
        net = rule.ratio * replaced.value - spent
        assert rule.co2e_avoided_kg_per_unit == pytest.approx(net, abs=1e-4)


def test_treatment_costs_what_its_factor_says_and_0_where_none_is_known():
    for rule in RULES.itertuples():
        gate = nomenclature.factor(rule.treatment_factor).value if rule.treatment_factor else 0
        assert rule.treatment_cost_eur_per_unit == gate


def test_slag_instead_of_clinker_avoids_what_is_redone_by_hand():
    # 0.9 t of clinker at 765 kg, less 16 kg of grinding
    assert RULES.loc["SYN006", "co2e_avoided_kg_per_unit"] == pytest.approx(672.5)


def test_canteen_waste_gives_the_gas_redone_by_hand():
    # 121.5 Nm3 of methane per tonne, 9.94 kWh each
    assert RULES.loc["SYN083", "ratio"] == pytest.approx(1.2077, abs=1e-4)


def test_every_rule_names_its_source_and_certainty():
    assert (RULES["source"] != "").all()
    assert set(RULES["certainty"]) == {"A", "B", "C"}


def test_every_documented_exchange_is_a_rule_or_is_said_to_be_left_out():
    page = Path(__file__).parents[1].joinpath("docs", "knowledge.md").read_text(encoding="utf-8")
    for number in range(1, 128):
        name = f"SYN{number:03}"
        assert name in RULES.index or name in page


def test_operations_are_the_codes_of_the_directive_and_two_of_french_practice():
    codes = {f"R{number}" for number in range(1, 14)} | {f"D{number}" for number in range(1, 16)}
    assert set(nomenclature.operations().index) == codes | {"R0", "D9F"}


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("R0", "reuse"),
        ("R 1", "energy"),
        ("r3", "recycling"),
        ("R05", "recycling"),
        ("D5", "other"),
        ("R13", "other"),
        ("", "other"),
        ("X1", "other"),
        ("R", "other"),
    ],
)
def test_level_of_an_operation_is_read_in_any_usual_spelling(code, level):
    assert nomenclature.hierarchy_of_operation(code) == level
