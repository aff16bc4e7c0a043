"""Run folders: what they hold, that they replace each other whole, that they read back alike."""

import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from support.territories import settings_of, territory_of

from eit.matching import match
from eit.results import (
    COLUMNS,
    Plan,
    RunFolderError,
    is_run_folder,
    read_run,
    staged,
    table,
    write_run,
)
from eit.results.summary import plain, settings_as_dict, settings_from_dict
from eit.results.writing import write_table
from eit.territory import Territory

ROWS = """declaration_id,site_id,kind,resource,quantity,unit,current_cost_eur_per_unit
R,A,residue,alder,100,t,20
"=1+1",B,need,alder,60,t,30
M,C,need,alder,7,t,11
"""
CONTRACT = {
    "flows": "from_id,to_id,period,resource,quantity,unit,delivered,rule_id,mode,distance_km,trips,"
    "transport_cost_eur,treatment_cost_eur,fixed_cost_eur,saving_donor_eur,saving_receiver_eur,"
    "value_eur,co2e_kg,distance_source",
    "unmatched": "declaration_id,kind,quantity_left,unit,reason,detail,change",
    "synergies": "donor_id,receiver_id,via,quantity,unit,delivered,value_eur,distance_km",
    "hubs": "hub_id,used,taken,given,unit_cost_eur,opening_cost_eur",
}


@pytest.fixture
def made(tmp_path: Path) -> tuple[Territory, Plan]:
    """A small territory and its plan."""
    territory = territory_of(tmp_path / "territory", ROWS)
    return territory, match(territory, settings_of(territory))


def test_tables_have_the_columns_of_the_contract_and_new_ones_at_the_end(
    made: tuple[Territory, Plan], tmp_path: Path
) -> None:
    write_run(tmp_path / "run", made[1], made[0])
    for name, columns in CONTRACT.items():
        text = (tmp_path / "run" / f"{name}.csv").read_bytes().decode("utf-8")
        assert text.startswith(columns)
        assert "\r" not in text
    assert (tmp_path / "run" / "flows.csv").read_text().splitlines()[0] == CONTRACT[
        "flows"
    ] + ",recipe"


def test_figures_have_twelve_digits_no_minus_zero_and_blanks_for_what_is_missing(
    tmp_path: Path,
) -> None:
    frame = table(
        "hubs",
        {
            "hub_id": ["=A1", "b,c", "d"],
            "used": "yes",
            "taken": [1 / 3, -0.0, 1e6],
            "given": [math.nan, 2.5, 123456789.0123456],
            "unit_cost_eur": [0.1 + 0.2, 1e-7, 5.0],
            "opening_cost_eur": [0.0, 1.0, 2.0],
        },
    )
    write_table(frame, tmp_path / "hubs.csv")
    assert (tmp_path / "hubs.csv").read_text(encoding="utf-8").splitlines()[1:] == [
        "=A1,yes,0.333333333333,,0.3,0",
        '"b,c",yes,0,2.5,1e-07,1',
        "d,yes,1000000,123456789.012,5,2",
    ]


