"""A layer of outlines from any geographic file, made into a territory's business parks."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import geopandas as gpd
import pandas as pd
from pyogrio.errors import DataLayerError, DataSourceError

from eit.faults import DeclarationError, Fault, Notice
from eit.registers.cnig.shapes import Cell, outline
from eit.registers.reading import list_layers, read_layer
from eit.registers.report import COLUMNS, ImportReport, counts_of, remarks
from eit.registers.settling import settle
from eit.registers.writing import Draft, write_draft, write_parks, write_table
from eit.tables import key_of
from eit.territory.parks import ALIASES

MORE_ALIASES = {
    "park_id": ("code", "fid", "ogc_fid", "gid", "num", "numero", "id_site", "idzone"),
    "name": ("libelle_zone", "nom_site", "nom_za", "nomzone", "designation", "toponyme", "label"),
}


def import_layer(
    source: str | Path,
    folder: str | Path,
    *,
    layer: str = "",
    id_column: str = "",
    name_column: str = "",
    lang: str = "fr",
) -> ImportReport:
    """Write ``parks.geojson`` from a layer of polygons.

    Parameters
    ----------
    source
        GeoPackage, GeoJSON, Shapefile or whatever else GDAL opens, in any system.
    folder
        A territory folder without parks, or none yet: then one is made.
    layer
        Which layer of the file; blank takes the only one, or the first with polygons.
    id_column, name_column
        Which columns name a park; blank finds them by their usual names. Without an identifier
        parks are numbered.
    lang
        Language of what is written for people.

    Raises
    ------
    DeclarationError
        If there is no such layer or column, or no polygon in it.
    FileExistsError
        If the folder has parks already, or is not empty and no territory.
    """
    source, folder = Path(source), Path(folder)
    _refuse(folder)
    frame, said = _opened(source, layer)
    columns = {
        "park_id": _column(source, frame, "park_id", id_column),
        "name": _column(source, frame, "name", name_column),
    }
    parks = _parks(source.name, frame, columns, said)
    if parks.empty:
        raise DeclarationError([Fault(source.name, 0, "", layer, "register_no_polygon")])
    if not (folder / "territory.toml").exists():
        nothing = pd.DataFrame({name: pd.Series([], dtype=str) for name in ("file", "site_id")})
        settled = settle(nothing.assign(line=pd.Series([], dtype=int)))
        return write_draft(
            folder, Draft("layer", settled, rows=len(frame), parks=parks, said=said), lang
        )
    write_parks(parks, folder / "parks.geojson")
    report = remarks(said, {}, lang)
    path = folder / "import_report.csv"
    before = pd.read_csv(path, dtype=str, keep_default_na=False) if path.exists() else None
    whole = report if before is None else pd.concat([before, report.astype(str)])
    write_table(whole.reindex(columns=list(COLUMNS)), path)
    return ImportReport(
        folder=folder,
        rows=len(frame),
        sites=0,
        declarations=0,
        placed={},
        counts=counts_of(report["code"]),
        parks=len(parks),
    )


def _refuse(folder: Path) -> None:
    used = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    if used and not (folder / "territory.toml").exists():
        raise FileExistsError(str(folder))
    if (folder / "parks.geojson").exists():
        raise FileExistsError(str(folder / "parks.geojson"))


def _opened(source: Path, layer: str) -> tuple[gpd.GeoDataFrame, list[Fault | Notice]]:
    """The layer asked for, or the first with polygons; what its reader warns of."""
    try:
        listed = [(str(name), str(kind)) for name, kind in list_layers(source)]
        named = [name for name, kind in listed if layer in ("", name)]
        with_polygons = [n for n, kind in listed if n in named and "Polygon" in kind] or named
        if with_polygons:
            return read_layer(source, with_polygons[0])
    except (DataSourceError, DataLayerError, ValueError) as error:
        why = " ".join(str(error).split())
        raise DeclarationError([Fault(source.name, 0, "", why, "register_no_polygon")]) from error
    raise DeclarationError([Fault(source.name, 0, "", layer, "register_no_polygon")])


def _column(source: Path, frame: gpd.GeoDataFrame, role: str, asked: str) -> str:
    """Title of the column of a role: the one asked for, else one of the usual names, else none."""
    titles = {key_of(str(title)): str(title) for title in frame.columns}
    if asked and key_of(asked) not in titles:
        wanted = {"titles": ", ".join(titles.values())}
        raise DeclarationError([Fault(source.name, 0, role, asked, "register_column", wanted)])
    usual = (asked,) if asked else (*ALIASES[role], *MORE_ALIASES[role])
    return next((titles[key_of(name)] for name in usual if key_of(name) in titles), "")


def _parks(
    file: str, frame: gpd.GeoDataFrame, columns: Mapping[str, str], said: list[Fault | Notice]
) -> gpd.GeoDataFrame:
    """Parks with an id each, their outline in degrees; adds to `said`."""
    crs = frame.crs.to_epsg() or 0 if frame.crs is not None else 0
    if frame.crs is not None and not crs:
        frame, crs = frame.to_crs(4326), 4326
    ids, names = (list(_texts(frame, columns[role])) for role in ("park_id", "name"))
    if not columns["park_id"]:
        said.append(Notice(file, 0, "park_id", "", "layer_numbered"))
    found: dict[str, dict[str, object]] = {}
    for number, shape in enumerate(frame.geometry, 1):
        park_id = ids[number - 1] or f"P{number}"
        whole, remarks_ = outline(shape, "", crs, Cell(file, number, "", ""))
        said += remarks_
        if whole is None:
            said.append(Notice(file, number, "", park_id, "register_no_shape"))
        elif park_id in found:
            said.append(Notice(file, number, "", park_id, "cnig_id"))
        else:
            found[park_id] = {
                "park_id": park_id,
                "name": names[number - 1] or park_id,
                "geometry": whole,
            }
    rows = pd.DataFrame(list(found.values()), columns=["park_id", "name", "geometry"])
    return gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4326")


def _texts(frame: gpd.GeoDataFrame, column: str) -> Iterator[str]:
    """Cells of a column as text, whole numbers without a point; blanks where there is none."""
    if not column:
        yield from [""] * len(frame)
        return
    for value in frame[column]:
        if value is None or value != value:
            yield ""
        else:
            yield f"{value:.12g}" if isinstance(value, float) else str(value).strip()
