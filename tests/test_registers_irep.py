"""The register of polluting emissions: every row placed, mended with a word, or listed."""

import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eit import nomenclature
from eit.faults import DeclarationError
from eit.registers import import_irep, infer_declarations, typical_flows
from eit.territory import check_territory

TITLES = (
    "identifiant;nom_etablissement;numero_siret;adresse;code_postal;commune;departement;region;"
    "coordonnees_x;coordonnees_y;code_epsg;code_ape;libelle_ape;code_eprtr;libelle_eprtr"
)
PLACES = {  # Lens (2.83 E, 50.43 N) in Lambert-93, as pyproj gives it, rounded to the metre
    "sound": "687903;7036955;2154",
    "mislabelled": "687903;7036955;27572",
    "unlabelled": "687903;7036955;",
    "degrees": "2.83;50.43;4326",
    "kilometres": "687,903;7036,955;2154",
    "swapped": "50.43;2.83;4326",
    "nowhere": "500;500;4326",
    "far": "3.83;50.43;4326",
    "zero": "0;0;4326",
    "unreadable": "abc;def;2154",
}


def row(name, place, *, city="62300;LENS", siret="", naf="2351Z"):
    return f"{name};Usine {name};{siret};1 rue A;{city};PAS-DE-CALAIS;HDF;{place};{naf};;;"


