"""The page of a park's manager: restricted firms leave no trace in figures, and no euro stands."""

from dataclasses import replace

import pandas as pd
import pytest

import eit
from eit import data
from eit.atlas import told_to_manager, write_park_page
from eit.atlas.managing import _clear_hubs, _kept, tell_park
from eit.scenario import Scenario


@pytest.fixture(scope="module")
def study():
    return eit.match(eit.read_territory(data.path("demo", "artois")), Scenario())


@pytest.fixture(scope="module")
def parks(study):
    return sorted(study.territory.parks["park_id"])


def with_level(territory, level: str):
    """The same territory, every declaration at one level of confidentiality."""
    declared = territory.declarations.assign(confidentiality=level)
    return replace(territory, declarations=declared)


def test_a_manager_is_told_what_is_open_anywhere_and_what_is_for_the_park_in_it(study, parks):
    declared = study.territory.declarations
    park = declared["site_id"].map(study.territory.sites["park_id"])
    for park_id in parks:
        told = told_to_manager(study.territory, park_id)
        for key, level, where in zip(
            declared.index, declared["confidentiality"], park, strict=True
        ):
            expected = level == "open" or (level == "park" and where == park_id)
            assert (key in told) == expected


def test_everything_restricted_leaves_an_empty_page(study, parks):
    territory = with_level(study.territory, "restricted")
    for park_id in parks:
        sheet = tell_park(territory, study.plan, park_id, "fr")
        assert len(sheet.exchanges) == len(sheet.starts) == len(sheet.leftovers) == 0
        assert sheet.totals["value"].sum() == 0


def test_everything_open_shows_every_exchange_of_the_park_without_its_money(study, parks):
    territory = with_level(study.territory, "open")
    flows = study.plan.flows
    park = territory.declarations["site_id"].map(territory.sites["park_id"])
    here = flows["from_id"].map(park).eq(parks[0]) | flows["to_id"].map(park).eq(parks[0])
    ends = set(flows[here][["from_id", "to_id", "resource"]].itertuples(index=False, name=None))
    sheet = tell_park(territory, study.plan, parks[0], "fr")
    assert len(sheet.exchanges) >= len(ends)
    assert sheet.exchanges["value_eur"].isna().all()
    assert sheet.starts["value_eur"].isna().all()
    assert "eur" not in set(sheet.totals["unit"])
    assert set(sheet.leftovers["reason"]) <= {""}


def test_no_flow_kept_has_a_hidden_end_and_every_hub_kept_balances_among_the_told(study, parks):
    hubs = set(study.territory.hubs["hub_id"])
    for park_id in parks:
        told = told_to_manager(study.territory, park_id)
        shown = _kept(study.territory, study.plan, told).flows
        assert {*shown["from_id"], *shown["to_id"]} <= told | hubs
        for hub in hubs & {*shown["from_id"], *shown["to_id"]}:
            touching = study.plan.flows
            touching = touching[(touching["from_id"] == hub) | (touching["to_id"] == hub)]
            assert {*touching["from_id"], *touching["to_id"]} <= told | hubs


def test_a_hub_behind_a_hub_that_deals_with_someone_hidden_is_hidden_too(study):
    flows = pd.DataFrame(
        {"from_id": ["secret", "h1", "known", "h3"], "to_id": ["h1", "h2", "h3", "known2"]}
    )
    hubs = study.territory.hubs.iloc[:3].assign(hub_id=["h1", "h2", "h3"])
    territory = replace(study.territory, hubs=hubs)
    assert _clear_hubs(territory, flows, frozenset({"known", "known2"})) == {"h3"}


def test_what_a_told_firm_has_left_is_not_told_beside_a_hidden_flow(study, parks):
    for park_id in parks:
        told = told_to_manager(study.territory, park_id)
        after = _kept(study.territory, study.plan, told)
        merged = study.plan.flows.merge(after.flows, how="left", indicator=True)
        hidden = merged[merged["_merge"] == "left_only"]
        assert not set(after.unmatched["declaration_id"]) & {*hidden["from_id"], *hidden["to_id"]}


def test_the_page_is_one_file_that_names_no_restricted_partner(study, parks, tmp_path):
    path = tmp_path / "park.html"
    write_park_page(study.territory, study.plan, parks[0], path, lang="fr")
    text = path.read_text(encoding="utf-8")
    assert "gestionnaire de la zone" in text
    sites = study.territory.sites
    seen = {*study.plan.flows["from_id"], *study.plan.flows["to_id"]}
    told = told_to_manager(study.territory, parks[0])
    declared = study.territory.declarations
    away = declared[declared["site_id"].map(sites["park_id"]) != parks[0]]
    open_sites = set(away.loc[away.index.isin(told), "site_id"])
    hidden = set(away.loc[away.index.isin(seen - told), "site_id"]) - open_sites
    assert hidden
    for site in hidden:
        assert sites.loc[site, "firm"] not in text


def test_an_unknown_park_is_an_error(study, tmp_path):
    with pytest.raises(KeyError):
        write_park_page(study.territory, study.plan, "nowhere", tmp_path / "p.html", lang="en")
