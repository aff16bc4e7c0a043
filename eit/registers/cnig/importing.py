"""Business parks and establishments of the standard made into a territory folder."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from eit import nomenclature
from eit.faults import DeclarationError, Fault, Notice
from eit.places.telling import records
from eit.registers.bands import fewest_employees
from eit.registers.cnig.reading import Layer, read_layers
from eit.registers.cnig.shapes import Cell, geojson, outline, point
from eit.registers.report import ImportReport
from eit.registers.settling import each, plain_naf, settle
from eit.registers.writing import Draft, refuse_used, write_draft
from eit.tables import schema

PLOTS = "plots"
"""Property of a park that holds its plots (``terrain-eco``), GeoJSON outlines included."""
ACCESS = {"rail": "reseau_fret_ferroviaire", "quay": "reseau_fluvial"}
SPLIT_PURPOSES = ("aéroportuaire, aéronautique", "entrepôts, logistique", "mixte, sans dominante")
"""Main purposes of the standard that hold a comma."""
YES = {"oui": "yes", "non": "no"}


def import_cnig(source: str | Path, folder: str | Path, lang: str = "fr") -> ImportReport:
    """Write a territory folder from files of the standard « Sites économiques » 1.0.1.

    Parameters
    ----------
    source
        A folder of files, or one file: CSV, XLSX, GeoJSON or GeoPackage of the classes
        ``site-eco``, ``terrain-eco`` and ``etablissement``, recognised by their columns.
    folder
        Where to write: ``territory.toml``, ``parks.geojson``, ``sites.csv`` and
        ``import_report.csv``. A park keeps every field of the standard as a property.
    lang
        Language of what is written for people.

    Raises
    ------
    DeclarationError
        If nothing of the standard is found. A bad row never stops the others.
    FileExistsError
        If the folder exists and is not empty.
    """
    source, folder = Path(source), Path(folder)
    refuse_used(folder)
    layers = read_layers(source)
    if all(layer.rows.empty for layer in layers.values()):
        raise DeclarationError([Fault(source.name, 0, "", "", "register_nothing")])
    said: list[Fault | Notice] = [one for layer in layers.values() for one in layer.said]
    plots = layers["cnig_terrain"]
    parks = _parks(layers["cnig_site"], plots, said)
    sites = _sites(layers["cnig_establishment"], plots, set(parks["park_id"]), said)
    draft = Draft(
        register="cnig",
        settled=settle(sites),
        rows=sum(len(layer.rows) for layer in layers.values()),
        parks=parks,
        said=said,
    )
    return write_draft(folder, draft, lang)


# parks


def _parks(layer: Layer, plots: Layer, said: list[Fault | Notice]) -> gpd.GeoDataFrame:
    """Parks with every field of the standard; adds to `said`."""
    rows = layer.rows.assign(park_id=_plain_id(layer.rows["site_id"]))
    named = (rows["park_id"] != "") & ~rows["park_id"].duplicated()
    said += each(rows[~named], "site_id", "cnig_id")
    plots_of = _plots(plots, said)
    features = []
    for row in records(rows[named]):
        row = _mended_words(row, said)
        cell = Cell(row["file"], row["line"], "site_geomsurf", row["site_comm_insee"])
        shape, remarks = outline(row["shape"], row["site_geomsurf"], row["crs"], cell)
        said += remarks
        if shape is None:
            place = row["file"], row["line"], "site_geomsurf", row["park_id"]
            said.append(Notice(*place, "register_no_shape"))
            continue
        features.append(_feature(row, shape, plots_of.get(row["park_id"], [])))
    columns = ["park_id", "name", *ACCESS, *_kept("cnig_site"), PLOTS, "geometry"]
    frame = pd.DataFrame(features, columns=columns)
    return gpd.GeoDataFrame(frame, geometry="geometry", crs="EPSG:4326")


def _feature(row: Mapping[str, Any], shape: object, plots: list[dict[str, str]]) -> dict[str, Any]:
    stated = {name: row[name] or None for name in _kept("cnig_site")}
    access = {ours: YES.get(row[theirs].lower()) for ours, theirs in ACCESS.items()}
    return {
        "park_id": row["park_id"],
        "name": row["site_nom"] or row["park_id"],
        "geometry": shape,
        PLOTS: plots or None,
        **access,
        **stated,
    }


def _kept(name: str) -> list[str]:
    """Fields of a class that stand beside its identifier, name and outline."""
    apart = {"site_id", "site_nom", "site_geomsurf", "terr_geomsurf"}
    return [field for field in schema(name).names if field not in apart]


def _mended_words(row: dict[str, Any], said: list[Fault | Notice]) -> dict[str, Any]:
    """Put a purpose together again that its own comma made into two cells."""
    both = f"{row['site_vocadomi']}, {row['site_etat']}"
    if both.lower() in SPLIT_PURPOSES:
        said.append(Notice(row["file"], row["line"], "site_vocadomi", both, "cnig_joined"))
        return {**row, "site_vocadomi": both, "site_etat": ""}
    return row


def _plots(layer: Layer, said: list[Fault | Notice]) -> dict[str, list[dict[str, str]]]:
    """Plots of each park as their fields, their outline in degrees; adds to `said`."""
    found: dict[str, list[dict[str, str]]] = {}
    rows = layer.rows
    rows = rows.assign(terr_id=_plain_id(rows["terr_id"]), site_id=_plain_id(rows["site_id"]))
    lost = (rows["terr_id"] == "") | (rows["site_id"] == "")
    said += each(rows[lost], "terr_id", "cnig_id")
    for row in records(rows[~lost]):
        cell = Cell(row["file"], row["line"], "terr_geomsurf", row["site_id"][:5])
        shape, remarks = outline(row["shape"], row["terr_geomsurf"], row["crs"], cell)
        said += remarks
        plot = {name: row[name] for name in _kept("cnig_terrain") if row[name]}
        if shape is not None:
            plot["terr_geomsurf"] = geojson(shape)
        found.setdefault(row["site_id"], []).append(plot)
    return found


# sites


def _sites(layer: Layer, plots: Layer, parks: set[str], said: list[Fault | Notice]) -> pd.DataFrame:
    """Rows that `settle` takes, of the establishments that are active; adds to `said`."""
    rows = layer.rows
    closed = rows["etab_actif"].str.lower() == "non"
    said += each(rows[closed], "SIRET", "register_inactive")
    rows = rows[~closed].reset_index(drop=True)
    doubtful = rows["etab_fermeture_date"] != ""
    said += each(rows[doubtful], "etab_fermeture_date", "cnig_closed")
    naf = plain_naf(rows["etab_activite_code"])
    known = naf.isin(nomenclature.naf().index)
    said += each(rows[~known & (naf != "")], "etab_activite_code", "register_naf_none")
    lost = (rows["etab_nat_juridique"] != "") | (rows["etab_creation_date"] != "")
    if lost.any():
        said.append(Notice(str(rows["file"].iloc[0]), 0, "", "", "cnig_not_kept"))
    whole = r"^(?P<street>.*?)[;,\s]*\b(?P<postcode>\d{5})\s+(?P<city>\D.*)$"
    address = rows["etab_adresse"].str.extract(whole).fillna("")
    plain = address["postcode"] == ""
    return pd.concat([rows[["file", "line"]], _points(rows, said)], axis=1).assign(
        site_id=_site_ids(rows),
        firm=rows["etab_raison_sociale"],
        name=rows["etab_nom"],
        siret=rows["SIRET"],
        naf=naf,
        naf_version=known.map({True: "2008", False: ""}),
        address=rows["etab_adresse"].where(plain, address["street"]),
        postcode=address["postcode"],
        city=rows["comm_nom"].where(rows["comm_nom"] != "", address["city"]),
        insee=rows["comm_insee"],
        park_id=_park_of(rows, plots, parks, said),
        employees=fewest_employees(rows["etab_effectif_code"]),
        contact=(rows["etab_contact_mail"] + " " + rows["etab_contact_tel"]).str.strip(),
    )


def _points(rows: pd.DataFrame, said: list[Fault | Notice]) -> pd.DataFrame:
    """The columns x, y and crs of establishments; adds to `said`."""
    found = []
    for row in records(rows):
        cell = Cell(row["file"], row["line"], "etab_geompoint", row["comm_insee"])
        x, y, epsg, remarks = point(row["shape"], row["etab_geompoint"], row["crs"], cell)
        said += remarks
        found.append((x, y, f"EPSG:{epsg}" if epsg else ""))
    columns = ["x", "y", "crs"]
    return pd.DataFrame(found, index=rows.index, columns=columns).astype({"x": float, "y": float})


def _site_ids(rows: pd.DataFrame) -> pd.Series:
    """The SIRET; without one, a mark of what the row says, so that it is the same next time."""
    digits = rows["SIRET"].str.replace(r"\D", "", regex=True)
    fields = ("etab_raison_sociale", "etab_nom", "comm_insee", "etab_activite_code")
    words = rows[list(fields)].agg("|".join, axis=1) if len(rows) else pd.Series([], dtype=str)
    marks = words.map(lambda text: "E" + hashlib.sha256(text.encode()).hexdigest()[:10])
    return digits.where(digits != "", marks).astype(str)


def _park_of(
    rows: pd.DataFrame, plots: Layer, parks: set[str], said: list[Fault | Notice]
) -> pd.Series:
    """Park of each establishment by its plots, ``""`` where none leads to one; adds to `said`."""
    plot_ids = _plain_id(plots.rows["terr_id"])
    park_of = dict(zip(plot_ids, _plain_id(plots.rows["site_id"]), strict=True))

    def lookup(text: str) -> str:
        ids = ["".join(part.split()) for part in text.split("|")]
        return next((park_of[i] for i in ids if park_of.get(i) in parks), "")

    found = rows["terr_id"].map(lookup).astype(str)
    said += each(rows[(found == "") & (rows["terr_id"] != "")], "terr_id", "register_park_unknown")
    return found


def _plain_id(ids: pd.Series) -> pd.Series:
    """Identifiers without the spaces that some files have in them."""
    return ids.astype(str).str.replace(r"\s+", "", regex=True)


def plots_of(value: object) -> list[dict[str, str]]:
    """Plots of a park's property as read again from ``parks.geojson``."""
    if isinstance(value, str):
        value = json.loads(value) if value else []
    return list(value) if isinstance(value, list) else []
