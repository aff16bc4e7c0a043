"""Public registers turned into territory folders, with a word on every row that was mended."""

from eit.registers.cnig import export_cnig, import_cnig
from eit.registers.gathering import new_territory_from
from eit.registers.irep import import_irep
from eit.registers.layer import import_layer
from eit.registers.report import ImportReport
from eit.registers.sirene import import_sirene
from eit.registers.trackdechets import import_trackdechets
from eit.registers.typical import infer_declarations, typical_flows

__all__ = [
    "ImportReport",
    "export_cnig",
    "import_cnig",
    "import_irep",
    "import_layer",
    "import_sirene",
    "import_trackdechets",
    "infer_declarations",
    "new_territory_from",
    "typical_flows",
]
