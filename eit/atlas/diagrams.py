"""Who gives what to whom, and what treatment sites turn it into, as Sankey diagrams."""

import pandas as pd

from eit.atlas.colours import family_colours
from eit.atlas.exchanges import resource_name
from eit.atlas.words import inner_labels
from eit.territory import Territory
from maps.diagram import PATH_COLUMNS, Album, Diagram

SANKEY = "sankey.html"
INDEX = "index.html"
_WHAT = "what:"


def list_album(territory: Territory, exchanges: pd.DataFrame, names: pd.Series, lang: str) -> Album:
    """Diagrams of a plan: who → resource → who, and residue → treatment site → need, by unit.

    Parameters
    ----------
    exchanges
        As `list_exchanges` gives them.
    names
        What each node is called; index: node key.
    """
    moving = exchanges[exchanges["quantity"] > 0]
    hubs = set(territory.hubs["hub_id"])
    views = {"who": _who(moving), "hub": _through(moving, hubs, territory)}
    diagrams = [
        Diagram(view, str(unit), rows[list(PATH_COLUMNS)].reset_index(drop=True))
        for view, paths in views.items()
        for unit, rows in sorted(
            paths.groupby("unit"), key=lambda group: (group[0] != "t", -len(group[1]), group[0])
        )
    ]
    resources = {
        key for one in diagrams for s in ("first", "middle", "last") for key in one.paths[s]
    }
    called = {k: resource_name(k.removeprefix(_WHAT), lang) for k in resources if _is_what(k)}
    labels = inner_labels(lang)
    return Album(
        title=labels["sankey.title"].format(name=territory.name),
        subtitle=str(territory.year),
        lang=lang,
        labels=labels,
        diagrams=tuple(diagrams),
        names=names.to_dict() | called,
        families=family_colours(set(moving["family"]), lang),
        links=((labels["territory.all"], INDEX),),
    )


def _is_what(key: str) -> bool:
    return key.startswith(_WHAT)


def _who(moving: pd.DataFrame) -> pd.DataFrame:
    """Giver, resource, taker of every exchange."""
    return moving.assign(
        first=moving["source"], middle=_WHAT + moving["substance"], last=moving["target"]
    )


def _through(moving: pd.DataFrame, hubs: set[str], territory: Territory) -> pd.DataFrame:
    """What enters each treatment site, and the needs that what leaves it meets."""
    into = moving[moving["to_id"].isin(hubs)]
    out = moving[moving["from_id"].isin(hubs)]
    wanted = out["to_id"].map(territory.declarations["resource"].to_dict())
    need = wanted.where(wanted.notna(), out["substance"])
    entering = into.assign(first=_WHAT + into["substance"], middle=into["target"], last="")
    leaving = out.assign(first="", middle=out["source"], last=_WHAT + need.astype(str))
    return pd.concat([entering, leaving])
