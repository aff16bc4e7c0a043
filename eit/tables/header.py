"""Which column of a file holds which declared column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eit.tables.schema import Schema, key_of

FAULT_COLUMN = "fault"
"""Title of the column that `eit.tables.write_corrected` adds; it is passed over without a word."""


@dataclass(frozen=True, slots=True)
class Header:
    """The first row of a table, understood.

    Attributes
    ----------
    titles
        As sent, blank ones at the end included.
    width
        Number of cells of a full row: the titles without the blank ones at the end.
    places
        Positions of the cells that hold each declared column; several if a title is repeated.
    unknown
        Positions of the titles that mean no declared column.
    """

    titles: tuple[str, ...]
    width: int
    places: Mapping[str, tuple[int, ...]]
    unknown: tuple[int, ...]

    @property
    def repeated(self) -> tuple[int, ...]:
        """Positions of the titles that mean a column that another one meant before."""
        return tuple(sorted(at for places in self.places.values() for at in places[1:]))


def read_header(schema: Schema, titles: Sequence[str]) -> Header:
    """Recognise each title, in French or English, without regard to case, accents and spaces."""
    width = max((at for at, title in enumerate(titles, 1) if title.strip()), default=0)
    places: dict[str, tuple[int, ...]] = {}
    unknown = []
    for at, title in enumerate(titles[:width]):
        column = schema.recognise(title)
        if column is None and key_of(title) != FAULT_COLUMN:
            unknown.append(at)
        elif column is not None:
            places[column.name] = (*places.get(column.name, ()), at)
    return Header(tuple(titles), width, places, tuple(unknown))
