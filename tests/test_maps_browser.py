import pytest
from support.browser import visit
from support.sheets import made_sheet

from maps import page

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "${alert(1)}",
    "</script><script>alert(1)</script>",
    "\"'`{{7*7}}\\",
    "deux\nlignes",
    "É" * 300,
    "شركة إعادة التدوير",
    "Usine 🏭 & fils",
]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("maps") / "park.html"
    path.write_text(page.render(made_sheet(months=True)), encoding="utf-8")
    return path


@pytest.fixture
def park(browser, file):
    with visit(browser, file) as seen:
        yield seen
        assert seen.errors == []
        assert seen.requests == []


def table_rows(seen):
    rows = seen.page.query_selector_all("tbody tr")
    return [[cell.inner_text().strip() for cell in row.query_selector_all("td")] for row in rows]


def pixels(seen):
    """Painted pixels of the canvas that the lines are drawn on."""
    return seen.run(
        "(() => { const c = document.querySelector('canvas.lines');"
        " const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        " let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; })()"
    )


def test_every_exchange_with_two_places_is_drawn_as_a_line(park):
    assert park.run("+document.querySelector('canvas.lines').dataset.drawn") == 4
    assert pixels(park) > 1000
    assert len(park.page.query_selector_all(".outline.park")) == 1


def test_both_directions_of_a_pair_bow_to_different_sides(park):
    bows = park.run(
        "page.lineLayer.shapes.filter(({line}) => ['f1', 'f2'].includes(line.exchanges[0].id))"
        ".map(({a, b, c}) => Math.sign((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)))"
    )
    assert bows == [1, 1]  # each to its own right, so on opposite sides of the pair


def test_width_grows_with_the_root_of_the_quantity(park):
    thin, thick = park.run("[eit.THIN, eit.THICK]")
    width = dict(park.run("page.lines.map((line) => [line.exchanges[0].id, line.width])"))
    assert width["f4"] == thick  # 900 t, the largest
    assert width["f2"] == pytest.approx(thin + (thick - thin) / 3)  # 100 t: a third of the root


def test_what_leaves_the_view_is_drawn_to_its_edge_and_named(park):
    pill = park.page.query_selector(".pill")
    assert pill.inner_text() == "Lointaine"
    box = pill.bounding_box()
    stage = park.page.query_selector("#stage").bounding_box()
    assert stage["x"] < box["x"]
    assert box["x"] + box["width"] < stage["x"] + stage["width"]


def test_search_keeps_the_exchanges_of_a_firm_or_a_resource(park):
    park.page.fill("#search", "beta")  # without the accent
    assert {row[1] for row in table_rows(park)} == {"Alpha", "Bêta", "Sans adresse"}
    assert park.run("page.lines.length") == 2
    park.page.fill("#search", "palettes")
    assert [row[2] for row in table_rows(park)] == ["Palettes"]
    park.page.fill("#search", "no such thing")
    assert park.texts("#tables .end") == ["«table.none»"]
    park.page.fill("#search", "")
    assert len(table_rows(park)) == 5


def test_a_family_is_hidden_by_its_switch_and_comes_back(park):
    wood = park.page.query_selector_all(".family")[1]
    before = pixels(park)
    wood.click()
    assert wood.get_attribute("aria-pressed") == "false"
    assert {row[2] for row in table_rows(park)} == {"Carton", "Emballages"}
    park.settle()
    assert pixels(park) < before
    wood.click()
    assert len(table_rows(park)) == 5


def test_a_smallest_quantity_filters_table_and_map(park):
    park.page.fill("[data-filter=least]", "100")
    assert sorted(row[2] for row in table_rows(park)) == ["Carton", "Emballages", "Palettes"]
    assert park.run("page.lines.length") == 3


def test_how_sure_a_figure_is_filters_table_and_map(park):
    park.page.select_option("[data-filter=certainty]", "inferred")
    assert [row[2] for row in table_rows(park)] == ["Palettes"]
    assert park.run("page.lines.every((line) => line.doubtful)")


def test_a_column_sorts_numbers_from_the_greatest_and_turns_round(park):
    park.page.click("th:nth-child(5) button")
    assert [row[2] for row in table_rows(park)][:2] == ["Emballages", "Carton"]
    head = park.page.query_selector("th:nth-child(5)")
    assert head.get_attribute("aria-sort") == "descending"
    park.page.click("th:nth-child(5) button")
    assert [row[2] for row in table_rows(park)][:2] == ["Sciure", "Chutes de bois"]
    park.page.click("th:nth-child(3) button")
    assert table_rows(park)[0][2] == "Carton"


def test_blank_cells_sort_last_both_ways(park):
    for _ in range(2):
        park.page.click("th:nth-child(7) button")
        assert table_rows(park)[-1][2] == "Emballages"


