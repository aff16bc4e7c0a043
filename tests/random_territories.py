"""Small random territory folders, with every feature of the contract switched on at will.

A folder is drawn from a seed and a set of features, and is the same for the same two.
Figures are whole or short decimals, so that a plan can be redone by hand.
"""

import csv
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

Row = dict[str, object]
GOODS = ("gypsum", "sand", "clay")
COMMUNES = ("62498", "62498", "62427", "62065")
"""Lens, Hénin-Beaumont, Avion: places known only by their commune."""
PER_MONTH: Row = {"per": "month", "quantity": 3}
HEAT: Row = {"resource": "heat", "unit": "GJ", "quantity": 90, "current_cost_eur_per_unit": 4}
PALLETS: Row = {"resource": "pallet", "unit": "piece", "quantity": 40}
WIDTH_DEG = 0.25
CENTRE = (2.83, 50.43)


@dataclass
class Draft:
    """A territory while it is drawn."""

    rng: np.random.Generator
    sites: list[Row] = field(default_factory=list)
    residues: list[Row] = field(default_factory=list)
    needs: list[Row] = field(default_factory=list)
    rules: list[Row] = field(default_factory=list)
    hubs: list[Row] = field(default_factory=list)
    links: dict[tuple[str, str, str], Row] = field(default_factory=dict)
    territory: dict[str, object] = field(default_factory=dict)
    scenario: dict[str, dict[str, object]] = field(default_factory=dict)

    def chance(self, share: float) -> bool:
        """True with a given probability."""
        return bool(self.rng.random() < share)

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high."""
        return int(self.rng.integers(low, high + 1))

    def pick(self, items: Iterable[object]) -> object:
        """One of several."""
        choices = list(items)
        return choices[self.whole(0, len(choices) - 1)]

    def declarations(self) -> list[Row]:
        """Residues and needs."""
        return self.residues + self.needs

    def pairs(self, share: float) -> list[tuple[str, str]]:
        """Some pairs of an origin and an end: declarations and hubs."""
        starts = [str(row["declaration_id"]) for row in self.residues] + self.hub_ids()
        ends = [str(row["declaration_id"]) for row in self.needs] + self.hub_ids()
        return [(a, b) for a in starts for b in ends if a != b and self.chance(share)]

    def hub_ids(self) -> list[str]:
        """Ids of the hubs, each once."""
        return list(dict.fromkeys(str(row["hub_id"]) for row in self.hubs))

    def link(self, pair: tuple[str, str], **terms: object) -> None:
        """Say something of a pair; of what is said twice the first stands."""
        key = (*pair, str(terms.get("mode", "road")))
        row = self.links.setdefault(key, {"from_id": pair[0], "to_id": pair[1], "mode": key[2]})
        for name, value in terms.items():
            row.setdefault(name, value)


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
        place = _place(draft)
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
            required="yes" if least and _joins(draft, pair) and draft.chance(0.15) else "no",
            existing="yes" if least and _joins(draft, pair) and draft.chance(0.1) else "no",
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


def with_demanding_rules(draft: Draft) -> None:
    """Rules that take a residue only if it is dry enough."""
    for row in draft.rules:
        row["quality"] = draft.pick(("", "moisture_pct<=15"))


def with_same_site(draft: Draft) -> None:
    """Two declarations of one site, sometimes listed."""
    need, residue = draft.pick(draft.needs), draft.pick(draft.residues)
    need["site_id"] = residue["site_id"]  # type: ignore[index]
    if draft.chance(0.6):
        pair = (str(residue["declaration_id"]), str(need["declaration_id"]))  # type: ignore[index]
        draft.link(pair, cost_eur_per_unit=draft.whole(0, 5))


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


FEATURES: Mapping[str, Callable[[Draft], None]] = {
    "rules": with_rules,
    "hubs": with_hubs,
    "codes": with_codes,
    "quotes": with_quotes,
    "modes": with_modes,
    "site_links": with_site_links,
    "fixed_costs": with_fixed_costs,
    "amounts": with_amounts,
    "trips": with_trips,
    "groups": with_groups,
    "months": with_months,
    "lots": with_lots,
    "partners": with_partners,
    "required": with_required,
    "quality": with_quality,
    "hazard": with_hazard,
    "shares": with_shares,
    "distances": with_distances,
    "limits": with_limits,
    "hierarchy": with_hierarchy,
    "objectives": with_objectives,
    "exclusions": with_exclusions,
    "units": with_units,
    "communes": with_communes,
    "factors": with_factors,
    "demanding_rules": with_demanding_rules,
    "same_site": with_same_site,
    "links_only": with_links_only,
    "access": with_access,
    "pipes": with_pipes,
}
"""What can be switched on, in the order in which it is drawn."""


def write_territory(
    folder: Path, seed: int, features: Iterable[str] = (), *, most: int = 5
) -> Path:
    """Write one random territory folder.

    Parameters
    ----------
    folder
        Where to write; made if need be.
    seed
        Same seed and features, same folder.
    features
        Names from `FEATURES`.
    most
        Most declarations of each kind, at least 2.
    """
    draft = Draft(np.random.default_rng(seed))
    _draw_declarations(draft, most)
    wanted = frozenset(features)
    for name, apply in FEATURES.items():
        if name in wanted:
            apply(draft)
    _write(draft, folder)
    return folder


def some_features(seed: int) -> tuple[str, ...]:
    """A random choice of features, from few to nearly all."""
    rng = np.random.default_rng((seed, 1))
    share = rng.choice([0.15, 0.35, 0.6, 0.9])
    return tuple(name for name in FEATURES if rng.random() < share)


def _draw_declarations(draft: Draft, most: int) -> None:
    """Sites with one declaration each: goods, quantities and today's costs."""
    for kind, rows, letter in (
        ("residue", draft.residues, "a"),
        ("need", draft.needs, "b"),
    ):
        for number in range(draft.whole(2, most)):
            name = f"{letter}{number}"
            draft.sites.append({"site_id": f"s_{name}", "firm": f"Firm {name}", **_place(draft)})
            rows.append(
                {
                    "declaration_id": name,
                    "site_id": f"s_{name}",
                    "kind": kind,
                    "resource": draft.pick(GOODS[:2]),
                    "quantity": draft.whole(3, 60),
                    "unit": "t",
                    "current_cost_eur_per_unit": draft.whole(-5, 40),
                }
            )


