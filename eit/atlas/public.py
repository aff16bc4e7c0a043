"""Pages that may be sent out: open firms by name, all others in crowds, figures in bands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely import Point
from shapely.geometry.base import BaseGeometry

from eit import nomenclature
from eit.atlas.bands import EDGES, middle, span
from eit.atlas.colours import family_colours
from eit.atlas.files import INDEX, page_names, write_pages
from eit.atlas.ground import around, commune_name, list_ground
from eit.atlas.places import (
    DEGREES,
    PARK,
    SITE,
    list_nodes,
    locate_hubs,
    locate_sites,
    outline_parks,
    rank_outlines,
)
from eit.atlas.publishing import CROWD, Publication, publish
from eit.atlas.words import public_labels
from eit.places import communes
from eit.results import Plan
from eit.territory import Territory
from eit.texts import say
from maps.page import render
from maps.sheet import EXCHANGE_COLUMNS, LEFTOVER_COLUMNS, START_COLUMNS, Sheet

COMMUNE, SQUARE = "commune:", "square:"
ANYWHERE = ""
NEAR_DEG = 0.2
"""A place outside parks is told as the commune whose point is nearest, no further than this."""
SQUARE_DEG = 0.1
"""Where no commune is known, a place is told as the middle of a square of so many degrees."""
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Bulletin:
    """What all public pages of a run share.

    Attributes
    ----------
    places
        Parks and communes as nodes, none of them a site's own position; index: place key.
    people
        Sites and hubs that are named, and crowds, as nodes without a position of their own.
    exchanges
        Named exchanges and crowds, figures in bands; ``origin``, ``end`` are place keys.
    """

    territory: Territory
    lang: str
    parks: gpd.GeoDataFrame
    ground: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    people: gpd.GeoDataFrame
    exchanges: pd.DataFrame
    leftovers: pd.DataFrame
    files: Mapping[str, str]
    labels: Mapping[str, str]


def write_public(territory: Territory, plan: Plan, folder: Path, *, lang: str) -> list[Path]:
    """Write the pages that may be sent out: ``index.html`` and one page per park.

    Bands instead of figures, no money, positions blurred to the park or commune; a firm is named
    only with what it declared ``open`` and only beside another open end; all other quantities
    are told for crowds of at least three giving and three taking firms, or not at all.

    Parameters
    ----------
    folder
        Made if missing; pages of an earlier run in it are removed.

    Returns
    -------
    written
        The pages, the territory's first, then by park id.
    """
    bulletin = _bulletin(territory, plan, lang)
    return write_pages(folder, _pages(bulletin))


def _pages(bulletin: Bulletin) -> Iterator[tuple[str, str]]:
    """Name and HTML of each page, one at a time."""
    yield INDEX, render(_sheet(bulletin, None))
    for park_id in bulletin.parks.index:
        yield bulletin.files[park_id], render(_sheet(bulletin, park_id))


def _bulletin(territory: Territory, plan: Plan, lang: str) -> Bulletin:
    """Publish the plan once, and set what is told on places that are no site's own."""
    sites, hubs = locate_sites(territory), locate_hubs(territory)
    everyone = list_nodes(sites, hubs, lang)
    parks = outline_parks(territory, sites)
    files = page_names(parks.index)
    spots = _spots(everyone, sites["insee"])
    told = publish(territory, plan, spots, lang)
    people = _people(told, everyone, spots, parks["name"], lang)
    exchanges = _exchanges(told, spots, lang)
    shown = set(exchanges["origin"]) | set(exchanges["end"]) | set(people["group"])
    places = _places(parks, shown - {ANYWHERE}, everyone, files, lang)
    return Bulletin(
        territory=territory,
        lang=lang,
        parks=parks,
        ground=list_ground(territory),
        places=places,
        people=people,
        exchanges=exchanges,
        leftovers=_leftovers(told.leftovers),
        files=files,
        labels=public_labels(lang),
    )


def _spots(everyone: gpd.GeoDataFrame, insee: pd.Series) -> pd.Series:
    """Key of the place that each site and hub is told at; index: node key."""
    code = {SITE + str(site): str(value) for site, value in insee.items()}
    keys = []
    for key, park_id, point in zip(
        everyone.index, everyone["park_id"], everyone.geometry, strict=True
    ):
        known = code.get(key, "") in communes().index
        keys.append(PARK + park_id if park_id else COMMUNE + code[key] if known else _spot(point))
    return pd.Series(keys, everyone.index, dtype=object)


