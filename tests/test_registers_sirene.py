"""The register of establishments: read row by row, filtered, placed, flows inferred."""

import gzip
import zipfile

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.eu import nace

from eit import data
from eit.faults import DeclarationError, Notice
from eit.places.streams import stream
from eit.registers import import_sirene, infer_declarations, typical_flows
from eit.registers.activities import class_2008, rev2_classes
from eit.registers.bands import BANDS, band_of, fewest_employees
from eit.territory import check_territory, read_territory

TITLES = (  # a part of the published ones, in their order
    *("siren", "nic", "siret", "statutDiffusionEtablissement", "trancheEffectifsEtablissement"),
    *("etablissementSiege", "numeroVoieEtablissement", "indiceRepetitionEtablissement"),
    *("typeVoieEtablissement", "libelleVoieEtablissement", "codePostalEtablissement"),
    *("libelleCommuneEtablissement", "codeCommuneEtablissement"),
    *("coordonneeLambertAbscisseEtablissement", "coordonneeLambertOrdonneeEtablissement"),
    *(
        "etatAdministratifEtablissement",
        "enseigne1Etablissement",
        "denominationUsuelleEtablissement",
    ),
    *("activitePrincipaleEtablissement", "nomenclatureActivitePrincipaleEtablissement"),
    "activitePrincipaleNAF25Etablissement",
)
CEMENT = {  # Lens in Lambert-93
    "siret": "73282932000074",
    "statutDiffusionEtablissement": "O",
    "trancheEffectifsEtablissement": "22",
    "numeroVoieEtablissement": "3",
    "typeVoieEtablissement": "RUE",
    "libelleVoieEtablissement": "DU PUITS",
    "codePostalEtablissement": "62300",
    "libelleCommuneEtablissement": "LENS",
    "codeCommuneEtablissement": "62498",
    "coordonneeLambertAbscisseEtablissement": "687903.1",
    "coordonneeLambertOrdonneeEtablissement": "7036955.2",
    "etatAdministratifEtablissement": "A",
    "enseigne1Etablissement": "FOUR A",
    "activitePrincipaleEtablissement": "23.51Z",
    "nomenclatureActivitePrincipaleEtablissement": "NAFRev2",
    "activitePrincipaleNAF25Etablissement": "23.51Y",
}
POST = "35600000049837"


def text(*rows):
    lines = [",".join(TITLES)]
    lines += [",".join(f'"{row[t]}"' if t in row else "" for t in TITLES) for row in rows]
    return "\n".join([*lines, ""])


def imported(tmp_path, *rows, **how):
    source = tmp_path / "StockEtablissement_utf8.csv"
    source.write_text(text(*rows), encoding="utf-8")
    report = import_sirene(source, tmp_path / "out", **how)
    said = pd.read_csv(tmp_path / "out/import_report.csv", dtype=str, keep_default_na=False)
    return report, said


def sites(tmp_path):
    return read_territory(tmp_path / "out").sites


def test_an_active_establishment_becomes_a_site_with_inferred_flows(tmp_path):
    report, _ = imported(tmp_path, CEMENT)
    site = sites(tmp_path).loc["73282932000074"]
    assert site[["lon", "lat"]].tolist() == pytest.approx([2.83, 50.43], abs=3e-5)
    assert (site["naf"], site["naf_version"], site["employees"]) == ("23.51Z", "2008", 100)
    assert (site["address"], site["city"], site["insee"]) == ("3 RUE DU PUITS", "LENS", "62498")
    assert (site["firm"], site["name"]) == ("FOUR A", "FOUR A")
    assert report.declarations > 0
    territory = read_territory(tmp_path / "out")
    assert (territory.declarations["data_quality"] == "inferred").all()


def test_communes_and_activities_and_closed_ones_are_passed_over_and_counted(tmp_path):
    rows = (
        CEMENT,
        {**CEMENT, "siret": POST, "etatAdministratifEtablissement": "F"},
        {**CEMENT, "siret": "1", "codeCommuneEtablissement": "59350"},
        {**CEMENT, "siret": "2", "activitePrincipaleEtablissement": "47.11B"},
    )
    report, said = imported(tmp_path, *rows, communes=["62498"], activities=["23", "10.51"])
    assert (report.rows, report.sites) == (4, 1)
    numbers = {code: text for code, text in zip(said["code"], said["said"], strict=True)}
    for code in ("register_closed", "register_other_commune", "register_other_activity"):
        assert " 1 " in numbers[code]
        assert report.counts[code] == 1


def test_paris_means_its_arrondissements(tmp_path):
    paris = {**CEMENT, "codeCommuneEtablissement": "75112", "codePostalEtablissement": "75012"}
    paris = {t: c for t, c in paris.items() if not t.startswith("coordonnee")}
    report, _ = imported(tmp_path, paris, communes=["75056"])
    assert report.sites == 1


