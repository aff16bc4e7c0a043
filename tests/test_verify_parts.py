"""The pieces of the recheck: distances, links, lanes, quality, prices; each by its own reason."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from support.random_territories import some_features, write_territory
from support.random_territories.folder import write_rows

from eit.scenario import Scenario, Settings, resolve
from eit.territory import Territory, read_territory
from eit.verify import quality
from eit.verify.bound import parts_of
from eit.verify.certificate import proven_bounds
from eit.verify.distance import earth_centred, geodesic_km, near
from eit.verify.lanes import Ground, judged_lanes, permitted_lanes, survey
from eit.verify.market import keys_of
from eit.verify.model import build_model
from eit.verify.oracle import best_plan
from eit.verify.sheet import Model
from eit.verify.verdict import TOLERANCE, above, below, unlike


def places(lon: list[float], lat: list[float], **more: object) -> pd.DataFrame:
    """Places at exact points, unless `more` says otherwise."""
    known = {"lon": lon, "lat": lat, "placed": "exact", "insee": "", "area_km2": math.nan}
    return pd.DataFrame(known | more)


def test_a_degree_of_meridian_at_the_equator_is_110_574_km() -> None:
    # Snyder (1987), Map projections, table 3: WGS 84, 0 to 1 degree.
    assert geodesic_km(places([0.0], [0.0]), places([0.0], [1.0]))[0] == pytest.approx(
        110.574, abs=1e-3
    )


def test_two_centroids_of_one_commune_lie_half_the_root_of_its_area_apart() -> None:
    point = places([2.8], [50.4], placed="commune", insee="62427", area_km2=16.0)
    other = places([2.8], [50.4], placed="commune", insee="62498", area_km2=16.0)
    assert geodesic_km(point, point)[0] == pytest.approx(2.0)
    assert geodesic_km(point, other)[0] == 0.0


def test_a_place_that_is_unknown_has_no_distance() -> None:
    assert np.isnan(geodesic_km(places([math.nan], [50.0]), places([2.0], [50.0]))[0])


@given(
    st.lists(st.tuples(st.floats(2, 4), st.floats(49, 51)), min_size=1, max_size=12),
    st.floats(0.5, 200),
)
def test_the_search_by_chords_misses_no_pair_within_reach(
    points: list[tuple[float, float]], reach: float
) -> None:
    frame = places([lon for lon, _ in points], [lat for _, lat in points])
    space = earth_centred(frame)
    found = set(zip(*map(np.ndarray.tolist, near(space, space, within_km=reach)), strict=True))
    for first in range(len(points)):
        rows = frame.iloc[[first] * len(points)].reset_index(drop=True)
        within = np.flatnonzero(geodesic_km(rows, frame) <= reach)
        assert {(first, int(second)) for second in within} <= found


def test_a_code_is_taken_by_itself_and_its_prefixes() -> None:
    assert keys_of("19 12 01") == ("19 12 01", "19 12", "19")
    assert keys_of("gypsum") == ("gypsum",)


def test_limits_and_statements_are_told_apart() -> None:
    text = "moisture_pct=12; chlorine_ppm<=300; lhv_mj_per_kg>=14"
    assert quality.stated(text) == {"moisture_pct": 12.0}
    wanted = quality.limits("chlorine_ppm<=300; lhv_mj_per_kg>=14")
    assert [limit.excess(310) for limit in wanted] == [10, -296]
    assert not quality.all_stated("chlorine_ppm=10", wanted)
    assert quality.all_met("chlorine_ppm=10; lhv_mj_per_kg=14", wanted, tolerance=1e-9)


def test_tolerance_is_relative_above_one_and_absolute_below() -> None:
    for limit in (1e6, 1.0, 1e-3):
        slack = TOLERANCE * max(1.0, limit)
        assert not above("c", ["i"], [limit + 0.9 * slack], limit)
        assert above("c", ["i"], [limit + 1.1 * slack], limit)
        assert not below("c", ["i"], [limit - 0.9 * slack], limit)
        assert below("c", ["i"], [limit - 1.1 * slack], limit)
        assert unlike("c", ["i"], [limit + 1.1 * slack], limit)
    assert not unlike("c", ["i"], [math.nan], math.nan)
    assert unlike("c", ["i"], [math.nan], 1.0)


ENDS = [
    # id, site, kind, resource, quantity
    ("a", "east", "residue", "gypsum", 10),
    ("b", "west", "need", "gypsum", 10),
    ("c", "east", "need", "gypsum", 10),
]


def ground(folder: Path, links: list[dict[str, object]], toml: str = "") -> Ground:
    """One residue, a need 20 km away and one on the same site."""
    (folder / "territory.toml").write_text(
        f'[territory]\nname = "t"\nbuiltin_rules = false\n{toml}', encoding="utf-8"
    )
    sites = [
        {"site_id": "east", "lon": 2.8, "lat": 50.4},
        {"site_id": "west", "lon": 2.52, "lat": 50.4},
    ]
    write_rows(folder / "sites.csv", sites)
    columns = ["declaration_id", "site_id", "kind", "resource", "quantity"]
    rows = [dict(zip(columns, end, strict=True)) for end in ENDS]
    write_rows(folder / "declarations" / "all.csv", rows)
    if links:
        write_rows(folder / "links.csv", links)
    territory = read_territory(folder)
    return survey(territory, settings_of(territory))


def settings_of(territory: Territory) -> Settings:
    """The folder's own settings."""
    return resolve(territory.toml, territory.scenario, Scenario())


