"""What one cell holds once read."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

NOTHING: Mapping[str, str] = MappingProxyType({})


class Cell(NamedTuple):
    """A value; or a fault code instead of it; or a value and a notice code on how it was taken.

    ``detail`` fills the sentence of the code.
    """

    value: str | float | bool = ""
    fault: str = ""
    notice: str = ""
    detail: Mapping[str, str] = NOTHING
