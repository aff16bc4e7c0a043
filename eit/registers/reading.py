"""Files of a register read as declared tables or layers; whole rows apart from damaged ones."""

import warnings
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from eit.faults import DeclarationError, Fault, Notice
from eit.tables import Table, read_table


def read_rows(
    source: Path | bytes,
    schema: str,
    lang: str,
    *,
    file: str | None = None,
    may_lack: tuple[str, ...] = (),
) -> tuple[Table, pd.DataFrame, list[Fault | Notice]]:
    """Read a register's file: the table, its rows that are whole, and what is said of the others.

    Parameters
    ----------
    source, schema, file
        As for `eit.tables.read_table`.
    lang
        Language in which a damaged row says what is wrong with it.
    may_lack
        Required columns that a row may leave blank all the same.

    Raises
    ------
    DeclarationError
        If the file is not that register at all.
    """
    table = read_table(source, schema, file=file)
    if fatal := [fault for fault in table.faults if fault.line <= 1]:
        raise DeclarationError(fatal)
    said: list[Fault | Notice] = [*table.notices]
    spared = {("blank", column) for column in may_lack}
    damaged = [fault for fault in table.faults if (fault.code, fault.column) not in spared]
    said += [Notice(f.file, f.line, "", f.text(lang), "register_damaged") for f in damaged]
    whole = ~table.rows["line"].isin([fault.line for fault in damaged])
    return table, table.rows[whole].reset_index(drop=True), said


def list_layers(source: Path) -> list[tuple[str, str]]:
    """Name and kind of geometry of every layer of a geographic file.

    Raises
    ------
    pyogrio.errors.DataSourceError
        If it is no such file.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they are said again when the layer is read
        return [(str(name), str(kind)) for name, kind in pyogrio.list_layers(source)]


def read_layer(source: Path, layer: str) -> tuple[gpd.GeoDataFrame, list[Fault | Notice]]:
    """Read a layer, and what its reader warns of; an outline that cannot be read is none.

    Raises
    ------
    pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError
        If it is no such file, or has no such layer.
    """
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        frame = gpd.GeoDataFrame(gpd.read_file(source, layer=layer, on_invalid="warn"))
    texts = dict.fromkeys(" ".join(str(one.message).split()) for one in heard)
    return frame, [Notice(source.name, 0, "", text, "layer_warned") for text in texts]