def write(tmp_path, rows, *, name="irep2020.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes("\n".join([TITLES, *rows, ""]).encode(encoding))
    return path


def imported(tmp_path, rows, **how):
    report = import_irep(write(tmp_path, rows, **how), tmp_path / "out")
    sites = pd.read_csv(tmp_path / "out/sites.csv", dtype={"site_id": str, "siret": str})
    said = pd.read_csv(tmp_path / "out/import_report.csv", dtype=str, keep_default_na=False)
    return report, sites.set_index("site_id"), said


@pytest.mark.parametrize(
    "name", ["sound", "mislabelled", "unlabelled", "degrees", "kilometres", "swapped"]
)
def test_however_the_place_is_written_it_is_found(tmp_path, name):
    report, sites, _ = imported(tmp_path, [row(name, PLACES[name])])
    assert report.placed == {"exact": 1}
    assert sites.loc[name, ["lon", "lat"]].tolist() == pytest.approx([2.83, 50.43], abs=3e-5)


@pytest.mark.parametrize("name", ["nowhere", "far", "zero", "unreadable"])
def test_what_cannot_be_read_is_placed_at_the_commune_and_listed(tmp_path, name):
    report, sites, said = imported(tmp_path, [row(name, PLACES[name])])
    assert report.placed == {"commune": 1}
    assert sites.loc[name, ["lon", "lat"]].isna().all()
    assert str(sites.loc[name, "insee"]) == "62498"
    assert len(said) > 0


def test_every_repair_stands_in_the_report_with_its_line_and_site(tmp_path):
    rows = [row(name, place) for name, place in PLACES.items()]
    report, _, said = imported(tmp_path, rows)
    found = {s: set(g["code"]) for s, g in said[said["site_id"] != ""].groupby("site_id")}
    assert found == {
        "mislabelled": {"place_relabelled"},
        "unlabelled": {"place_unlabelled"},
        "kilometres": {"place_scaled"},
        "swapped": {"place_swapped"},
        "nowhere": {"place_unread"},
        "far": {"place_far"},
        "zero": {"place_zero"},
    }
    lines = dict(zip(said["site_id"], said["line"], strict=True))
    assert lines["mislabelled"] == "3"
    assert report.counts["place_far"] == 1
    kinds = dict(zip(said["code"], said["kind"], strict=True))
    assert (kinds["place_far"], kinds["place_swapped"]) == ("doubt", "repair")


def test_what_was_written_is_a_territory_without_a_fault(tmp_path):
    imported(tmp_path, [row(name, place) for name, place in PLACES.items()])
    reading = check_territory(tmp_path / "out")
    assert reading.faults == ()
    assert reading.territory.year == 2020
    assert reading.territory.sites["position_quality"].value_counts().to_dict() == {
        "exact": 6,
        "commune": 4,
    }
    assert reading.sound == len(reading.territory.declarations) > 0
    assert (reading.territory.declarations["data_quality"] == "inferred").all()


def test_a_row_without_coordinates_or_commune_is_listed_and_kept(tmp_path):
    report, sites, said = imported(tmp_path, [row("A", ";;", city=";")])
    assert report.placed == {"none": 1}
    assert sites.index.tolist() == ["A"]
    assert "register_not_placed" in set(said["code"])


def test_invalid_siret_are_left_blank_and_shared_ones_noted(tmp_path):
    """73282932000074 is the textbook number of a valid SIRET; one digit more, and it is not."""
    valid, wrong = "73282932000074", "73282932000075"
    rows = [row(n, PLACES["sound"], siret=s) for n, s in (("A", valid), ("B", valid), ("C", wrong))]
    _, sites, said = imported(tmp_path, rows)
    assert sites["siret"].fillna("").to_dict() == {"A": valid, "B": valid, "C": ""}
    codes = said.groupby("code")["site_id"].agg(list).to_dict()
    assert codes["register_siret"] == ["C"]
    assert codes["register_siret_shared"] == ["A", "B"]


def test_bad_rows_never_stop_the_others(tmp_path):
    rows = [
        row("A", PLACES["sound"]),
        row("A", PLACES["sound"]),
        row("", PLACES["sound"]),
        "too;short",
        row("E", PLACES["sound"]) + ";extra;cells",
        'F;"open quote;;;62300;LENS;;;;;;;;;',
        row("G", PLACES["sound"]),
    ]
    report, sites, said = imported(tmp_path, rows)
    assert {"A", "L4", "G"} <= set(sites.index)
    assert sites.index.is_unique
    assert {"register_twice", "register_damaged"} <= set(said["code"])
    assert report.rows >= len(sites)


def test_overseas_sites_are_left_to_a_territory_of_their_own(tmp_path):
    port = row("R", "322473;7684589;", city="97420;LE PORT")
    report, sites, said = imported(
        tmp_path, [row("A", PLACES["sound"]), row("B", PLACES["sound"]), port]
    )
    assert sites.index.tolist() == ["A", "B"]
    assert said.loc[said["code"] == "register_elsewhere", "kind"].tolist() == ["dropped"]
    (tmp_path / "island").mkdir()
    report = import_irep(write(tmp_path / "island", [port]), tmp_path / "island/out")
    assert 'crs = "EPSG:2975"' in (report.folder / "territory.toml").read_text()
    assert check_territory(report.folder).faults == ()


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_report_speaks_both_languages(tmp_path, lang):
    report = import_irep(write(tmp_path, [row("A", PLACES["swapped"])]), tmp_path / lang, lang)
    said = pd.read_csv(report.folder / "import_report.csv")["said"].iloc[0]
    assert ("échangées" in said) == (lang == "fr")


def test_accents_in_cp1252_are_read(tmp_path):
    rows = [row("Métaux", PLACES["sound"])]
    _, sites, _ = imported(tmp_path, rows, encoding="cp1252")
    assert sites.index.tolist() == ["Métaux"]


def test_another_file_is_refused_and_a_folder_in_use_left_alone(tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a;b\n1;2\n")
    with pytest.raises(DeclarationError):
        import_irep(other, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine")
    with pytest.raises(FileExistsError):
        import_irep(write(tmp_path, []), tmp_path / "out")


def test_an_empty_register_is_an_empty_territory(tmp_path):
    report, sites, _ = imported(tmp_path, [])
    assert (report.rows, report.sites, len(sites)) == (0, 0, 0)
    assert check_territory(tmp_path / "out").faults == ()


# waste tables


PRODUCED = (
    "identifiant;nom_etablissement;dechet;annee;code_operation_eliminatio_valorisation;"
    "libelle_operation_eliminatio_valorisation;code_departement;pays;code_dechet;libelle_dechet;"
    "quantite;unite"
)
TREATED = PRODUCED.replace("quantite", "quantite_admise;quantite_traitee")


def year_folder(tmp_path, *, produced=(), treated=()):
    folder = tmp_path / "2020"
    folder.mkdir()
    rows = [
        row("F", PLACES["sound"], naf="2451Z"),  # a foundry
        row("C", PLACES["sound"], naf="2351Z"),  # a cement works
        row("T", PLACES["sound"], naf="3822Z"),  # treats hazardous waste
    ]
    write(folder, rows, name="etablissements.csv")
    for name, titles, lines in (
        ("Prod_dechets_non_dangereux.csv", PRODUCED, produced),
        ("Trait_dechets_dangereux.csv", TREATED, treated),
    ):
        (folder / name).write_text("\n".join([titles, *lines, ""]), encoding="utf-8")
    return folder


def declared(tmp_path):
    path = tmp_path / "out/declarations/irep.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    return table.set_index("declaration_id")


def test_what_sites_produce_becomes_residues_whatever_became_of_it(tmp_path):
    folder = year_folder(
        tmp_path,
        produced=(
            "F;Usine F;;2020;R5;Recyclage;62;;10 09 08;Sables;100,5;tonnes/an",
            "F;Usine F;;2020;D5;Décharge;;BELGIQUE;10 09 08;Sables;20;tonnes/an",
            "F;Usine F;;2020;R4;Recyclage;62;;10 09 03;Laitiers;7;tonnes/an",
        ),
    )
    report = import_irep(folder, tmp_path / "out")
    found = declared(tmp_path)
    assert found["quantity"].to_dict() == {
        "F-irep-residue-100903": "7",
        "F-irep-residue-100908": "120.5",
    }
    assert found["comment"].iloc[1] == "Aujourd'hui : R5 100.5 t; D5 20 t"
    assert found["source"].iloc[0].startswith("IREP 2020")
    assert report.declarations > 2  # those inferred stand apart
    assert check_territory(tmp_path / "out").faults == ()


def test_a_declared_residue_takes_the_place_of_the_inferred_one(tmp_path):
    flows = typical_flows()
    flow = flows[(flows["naf_prefix"] == "24.51") & (flows["kind"] == "residue")].iloc[0]
    line = f"F;;;2020;R5;;;;{flow['resource']};x;3;t"
    import_irep(year_folder(tmp_path, produced=(line,)), tmp_path / "out")
    inferred = pd.read_csv(tmp_path / "out/declarations/inferred.csv")
    here = inferred[(inferred["site_id"] == "F") & (inferred["kind"] == "residue")]
    assert flow["resource"] not in set(here["resource"])


def test_treatment_is_a_hub_where_it_is_the_business_and_a_need_where_it_is_not(tmp_path):
    """A cement works burns solvents (R1): it wants them; a treatment site is a hub."""
    folder = year_folder(
        tmp_path,
        treated=(
            "T;;;2020;R2;;;;14 06 03*;Solvants;900;800;tonnes/an",
            "T;;;2020;D10;;;;16 03 05*;Divers;50;;tonnes/an",
            "C;;;2020;R1;;;;14 06 03*;Solvants;5000;5000;tonnes/an",
            "C;;;2020;D5;;;;10 13 01;Déchets;10;10;tonnes/an",
        ),
    )
    report = import_irep(folder, tmp_path / "out")
    assert declared(tmp_path)["quantity"].to_dict() == {"C-irep-need-140603": "5000"}
    territory = check_territory(tmp_path / "out").territory
    hubs = territory.hubs.set_index(["hub_id", "takes"])
    assert hubs["capacity"].to_dict() == {
        **{("H-C", "10 13 01"): 10, ("H-T", "14 06 03"): 850, ("H-T", "16 03 05"): 850}
    }
    assert hubs["hazardous"].tolist() == [False, True, True]
    assert report.hubs == 2
    assert 'hubs = [\n    "H-C",\n    "H-T",\n]' in (tmp_path / "out/scenario.toml").read_text()


def test_rows_of_waste_that_do_not_count_are_left_out_with_their_reason(tmp_path):
    folder = year_folder(
        tmp_path,
        produced=(
            "X;;;2020;R5;;;;10 09 08;Sables;1;t",
            "F;;;2020;R5;;;;99 88 77;Sables;1;t",
            "F;;;2020;R5;;;;10 09 08;Sables;1;m3/an",
            "F;;;2020;R5;;;;10 09 08;Sables;0;t",
            "F;;;2019;R5;;;;10 09 08;Sables;1;t",
            "F;;;2020;R5;;;;10 09 08;Sables;1;t",
        ),
    )
    report = import_irep(folder, tmp_path / "out")
    reasons = ("irep_no_site", "register_no_code", "register_unit", "register_no_quantity")
    for code in (*reasons, "register_other_year"):
        assert report.counts[code] == 1, code
    assert len(declared(tmp_path)) == 1


def test_an_identifier_that_lost_its_first_zeros_is_found_and_said(tmp_path):
    folder = tmp_path / "2020"
    folder.mkdir()
    write(folder, [row("0055", PLACES["sound"], naf="2451Z")], name="etablissements.csv")
    line = "55;Usine;;2020;R5;Recyclage;62;;10 09 08;Sables;10;tonnes/an"
    (folder / "Prod_dechets_non_dangereux.csv").write_text(f"{PRODUCED}\n{line}\n")
    report = import_irep(folder, tmp_path / "out")
    assert declared(tmp_path)["site_id"].tolist() == ["0055"]
    assert report.counts["irep_zeros"] == 1


def test_a_folder_without_one_table_of_sites_is_refused(tmp_path):
    (tmp_path / "in").mkdir()
    with pytest.raises(DeclarationError):
        import_irep(tmp_path / "in", tmp_path / "out")


cells = st.text(st.characters(blacklist_categories=("Cs",)), max_size=8)


@settings(max_examples=25, deadline=None)
@given(st.lists(cells, min_size=0, max_size=16))
def test_no_row_whatever_is_a_crash(tmp_path_factory, row_cells):
    tmp_path = tmp_path_factory.mktemp("irep")
    good = row("good", PLACES["sound"])
    report = import_irep(
        write(tmp_path, [good, ";".join(row_cells), good.replace("good", "last")]), tmp_path / "out"
    )
    written = pd.read_csv(report.folder / "sites.csv", dtype=str, keep_default_na=False)
    assert "good" in set(written["site_id"])


# typical flows


def test_typical_flows_name_what_the_nomenclature_knows():
    flows = typical_flows()
    waste = flows["resource"].map(nomenclature.is_waste_code)
    assert set(flows.loc[waste, "resource"]) <= set(nomenclature.waste_codes().index)
    assert set(flows.loc[~waste, "resource"]) <= set(nomenclature.resources().index)
    for resource, unit in zip(flows["resource"], flows["unit"], strict=True):
        assert nomenclature.unit_of(resource) in (unit, None)
    classes = {code[:5] for code in nomenclature.naf().index}
    assert set(flows["naf_prefix"]) <= classes
    assert not flows.duplicated(["naf_prefix", "kind", "resource"]).any()


def test_typical_quantities_are_ranges_with_a_source_and_assumptions_say_so():
    flows = typical_flows()
    assert (flows["quantity_low"] <= flows["quantity"]).all()
    assert (flows["quantity"] <= flows["quantity_high"]).all()
    assert (flows["source"] != "").all()
    assumed = flows["certainty"] == "C"
    assert flows.loc[assumed, "note"].str.startswith("assumption").all()
    assert (flows.loc[assumed, "quantity_high"] >= 100 * flows.loc[assumed, "quantity_low"]).all()
    assert set(flows["certainty"]) <= {"A", "B", "C"}


def test_each_typical_flow_follows_a_built_in_rule():
    """A residue is what the rule takes, a need what it replaces: both come from known exchanges."""
    rules = nomenclature.builtin_rules()
    for flow in typical_flows().to_dict("records"):
        for rule in flow["rules"].split("|"):
            named = rules.loc[rule, "residue" if flow["kind"] == "residue" else "need"]
            assert named == flow["resource"]


def test_flows_of_a_part_of_a_class_are_never_inferred():
    """Not every power station burns coal: nothing lets a site of 35.11 be given fly ash."""
    naf = pd.Series({"S1": "35.11Z", "S2": "3511z", "S3": "", "S4": "99.99Z"})
    assert infer_declarations(naf, lang="fr").empty
    sugar = infer_declarations(pd.Series({"S1": "1081 Z"}), lang="en")
    assert "02 04 01" in set(sugar["resource"])
    assert "bagasse" not in set(sugar["resource"])
    assert sugar["declaration_id"].is_unique
    assert (sugar["data_quality"] == "inferred").all()


# the register as published


@pytest.mark.data
def test_99_percent_of_the_sites_of_the_north_lie_in_their_commune_or_within_a_kilometre(tmp_path):
    data = Path(os.environ["EIT_DATA"])
    report = import_irep(data / "irep/irep2020_etablissements_HDF.csv", tmp_path / "out")
    assert report.rows == report.sites == 1052
    sites = pd.read_csv(tmp_path / "out/sites.csv", dtype={"site_id": str, "insee": str})
    said = pd.read_csv(tmp_path / "out/import_report.csv", dtype=str)
    doubtful = said.loc[said["code"] == "place_doubtful", "site_id"]
    placed = sites[sites["lon"].notna() & sites["insee"].notna()]
    assert len(placed) >= 0.99 * 1052
    kept = placed[~placed["site_id"].isin(doubtful)]
    assert len(kept) >= 0.99 * 1052
    outlines = gpd.read_file(data / "geo/communes-hauts-de-france.geojson").set_index("code")
    outline = outlines.to_crs(2154).geometry.reindex(kept["insee"])
    points = gpd.GeoSeries.from_xy(kept["lon"], kept["lat"], crs=4326).to_crs(2154)
    metres = outline.distance(points.set_axis(outline.index), align=False)
    assert np.mean(metres <= 1000) >= 0.99


@pytest.mark.data
def test_the_whole_register_is_placed_and_its_territory_has_no_fault(tmp_path):
    data = Path(os.environ["EIT_DATA"])
    report = import_irep(data / "irep/irep2020_etablissements.csv", tmp_path / "out")
    assert report.rows == 10015
    assert report.sites + report.counts["register_elsewhere"] == 10015
    assert report.placed["exact"] >= 0.99 * report.sites
    assert "none" not in report.placed
    reading = check_territory(tmp_path / "out")
    assert reading.faults == ()
    assert reading.sound == report.declarations
