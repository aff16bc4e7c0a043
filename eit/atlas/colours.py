"""Colours of resource families: as the nomenclature has them, made unique by shade."""

from collections.abc import Collection

import pandas as pd

from eit import nomenclature

DARKER = 0.58
LIGHTER_BLACK = "#8c8c8c"


def family_colours(shown: Collection[str], lang: str) -> pd.DataFrame:
    """Label, colour and letter of the families shown, in the nomenclature's order; index: key.

    Where the nomenclature tells two families of one colour apart by dashes, the second takes a
    darker shade here: dashes on these maps say that a figure is inferred.
    """
    families = nomenclature.families()
    again = families["colour"].duplicated()
    colours = [
        shade(colour) if repeated else colour
        for colour, repeated in zip(families["colour"], again, strict=True)
    ]
    letters = [chr(ord("A") + at) for at in range(len(families))]
    known = families.assign(label=families[f"label_{lang}"], colour=colours, letter=letters)
    return known.loc[known.index.isin(shown), ["label", "colour", "letter"]]


def shade(colour: str) -> str:
    """A darker shade of a colour ``#rrggbb``; of black, a grey.

    Examples
    --------
    >>> shade("#E69F00"), shade("#000000")
    ('#855c00', '#8c8c8c')
    """
    channels = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    if not any(channels):
        return LIGHTER_BLACK
    return "#" + "".join(f"{round(channel * DARKER):02x}" for channel in channels)
