"""What a site is likely to give and to want, from its activity alone: marked as inferred."""

from functools import cache

import pandas as pd

from eit import data, nomenclature, texts

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


def infer_declarations(naf: pd.Series, *, lang: str) -> pd.DataFrame:
    """Declarations that the activity of each site suggests.

    Flows that only a part of an activity class has are left out: nothing tells which sites.

    Parameters
    ----------
    naf
        Activity code (NAF rev. 2, any punctuation) on an index of site ids.
    lang
        Language of labels and comments.

    Returns
    -------
    declarations
        `COLUMNS`, by site and flow; every row's data_quality is ``inferred``.
    """
    flows = typical_flows()
    flows = flows[flows["only_if"] == ""].assign(prefix=flows["naf_prefix"].map(_plain))
    codes = naf.map(_plain)
    lengths = flows["prefix"].str.len().unique()
    pairs = pd.concat(
        [
            pd.DataFrame({"site_id": codes.index, "prefix": codes.str[:length]}).merge(
                flows[flows["prefix"].str.len() == length], on="prefix"
            )
            for length in lengths
        ]
    )
    flow = pairs["kind"] + "-" + pairs["resource"].str.replace(" ", "")
    comment = {
        certainty: texts.say(f"registers.inferred_{certainty}", lang)
        for certainty in flows["certainty"].unique()
    }
    declared = pairs.assign(
        declaration_id=pairs["site_id"] + "-" + flow,
        label=[nomenclature.label(resource, lang) for resource in pairs["resource"]],
        data_quality="inferred",
        source="NAF " + pairs["naf_prefix"] + " (" + pairs["certainty"] + "): " + pairs["source"],
        comment=pairs["certainty"].map(comment),
    )
    return declared[list(COLUMNS)].sort_values("declaration_id", ignore_index=True)


def _plain(code: str) -> str:
    return code.replace(".", "").replace(" ", "").upper()
