"""Every reason of unmatched.csv, provoked once; its words in both languages."""

from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from support.territories import plan_of

from eit.texts import catalogue

HEAD = "declaration_id,site_id,kind,resource,quantity,unit,current_cost_eur_per_unit"
R = "R,A,residue,alder,100,t,20"
N = "N,B,need,alder,60,t,30"
PAIR = f"{HEAD}\n{R}\n{N}\n"
FREE = "from_id,to_id,cost_eur_per_unit\nA,B,0\nA,C,0\nC,B,0\n"
HUB = (
    "hub_id,lon,lat,takes,gives,yield,capacity,unit_cost_eur,opening_cost_eur,hazardous,operation\n"
)
FAR = "site_id,lon,lat\nA,2.80,50.40\nB,4.80,50.40\n"  # 142.2 km apart


def why(plan_folder: Path, declaration: str, rows: str, **tables: Any) -> dict[str, str]:
    """The row of unmatched.csv of one declaration."""
    plan = plan_of(plan_folder, rows, **tables)
    return plan.unmatched.set_index("declaration_id").loc[declaration].to_dict()


CASES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "excluded": ("R", PAIR, {"exclude": {"sites": ["A"]}}, "scenario"),
    "no_partner": ("R", f"{HEAD}\n{R}\n", {}, "No need, hub or rule"),
    "unit": ("R", PAIR.replace("60,t", "60,m3"), {}, "does not convert to t"),
    "too_far": ("R", PAIR, {"sites": FAR}, "N, is 142.2 km away; the limit is 50 km"),
    "forbidden": ("R", PAIR, {"links": "from_id,to_id,allowed\nR,N,no\n"}, "forbids"),
    "links_only": ("R", PAIR, {"territory": "links_only = true"}, "none joins it to N"),
    "hazard": (
        "R",
        f"{HEAD},hazardous\n{R},yes\n",
        {"hubs": HUB + "H,2.9,50.4,alder,,,50,0,0,no,\n"},
        "neither H",
    ),
    "quality_unknown": (
        "R",
        f"{HEAD},quality\n{R},lhv_mj_per_kg=12\n{N},moisture_pct<=15\n",
        {},
        "moisture_pct (<= 15), which is not stated",
    ),
    "quality": (
        "R",
        f"{HEAD},quality\n{R},moisture_pct=30\n{N},moisture_pct<=15\n",
        {"objective": {"quality_mode": "lane"}},
        "moisture_pct is 30; for N it must be <= 15",
    ),
    "hierarchy": (
        "R",
        f"{HEAD}\n{R}\n",
        {"hubs": HUB + "H,2.9,50.4,alder,,,50,0,0,,D5\n", "limits": {"min_hierarchy": "energy"}},
        "H would make of it stands below energy recovery",
    ),
    "same_site": ("R", PAIR.replace("N,B", "N,A"), {}, "N, stands on the same site"),
    "not_worth": (
        "R",
        PAIR,
        {"links": "from_id,to_id,cost_eur_per_unit\nR,N,52.5\n"},
        "N, each t would cost 2.5 €",
    ),
    "min_lot": (
        "R",
        f"{HEAD},min_lot\n{R},\n{N},\nM,C,need,alder,60,t,10,45\n",
        {"links": "from_id,to_id,cost_eur_per_unit,required,min_quantity\nR,N,0,yes,60\nR,M,0,,\n"},
        "between it and M is below the smallest lot of 45 t",
    ),
    "partner_limit": (
        "R",
        f"{HEAD},max_partners\n{R},1\n{N},\nM,C,need,alder,60,t,10,\n",
        {"links": FREE},
        "partners allowed (1) are reached, there or at M",
    ),
    "capacity": (
        "R",
        f"{HEAD}\n{R}\n",
        {"hubs": HUB + "H,2.9,50.4,alder,,,50,0,0,,\n"},
        "The hub H is full: 50 a year",
    ),
    "competition": ("R", PAIR, {"links": FREE}, "N, and any other partner"),
    "limit": ("R", PAIR, {"links": FREE, "limits": {"max_exchanges": 0}}, "limit of the scenario"),
}


@pytest.mark.parametrize("reason", CASES)
def test_a_reason_is_named_with_its_figure(reason: str, tmp_path: Path) -> None:
    declaration, rows, tables, said = CASES[reason]
    row = why(tmp_path, declaration, rows, **tables)
    assert row["reason"] == reason
    assert said in row["detail"]
    assert row["change"]


