"""The CNIG standard of business parks: in, out, and in again."""

import json
import os
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from eit.faults import DeclarationError
from eit.registers import export_cnig, import_cnig
from eit.registers.cnig.reading import _joined
from eit.tables import schema
from eit.territory import check_territory, read_territory

LENS = shapely.box(2.82, 50.42, 2.84, 50.44)  # around the centre of Lens (62498)
PARK = {
    "site_id": "62498_SITE-ECO_1",
    "site_nom": "ZI des Moulins",
    "site_type": "zone d'activité économique",
    "site_vocadomi": "industrielle",
    "site_etat": "existant et actif",
    "site_surf_brute": "12,5",
    "site_comm_insee": "62498",
    "site_geomsurf": shapely.to_geojson(LENS),
    "reseau_fret_ferroviaire": "oui",
    "reseau_fluvial": "non",
    "site_actu_date": "2023-08-29",
}
PLOT = {
    "terr_id": "62498_TERRAIN-ECO_7",
    "site_id": "62498_SITE-ECO_1",
    "terr_surf_brute": "3",
    "terr_geomsurf": shapely.to_geojson(shapely.box(2.82, 50.42, 2.83, 50.43)),
}
FIRM = {
    "SIRET": "73282932000074",
    "SIREN": "732829320",
    "terr_id": "62498_TERRAIN-ECO_ 7|x",
    "etab_adresse": "3 rue du Puits; 62300 Lens",
    "etab_raison_sociale": "Fonderie A",
    "etab_nom": "Atelier 1",
    "comm_nom": "Lens",
    "comm_insee": "62498",
    "etab_activite_code": "2451Z",
    "etab_effectif_code": "12",
    "etab_geompoint": '{"type": "MultiPoint", "coordinates": [[2.825, 50.425]]}',
    "etab_contact_mail": "a@example.org",
    "etab_contact_tel": "03 20 00 00 00",
}
NAMES = {
    "cnig_site": "site-eco.csv",
    "cnig_terrain": "terrain-eco.csv",
    "cnig_establishment": "etablissement.csv",
}


def write(folder, *, parks=(PARK,), plots=(PLOT,), firms=(FIRM,)):
    folder.mkdir(exist_ok=True)
    for name, rows in zip(NAMES, (parks, plots, firms), strict=True):
        frame = pd.DataFrame(list(rows), columns=list(schema(name).names), dtype=object).fillna("")
        frame.to_csv(folder / NAMES[name], sep=";", index=False)
    return folder


def imported(tmp_path, **rows):
    report = import_cnig(write(tmp_path / "in", **rows), tmp_path / "out")
    said = pd.read_csv(tmp_path / "out/import_report.csv", dtype=str, keep_default_na=False)
    return report, read_territory(tmp_path / "out"), said


def features(folder):
    return json.loads((folder / "parks.geojson").read_text())["features"]


def test_parks_plots_and_establishments_become_parks_and_sites(tmp_path):
    report, territory, said = imported(tmp_path)
    assert (report.parks, report.sites, report.rows) == (1, 1, 3)
    assert territory.parks["park_id"].tolist() == ["62498_SITE-ECO_1"]
    assert territory.parks["name"].tolist() == ["ZI des Moulins"]
    assert territory.parks.geometry.iloc[0].equals(LENS)
    site = territory.sites.loc["73282932000074"]
    assert site[["firm", "name", "naf", "naf_version"]].tolist() == [
        *("Fonderie A", "Atelier 1", "24.51Z", "2008")
    ]
    assert site[["address", "postcode", "city"]].tolist() == ["3 rue du Puits", "62300", "Lens"]
    assert site["park_id"] == "62498_SITE-ECO_1"  # by its plot, in spite of the space in its id
    assert site["employees"] == 20  # band 12 is 20 to 49: what is sure
    assert site["contact"] == "a@example.org 03 20 00 00 00"
    assert site[["lon", "lat"]].tolist() == pytest.approx([2.825, 50.425])
    assert set(said["code"]) <= {"placed_at_communes"}


def test_a_park_keeps_every_field_and_tells_of_siding_and_quay(tmp_path):
    imported(tmp_path)
    properties = features(tmp_path / "out")[0]["properties"]
    assert (properties["rail"], properties["quay"]) == ("yes", "no")
    assert properties["site_etat"] == "existant et actif"
    assert properties["plots"][0]["terr_id"] == "62498_TERRAIN-ECO_7"


