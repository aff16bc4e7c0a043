"""Files that are no register at all: a fault, or a report, and never anything else."""

import gzip
import zipfile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eit.faults import DeclarationError
from eit.registers import (
    import_cnig,
    import_irep,
    import_layer,
    import_sirene,
    import_trackdechets,
)

HEADERS = {
    "irep.csv": (import_irep, b"identifiant;nom_etablissement;commune;coordonnees_x\n"),
    "sirene.csv": (
        import_sirene,
        b"siret,codeCommuneEtablissement,activitePrincipaleEtablissement\n",
    ),
    "trackdechets.csv": (
        import_trackdechets,
        "Code déchet;Expéditeur - N° d'identification\n".encode(),
    ),
    "cnig.csv": (import_cnig, b"identif_site;nom_site;geom_surf\n"),
    "layer.gpkg": (import_layer, b"SQLite format 3\x00"),
    "sirene.zip": (import_sirene, b"PK\x03\x04"),
    "sirene.gz": (import_sirene, b"\x1f\x8b\x08"),
    "trackdechets.xlsx": (import_trackdechets, b"PK\x03\x04"),
}


@pytest.mark.parametrize("name", list(HEADERS))
@settings(max_examples=15, deadline=None)
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=80).map(str.encode)))
@example(content=b'"' * 3 + b"\n" + b";" * 40)
@example(content=b"\xff\xfe\x00")
@example(content=b"")
def test_no_bytes_whatever_are_a_crash(tmp_path_factory, name, content):
    importer, header = HEADERS[name]
    folder = tmp_path_factory.mktemp("bytes")
    for number, whole in enumerate((content, header + content)):
        (folder / name).write_bytes(whole)
        try:
            report = importer(folder / name, folder / f"out-{number}")
        except DeclarationError:
            assert not (folder / f"out-{number}" / "sites.csv").exists()
        else:
            assert report.rows >= 0


@pytest.mark.parametrize("kind", ["zip", "gz"])
def test_an_archive_that_was_cut_short_is_a_fault_that_says_so(tmp_path, kind):
    line = b"73282932000074,62498,23.51Z\n"
    text = b"siret,codeCommuneEtablissement,activitePrincipaleEtablissement\n" + 20_000 * line
    path = tmp_path / f"stock.{kind}"
    if kind == "gz":
        path.write_bytes(gzip.compress(text)[:-20])
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("stock.csv", text)
        whole = bytearray(path.read_bytes())
        whole[60] ^= 0xFF  # a bit of the compressed rows, not of the table of contents
        path.write_bytes(whole)
    with pytest.raises(DeclarationError) as raised:
        import_sirene(path, tmp_path / "out")
    (fault,) = raised.value.faults
    assert fault.code == "damaged_archive"
    assert "archive" in fault.text("fr")
    assert not (tmp_path / "out").exists()
