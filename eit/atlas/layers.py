"""The plan as GIS layers: sites, parks, flows and hubs, in degrees."""

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from eit.atlas.exchanges import list_exchanges
from eit.atlas.places import DEGREES, list_nodes, locate_hubs, locate_sites, outline_parks
from eit.results import Plan
from eit.territory import Territory

UNDATED = "2000-01-01T00:00:00Z"
_SITE = ["title", "firm", "name", "city", "naf", "park_id", "position_quality"]
_FLOW = [
    *("from_id", "to_id", "source", "target", "mode", "resource", "code", "family", "quantity"),
    *("unit", "delivered", "delivered_unit", "distance_km", "t_km", "value_eur", "co2e_t"),
    *("level", "certainty", "existing"),
]


def layers(territory: Territory, plan: Plan, lang: str = "fr") -> dict[str, gpd.GeoDataFrame]:
    """Sites, parks, flows and hubs of a plan, EPSG:4326.

    A flow is the straight line between its ends over the whole year; what has no place has no
    geometry. ``value_eur`` of a flow is what both firms gain together, blank where one end is a
    hub.
    """
    sites = locate_sites(territory)
    hubs = locate_hubs(territory)
    exchanges = list_exchanges(territory, plan, lang)
    parks = outline_parks(territory, sites)
    used = plan.hubs.set_index("hub_id")[["used", "taken", "given"]]
    return {
        "sites": sites[[*_SITE, "geometry"]].reset_index(),
        "parks": _counted(parks, sites, exchanges).reset_index(),
        "flows": _drawn(exchanges, list_nodes(sites, hubs, lang)),
        "hubs": hubs[["title", "status", "park_id", "geometry"]].join(used).reset_index(),
    }


def _counted(
    parks: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, exchanges: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Parks with how many sites they have and how many exchanges touch them."""
    home = {f"site:{site}": park for site, park in sites["park_id"].items()}
    ends = exchanges[["source", "target"]].map(lambda node: home.get(node, ""))
    touching = pd.concat([ends["source"], ends.loc[ends["source"] != ends["target"], "target"]])
    return parks.assign(
        sites=sites["park_id"].value_counts().reindex(parks.index, fill_value=0),
        exchanges=touching.value_counts().reindex(parks.index, fill_value=0),
    )


def _drawn(exchanges: pd.DataFrame, nodes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Exchanges as straight lines between their ends."""
    starts, stops = (nodes.geometry.reindex(exchanges[end]) for end in ("source", "target"))
    lines = [
        None if a is None or b is None else shapely.linestrings([*a.coords, *b.coords])
        for a, b in zip(starts, stops, strict=True)
    ]
    geometry = gpd.GeoSeries(np.array(lines, dtype=object), crs=DEGREES)
    return gpd.GeoDataFrame(exchanges[_FLOW].reset_index(drop=True), geometry=geometry)


def write_geopackage(frames: Mapping[str, gpd.GeoDataFrame], path: Path) -> None:
    """Write layers as one GeoPackage, in their order; the same layers give the same bytes."""
    path.unlink(missing_ok=True)
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": UNDATED})
    try:
        for name, frame in frames.items():
            frame.to_file(path, layer=name, driver="GPKG", engine="pyogrio")
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})