def test_import_export_import_gives_the_same_parks_and_sites(tmp_path):
    other = {**FIRM, "SIRET": "", "etab_nom": "Sans numéro", "etab_geompoint": "", "terr_id": ""}
    bare = {**PARK, "site_id": "B", "site_nom": "Sans terrain"}
    within = {**FIRM, "SIRET": "35600000049837", "terr_id": "T"}
    plots = (PLOT, {**PLOT, "terr_id": "T", "site_id": "B"})
    _, territory, _ = imported(
        tmp_path, parks=(PARK, bare), plots=plots, firms=(FIRM, other, within)
    )
    export_cnig(territory, tmp_path / "sent")
    import_cnig(tmp_path / "sent", tmp_path / "again")
    for name in ("sites.csv", "parks.geojson"):
        assert (tmp_path / "again" / name).read_text() == (tmp_path / "out" / name).read_text()
    again = read_territory(tmp_path / "again")
    assert again.parks.geometry.geom_equals(territory.parks.geometry).all()
    columns = [name for name in territory.sites if name not in ("line", "file")]
    pd.testing.assert_frame_equal(again.sites[columns], territory.sites[columns])


def test_the_export_has_the_titles_of_the_standard_and_says_what_it_requires(tmp_path):
    _, territory, _ = imported(tmp_path)
    report = export_cnig(territory, tmp_path / "sent")
    for name, file in NAMES.items():
        titles = (tmp_path / "sent" / file).read_text().splitlines()[0].split(";")
        assert titles == list(schema(name).names)
    assert report.rows == {"site-eco.csv": 1, "terrain-eco.csv": 1, "etablissement.csv": 1}
    assert report.blank["etab_nat_juridique"] == 1
    assert "site_nom" not in report.blank
    assert all(report.lines(lang) for lang in ("fr", "en"))
    with pytest.raises(FileExistsError):
        export_cnig(territory, tmp_path / "sent")


def test_a_park_without_plots_gets_one_that_its_sites_can_name(tmp_path):
    _, territory, _ = imported(tmp_path, plots=())
    assert territory.sites["park_id"].tolist() == ["62498_SITE-ECO_1"]  # by its place
    export_cnig(territory, tmp_path / "sent")
    plots = pd.read_csv(tmp_path / "sent/terrain-eco.csv", sep=";")
    assert plots["terr_id"].tolist() == ["62498_SITE-ECO_1_TERRAIN"]
    # on the ellipsoid, at 50.43 N: 0.02 degrees are 1.4216 km by 2.2248 km
    assert plots["terr_surf_brute"].tolist() == pytest.approx([142.16 * 2.2248], rel=2e-3)


def test_metres_in_geojson_are_read_as_lambert_93(tmp_path):
    """Lens is at 687,903 E and 7,036,955 N in Lambert-93."""
    square = shapely.box(687403, 7036455, 688403, 7037455)
    _, territory, said = imported(
        tmp_path, parks=({**PARK, "site_geomsurf": shapely.to_geojson(square)},)
    )
    middle = territory.parks.geometry.iloc[0].centroid
    assert (middle.x, middle.y) == pytest.approx((2.83, 50.43), abs=1e-3)
    assert said.loc[said["code"] == "cnig_metres", "kind"].tolist() == ["repair"]


def test_outlines_that_cross_themselves_are_mended_and_missing_ones_listed(tmp_path):
    bow = {
        "type": "Polygon",
        "coordinates": [[[2.8, 50.4], [2.9, 50.5], [2.9, 50.4], [2.8, 50.5], [2.8, 50.4]]],
    }
    parks = (
        {**PARK, "site_geomsurf": json.dumps(bow)},
        {**PARK, "site_id": "B", "site_geomsurf": "{broken"},
        {**PARK, "site_id": "C", "site_geomsurf": ""},
        {**PARK, "site_id": "", "site_nom": "sans identifiant"},
        PARK,
    )
    report, territory, said = imported(tmp_path, parks=parks)
    assert territory.parks["park_id"].tolist() == ["62498_SITE-ECO_1"]
    assert territory.parks.geometry.is_valid.all()
    codes = said["code"].value_counts()
    assert (codes["cnig_outline_mended"], codes["register_no_shape"], codes["cnig_id"]) == (1, 2, 2)
    assert report.counts["register_no_shape"] == 2


def test_closed_establishments_are_left_out_and_doubts_told(tmp_path):
    firms = (
        {**FIRM, "etab_actif": "non"},
        {**FIRM, "SIRET": "35600000049837", "etab_fermeture_date": "2025-02-08"},
        {**FIRM, "SIRET": "12345678900000"},
        {**FIRM, "SIRET": "", "etab_activite_code": "99"},
        {**FIRM, "SIRET": "", "etab_activite_code": "99"},
    )
    _, territory, said = imported(tmp_path, firms=firms)
    kinds = dict(zip(said["code"], said["kind"], strict=True))
    assert kinds["register_inactive"] == "dropped"
    assert kinds["cnig_closed"] == kinds["register_siret"] == "doubt"
    assert (kinds["register_naf_none"], kinds["register_twice"]) == ("note", "dropped")
    assert len(territory.sites) == 3


