"""Features of a random territory's lanes: rules, hubs, links, ways to carry things."""

from support.random_territories.draft import GOODS, Draft, some_place


def with_rules(draft: Draft) -> None:
    """Goods that stand in for others, at a ratio and a cost."""
    for number in range(draft.whole(1, 3)):
        given, wanted = draft.pick(GOODS), draft.pick(GOODS)
        draft.rules.append(
            {
                "rule_id": f"r{number}",
                "residue": given,
                "need": wanted,
                "ratio": draft.pick((0.5, 0.8, 1, 1.25, 2)),
                "treatment_cost_eur_per_unit": draft.whole(0, 15),
                "co2e_avoided_kg_per_unit": draft.whole(0, 300),
                "hierarchy": draft.pick(("reuse", "recycling", "energy")),
                "max_distance_km": draft.pick(("", "", 12)),
            }
        )


def with_hubs(draft: Draft) -> None:
    """Hubs, with or without an opening cost, a capacity and a product; some feed one another."""
    count = draft.whole(1, 2)
    yields = (0.5, 0.75, 1) if count > 1 else (0.5, 1, 1.5)  # two hubs may feed each other
    for number in range(count):
        place = some_place(draft)
        capacity = draft.pick(("", draft.whole(10, 80)))
        opening = draft.pick((0, draft.whole(20, 400)))
        status = draft.pick(("existing", "candidate"))
        for takes in dict.fromkeys(draft.pick(GOODS) for _ in range(draft.whole(1, 2))):
            gives = draft.pick((*GOODS, ""))
            draft.hubs.append(
                {
                    "hub_id": f"h{number}",
                    "status": status,
                    "takes": takes,
                    "gives": gives,
                    "yield": draft.pick(yields) if gives else "",
                    "capacity": capacity,
                    "unit_cost_eur": draft.whole(0, 12),
                    "opening_cost_eur": opening,
                    "operation": draft.pick(("", "R3", "R1")),
                    **place,
                }
            )


def with_quotes(draft: Draft) -> None:
    """Prices, distances and emissions of lanes; some forbidden."""
    for pair in draft.pairs(0.4):
        draft.link(
            pair,
            distance_km=draft.pick(("", "", draft.whole(1, 30))),
            cost_eur_per_unit=draft.pick(("", draft.whole(0, 20))),
            co2e_kg_per_unit=draft.pick(("", draft.whole(0, 9))),
        )
    for pair in draft.pairs(0.12):
        draft.link(pair, allowed="no")


def with_modes(draft: Draft) -> None:
    """Parallel lanes."""
    for pair in draft.pairs(0.3):
        for mode in ("road", "rail"):
            draft.link(
                pair,
                mode=mode,
                cost_eur_per_unit=draft.whole(0, 12),
                max_quantity=draft.pick(("", draft.whole(3, 25))),
            )


def with_site_links(draft: Draft) -> None:
    """Rows between sites, and between a declaration and a site."""
    sites = [str(row["site_id"]) for row in draft.sites]
    for _ in range(draft.whole(1, 3)):
        pair = (str(draft.pick(sites)), str(draft.pick(sites)))
        draft.link(pair, cost_eur_per_unit=draft.whole(0, 20), max_quantity=draft.whole(5, 40))
    for hub in draft.hub_ids():
        draft.link((str(draft.pick(sites)), hub), cost_eur_per_unit=draft.whole(0, 9))
    residue = str(draft.pick(draft.residues)["declaration_id"])  # type: ignore[index]
    draft.link((residue, str(draft.pick(sites))), cost_eur_per_unit=draft.whole(0, 9))


def with_fixed_costs(draft: Draft) -> None:
    """Costs of a lane that fall once, by the year or by the period."""
    for pair in draft.pairs(0.5):
        draft.link(
            pair,
            cost_eur_per_unit=draft.whole(0, 10),
            fixed_cost_eur=draft.whole(10, 300),
            fixed_per=draft.pick(("year", "year", "period")),
        )


def with_amounts(draft: Draft) -> None:
    """Least and greatest quantities of a lane; a few must flow, or flow already."""
    if draft.chance(0.3):
        draft.scenario.setdefault("objective", {})["keep_existing"] = False
    for pair in draft.pairs(0.5):
        least = draft.pick(("", draft.whole(1, 12)))
        draft.link(
            pair,
            cost_eur_per_unit=draft.whole(0, 10),
            min_quantity=least,
            max_quantity=draft.pick(("", draft.whole(12, 40))),
            required="yes" if least and joins(draft, pair) and draft.chance(0.15) else "no",
            existing="yes" if least and joins(draft, pair) and draft.chance(0.1) else "no",
        )


