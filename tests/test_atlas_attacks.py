"""Public pages of hostile plans, attacked: no hidden figure is found narrower than a band."""

import pytest
from support.atlas import SEEDS, made_case
from support.public_attack import attack, intervals, wide

from eit.atlas import write_public
from eit.atlas.exchanges import list_exchanges


def test_the_attack_finds_a_figure_where_totals_give_it_away():
    # a total of 900 to 1000 and two of its three parts known to a unit: the third is 695 to 805
    constraints = [([(0, 1), (1, 1), (2, 1)], 900, 1000), ([(0, 1)], 95, 100), ([(1, 1)], 100, 105)]
    low, high = next(intervals(3, constraints, [[2]]))
    assert (low, high) == pytest.approx((695, 805))
    assert not wide(low, high)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_hidden_figure_is_found_narrower_than_a_band(seed, tmp_path):
    territory, plan = made_case(seed)
    write_public(territory, plan, tmp_path, lang="fr")
    found, members, _ = attack(tmp_path, territory, plan)
    assert len(found) > 30
    assert sum(len(ats) for ats in members.values()) > 30  # much is told, yet nothing is given away
    assert [key for key, ends in found.items() if not wide(*ends)] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_firm_that_knows_its_own_figures_finds_no_other(seed, tmp_path):
    territory, plan = made_case(seed)
    write_public(territory, plan, tmp_path, lang="fr")
    rows = list_exchanges(territory, plan, "fr")
    site = territory.declarations["site_id"]
    for insider in territory.sites.index[::6]:
        own = [
            at
            for at, ends in enumerate(zip(rows["from_id"], rows["to_id"], strict=True))
            if insider in {site.get(end, "") for end in ends}
        ]
        found, *_ = attack(tmp_path, territory, plan, knows=own)
        assert [key for key, ends in found.items() if not wide(*ends)] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_who_knows_all_other_quantities_still_finds_an_order_of_magnitude(seed, tmp_path):
    territory, plan = made_case(seed)
    write_public(territory, plan, tmp_path, lang="fr")
    rows = list_exchanges(territory, plan, "fr")
    declared = territory.declarations
    hidden = declared.index[(declared["confidentiality"] != "open")][::9]
    for secret in hidden:
        ends = zip(rows["from_id"], rows["to_id"], strict=True)
        others = [at for at, pair in enumerate(ends) if secret not in pair and "H1" not in pair]
        found, *_ = attack(tmp_path, territory, plan, knows=others)
        if secret in found:
            assert wide(*found[secret])


@pytest.mark.parametrize("seed", SEEDS)
def test_three_firms_give_and_three_take_behind_every_unnamed_figure(seed, tmp_path):
    territory, plan = made_case(seed)
    write_public(territory, plan, tmp_path, lang="fr")
    _, members, found = attack(tmp_path, territory, plan)
    site = territory.declarations["site_id"]
    rows = list_exchanges(territory, plan, "fr")
    crowds = [key for key in found if key[0]]
    assert crowds
    for key in crowds:
        behind = rows.iloc[members[key]]
        assert behind["from_id"].map(site).nunique() >= 3
        assert behind["to_id"].map(lambda end: site.get(end, end)).nunique() >= 3