def test_a_row_under_the_mouse_brings_its_line_forward(park):
    park.page.hover("tbody tr[data-row=f2]")
    park.page.wait_for_function("page.focus.lines.size === 1")
    assert park.run("[...page.focus.lines].map((line) => line.exchanges[0].id)") == ["f2"]
    park.settle()
    dimmed = park.run("[...document.querySelectorAll('.spot.dim')].map((s) => s.dataset.node)")
    assert dimmed
    assert "a" not in dimmed


def test_a_line_under_the_mouse_lights_its_row_and_a_click_opens_its_card(park):
    point = park.run(
        "(() => { const s = page.lineLayer.shapes.find(({line}) => line.exchanges[0].id === 'f4');"
        " const m = eit.along(s.a, s.c, s.b, 0.5), r = page.map.getContainer()"
        ".getBoundingClientRect(); return [r.left + m.x, r.top + m.y]; })()"
    )
    park.page.mouse.move(*point)
    park.page.wait_for_selector("tr.lit")
    assert park.run("[...document.querySelectorAll('tr.lit')].map((r) => r.dataset.row)") == ["f4"]
    park.page.mouse.click(*point)
    card = park.card("Gamma → Centre de tri")
    assert "900\u00a0t/an" in card
    assert "1,5\u00a0km" in card
    assert "«value.hidden»" in card  # a hub at one end: the rest would be one firm's costs


def test_a_row_opens_the_card_of_its_exchange(park):
    park.page.click("tbody tr[data-row=f1]")
    card = park.card("Alpha → Bêta")
    assert "12\u202f000\u00a0€/an" in card
    park.page.keyboard.press("Escape")
    park.page.locator(".leaflet-popup").wait_for(state="detached")
    assert park.run("page.focus.lines.size") == 0


def test_an_exchange_without_a_place_is_still_told(park):
    park.page.click("tbody tr[data-row=f5]")
    assert park.card("Sans adresse → Bêta")


def test_a_click_on_a_site_tells_what_it_gives_takes_and_could(park):
    park.page.click(".spot[data-node=b]")
    card = park.card("«gives»")
    for part in ("Bêta", "«gives»", "Palettes", "→ Alpha", "«takes»", "Carton", "«could»", "Eau"):
        assert part in card
    park.page.click(".leaflet-popup-content .short button")
    assert "Palettes" in park.page.inner_text(".leaflet-popup-content .what")


def test_a_synergy_to_start_with_lights_up_all_its_lines(park):
    park.page.click(".starts li:nth-child(2) button")
    lit = park.run("[...page.focus.lines].map((line) => line.exchanges[0].id).sort()")
    assert lit == ["f2", "f4"]


def test_layers_are_switched(park):
    assert not park.page.query_selector(".spot[data-node=c] .sign").is_visible()
    park.page.check("[data-layer=residues]")
    assert park.page.query_selector(".spot[data-node=c] .sign.residue").is_visible()
    assert not park.page.query_selector(".spot[data-node=b] .sign.need").is_visible()
    park.page.uncheck("[data-layer=partners]")
    assert park.texts(".pill") == []
    assert "f3" not in [row.get_attribute("data-row") for row in park.page.query_selector_all("tr")]
    park.page.uncheck("[data-layer=names]")
    park.settle()
    assert park.texts(".spot .name") == []


def test_the_month_changes_quantities_and_lines(park):
    slider = park.page.query_selector("#months input")
    slider.focus()
    park.page.keyboard.press("ArrowRight")
    assert park.page.inner_text("#months output") == "janvier"
    assert park.page.inner_text("th:nth-child(5)") == "En janvier"
    assert park.run("page.lines.length") == 4
    park.page.keyboard.press("ArrowRight")  # all of it flows in January
    assert park.page.inner_text("#months output") == "février"
    assert park.run("page.lines.length") == 0
    assert table_rows(park) == []


def test_the_tables_hold_all_that_the_map_holds(park):
    park.page.click("#tab-leftovers")
    assert len(table_rows(park)) == 2
    park.page.click("#tab-sites")
    rows = table_rows(park)
    assert len(rows) == 7
    assert [row[-1] for row in rows if row[0] == "Sans adresse"] == ["«undrawn»"]


def test_the_keyboard_reaches_tabs_rows_and_sites(park):
    park.page.focus("#tab-exchanges")
    park.page.keyboard.press("ArrowRight")
    assert park.run("document.activeElement.id") == "tab-leftovers"
    park.page.keyboard.press("ArrowLeft")
    park.page.focus("tbody tr[data-row=f1]")
    park.page.keyboard.press("Enter")
    assert park.card("Carton")
    park.page.keyboard.press("Escape")
    park.page.focus(".spot[data-node=a]")
    park.page.keyboard.press("Enter")
    assert "Alpha" in park.page.inner_text(".leaflet-popup-content .what")


