"""hubs.csv, synergies.csv and unmatched.csv against flows.csv and the declarations."""

import numpy as np
import pandas as pd

from eit.verify.ledger import Ledger
from eit.verify.limits import hub_volumes, moved
from eit.verify.market import USED, Market
from eit.verify.rows import expected_figures
from eit.verify.verdict import Violation, above, below, unlike

REASONS = frozenset(
    {
        *("excluded", "no_partner", "unit", "no_place", "no_road", "too_far", "forbidden"),
        *("links_only", "hazard", "quality_unknown", "quality", "hierarchy", "same_site"),
        "not_worth",
        *("min_lot", "partner_limit", "capacity", "competition", "limit"),
    }
)
"""Reasons that unmatched.csv may give."""
FIGURES = ["quantity", "delivered", "value_eur"]
LEFT = 1e-6
"""Part of a declaration below which nothing is left of it."""


def check_hubs_table(ledger: Ledger) -> list[Violation]:
    """What hubs.csv says of the hubs in use."""
    market, table = ledger.ground.market, ledger.files.tables["hubs"]
    taken, made, _ = hub_volumes(ledger)
    given = pd.Series(made.sum(axis=1)).groupby(market.origins["id"]).sum()
    strangers = sorted(set(table["hub_id"]) - set(taken.index))
    repeated = table["hub_id"][table["hub_id"].duplicated()]
    rows = table[table["hub_id"].isin(taken.index)].drop_duplicates("hub_id")
    ids = rows["hub_id"]
    used = (taken > USED).reindex(ids)
    opening = market.hubs["opening_cost"].reindex(ids).where(used, 0.0)
    return [
        *(Violation("unknown_id", hub, "", "") for hub in strangers),
        *(Violation("duplicate_row", hub, "", "") for hub in repeated),
        *unlike("hub_taken", ids, rows["taken"], taken.reindex(ids)),
        *unlike("hub_given", ids, rows["given"].fillna(0.0), given.reindex(ids).fillna(0.0)),
        *unlike("hub_opening", ids, rows["opening_cost_eur"], opening),
    ]


def check_synergies(ledger: Ledger) -> list[Violation]:
    """Pairs of synergies.csv: direct ones one by one, all of them by receiver and donor."""
    market, table = ledger.ground.market, ledger.files.tables["synergies"]
    told = table.groupby(["donor_id", "receiver_id"])[FIGURES].sum()
    through = table[table["via"] != ""].set_index(["donor_id", "receiver_id"]).index
    direct = _direct_pairs(ledger)
    pairs = direct.index.union(told.index)
    direct, told = direct.reindex(pairs).fillna(0.0), told.reindex(pairs).fillna(0.0)
    names = np.array([f"{donor}→{receiver}" for donor, receiver in pairs], dtype=object)
    part = pairs.isin(through)
    shipped, delivered = moved(ledger)
    needs = market.ends["id"].iloc[: len(delivered)]
    residues = market.origins["id"].iloc[: len(shipped)]
    received = table.groupby("receiver_id")["delivered"].sum().reindex(needs).fillna(0.0)
    given = table.groupby("donor_id")["quantity"].sum().reindex(residues).fillna(0.0)
    repeated = table[table.duplicated(["donor_id", "receiver_id"])]
    return [
        *(
            Violation("duplicate_row", f"{donor}→{receiver}", "", "")
            for donor, receiver in zip(repeated["donor_id"], repeated["receiver_id"], strict=True)
        ),
        *(
            violation
            for column in FIGURES
            for violation in unlike(
                "synergies", names[~part], told.loc[~part, column], direct.loc[~part, column]
            )
        ),
        *below("synergies", names[part], told.loc[part, "quantity"], direct.loc[part, "quantity"]),
        *unlike("synergies", needs, received, delivered.sum(axis=1)),
        *above("synergies", residues, given, shipped.sum(axis=1)),
    ]


def _direct_pairs(ledger: Ledger) -> pd.DataFrame:
    """What flows between each donor and receiver without a hub."""
    market = ledger.ground.market
    flows = ledger.flows.assign(**expected_figures(ledger)[["delivered", "value_eur"]])
    start = market.origins["hub"].to_numpy(bool)[flows["origin"]]
    stop = market.ends["hub"].to_numpy(bool)[flows["end"]]
    direct: pd.DataFrame = flows[~start & ~stop].groupby(["from_id", "to_id"])[FIGURES].sum()
    return direct


def check_unmatched(ledger: Ledger) -> list[Violation]:
    """What is left of every declaration, and that nothing left over goes unsaid."""
    left = _left(ledger)
    table = ledger.files.tables["unmatched"]
    repeated = table["declaration_id"][table["declaration_id"].duplicated()]
    strangers = sorted(set(table["declaration_id"]) - set(left.index))
    rows = table[table["declaration_id"].isin(left.index)].drop_duplicates("declaration_id")
    ids = rows["declaration_id"]
    over = left[left["left"] > LEFT * np.maximum(1.0, left["quantity"])]
    unsaid = over[~over.index.isin(ids)]
    mute = rows[~rows["reason"].isin(REASONS) | (rows["detail"] == "") | (rows["change"] == "")]
    expected = left.loc[ids]
    odd = rows[rows["kind"].to_numpy() != expected["kind"].to_numpy()]
    return [
        *(Violation("unknown_id", id_, "", "") for id_ in strangers),
        *(Violation("duplicate_row", id_, "", "") for id_ in repeated),
        *unlike("unmatched", ids, rows["quantity_left"], expected["left"]),
        *below("unmatched_missing", unsaid.index, 0.0 * unsaid["left"], unsaid["left"]),
        *(Violation("reason", id_, reason, "") for id_, reason in _cells(mute, "reason")),
        *(Violation("kind", id_, kind, "") for id_, kind in _cells(odd, "kind")),
    ]


def _cells(rows: pd.DataFrame, column: str) -> list[tuple[str, str]]:
    return list(zip(rows["declaration_id"], rows[column], strict=True))


def _left(ledger: Ledger) -> pd.DataFrame:
    """Yearly quantity and what is left of each declaration, by its id."""
    market: Market = ledger.ground.market
    shipped, delivered = moved(ledger)
    parts = []
    for kind, frame, quantity, gone in (
        ("residue", market.origins, market.offered, shipped),
        ("need", market.ends, market.wanted, delivered),
    ):
        year = quantity.sum(axis=1)
        index = pd.Index(frame["id"].iloc[: len(year)], name="declaration_id")
        part = pd.DataFrame({"quantity": year, "left": year - gone.sum(axis=1)}, index=index)
        parts.append(part.assign(kind=kind))
    return pd.concat(parts)