def test_an_unknown_commune_is_a_fault(tmp_path):
    with pytest.raises(DeclarationError, match="99999"):
        imported(tmp_path, CEMENT, communes=["99999"])
    assert not (tmp_path / "out").exists()


def test_naf_2025_is_kept_as_such_and_read_only_where_the_class_did_not_change(tmp_path):
    """NACE 45.20 (repair of vehicles) is no class of rev. 2.1; 23.51 (cement) is."""
    new = {**CEMENT, "nomenclatureActivitePrincipaleEtablissement": "NAF2025"}
    moved = {**new, "siret": POST, "activitePrincipaleEtablissement": "45.20A"}
    report, said = imported(tmp_path, new, moved)
    assert sites(tmp_path)["naf_version"].tolist() == ["2025", "2025"]
    declared = read_territory(tmp_path / "out").declarations
    assert set(declared["site_id"]) == {"73282932000074"}
    assert said.loc[said["code"] == "register_naf_changed", "site_id"].tolist() == [POST]
    assert report.sites == 2


def test_an_older_nomenclature_gives_way_to_naf_2025(tmp_path):
    old = {**CEMENT, "nomenclatureActivitePrincipaleEtablissement": "NAFRev1"}
    _, said = imported(tmp_path, old)
    assert sites(tmp_path)[["naf", "naf_version"]].iloc[0].tolist() == ["23.51Y", "2025"]
    assert "register_naf_old" in set(said["code"])


def test_withheld_cells_are_blank_and_the_site_is_at_its_commune(tmp_path):
    hidden = {t: "[ND]" for t in TITLES if "Voie" in t or "coordonnee" in t or "enseigne" in t}
    _, said = imported(tmp_path, {**CEMENT, **hidden, "statutDiffusionEtablissement": "P"})
    site = sites(tmp_path).iloc[0]
    assert (site["address"], site["firm"]) == ("", "SIREN 732829320")
    assert site["position_quality"] == "commune"
    assert "register_protected" in set(said["code"])


def test_without_employees_no_flow_is_inferred(tmp_path):
    rows = [
        {**CEMENT, "trancheEffectifsEtablissement": band, "siret": siret}
        for band, siret in (("NN", "73282932000074"), ("00", POST), ("", "1"))
    ]
    report, said = imported(tmp_path, *rows)
    assert (report.sites, report.declarations) == (3, 0)
    assert "3" in said.loc[said["code"] == "register_no_staff", "said"].iloc[0]


def test_names_of_firms_come_from_the_file_of_units_and_persons_stay_unnamed(tmp_path):
    units = tmp_path / "StockUniteLegale_utf8.csv"
    units.write_text(
        "siren,nomUniteLegale,denominationUniteLegale,denominationUsuelle1UniteLegale\n"
        "732829320,,CIMENTS A,\n356000000,DUPONT,,\n999999999,,AUTRE,\n"
    )
    person = {**CEMENT, "siret": POST, "enseigne1Etablissement": ""}
    imported(tmp_path, CEMENT, person, units=units)
    assert sites(tmp_path)["firm"].to_dict() == {
        "73282932000074": "CIMENTS A",
        POST: "SIREN 356000000",
    }


@pytest.mark.parametrize("kind", ["zip", "gz"])
def test_archives_are_read_as_published(tmp_path, kind):
    source = tmp_path / f"StockEtablissement_utf8.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(source, "w") as archive:
            archive.writestr("StockEtablissement_utf8.csv", text(CEMENT))
    else:
        source.write_bytes(gzip.compress(text(CEMENT).encode()))
    assert import_sirene(source, tmp_path / "out").sites == 1


def test_a_quote_that_never_closes_takes_no_other_row_along(tmp_path):
    lines = text(CEMENT, {**CEMENT, "siret": POST}).splitlines()
    source = tmp_path / "stock.csv"
    broken = ["too,short", '"open,' + "," * (len(TITLES) - 2)]
    source.write_text("\n".join([lines[0], *broken, lines[1], lines[2], ""]))
    report = import_sirene(source, tmp_path / "out")
    assert set(sites(tmp_path).index) == {"73282932000074", POST}
    said = pd.read_csv(tmp_path / "out/import_report.csv", dtype=str)
    assert said.loc[said["code"] == "register_broken", "line"].tolist() == ["2", "3"]
    assert report.rows == 4


