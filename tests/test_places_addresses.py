"""Addresses: found offline however they are written, and listed where nobody can be sure."""

import gzip
import os
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import addresses as bench
from eit.faults import DeclarationError
from eit.places.addresses import find_addresses, open_index, with_positions
from eit.places.addresses.looking import locate_addresses
from eit.places.addresses.spelling import Street, readings, street_of
from eit.tables import read_table
from eit.territory.reading import check_territory

TITLES = "id;id_fantoir;numero;rep;nom_voie;code_postal;code_insee;nom_commune;x;y;lon;lat"
BASE = [
    "1;;3;;Rue du Puits;62300;62498;Lens;;;2.8301;50.4301",
    "2;;5;bis;Rue du Puits;62300;62498;Lens;;;2.8305;50.4305",
    "3;;40;;Rue du Puits;62300;62498;Lens;;;2.8340;50.4340",
    "4;;1;;Avenue du Puits;62300;62498;Lens;;;2.8600;50.4600",
    "5;;99999;;Le Bois Carré;62300;62498;Lens;;;2.8400;50.4400",
    "6;;7;;Rue Émile Zola;62800;62510;Liévin;;;2.7600;50.4200",
]


@pytest.fixture
def gazetteer(tmp_path):
    folder = tmp_path / "ban"
    folder.mkdir()
    (folder / "adresses-62.csv").write_text("\n".join([TITLES, *BASE, ""]), encoding="utf-8")
    return folder


def find(gazetteer, address, *, postcode="62300", city="Lens", insee=""):
    row = {"address": address, "postcode": postcode, "city": city, "insee": insee}
    with closing(open_index(gazetteer)) as index:
        return find_addresses(index, pd.DataFrame([row])).iloc[0]


def test_a_house_is_found_at_its_number(gazetteer):
    answer = find(gazetteer, "3, r. du Puits")
    assert (answer.lon, answer.lat) == (2.8301, 50.4301)
    assert (answer.precision, answer.score, answer.sure) == ("housenumber", 1.0, True)
    assert answer.found == "3 Rue du Puits, 62300 Lens"
    assert answer.source == "adresses-62.csv"


def test_a_number_that_is_not_there_is_placed_by_its_neighbour_and_called_a_street(gazetteer):
    answer = find(gazetteer, "9 rue du Puits")
    assert (answer.lon, answer.precision, answer.sure) == (2.8305, "street", True)
    far = find(gazetteer, "20 rue du Puits")  # nearest is 5 bis, 15 numbers off: the whole street
    assert far.precision == "street"
    assert far.lon == pytest.approx(np.mean([2.8301, 2.8305, 2.8340]), abs=1e-6)


def test_a_place_without_numbers_is_a_locality(gazetteer):
    answer = find(gazetteer, "Lieu dit le bois carre")
    assert (answer.lon, answer.precision) == (2.84, "locality")


def test_two_places_alike_are_left_to_a_person(gazetteer):
    answer = find(gazetteer, "Puits")
    assert not answer.sure
    assert answer.rivals == "Avenue du Puits, 62300 Lens"


def test_what_is_not_there_is_at_the_commune_and_never_taken(gazetteer):
    answer = find(gazetteer, "12 rue des Acacias")
    assert (answer.precision, answer.score, answer.sure) == ("municipality", 0.0, False)
    nowhere = find(gazetteer, "12 rue des Acacias", postcode="", city="Nulle Part")
    assert (nowhere.precision, np.isnan(nowhere.lon)) == ("none", True)


def test_another_commune_of_the_postcode_is_searched_too_at_a_loss(gazetteer):
    answer = find(gazetteer, "7 rue Emile Zola", postcode="62800", city="Lens")
    assert answer.found == "7 Rue Émile Zola, 62800 Liévin"
    assert 0.8 < answer.score < 1


def test_an_insee_code_needs_no_name(gazetteer):
    assert find(gazetteer, "3 rue du Puits", postcode="", city="", insee="62498").sure


