import base64
import hashlib
import json
import re

import pandas as pd
import pytest
from support.sheets import label_keys, made_sheet

from maps import bundle, diagram, frame, page
from maps.sheet import as_json, columns_of


def test_the_same_sheet_gives_the_same_bytes():
    assert page.render(made_sheet()) == page.render(made_sheet())


def test_nothing_in_a_page_points_outside_it():
    html = page.render(made_sheet())
    markup = re.sub(r"<(script|style)\b.*?</\1>|<!--.*?-->", "", html, flags=re.DOTALL)
    assert not re.search(r"\b(src|href)\s*=", markup)
    assert "@import" not in html
    assert not re.search(r"url\((?!data:)", "".join(re.findall(r"<style>.*?</style>", html, re.S)))


def test_the_policy_names_every_script_by_its_hash_and_no_host():
    html = page.render(made_sheet())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    scripts = re.findall(r"<script>(.*?)</script>", html, re.S)
    assert len(scripts) == 2 + len(page.SCRIPTS)
    assert policy.count("'sha256-") == len(scripts)
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_an_online_background_opens_the_policy_to_its_host_alone():
    html = page.render(made_sheet(background="osm"))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1]
    assert re.findall(r"https?://[^ ;]+", policy) == ["https://tile.openstreetmap.org"]
    with pytest.raises(ValueError, match="background must be one of"):
        page.render(made_sheet(background="elsewhere"))


def test_a_link_that_is_not_bundled_is_refused(monkeypatch):
    foreign = (("leaflet", "https://cdn.example/leaflet.js"),)
    monkeypatch.setattr(page.QuietMap, "default_js", foreign)
    with pytest.raises(ValueError, match=r"self-contained; it links https://cdn\.example"):
        page.render(made_sheet())


def test_the_licence_of_what_is_bundled_is_in_the_page():
    html = page.render(made_sheet())
    assert "Redistribution and use in source and binary forms" in html
    assert "Volodymyr Agafonkin" in html


def test_text_from_data_stands_in_the_data_block_and_the_title_alone():
    hostile = "<img src=x onerror=alert(1)>{{ 7 * 7 }}${alert(1)}"
    html = page.render(made_sheet({"a": hostile, "title": hostile}))
    assert "<img" not in html
    assert "49" not in re.search(r"<title>(.*?)</title>", html)[1]
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)[1]
    data = json.loads(block)
    assert data["title"] == hostile
    assert data["nodes"]["name"][0] == hostile


@pytest.mark.parametrize("text", ["</script>", "<!--", "]]>", "\u2028\u2029", "&lt;", "a\\b\"'"])
def test_json_in_a_script_block_comes_back_and_cannot_close_it(text):
    written = as_json([text])
    assert json.loads(written) == [text]
    assert not set("<>&\u2028\u2029") & set(written)


def test_a_frame_is_sent_without_nan_and_without_needless_digits():
    frame = pd.DataFrame({"q": [1 / 3, float("nan"), 12.0]}, index=["x", "y", "z"])
    assert columns_of(frame) == {"id": ["x", "y", "z"], "q": [0.3333333, None, 12]}


def test_a_projected_frame_is_drawn_where_the_same_degrees_are():
    nodes = made_sheet().nodes
    metres = made_sheet(nodes=nodes.to_crs(2154)).data()["nodes"]
    assert metres["lon"][0] == pytest.approx(2.80, abs=2e-6)
    assert metres["lat"][0] == pytest.approx(50.44, abs=2e-6)
    assert metres["lat"][6] is None


def test_a_sheet_refuses_what_it_could_not_draw():
    sheet = made_sheet()
    with pytest.raises(ValueError, match=r"exchanges lacks the columns \['unit'\]"):
        made_sheet(exchanges=sheet.exchanges.drop(columns="unit"))
    with pytest.raises(ValueError, match="nodes has no CRS"):
        made_sheet(nodes=sheet.nodes.set_crs(None, allow_override=True))
    with pytest.raises(ValueError, match=r"unknown nodes in target: \['nobody'\]"):
        made_sheet(exchanges=sheet.exchanges.assign(target="nobody"))


def test_a_missing_asset_names_the_command_that_fetches_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="make install"):
        bundle.read("leaflet.js", tmp_path)


def test_copied_assets_need_no_other_file(tmp_path):
    packages = tmp_path / "node_modules"
    for source in bundle.SOURCES.values():
        (packages / source).parent.mkdir(parents=True, exist_ok=True)
        (packages / source).write_text("let a;\n//# sourceMappingURL=a.js.map\n")
    dist = packages / "leaflet" / "dist"
    (dist / "images").mkdir()
    (dist / "images" / "a.png").write_bytes(b"png")
    (dist / "leaflet.css").write_text("a{b:url(images/a.png)} c{d:url(#default#VML)}")
    bundle.copy(packages, tmp_path / "assets")
    assert bundle.read("leaflet.js", tmp_path / "assets") == "let a;\n"
    style = bundle.read("leaflet.css", tmp_path / "assets")
    assert style == "a{b:url(data:image/png;base64,cG5n)} c{d:none}"


def test_a_script_that_would_close_its_element_is_not_copied(tmp_path):
    dist = tmp_path / "leaflet" / "dist"
    dist.mkdir(parents=True)
    (dist / "leaflet.js").write_text("'</SCRIPT>'")
    with pytest.raises(ValueError, match="cannot be inlined"):
        bundle.copy(tmp_path, tmp_path / "assets")


def test_every_word_that_the_scripts_say_is_in_the_catalogue():
    scripts = "".join(frame.static(name) for name in {*page.SCRIPTS, *diagram.SCRIPTS})
    template = (frame.STATIC.parent / "templates" / "page.html").read_text(encoding="utf-8")
    said = set(re.findall(r'say\("([a-z_.0-9]+)"', scripts))
    said |= set(re.findall(r'data-say="([a-z_.]+)"', template))
    assert len(said) > 60
    assert said <= set(label_keys())