def refusals(ground: Ground) -> dict[str, str]:
    """Why each pair of the residue and a need is refused, by need and mode."""
    pairs = pd.DataFrame({"origin": [0, 0], "end": [0, 1]})
    judged = judged_lanes(ground, pairs)
    names = ground.market.ends["id"].to_numpy()[judged["end"]] + " " + judged["mode"]
    return dict(zip(names, judged["refusal"], strict=True))


def test_one_site_meets_itself_only_where_it_is_listed(tmp_path: Path) -> None:
    assert refusals(ground(tmp_path, [])) == {"b road": "", "c road": "same_site"}
    link = {"from_id": "a", "to_id": "c", "cost_eur_per_unit": 1}
    assert refusals(ground(tmp_path, [link])) == {"b road": "", "c road": ""}


def test_the_most_particular_row_wins_and_applies_whole(tmp_path: Path) -> None:
    links: list[dict[str, object]] = [
        {"from_id": "east", "to_id": "west", "cost_eur_per_unit": 1, "max_quantity": 5},
        {"from_id": "a", "to_id": "west", "cost_eur_per_unit": 2, "max_quantity": ""},
        {"from_id": "east", "to_id": "b", "cost_eur_per_unit": 3, "max_quantity": ""},
    ]
    for count, cost in ((1, 1), (2, 2), (3, 2)):
        lanes = permitted_lanes(ground(tmp_path, links[:count]))
        assert lanes["transport"].tolist() == [cost]
    both = {"from_id": "a", "to_id": "b", "cost_eur_per_unit": "", "max_quantity": 7}
    lanes = permitted_lanes(ground(tmp_path, [*links, both]))
    assert lanes["transport"].iloc[0] > 2  # the default price of 20 km: the row names none
    assert lanes["distance_source"].tolist() == ["geodesic"]


def test_listed_modes_replace_the_default_way_and_forbidden_ones_do_not(tmp_path: Path) -> None:
    rail: dict[str, object] = {"from_id": "a", "to_id": "b", "mode": "rail", "allowed": "yes"}
    assert refusals(ground(tmp_path, [rail]))["b rail"] == ""
    assert "b road" not in refusals(ground(tmp_path, [rail]))
    assert refusals(ground(tmp_path, [rail | {"allowed": "no"}]))["b road"] == ""
    shut = rail | {"mode": "road", "allowed": "no"}
    assert refusals(ground(tmp_path, [shut]))["b road"] == "forbidden"


def test_a_distance_meets_the_limits_and_a_price_without_one_does_not(tmp_path: Path) -> None:
    limit = "[limits]\nmax_distance_km = 15.0\n"
    assert refusals(ground(tmp_path, [], limit))["b road"] == "distance_limit"
    priced: dict[str, object] = {"from_id": "a", "to_id": "b", "cost_eur_per_unit": 1}
    assert refusals(ground(tmp_path, [priced], limit))["b road"] == ""
    far = priced | {"distance_km": 16}
    assert refusals(ground(tmp_path, [far], limit))["b road"] == "distance_limit"


@pytest.fixture(scope="module", params=range(6))
def solved(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Model, float]:
    """The independent model of a random territory, and its greatest value."""
    seed = request.param
    features = [name for name in some_features(seed) if name not in ("required", "objectives")]
    folder = tmp_path_factory.mktemp("model")
    territory = read_territory(write_territory(folder, seed, features))
    surveyed = survey(territory, settings_of(territory))
    model = build_model(surveyed, permitted_lanes(surveyed))
    return model, best_plan(model, settings_of(territory)).values[0]


@given(st.data())
def test_any_prices_bound_the_optimum_and_by_parts_too(
    solved: tuple[Model, float], data: st.DataObject
) -> None:
    model, best = solved
    drawn = data.draw(arrays(np.float64, len(model.rows), elements=st.floats(-50, 50)))
    price = np.where((drawn > 0) & np.isinf(model.row_high), 0.0, drawn)
    price = np.where((price < 0) & np.isinf(model.row_low), 0.0, price)
    parts, count = parts_of(model)
    bounds = proven_bounds(model, model.objectives["value"], price, parts, count)
    assert bounds.sum() >= best - TOLERANCE * max(1.0, abs(best))


def test_parts_share_no_row(solved: tuple[Model, float]) -> None:
    model, _ = solved
    (row_part, column_part), _ = parts_of(model)
    cells = model.matrix.tocoo()
    row, column = cells.coords
    assert (row_part[row] == column_part[column]).all()
