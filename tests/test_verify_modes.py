"""The recheck works rail, waterway and pipe out by itself: sound runs pass, spoilt ones do not."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from support.random_territories import write_territory
from support.territories import PLAIN, settings_of, write_folder

from eit.matching.matcher import find_market
from eit.results import write_run
from eit.study import match
from eit.territory import read_territory
from eit.verify import verify_run
from eit.verify.lanes import judged_lanes, survey

HEAD = "declaration_id,site_id,kind,resource,quantity,unit,current_cost_eur_per_unit"
SITES = """
site_id,lon,lat,rail,quay
A,2.80,50.40,yes,no
B,3.80,50.40,no,no
C,3.90,50.40,shared,no
D,2.85,50.40,no,no
"""
DECLARATIONS = f"""{HEAD}
r1,A,residue,alder,100,t,20
n1,B,need,alder,60,t,30
r2,A,residue,heat,90000,MWh,0
n2,D,need,heat,50000,MWh,30
"""
MODES = PLAIN.replace("circuity = 1.0", 'circuity = 1.0\nmodes = ["road", "rail", "pipe"]')


@pytest.fixture(scope="module")
def sound_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A train from a siding to a shared one, and a pipe."""
    folder = tmp_path_factory.mktemp("modes")
    territory = read_territory(write_folder(folder / "in", DECLARATIONS, sites=SITES, toml=MODES))
    write_run(folder / "run", match(territory).plan, territory)
    return folder / "run"


@pytest.fixture
def run(sound_run: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(sound_run, tmp_path / "run"))


def spoil(run: Path, origin: str, **cells: object) -> set[tuple[str, str]]:
    """Write other cells into the row of an origin; what the recheck finds."""
    path = run / "flows.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    for column, cell in cells.items():
        rows.loc[rows["from_id"] == origin, column] = str(cell)
    rows.to_csv(path, index=False)
    return {(one.check, one.id) for one in verify_run(run).violations}


def cell(run: Path, origin: str, column: str) -> float:
    rows = pd.read_csv(run / "flows.csv").set_index("from_id")
    return float(rows.loc[origin, column])


def test_a_sound_run_passes(run: Path) -> None:
    rows = pd.read_csv(run / "flows.csv").set_index("from_id")
    assert rows["mode"].to_dict() == {"r1": "rail", "r2": "pipe"}
    assert rows["distance_source"].to_dict() == {"r1": "access", "r2": "geodesic"}
    verdict = verify_run(run)
    assert verdict.ok, verdict.lines("en")


@pytest.mark.parametrize(
    ("column", "factor", "check"),
    [
        ("delivered", 1.001, "delivered"),  # as if the pipe lost less
        ("fixed_cost_eur", 0.9, "fixed_cost"),
        ("transport_cost_eur", 0.5, "transport_cost"),
        ("distance_km", 0.99, "distance"),
        ("co2e_kg", 0.0, "co2e"),
    ],
)
def test_a_spoilt_figure_of_a_pipe_is_found(
    run: Path, column: str, factor: float, check: str
) -> None:
    figure = cell(run, "r2", column) * factor
    assert (check, "r2→n2") in spoil(run, "r2", **{column: figure})


@pytest.mark.parametrize(
    ("column", "factor", "check"),
    [
        ("distance_km", 1.01, "distance"),
        ("transport_cost_eur", 0.99, "transport_cost"),
        ("co2e_kg", 0.9, "co2e"),
    ],
)
def test_a_spoilt_figure_of_a_train_is_found(
    run: Path, column: str, factor: float, check: str
) -> None:
    figure = cell(run, "r1", column) * factor
    assert (check, "r1→n1") in spoil(run, "r1", **{column: figure})


def test_another_source_of_the_distance_is_found(run: Path) -> None:
    found = spoil(run, "r1", distance_source="geodesic")
    assert found == {("distance_source", "r1→n1")}


def test_heat_on_a_truck_is_found_where_pipes_are_asked_for(run: Path) -> None:
    assert ("forbidden", "r2→n2") in spoil(run, "r2", mode="road")


def test_a_train_without_a_siding_is_found(run: Path) -> None:
    """The run's own copy of the sites says that nobody shares a siding."""
    path = run / "inputs" / "sites.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("shared", "yes"), encoding="utf-8")
    assert ("forbidden", "r1→n1") in {(v.check, v.id) for v in verify_run(run).violations}


def test_both_models_make_the_same_lanes(tmp_path: Path) -> None:
    """Ways, distances and prices of all pairs, one against the other."""
    seen = set()
    for seed in range(6):
        features = ("rules", "hubs", "communes", "hazard", "access", "pipes")
        folder = write_territory(tmp_path / str(seed), seed, features)
        territory = read_territory(folder)
        settings = settings_of(territory)
        offer = find_market(territory, settings).offer
        lanes = offer.lanes
        mine = pd.DataFrame(
            {
                "from": offer.ends.origins["id"].to_numpy()[lanes.origin],
                "resource": offer.ends.origins["resource"].to_numpy()[lanes.origin],
                "to": offer.ends.destinations["id"].to_numpy()[lanes.end],
                "recipe": offer.ends.destinations["recipe"].to_numpy()[lanes.end],
                "mode": [offer.links.modes[at] for at in lanes.mode],
                "distance_km": lanes.distance_km,
                "transport": offer.prices.transport_eur,
                "ratio": offer.ratio,
                "co2e_kg": offer.prices.co2e_kg,
                "laid": offer.prices.laid_eur,
            }
        )
        ground = survey(territory, settings)
        origins, ends = ground.market.origins, ground.market.ends
        pairs = pd.MultiIndex.from_product([origins.index, ends.index], names=["origin", "end"])
        theirs = judged_lanes(ground, pairs.to_frame(index=False))
        theirs = theirs[theirs["refusal"] == ""]
        theirs = theirs.assign(
            **{"from": origins["id"].to_numpy()[theirs["origin"]]},
            resource=origins["resource"].to_numpy()[theirs["origin"]],
            to=ends["id"].to_numpy()[theirs["end"]],
            recipe=ends["recipe"].to_numpy()[theirs["end"]],
        )
        keys = ["from", "resource", "to", "recipe", "mode"]
        mine, theirs = (
            frame.astype({name: str for name in keys}).sort_values(keys, ignore_index=True)[
                list(mine.columns)
            ]
            for frame in (mine, theirs)
        )
        assert mine[keys].equals(theirs[keys])
        figures = list(mine.columns[len(keys) :])
        pd.testing.assert_frame_equal(
            mine[figures].astype(float), theirs[figures].astype(float), rtol=1e-9, atol=1e-9
        )
        seen |= set(mine["mode"])
    assert seen == {"road", "rail", "water", "pipe"}
