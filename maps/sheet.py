"""What one page shows, as frames, and the same as one JSON document for the page's script."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

NODE_COLUMNS = ("name", "role", "place", "note", "group", "link", "inside")
ROLES = ("site", "hub", "candidate", "park", "cluster", "crowd")
EXCHANGE_COLUMNS = (
    *("source", "target", "resource", "code", "family", "quantity", "unit"),
    *("delivered", "delivered_unit", "distance_km", "value_eur", "co2e_t"),
    *("level", "certainty", "existing", "months"),
)
START_COLUMNS = (
    *("donor", "via", "receiver", "resource", "family", "quantity", "unit"),
    *("value_eur", "distance_km", "remarks", "exchanges"),
)
LEFTOVER_COLUMNS = (
    *("node", "kind", "resource", "code", "family", "quantity", "unit", "reason", "change"),
)
OUTLINE_COLUMNS = ("name", "role")
GROUND_ROLES = ("town", "road", "water", "green", "built", "boundary", "area", "line")
FAMILY_COLUMNS = ("label", "colour", "letter")
TOTAL_COLUMNS = ("label", "value", "unit")
DEGREES = "EPSG:4326"
SIGNIFICANT = 7
DEGREE_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page: who stands where, what they exchange, what is left over.

    Parameters
    ----------
    kind
        ``park`` (one line per exchange) or ``territory`` (one line per pair of groups).
    title, subtitle, lang
        Heading of the page, what stands beside it, and its language.
    labels
        Every word of the page that is not data, by key.
    nodes
        Points, any CRS; an empty geometry is listed, not drawn. Index: node id. `NODE_COLUMNS`:
        `role` is one of `ROLES`; `group` is the node that stands for it on the map ("" = itself),
        `note` a word on how its place is known, `link` a page of its own, `inside` whether it
        belongs to what the page is about.
    exchanges
        Index: exchange id. `EXCHANGE_COLUMNS`: `source`, `target` are node ids, quantities are per
        year in `unit`, `value_eur` what both ends gain together (NaN = not shown), `level` and
        `certainty` keys of labels, `months` twelve quantities or ().
    starts
        What to begin with, best first. `START_COLUMNS`: `remarks` are keys of labels,
        `exchanges` the ids to light up.
    leftovers
        What found nobody. `LEFTOVER_COLUMNS`.
    outlines
        (Multi)polygons, any CRS. `OUTLINE_COLUMNS`: `role` is ``park``, ``hull`` (drawn around its
        sites for want of an outline), ``neighbour`` or ``commune``.
    families
        Resource families. Index: key. `FAMILY_COLUMNS`: `letter` stands on the lines of a
        family, so that it is told apart without colour.
    totals
        Figures of the panel. `TOTAL_COLUMNS`.
    links
        Other pages: text and address, both shown at the top.
    months
        Whether exchanges tell their months.
    background
        Online tiles: None, ``osm`` or ``ign``.
    audience
        ``public`` pages show bands, no money, no distance and no reasons.
    bands
        Where one band of quantity ends and the next begins, ascending; () = figures are exact.
        With bands, any quantity given stands for the whole band that it lies in.
    ground
        What lies under everything, any CRS. `OUTLINE_COLUMNS`: `role` is one of `GROUND_ROLES`;
        a ``town`` is a point with a name.

    Raises
    ------
    ValueError
        If a column is missing, a CRS is missing, or an exchange names an unknown node.
    """

    kind: Literal["park", "territory"]
    title: str
    subtitle: str
    lang: str
    labels: Mapping[str, str]
    nodes: gpd.GeoDataFrame
    exchanges: pd.DataFrame
    starts: pd.DataFrame
    leftovers: pd.DataFrame
    outlines: gpd.GeoDataFrame
    families: pd.DataFrame
    totals: pd.DataFrame
    links: tuple[tuple[str, str], ...] = ()
    months: bool = False
    background: str | None = None
    audience: Literal["internal", "public"] = "internal"
    bands: tuple[float, ...] = ()
    ground: gpd.GeoDataFrame | None = None

    def __post_init__(self) -> None:
        for name, columns in _COLUMNS.items():
            missing = [c for c in columns if c not in getattr(self, name).columns]
            if missing:
                raise ValueError(f"{name} lacks the columns {missing}")
        for name in ("nodes", "outlines"):
            frame = getattr(self, name)
            if len(frame) and frame.crs is None:
                raise ValueError(f"{name} has no CRS")
        known = set(self.nodes.index)
        for side in ("source", "target"):
            strangers = sorted(set(self.exchanges[side]) - known)
            if strangers:
                raise ValueError(f"exchanges name unknown nodes in {side}: {strangers[:5]}")

    def data(self) -> dict[str, Any]:
        """All that the page's script reads, frames as columns, nodes by position."""
        position = {key: at for at, key in enumerate(self.nodes.index)}
        family = {key: at for at, key in enumerate(self.families.index)}
        row = {key: at for at, key in enumerate(self.exchanges.index)}
        exchanges = _located(self.exchanges, ("source", "target"), position, family)
        starts = _located(self.starts, ("donor", "via", "receiver"), position, family)
        starts["exchanges"] = [[row[k] for k in keys] for keys in self.starts["exchanges"]]
        return {
            "kind": self.kind,
            "audience": self.audience,
            "bands": list(self.bands),
            "title": self.title,
            "subtitle": self.subtitle,
            "lang": self.lang,
            "labels": dict(self.labels),
            "links": [list(link) for link in self.links],
            "months": self.months,
            "families": columns_of(self.families[list(FAMILY_COLUMNS)]),
            "nodes": self._nodes(position),
            "exchanges": columns_of(exchanges[list(EXCHANGE_COLUMNS)]),
            "starts": columns_of(starts[list(START_COLUMNS)]),
            "leftovers": columns_of(
                _located(self.leftovers, ("node",), position, family)[list(LEFTOVER_COLUMNS)]
            ),
            "totals": columns_of(self.totals[list(TOTAL_COLUMNS)]),
            "outlines": _features(self.outlines),
            "ground": _features(self.outlines.iloc[:0] if self.ground is None else self.ground),
        }

    def _nodes(self, position: Mapping[str, int]) -> dict[str, list[Any]]:
        """Nodes as columns, with degrees rounded to about a tenth of a metre."""
        points = self.nodes.geometry
        if points.notna().any():
            points = points.to_crs(DEGREES)
        frame = pd.DataFrame(self.nodes[list(NODE_COLUMNS)]).assign(
            group=[position[g] if g else at for at, g in enumerate(self.nodes["group"])]
        )
        places = {"lon": shapely.get_x(points.to_numpy()), "lat": shapely.get_y(points.to_numpy())}
        return columns_of(frame) | {axis: _degrees(values) for axis, values in places.items()}