def test_the_map_is_fitted_to_the_park_or_to_its_partners(park):
    near = park.run("page.map.getZoom()")
    park.page.click("[data-fit=all]")
    park.settle()  # what is drawn follows with the next frame, which a busy machine is slow to give
    assert park.run("page.map.getZoom()") < near
    assert park.texts(".pill") == []
    park.page.click("[data-fit=home]")
    assert park.run("page.map.getZoom()") == near


def test_a_page_on_paper_is_drawn_anew_and_comes_back(park):
    park.run("window.dispatchEvent(new Event('beforeprint'))")
    assert park.run("document.querySelector('canvas.lines').width") == 4 * 1090
    park.run("window.dispatchEvent(new Event('afterprint'))")
    assert park.run("document.querySelector('canvas.lines').width") < 1440


def test_what_waits_for_a_site_to_be_built_is_dashed(browser, tmp_path):
    sheet = made_sheet()
    waiting = sheet.exchanges.assign(target=sheet.exchanges["target"].replace("hub", "new"))
    file = tmp_path / "park.html"
    file.write_text(page.render(made_sheet(exchanges=waiting)), encoding="utf-8")
    with visit(browser, file) as seen:
        dashed = seen.run(
            "page.lines.filter((l) => l.doubtful).map((l) => l.exchanges[0].id).sort()"
        )
        assert dashed == ["f2", "f4"]  # an inferred figure, and a candidate at its end


@pytest.mark.parametrize("background", ["osm", "ign"])
def test_an_online_background_without_a_network_leaves_the_page_as_it_is(
    browser, tmp_path, background
):
    file = tmp_path / "park.html"
    file.write_text(page.render(made_sheet(background=background)), encoding="utf-8")
    with visit(browser, file) as seen:
        host = page.BACKGROUNDS[background][0]
        assert seen.requests
        assert all(address.startswith(host) for address in seen.requests)
        assert [e for e in seen.errors if "Failed to load resource" not in e] == []
        assert seen.run("+document.querySelector('canvas.lines').dataset.drawn") == 4
        seen.page.click("tbody tr[data-row=f1]")
        assert seen.card("Alpha → Bêta")


def test_names_stay_clear_of_the_legend(park):
    overlaps = park.run(
        "(() => { const box = page.legendBox.getBoundingClientRect();"
        " return [...document.querySelectorAll('.spot .name')].filter((n) => n.offsetParent)"
        ".map((n) => n.getBoundingClientRect()).filter((r) => r.left < box.right &&"
        " r.right > box.left && r.top < box.bottom && r.bottom > box.top).length; })()"
    )
    assert overlaps == 0


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_wherever_it_stands(browser, tmp_path, name):
    hostile = made_sheet({key: name for key in ("a", "far", "hub", "title")})
    families = hostile.families.assign(label=[name, "Bois"])
    exchanges = hostile.exchanges.assign(resource=name)
    outlines = hostile.outlines.assign(name=name)
    sheet = made_sheet(
        {key: name for key in ("a", "far", "hub", "title")},
        families=families,
        exchanges=exchanges,
        outlines=outlines,
        starts=hostile.starts.assign(resource=name),
        leftovers=hostile.leftovers.assign(resource=name, reason=name, change=name),
    )
    file = tmp_path / "hostile.html"
    file.write_text(page.render(sheet), encoding="utf-8")
    with visit(browser, file) as seen:
        selectors = ["#title", ".pill .text", ".spot[data-node=a] .name", ".family .text"]
        selectors += [".starts .pair", "tbody td:nth-child(3)"]
        texts = {selector: seen.page.text_content(selector) for selector in selectors}
        seen.page.click("tbody tr[data-row=f1]", position={"x": 60, "y": 8})
        texts["card"] = seen.page.text_content(".leaflet-popup-content")
        seen.page.keyboard.press("Escape")
        seen.run("eit.showNode(page, page.nodes[0])")
        texts["site"] = seen.page.text_content(".leaflet-popup-content")
        seen.page.click("#tab-leftovers")
        texts["left"] = seen.page.text_content("tbody")
        seen.page.fill("#search", name[:20])
        assert {where: name in text for where, text in texts.items()} == dict.fromkeys(texts, True)
        assert seen.run("[...document.querySelectorAll('img, script[src]')].length") == 0
        assert seen.page.title() == name.replace("\n", " ")
        assert seen.run("document.documentElement.scrollWidth <= innerWidth")
        assert (seen.errors, seen.requests) == ([], [])