@pytest.mark.parametrize(
    ("written", "kind", "words"),
    [
        ("Bd du Gal. Leclerc", "BOULEVARD", "GENERAL LECLERC"),
        ("AV. ST-ELOI", "AVENUE", "SAINT ELOI"),
        ("Z.I. n° 2 du Bois", "ZONE", "N 2 BOIS"),
        ("zone d'activités économiques des Prés", "ZONE", "PRES"),
        ("ZAC DES PRES", "ZONE", "PRES"),
        ("Grand'Place", "", "GRAND PLACE"),
        ("", "", ""),
    ],
)
def test_streets_have_one_spelling(written, kind, words):
    assert street_of(written) == Street(kind, tuple(words.split() or [""]) if words else ())


def test_numbers_are_read_from_the_front_whatever_stands_around():
    found = {
        "12 bis rue A. Briand": (12, "BIS"),
        "12B, rue Aristide Briand": (12, "B"),
        "12-14 rue Aristide Briand": (12, ""),
        "rue Aristide Briand": (0, ""),
    }
    for address, wanted in found.items():
        first = readings(address)[0]
        assert (first.number, first.suffix) == wanted, address
    assert readings("BP 12") == readings("") == ()


def test_the_index_is_made_once_and_again_when_a_file_changes(gazetteer):
    open_index(gazetteer).close()
    made = (gazetteer / "addresses.sqlite").stat().st_mtime_ns
    open_index(gazetteer).close()
    assert (gazetteer / "addresses.sqlite").stat().st_mtime_ns == made
    more = gzip.compress(f"{TITLES}\n9;;1;;Rue Neuve;62300;62498;Lens;;;2.9;50.5\n".encode())
    (gazetteer / "adresses-59.csv.gz").write_bytes(more)
    assert find(gazetteer, "1 rue Neuve").lon == 2.9
    (gazetteer / "addresses.sqlite").write_bytes(b"not a database")
    assert find(gazetteer, "1 rue Neuve").sure


def test_damaged_rows_of_the_base_are_passed_over_and_counted(gazetteer):
    with (gazetteer / "adresses-62.csv").open("a") as file:
        file.write("7;;1;;Rue Sans Lieu;62300;62498;Lens;;;;\nshort;row\n")
        file.write("8;;2;;Rue Neuve;62300;62498;Lens;;;2,91;50,51\n")
    with closing(open_index(gazetteer)) as index:
        assert index.execute("SELECT damaged FROM about").fetchone() == (2,)
    assert find(gazetteer, "2 rue Neuve").lon == 2.91


def test_a_folder_without_address_files_is_refused(tmp_path):
    with pytest.raises(DeclarationError):
        open_index(tmp_path)
    (tmp_path / "other.csv").write_text("a;b\n1;2\n")
    with pytest.raises(DeclarationError):
        open_index(tmp_path)


# positions.csv

SITES = """site_id,address,postcode,city,lon,lat
exact,3 rue du Puits,62300,Lens,2.83,50.43
sure,3 rue du Puit,62300,Lens,,
doubt,Puits,62300,Lens,,
lost,12 rue des Acacias,62300,Lens,,
"""


@pytest.fixture
def territory(tmp_path):
    folder = tmp_path / "territory"
    folder.mkdir()
    (folder / "sites.csv").write_text(SITES, encoding="utf-8")
    return folder


def positions(territory):
    return read_table(territory / "positions.csv", "positions").rows.set_index("site_id")


def placed(territory):
    """Sites as a territory holds them, placed at their commune where they have no coordinates."""
    sites = read_table(territory / "sites.csv", "sites").rows.set_index("site_id")
    quality = sites["lon"].notna().map({True: "exact", False: "commune"})
    sites = sites.assign(position_quality=quality, commune_area_km2=11.7)
    rows = read_table(territory / "positions.csv", "positions").rows
    return with_positions(sites, rows)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_positions_have_source_score_and_precision_and_doubts_are_to_settle(
    territory, gazetteer, lang
):
    report = locate_addresses(territory, gazetteer, lang=lang)
    assert (report.sites, report.kept, report.to_settle) == (3, 0, 2)
    assert report.found == {"housenumber": 1, "street": 0, "locality": 0}
    found = positions(territory)
    assert found.index.tolist() == ["doubt", "lost", "sure"]
    assert found.loc["sure", ["precision", "source", "use"]].tolist() == [
        *("housenumber", "BAN (adresses-62.csv)", "yes")
    ]
    assert found["use"].to_dict() == {"doubt": "", "lost": "", "sure": "yes"}
    assert "Avenue du Puits" in found.loc["doubt", "candidates"]
    assert report.as_dict()["to_settle"] == 2
    assert len(report.lines(lang)) == 6


