"""One page per park and one for the territory, from a territory and its plan."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
from shapely.geometry.base import BaseGeometry

from eit import nomenclature
from eit.atlas.colours import family_colours
from eit.atlas.diagrams import SANKEY, list_album
from eit.atlas.exchanges import list_exchanges, list_leftovers
from eit.atlas.files import INDEX, page_names, write_pages
from eit.atlas.ground import around, commune_name, list_ground, spelled_names
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
from eit.atlas.starts import SHOWN, list_starts
from eit.atlas.words import inner_labels
from eit.results import Plan
from eit.territory import Territory
from eit.texts import say
from maps.diagram import render as draw_album
from maps.page import render
from maps.sheet import EXCHANGE_COLUMNS, Sheet

CROWD = 60
"""Up to this many sites outside parks stand for themselves, more are gathered by commune."""


@dataclass(frozen=True, slots=True)
class Atlas:
    """What all pages of a run share, computed once."""

    territory: Territory
    lang: str
    parks: gpd.GeoDataFrame
    ground: gpd.GeoDataFrame
    communes: Mapping[str, str]
    nodes: gpd.GeoDataFrame
    exchanges: pd.DataFrame
    starts: pd.DataFrame
    leftovers: pd.DataFrame
    pairs: pd.DataFrame
    whole: Mapping[str, float]
    files: Mapping[str, str]
    labels: Mapping[str, str]
    months: bool
    background: str | None


def write_maps(
    territory: Territory,
    plan: Plan,
    folder: Path,
    *,
    lang: str,
    background: str | None = None,
) -> list[Path]:
    """Write ``index.html`` for the territory, one page per park and ``sankey.html``.

    Parameters
    ----------
    folder
        Made if missing; pages of an earlier run in it are removed.
    background
        Online tiles behind the map: None, ``osm`` or ``ign``.

    Returns
    -------
    written
        The pages: the territory's, the parks' by id, then the diagrams'.
    """
    atlas = gather(territory, plan, lang, background)
    return write_pages(folder, _pages(atlas))


def _pages(atlas: Atlas) -> Iterator[tuple[str, str]]:
    """Name and HTML of each page, one at a time: all of them at once would fill the memory."""
    yield INDEX, render(_territory_sheet(atlas))
    for park_id in atlas.parks.index:
        yield atlas.files[park_id], render(park_sheet(atlas, park_id))
    album = list_album(atlas.territory, atlas.exchanges, atlas.nodes["name"], atlas.lang)
    yield SANKEY, draw_album(album)


def gather(territory: Territory, plan: Plan, lang: str, background: str | None) -> Atlas:
    """Join territory and plan once for all pages."""
    sites = locate_sites(territory)
    parks = outline_parks(territory, sites)
    exchanges = list_exchanges(territory, plan, lang)
    return Atlas(
        territory=territory,
        lang=lang,
        parks=parks,
        ground=list_ground(territory),
        communes=spelled_names(territory.sites),
        nodes=list_nodes(sites, locate_hubs(territory), lang),
        exchanges=exchanges,
        starts=list_starts(territory, plan, exchanges, lang),
        leftovers=list_leftovers(territory, plan, lang),
        pairs=_pairs(territory, plan),
        whole=plan.totals,
        files=page_names(parks.index),
        labels=inner_labels(lang),
        months=plan.settings.periods == 12,
        background=background,
    )


def _pairs(territory: Territory, plan: Plan) -> pd.DataFrame:
    """Who ends up with whose residue: nodes of both ends, tonnes, and the gain of two firms."""
    pairs = plan.synergies
    site = territory.declarations["site_id"]
    resource = pairs["donor_id"].map(territory.declarations["resource"])
    per_unit = [
        nomenclature.mass_t_per_unit(r, u) for r, u in zip(resource, pairs["unit"], strict=True)
    ]
    two_firms = pairs["receiver_id"].isin(territory.declarations.index)
    return pd.DataFrame(
        {
            "donor": SITE + pairs["donor_id"].map(site).astype(str),
            "receiver": SITE + pairs["receiver_id"].map(site).fillna("").astype(str),
            "mass_t": pairs["quantity"] * per_unit,
            "value_eur": pairs["value_eur"].where(two_firms, 0.0),
        }
    )


def park_sheet(atlas: Atlas, park_id: str) -> Sheet:
    """One park: its sites, every exchange that touches them, and the partners at the other end."""
    home = atlas.nodes.index[atlas.nodes["park_id"] == park_id]
    firms = home[home.str.startswith(SITE)]
    exchanges = atlas.exchanges
    here = exchanges[exchanges["source"].isin(home) | exchanges["target"].isin(home)]
    seen = set(home) | set(here["source"]) | set(here["target"])
    nodes = atlas.nodes[atlas.nodes.index.isin(seen)]
    pairs = atlas.pairs
    touching = pairs["donor"].isin(firms) | pairs["receiver"].isin(firms)
    park = atlas.parks.loc[park_id]
    return _sheet(
        atlas,
        kind="park",
        title=str(park["name"]),
        subtitle=" · ".join(_subtitle(atlas, str(park["outline"]))),
        nodes=nodes.assign(inside=nodes.index.isin(home)),
        exchanges=here,
        leftovers=atlas.leftovers[atlas.leftovers["node"].isin(firms)],
        outlines=rank_outlines(atlas.parks, park_id),
        pairs=pairs[touching],
        links=((atlas.labels["territory.all"], INDEX), (atlas.labels["sankey"], SANKEY)),
    )


def _territory_sheet(atlas: Atlas) -> Sheet:
    """The territory: parks and communes as bubbles, exchanges between them added up."""
    nodes = _grouped(atlas)
    sheet = _sheet(
        atlas,
        kind="territory",
        title=atlas.territory.name,
        subtitle=str(atlas.territory.year),
        nodes=nodes,
        exchanges=atlas.exchanges,
        leftovers=atlas.leftovers.iloc[:0],
        outlines=rank_outlines(atlas.parks, None),
        pairs=atlas.pairs,
        links=((atlas.labels["sankey"], SANKEY),),
    )
    if not atlas.whole:
        return sheet
    # The whole is the plan's own, sites to be built and final treatment paid for.
    keys = ("quantity_t", "value_eur", "co2e_avoided_t", "t_km")
    return replace(sheet, totals=_panel(atlas.labels, *(atlas.whole[key] for key in keys)))


def _subtitle(atlas: Atlas, outline: str) -> list[str]:
    """Where and when, and how the outline came about."""
    hull = [say("map.park.hull", atlas.lang)] if outline == "hull" else []
    return [atlas.territory.name, str(atlas.territory.year), *hull]


def _sheet(
    atlas: Atlas,
    *,
    kind: str,
    title: str,
    subtitle: str,
    nodes: gpd.GeoDataFrame,
    exchanges: pd.DataFrame,
    leftovers: pd.DataFrame,
    outlines: gpd.GeoDataFrame,
    pairs: pd.DataFrame,
    links: tuple[tuple[str, str], ...],
) -> Sheet:
    """A sheet with what follows from its exchanges: families, starts, totals."""
    ordered = exchanges.sort_values("mass_t", ascending=False, kind="stable")
    shown = set(exchanges["family"]) | set(leftovers["family"])
    return Sheet(
        kind="park" if kind == "park" else "territory",
        title=title,
        subtitle=subtitle,
        lang=atlas.lang,
        labels=atlas.labels,
        nodes=nodes,
        exchanges=ordered[list(EXCHANGE_COLUMNS)],
        starts=_starts(atlas.starts, exchanges.index, nodes.index),
        leftovers=leftovers,
        outlines=outlines,
        families=family_colours(shown, atlas.lang),
        totals=_totals(atlas.labels, exchanges, pairs),
        links=links,
        months=atlas.months,
        background=atlas.background,
        ground=around(atlas.ground, _subject(nodes, outlines), atlas.communes),
    )


def _subject(nodes: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Shapes that a page is about: its own sites and parks, not its partners far away."""
    own = outlines.loc[outlines["role"] != "neighbour"].geometry
    return gpd.GeoSeries(pd.concat([own, nodes.loc[nodes["inside"]].geometry]), crs=DEGREES)


