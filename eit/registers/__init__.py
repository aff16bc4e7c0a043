"""Public registers turned into territory folders, with a word on every row that was mended."""

from eit.registers.irep import ImportReport, import_irep
from eit.registers.typical import infer_declarations, typical_flows

__all__ = ["ImportReport", "import_irep", "infer_declarations", "typical_flows"]
