import pytest
from support.tables import read

from eit.tables import read_table, schema, schema_names


def test_every_column_of_the_contract_is_declared():
    expected = {
        "sites": "site_id firm name siret naf naf_version address postcode city insee lon lat x y "
        "crs park_id employees contact",
        "declarations": "declaration_id action declared_at site_id siret kind resource label "
        "quantity unit per quantity_low quantity_high months current_cost_eur_per_unit max_share "
        "min_lot max_partners max_distance_km required storage quality form status hazardous "
        "data_quality source confidentiality valid_from valid_to comment",
        "rules": "rule_id residue need ratio treatment_cost_eur_per_unit co2e_avoided_kg_per_unit "
        "hierarchy operation quality max_distance_km source certainty",
        "hubs": "hub_id name address postcode city insee lon lat x y crs status takes gives yield "
        "capacity unit_cost_eur opening_cost_eur operation quality hazardous",
        "links": "from_id to_id mode distance_km cost_eur_per_unit trip_payload trip_cost_eur "
        "fixed_cost_eur fixed_per min_quantity max_quantity required existing co2e_kg_per_unit "
        "hazardous allowed capacity_group group_capacity group_fixed_cost_eur",
        "services": "service_id site_id service quantity unit current_cost_eur frequency window "
        "min_group max_group max_distance_km exclusive_with",
        "service_offers": "offer_id service tier_from_quantity unit_price_eur fixed_cost_eur "
        "capacity lon lat",
        "pickups": "pickup_id site_id x y resource quantity ready due service_minutes",
        "vehicles": "vehicle_id lon lat capacity cost_eur_per_km fixed_cost_eur shift_start "
        "shift_end",
    }

    assert set(expected) <= set(schema_names())
    for name, columns in expected.items():
        assert set(columns.split()) <= set(schema(name).names), name


@pytest.mark.parametrize("name", schema_names())
def test_every_declared_default_and_choice_reads_as_itself(name):
    for column in schema(name).columns:
        assert column.description_en, column.name
        assert column.description_fr, column.name
        if column.default and column.choices:
            assert column.default in column.choices
    rows = read_table(",".join(schema(name).names).encode(), name)
    assert rows.faults == ()
    assert rows.notices == ()


def test_titles_are_known_in_both_languages_whatever_the_case_accents_and_spaces():
    titles = ("  ID Déclaration ", "identifiant_site", "Nature", "RESSOURCE", "Quantité", "Unité")
    table = read(";".join(titles) + "\nD1;S1;Résidu;19 12 01;3;T\n")

    assert table.faults == ()
    assert table.notices == ()
    assert table.frame.loc[0, ["declaration_id", "site_id", "kind"]].tolist() == [
        *("D1", "S1", "residue"),
    ]


def test_choices_are_read_in_both_languages():
    table = read(
        "declaration_id;action;kind;per;required;hazardous;confidentiality;form\n"
        "D1;Créer;RÉSIDU;une fois;Oui;non;public;Boue\n"
        "D2;annuler;besoin;Mois;no;YES;zone;en vrac\n"
    )

    assert table.faults == ()
    assert table.rows["action"].tolist() == ["create", "cancel"]
    assert table.rows["kind"].tolist() == ["residue", "need"]
    assert table.rows["per"].tolist() == ["once", "month"]
    assert table.rows["required"].tolist() == [True, False]
    assert table.rows["hazardous"].tolist() == ["no", "yes"]
    assert table.rows["confidentiality"].tolist() == ["open", "park"]
    assert table.rows["form"].tolist() == ["sludge", "bulk"]
