"""A territory: its whole folder read, checked across tables, and put on the map."""

from eit.territory.model import Reading, Territory
from eit.territory.new import new_territory
from eit.territory.reading import check_territory, read_territory

__all__ = ["Reading", "Territory", "check_territory", "new_territory", "read_territory"]