def test_only_positions_that_are_to_be_used_place_a_site(territory, gazetteer):
    locate_addresses(territory, gazetteer)
    sites, notices = placed(territory)
    assert sites["position_quality"].to_dict() == {
        **{"exact": "exact", "sure": "address", "doubt": "commune", "lost": "commune"}
    }
    assert sites.loc["sure", ["lon", "lat"]].tolist() == [2.8301, 50.4301]
    assert np.isnan(sites.loc["sure", "commune_area_km2"])
    assert notices == []


def test_what_a_person_settled_is_read_back_and_never_overwritten(territory, gazetteer):
    locate_addresses(territory, gazetteer)
    path = territory / "positions.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False).set_index("id_site")
    table.loc["doubt", ["longitude", "latitude", "retenir", "origine"]] = [
        "2.9",
        "50.5",
        "oui",
        "moi",
    ]
    table.loc["sure", "retenir"] = "non"
    table.to_csv(path, sep=";")
    report = locate_addresses(territory, gazetteer)
    assert (report.kept, report.to_settle) == (2, 1)
    sites, _ = placed(territory)
    assert sites["position_quality"].to_dict() == {
        **{"exact": "exact", "sure": "commune", "doubt": "address", "lost": "commune"}
    }
    assert sites.loc["doubt", ["lon", "lat"]].tolist() == [2.9, 50.5]
    assert positions(territory).loc["doubt", "source"] == "moi"


def test_a_position_holds_only_as_long_as_the_site_has_its_address(territory, gazetteer):
    locate_addresses(territory, gazetteer)
    moved = SITES.replace("sure,3 rue du Puit", "sure,7 rue du Four") + "new,,62300,Lens,,\n"
    (territory / "sites.csv").write_text(moved.replace("lost,", "gone,"), encoding="utf-8")
    text = (territory / "positions.csv").read_text().replace("lost,", "stranger,")
    (territory / "positions.csv").write_text(
        text.replace(",municipality,,,", ",municipality,,oui,")
    )
    sites, notices = placed(territory)
    assert (sites["position_quality"] == "address").sum() == 0
    assert [notice.code for notice in notices] == ["position_stranger", "position_stale"]
    assert all(notice.text(lang) for notice in notices for lang in ("fr", "en"))
    report = locate_addresses(territory, gazetteer)
    assert report.kept == 0


def test_a_territory_without_sites_is_a_fault(tmp_path, gazetteer):
    with pytest.raises(DeclarationError):
        locate_addresses(tmp_path, gazetteer)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=30))
def test_no_address_whatever_is_a_crash(tmp_path_factory, text):
    folder = tmp_path_factory.getbasetemp() / "ban-any"
    if not folder.exists():
        folder.mkdir()
        (folder / "a.csv").write_text("\n".join([TITLES, *BASE, ""]), encoding="utf-8")
    answer = find(folder, text)
    assert 0 <= answer.score <= 1


def test_misspelt_addresses_are_found_and_none_is_taken_wrongly():
    """Held against addresses that people write; by kind: ``python -m bench.addresses``."""
    table = bench.judged()
    precision, recall = bench.figures(table)
    assert precision >= 0.99
    assert recall >= 0.95
    assert not table.loc[table["meant"] == "", "sure"].any()