def _starts(starts: pd.DataFrame, exchanges: pd.Index, nodes: pd.Index) -> pd.DataFrame:
    """The first of the pairs that a page shows, with the legs that it shows."""
    here = starts[starts["donor"].isin(nodes) & starts["receiver"].isin(nodes)]
    shown = set(exchanges)
    legs = [[key for key in keys if key in shown] for keys in here["exchanges"]]
    kept = pd.Series([bool(keys) for keys in legs], here.index, dtype=bool)
    return here.assign(exchanges=pd.Series(legs, here.index, dtype=object))[kept].head(SHOWN)


def _totals(
    labels: Mapping[str, str], exchanges: pd.DataFrame, pairs: pd.DataFrame
) -> pd.DataFrame:
    """The four figures of the panel, of the exchanges and pairs that a page shows."""
    co2e_t, t_km = exchanges["co2e_t"].sum(), exchanges["t_km"].sum()
    return _panel(labels, pairs["mass_t"].sum(), pairs["value_eur"].sum(), co2e_t, t_km)


def _panel(
    labels: Mapping[str, str], mass_t: float, value_eur: float, co2e_t: float, t_km: float
) -> pd.DataFrame:
    figures = [
        ("quantity", mass_t, "t"),
        ("value", value_eur, "eur"),
        ("co2e" if co2e_t >= 0 else "co2e.more", abs(co2e_t), "t"),
        ("t_km", t_km, "t_km"),
    ]
    return pd.DataFrame(
        [(labels[f"total.{key}"], float(value), unit) for key, value, unit in figures],
        columns=["label", "value", "unit"],
    )