_COLUMNS = {
    "nodes": NODE_COLUMNS,
    "exchanges": EXCHANGE_COLUMNS,
    "starts": START_COLUMNS,
    "leftovers": LEFTOVER_COLUMNS,
    "outlines": OUTLINE_COLUMNS,
    "families": FAMILY_COLUMNS,
    "totals": TOTAL_COLUMNS,
}


def _degrees(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[float | None]:
    """Coordinates rounded, None where there is no point."""
    return [None if math.isnan(v) else round(v, DEGREE_DECIMALS) for v in values.tolist()]


def _located(
    frame: pd.DataFrame,
    ends: Iterable[str],
    position: Mapping[str, int],
    family: Mapping[str, int],
) -> pd.DataFrame:
    """The frame with positions in place of node ids and family keys; None where blank."""
    found = {end: [position.get(key) for key in frame[end]] for end in ends}
    found["family"] = [family.get(key) for key in frame["family"]]
    return frame.assign(**{name: pd.Series(v, frame.index, object) for name, v in found.items()})


def _features(areas: gpd.GeoDataFrame) -> dict[str, Any]:
    """Shapes as a GeoJSON collection in degrees, rounded to about a metre."""
    drawn = areas[areas.geometry.notna() & ~areas.geometry.is_empty]
    shapes = drawn.geometry
    if len(drawn):
        shapes = shapes.to_crs(DEGREES).set_precision(1e-5)
    features = [
        {
            "type": "Feature",
            "properties": {name: row[name] for name in OUTLINE_COLUMNS},
            "geometry": shape.__geo_interface__,
        }
        for (_, row), shape in zip(drawn.iterrows(), shapes, strict=True)
        if not shape.is_empty
    ]
    return {"type": "FeatureCollection", "features": features}


def columns_of(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """A frame as lists by column, with its index as ``id``; plain, finite, lightly rounded."""
    columns: dict[str, list[Any]] = {"id": [str(key) for key in frame.index]}
    for name in frame.columns:
        columns[str(name)] = [_plain(value) for value in frame[name].tolist()]
    return columns


def _plain(value: Any) -> Any:
    """One cell as JSON has it: no NaN, no numpy, no more digits than anybody reads."""
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        short = float(f"{value:.{SIGNIFICANT}g}")
        return int(short) if short.is_integer() and abs(short) < 1e15 else short
    raise TypeError(f"a page cannot show {type(value).__name__} {value!r}")


def as_json(data: object) -> str:
    r"""JSON that may stand in a script element: nothing in it can close the element.

    This is the one door by which text from data enters a page; the page's script puts it on
    screen as text nodes only.

    Examples
    --------
    >>> as_json(["</script>", "<!--", "&"])
    '["\\u003c/script\\u003e","\\u003c!--","\\u0026"]'
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
