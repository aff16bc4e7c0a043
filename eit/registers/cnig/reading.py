"""Files of the standard read as rows of text, whatever their format, their flaws mended."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import geopandas as gpd
import pandas as pd
from pyogrio.errors import DataSourceError

from eit.faults import Fault, Notice
from eit.registers.reading import list_layers, read_layer
from eit.tables import Column, Schema, read_sheet, schema

CLASSES = ("cnig_site", "cnig_terrain", "cnig_establishment")
LAYERS = (".geojson", ".json", ".gpkg", ".shp")
TABLES = (".csv", ".txt", ".xlsx")
FEWEST_TITLES = 3
"""Titles of a class that a file must have to be one of it."""
MOST_JOINED = 6
"""Cells too many in a row, beyond which nobody can tell where they came from."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Rows of one class of the standard.

    Attributes
    ----------
    rows
        Its fields as text, ``shape`` (geometry of a layer, else None), ``crs`` (EPSG code of
        that geometry, 0 if none is stated), file, line.
    said
        What was mended or left out.
    """

    rows: pd.DataFrame
    said: tuple[Fault | Notice, ...]


def read_layers(source: Path) -> dict[str, Layer]:
    """Every class of the standard that a file or a folder holds.

    Returns
    -------
    layers
        By name of the class (`CLASSES`), each of them, without rows where there is no file.
    """
    files = sorted(p for p in source.iterdir() if p.is_file()) if source.is_dir() else [source]
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in CLASSES}
    said: dict[str, list[Fault | Notice]] = {name: [] for name in CLASSES}
    for file in files:
        for name, rows, remarks in _read(file):
            if not rows.empty:
                parts[name].append(rows)
            said[name] += remarks
    return {
        name: Layer(
            pd.concat(parts[name], ignore_index=True) if parts[name] else _no_rows(schema(name)),
            tuple(said[name]),
        )
        for name in CLASSES
    }


def _read(file: Path) -> Iterator[tuple[str, pd.DataFrame, list[Fault | Notice]]]:
    suffix = file.suffix.lower()
    if suffix in TABLES:
        found = _read_table(file)
        if found:
            yield found
    elif suffix in LAYERS and not (suffix == ".json" and b"Feature" not in file.read_bytes()):
        yield from _read_vector(file)


def _class_of(titles: Sequence[str]) -> Schema | None:
    """The class whose titles a file bears."""
    known = {name: len(_places(schema(name), titles)) for name in CLASSES}
    best = max(known, key=lambda name: known[name])
    return schema(best) if known[best] >= FEWEST_TITLES else None


def _places(declared: Schema, titles: Sequence[str]) -> dict[str, int]:
    """Position of each declared column among the titles; of equal ones the first."""
    found: dict[str, int] = {}
    for place, title in enumerate(titles):
        if column := declared.recognise(str(title)):
            found.setdefault(column.name, place)
    return found


def _no_rows(declared: Schema) -> pd.DataFrame:
    columns = [*declared.names, "shape", "crs", "file", "line"]
    return pd.DataFrame({name: pd.Series([], dtype=object) for name in columns})


# tables


def _read_table(file: Path) -> tuple[str, pd.DataFrame, list[Fault | Notice]] | None:
    content = file.read_bytes()
    sheet = read_sheet(content, schema(CLASSES[0]))
    cells = [list(row) for row in sheet]
    declared = _class_of(cells[0]) if cells else None
    if declared is None:
        return None
    titles, said = cells[0], list[Fault | Notice]()
    columns = [declared.recognise(title) for title in titles]
    for at, row in enumerate(cells[1:], 1):
        place = file.name, int(sheet.lines[at]), ""
        if len(row) > len(titles):
            joined = _joined(tuple(row), columns)
            code = "cnig_joined" if joined else "register_cells"
            said.append(Notice(*place, " · ".join(joined or row)[:200], code))
            cells[at] = joined or row[: len(titles)]
        elif len(row) < len(titles):
            said.append(Notice(*place, str(len(row)), "register_cells"))
            cells[at] = [*row, *[""] * (len(titles) - len(row))]
    places = _places(declared, titles)
    rows = pd.DataFrame(
        {
            name: [row[places[name]].strip() if name in places else "" for row in cells[1:]]
            for name in declared.names
        },
        dtype=object,
    )
    lines = [int(line) for line in sheet.lines[1:]]
    return declared.name, rows.assign(shape=None, crs=0, file=file.name, line=lines), said


def _joined(row: tuple[str, ...], columns: Sequence[Column | None]) -> list[str]:
    """A row with cells too many, those joined again that one cell must have been.

    A separator inside a cell splits it. Of all ways to join neighbours, the one whose cells
    look most like what their columns hold; none where two ways look equally well.
    """
    extra = len(row) - len(columns)
    if extra > MOST_JOINED:
        return []

    @cache
    def best(column: int, cell: int) -> tuple[int, int, tuple[str, ...]]:
        """Misfits, number of ways, and cells from here on."""
        if column == len(columns):
            return (0, 1, ()) if cell == len(row) else (len(row) * 9, 0, ())
        found: tuple[int, int, tuple[str, ...]] = (len(row) * 9, 0, ())
        left = len(row) - cell - (len(columns) - column)
        for number in range(1, left + 2):
            text = "; ".join(part.strip() for part in row[cell : cell + number])
            misfits, ways, after = best(column + 1, cell + number)
            misfits += not _fits(columns[column], text)
            if misfits < found[0]:
                found = (misfits, ways, (text, *after))
            elif misfits == found[0]:
                found = (misfits, found[1] + ways, found[2])
        return found

    _, ways, joined = best(0, 0)
    return list(joined) if ways == 1 else []


_DAY = re.compile(r"\d{4}(-\d\d(-\d\d)?)?|\d\d/\d\d/\d{4}")
_NUMBER = re.compile(r"-?\d+([.,]\d+)?")
_LOOKS: dict[str, Callable[[str], object]] = {
    "number": _NUMBER.fullmatch,
    "date": _DAY.fullmatch,
    "tristate": re.compile(r"oui|non", re.IGNORECASE).fullmatch,
    "insee": re.compile(r"\d[0-9ABab]\d{3}").fullmatch,
    "siren": re.compile(r"[\d ]{9,11}").fullmatch,
    "geomsurf": lambda text: text.startswith("{"),
    "geompoint": lambda text: text.startswith("{") or "," in text,
    "url": lambda text: text.startswith("http"),
    "media": lambda text: text.startswith("http"),
    "id": lambda text: " " not in text.strip(),
}


def _fits(column: Column | None, text: str) -> bool:
    """Whether a cell looks like what its column holds; in a column of words, not like a figure."""
    if column is None or not text:
        return True
    name = column.name.lower()
    kind = column.type if column.type in _LOOKS else re.split(r"[_-]", name)[-1]
    if look := _LOOKS.get(kind):
        return bool(look(text))
    words = name.endswith(("nom", "libelle", "description", "type", "etat", "vocadomi"))
    return not (words and _NUMBER.fullmatch(text))


# layers


def _read_vector(file: Path) -> Iterator[tuple[str, pd.DataFrame, list[Fault | Notice]]]:
    try:
        frames = {name: read_layer(file, name) for name, _ in list_layers(file)}
    except (DataSourceError, ValueError) as error:
        said: list[Fault | Notice] = [
            Notice(file.name, 0, "", " ".join(str(error).split())[:200], "register_unreadable")
        ]
        yield CLASSES[0], pd.DataFrame(), said
        return
    for name, (frame, heard) in frames.items():
        declared = _class_of([str(title) for title in frame.columns])
        if declared is not None:
            where = file.name if len(frames) == 1 else f"{file.name}/{name}"
            yield declared.name, _rows_of(pd.DataFrame(frame), frame, declared, where), heard


def _rows_of(
    values: pd.DataFrame, frame: pd.DataFrame, declared: Schema, file: str
) -> pd.DataFrame:
    places = _places(declared, [str(title) for title in values.columns])
    shapes = frame.geometry if isinstance(frame, gpd.GeoDataFrame) else None
    crs = None if shapes is None else shapes.crs
    rows = {
        name: [_text(value) for value in values.iloc[:, places[name]]]
        if name in places
        else [""] * len(values)
        for name in declared.names
    }
    return pd.DataFrame(rows, dtype=object).assign(
        shape=None if shapes is None else shapes.to_numpy(),
        crs=0 if crs is None else crs.to_epsg() or 0,
        file=file,
        line=range(1, len(values) + 1),
    )


def _text(value: object) -> str:
    """A value of a layer as text: dates without an hour, whole numbers without a point."""
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float):
        return f"{value:.12g}"
    return str(value).strip()
