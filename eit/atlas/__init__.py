"""Results on the map: a territory and its plan become layers for a GIS and pages for everybody.

Where a layer or a page shows money, it is what both ends of a pair gain together; what one of
them pays or saves is on no map.
"""

from eit.atlas.files import page_names
from eit.atlas.layers import layers, write_geopackage
from eit.atlas.managing import tell_park, told_to_manager, write_park_page
from eit.atlas.pages import write_maps
from eit.atlas.public import write_public

__all__ = [
    "layers",
    "page_names",
    "tell_park",
    "told_to_manager",
    "write_geopackage",
    "write_maps",
    "write_park_page",
    "write_public",
]
