"""What a site is likely to give and to want, from its activity and size: marked as inferred."""

from functools import cache

import numpy as np
import pandas as pd

from eit import data, nomenclature, texts
from eit.registers.activities import rev2_classes

COLUMNS = (
    "declaration_id",
    "site_id",
    "kind",
    "resource",
    "label",
    "quantity",
    "unit",
    "quantity_low",
    "quantity_high",
    "data_quality",
    "source",
    "comment",
)


@cache
def typical_flows() -> pd.DataFrame:
    """Flows by activity class, as in ``datasets/typical_flows``; quantities per site and year."""
    table = data.read_csv("typical_flows/typical_flows.csv")
    quantities = ["quantity_low", "quantity", "quantity_high"]
    return table.astype(dict.fromkeys(quantities, float))


@cache
def headcounts() -> pd.DataFrame:
    """Where in the range of an assumed flow a site of a size stands: -1 lowest, 0, 1 highest."""
    table = data.read_csv("typical_flows/headcounts.csv")
    return table.astype({"employees_from": float, "position": float})


def infer_declarations(
    naf: pd.Series,
    *,
    lang: str,
    version: pd.Series | None = None,
    employees: pd.Series | None = None,
) -> pd.DataFrame:
    """Declarations that the activity of each site suggests.

    Flows that only a part of an activity class has are left out: nothing tells which sites.
    A headcount moves an assumed quantity within its range (`headcounts`), never the range, and
    never a published figure.

    Parameters
    ----------
    naf
        Activity code (any punctuation) on an index of site ids.
    lang
        Language of labels and comments.
    version
        Revision of each code on the same index: ``2025``, else NAF rev. 2 is understood.
    employees
        Headcount of each site on the same index, NaN where it is not known.

    Returns
    -------
    declarations
        `COLUMNS`, by site and flow; every row's data_quality is ``inferred``.
    """
    pairs = propose(naf, version=version)
    flow = pairs["kind"] + "-" + pairs["resource"].str.replace(" ", "")
    comment = {
        certainty: texts.say(f"registers.inferred_{certainty}", lang)
        for certainty in pairs["certainty"].unique()
    }
    declared = pairs.assign(
        declaration_id=pairs["site_id"] + "-" + flow,
        label=[nomenclature.label(resource, lang) for resource in pairs["resource"]],
        quantity=_sized(pairs, employees),
        data_quality="inferred",
        source="NAF " + pairs["naf_prefix"] + " (" + pairs["certainty"] + "): " + pairs["source"],
        comment=pairs["certainty"].map(comment),
    )
    return declared[list(COLUMNS)].sort_values("declaration_id", ignore_index=True)


def propose(
    naf: pd.Series, *, version: pd.Series | None = None, with_parts: bool = False
) -> pd.DataFrame:
    """Typical flows of each site, one row for each site and flow.

    Parameters
    ----------
    naf, version
        As for `infer_declarations`.
    with_parts
        Also the flows that only a part of the class has.

    Returns
    -------
    flows
        site_id, and the columns of `typical_flows`.
    """
    flows = typical_flows()
    flows = flows if with_parts else flows[flows["only_if"] == ""]
    flows = flows.assign(prefix=flows["naf_prefix"].map(_plain))
    codes = naf.astype(str).map(_plain)
    if version is not None:
        classes = rev2_classes(codes.str[:2] + "." + codes.str[2:], version).map(_plain)
        codes = codes.where(version.astype(str) != "2025", classes)
    lengths = flows["prefix"].str.len().unique()
    return pd.concat(
        [
            pd.DataFrame({"site_id": codes.index, "prefix": codes.str[:length]}).merge(
                flows[flows["prefix"].str.len() == length], on="prefix"
            )
            for length in lengths
        ],
        ignore_index=True,
    ).drop(columns="prefix")


def _sized(pairs: pd.DataFrame, employees: pd.Series | None) -> pd.Series:
    """Quantities, those that are assumed moved within their range by the headcount."""
    if employees is None:
        return pairs["quantity"]
    steps = headcounts()
    staff = pairs["site_id"].map(employees).astype(float)
    at = np.searchsorted(steps["employees_from"], staff.fillna(-1), side="right") - 1
    position = pd.Series(np.append(steps["position"], 0.0)[at], index=pairs.index)
    position = position.where(staff.notna() & (pairs["certainty"] == "C"), 0.0)
    end = pairs["quantity_low"].where(position < 0, pairs["quantity_high"])
    moved = pairs["quantity"] * (end / pairs["quantity"]) ** position.abs()
    return moved.round(6).where(end > 0, pairs["quantity"])


def _plain(code: str) -> str:
    return code.replace(".", "").replace(" ", "").upper()