def test_another_file_is_refused(tmp_path):
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DeclarationError):
        import_sirene(tmp_path / "other.csv", tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as archive:
        archive.writestr("readme.txt", "")
    with pytest.raises(DeclarationError):
        import_sirene(tmp_path / "empty.zip", tmp_path / "out")


def test_what_was_written_is_a_territory_without_a_fault(tmp_path):
    imported(tmp_path, CEMENT, {**CEMENT, "siret": POST, "enseigne1Etablissement": "=1+1"})
    assert check_territory(tmp_path / "out").faults == ()
    assert (tmp_path / "out/sites.csv").read_text().count("'=1+1") == 2  # firm and name
    assert sites(tmp_path).loc[POST, "name"] == "=1+1"


cells = st.text(st.characters(blacklist_categories=("Cs",)), max_size=8)


@settings(max_examples=20, deadline=None)
@given(st.lists(cells, max_size=22))
def test_no_row_whatever_is_a_crash(tmp_path_factory, row):
    tmp_path = tmp_path_factory.mktemp("sirene")
    source = tmp_path / "stock.csv"
    lines = text(CEMENT, {**CEMENT, "siret": POST}).splitlines()
    source.write_text("\n".join([*lines[:2], ",".join(row), lines[2], ""]), encoding="utf-8")
    import_sirene(source, tmp_path / "out")
    assert {"73282932000074", POST} <= set(sites(tmp_path).index)


@pytest.mark.long
def test_memory_does_not_grow_with_the_rows_passed_over(tmp_path):
    import tracemalloc

    source = tmp_path / "stock.csv"
    other = text({**CEMENT, "codeCommuneEtablissement": "59350"}).splitlines()[1] + "\n"
    with source.open("w") as file:
        file.write(text(CEMENT))
        for _ in range(200):
            file.write(other * 1000)
    tracemalloc.start()
    rows = sum(not isinstance(one, Notice) for one in stream(source, "sirene"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == 200_001
    assert peak < 2_000_000


def test_bands_read_both_ways():
    assert fewest_employees(pd.Series(["12", "3", "03", "NN", "", "12.0"])).tolist() == [
        *("20", "6", "6", "", "", "20")
    ]
    for code, (low, high) in BANDS.items():
        assert band_of(low) == band_of(high) == code
    assert band_of(float("nan")) == ""


def test_a_class_of_2025_is_that_of_2008_by_number_and_name_by_name_or_by_the_table():
    """Hand checked against the names of both revisions of NACE."""
    known = {
        **{"23.51": "23.51", "10.81": "10.81"},  # the same number and name
        **{"22.26": "22.29", "25.62": "25.72", "43.41": "43.91"},  # the same name, moved
        **{"95.31": "45.20", "25.53": "25.62", "38.21": "38.32"},  # by the table
        **{"45.20": "", "35.12": "", "38.32": "", "99.99": "", "": ""},  # none, or not surely one
    }
    assert {number: class_2008(number) for number in known} == known
    naf = pd.Series(["45.20A", "45.20A", "23.51Z", "95.31Z"])
    version = pd.Series(["2008", "2025", "2025", "2025"])
    assert rev2_classes(naf, version).tolist() == ["45.20", "", "23.51", "45.20"]


def test_the_table_of_2025_names_classes_that_each_revision_has():
    table = data.read_csv("typical_flows/naf_2025.csv")
    assert table["class_2025"].is_unique
    assert set(table["relation"]) == {"renamed", "wider", "narrower"}
    for row in table.itertuples():
        assert nace.get_label(row.class_2025, revision="2.1")
        assert nace.get_label(row.class_2008, revision="2.0")
    apart = table[table["relation"] != "renamed"]
    assert (apart["note"] != "").all()


def test_flows_of_all_classes_but_one_can_be_inferred_from_codes_of_2025():
    """Of rev. 2's 38.21 (treatment of non-hazardous waste) each part went another way."""
    reached = {class_2008(f"{number // 100:02}.{number % 100:02}") for number in range(100, 10000)}
    assert set(typical_flows()["naf_prefix"]) - reached == {"38.21"}


def test_flows_are_those_of_the_class_of_2008(tmp_path):
    new = infer_declarations(
        pd.Series({"garage": "9531Z"}), lang="en", version=pd.Series({"garage": "2025"})
    )
    old = infer_declarations(pd.Series({"garage": "45.20A"}), lang="en")
    assert len(new)
    assert new.equals(old)


def test_a_headcount_moves_assumed_quantities_within_their_range_and_no_published_one():
    """Cement: one tenth to ten times; half the way up is times root of ten."""
    flows = typical_flows()
    flows = flows[(flows["naf_prefix"] == "23.51") & (flows["only_if"] == "")]
    names = [f"E{n}" for n in (5, 10, 50, 250, 1000)]
    naf = pd.Series("23.51Z", index=names)
    staff = pd.Series([5.0, 10, 50, 250, 1000], index=names)
    declared = infer_declarations(naf, lang="en", employees=staff)
    for flow in flows.itertuples():
        rows = declared[(declared["resource"] == flow.resource) & (declared["kind"] == flow.kind)]
        found = rows.set_index("site_id")["quantity"].reindex(names).tolist()
        low, mid, high = flow.quantity_low, flow.quantity, flow.quantity_high
        if flow.certainty == "C":
            wanted = [low, (low * mid) ** 0.5, mid, (mid * high) ** 0.5, high]
            assert found == pytest.approx(wanted, rel=1e-6)
        else:
            assert found == [mid] * 5
        assert (rows["quantity_low"] == low).all()
        assert (rows["quantity_high"] == high).all()
    assert "C" in set(flows["certainty"])
