"""Links: both ends known, figures that go together, groups that agree."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from eit.faults import Fault, Notice
from eit.places.telling import records
from eit.tables import nearest_of

GROUP = ("group_capacity", "group_fixed_cost_eur")
"""Columns that the rows of one capacity group share; a blank one says what the others say."""


def arrange_links(
    links: pd.DataFrame, kinds: pd.Series, passed_over: pd.Index
) -> tuple[pd.DataFrame, list[Fault | Notice]]:
    """Check links against everything they may join.

    Parameters
    ----------
    links
        Rows of ``links.csv`` as read.
    kinds
        What every known id is (``residue``, ``need``, ``hub``, ``site``), on an index of ids;
        a declaration or hub before a site of equal id.
    passed_over
        Ids of declarations that are known, but not live.

    Returns
    -------
    links, said
        With what a group shares on every row of it; faults and notices.
    """
    said = [
        *_about_ends(links, kinds, passed_over),
        *_about_pairs(links),
        *_about_figures(links),
        *_about_groups(links),
    ]
    return _share(links), said


def _about_ends(
    links: pd.DataFrame, kinds: pd.Series, passed_over: pd.Index
) -> Iterator[Fault | Notice]:
    """Ends that nobody knows, and ends where a flow cannot start or stop."""
    for column, wrong_kind in (("from_id", "need"), ("to_id", "residue")):
        kind = _kind_of(links[column], kinds)
        lost = links[kind.isna() & (links[column] != "")]
        unknown = lost[~lost[column].isin(passed_over)]
        closest = {} if unknown.empty else nearest_of(unknown[column], kinds.index)
        for row in records(lost[lost[column].isin(passed_over)]):
            yield Notice(row["file"], row["line"], column, row[column], "link_not_live")
        for row in records(unknown):
            said = {"nearest": closest[row[column]]}
            yield Fault(row["file"], row["line"], column, row[column], "unknown_end", said)
        for row in records(links[kind == wrong_kind]):
            code = f"link_{column[:-3]}_{wrong_kind}"
            yield Fault(row["file"], row["line"], column, row[column], code)
    same = (links["from_id"] == links["to_id"]) & (links["from_id"] != "")
    for row in records(links[same & (_kind_of(links["from_id"], kinds) != "site")]):
        yield Fault(row["file"], row["line"], "to_id", row["to_id"], "link_to_itself")


def _kind_of(ids: pd.Series, kinds: pd.Series) -> pd.Series:
    """What each id is; NaN where nobody knows it."""
    return ids.map(kinds[kinds.index.isin(ids)])


def _about_pairs(links: pd.DataFrame) -> Iterator[Fault]:
    ends = ["from_id", "to_id", "mode"]
    again = links.duplicated(ends) & (links["from_id"] != "") & (links["to_id"] != "")
    if again.any():
        first = links.groupby(ends)["line"].transform("first")
        for line, row in zip(first[again], records(links[again]), strict=True):
            said = {"to": row["to_id"], "mode": row["mode"], "first": str(line)}
            yield Fault(row["file"], row["line"], "from_id", row["from_id"], "link_twice", said)


def _about_figures(links: pd.DataFrame) -> Iterator[Fault | Notice]:
    """Figures that mean nothing alone, or contradict each other."""
    least, most = links["min_quantity"], links["max_quantity"]
    trip, cost = links["trip_payload"].notna(), links["trip_cost_eur"].notna()
    empty = ~(least > 0)
    checks = (
        (links["required"] & empty, "min_quantity", "link_without_minimum"),
        (links["required"] & ~links["allowed"], "allowed", "required_forbidden"),
        (least > most, "min_quantity", "minimum_above_maximum"),
        (trip & ~cost, "trip_cost_eur", "trip_without_cost"),
    )
    for wrong, column, code in checks:
        for row in records(links[wrong]):
            said = {"min": f"{row['min_quantity']:g}", "max": f"{row['max_quantity']:g}"}
            yield Fault(row["file"], row["line"], column, _cell(row[column]), code, said)
    running = links["existing"] & ~links["required"] & empty & links["allowed"]
    for row in records(links[running]):
        yield Notice(row["file"], row["line"], "existing", row["from_id"], "link_existing_idle")


def _about_groups(links: pd.DataFrame) -> Iterator[Fault]:
    grouped = links["capacity_group"] != ""
    for column in GROUP:
        for row in records(links[~grouped & links[column].notna()]):
            value = _cell(row[column])
            yield Fault(
                row["file"],
                row["line"],
                "capacity_group",
                value,
                "group_unnamed",
                {"given": column},
            )
        stated = links[grouped & links[column].notna()]
        groups = stated.groupby("capacity_group")
        first, line = groups[column].transform("first"), groups["line"].transform("first")
        for index in stated.index[stated[column] != first]:
            row = records(stated.loc[[index]])[0]
            said = {
                "group": row["capacity_group"],
                "first": _cell(first[index]),
                "line": str(line[index]),
            }
            yield Fault(row["file"], row["line"], column, _cell(row[column]), "group_differs", said)


def _share(links: pd.DataFrame) -> pd.DataFrame:
    groups = links[links["capacity_group"] != ""].groupby("capacity_group")
    filled = {column: groups[column].transform("first") for column in GROUP}
    return links.assign(**{c: filled[c].reindex(links.index) for c in GROUP})


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.12g}"
    return str(value)
