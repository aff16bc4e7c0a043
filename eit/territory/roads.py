"""Places that the road network does not serve."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from eit.faults import Notice
from eit.places.telling import records
from eit.roads import REACH_KM, Network, snap


def off_roads(roads: Network, rows: pd.DataFrame, column: str) -> Iterator[Notice]:
    """A word on each place without a road, or whose road is cut off from the main part.

    Parameters
    ----------
    roads
        The network.
    rows
        Places: ``lon``, ``lat``, ``file``, ``line``, and their id.
    column
        Name of the id.
    """
    placed = rows[rows["lon"].notna() & rows["lat"].notna()]
    snaps = snap(roads, placed[["lon", "lat"]].to_numpy(dtype=np.float64))
    main = roads.main_part()
    joined = main[roads.tail[snaps.section]] & main[roads.head[snaps.section]]
    served, in_main = np.zeros((2, len(placed)), dtype=bool)
    served[snaps.place] = True
    in_main[snaps.place[joined]] = True
    for off, code in ((~served, "roads_far"), (served & ~in_main, "roads_cut_off")):
        for row in records(placed[off]):
            said = {"reach": f"{REACH_KM:g}"}
            yield Notice(row["file"], row["line"], column, row[column], code, said)
