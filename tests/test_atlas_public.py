"""Public pages: whom they name, what they round, what they leave out."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from support.atlas import SEEDS, made_case, made_plan, made_territory
from support.browser import chromium, visit
from support.public_attack import attack, page_data, rows_of, wide

from eit import data, study
from eit.atlas import write_public
from eit.atlas.bands import EDGES, band, middle, span
from eit.atlas.publishing import firm_of


@pytest.fixture(scope="module")
def artois(tmp_path_factory):
    run = study.run(
        data.path("demo", "artois"), tmp_path_factory.mktemp("artois") / "run", lang="fr"
    )
    folder = tmp_path_factory.mktemp("public")
    write_public(run.territory, run.plan, folder, lang="fr")
    return run, folder


def test_what_an_open_firm_has_left_is_told_only_where_it_gives_no_hidden_rest_away(tmp_path):
    opened = made_territory().declarations.assign(
        confidentiality=["open", "restricted", "open", "open", "restricted", "open", "open", "open"]
    )
    territory = made_territory(declarations=opened)
    write_public(territory, made_plan(), tmp_path, lang="fr")
    page = page_data(tmp_path / "index.html")
    # r1 ships to n1, which is hidden: its 500 t less what is left would be what n1 takes;
    # n2 is open and takes from r2, which is hidden
    assert page["leftovers"]["id"] == []
    everything = made_territory(declarations=opened.assign(confidentiality="open"))
    write_public(everything, made_plan(), tmp_path, lang="fr")
    assert len(page_data(tmp_path / "index.html")["leftovers"]["id"]) == 2


def test_the_demonstration_gives_no_hidden_figure_away(artois):
    run, folder = artois
    found, *_ = attack(folder, run.territory, run.plan)
    assert len(found) > 50
    assert [key for key, ends in found.items() if not wide(*ends)] == []


def secrets(territory):
    """Texts of firms that opened nothing: names, ids of sites and declarations, labels."""
    declared = territory.declarations
    hidden = declared[declared["confidentiality"] != "open"]
    openly = set(declared.loc[declared["confidentiality"] == "open", "site_id"])
    firms = firm_of(territory)
    names = {firms[f"site:{site}"] for site in openly}
    closed = [s for s in territory.sites.index if firms[f"site:{s}"] not in names]
    sites = territory.sites.loc[closed]
    texts = {*sites.index, *sites["firm"], *sites["name"], *hidden.index, *hidden["label"]}
    return {text for text in texts if len(text) > 3}


def strings(value):
    """Every text in a JSON document."""
    if isinstance(value, dict):
        return [text for part in (*value.keys(), *value.values()) for text in strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in strings(part)]
    return [value] if isinstance(value, str) else []


def test_no_restricted_name_id_or_label_stands_in_the_demonstration(artois):
    run, folder = artois
    hidden = secrets(run.territory)
    assert len(hidden) > 60
    for path in folder.iterdir():
        html = path.read_text(encoding="utf-8")
        words = {
            word for text in strings(page_data(path)) for word in (text, *re.split(r"\W", text))
        }
        assert not hidden & words
        assert [text for text in hidden if len(text) > 8 and text in html] == []
        assert "€" not in html
        nodes = page_data(path)["nodes"]
        spots = {*zip(nodes["lon"], nodes["lat"], strict=True)}
        placed = run.territory.sites.query("position_quality == 'exact'")
        assert not spots & {*zip(placed["lon"], placed["lat"], strict=True)}


@pytest.mark.parametrize("seed", SEEDS)
def test_no_restricted_name_id_or_label_stands_among_hostile_ones(seed, tmp_path):
    territory, plan = made_case(seed)
    write_public(territory, plan, tmp_path, lang="en")
    texts = [text for path in tmp_path.iterdir() for text in strings(page_data(path))]
    together = "\n".join(texts) + "".join(
        re.sub(r'id="data">.*?</script>', "", path.read_text(encoding="utf-8"), flags=re.S)
        for path in tmp_path.iterdir()
    )
    assert [text for text in secrets(territory) if text in together] == []
    assert "€" not in together


def test_every_number_of_a_public_page_is_of_a_band_or_a_place(artois):
    _, folder = artois
    allowed = set(middle(np.arange(5)).tolist())
    for path in folder.glob("*.html"):
        page = page_data(path)
        figures = {*page["exchanges"]["quantity"], *page["exchanges"]["delivered"]}
        figures |= {*page["starts"]["quantity"], *page["leftovers"]["quantity"]}
        assert figures <= allowed
        for name in ("distance_km", "value_eur", "co2e_t"):
            assert set(page["exchanges"][name]) <= {None}
        rows = rows_of(page, "exchanges")
        weights = [row["quantity"] for row in rows if row["unit"] == "t"]
        sums = span(band(np.array(weights)))
        assert page["totals"]["value"] == [end for end in sums if 0 < end < np.inf]


def test_figures_of_one_band_stand_in_no_telling_order(tmp_path):
    territory = made_territory()
    opened = territory.declarations.assign(confidentiality="open")
    for name, first, second in (("one", 20.0, 90.0), ("two", 90.0, 20.0)):
        flows = [
            ("r1", "n1", 1, "15 01 01", first, "t", 0.9, 1000.0, 500.0, None),
            ("r2", "n2", 1, "03 01 05", second, "t", 0.7, 5000.0, 100.0, None),
        ]
        plan = made_plan(flows=flows, pairs=[])
        write_public(replace(territory, declarations=opened), plan, tmp_path / name, lang="fr")
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    assert len(page_data(tmp_path / "one" / "index.html")["exchanges"]["id"]) == 2


def test_positions_depend_on_no_site(tmp_path):
    territory, plan = made_case(5)
    write_public(territory, plan, tmp_path / "one", lang="fr")
    moved = territory.sites.assign(
        lon=np.where(territory.sites["park_id"].isin(["PA", "PB"]), 2.801, territory.sites["lon"])
    )
    write_public(replace(territory, sites=moved), plan, tmp_path / "two", lang="fr")
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    places = page_data(tmp_path / "one" / "index.html")["nodes"]
    drawn = [role for role, lon in zip(places["role"], places["lon"], strict=True) if lon]
    assert set(drawn) <= {"park", "cluster"}


def test_sites_with_one_siren_or_one_name_are_one_firm():
    sites = pd.DataFrame(
        {
            "firm": ["Alpha", "ALPHA", "Bêta", "Gamma", ""],
            "name": "",
            "siret": ["", "", "11111111100001", "11111111100002", ""],
        },
        index=list("abcde"),
    )
    firms = firm_of(made_territory(sites=sites))
    assert firms["site:a"] == firms["site:b"]
    assert firms["site:c"] == firms["site:d"]
    assert firms.nunique() == 3


def test_bands_are_decades_and_their_middles_lie_in_them():
    assert EDGES == (10, 100, 1000, 10000)
    assert band(middle(np.arange(5))).tolist() == [0, 1, 2, 3, 4]
    assert band(np.array([10.0, 9.999])).tolist() == [1, 0]
    assert span(np.array([1, 2, 2])) == (210, 2100)
    assert span(np.array([4])) == (10000, np.inf)


def test_a_run_where_nobody_opened_anything_still_has_its_pages(tmp_path):
    written = write_public(made_territory(), made_plan(), tmp_path, lang="fr")
    assert written[0].name == "index.html"
    assert len(written) == 3
    page = page_data(written[0])
    # in tonnes Alpha, Bêta and Loin give, Bêta, Delta and the hub take: one crowd, large enough;
    # the heat of two firms is in none
    assert page["exchanges"]["resource"] == ["Ressources diverses"]
    assert page["exchanges"]["unit"] == ["t"]
    assert set(page["nodes"]["role"]) == {"park", "crowd"}


def test_public_pages_open_and_answer_in_both_languages(artois, tmp_path):
    run, _ = artois
    with chromium() as browser:
        for lang, word in (("fr", "Public – ordres de grandeur"), ("en", "Public – orders of")):
            written = write_public(run.territory, run.plan, tmp_path / lang, lang=lang)
            for file in written[:2]:
                with visit(browser, file) as seen:
                    assert word in seen.page.inner_text("header")
                    cells = seen.texts("tbody tr td:nth-child(5)")
                    assert cells
                    assert all(re.match(r"[<>]\s|\d[\d\s,]* – \d", cell) for cell in cells)
                    seen.page.click("tbody tr")
                    assert seen.card()
                    assert "€" not in seen.page.inner_text("body")
                    for tab in seen.page.query_selector_all(".tabs button"):
                        tab.click()
                    seen.page.fill("#search", "palette")
                    assert (seen.errors, seen.requests) == ([], [])


def test_a_treatment_site_with_the_name_of_a_hidden_firm_is_not_named(tmp_path):
    opened = made_territory().declarations.assign(
        confidentiality=["open", "open", "open", "open", "open", "restricted", "open", "open"]
    )  # n2 of Delta is hidden; r4 of Loin goes to the hub
    for name, told in (("Centre de tri", True), ("Plateforme DELTA (Lens)", False)):
        territory = made_territory(declarations=opened)
        hubs = territory.hubs.assign(name=name)
        write_public(replace(territory, hubs=hubs), made_plan(), tmp_path, lang="fr")
        names = page_data(tmp_path / "index.html")["nodes"]["name"]
        assert (name in names) == told