def _place(draft: Draft) -> Row:
    lon, lat = draft.rng.uniform(-WIDTH_DEG / 2, WIDTH_DEG / 2, 2)
    return {"lon": round(CENTRE[0] + lon, 5), "lat": round(CENTRE[1] + lat / 2, 5)}


def _joins(draft: Draft, pair: tuple[str, str]) -> bool:
    """Whether a residue and a need name the same good, so that the lane surely exists."""
    goods = {str(row["declaration_id"]): row["resource"] for row in draft.declarations()}
    return goods.get(pair[0], 0) == goods.get(pair[1], 1) and not draft.rules


def _agreed(link: Row) -> Row:
    """A link whose figures, drawn by several features, do not contradict each other."""
    least, most = link.get("min_quantity") or 0, link.get("max_quantity") or math.inf
    if float(str(least)) <= float(str(most)) and link.get("allowed") != "no":
        return link
    return link | {"min_quantity": "", "required": "no", "existing": "no"}


def _write(draft: Draft, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    base: dict[str, object] = {"name": "drawn", "crs": "EPSG:2154", "year": 2026}
    base["builtin_rules"] = False
    transport = {"cost_eur_per_t_km": 0.5, "co2e_kg_per_t_km": 0.2, "max_distance_km": 40.0}
    _toml(folder / "territory.toml", {"territory": base | draft.territory, "transport": transport})
    scenario = {"solver": {"gap": 1e-7}} | draft.scenario
    scenario.setdefault("factors", {}).setdefault("assume_costs", False)
    _toml(folder / "scenario.toml", scenario)
    write_rows(folder / "sites.csv", draft.sites)
    write_rows(folder / "declarations" / "residues.csv", draft.residues)
    write_rows(folder / "declarations" / "needs.csv", draft.needs)
    for name, rows in (
        ("rules", draft.rules),
        ("hubs", draft.hubs),
        ("links", [_agreed(link) for link in draft.links.values()]),
    ):
        if rows:
            write_rows(folder / f"{name}.csv", rows)


def write_rows(path: Path, rows: list[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _toml(path: Path, sections: Mapping[str, Mapping[str, object]]) -> None:
    lines = []
    for section, keys in sections.items():
        lines += [
            "",
            f"[{section}]",
            *(f"{key} = {_literal(value)}" for key, value in keys.items()),
        ]
    path.write_text("\n".join(lines).strip() + "\n", encoding="utf-8")


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return str(value)
