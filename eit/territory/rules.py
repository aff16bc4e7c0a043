"""The territory's own substitution rules: what they name is known, or will be."""

from collections.abc import Iterator

import pandas as pd
from rapidfuzz import fuzz, process

from eit import nomenclature
from eit.faults import Fault, Notice
from eit.places.telling import records

ALIKE = 85.0
"""Likeness (0 to 100) from which an unknown resource is taken for a known one, misspelt."""


def about_needs(
    rules: pd.DataFrame, declarations: pd.DataFrame, hubs: pd.DataFrame
) -> Iterator[Fault | Notice]:
    """Rules whose need nobody knows: a fault if it looks like a known one, else a notice.

    Known is what the nomenclature lists, what a declaration needs or offers, and what a hub takes
    or gives. ``rules.csv`` may name a need before the first firm declares it.

    Parameters
    ----------
    rules, declarations, hubs
        Of one territory; only resource, need, takes, gives are looked at.
    """
    known = {*nomenclature.resources().index, *declarations["resource"].unique()}
    known |= {*hubs["takes"], *hubs["gives"]} - {""}
    for row in records(rules[~rules["need"].isin(known) & (rules["need"] != "")]):
        place = row["file"], row["line"], "need", row["need"]
        alike = process.extractOne(
            row["need"], sorted(known), scorer=fuzz.ratio, score_cutoff=ALIKE
        )
        if nomenclature.is_waste_code(row["need"]) or alike is None:
            yield Notice(*place, "rule_idle")
        else:
            yield Fault(*place, "unknown_need", {"nearest": alike[0]})
