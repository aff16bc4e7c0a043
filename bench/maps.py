"""Size of a page and time to its first drawing, beside the plain folium way.

``python -m bench.maps`` prints a Markdown table; ``--write FILE`` writes it. The plain way makes
one ``Marker`` per site and one ``PolyLine`` with a tooltip per flow. Its scripts come from disk
here and are not counted in its size; both pages are opened from disk without a network, in turns.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
from playwright.sync_api import BrowserType, Route, sync_playwright

from eit.atlas.words import inner_labels
from maps import bundle
from maps.page import render
from maps.sheet import LEFTOVER_COLUMNS, START_COLUMNS, Sheet

SIZES = (100, 1_000, 10_000)
ROUNDS = 5
PARKS = 20
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
DRAWN = """new Promise((done) => requestAnimationFrame(() =>
    requestAnimationFrame(() => done(performance.now()))))"""


def made_sheet(flows: int, *, kind: str = "park", seed: int = 0) -> Sheet:
    """A page of made-up sites, one for three flows, and log-normal quantities."""
    rng = np.random.default_rng(seed)
    sites = max(20, flows // 3)
    keys = np.array([f"s{n}" for n in range(sites)])
    lon, lat = rng.uniform(2.7, 2.9, sites), rng.uniform(50.4, 50.5, sites)
    groups = np.array([f"p{n}" for n in range(PARKS)])
    group = rng.choice(groups, sites) if kind == "territory" else np.full(sites, "")
    blank = {"place": "Lens", "note": "", "link": "", "inside": True}
    nodes = pd.DataFrame(
        {"name": "Firm " + keys, "role": "site", "group": group} | blank, index=keys
    )
    if kind == "territory":
        parks = pd.DataFrame({"name": groups, "role": "park", "group": ""} | blank, index=groups)
        nodes = pd.concat([parks, nodes])
        lon = np.concatenate([rng.uniform(2.7, 2.9, PARKS), lon])
        lat = np.concatenate([rng.uniform(50.4, 50.5, PARKS), lat])
    ends = rng.choice(keys, flows), rng.choice(keys, flows)
    quantity = rng.lognormal(5, 1.5, flows)
    exchanges = pd.DataFrame(
        {
            "source": ends[0],
            "target": ends[1],
            "resource": rng.choice(["Cardboard", "Wood", "Concrete", "Scrap"], flows),
            "code": "15 01 01",
            "family": rng.choice(["paper", "wood"], flows),
            "quantity": quantity,
            "unit": "t",
            "delivered": quantity,
            "delivered_unit": "t",
            "distance_km": rng.uniform(0.1, 9, flows),
            "value_eur": quantity * 20,
            "co2e_t": quantity / 10,
            "level": "recycling",
            "certainty": "measured",
            "existing": False,
            "months": [()] * flows,
        },
        index=[f"f{n}" for n in range(flows)],
    )
    return Sheet(
        kind="park" if kind == "park" else "territory",
        title="Made-up park",
        subtitle="",
        lang="en",
        labels=inner_labels("en"),
        nodes=gpd.GeoDataFrame(nodes, geometry=gpd.points_from_xy(lon, lat), crs=4326),
        exchanges=exchanges,
        starts=pd.DataFrame(columns=START_COLUMNS),
        leftovers=pd.DataFrame(columns=LEFTOVER_COLUMNS),
        outlines=gpd.GeoDataFrame({"name": [], "role": []}, geometry=[], crs=4326),
        families=pd.DataFrame(
            {"label": ["Paper", "Wood"], "colour": ["#E69F00", "#D55E00"], "letter": ["A", "B"]},
            index=["paper", "wood"],
        ),
        totals=pd.DataFrame(columns=["label", "value", "unit"]),
    )


def plain_page(sheet: Sheet) -> str:
    """The same sites and flows the plain folium way, one object per row."""
    points = dict(zip(sheet.nodes.index, sheet.nodes.geometry, strict=True))
    page = folium.Map(location=[50.45, 2.8], zoom_start=12, tiles=None)
    for key, point in points.items():
        folium.Marker([point.y, point.x], tooltip=str(sheet.nodes["name"][key])).add_to(page)
    for row in sheet.exchanges.itertuples():
        line = [[points[end].y, points[end].x] for end in (row.source, row.target)]
        text = f"{row.source} → {row.target}: {row.resource}, {row.quantity:.0f} t"
        folium.PolyLine(line, weight=3, tooltip=text).add_to(page)
    return str(page.get_root().render())


def first_drawing_ms(kind: BrowserType, file: Path) -> float:
    """Milliseconds from opening a file in a fresh browser to the frame after everything stands."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    browser = kind.launch(executable_path=path, args=ARGUMENTS)
    context = browser.new_context(viewport={"width": 1440, "height": 900}, offline=True)
    page = context.new_page()

    def gate(route: Route) -> None:
        address = route.request.url
        if address == file.as_uri():
            route.continue_()
        elif "leaflet@" in address and address.endswith((".js", ".css")):
            route.fulfill(
                body=bundle.read("leaflet.js" if address.endswith(".js") else "leaflet.css")
            )
        else:
            route.fulfill(body="")

    page.route("**/*", gate)
    page.goto(file.as_uri(), wait_until="load")
    took = float(page.evaluate(DRAWN))
    browser.close()
    return took


def measure(sizes: tuple[int, ...], folder: Path) -> list[dict[str, float | str]]:
    """Size and median time of each contender at each size."""
    found: list[dict[str, float | str]] = []
    with sync_playwright() as playwright:
        for size in sizes:
            sheet = made_sheet(size)
            pages = {
                "park page": render(sheet),
                "territory page": render(made_sheet(size, kind="territory")),
                "plain folium": plain_page(sheet),
            }
            files = {name: folder / f"{name}-{size}.html".replace(" ", "-") for name in pages}
            for name, file in files.items():
                file.write_text(pages[name], encoding="utf-8")
            times: dict[str, list[float]] = {name: [] for name in pages}
            for _ in range(ROUNDS):
                for name, file in files.items():
                    times[name].append(first_drawing_ms(playwright.chromium, file))
            for name, file in files.items():
                megabytes = file.stat().st_size / 1e6
                row = {"flows": size, "page": name, "mb": megabytes}
                found.append(row | {"ms": statistics.median(times[name])})
            print(json.dumps(found[-len(pages) :]), file=sys.stderr, flush=True)
    return found


def as_table(found: list[dict[str, float | str]]) -> list[str]:
    """One row per size and page, with ratios to plain folium."""
    plain = {row["flows"]: row for row in found if row["page"] == "plain folium"}
    rows = [
        "| flows | page | size | beside plain folium | first drawing | beside plain folium |",
        "|---:|:---|---:|---:|---:|---:|",
    ]
    for row in found:
        beside = plain[row["flows"]]
        size, ms = float(row["mb"]) / float(beside["mb"]), float(row["ms"]) / float(beside["ms"])
        rows.append(
            f"| {row['flows']:,} | {row['page']} | {row['mb']:.2f} MB | {size:.2f} "
            f"| {float(row['ms']) / 1000:.2f} s | {ms:.2f} |"
        )
    return rows


def main() -> None:
    """Print the table, or write it."""
    parser = argparse.ArgumentParser(prog="python -m bench.maps", description=__doc__)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    arguments = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        table = "\n".join(as_table(measure(tuple(arguments.sizes), Path(folder)))) + "\n"
    if arguments.write:
        arguments.write.write_text(table, encoding="utf-8")
    sys.stdout.write(table)
    print(f"{time.perf_counter() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