def _spot(point: BaseGeometry | None) -> str:
    """The nearest commune to a point, else the square it lies in, else anywhere."""
    if point is None or point.is_empty:
        return ANYWHERE
    lon, lat = point.centroid.x, point.centroid.y
    table = communes()
    away = np.hypot((table["lon"] - lon) * np.cos(np.radians(lat)), table["lat"] - lat)
    if away.min() <= NEAR_DEG:
        return COMMUNE + str(away.idxmin())
    across, up = (int(np.floor(axis / SQUARE_DEG)) for axis in (lon, lat))
    return f"{SQUARE}{across}:{up}"


def _places(
    parks: gpd.GeoDataFrame,
    shown: set[str],
    everyone: gpd.GeoDataFrame,
    files: Mapping[str, str],
    lang: str,
) -> gpd.GeoDataFrame:
    """Parks and the communes in use as nodes; no point of them depends on where a site stands."""
    rows = []
    for park_id, park in parks.iterrows():
        own = everyone[everyone["park_id"] == park_id].geometry
        link = files[str(park_id)]
        name = str(park["name"])
        rows.append((PARK + str(park_id), name, "park", link, _park_point(park, own)))
    for key in sorted(key for key in shown if not key.startswith(PARK)):
        rows.append((key, *_outside(key, lang)))
    columns = ["key", "name", "role", "link", "geometry"]
    frame = gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns).set_index("key"), crs=DEGREES)
    return frame.assign(place="", note="", group="", inside=True)


def _park_point(park: pd.Series, sites: gpd.GeoSeries) -> Point | None:
    """A point of the given outline; without one, where its sites' commune is."""
    if park["outline"] == "given":
        return shapely.point_on_surface(park["geometry"])  # type: ignore[no-any-return]
    return _point(_spot(sites.union_all().centroid))


def _point(key: str) -> Point | None:
    """Where a commune or a square is shown."""
    kind, _, rest = key.partition(":")
    if kind + ":" == COMMUNE:
        return Point(float(communes()["lon"][rest]), float(communes()["lat"][rest]))
    if kind + ":" == SQUARE:
        across, up = rest.split(":")
        return Point((int(across) + 0.5) * SQUARE_DEG, (int(up) + 0.5) * SQUARE_DEG)
    return None


def _outside(key: str, lang: str) -> tuple[str, str, str, Point | None]:
    """Name, role, link and point of a place outside parks."""
    code = key.removeprefix(COMMUNE)
    name = commune_name(str(communes()["name"][code])) if key.startswith(COMMUNE) else ""
    told = say("map.place.outside", lang, place=name) if name else say("map.role.cluster", lang)
    return told, "cluster", "", _point(key)


def _people(
    told: Publication,
    everyone: gpd.GeoDataFrame,
    spots: pd.Series,
    parks: pd.Series,
    lang: str,
) -> gpd.GeoDataFrame:
    """Named sites and hubs, and one node per crowd, behind the places that stand for them."""
    keys = {*told.named["source"], *told.named["target"], *told.leftovers["node"]}
    named = everyone.loc[sorted(keys), ["name", "role", "place"]]
    named = named.assign(group=spots[named.index], note="", link="", inside=True)
    crowds = sorted({*told.crowds["origin"], *told.crowds["end"]})
    names = [
        say("map.crowd.at", lang, n=CROWD, place=_called(key, parks, lang))
        if key
        else say("map.crowd", lang, n=CROWD)
        for key in crowds
    ]
    blank = {"role": "crowd", "place": "", "note": "", "link": "", "inside": True}
    others = pd.DataFrame(blank, index=[_crowd(key) for key in crowds])
    everybody = pd.concat([named, others.assign(name=names, group=crowds)])
    nowhere = np.full(len(everybody), None, dtype=object)
    return gpd.GeoDataFrame(everybody, geometry=nowhere, crs=DEGREES)


def _crowd(place: str) -> str:
    return f"crowd:{place}"


def _called(key: str, parks: pd.Series, lang: str) -> str:
    """Name of a place."""
    return str(parks[key.removeprefix(PARK)]) if key.startswith(PARK) else _outside(key, lang)[0]


def _exchanges(told: Publication, spots: pd.Series, lang: str) -> pd.DataFrame:
    """Named exchanges, then crowds, as `maps.sheet` wants them: a band's middle for a figure."""
    named = told.named.assign(
        origin=told.named["source"].map(spots), end=told.named["target"].map(spots), named=True
    )
    labels = nomenclature.families()[f"label_{lang}"]
    crowds = told.crowds.assign(
        source=told.crowds["origin"].map(_crowd),
        target=told.crowds["end"].map(_crowd),
        resource=told.crowds["family"].map(labels).fillna(say("map.crowd.any", lang)),
        code="",
        named=False,
    )
    rows = pd.concat([named, crowds], ignore_index=True)
    figure = middle(rows["band"].to_numpy(dtype=np.int64))
    rows = rows.assign(quantity=figure, delivered=figure, delivered_unit=rows["unit"])
    rows = rows.assign(distance_km=np.nan, value_eur=np.nan, co2e_t=np.nan, existing=False)
    rows = rows.assign(level="other", certainty="declared", months=_nothing(len(rows)))
    return rows.set_axis(pd.Index([f"e{n + 1}" for n in range(len(rows))], dtype=str))


