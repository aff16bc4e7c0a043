"""Features of a random territory's scenario: its limits, its objectives, who leaves."""

from support.random_territories.draft import GOODS, Draft


def with_limits(draft: Draft) -> None:
    """Budget, fleet, number of exchanges."""
    limits = draft.scenario.setdefault("limits", {})
    for name, figure in (
        ("budget_eur", draft.whole(50, 900)),
        ("fleet_t_km", draft.whole(50, 900)),
        ("max_exchanges", draft.whole(1, 5)),
    ):
        if draft.chance(0.5):
            limits[name] = figure


def with_hierarchy(draft: Draft) -> None:
    """Least level of the waste hierarchy."""
    limits = draft.scenario.setdefault("limits", {})
    limits["min_hierarchy"] = draft.pick(("reuse", "recycling", "energy"))


def with_objectives(draft: Draft) -> None:
    """Several objectives in order."""
    orders = (
        ["co2e", "value"],
        ["quantity"],
        ["quantity", "co2e"],
        ["exchanges"],
        ["value", "co2e"],
        ["co2e", "quantity", "value"],
    )
    objective = draft.scenario.setdefault("objective", {})
    objective["maximise"] = draft.pick(orders)
    objective["tolerance"] = draft.pick((0.0, 0.0, 0.1))


def with_exclusions(draft: Draft) -> None:
    """A firm, a hub or a good that leaves."""
    exclude = draft.scenario.setdefault("exclude", {})
    exclude["sites"] = [str(draft.pick(draft.sites)["site_id"])]  # type: ignore[index]
    if draft.hubs and draft.chance(0.4):
        exclude["hubs"] = [draft.hub_ids()[0]]
    if draft.chance(0.2):
        exclude["resources"] = [str(draft.pick(GOODS))]