def with_trips(draft: Draft) -> None:
    """Whole trips."""
    for pair in draft.pairs(0.5):
        draft.link(
            pair,
            cost_eur_per_unit=draft.pick(("", draft.whole(0, 4))),
            trip_payload=draft.pick((2.5, 5, 8)),
            trip_cost_eur=draft.whole(5, 90),
        )


def with_groups(draft: Draft) -> None:
    """Lanes that share a limit or an investment."""
    for number in range(draft.whole(1, 2)):
        capacity = draft.pick(("", draft.whole(5, 60)))
        cost = draft.pick(("", draft.whole(20, 300)))
        for pair in draft.pairs(0.4):
            if (*pair, "road") not in draft.links:
                draft.link(
                    pair,
                    cost_eur_per_unit=draft.whole(0, 10),
                    capacity_group=f"g{number}",
                    group_capacity=capacity,
                    group_fixed_cost_eur=cost,
                )


def with_demanding_rules(draft: Draft) -> None:
    """Rules that take a residue only if it is dry enough."""
    for row in draft.rules:
        row["quality"] = draft.pick(("", "moisture_pct<=15"))


def with_links_only(draft: Draft) -> None:
    """No lane that is not listed, and no place at all."""
    draft.territory["links_only"] = True
    for pair in draft.pairs(0.7):
        draft.link(pair, cost_eur_per_unit=draft.whole(0, 20))
    for row in (*draft.sites, *draft.hubs):
        row["lon"] = row["lat"] = ""
    for row in draft.links.values():
        if not row.get("trip_payload"):
            row["cost_eur_per_unit"] = row.get("cost_eur_per_unit") or 0


def with_access(draft: Draft) -> None:
    """Sidings and quays, own or shared, and trains and barges beside the road."""
    for row in draft.sites:
        for column in ("rail", "quay"):
            row[column] = draft.pick(("no", "yes", "yes", "shared"))
    for hub in draft.hub_ids():
        access = {column: draft.pick(("no", "yes", "shared")) for column in ("rail", "quay")}
        for row in draft.hubs:
            row.update(access if row["hub_id"] == hub else {})
    transport = draft.scenario.setdefault("transport", {})
    others = draft.pick((["rail"], ["water"], ["rail", "water"]))
    transport["modes"] = ["road", *others]  # type: ignore[misc]
    transport |= {"rail_reach_km": draft.whole(0, 6), "quay_reach_km": draft.whole(0, 6)}
    transport |= {"rail_min_km": draft.whole(0, 4), "water_min_km": draft.whole(0, 4)}
    transport["rail_max_km"] = draft.pick((9, 60))
    factors = draft.scenario.setdefault("factors", {})
    factors |= {"handling_rail": draft.whole(0, 2), "handling_water": draft.whole(0, 2)}
    for pair in draft.pairs(0.1):
        draft.link(pair, mode=draft.pick(("rail", "water", "road")), allowed="no")


def with_pipes(draft: Draft) -> None:
    """Heat and water, through pipes of their own that lose some of it."""
    for row in (*draft.residues[:3], *draft.needs[:3]):
        good, unit = draft.pick((("heat", "MWh"), ("water", "m3")))  # type: ignore[misc]
        row |= {"resource": good, "unit": unit, "per": "year", "quantity": draft.whole(3, 60)}
        row["current_cost_eur_per_unit"] = draft.whole(0, 40)
    for row in draft.hubs[:1]:
        row["takes"] = draft.pick(("heat", "water"))
    transport = draft.scenario.setdefault("transport", {})
    modes = transport.get("modes", ["road"])
    transport["modes"] = [*modes, "pipe"]  # type: ignore[misc]
    transport["pipe_max_km"] = draft.pick((5, 15))
    factors = draft.scenario.setdefault("factors", {})
    factors |= {"pipe_cost_heat": 0.5, "pipe_cost_water": draft.pick((0, 0.2))}
    factors |= {"pipe_loss_heat": draft.pick((0.03, 0.1)), "pipe_interest": draft.pick((0, 0.05))}
    for pair in draft.pairs(0.1):
        draft.link(pair, mode="pipe", allowed="no")


def joins(draft: Draft, pair: tuple[str, str]) -> bool:
    """Whether a residue and a need name the same good, so that the lane surely exists."""
    goods = {str(row["declaration_id"]): row["resource"] for row in draft.declarations()}
    return goods.get(pair[0], 0) == goods.get(pair[1], 1) and not draft.rules