@pytest.mark.data
def test_local_address_files_of_other_makes_are_read(tmp_path):
    folder = tmp_path / "bal"
    folder.mkdir()
    text = (Path(os.environ["EIT_DATA"]) / "hard_csv/bal_auto-detect-1.5.csv").read_text("utf-8")
    (folder / "bal.csv").write_text(text, encoding="utf-8")
    answer = find(folder, "9 rue des 3 places", postcode="", city="", insee="31591")
    assert (answer.lon, answer.lat) == (1.028392, 43.111637)


HUBS = """hub_id,name,address,postcode,city,lon,lat,takes,gives
H1,Chaufferie,3 r. du Puits,62300,Lens,,,15 01 03,heat
H1,Chaufferie,3 r. du Puits,62300,Lens,,,03 01 05,heat
H2,Sciure,1 rue Émile Zola,62800,Liévin,2.76,50.42,03 01 05,
sure,Tri,40 rue du Puits,62300,Lens,,,15 01 01,
"""
EMPTY = "declaration_id,site_id,kind,resource,quantity\n"


@pytest.fixture
def whole(territory):
    """A territory whose hub ``sure`` bears the name of a site."""
    (territory / "territory.toml").write_text('[territory]\nname = "T"\n')
    (territory / "hubs.csv").write_text(HUBS, encoding="utf-8")
    (territory / "declarations").mkdir()
    (territory / "declarations/all.csv").write_text(EMPTY)
    return territory


def centred(reading):
    said = [one for one in reading.notices if one.code == "placed_at_communes"]
    return {one.file: one.detail["number"] for one in said}


def test_hubs_are_located_by_their_address_like_sites(whole, gazetteer):
    before = check_territory(whole)
    assert centred(before) == {"sites.csv": "3", "hubs.csv": "3"}
    report = locate_addresses(whole, gazetteer, lang="en")
    assert (report.sites, report.found["housenumber"]) == (5, 3)
    found = read_table(whole / "positions.csv", "positions").rows
    assert found[["of", "site_id"]].to_numpy().tolist() == [
        *(["site", "doubt"], ["site", "lost"], ["site", "sure"], ["hub", "H1"], ["hub", "sure"])
    ]
    reading = check_territory(whole)
    hubs = reading.territory.hubs.drop_duplicates("hub_id").set_index("hub_id")
    assert hubs["position_quality"].to_dict() == {"H1": "address", "H2": "exact", "sure": "address"}
    assert hubs.loc[["H1", "sure"], "lon"].tolist() == [2.8301, 2.8340]
    assert reading.territory.hubs["lon"].tolist() == [2.8301, 2.8301, 2.76, 2.8340]
    assert reading.territory.sites.loc["sure", "lon"] == 2.8301


def test_what_a_position_places_is_not_said_to_stand_at_its_commune(whole, gazetteer):
    locate_addresses(whole, gazetteer)
    assert centred(check_territory(whole)) == {"sites.csv": "2"}
    text = (whole / "sites.csv").read_text(encoding="utf-8")
    (whole / "sites.csv").write_text(text.replace("3 rue du Puit,", "5 rue du Four,"))
    reading = check_territory(whole)
    assert centred(reading) == {"sites.csv": "3"}
    assert "position_stale" in [one.code for one in reading.notices]


def test_a_hub_that_moved_is_not_placed_where_it_was(whole, gazetteer):
    locate_addresses(whole, gazetteer)
    (whole / "hubs.csv").write_text(HUBS.replace("3 r. du Puits", "9 rue Neuve"), encoding="utf-8")
    reading = check_territory(whole)
    hubs = reading.territory.hubs.drop_duplicates("hub_id").set_index("hub_id")
    assert hubs.loc["H1", "position_quality"] == "commune"
    assert [one.value for one in reading.notices if one.code == "position_stale"] == ["H1"]


def test_positions_of_before_hubs_were_located_are_those_of_sites(whole):
    (whole / "positions.csv").write_text(
        "site_id,lon,lat,use\nsure,2.9,50.5,yes\n", encoding="utf-8"
    )
    territory = check_territory(whole).territory
    assert territory.sites.loc["sure", "lon"] == 2.9
    hubs = territory.hubs.set_index("hub_id")
    assert hubs.loc["sure", "position_quality"] == "commune"
