"""What is said of rows on their way to the map: cells to mend, and everything that was assumed.

Each function takes the same frame: the rows as they came (file, line, lon, lat, x, y, crs,
insee, postcode, city), the pair that was read (pair_x, pair_y, pair_epsg), the reading
(verdict, reading, off_km; blank where no pair was given), the commune (how, candidates,
commune), the quality of the place, and whether something else places it (placed).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from eit.faults import Fault, Notice
from eit.places.coordinates import Reading
from eit.places.systems import WGS84, apart_km, epsg_of, system_name, to_degrees

SAME_KM = 1.0
"""Two places given for one row that lie closer than this are the same."""
GUESSED = ("alike", "elsewhere", "misnamed", "ambiguous", "unknown")
"""Ways of finding a commune that its author should know of."""


def about_cells(story: pd.DataFrame) -> Iterator[Fault | Notice]:
    """Say which cells do not make a pair, and where two pairs do not agree."""
    labels = {label: epsg_of(label) for label in story["crs"].unique()}
    for row in records(story[story["crs"].map(labels).isna()]):
        yield Fault(row["file"], row["line"], "crs", row["crs"], "unknown_crs")
    for first, second in (("lon", "lat"), ("x", "y")):
        blank, other = story[first].isna(), story[second].isna()
        for row in records(story[blank & ~other]):
            yield Fault(row["file"], row["line"], first, "", "half_place", {"filled": second})
        for row in records(story[other & ~blank]):
            yield Fault(row["file"], row["line"], second, "", "half_place", {"filled": first})
        for row in records(story[(story[first] == 0) & (story[second] == 0)]):
            yield Notice(row["file"], row["line"], first, "0", "place_zero", {"second": second})
    for label, group in (
        story[["file", "line", "lon", "lat", "x", "y", "crs"]].dropna().groupby("crs")
    ):
        if epsg := epsg_of(str(label)):
            yield from _two_places(group, epsg)


def about_readings(story: pd.DataFrame) -> Iterator[Fault | Notice]:
    """Say what was supposed of coordinates that are not sound as labelled."""
    for row in records(story[story["verdict"].isin(["mended", "doubtful", "far", "none"])]):
        in_degrees = row["pair_epsg"] == WGS84 and not np.isnan(row["lon"])
        value = f"{row['pair_x']:.12g} {row['pair_y']:.12g}"
        place = row["file"], row["line"], "lon" if in_degrees else "x", value
        said = {"off_km": _km(row["off_km"]), "commune": row["commune"] or "-"}
        match row["verdict"]:
            case "mended":
                for code, detail in _supposed(row["reading"], row["pair_epsg"]):
                    yield Notice(*place, code, said | detail)
            case "doubtful":
                yield Notice(*place, "place_doubtful", said)
            case verdict if row["quality"] == "commune":
                yield Notice(*place, "place_unread" if verdict == "none" else "place_far", said)
            case "none":
                yield Fault(*place, "place_unreadable")


def about_communes(story: pd.DataFrame) -> Iterator[Notice]:
    """Say which communes were guessed, or could not be, where a place hangs on them."""
    for row in records(story[story["how"].isin(GUESSED) & (story["verdict"] != "sound")]):
        column = next((c for c in ("city", "postcode", "insee") if row[c]), "insee")
        value = " ".join(row[c] for c in ("insee", "postcode", "city") if row[c])
        said = {"commune": row["commune"] or "-", "candidates": row["candidates"] or "-"}
        yield Notice(row["file"], row["line"], column, value, f"commune_{row['how']}", said)
    centred = (story["quality"] == "commune") & ~story["placed"]
    for file, group in story[centred].groupby("file"):
        yield Notice(str(file), 0, "", "", "placed_at_communes", {"number": str(len(group))})


def _two_places(group: pd.DataFrame, epsg: int) -> Iterator[Notice]:
    """Rows whose x and y lie elsewhere than their lon and lat."""
    lon, lat = to_degrees(group["x"].to_numpy(float), group["y"].to_numpy(float), epsg)
    away = apart_km(lon, lat, group["lon"].to_numpy(float), group["lat"].to_numpy(float))
    for row in records(group.assign(away=away)[away > SAME_KM]):
        value = f"{row['x']:.12g} {row['y']:.12g}"
        yield Notice(
            row["file"], row["line"], "x", value, "place_two", {"off_km": _km(row["away"])}
        )


def _supposed(reading: Reading, label: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Each error that a reading supposes, as the code of a notice and its details."""
    if reading.epsg != label:
        code = "place_relabelled" if label else "place_unlabelled"
        yield code, {"label": system_name(label), "meant": system_name(reading.epsg)}
    if reading.swapped:
        yield "place_swapped", {}
    if reading.power_x or reading.power_y:
        powers = {"power_x": f"{10.0**reading.power_x:g}", "power_y": f"{10.0**reading.power_y:g}"}
        yield "place_scaled", powers
    if reading.minus:
        yield "place_minus", {}


def records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dictionaries, for the few of which something is said."""
    if rows.empty:
        return []
    return [{str(column): cell for column, cell in row.items()} for row in rows.to_dict("records")]


def _km(distance: float) -> str:
    return f"{distance:.1f}" if np.isfinite(distance) else "?"
