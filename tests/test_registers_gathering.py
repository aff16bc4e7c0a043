"""A territory of some communes from several registers: every site once, every flow once."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from eit.faults import DeclarationError
from eit.registers import new_territory_from
from eit.territory import check_territory, read_territory

FOUNDRY, POST = "73282932000074", "35600000049837"
LENS = {"insee": "62498", "lon": 2.83, "lat": 50.43}
SITES = {
    "irep": [
        {"site_id": "I1", "firm": "Fonderie A", "siret": FOUNDRY, "naf": "24.51Z", **LENS},
        {"site_id": "I2", "firm": "Sans numéro", **LENS},
        {"site_id": "I3", "firm": "Ailleurs", "insee": "59350"},
    ],
    "sirene": [
        {"site_id": FOUNDRY, "firm": "FONDERIE A SAS", "siret": FOUNDRY, "employees": 50, **LENS},
        {"site_id": POST, "firm": "Poste", "siret": POST, "insee": "62510"},
    ],
}
FLOW = {"kind": "residue", "unit": "t", "source": "test"}
FLOWS = {
    "irep": [
        {"declaration_id": "a", "site_id": "I1", "resource": "10 09 08", "quantity": 7.5,
         "data_quality": "estimated", **FLOW},
        {"declaration_id": "b", "site_id": "I1", "resource": "10 09 03", "quantity": 1,
         "data_quality": "inferred", **FLOW},
        {"declaration_id": "c", "site_id": "I3", "resource": "10 09 03", "quantity": 1,
         "data_quality": "estimated", **FLOW},
    ],
    "sirene": [
        {"declaration_id": "a", "site_id": FOUNDRY, "resource": "10 09 08", "quantity": 100,
         "data_quality": "inferred", **FLOW},
        {"declaration_id": "b", "site_id": FOUNDRY, "resource": "10 09 03", "quantity": 2,
         "data_quality": "measured", **FLOW},
        {"declaration_id": "d", "site_id": FOUNDRY, "resource": "15 01 01", "quantity": 3,
         "data_quality": "inferred", **FLOW},
    ],
}  # fmt: skip


@pytest.fixture
def sources(tmp_path):
    for name, year in (("irep", 2020), ("sirene", 2025)):
        (tmp_path / name / "declarations").mkdir(parents=True)
        pd.DataFrame(SITES[name]).to_csv(tmp_path / name / "sites.csv", index=False)
        declared = tmp_path / name / "declarations/flows.csv"
        pd.DataFrame(FLOWS[name]).to_csv(declared, index=False)
        (tmp_path / name / "territory.toml").write_text(f'[territory]\nname = "x"\nyear = {year}\n')
    return [tmp_path / "irep", tmp_path / "sirene"]


def gathered(tmp_path, sources, communes=("62498", "62510")):
    report = new_territory_from(tmp_path / "mine", communes, sources)
    return report, read_territory(tmp_path / "mine")


def test_an_establishment_in_two_registers_is_one_site_the_first_filled_by_the_second(
    tmp_path, sources
):
    report, territory = gathered(tmp_path, sources)
    assert territory.sites.index.tolist() == [POST, "I1", "I2"]
    assert territory.sites.loc["I1", ["firm", "naf"]].tolist() == ["Fonderie A", "24.51Z"]
    assert territory.sites.loc["I1", "employees"] == 50
    assert (report.sites, territory.year) == (3, 2025)


def test_every_flow_counts_once_and_what_was_inferred_gives_way(tmp_path, sources):
    _, territory = gathered(tmp_path, sources)
    flows = territory.declarations.set_index("resource")[["quantity", "data_quality"]]
    assert {r: tuple(row) for r, row in zip(flows.index, flows.to_numpy(), strict=True)} == {
        "10 09 08": (7.5, "estimated"),
        "10 09 03": (2.0, "measured"),
        "15 01 01": (3.0, "inferred"),
    }
    assert set(territory.declarations["site_id"]) == {"I1"}


def test_of_two_registers_that_state_a_flow_the_first_counts_with_a_word(tmp_path, sources):
    path = sources[1] / "declarations/flows.csv"
    path.write_text(path.read_text().replace("inferred", "measured"))
    report, territory = gathered(tmp_path, sources)
    quantities = territory.declarations.set_index("resource")["quantity"]
    assert quantities["10 09 08"] == 7.5
    assert report.counts["register_again"] == 1


def test_only_the_communes_asked_for_are_taken(tmp_path, sources):
    _, territory = gathered(tmp_path, sources, ["62510"])
    assert territory.sites.index.tolist() == [POST]
    assert territory.declarations.empty


def test_a_département_stands_for_all_its_communes(tmp_path, sources):
    _, territory = gathered(tmp_path, sources, communes=("62",))
    assert territory.sites.index.tolist() == [POST, "I1", "I2"]
    with pytest.raises(DeclarationError, match="96"):
        new_territory_from(tmp_path / "other", ["96"], sources)


def test_a_site_of_no_known_commune_is_taken_for_its_coordinates_or_listed(tmp_path, sources):
    nowhere = [
        {"site_id": "N1", "firm": "Hameau", "city": "Trou Perdu", "lon": 2.83, "lat": 50.43},
        {"site_id": "N2", "firm": "Loin", "city": "Trou Perdu", "lon": 4.0, "lat": 46.0},
        {"site_id": "N3", "firm": "Nulle part", "city": "Trou Perdu"},
    ]
    pd.DataFrame(SITES["irep"] + nowhere).to_csv(tmp_path / "irep/sites.csv", index=False)
    report, territory = gathered(tmp_path, sources)
    assert set(territory.sites.index) == {POST, "I1", "I2", "N1"}
    assert report.counts["register_nearest"] == report.counts["register_no_commune"] == 1


def test_hubs_nearby_and_parks_of_the_communes_come_along(tmp_path, sources):
    hubs = [
        {"hub_id": "H-near", "insee": "62119", "takes": "10 09 08", "hazardous": "yes"},
        {"hub_id": "H-far", "insee": "13055", "takes": "10 09 08", "hazardous": "no"},
    ]  # Béthune, 16 km from Lens; Marseille
    pd.DataFrame(hubs).to_csv(sources[0] / "hubs.csv", index=False)
    here, far = shapely.box(2.82, 50.42, 2.84, 50.44), shapely.box(5.3, 43.2, 5.4, 43.3)
    parks = gpd.GeoDataFrame({"park_id": ["P", "Q"], "name": ["p", "q"]}, geometry=[here, far])
    parks.set_crs(4326).to_file(sources[1] / "parks.geojson")
    report, territory = gathered(tmp_path, sources)
    assert territory.hubs["hub_id"].tolist() == ["H-near"]
    assert territory.hubs["hazardous"].tolist() == [True]
    assert territory.parks["park_id"].tolist() == ["P"]
    assert territory.sites.loc["I1", "park_id"] == "P"
    assert (report.hubs, report.parks) == (1, 1)
    assert territory.scenario["exclude"]["hubs"] == ["H-near"]


def test_the_folder_is_ready_to_work_in(tmp_path, sources):
    gathered(tmp_path, sources)
    assert check_territory(tmp_path / "mine").faults == ()
    for name in ("README.md", "rules.csv", "links.csv", "hubs.csv", "scenario.toml"):
        assert (tmp_path / "mine" / name).exists(), name


def test_without_a_register_it_is_empty_and_ready(tmp_path):
    report = new_territory_from(tmp_path / "mine", ["62498"], lang="en")
    assert report.sites == 0
    assert check_territory(tmp_path / "mine").faults == ()


def test_faulty_rows_of_a_source_are_listed_and_stop_nothing(tmp_path, sources):
    path = sources[0] / "declarations/flows.csv"
    path.write_text(path.read_text() + "x,I1,no such resource,-3,,residue,t,\n")
    report, territory = gathered(tmp_path, sources)
    assert report.counts["register_broken"] >= 1
    assert len(territory.declarations) == 3


def test_wrong_communes_and_sources_are_refused(tmp_path, sources):
    for communes, given in ((["99999"], sources), ([], sources), (["62498"], [tmp_path])):
        with pytest.raises(DeclarationError):
            new_territory_from(tmp_path / "mine", communes, given)
    assert not (tmp_path / "mine").exists()
