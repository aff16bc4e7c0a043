"""What a plan lets the public know: open exchanges in bands, and crowds of firms in bands.

Each quantity stands at most once, where it leaves a firm: by itself if both ends are open, else
in the one crowd it belongs to. So every hidden flow is in one published figure at most, with two
other givers beside it that could be all of that figure: nothing narrower than ``0`` to the end of
a band follows for it. Even who knew all the others' quantities, ``s`` in sum, would find it between
``low - s`` and ``high - s``: as ``high`` is ten times ``low``, an order of magnitude at least.
Totals are made of the bands, never of the figures.
"""

import re
import unicodedata
from dataclasses import dataclass

import networkx as nx
import numpy as np
import pandas as pd

from eit.atlas.bands import band
from eit.atlas.exchanges import list_exchanges, list_leftovers
from eit.atlas.places import SITE
from eit.results import Plan
from eit.territory import Territory

OPEN = "open"
CROWD = 3
"""Fewest firms that give, and fewest that take, behind a figure that names none of them."""
LEVELS = (("origin", "end", "family"), ("origin", "end"), ("family",), ())
"""What tells crowds apart, finest first: a flow counts in the first that is large enough."""
_KEY = ["origin", "end", "family", "unit"]


@dataclass(frozen=True, slots=True)
class Publication:
    """All that may be told, none of it narrower than a band.

    Attributes
    ----------
    named
        source, target (node keys), resource, code, family, unit, band: both firms are open.
    crowds
        origin, end (keys of places, "" = anywhere), family ("" = any), unit, band: at least
        `CROWD` firms give and as many take.
    leftovers
        As `list_leftovers` has them; band in place of the quantity. Of open declarations without
        a hidden flow: who knows the declared quantity would else know the hidden rest.
    """

    named: pd.DataFrame
    crowds: pd.DataFrame
    leftovers: pd.DataFrame


def publish(territory: Territory, plan: Plan, places: pd.Series, lang: str) -> Publication:
    """Sort what a plan holds into what may be told, and how.

    Parameters
    ----------
    places
        Key of the place that stands for each node (a park, a commune), "" = none; index: node key.
    """
    moving = _moving(territory, plan, places, lang)
    leaving = moving[moving["from_id"].isin(territory.declarations.index)]
    named = _banded(leaving[leaving["open"]], ["source", "target", "resource", "code"])
    left = list_leftovers(territory, plan, lang)
    hidden = moving[~moving["open"]]
    told = _open_declarations(territory) - {*hidden["from_id"], *hidden["to_id"]}
    shown = left[plan.unmatched["declaration_id"].isin(told).to_numpy()]
    banded = shown.assign(band=band(shown["quantity"].to_numpy(dtype=float)))
    order = ["kind", "band", "node", "resource"]
    return Publication(
        named.sort_values(["band", *named.columns[:-1]], ascending=[False, *[True] * 6]),
        _crowds(leaving[~leaving["open"]]),
        banded.drop(columns=["quantity", "reason", "change"]).sort_values(
            order, ascending=[True, False, True, True], ignore_index=True
        ),
    )


def _open_declarations(territory: Territory) -> set[str]:
    """Declarations that anybody may see."""
    declared = territory.declarations
    return set(declared.index[declared["confidentiality"] == OPEN].astype(str))


def _moving(territory: Territory, plan: Plan, places: pd.Series, lang: str) -> pd.DataFrame:
    """Flows, their ends' firms and places, and whether each may be told by itself.

    What leaves a hub may not: with the yields, it would be a second equation about what entered.
    """
    rows = list_exchanges(territory, plan, lang)
    givers = _open_declarations(territory)
    takers = givers | _open_hubs(territory)
    firms = firm_of(territory)
    return rows.assign(
        family=rows["family"].fillna(""),
        open=rows["from_id"].isin(givers) & rows["to_id"].isin(takers),
        origin=[places.get(node, "") for node in rows["source"]],
        end=[places.get(node, "") for node in rows["target"]],
        giver=[firms.get(node, node) for node in rows["source"]],
        taker=[firms.get(node, node) for node in rows["target"]],
    )


def firm_of(territory: Territory) -> pd.Series:
    """Firm behind each site: one for all sites with one SIREN or one name; index: node key.

    A site without either is a firm of its own.
    """
    sites = territory.sites
    graph: nx.Graph[tuple[str, object]] = nx.Graph()
    graph.add_nodes_from(("site", key) for key in sites.index)
    title = sites["firm"].where(sites["firm"] != "", sites["name"])
    for site, siret, name in zip(sites.index, sites["siret"], title, strict=True):
        if siret:
            graph.add_edge(("site", site), ("siren", str(siret)[:9]))
        if plain(name):
            graph.add_edge(("site", site), ("name", plain(name)))
    found = {
        SITE + str(key): f"firm {number}"
        for number, together in enumerate(nx.connected_components(graph))
        for what, key in together
        if what == "site"
    }
    return pd.Series(found, dtype=object)


def plain(name: object) -> str:
    """A name without case, accents and signs, to tell whether two are one.

    Examples
    --------
    >>> plain("Société  d'Émaillage, S.A."), plain("SOCIETE D EMAILLAGE SA")
    ('societe d emaillage s a', 'societe d emaillage sa')
    """
    text = unicodedata.normalize("NFKD", str(name).casefold())
    return re.sub(r"\W+", " ", "".join(c for c in text if not unicodedata.combining(c))).strip()


def _open_hubs(territory: Territory) -> set[str]:
    """Hubs, except those that bear the name of a firm which opened nothing."""
    sites, hubs = territory.sites, territory.hubs
    declared = territory.declarations
    firms = firm_of(territory)
    openly = set(declared.loc[declared["confidentiality"] == OPEN, "site_id"])
    told = {firms[SITE + str(site)] for site in openly if SITE + str(site) in firms}
    hidden = [site for site in sites.index if firms[SITE + str(site)] not in told]
    secret = {plain(sites.loc[s, c]) for s in hidden for c in ("firm", "name")} - {""}
    clear = [
        hub
        for hub, name in zip(hubs["hub_id"], hubs["name"].map(plain), strict=True)
        if not any(f" {one} " in f" {name} " for one in secret)
    ]
    return set(clear)


def _banded(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Rows added up by their keys, family and unit; the band of each sum in place of it."""
    sums = rows.groupby([*keys, "family", "unit"], sort=True)["quantity"].sum().reset_index()
    return sums.assign(band=band(sums["quantity"].to_numpy(dtype=float))).drop(columns="quantity")


def _crowds(rows: pd.DataFrame) -> pd.DataFrame:
    """Hidden flows in the finest crowds that are large enough; what fits in none is not told."""
    found = []
    rest = rows
    for level in LEVELS:
        known = (rest[[c for c in level if c != "family"]] != "").all(axis=1)
        merged = rest[known].assign(**{c: "" for c in _KEY[:-1] if c not in level})
        firms = merged.groupby(_KEY)[["giver", "taker"]].transform("nunique")
        enough = merged[(firms >= CROWD).all(axis=1)]
        found.append(_banded(enough, ["origin", "end"]))
        rest = rest.drop(index=enough.index)
    crowds = pd.concat(found, ignore_index=True)
    order = ["band", *_KEY]
    return crowds.sort_values(order, ascending=[False, *[True] * 4], ignore_index=True)[
        [*_KEY, "band"]
    ].astype({"band": np.int64})