def test_of_several_points_the_one_nearest_to_the_commune_is_taken(tmp_path):
    points = '{"type": "MultiPoint", "coordinates": [[4.19, 50.72], [2.83, 50.43]]}'
    _, territory, said = imported(tmp_path, firms=({**FIRM, "etab_geompoint": points},))
    assert territory.sites[["lon", "lat"]].iloc[0].tolist() == pytest.approx([2.83, 50.43])
    assert "register_many_points" in set(said["code"])


@pytest.mark.parametrize("driver", ["GeoJSON", "GPKG"])
def test_layers_are_read_like_tables(tmp_path, driver):
    parks = gpd.GeoDataFrame([PARK], geometry=[LENS], crs="EPSG:4326").to_crs(2154)
    firms = gpd.GeoDataFrame([FIRM], geometry=[shapely.Point(2.825, 50.425)], crs="EPSG:4326")
    (tmp_path / "in").mkdir()
    if driver == "GPKG":
        parks.to_file(tmp_path / "in/zae.gpkg", layer="site_eco")
        firms.to_file(tmp_path / "in/zae.gpkg", layer="etablissement")
    else:
        parks.to_crs(4326).to_file(tmp_path / "in/site-eco.geojson", driver="GeoJSON")
        firms.to_file(tmp_path / "in/etab.geojson", driver="GeoJSON")
    report = import_cnig(tmp_path / "in", tmp_path / "out", "en")
    territory = read_territory(tmp_path / "out")
    assert (report.parks, report.sites) == (1, 1)
    assert territory.parks.geometry.iloc[0].symmetric_difference(LENS).area < 1e-7
    assert territory.sites["park_id"].tolist() == ["62498_SITE-ECO_1"]


def test_a_cell_split_by_its_own_separator_is_joined_again_where_only_one_way_fits():
    columns = [
        schema("cnig_site")[name]
        for name in ("site_id", "site_nom", "site_surf_brute", "site_comm_insee")
    ]
    assert _joined(("A", "Zone nord", "phase 2", "12", "62498"), columns) == [
        *("A", "Zone nord; phase 2", "12", "62498")
    ]
    unclear = [schema("cnig_site")[name] for name in ("site_nom", "site_epci_nom")]
    assert _joined(("a", "b", "c"), unclear) == []


def test_rows_of_any_length_are_read_with_a_word(tmp_path):
    folder = write(tmp_path / "in")
    path = folder / "etablissement.csv"
    text = path.read_text()
    path.write_text(text + "short;row\n" + ";".join(["x"] * 60) + "\n")
    report = import_cnig(folder, tmp_path / "out")
    said = pd.read_csv(tmp_path / "out/import_report.csv", dtype=str, keep_default_na=False)
    assert said.loc[said["code"] == "register_cells", "line"].tolist() == ["3", "4"]
    assert report.sites >= 1


def test_other_files_are_refused_and_a_folder_in_use_left_alone(tmp_path):
    (tmp_path / "other.csv").write_text("a;b\n1;2\n")
    with pytest.raises(DeclarationError):
        import_cnig(tmp_path / "other.csv", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    with pytest.raises(FileExistsError):
        import_cnig(write(tmp_path / "in"), tmp_path / "in")


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_figures_are_told_in_both_languages(tmp_path, lang):
    report = import_cnig(write(tmp_path / "in"), tmp_path / lang, lang)
    assert ("Business parks" in report.lines(lang)) == (lang == "en")
    assert report.as_dict()["parks"] == 1
    json.dumps(report.as_dict())


cells = st.text(st.characters(blacklist_categories=("Cs",)), max_size=12)


@settings(max_examples=15, deadline=None)
@given(st.lists(cells, max_size=64))
def test_no_row_whatever_is_a_crash(tmp_path_factory, row):
    tmp_path = tmp_path_factory.mktemp("cnig")
    folder = write(tmp_path / "in")
    for name in NAMES.values():
        path = folder / name
        path.write_bytes(path.read_bytes() + ";".join(row).encode() + b"\n")
    report = import_cnig(folder, tmp_path / "out")
    assert report.sites >= 1
    assert check_territory(tmp_path / "out").faults == ()


@pytest.mark.data
def test_the_published_examples_are_read_with_all_their_flaws_named(tmp_path):
    source = Path(os.environ["EIT_DATA"]) / "cnig"
    report = import_cnig(source, tmp_path / "out")
    assert (report.parks, report.sites) == (1, 1)
    assert {"cnig_joined", "cnig_metres", "register_many_points"} <= set(report.counts)
    export_cnig(read_territory(tmp_path / "out"), tmp_path / "sent")
    import_cnig(tmp_path / "sent", tmp_path / "again")
    for name in ("sites.csv", "parks.geojson"):
        assert (tmp_path / "again" / name).read_text() == (tmp_path / "out" / name).read_text()
