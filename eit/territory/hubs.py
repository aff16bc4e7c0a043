"""Treatment sites: rows of one hub are its recipes, and agree in everything they share."""

from collections.abc import Iterator

import pandas as pd

from eit.faults import Fault, Notice
from eit.places import Bounds, Located, locate
from eit.places.addresses import with_positions
from eit.places.telling import records

SHARED = ("name", "status", "capacity", "opening_cost_eur")
"""Columns that the rows of one hub share; a blank one says what the others say."""
PLACE = ("address", "postcode", "city", "insee", "lon", "lat", "x", "y", "crs")
LOCATED = ("lon", "lat", "position_quality", "commune_area_km2", "insee")
SAME_PLACE_DEGREES = 0.01
"""Rows of one hub that lie farther apart than this, about a kilometre, name two places."""


def arrange_hubs(
    hubs: pd.DataFrame, positions: pd.DataFrame, *, area: Bounds, likely: int
) -> tuple[pd.DataFrame, list[Fault | Notice]]:
    """Number the recipes of every hub, and put each hub in one place.

    Parameters
    ----------
    hubs
        Rows of ``hubs.csv`` as read.
    positions
        Rows of ``positions.csv`` as read.
    area, likely
        As for `eit.places.locate`.

    Returns
    -------
    hubs, said
        Sorted by hub, takes, gives, with recipe, position_quality, commune_area_km2, and on
        every row what its hub shares; faults and notices.
    """
    named = hubs[hubs["hub_id"] != ""]
    by_address = positions.loc[(positions["of"] == "hub") & (positions["use"] == "yes"), "site_id"]
    placed = named["hub_id"].isin(by_address)
    located = locate(named, area=area, likely=likely, placed=placed)
    said: list[Fault | Notice] = [*located.faults, *located.notices]
    said += _about_rows(named, located)
    hubs = named.assign(**{column: located.places[column] for column in LOCATED})
    hubs, of_positions = _at_addresses(_share_places(_share(hubs)), positions)
    said += of_positions
    hubs = hubs.drop(columns=["x", "y", "crs"])
    hubs["yield"] = hubs["yield"].mask(hubs["yield"].isna() & (hubs["gives"] != ""), 1.0)
    hubs = hubs.sort_values(["hub_id", "takes", "gives", "line"], ignore_index=True)
    return hubs.assign(recipe=hubs.groupby("hub_id").cumcount()), said


def _share(hubs: pd.DataFrame) -> pd.DataFrame:
    """Fill what one row of a hub leaves blank from the first that says it."""
    filled = {}
    for column in SHARED:
        stated = hubs[column].where(_stated(hubs[column]))
        first = stated.groupby(hubs["hub_id"]).transform("first")
        filled[column] = first.fillna("") if hubs[column].dtype != float else first
    return hubs.assign(**filled)


def _share_places(hubs: pd.DataFrame) -> pd.DataFrame:
    """Give every row the place of the row of its hub that is placed best."""
    rank = hubs["position_quality"].map({"exact": 0, "address": 1, "commune": 2, "none": 3})
    best = hubs.assign(rank=rank).sort_values(["hub_id", "rank", "line"])
    best = best.drop_duplicates("hub_id").set_index("hub_id")
    columns = [*LOCATED, "address", "postcode", "city"]
    placed = best[columns].reindex(hubs["hub_id"]).set_axis(hubs.index)
    return hubs.assign(**{column: placed[column] for column in columns})


def _at_addresses(hubs: pd.DataFrame, positions: pd.DataFrame) -> tuple[pd.DataFrame, list[Notice]]:
    """Put hubs that stand at their commune, or nowhere, where ``positions.csv`` says."""
    one_each = hubs.drop_duplicates("hub_id").set_index("hub_id")
    placed, notices = with_positions(one_each, positions, kind="hub")
    columns = [column for column in LOCATED if column != "insee"]
    places = placed[columns].reindex(hubs["hub_id"]).set_axis(hubs.index)
    return hubs.assign(**{column: places[column] for column in columns}), notices


def _about_rows(hubs: pd.DataFrame, located: Located) -> Iterator[Fault | Notice]:
    """Rows of one hub that disagree, recipes given twice, candidates that cost nothing to open."""
    first_line = hubs.groupby("hub_id")["line"].transform("first")
    for column in SHARED:
        stated = hubs[column].where(_stated(hubs[column]))
        first = stated.groupby(hubs["hub_id"]).transform("first")
        differs = stated.notna() & (stated != first)
        yield from _differing(hubs[differs], column, first[differs], first_line)
    place = located.places[["lon", "lat"]]
    first_place = place.groupby(hubs["hub_id"]).transform("first")
    away = (place - first_place).abs().max(axis=1) > SAME_PLACE_DEGREES
    yield from _differing(hubs[away], "lon", first_place.loc[away, "lon"], first_line)
    again = hubs.duplicated(["hub_id", "takes", "gives"])
    for row in records(hubs[again]):
        said = {"takes": row["takes"], "gives": row["gives"] or "-"}
        yield Fault(row["file"], row["line"], "takes", row["takes"], "recipe_twice", said)
    free = (hubs["status"] == "candidate") & ~(hubs["opening_cost_eur"] > 0)
    for row in records(hubs[free].drop_duplicates("hub_id")):
        yield Notice(row["file"], row["line"], "opening_cost_eur", row["hub_id"], "hub_free")
    idle = hubs["yield"].notna() & (hubs["gives"] == "")
    for row in records(hubs[idle]):
        yield Notice(row["file"], row["line"], "yield", f"{row['yield']:g}", "yield_of_nothing")


def _differing(
    hubs: pd.DataFrame, column: str, first: pd.Series, first_line: pd.Series
) -> Iterator[Fault]:
    for index, row in zip(hubs.index, records(hubs), strict=True):
        said = {"hub": row["hub_id"], "first": _cell(first[index]), "line": str(first_line[index])}
        yield Fault(row["file"], row["line"], column, _cell(row[column]), "hub_differs", said)


def _stated(values: pd.Series) -> pd.Series:
    return values.notna() & (values != "")


def _cell(value: object) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)
