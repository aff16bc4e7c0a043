"""The flows of a run joined to the lanes of the territory they claim to use."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from eit.verify.files import RunFiles
from eit.verify.lanes import Ground, judged_lanes
from eit.verify.verdict import Violation


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything the checks look at.

    Attributes
    ----------
    files
        The run folder.
    ground
        The territory, surveyed anew.
    flows
        The rows of flows.csv that name a permitted lane, with its terms (columns of
        `judged_lanes`), ``at`` ("from→to") and ``way`` (rows of one origin, partner, mode).
    whole
        Whether every row of flows.csv is among `flows`.
    """

    files: RunFiles
    ground: Ground
    flows: pd.DataFrame
    whole: bool


def open_ledger(files: RunFiles, ground: Ground) -> tuple[Ledger, list[Violation]]:
    """Join flows.csv to the lanes; rows that name none are violations."""
    rows, wrong = _placed(files.tables["flows"], ground)
    pairs = rows[["origin", "end"]].drop_duplicates().sort_values(["origin", "end"])
    lanes = judged_lanes(ground, pairs.reset_index(drop=True))
    joined = rows.merge(lanes, on=["origin", "end", "mode"], how="left", suffixes=("", "_own"))
    unknown = joined["link"].isna()
    wrong += _refused(joined[unknown].assign(refusal="forbidden"))
    wrong += _refused(joined[~unknown & (joined["refusal"] != "")])
    sound = joined[~unknown & (joined["refusal"] == "")]
    way = sound.groupby(["origin", "to_id", "mode"]).ngroup().astype("int64")
    flows = sound.assign(way=way, link=sound["link"].astype("int64")).reset_index(drop=True)
    return Ledger(files, ground, flows, len(flows) == len(files.tables["flows"])), wrong


def _placed(flows: pd.DataFrame, ground: Ground) -> tuple[pd.DataFrame, list[Violation]]:
    """Rows with the positions of their origin and end; those without are violations."""
    market = ground.market
    recipe = flows["recipe"] if "recipe" in flows else pd.Series("", index=flows.index)
    rows = flows.assign(
        at=flows["from_id"] + "→" + flows["to_id"],
        number=pd.to_numeric(recipe.replace("", "-1"), errors="coerce").fillna(-2).astype(int),
    )
    starts, stops = market.origins.rename_axis("origin"), market.ends.rename_axis("end")
    declared = starts[~starts["hub"].astype(bool)].reset_index()
    products = starts[starts["hub"].astype(bool)].reset_index()
    origin = rows["from_id"].map(declared.set_index("id")["origin"])
    made = pd.MultiIndex.from_frame(rows[["from_id", "resource"]])
    by_product = pd.Series(products["origin"].to_numpy(), index=_keys(products, "resource"))
    origin = origin.fillna(pd.Series(by_product.reindex(made).to_numpy(), index=rows.index))
    ends = pd.Series(stops.index, index=_keys(stops, "recipe"))
    end = ends.reindex(pd.MultiIndex.from_frame(rows[["to_id", "number"]])).to_numpy()
    found = rows.assign(origin=origin.to_numpy(dtype=float), end=end.astype(float))
    known = found["origin"].notna() & found["end"].notna()
    wrong = [Violation("unknown_id", at, "", "") for at in found.loc[~known, "at"]]
    return found[known].astype({"origin": "int64", "end": "int64"}), wrong


def _keys(frame: pd.DataFrame, second: str) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([frame["id"].astype(object), frame[second]])


def _refused(rows: pd.DataFrame) -> list[Violation]:
    """One violation per lane that the territory does not permit, named by the reason."""
    shown = np.where(rows["refusal"] == "distance_limit", rows["distance_km"], np.nan)
    return [
        Violation(check, at, "" if np.isnan(figure) else float(figure), "")
        for check, at, figure in zip(rows["refusal"], rows["at"], shown, strict=True)
    ]