def _leftovers(left: pd.DataFrame) -> pd.DataFrame:
    """Open offers and needs without a partner, in bands, without reasons that could name others."""
    figure = middle(left["band"].to_numpy(dtype=np.int64))
    rows = left.assign(quantity=figure, reason="", change="")
    return rows.set_axis(pd.Index([f"l{n + 1}" for n in range(len(rows))], dtype=str))


def _sheet(bulletin: Bulletin, park_id: str | None) -> Sheet:
    """One public page: the territory's, or one park's with the partners that may be told."""
    exchanges, leftovers = bulletin.exchanges, bulletin.leftovers
    title = bulletin.territory.name
    links: tuple[tuple[str, str], ...] = ()
    subtitle = [str(bulletin.territory.year)]
    if park_id is not None:
        key = PARK + park_id
        exchanges = exchanges[(exchanges["origin"] == key) | (exchanges["end"] == key)]
        group = bulletin.people["group"]
        leftovers = leftovers[leftovers["node"].map(group) == key]
        title = str(bulletin.parks.loc[park_id, "name"])
        links = ((bulletin.labels["territory.all"], INDEX),)
        subtitle = [bulletin.territory.name, *subtitle]
    nodes = _nodes(bulletin, park_id, exchanges, leftovers)
    number = {key: f"n{n + 1}" for n, key in enumerate(nodes.index)} | {"": ""}
    numbered = nodes.assign(group=nodes["group"].map(number)).rename(index=number)
    exchanges = exchanges.assign(**{e: exchanges[e].map(number) for e in ("source", "target")})
    leftovers = leftovers.assign(node=leftovers["node"].map(number))
    shown = set(exchanges["family"]) | set(leftovers["family"])
    parks = bulletin.parks
    given = parks[parks["outline"] == "given"]  # one drawn around sites would tell where they are
    return Sheet(
        kind="territory",
        audience="public",
        bands=EDGES,
        title=title,
        subtitle=" · ".join(subtitle),
        lang=bulletin.lang,
        labels=bulletin.labels,
        nodes=numbered,
        exchanges=exchanges[list(EXCHANGE_COLUMNS)],
        starts=_starts(exchanges),
        leftovers=leftovers[list(LEFTOVER_COLUMNS)],
        outlines=rank_outlines(given, park_id),
        families=family_colours(shown, bulletin.lang),
        totals=_totals(bulletin, exchanges),
        links=links,
        ground=around(bulletin.ground, nodes.geometry, {}),
    )


def _nodes(
    bulletin: Bulletin, park_id: str | None, exchanges: pd.DataFrame, leftovers: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Places and people that a page tells of."""
    wanted = {*exchanges["source"], *exchanges["target"], *leftovers["node"]}
    people = bulletin.people[bulletin.people.index.isin(wanted)]
    seen = {*people["group"], PARK + park_id} if park_id is not None else set(bulletin.places.index)
    places = bulletin.places[bulletin.places.index.isin(seen)]
    both = pd.concat([places, people])
    return gpd.GeoDataFrame(both, geometry="geometry", crs=DEGREES)


def _starts(exchanges: pd.DataFrame) -> pd.DataFrame:
    """Named exchanges as examples, the largest bands first."""
    named = exchanges[exchanges["named"]].head(SHOWN)
    rows = named.assign(donor=named["source"], receiver=named["target"], via="")
    shown = np.empty(len(rows), dtype=object)
    shown[:] = [[key] for key in rows.index]
    starts = rows.assign(remarks=_nothing(len(rows)), exchanges=shown)
    return starts[list(START_COLUMNS)].reset_index(drop=True)


def _nothing(rows: int) -> NDArray[np.object_]:
    """An empty tuple for each row."""
    cells = np.empty(rows, dtype=object)
    cells[:] = [()] * rows
    return cells


def _totals(bulletin: Bulletin, exchanges: pd.DataFrame) -> pd.DataFrame:
    """What the bands of a page add up to, in tonnes: a figure that tells no more than they do."""
    least, most = span(exchanges.loc[exchanges["unit"] == "t", "band"].to_numpy(dtype=np.int64))
    rows = [
        (bulletin.labels[f"total.{key}"], value, "t")
        for key, value in (("least", least), ("most", most))
        if 0 < value < np.inf
    ]
    return pd.DataFrame(rows, columns=["label", "value", "unit"])
