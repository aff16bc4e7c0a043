"""The page of one park for its manager: names where they are allowed, nobody's money."""

from dataclasses import replace
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd

from eit.atlas.pages import gather, park_sheet
from eit.results import Plan
from eit.territory import Territory
from maps.page import render
from maps.sheet import Sheet

OPEN, PARK = "open", "park"
MONEY = "eur"
MANAGER = "manager."


def write_park_page(
    territory: Territory, plan: Plan, park_id: str, path: Path, *, lang: str
) -> None:
    """Write the page of a park that its manager may see.

    It holds the exchanges and leftovers of declarations that are ``open``, or that are ``park``
    and stand in this park. Whatever has a restricted end is absent, from lines, tables and
    totals alike. There is no money, and no reason that could name someone.

    Parameters
    ----------
    park_id
        A park that is drawn or that a site names.
    path
        Where to write; takes its place whole.

    Raises
    ------
    KeyError
        If the territory has no such park.
    """
    sheet = tell_park(territory, plan, park_id, lang)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(render(sheet), encoding="utf-8", newline="\n")
    partial.replace(path)


def told_to_manager(territory: Territory, park_id: str) -> frozenset[str]:
    """Declarations that the manager of a park may see by name and figure."""
    declared = territory.declarations
    park = declared["site_id"].map(territory.sites["park_id"])
    level = declared["confidentiality"]
    told = (level == OPEN) | ((level == PARK) & (park == park_id))
    return frozenset(declared.index[told].astype(str))


def tell_park(territory: Territory, plan: Plan, park_id: str, lang: str) -> Sheet:
    """What the page of a park tells its manager, as one sheet.

    Raises
    ------
    KeyError
        If the territory has no such park.
    """
    told = told_to_manager(territory, park_id)
    atlas = gather(territory, _kept(territory, plan, told), lang, None)
    sheet = park_sheet(atlas, park_id)
    starts = sheet.starts.assign(value_eur=np.nan)
    own = {key: sheet.labels[MANAGER + key] for key in ("internal", "note.value")}
    return replace(
        sheet,
        labels={**sheet.labels, **own},
        exchanges=sheet.exchanges.assign(value_eur=np.nan),
        starts=starts.sort_values("quantity", ascending=False, kind="stable"),
        leftovers=sheet.leftovers.assign(reason="", change=""),
        totals=sheet.totals[sheet.totals["unit"] != MONEY],
        links=(),
    )


def _kept(territory: Territory, plan: Plan, told: frozenset[str]) -> Plan:
    """A plan without the rows that have an end which is not told.

    What enters and leaves a treatment site balances, and so does what a firm has and what it
    ships: where one part is hidden, the rest would tell how much it is. So treatment sites
    that deal with someone hidden are left out, with those they pass things on to, and leftovers
    are told of declarations alone that ship nothing hidden.
    """
    flows, pairs = plan.flows, plan.synergies
    clear = told | _clear_hubs(territory, flows, told)
    shown = flows["from_id"].isin(clear) & flows["to_id"].isin(clear)
    both = pairs["donor_id"].isin(told) & pairs["receiver_id"].isin(told)
    through = pairs["via"].map(lambda via: set(filter(None, via.split("|"))) <= clear)
    secret = flows[~shown]
    whole = told - set(secret["from_id"]) - set(secret["to_id"])
    return replace(
        plan,
        flows=flows[shown],
        synergies=pairs[both & through.astype(bool)],
        unmatched=plan.unmatched[plan.unmatched["declaration_id"].isin(whole)],
    )


def _clear_hubs(territory: Territory, flows: pd.DataFrame, told: frozenset[str]) -> set[str]:
    """Hubs that deal with nobody hidden, nor through other hubs."""
    hubs = set(territory.hubs["hub_id"])
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(hubs)
    graph.add_edges_from(zip(flows["from_id"], flows["to_id"], strict=True))
    between = graph.subgraph(hubs)
    return {
        hub
        for together in nx.connected_components(between)
        if set().union(*(graph[hub] for hub in together)) <= told | hubs
        for hub in together
    }