def test_a_closed_hub_and_a_full_link_are_told_apart_in_words(tmp_path: Path) -> None:
    rows = f"{HEAD}\n{R}\n"
    hub = HUB + "H,2.9,50.4,alder,,,50,0,9999,,\n"
    closed = why(tmp_path / "closed", "R", rows, hubs=hub)
    assert (closed["reason"], "is not used" in closed["detail"]) == ("capacity", True)
    link = "from_id,to_id,cost_eur_per_unit,max_quantity\nR,N,0,10\n"
    full = why(tmp_path / "full", "R", PAIR, links=link)
    assert full["reason"] == "limit"
    assert "carries all that links.csv allows (10 t)" in full["detail"]
    assert full["quantity_left"] == 90.0


def test_what_would_break_a_mean_is_a_matter_of_quality(tmp_path: Path) -> None:
    rows = (
        f"{HEAD},quality\n{R},moisture_pct=30\nS,C,residue,alder,20,t,20,moisture_pct=10\n"
        f"{N.replace('60', '500')},moisture_pct<=15\n"
    )
    row = why(tmp_path, "R", rows, links=FREE)
    assert row["reason"] == "quality"
    assert "mean of what N receives" in row["detail"]


def test_a_chain_through_a_hub_is_judged_as_a_whole(tmp_path: Path) -> None:
    rows = f"{HEAD}\n{R}\nM,B,need,birch,60,t,30\n"
    hub = HUB + "H,2.9,50.4,alder,birch,0.5,500,{},0,,\n"
    free = "from_id,to_id,cost_eur_per_unit\nR,H,0\nH,M,0\n"
    # a tonne brings 20 + 0.5 x 30 = 35
    assert why(tmp_path / "a", "M", rows, hubs=hub.format(34), links=free)["quantity_left"] == 10
    for declaration, missing in (("R", "1 €"), ("M", "2 €")):  # per tonne of either
        row = why(tmp_path / declaration, declaration, rows, hubs=hub.format(36), links=free)
        assert row["reason"] == "not_worth"
        assert f"would cost {missing} more" in row["detail"]


def test_a_missing_place_is_a_reason_where_sound_rows_alone_are_wanted(tmp_path: Path) -> None:
    from support.territories import settings_of, territory_of

    from eit.faults import DeclarationError
    from eit.matching import match

    sites = "site_id,lon,lat\nA,2.80,50.40\nB,,\n"
    territory = territory_of(tmp_path / "t", PAIR, sites=sites)
    with pytest.raises(DeclarationError) as raised:
        match(territory, settings_of(territory))
    fault = raised.value.faults[0]
    assert (fault.code, fault.file, fault.line, fault.column) == ("no_place", "sites.csv", 3, "lon")
    assert "B" in fault.mend("fr")
    plan = match(territory, settings_of(territory), sound_only=True)
    assert plan.unmatched["reason"].tolist() == ["no_place", "no_place"]


def test_a_place_is_not_needed_where_links_give_a_distance_or_a_price(tmp_path: Path) -> None:
    sites = "site_id,lon,lat\nA,2.80,50.40\nB,,\n"
    for terms in ("distance_km\nR,N,9", "cost_eur_per_unit\nA,B,1", "allowed\nR,N,no"):
        plan = plan_of(tmp_path / terms[:4], PAIR, sites=sites, links=f"from_id,to_id,{terms}\n")
        assert plan.status == "optimal"


def test_what_is_served_in_full_is_not_listed(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, PAIR, links=FREE)
    assert plan.unmatched["declaration_id"].tolist() == ["R"]


def test_reasons_speak_french_too(tmp_path: Path) -> None:
    row = why(tmp_path, "R", PAIR, sites=FAR, lang="fr")
    assert "est à 142,2 km ; la limite est de 50 km" in row["detail"]


def figures(sentence: str) -> set[str | None]:
    """Names in braces."""
    return {name for _, name, _, _ in Formatter().parse(sentence)}


def test_every_sentence_names_the_same_figures_in_both_languages() -> None:
    english, french = catalogue("en"), catalogue("fr")
    names = {key for key in english if key.split(".")[0] in ("reason", "infeasible", "no_plan")}
    for key in sorted(names):
        assert figures(english[key]) == figures(french[key]), key
