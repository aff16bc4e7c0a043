"""What came of an import: its figures, and a row for everything mended, doubted or left out."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from eit import texts
from eit.faults import Fault, Notice

COLUMNS = ("file", "line", "site_id", "kind", "code", "value", "said")
KINDS = ("dropped", "doubt", "repair", "note")
"""What a remark says of its row: left out; kept, to be checked; mended; good to know."""
_KIND_OF = {
    "dropped": (
        *("damaged", "broken", "twice", "elsewhere", "inactive", "closed", "abroad", "refused"),
        *("other_commune", "other_activity", "no_code", "no_quantity", "no_site", "no_shape"),
        *(
            "no_day",
            "regrouped",
            "unreadable",
            "unit",
            "cnig_id",
            "other_year",
            "irep_no_site",
            "again",
            "no_commune",
        ),
    ),
    "doubt": (
        *("place_doubtful", "place_far", "place_unread", "commune_ambiguous", "commune_unknown"),
        *("place_unreadable", "not_placed", "siret", "park_unknown", "many_points", "cells"),
        *("cnig_far", "cnig_closed", "layer_warned", "nearest"),
    ),
    "note": (
        *("placed_at_communes", "column_unknown", "column_unnamed", "column_again", "encoding"),
        *("more", "siret_shared", "protected", "naf_none", "naf_changed", "naf_old", "no_staff"),
        *("estimated", "cnig_not_kept", "layer_numbered"),
    ),
}
"""Kind of every remark that is no repair, by its code without ``register_``."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What came of an import.

    Attributes
    ----------
    folder
        The territory folder written.
    rows, sites, declarations
        Rows of the register, sites written, declarations written for them.
    placed
        Sites by the quality of their place.
    counts
        Remarks of ``import_report.csv`` by code.
    parks, hubs
        Business parks and treatment sites written.
    """

    folder: Path
    rows: int
    sites: int
    declarations: int
    placed: Mapping[str, int]
    counts: Mapping[str, int]
    parks: int = 0
    hubs: int = 0

    def as_dict(self) -> dict[str, object]:
        """Everything, as JSON holds it."""
        figures = {name: getattr(self, name) for name in _FIGURES}
        return {
            "folder": str(self.folder),
            **figures,
            "placed": dict(self.placed),
            "counts": dict(self.counts),
        }

    def lines(self, lang: str) -> dict[str, str]:
        """Label and figure of each line that a person reads, in order."""
        shown = {
            texts.say(f"registers.line.{name}", lang): _written(getattr(self, name), lang)
            for name in _FIGURES
            if getattr(self, name) or name in ("rows", "sites")
        }
        for quality, number in self.placed.items():
            shown[texts.say(f"registers.line.placed_{quality}", lang)] = _written(number, lang)
        for kind in KINDS:
            if number := sum(n for code, n in self.counts.items() if kind_of(code) == kind):
                shown[texts.say(f"registers.line.{kind}", lang)] = _written(number, lang)
        return shown


_FIGURES = ("rows", "sites", "declarations", "parks", "hubs")


@cache
def kind_of(code: str) -> str:
    """Which of `KINDS` the remark of a code is."""
    plain = code.removeprefix("register_")
    return next((kind for kind, codes in _KIND_OF.items() if plain in codes), "repair")


def remarks(
    said: Iterable[Fault | Notice], site_of: Mapping[tuple[str, int], str], lang: str
) -> pd.DataFrame:
    """Every remark as a row of ``import_report.csv``, in the order of files and lines.

    Parameters
    ----------
    said
        What was said of rows and cells.
    site_of
        Site by file and line.
    lang
        Language of the sentences.
    """
    rows = [
        {
            "file": one.file,
            "line": one.line,
            "site_id": site_of.get((one.file, one.line), ""),
            "kind": kind_of(one.code),
            "code": one.code,
            "value": one.value,
            "said": one.text(lang),
        }
        for one in said
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.sort_values(["file", "line", "code"], ignore_index=True, kind="stable")


def counts_of(values: pd.Series) -> Mapping[str, int]:
    """How often each value stands, by value."""
    counts = values.value_counts().sort_index()
    return MappingProxyType({str(value): int(number) for value, number in counts.items()})


def year_of(name: str) -> int | None:
    """The year that a file's name bears."""
    found = re.search(r"(?<!\d)20\d\d(?!\d)", name)
    return int(found[0]) if found else None


def _written(number: int, lang: str) -> str:
    """A whole number as people of that language write it."""
    return f"{number:,}".replace(",", "\u202f" if lang == "fr" else ",")
