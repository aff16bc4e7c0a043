"""Each row of flows.csv by itself: well formed, and every figure worked out again."""

import numpy as np
import pandas as pd

from eit.verify.ledger import Ledger
from eit.verify.market import USED
from eit.verify.verdict import Violation, below, unlike, wordwise

KEY = ["from_id", "to_id", "period", "resource", "mode", "recipe"]
PARTS_OF_VALUE = {
    "saving_donor_eur": 1,
    "saving_receiver_eur": 1,
    "transport_cost_eur": -1,
    "treatment_cost_eur": -1,
    "fixed_cost_eur": -1,
}
WHOLE = 1e-9
"""Part of a trip by which a load may pass a whole number of trips."""


def check_form(flows: pd.DataFrame, periods: int) -> list[Violation]:
    """Periods in range, nothing negative, no row twice."""
    at = flows["from_id"] + "→" + flows["to_id"]
    off = ~flows["period"].isin(range(1, periods + 1))
    twice = flows.duplicated([column for column in KEY if column in flows])
    late = zip(at[off], flows.loc[off, "period"], strict=True)
    return [
        *(Violation("period", id_, float(period), float(periods)) for id_, period in late),
        *(Violation("duplicate_row", id_, "", "") for id_ in at[twice]),
        *below("quantity", at, flows["quantity"], 0.0),
    ]


def check_words(ledger: Ledger) -> list[Violation]:
    """Resource, unit, rule and source of the distance of each flow."""
    flows, at = ledger.flows, ledger.flows["at"]
    start = ledger.ground.market.origins.iloc[flows["origin"]]
    return [
        *wordwise("resource", at, flows["resource"], start["resource"]),
        *wordwise("unit", at, flows["unit"], start["unit"]),
        *wordwise("rule_id", at, flows["rule_id"], flows["rule_id_own"]),
        *wordwise("distance_source", at, flows["distance_source"], flows["distance_source_own"]),
    ]


def check_figures(ledger: Ledger) -> list[Violation]:
    """Every figure of a flow, worked out again from the territory."""
    flows = ledger.flows
    wrong = []
    expected = expected_figures(ledger)
    for column, check in CHECKS.items():
        wrong += unlike(check, flows["at"], flows[column], expected[column])
    return wrong


CHECKS = {
    "delivered": "delivered",
    "distance_km": "distance",
    "trips": "trips",
    "transport_cost_eur": "transport_cost",
    "treatment_cost_eur": "treatment_cost",
    "fixed_cost_eur": "fixed_cost",
    "saving_donor_eur": "saving_donor",
    "saving_receiver_eur": "saving_receiver",
    "value_eur": "value",
    "co2e_kg": "co2e",
}
"""Column of flows.csv and the check that works it out again."""


def expected_figures(ledger: Ledger) -> pd.DataFrame:
    """What the columns of `CHECKS` should hold, row by row of the ledger's flows."""
    flows = ledger.flows
    quantity = flows["quantity"]
    terms = ledger.ground.terms.iloc[flows["link"]].set_axis(flows.index)
    trips = _trips(flows, terms)
    fixed = terms["fixed_cost_eur"] + flows["laid"]
    fixed = fixed.where(_bears_fixed_cost(flows, terms), 0.0)
    figures = pd.DataFrame(
        {
            "delivered": quantity * flows["ratio"],
            "distance_km": flows["distance_km_own"],
            "trips": trips,
            "transport_cost_eur": quantity * flows["transport"]
            + (trips * terms["trip_cost_eur"]).fillna(0.0),
            "treatment_cost_eur": quantity * flows["treatment"],
            "fixed_cost_eur": fixed,
            "saving_donor_eur": quantity * flows["saving_donor"],
            "saving_receiver_eur": quantity * flows["saving_receiver"],
            "co2e_kg": quantity * flows["co2e_kg_own"],
        }
    )
    value = sum(sign * figures[part] for part, sign in PARTS_OF_VALUE.items())
    return figures.assign(value_eur=value)


def _trips(flows: pd.DataFrame, terms: pd.DataFrame) -> pd.Series:
    """Whole trips of a way and period, on its first row; blank elsewhere."""
    journey = flows.groupby(["way", "period"])["quantity"]
    trips = np.ceil(journey.transform("sum") / terms["trip_payload"] - WHOLE)
    first = ~flows.duplicated(["way", "period"])
    blank_elsewhere: pd.Series = trips.where(terms["by_trip"].astype(bool) & first)
    return blank_elsewhere


def _bears_fixed_cost(flows: pd.DataFrame, terms: pd.DataFrame) -> pd.Series:
    """Rows on which a fixed cost stands: the first of a used way, in the year or the period."""
    per_period = terms["per_period"].astype(bool)
    first = ~flows.duplicated(["way"])
    first_of_period = ~flows.duplicated(["way", "period"])
    year = flows.groupby("way")["quantity"].transform("sum") > USED
    period = flows.groupby(["way", "period"])["quantity"].transform("sum") > USED
    bears: pd.Series = (per_period & first_of_period & period) | (~per_period & first & year)
    return bears
