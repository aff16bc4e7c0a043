"""The French standard of business parks (CNIG, « Sites économiques » 1.0.1), in and out."""

from eit.registers.cnig.exporting import export_cnig
from eit.registers.cnig.importing import import_cnig

__all__ = ["export_cnig", "import_cnig"]
