"""What may be wrong with a row in itself, beyond its single cells."""

from collections.abc import Collection, Iterator, Mapping

import numpy as np
import pandas as pd

from eit import nomenclature
from eit.declarations.rows import Flags, Positions, Remark, Rows
from eit.tables import nearest_of, quality_terms, schema

NEEDED = tuple(c.name for c in schema("declarations").columns if c.required == "live")
"""Columns that every row fills in, unless it cancels."""


def check_rows(rows: Rows, known_resources: Collection[str] | None) -> Iterator[Remark]:
    """Every check of one row, the cells that could not be read left out.

    Parameters
    ----------
    known_resources
        What a row may name; None if any name will do.
    """
    for column in NEEDED:
        blank = _blank(rows[column]) & rows.declares & rows.given(column)
        yield Remark(np.flatnonzero(blank & ~rows.unread_in(column)), column, "blank")
    if known_resources is not None:
        yield from _unknown_resources(rows, known_resources)
    yield from _ranges(rows)
    yield from _validity(rows)
    yield from _hazard(rows)
    yield from _quality(rows)


def remark_on(rows: Rows, sound: Flags, canonical: pd.Series) -> Iterator[Remark]:
    """Notices on sound rows: a share of a residue, a unit in which no one counts the resource."""
    yield from _other_units(rows, sound, canonical)
    residue = sound & rows.declares & (rows["kind"] == "residue").to_numpy()
    useless = np.flatnonzero(residue & (rows["max_share"] != 1).to_numpy())
    kinds = [{"kind_en": "residue", "kind_fr": "résidu"}] * len(useless)
    yield Remark(useless, "max_share", "not_for_kind", kinds, is_fault=False)


def _other_units(rows: Rows, sound: Flags, canonical: pd.Series) -> Iterator[Remark]:
    usual = rows["resource"].map(
        {name: nomenclature.unit_of(name) for name in rows["resource"].unique()}
    )
    odd = usual.notna() & (usual != canonical) & sound & rows.declares
    positions = np.flatnonzero(odd)
    told = (column.iloc[positions] for column in (rows["resource"], usual, canonical))
    details = [{"resource": r, "canonical": c, "unit": u} for r, c, u in zip(*told, strict=True)]
    yield Remark(positions, "unit", "unit_kind", details, is_fault=False)


def _blank(column: pd.Series) -> Flags:
    empty = column.isna() if column.dtype == "float64" else column == ""
    return empty.to_numpy()


def _unknown_resources(rows: Rows, known: Collection[str]) -> Iterator[Remark]:
    resource = rows["resource"]
    unknown = ~resource.isin(known) & (resource != "") & rows.declares
    closest = nearest_of(resource[unknown], known)
    is_need = (rows["kind"] == "need").to_numpy()
    for code, mask in (("need", unknown & is_need), ("resource", unknown & ~is_need)):
        positions = np.flatnonzero(mask)
        details = [{"nearest": closest[name]} for name in resource.iloc[positions]]
        yield Remark(positions, "resource", code, details)


def _ranges(rows: Rows) -> Iterator[Remark]:
    low, high, quantity = rows["quantity_low"], rows["quantity_high"], rows["quantity"]
    inverted = (low > high) & rows.declares
    positions = np.flatnonzero(inverted)
    yield Remark(positions, "quantity_high", "range_order", _cells(rows, positions, low=low))
    outside = ((quantity < low) | (quantity > high)) & ~inverted & rows.declares
    positions = np.flatnonzero(outside)
    yield Remark(positions, "quantity", "range", _cells(rows, positions, low=low, high=high))


def _cells(rows: Rows, positions: Positions, **bounds: pd.Series) -> list[Mapping[str, str]]:
    """Bounds as they stand in their file; one that is not given is an ellipsis."""
    return [
        {name: rows.sent(at, str(bound.name)) or "…" for name, bound in bounds.items()}
        for at in positions.tolist()
    ]


def _validity(rows: Rows) -> Iterator[Remark]:
    first, last = rows["valid_from"], rows["valid_to"]
    positions = np.flatnonzero((last != "") & (last < first) & rows.declares)
    details = [{"first": day} for day in first.iloc[positions]]
    yield Remark(positions, "valid_to", "valid_order", details)


def _hazard(rows: Rows) -> Iterator[Remark]:
    denied = (rows["hazardous"] == "no") & hazardous_by_code(rows["resource"]) & rows.declares
    positions = np.flatnonzero(denied)
    details = [{"resource": resource} for resource in rows["resource"].iloc[positions]]
    yield Remark(positions, "hazardous", "hazardous", details)


def hazardous_by_code(resource: pd.Series) -> pd.Series:
    """Whether each resource is a waste code that the European list marks as hazardous."""
    entries = nomenclature.waste_codes()
    return resource.isin(entries.index[entries["hazardous"]])


def _quality(rows: Rows) -> Iterator[Remark]:
    """Residues state values, needs state limits; each distinct text is looked at once."""
    places, texts = pd.factorize(rows["quality"])
    terms = [quality_terms(text) for text in texts]
    for kind, code, refused in (
        ("residue", "quality_of_residue", ("<=", ">=")),
        ("need", "quality_of_need", ("=",)),
    ):
        wrong = [next((term for term in of if term.sign in refused), None) for of in terms]
        holds = np.array([term is not None for term in wrong], dtype=bool)
        mask = holds[places] & (rows["kind"] == kind).to_numpy() & rows.declares
        positions = np.flatnonzero(mask)
        found = [wrong[place] for place in places[positions]]
        details = [{"term": str(term), "name": term.name} for term in found if term is not None]
        yield Remark(positions, "quality", code, details)
