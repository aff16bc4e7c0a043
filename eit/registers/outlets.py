"""Treatment sites that registers name: listed as hubs, and left out until their price is known."""

import json
from collections.abc import Iterable

import pandas as pd

from eit import texts

HUB_COLUMNS = (
    *("hub_id", "name", "address", "postcode", "city", "insee", "lon", "lat", "status", "takes"),
    *("capacity", "operation", "hazardous"),
)


def hubs_of(takings: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``hubs.csv``, one for each treatment site and waste code.

    Parameters
    ----------
    takings
        hub_id, takes (waste code), quantity (t per year), operation (R/D code), hazardous (bool),
        and the columns of a place; capacity (t per year, NaN where nothing tells).

    Returns
    -------
    hubs
        `HUB_COLUMNS`; the operation is the one that took most of the code.
    """
    takings = takings.sort_values(
        ["hub_id", "takes", "quantity", "operation"], ascending=[True, True, False, True]
    )
    keys = ["hub_id", "takes"]
    dangerous = takings.groupby(keys)["hazardous"].any()
    hubs = takings.drop_duplicates(keys).set_index(keys)
    hubs = hubs.assign(status="existing", hazardous=dangerous.map({True: "yes", False: "no"}))
    return hubs.reset_index().reindex(columns=list(HUB_COLUMNS))


def without_outlets(hub_ids: Iterable[str], lang: str) -> str:
    """A ``scenario.toml`` that leaves the hubs of a register out, and says why.

    Nothing tells what they ask for: at no price they would look better than any exchange.
    """
    lines = [f"    {json.dumps(hub)}," for hub in sorted(set(hub_ids))]
    comment = [f"# {line}" for line in texts.say("registers.outlets", lang).split(" | ")]
    return "\n".join([*comment, "[exclude]", "hubs = [", *lines, "]", ""])
