"""Who stands where: sites, hubs and parks of a territory as points and areas."""

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from eit.territory import Territory
from eit.texts import say

DEGREES = "EPSG:4326"
HULL_MARGIN_M = 80.0
SITE, HUB, PARK = "site:", "hub:", "park:"
"""What a node's key starts with: a site, a hub and a park may bear the same id."""


def locate_sites(territory: Territory) -> gpd.GeoDataFrame:
    """Sites as points in degrees, None where the place is unknown; index: site id.

    Beside the territory's columns: ``title``, the name people read.
    """
    sites = territory.sites
    points = gpd.GeoSeries(gpd.points_from_xy(sites["lon"], sites["lat"]), sites.index, crs=DEGREES)
    placed = gpd.GeoDataFrame(sites, geometry=points.where(sites["lon"].notna(), None))
    return placed.assign(title=site_titles(sites))


def site_titles(sites: pd.DataFrame) -> pd.Series:
    """Firm, with the site's own name where the firm has several sites."""
    ids = sites.index.to_series()
    firm = sites["firm"].where(sites["firm"] != "", sites["name"]).where(lambda s: s != "", ids)
    several = firm.duplicated(keep=False) & (sites["name"] != "") & (sites["name"] != firm)
    return firm.where(~several, firm + " – " + sites["name"])


def locate_hubs(territory: Territory) -> gpd.GeoDataFrame:
    """Hubs, one row each, as points in degrees; index: hub id, with the park they lie in."""
    hubs = territory.hubs.drop_duplicates("hub_id").set_index("hub_id").sort_index()
    points = gpd.GeoSeries(gpd.points_from_xy(hubs["lon"], hubs["lat"]), hubs.index, crs=DEGREES)
    placed = gpd.GeoDataFrame(hubs, geometry=points.where(hubs["lon"].notna(), None))
    title = hubs["name"].where(hubs["name"] != "", hubs.index.to_series())
    return placed.assign(title=title, park_id=_park_around(placed, territory.parks))


def _park_around(hubs: gpd.GeoDataFrame, parks: gpd.GeoDataFrame) -> pd.Series:
    """The park that each hub lies in, "" where none."""
    found = hubs[["geometry"]].sjoin(parks[["park_id", "geometry"]], predicate="within")
    first = found.sort_values("park_id")["park_id"].groupby(level=0).first()
    return first.reindex(hubs.index).fillna("").astype(str)


def outline_parks(territory: Territory, sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Every park that is drawn or that a site names.

    Returns
    -------
    parks
        Areas in degrees; index: park id. ``name``; ``outline`` is ``given``, ``hull`` (drawn
        `HULL_MARGIN_M` around the sites, in metres) or ``none`` (no site has a place).
    """
    given = territory.parks.set_index("park_id")
    named = sorted(set(sites["park_id"]) - {""} - set(given.index))
    rows = [(key, given["name"][key] or key, "given", given.geometry[key]) for key in given.index]
    for key in named:
        area = _hull(sites[sites["park_id"] == key].geometry, territory.crs)
        rows.append((key, key, "none" if area is None else "hull", area))
    frame = pd.DataFrame(rows, columns=["park_id", "name", "outline", "geometry"])
    return gpd.GeoDataFrame(frame.set_index("park_id").sort_index(), crs=DEGREES)


def rank_outlines(parks: gpd.GeoDataFrame, subject: str | None) -> gpd.GeoDataFrame:
    """Areas of a page about one park: its neighbours first, so that it lies on top of them.

    Parameters
    ----------
    parks
        As `outline_parks` gives them.
    subject
        Id of the park that the page is about; None for a page of all.

    Returns
    -------
    outlines
        `maps.sheet.OUTLINE_COLUMNS`.
    """
    own = [subject is None or key == subject for key in parks.index]
    drawn = ["hull" if outline == "hull" else "park" for outline in parks["outline"]]
    roles = [role if mine else "neighbour" for mine, role in zip(own, drawn, strict=True)]
    ranked = parks.assign(role=roles)[["name", "role", "geometry"]]
    return ranked.sort_values("role", key=lambda role: role != "neighbour", kind="stable")


def _hull(points: gpd.GeoSeries, crs: str) -> BaseGeometry | None:
    """Convex hull of points with a margin in metres, None without a point."""
    placed = gpd.GeoSeries(points.dropna(), crs=points.crs)
    if placed.empty:
        return None
    together = shapely.union_all(placed.to_crs(crs).to_numpy())
    area = shapely.buffer(shapely.convex_hull(together), HULL_MARGIN_M)
    return gpd.GeoSeries([area], crs=crs).to_crs(DEGREES).iloc[0]


def list_nodes(sites: gpd.GeoDataFrame, hubs: gpd.GeoDataFrame, lang: str) -> gpd.GeoDataFrame:
    """Sites and hubs in one frame, as `maps.sheet` wants nodes; none grouped, none inside yet.

    Returns
    -------
    nodes
        Index: `SITE` or `HUB` and the id. Beyond the columns of a sheet: ``park_id``.
    """
    roles = ["candidate" if status == "candidate" else "hub" for status in hubs["status"]]
    both = pd.concat(
        [
            sites.assign(role="site").set_axis(SITE + sites.index.astype(str)),
            hubs.assign(role=roles).set_axis(HUB + hubs.index.astype(str)),
        ]
    )
    notes = {quality: say(f"map.position.{quality}", lang) for quality in _QUALITIES}
    return gpd.GeoDataFrame(
        {
            "name": both["title"],
            "role": both["role"],
            "place": both["city"].fillna("") if "city" in both else "",
            "note": both["position_quality"].map(notes).fillna(""),
            "group": "",
            "link": "",
            "inside": False,
            "park_id": both["park_id"],
        },
        geometry=gpd.GeoSeries(both.geometry, crs=DEGREES),
    )


_QUALITIES = ("exact", "address", "commune", "none")