def test_the_summary_says_how_the_run_ended_and_what_it_was_made_from(
    made: tuple[Territory, Plan], tmp_path: Path
) -> None:
    territory, plan = made
    scenario = tmp_path / "greener.toml"
    scenario.write_text('[objective]\nmaximise = ["value"]\n', encoding="utf-8")
    said = write_run(
        tmp_path / "run", plan, territory, scenario_file=scenario, timings={"read": 0.5}
    )
    summary = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))
    assert summary == said
    assert summary["status"] == "optimal"
    goal = summary["objective"][0]
    assert goal["bound"] >= goal["value"]
    gap = (goal["bound"] - goal["value"]) / max(1, abs(goal["value"]))
    assert goal["gap"] == pytest.approx(gap, abs=1e-9)
    assert list(summary["time_s"]) == ["read", "lanes", "build", "solve", "write"]
    assert summary["seed"] == 0
    assert {"eit", "ortools", "python"} <= set(summary["versions"])
    for name, digest in summary["inputs"].items():
        content = (tmp_path / "run" / "inputs" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
    assert set(summary["inputs"]) == {
        "declarations/all.csv",
        "run_scenario.toml",
        "sites.csv",
        "territory.toml",
    }
    original = (tmp_path / "territory" / "declarations" / "all.csv").read_bytes()
    assert (tmp_path / "run" / "inputs" / "declarations" / "all.csv").read_bytes() == original


def test_rows_add_up_to_the_totals(made: tuple[Territory, Plan], tmp_path: Path) -> None:
    write_run(tmp_path / "run", made[1], made[0])
    flows = pd.read_csv(tmp_path / "run" / "flows.csv")
    assert flows["value_eur"].sum() == pytest.approx(made[1].totals["value_eur"], rel=1e-9)


def test_a_run_reads_back_as_it_was_written(made: tuple[Territory, Plan], tmp_path: Path) -> None:
    territory, plan = made
    write_run(tmp_path / "run", plan, territory)
    run = read_run(tmp_path / "run")
    for name in COLUMNS:
        pd.testing.assert_frame_equal(getattr(run.plan, name), getattr(plan, name), rtol=1e-11)
    assert run.settings == plan.settings
    assert run.plan.status == plan.status
    assert run.territory.declarations.index.tolist() == territory.declarations.index.tolist()
    write_run(tmp_path / "again", run.plan, run.territory)
    for name in COLUMNS:
        first, second = (tmp_path / of / f"{name}.csv" for of in ("run", "again"))
        assert first.read_bytes() == second.read_bytes()


def test_settings_survive_json(made: tuple[Territory, Plan]) -> None:
    settings = replace(made[1].settings, exclude_sites=frozenset("BA"), max_exchanges=3)
    written = json.loads(json.dumps(plain(settings_as_dict(settings))))
    assert written["exclude_sites"] == ["A", "B"]
    assert settings_from_dict(written) == settings


def test_a_run_replaces_a_run_and_nothing_else(
    made: tuple[Territory, Plan], tmp_path: Path
) -> None:
    territory, plan = made
    run = tmp_path / "run"
    write_run(run, plan, territory)
    (run / "leftover.txt").write_text("of the former run", encoding="utf-8")
    write_run(run, plan, territory)
    assert not (run / "leftover.txt").exists()
    assert is_run_folder(run)
    foreign = tmp_path / "mine"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(RunFolderError) as raised:
        write_run(foreign, plan, territory)
    assert "mine" in raised.value.text("fr")
    assert [path.name for path in foreign.iterdir()] == ["thesis.txt"]
    with pytest.raises(RunFolderError):
        read_run(foreign)


def test_a_crash_leaves_the_former_run_and_no_half_of_the_new_one(
    made: tuple[Territory, Plan], tmp_path: Path
) -> None:
    territory, plan = made
    run = tmp_path / "run"
    write_run(run, plan, territory)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}

    def fall(folder: Path) -> None:
        (folder / "maps").mkdir()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_run(run, plan, territory, also=fall)
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "territory"]


def test_an_input_that_changed_since_it_was_read_stops_the_writing(
    made: tuple[Territory, Plan], tmp_path: Path
) -> None:
    (tmp_path / "territory" / "sites.csv").write_text("site_id\n", encoding="utf-8")
    with pytest.raises(RunFolderError, match="changed"):
        write_run(tmp_path / "run", made[1], made[0])
    assert not (tmp_path / "run").exists()


def test_a_run_without_a_plan_says_why(tmp_path: Path) -> None:
    rows = ROWS.replace("_per_unit", "_per_unit,required").replace("t,20", "t,20,yes")
    rows = rows.replace("t,30", "t,30,").replace("t,11", "t,11,")
    territory = territory_of(tmp_path / "territory", rows)
    plan = match(territory, settings_of(territory), lang="fr")
    summary = write_run(tmp_path / "run", plan, territory)
    assert summary["status"] == "infeasible"
    assert summary["shortfalls"][0]["id"] == "R"
    assert "ne peuvent pas partir" in summary["reasons"][0]
    assert summary["objective"] == []
    assert read_run(tmp_path / "run").plan.flows.empty


def test_a_staged_folder_may_be_used_by_other_commands(tmp_path: Path) -> None:
    with staged(tmp_path / "pool") as folder:
        (folder / "summary.json").write_text('{"status": "optimal"}', encoding="utf-8")
        assert not (tmp_path / "pool").exists()
    assert is_run_folder(tmp_path / "pool")
