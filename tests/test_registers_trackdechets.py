"""The register of waste shipments: residues by site, code and year, and today's outlets."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eit.faults import DeclarationError
from eit.registers import import_trackdechets
from eit.scenario import read_scenario
from eit.tables import schema
from eit.territory import check_territory, read_territory

TITLES = {column.name: column.aliases[0] for column in schema("trackdechets").columns}
OTHERS = ("Code déchet Bâle", "Transporteur - Mode de transport", "Mention ADR")
SHIPMENT = {
    "note_id": "BSD-1",
    "dispatched": "2025-03-04",
    "subtype": "Initial",
    "label": "Sable de fonderie",
    "waste_code": "10 09 08",
    "hazardous": "N",
    "weight": "12.5",
    "estimated": "ESTIME",
    "received": "12",
    "accepted": "11.5",
    "acceptance": "ACCEPTED",
    "siret": "73282932000074",
    "firm": "Fonderie A",
    "address": "3 rue du Puits",
    "postcode": "62300",
    "city": "Lens",
    "country": "FR",
    "to_siret": "35600000049837",
    "to_name": "Carrière B",
    "to_address": "1 route de Béthune",
    "to_postcode": "62400",
    "to_city": "Béthune",
    "to_country": "FR",
    "planned": "D5",
    "performed": "R5",
}


def write(path, *rows):
    titles = [*TITLES.values(), *OTHERS]
    frame = pd.DataFrame(
        [{TITLES[name]: cell for name, cell in row.items()} for row in rows], columns=titles
    )
    frame.to_csv(path, sep=";", index=False)
    return path


def imported(tmp_path, *rows):
    report = import_trackdechets(write(tmp_path / "registre.csv", *rows), tmp_path / "out")
    said = pd.read_csv(tmp_path / "out/import_report.csv", dtype=str, keep_default_na=False)
    return report, said


def declarations(tmp_path, year=2025):
    path = tmp_path / f"out/declarations/trackdechets_{year}.csv"
    return pd.read_csv(path, dtype=str, keep_default_na=False).set_index("declaration_id")


def test_shipments_of_a_site_a_code_and_a_year_make_one_measured_residue(tmp_path):
    rows = (
        SHIPMENT,
        {**SHIPMENT, "note_id": "BSD-2", "accepted": "8,5"},
        {**SHIPMENT, "note_id": "BSD-3", "waste_code": "160708*", "hazardous": "O"},
        {**SHIPMENT, "note_id": "BSD-4", "dispatched": "2024-12-31", "accepted": "100"},
    )
    report, _ = imported(tmp_path, *rows)
    assert (report.rows, report.sites, report.declarations, report.hubs) == (4, 1, 3, 1)
    found = declarations(tmp_path)
    assert found["quantity"].to_dict() == {
        "73282932000074-100908-2025": "20",  # 11.5 + 8.5 accepted
        "73282932000074-160708-2025": "11.5",
    }
    assert found["data_quality"].tolist() == ["measured", "measured"]
    assert found["hazardous"].tolist() == ["no", "yes"]
    assert "2 expéditions" in found["source"].iloc[0]
    assert found["comment"].iloc[0] == "Aujourd'hui : Carrière B, Béthune, R5 20 t"
    assert declarations(tmp_path, 2024)["quantity"].tolist() == ["100"]


def test_the_territory_is_that_of_the_last_year_and_reads_that_year_alone(tmp_path):
    imported(tmp_path, SHIPMENT, {**SHIPMENT, "note_id": "2", "dispatched": "31/12/2024"})
    reading = check_territory(tmp_path / "out")
    assert reading.faults == ()
    assert reading.territory.year == 2025
    assert reading.territory.declarations["quantity"].tolist() == [11.5]
    assert reading.territory.declarations["data_quality"].tolist() == ["measured"]


def test_what_was_weighed_counts_before_what_the_sender_says(tmp_path):
    unweighed = {"accepted": "", "received": ""}
    rows = (
        {**SHIPMENT, "accepted": ""},
        {**SHIPMENT, "note_id": "2", "waste_code": "15 01 01", **unweighed},
        {**SHIPMENT, "note_id": "3", "waste_code": "15 01 02", **unweighed, "estimated": "REEL"},
    )
    _, said = imported(tmp_path, *rows)
    found = declarations(tmp_path).set_index("resource")
    assert found["quantity"].to_dict() == {"10 09 08": "12", "15 01 01": "12.5", "15 01 02": "12.5"}
    assert found["data_quality"].to_dict() == {
        **{"10 09 08": "measured", "15 01 01": "estimated", "15 01 02": "measured"}
    }
    assert said.loc[said["code"] == "register_estimated", "line"].tolist() == ["3"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"country": "BE"}, "register_abroad"),
        ({"siret": ""}, "register_no_site"),
        ({"waste_code": "99 99 99"}, "register_no_code"),
        ({"waste_code": ""}, "register_no_code"),
        ({"acceptance": "REFUSED"}, "register_refused"),
        ({"subtype": "Tournée dédiée"}, "register_regrouped"),
        ({"dispatched": "hier"}, "register_no_day"),
        ({"weight": "", "accepted": "", "received": ""}, "register_no_quantity"),
        ({"accepted": "0"}, "register_no_quantity"),
        ({"note_id": "BSD-1"}, "register_twice"),
    ],
)
def test_rows_that_do_not_count_are_left_out_with_their_reason(tmp_path, change, code):
    report, said = imported(tmp_path, SHIPMENT, {**SHIPMENT, "note_id": "BSD-2", **change})
    dropped = said[said["kind"] == "dropped"]
    assert dropped[["line", "code"]].to_numpy().tolist() == [["3", code]]
    assert report.declarations == 1


def test_outgoing_and_incoming_exports_of_one_shipment_count_once(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("entrant", "sortant"):
        write(tmp_path / f"in/{name}.csv", SHIPMENT)
    report = import_trackdechets(tmp_path / "in", tmp_path / "out")
    assert (report.rows, report.declarations) == (2, 1)
    assert declarations(tmp_path)["quantity"].tolist() == ["11.5"]


def test_waste_of_a_building_site_is_where_the_building_site_is(tmp_path):
    work = {
        **SHIPMENT,
        "note_id": "2",
        "pickup_name": "Chantier du stade",
        "pickup_address": "place du Stade",
        "pickup_postcode": "62400",
        "pickup_city": "Béthune",
    }
    imported(tmp_path, SHIPMENT, work)
    sites = read_territory(tmp_path / "out").sites
    assert sites["city"].tolist() == ["Lens", "Béthune"]
    assert sites["name"].tolist() == ["", "Chantier du stade"]
    assert sites["siret"].tolist() == ["73282932000074"] * 2
    assert sites["insee"].tolist() == ["62498", "62119"]


def test_outlets_are_hubs_of_unknown_price_that_the_scenario_leaves_out(tmp_path):
    rows = (
        SHIPMENT,
        {**SHIPMENT, "note_id": "2", "performed": "", "accepted": "50"},
        {**SHIPMENT, "note_id": "3", "to_siret": "BE0123", "to_country": "BE", "to_name": "Gent"},
    )
    imported(tmp_path, *rows)
    territory = read_territory(tmp_path / "out")
    hubs = territory.hubs
    assert hubs["hub_id"].tolist() == ["H-35600000049837"]
    assert (hubs["takes"].iloc[0], hubs["operation"].iloc[0]) == ("10 09 08", "D5")  # most tonnes
    assert hubs["unit_cost_eur"].fillna(0).tolist() == [0]
    assert hubs["position_quality"].tolist() == ["commune"]
    scenario = read_scenario(tmp_path / "out/scenario.toml")
    assert list(scenario.exclude["hubs"]) == ["H-35600000049837"]
    assert "Gent" in declarations(tmp_path)["comment"].iloc[0]


def test_workbooks_are_read_too(tmp_path):
    path = tmp_path / "registre.xlsx"
    frame = pd.read_csv(write(tmp_path / "r.csv", SHIPMENT), sep=";", dtype=str)
    frame.to_excel(path, index=False, engine="xlsxwriter")
    assert import_trackdechets(path, tmp_path / "out").declarations == 1


def test_another_file_is_refused(tmp_path):
    (tmp_path / "other.csv").write_text("a;b\n1;2\n")
    with pytest.raises(DeclarationError):
        import_trackdechets(tmp_path / "other.csv", tmp_path / "out")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(DeclarationError):
        import_trackdechets(tmp_path / "nothing", tmp_path / "out")


cells = st.text(st.characters(blacklist_categories=("Cs",)), max_size=8)


@settings(max_examples=15, deadline=None)
@given(st.lists(cells, max_size=34))
def test_no_row_whatever_is_a_crash(tmp_path_factory, row):
    tmp_path = tmp_path_factory.mktemp("trackdechets")
    path = write(tmp_path / "registre.csv", SHIPMENT, {**SHIPMENT, "note_id": "BSD-2"})
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], ";".join(row), lines[2], ""]), encoding="utf-8")
    import_trackdechets(path, tmp_path / "out")
    assert "10 09 08" in set(declarations(tmp_path)["resource"])
    assert check_territory(tmp_path / "out").faults == ()
