"""Features of a random territory's declarations: what firms say of what they have and want."""

from support.random_territories.draft import GOODS, Draft, Row

COMMUNES = ("62498", "62498", "62427", "62065")
"""Lens, Hénin-Beaumont, Avion: places known only by their commune."""
PER_MONTH: Row = {"per": "month", "quantity": 3}
HEAT: Row = {"resource": "heat", "unit": "GJ", "quantity": 90, "current_cost_eur_per_unit": 4}
PALLETS: Row = {"resource": "pallet", "unit": "piece", "quantity": 40}


def with_months(draft: Draft) -> None:
    """Twelve periods, seasons and storage."""
    draft.scenario.setdefault("periods", {})["count"] = 12
    for row in draft.declarations():
        weights = "|".join(str(draft.whole(0, 3)) for _ in range(11)) + "|1"
        row["months"] = draft.pick(("all", "all", "1-6", "4,9-11", weights))
        row["storage"] = draft.pick((0, 0, draft.whole(1, 15)))


def with_lots(draft: Draft) -> None:
    """Smallest quantities per lane and period."""
    for row in draft.declarations():
        row["min_lot"] = draft.pick(("", "", draft.whole(1, 12)))


def with_partners(draft: Draft) -> None:
    """Few partners."""
    for row in draft.declarations():
        row["max_partners"] = draft.pick(("", 1, 2))


def with_required(draft: Draft) -> None:
    """Rows that must be served in full."""
    for row in draft.declarations():
        row["required"] = "yes" if draft.chance(0.1) else "no"


def with_quality(draft: Draft) -> None:
    """Properties and limits, on the mean or on each lane."""
    for row in draft.residues:
        stated = [f"moisture_pct={draft.whole(2, 40)}"]
        if draft.chance(0.8):
            stated.append(f"lhv_mj_per_kg={draft.whole(8, 24)}")
        row["quality"] = "; ".join(stated) if draft.chance(0.9) else ""
    for row in draft.needs:
        limits = ("", "moisture_pct<=20", "lhv_mj_per_kg>=14; moisture_pct<=25")
        row["quality"] = draft.pick(limits)
    for row in draft.hubs:
        row["quality"] = draft.pick(("", "moisture_pct<=22"))
    if draft.chance(0.3):
        draft.scenario.setdefault("objective", {})["quality_mode"] = "lane"


def with_hazard(draft: Draft) -> None:
    """Hazardous residues, hubs that may take them, links that may not carry them."""
    for row in draft.residues:
        row["hazardous"] = draft.pick(("yes", "no", ""))
    for row in draft.hubs:
        row["hazardous"] = draft.pick(("yes", "no", ""))
    for pair in draft.pairs(0.2):
        draft.link(pair, cost_eur_per_unit=draft.whole(0, 9), hazardous="no")


def with_shares(draft: Draft) -> None:
    """Needs that may be replaced in part."""
    for row in draft.needs:
        row["max_share"] = draft.pick((0.3, 0.5, 1, ""))


def with_distances(draft: Draft) -> None:
    """Distance limits of declarations and of the scenario."""
    for row in draft.declarations():
        row["max_distance_km"] = draft.pick(("", "", draft.whole(3, 25)))
    if draft.chance(0.4):
        draft.scenario.setdefault("limits", {})["max_distance_km"] = draft.whole(8, 25)


def with_codes(draft: Draft) -> None:
    """Waste codes, prefixes, and the rules and factors that are built in."""
    draft.territory["builtin_rules"] = draft.chance(0.5)
    codes = ("19 12 01", "19 12 07", "03 01 05", "17 01 01")
    for row in draft.residues:
        if draft.chance(0.7):
            row["resource"] = draft.pick(codes)
    for number, prefix in enumerate(("19 12", "19 12 01", "03", "17 01 01")):
        if draft.chance(0.7):
            draft.rules.append(
                {
                    "rule_id": f"p{number}",
                    "residue": prefix,
                    "need": draft.pick(GOODS),
                    "ratio": draft.pick((0.5, 1)),
                    "treatment_cost_eur_per_unit": draft.whole(0, 9),
                    "co2e_avoided_kg_per_unit": draft.pick(("", draft.whole(0, 90))),
                    "hierarchy": draft.pick(("reuse", "recycling", "energy", "other")),
                    "max_distance_km": "",
                }
            )
    first = {str(row["hub_id"]): row for row in reversed(draft.hubs)}
    for row in first.values():
        if draft.chance(0.4):
            row["takes"] = draft.pick(("19 12", "03 01 05", "17"))
    draft.scenario.setdefault("factors", {})["assume_costs"] = draft.chance(0.5)


def with_units(draft: Draft) -> None:
    """Other units and periods of what is declared, energy that weighs nothing, pieces."""
    for row in draft.declarations():
        if draft.chance(0.3):
            row.update(unit="kg", quantity=1000 * draft.whole(3, 60))
            row["current_cost_eur_per_unit"] = draft.pick((0.01, 0.02, ""))
        elif draft.chance(0.3):
            row.update(draft.pick((PER_MONTH, HEAT, PALLETS)))  # type: ignore[call-overload]


def with_communes(draft: Draft) -> None:
    """Places that are known only by their commune."""
    places: dict[str, Row] = {}
    for row in (*draft.sites, *draft.hubs):
        name = str(row.get("hub_id") or row["site_id"])
        insee = draft.pick(COMMUNES)
        known = draft.chance(0.5)
        places.setdefault(name, {"insee": ""} if known else {"lon": "", "lat": "", "insee": insee})
        row.update(places[name])


def with_factors(draft: Draft) -> None:
    """Default costs, and factors of the scenario's own."""
    factors = draft.scenario.setdefault("factors", {})
    factors["assume_costs"] = True
    factors["primary_material_aggregates"] = draft.pick((4.0, 25.0))
    for row in draft.declarations():
        if draft.chance(0.5):
            row["current_cost_eur_per_unit"] = ""


def with_same_site(draft: Draft) -> None:
    """Two declarations of one site, sometimes listed."""
    need, residue = draft.pick(draft.needs), draft.pick(draft.residues)
    need["site_id"] = residue["site_id"]  # type: ignore[index]
    if draft.chance(0.6):
        pair = (str(residue["declaration_id"]), str(need["declaration_id"]))  # type: ignore[index]
        draft.link(pair, cost_eur_per_unit=draft.whole(0, 5))
