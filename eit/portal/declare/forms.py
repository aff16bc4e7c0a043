"""The form of one declaration: which fields, with which choices, filled with what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from eit.faults import Fault
from eit.portal.declare.context import Context
from eit.tables import Column, key_of, schema
from eit.tables.columns import NUMBER_TYPES
from eit.tables.dates import read_date
from eit.units import find_unit, units

FIRST = ("kind", "resource", "label", "quantity", "unit", "per", "site_id")
FOLDED = (
    ("season", ("months", "storage", "valid_from", "valid_to")),
    ("terms", ("current_cost_eur_per_unit", "min_lot", "max_partners", "max_distance_km")),
    ("need", ("max_share", "required")),
    ("matter", ("quality", "form", "status", "hazardous")),
    ("figures", ("quantity_low", "quantity_high", "data_quality", "source")),
    ("shown", ("confidentiality", "comment")),
)
"""Groups of fields below the first ones, each folded until it is wanted."""

DEFAULTS: Mapping[str, str] = {"kind": "residue", "unit": "t", "per": "year"}
_EVERYDAY = ("t", "kg", "m3", "l", "MWh", "kWh", "GJ", "piece", "hour", "m2")
_LONG = frozenset({"quality", "comment"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form.

    Attributes
    ----------
    kind
        ``radio``, ``select``, ``number``, ``date``, ``resource``, ``long`` or ``text``.
    options
        Values to choose from, with their names.
    """

    name: str
    kind: str
    value: str
    hint: str
    needed: bool
    options: Sequence[tuple[str, str]]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that unfold together; open at once where one of them is filled or faulty."""

    name: str
    fields: Sequence[Field]
    is_open: bool


def first_fields(
    cells: Mapping[str, str], context: Context, lang: str, faults: Sequence[Fault] = ()
) -> list[Field]:
    """The few fields that every declaration needs."""
    return [make_field(name, cells, context, lang, faults) for name in FIRST]


def folded_groups(
    cells: Mapping[str, str], context: Context, lang: str, faults: Sequence[Fault] = ()
) -> list[Group]:
    """All other fields, by what they are about."""
    groups = []
    for name, names in FOLDED:
        fields = [make_field(one, cells, context, lang, faults) for one in names]
        groups.append(Group(name, fields, any(one.faults for one in fields)))
    return groups


def make_field(
    name: str,
    cells: Mapping[str, str],
    context: Context,
    lang: str,
    faults: Sequence[Fault] = (),
) -> Field:
    """One field, its value as it is chosen or typed."""
    column = schema("declarations")[name]
    options = _options(column, context, lang)
    value = _value(column, cells.get(name, ""), options)
    kind = _kind(column, options)
    return Field(
        name=name,
        kind="text" if kind == "date" and value and not _is_day(value) else kind,
        value=value,
        hint=column.description(lang),
        needed=column.required != "no",
        options=options,
        faults=tuple(fault for fault in faults if fault.column == name),
    )


def editing_field(name: str, cell: str, context: Context, lang: str) -> Field:
    """A field to mend one cell in its table."""
    return make_field(name, {name: cell}, context, lang)


def starting_cells(context: Context) -> dict[str, str]:
    """What stands in a new form: the usual choices, and the site where the firm has one."""
    sites = list(context.sites.index)
    return {**DEFAULTS, **({"site_id": sites[0]} if len(sites) == 1 else {})}


def _options(column: Column, context: Context, lang: str) -> list[tuple[str, str]]:
    if column.name == "site_id":
        return [(site, _site_name(context, site)) for site in context.sites.index]
    if column.type == "unit":
        return [(name, name) for name in _units()]
    return list(zip(column.choices, column.choice_names(lang), strict=True))


def _site_name(context: Context, site: str) -> str:
    name = str(context.sites.at[site, "name"])
    return f"{name} ({site})" if name else site


def _kind(column: Column, options: Sequence[tuple[str, str]]) -> str:
    if column.name == "kind":
        return "radio"
    if options:
        return "select"
    if column.name in _LONG:
        return "long"
    if column.type in NUMBER_TYPES:
        return "number"
    return {"date": "date", "resource": "resource"}.get(column.type, "text")


def _value(column: Column, cell: str, options: Sequence[tuple[str, str]]) -> str:
    """The option that a cell means, or the cell as it stands."""
    text = cell.strip()
    if column.type == "unit":
        found = find_unit(text)
        return found.name if found else text
    if column.name != "site_id" and options:
        return column.choice_of().get(key_of(text), text)
    if column.type == "date" and text:
        return str(read_date(text).value) or text
    return text


def _is_day(text: str) -> bool:
    return read_date(text).value == text


@cache
def _units() -> tuple[str, ...]:
    """Every unit, those of every day first."""
    return (*_EVERYDAY, *(name for name in units() if name not in _EVERYDAY))
