"""The README's commands, run as they stand on a small register: from its file to the maps."""

import pytest

from bench import places as bench

TITLES = (
    "identifiant;nom_etablissement;numero_siret;adresse;code_postal;commune;departement;region;"
    "coordonnees_x;coordonnees_y;code_epsg;code_ape;libelle_ape;code_eprtr;libelle_eprtr"
)
ROWS = (
    "A;Fonderie A;;1 rue Jean Jaurès;62300;LENS;PAS-DE-CALAIS;HDF;;;;2451Z;;;",
    "B;Cimenterie B;;2 rue Victor Hugo;62800;LIEVIN;PAS-DE-CALAIS;HDF;2.76;50.42;4326;2351Z;;;",
    "C;Sucrerie C;;ZI;62400;BETHUNE;PAS-DE-CALAIS;HDF;2.63;50.53;4326;1081Z;;;",
    "D;Ailleurs;;;69001;LYON;RHONE;ARA;4.83;45.76;4326;1081Z;;;",
)
BASE = (
    "numero;nom_voie;code_insee;code_postal;nom_commune;lon;lat\n"
    "1;Rue Jean Jaurès;62498;62300;Lens;2.83;50.43\n"
)


def test_the_readme_names_each_step_from_the_register_to_the_maps():
    steps = [command.split()[1] for command in bench.commands()]
    assert steps == ["import", "new", "locate", "check", "match", "verify", "map"]


@pytest.mark.long
def test_the_commands_of_the_readme_lead_from_a_register_to_maps(tmp_path, monkeypatch):
    monkeypatch.setenv("EIT_CACHE", str(tmp_path / "cache"))
    register, ban, folder = (tmp_path / name for name in ("etablissements.csv", "base", "work"))
    register.write_text("\n".join([TITLES, *ROWS, ""]), encoding="utf-8")
    ban.mkdir()
    folder.mkdir()
    (ban / "adresses-62.csv").write_text(BASE, encoding="utf-8")
    lines = bench.measured(register, ban, folder)
    told = [line for line in lines if line.startswith("| `eit")]
    assert [line.split("`")[1] for line in told[:-1]] == bench.commands()
    assert any(line.startswith("3 sites, ") for line in lines)  # Lyon is no part of the north
    assert (folder / "run-north/maps/index.html").exists()
    assert (folder / "run-north/public/index.html").exists()
    positions = (folder / "north/positions.csv").read_text(encoding="utf-8")
    assert "1 Rue Jean Jaurès, 62300 Lens" in positions
