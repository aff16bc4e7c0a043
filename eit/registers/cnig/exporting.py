"""A territory's parks and sites written as files of the standard."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from eit import nomenclature, texts
from eit.places import communes
from eit.places.telling import records
from eit.registers.bands import band_of
from eit.registers.cnig.importing import PLOTS, plots_of
from eit.registers.cnig.shapes import geojson
from eit.registers.writing import refuse_used
from eit.tables import schema
from eit.territory import Territory

FILES = {
    "cnig_site": "site-eco.csv",
    "cnig_terrain": "terrain-eco.csv",
    "cnig_establishment": "etablissement.csv",
}
REQUIRED = {
    "cnig_site": (
        *("site_id", "pole_id", "site_nom", "site_type", "site_vocadomi", "site_etat"),
        *("site_surf_brute", "site_surf_utile", "site_identif_date", "site_actu_date"),
        *("site_epci_nom", "site_epci_siren", "site_comm_nom", "site_comm_insee"),
        *("site_moa_type", "site_geomsurf"),
    ),
    "cnig_terrain": (
        *("terr_id", "site_id", "terr_surf_brute", "terr_identif_date", "terr_actu_date"),
        *("terr_maitrise_fonc", "terr_stade_amngt", "terr_stade_comm", "terr_etat_occup"),
        *("terr_usage", "terr_geomsurf"),
    ),
    "cnig_establishment": (
        *("SIRET", "SIREN", "terr_id", "etab_raison_sociale", "etab_nat_juridique", "etab_nom"),
        *("epci_nom", "epci_siren", "comm_nom", "comm_insee", "etab_creation_date"),
        *("etab_identif_date", "etab_actu_date", "etab_activite_code", "etab_activite_libelle"),
        *("etab_effectif_code", "etab_effectif_libelle", "etab_effectif_annee"),
        *("etab_source_info", "geocodage_qualite", "etab_geompoint"),
    ),
}
"""Fields that the standard requires; the territory does not know them all."""


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written.

    Attributes
    ----------
    folder
        Where.
    rows
        Rows by file.
    blank
        Rows by field that the standard requires and that the territory does not know.
    """

    folder: Path
    rows: Mapping[str, int]
    blank: Mapping[str, int]

    def as_dict(self) -> dict[str, object]:
        """Everything, as JSON holds it."""
        return {"folder": str(self.folder), "rows": dict(self.rows), "blank": dict(self.blank)}

    def lines(self, lang: str) -> dict[str, str]:
        """Label and figure of each line that a person reads."""
        blank = {
            texts.say("registers.cnig_blank", lang, field=field): str(number)
            for field, number in self.blank.items()
        }
        return {name: str(number) for name, number in self.rows.items()} | blank


def export_cnig(territory: Territory, folder: str | Path) -> ExportReport:
    """Write a territory's parks, plots and sites as files of « Sites économiques » 1.0.1.

    Fields that an earlier import kept with the parks are written again; a park whose plots are
    not known gets one for the whole of it, so that its establishments can name it.

    Parameters
    ----------
    territory
        As read.
    folder
        Where to write ``site-eco.csv``, ``terrain-eco.csv`` and ``etablissement.csv``.

    Raises
    ------
    FileExistsError
        If the folder exists and is not empty.
    """
    folder = Path(folder)
    refuse_used(folder)
    kept = _kept_properties(territory)
    parks = records(pd.DataFrame(territory.parks))
    plots = {park["park_id"]: _plots_of(park, kept) for park in parks}
    tables = {
        "cnig_site": [_park_row(park, kept.get(park["park_id"], {})) for park in parks],
        "cnig_terrain": [plot for park in parks for plot in plots[park["park_id"]]],
        "cnig_establishment": [
            _site_row(row, plots) for row in records(territory.sites.reset_index())
        ],
    }
    folder.mkdir(parents=True, exist_ok=True)
    blank: dict[str, int] = {}
    for name, rows in tables.items():
        frame = pd.DataFrame(rows, columns=list(schema(name).names), dtype=object).fillna("")
        frame.to_csv(folder / FILES[name], sep=";", index=False, lineterminator="\n")
        missing = (frame[list(REQUIRED[name])] == "").sum()
        blank |= {str(field): int(number) for field, number in missing.items() if number}
    written = {FILES[name]: len(rows) for name, rows in tables.items()}
    return ExportReport(folder, MappingProxyType(written), MappingProxyType(blank))


def _kept_properties(territory: Territory) -> dict[str, dict[str, Any]]:
    """What ``parks.geojson`` says of each park beyond its name and outline."""
    path = None if territory.folder is None else territory.folder / "parks.geojson"
    if path is None or not path.exists():
        return {}
    read = pd.DataFrame(gpd.read_file(path)).drop(columns="geometry")
    read = read.astype(object).where(read.notna(), "")
    return {str(row["park_id"]): row for row in records(read) if "park_id" in row}


def _park_row(park: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    stated = {name: _cell(kept.get(name, "")) for name in schema("cnig_site").names}
    stated |= {
        "site_id": park["park_id"],
        "site_nom": park["name"],
        "site_geomsurf": geojson(park["geometry"]),
    }
    stated["site_surf_brute"] = stated["site_surf_brute"] or _hectares(park["geometry"])
    return stated


def _plots_of(park: Mapping[str, Any], kept: Mapping[str, Any]) -> list[dict[str, Any]]:
    park_id = park["park_id"]
    known = plots_of(kept.get(park_id, {}).get(PLOTS))
    whole = {
        "terr_id": f"{park_id}_TERRAIN",
        "terr_geomsurf": geojson(park["geometry"]),
        "terr_surf_brute": _hectares(park["geometry"]),
    }
    return [{**plot, "site_id": park_id} for plot in known or [whole]]


def _site_row(site: Mapping[str, Any], plots: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    known = communes()
    placed = site["position_quality"] in ("exact", "address")
    here = {"type": "MultiPoint", "coordinates": [[_degree(site["lon"]), _degree(site["lat"])]]}
    mail = [word for word in site["contact"].split() if "@" in word]
    other = [word for word in site["contact"].split() if "@" not in word]
    town = " ".join(part for part in (site["postcode"], site["city"]) if part)
    address = ", ".join(part for part in (site["address"], town) if part)
    activities = nomenclature.naf()["label_fr"]
    return {
        "SIRET": site["siret"],
        "SIREN": site["siret"][:9],
        "terr_id": next((plot["terr_id"] for plot in plots.get(site["park_id"], [])), ""),
        "etab_adresse": address if site["postcode"] else site["address"],
        "etab_raison_sociale": site["firm"],
        "etab_nom": site["name"],
        "comm_nom": site["city"] or (known["name"].get(site["insee"]) or ""),
        "comm_insee": site["insee"],
        "etab_actif": "oui",
        "etab_activite_code": site["naf"].replace(".", ""),
        "etab_activite_libelle": activities.get(site["naf"], ""),
        "etab_effectif_code": band_of(site["employees"]),
        "etab_geompoint": json.dumps(here) if placed else "",
        "etab_contact_mail": " ".join(mail),
        "etab_contact_tel": " ".join(other),
    }


def _hectares(shape: BaseGeometry) -> str:
    area_m2, _ = Geod(ellps="GRS80").geometry_area_perimeter(shape)
    return f"{abs(area_m2) / 1e4:.2f}"


def _degree(value: float) -> float:
    return round(float(value), 7)


def _cell(value: object) -> str:
    """A property as the standard writes it: yes and no in French, days without an hour."""
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float):
        return f"{value:.12g}"
    return {"True": "oui", "False": "non"}.get(str(value), str(value))