def _grouped(atlas: Atlas) -> gpd.GeoDataFrame:
    """All nodes, each behind its park; outside parks behind its commune where there are many."""
    nodes = atlas.nodes
    in_park = (nodes["park_id"] != "") & nodes["park_id"].map(_drawn(atlas.parks))
    outside = (nodes["role"] == "site") & ~in_park & nodes.geometry.notna() & (nodes["place"] != "")
    outside &= outside.sum() > CROWD
    commune = "commune:" + nodes["place"].map(str.casefold)
    group = pd.Series("", nodes.index)
    group = group.mask(in_park, PARK + nodes["park_id"]).mask(outside, commune)
    bubbles = [_park_nodes(atlas), _commune_nodes(nodes[outside], commune[outside], atlas.lang)]
    everyone = pd.concat([*bubbles, nodes.assign(group=group)])
    return gpd.GeoDataFrame(everyone.assign(inside=True), geometry="geometry", crs=DEGREES)


def _drawn(parks: gpd.GeoDataFrame) -> dict[str, bool]:
    """Whether each park has an area on the map."""
    return dict(zip(parks.index, parks.geometry.notna(), strict=True)) | {"": False}


def _park_nodes(atlas: Atlas) -> gpd.GeoDataFrame:
    """One node per park with an area."""
    parks = atlas.parks[atlas.parks.geometry.notna()]
    points = [area.representative_point() for area in parks.geometry]
    frame = _bubbles(PARK + parks.index.astype(str), parks["name"], "park", points)
    return frame.assign(link=[atlas.files[key] for key in parks.index])


def _commune_nodes(sites: gpd.GeoDataFrame, keys: "pd.Series", lang: str) -> gpd.GeoDataFrame:
    """One node per commune for the sites outside parks, in their midst."""
    groups = sites.groupby(keys, sort=True)
    places = [commune_name(p) if p.isupper() else p for p in groups["place"].first()]
    names = [say("map.place.outside", lang, place=place) for place in places]
    points = [rows.geometry.union_all().centroid for _, rows in groups]
    return _bubbles(pd.Index(groups.groups), names, "cluster", points)


def _bubbles(
    keys: "pd.Index", names: "pd.Series | list[str]", role: str, points: Sequence[BaseGeometry]
) -> gpd.GeoDataFrame:
    """Nodes that stand for several sites."""
    frame = pd.DataFrame({"name": list(names), "role": role}, index=keys)
    frame = frame.assign(place="", note="", group="", link="", inside=True, park_id="")
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(points, keys, crs=DEGREES))
