"""The recheck finds what is wrong with a run folder: each kind of spoilt run by its check."""

import json
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.random_territories import write_territory
from support.random_territories.folder import write_rows

import eit
from eit import texts
from eit.results import write_run
from eit.study import match
from eit.territory import read_territory
from eit.verify import TOLERANCE, Verdict, Violation, Work, verify_run

SITES = {
    # site: lon, lat
    "mill": (2.8300, 50.4300),
    "pulper": (2.8700, 50.4400),
    "board": (2.8500, 50.4600),
    "carton": (2.9000, 50.4200),
    "forge": (2.8000, 50.4100),
    "road": (2.7900, 50.4500),
    "saw": (2.8600, 50.4000),
    "kiln": (2.8800, 50.4700),
}
DECLARATIONS = [
    # id, site, kind, resource, quantity, cost, min_lot, max_partners, quality
    ("r1", "mill", "residue", "fibre", 100, 40, 5, "", ""),
    ("r2", "pulper", "residue", "fibre", 60, 30, 10, 1, ""),
    ("r3", "forge", "residue", "slag", 80, 25, "", "", ""),
    ("r4", "saw", "residue", "chips", 30, 5, "", "", "moisture_pct=10"),
    ("r5", "mill", "residue", "chips", 60, 20, "", "", "moisture_pct=40"),
    ("n1", "board", "need", "fibre", 70, 20, "", "", ""),
    ("n2", "carton", "need", "fibre", 50, 15, "", "", ""),
    ("n3", "road", "need", "gravel", 50, 18, "", "", ""),
    ("n4", "kiln", "need", "chips", 80, 12, "", "", "moisture_pct<=20"),
]
LINKS = [
    {"from_id": "r1", "to_id": "n2", "cost_eur_per_unit": 6, "max_quantity": 25},
    {"from_id": "r2", "to_id": "n1", "allowed": "no"},
    {"from_id": "r2", "to_id": "n2", "distance_km": 9, "trip_payload": 8, "trip_cost_eur": 30},
    {"from_id": "r4", "to_id": "n4", "fixed_cost_eur": 40, "fixed_per": "year"},
]
HUBS = [
    {"hub_id": "crusher", "takes": "slag", "gives": "gravel", "yield": 0.9, "capacity": 70}
    | {"unit_cost_eur": 4, "opening_cost_eur": 150, "lon": 2.81, "lat": 50.43},
    {"hub_id": "idle", "takes": "slag", "gives": "gravel", "yield": 0.5, "capacity": 90}
    | {"unit_cost_eur": 30, "opening_cost_eur": 900, "lon": 2.82, "lat": 50.43},
]
TERRITORY = """
[territory]
name = "spoilt on purpose"
year = 2026
builtin_rules = false
[transport]
cost_eur_per_t_km = 0.4
co2e_kg_per_t_km = 0.1
[factors]
assume_costs = false
[solver]
gap = 0.0
[limits]
budget_eur = 5000.0
"""


def write_folder(folder: Path) -> Path:
    """The territory whose run is spoilt below."""
    folder.mkdir()
    (folder / "territory.toml").write_text(TERRITORY, encoding="utf-8")
    places = [{"site_id": s, "lon": lon, "lat": lat} for s, (lon, lat) in SITES.items()]
    write_rows(folder / "sites.csv", places)
    columns = ["declaration_id", "site_id", "kind", "resource", "quantity"]
    columns += ["current_cost_eur_per_unit", "min_lot", "max_partners", "quality"]
    rows = [dict(zip(columns, row, strict=True)) for row in DECLARATIONS]
    write_rows(folder / "declarations" / "all.csv", rows)
    write_rows(folder / "links.csv", LINKS)
    write_rows(folder / "hubs.csv", HUBS)
    return folder


@pytest.fixture(scope="module")
def sound_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run as it should be."""
    folder = tmp_path_factory.mktemp("verify")
    territory = read_territory(write_folder(folder / "in"))
    write_run(folder / "run", match(territory).plan, territory)
    return folder / "run"


@pytest.fixture
def run(sound_run: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(sound_run, tmp_path / "run"))


def change(run: Path, table: str, where: dict[str, str], **cells: object) -> None:
    """Change cells of the one row of a table that has the given ones."""
    path = run / f"{table}.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    chosen = pd.Series(True, index=rows.index)
    for column, value in where.items():
        chosen &= rows[column] == value
    assert chosen.sum() == 1, f"{where} names {chosen.sum()} rows of {table}"
    for column, value in cells.items():
        old = rows.loc[chosen, column].iloc[0]
        rows.loc[chosen, column] = str(value(float(old)) if callable(value) else value)
    rows.to_csv(path, index=False, lineterminator="\n")


def rewrite(run: Path, spoil: Callable[[dict[str, Any]], None]) -> None:
    """Change summary.json."""
    path = run / "summary.json"
    summary = json.loads(path.read_text(encoding="utf-8"))
    spoil(summary)
    path.write_text(json.dumps(summary), encoding="utf-8")


def found(run: Path) -> set[tuple[str, str]]:
    """Checks that fail, and of what."""
    verdict = verify_run(run)
    assert verdict.ok == (not verdict.violations)
    return {(violation.check, violation.id) for violation in verdict.violations}


def add_flow(run: Path, like: dict[str, str], **cells: object) -> None:
    """Repeat a row of flows.csv with other cells."""
    rows = pd.read_csv(run / "flows.csv", dtype=str, keep_default_na=False)
    chosen = rows
    for column, value in like.items():
        chosen = chosen[chosen[column] == value]
    extra = chosen.head(1).assign(**{name: str(value) for name, value in cells.items()})
    pd.concat([rows, extra]).to_csv(run / "flows.csv", index=False, lineterminator="\n")


def test_a_sound_run_passes_and_its_bound_is_proven(run: Path) -> None:
    verdict = verify_run(run)
    assert verdict.ok, verdict.lines("en")
    assert [proof.unproven for proof in verdict.bound] == [0]
    assert verdict.bound[0].proven == pytest.approx(verdict.bound[0].value, rel=TOLERANCE)


def test_the_run_to_be_spoilt_uses_what_the_tests_spoil(run: Path) -> None:
    flows = pd.read_csv(run / "flows.csv")
    pairs = set(zip(flows["from_id"], flows["to_id"], strict=True))
    assert {("r1", "n1"), ("r1", "n2"), ("r2", "n2"), ("r3", "crusher")} <= pairs
    assert {("crusher", "n3"), ("r4", "n4"), ("r5", "n4")} <= pairs


def test_flow_above_what_is_offered_or_wanted_is_found(run: Path) -> None:
    change(run, "flows", {"from_id": "r1", "to_id": "n1"}, quantity=130)
    assert {("supply", "r1"), ("need", "n1")} <= found(run)


def test_flow_above_the_limit_of_its_lane_is_found(run: Path) -> None:
    change(run, "flows", {"from_id": "r1", "to_id": "n2"}, quantity=26)
    assert ("lane_limit", "r1→n2") in found(run)


def test_a_lot_below_the_smallest_is_found(run: Path) -> None:
    change(run, "flows", {"from_id": "r2", "to_id": "n2"}, quantity=9)
    assert ("min_lot", "r2→n2") in found(run)


def test_flow_on_a_forbidden_link_is_found(run: Path) -> None:
    change(run, "flows", {"from_id": "r1", "to_id": "n1"}, from_id="r2")
    assert ("forbidden", "r2→n1") in found(run)


def test_flow_between_goods_that_do_not_meet_is_found(run: Path) -> None:
    add_flow(run, {"from_id": "r1", "to_id": "n1"}, to_id="n3")
    assert ("no_rule", "r1→n3") in found(run)


def test_flow_in_a_mode_that_is_not_listed_is_found(run: Path) -> None:
    change(run, "flows", {"from_id": "r1", "to_id": "n2"}, mode="rail")
    assert ("forbidden", "r1→n2") in found(run)


def test_flow_to_a_hub_that_is_closed_is_found(run: Path) -> None:
    change(run, "flows", {"to_id": "crusher"}, to_id="idle")
    assert ("closed_hub", "idle") in found(run)


def test_a_hub_that_hubs_csv_leaves_out_is_found(run: Path) -> None:
    change(run, "hubs", {"hub_id": "crusher"}, hub_id="idle")
    assert {("closed_hub", "crusher"), ("hub_taken", "idle")} <= found(run)


def test_a_hub_over_its_capacity_is_found(run: Path) -> None:
    change(run, "flows", {"to_id": "crusher"}, quantity=71)
    assert ("capacity", "crusher") in found(run)


def test_a_hub_that_gives_more_than_it_made_is_found(run: Path) -> None:
    change(run, "flows", {"from_id": "crusher"}, quantity=lambda old: old + 1)
    assert ("hub_balance", "crusher|gravel") in found(run)


def test_a_mean_beyond_its_limit_is_found(run: Path) -> None:
    change(run, "flows", {"from_id": "r5", "to_id": "n4"}, quantity=lambda old: old + 0.1)
    assert ("quality", "n4 moisture_pct<=20") in found(run)


def test_more_partners_than_allowed_are_found(run: Path) -> None:
    (run / "inputs" / "links.csv").write_text("from_id,to_id\n", encoding="utf-8")
    add_flow(run, {"from_id": "r2", "to_id": "n2"}, to_id="n1", quantity=10, mode="road")
    assert ("max_partners", "r2") in found(run)


def test_spending_over_the_budget_is_found(run: Path) -> None:
    path = run / "inputs" / "territory.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("5000.0", "900.0"), encoding="utf-8")
    assert {("budget", "scenario"), ("inputs", "territory.toml")} <= found(run)


def test_required_rows_not_served_in_full_are_found(run: Path) -> None:
    path = run / "inputs" / "declarations" / "all.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False).assign(required="yes")
    rows.to_csv(path, index=False, lineterminator="\n")
    assert ("required", "r3") in found(run)


@pytest.mark.parametrize(
    ("column", "check"),
    [
        ("delivered", "delivered"),
        ("distance_km", "distance"),
        ("transport_cost_eur", "transport_cost"),
        ("treatment_cost_eur", "treatment_cost"),
        ("fixed_cost_eur", "fixed_cost"),
        ("saving_donor_eur", "saving_donor"),
        ("saving_receiver_eur", "saving_receiver"),
        ("value_eur", "value"),
        ("co2e_kg", "co2e"),
    ],
)
def test_a_wrong_figure_of_a_flow_is_found(run: Path, column: str, check: str) -> None:
    change(run, "flows", {"from_id": "r1", "to_id": "n1"}, **{column: lambda old: old + 0.01})
    assert found(run) == {(check, "r1→n1")}


def test_a_wrong_number_of_trips_is_found(run: Path) -> None:
    change(run, "flows", {"from_id": "r2", "to_id": "n2"}, trips=lambda old: int(old) + 1)
    assert found(run) == {("trips", "r2→n2")}


@pytest.mark.parametrize(
    ("column", "value", "check"),
    [
        ("rule_id", "other", "rule_id"),
        ("unit", "m3", "unit"),
        ("distance_source", "link", "distance_source"),
    ],
)
def test_a_wrong_word_of_a_flow_is_found(run: Path, column: str, value: str, check: str) -> None:
    change(run, "flows", {"from_id": "r1", "to_id": "n1"}, **{column: value})
    assert found(run) == {(check, "r1→n1")}


def test_a_flow_written_twice_is_found(run: Path) -> None:
    add_flow(run, {"from_id": "r1", "to_id": "n1"})
    assert ("duplicate_row", "r1→n1") in found(run)


def test_a_period_out_of_range_is_found(run: Path) -> None:
    change(run, "flows", {"from_id": "r1", "to_id": "n1"}, period=2)
    assert ("period", "r1→n1") in found(run)


def test_a_negative_quantity_is_found(run: Path) -> None:
    change(run, "flows", {"from_id": "r1", "to_id": "n1"}, quantity=-5)
    assert ("quantity", "r1→n1") in found(run)


def test_an_id_that_nobody_bears_is_found(run: Path) -> None:
    change(run, "flows", {"from_id": "r1", "to_id": "n1"}, from_id="r99")
    assert ("unknown_id", "r99→n1") in found(run)


def test_a_missing_row_of_unmatched_csv_is_found(run: Path) -> None:
    path = run / "unmatched.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    gone = rows["declaration_id"].iloc[0]
    rows.iloc[1:].to_csv(path, index=False, lineterminator="\n")
    assert found(run) == {("unmatched_missing", gone)}


def test_a_wrong_row_of_unmatched_csv_is_found(run: Path) -> None:
    rows = pd.read_csv(run / "unmatched.csv", dtype=str, keep_default_na=False)
    left = rows["declaration_id"].iloc[0]
    change(run, "unmatched", {"declaration_id": left}, quantity_left=lambda old: old / 2)
    change(run, "unmatched", {"declaration_id": left}, reason="because")
    assert found(run) == {("unmatched", left), ("reason", left)}


def test_a_wrong_synergy_is_found(run: Path) -> None:
    change(run, "synergies", {"donor_id": "r1", "receiver_id": "n1"}, value_eur=1)
    assert ("synergies", "r1→n1") in found(run)


def test_wrong_totals_and_objective_are_found(run: Path) -> None:
    def spoil(summary: dict[str, Any]) -> None:
        summary["totals"]["value_eur"] += 1
        summary["totals"]["quantity_by_unit"]["t"] += 1
        summary["objective"][0]["value"] += 1

    rewrite(run, spoil)
    wanted = {("totals", "value_eur"), ("totals", "quantity_by_unit.t"), ("objective", "value")}
    assert wanted <= found(run)


def test_a_bound_below_the_value_is_no_bound(run: Path) -> None:
    def spoil(summary: dict[str, Any]) -> None:
        summary["objective"][0]["bound"] -= 10

    rewrite(run, spoil)
    assert ("bound", "value") in found(run)


def test_a_gap_that_value_and_bound_do_not_give_is_found(run: Path) -> None:
    def spoil(summary: dict[str, Any]) -> None:
        summary["objective"][0]["gap"] = 0.5

    rewrite(run, spoil)
    assert ("gap", "value") in found(run)


def test_optimal_is_not_said_of_a_plan_with_a_gap(run: Path) -> None:
    def spoil(summary: dict[str, Any]) -> None:
        first = summary["objective"][0]
        first["bound"] = 1.5 * first["value"]
        first["gap"] = 0.5

    rewrite(run, spoil)
    assert found(run) == {("status", "value")}


def test_a_feasible_plan_that_is_not_the_best_is_not_optimal(tmp_path: Path) -> None:
    write_folder(tmp_path / "in")
    (tmp_path / "few.toml").write_text("[limits]\nmax_exchanges = 3\n", encoding="utf-8")
    eit.run(tmp_path / "in", tmp_path / "run", scenario_file=tmp_path / "few.toml")
    assert verify_run(tmp_path / "run").ok
    (tmp_path / "run" / "inputs" / "run_scenario.toml").unlink()

    def spoil(summary: dict[str, Any]) -> None:
        del summary["inputs"]["run_scenario.toml"]
        summary["settings"]["max_exchanges"] = None

    rewrite(tmp_path / "run", spoil)
    verdict = verify_run(tmp_path / "run")
    assert [violation.check for violation in verdict.violations] == ["bound"]
    assert verdict.violations[0].limit > verdict.violations[0].found


def test_infeasible_is_not_said_where_a_plan_exists(run: Path) -> None:
    for name in ("flows", "synergies", "hubs", "unmatched"):
        (run / f"{name}.csv").unlink()

    def spoil(summary: dict[str, Any]) -> None:
        summary["status"] = "infeasible"

    rewrite(run, spoil)
    assert ("infeasible", "summary.json") in found(run)


def test_an_input_changed_since_is_found(run: Path) -> None:
    with (run / "inputs" / "sites.csv").open("a", encoding="utf-8") as lines:
        lines.write("elsewhere,2.8,50.4\n")
    assert found(run) == {("inputs", "sites.csv")}


def test_settings_that_the_inputs_do_not_give_are_found(run: Path) -> None:
    def spoil(summary: dict[str, Any]) -> None:
        summary["settings"]["budget_eur"] = 9e9

    rewrite(run, spoil)
    assert ("settings", "budget_eur") in found(run)


@pytest.mark.parametrize("name", ["flows.csv", "hubs.csv", "synergies.csv", "unmatched.csv"])
def test_a_missing_table_is_said_and_not_a_crash(run: Path, name: str) -> None:
    (run / name).unlink()
    assert ("missing_file", name) in found(run)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"status": "done"}', "\udce9"])
def test_a_broken_summary_is_said_and_not_a_crash(run: Path, content: str) -> None:
    (run / "summary.json").write_text(content, encoding="utf-8", errors="surrogateescape")
    assert {id_ for _, id_ in found(run)} == {"summary.json"}


def test_broken_tables_are_said_and_not_a_crash(run: Path) -> None:
    change(run, "flows", {"from_id": "r1", "to_id": "n1"}, quantity="much", co2e_kg="")
    (run / "hubs.csv").write_bytes(b"hub_id,used\n\xff\xfe,yes\n")
    (run / "synergies.csv").write_text("donor_id,receiver_id\n", encoding="utf-8")
    checks = {check for check, _ in found(run)}
    assert {"cell", "unreadable_file", "column"} <= checks


def test_spoilt_inputs_are_said_and_not_a_crash(run: Path) -> None:
    (run / "inputs" / "declarations" / "all.csv").write_text("nonsense\n", encoding="utf-8")
    assert ("territory", "inputs") in found(run)


@pytest.mark.parametrize("seed", range(8))
def test_a_table_cut_or_spoilt_anywhere_is_no_crash(run: Path, seed: int) -> None:
    draw = random.Random(seed)
    path = draw.choice(sorted(run.glob("*.csv")))
    text = path.read_text(encoding="utf-8")
    at = draw.randrange(len(text))
    rest = draw.choice(["", '"' + text[at:], "," + text[at:], "\n" + text[at:], "x" + text[at:]])
    path.write_text(text[:at] + rest, encoding="utf-8")
    verdict = verify_run(run, resolve_bound=False)
    assert all(verdict.lines(lang) for lang in texts.LANGUAGES)


def test_inputs_that_are_gone_are_said_and_not_a_crash(run: Path) -> None:
    shutil.rmtree(run / "inputs")
    assert ("territory", "inputs") in found(run)


def test_a_folder_that_is_no_run_is_said_and_not_a_crash(tmp_path: Path) -> None:
    assert found(tmp_path) == {("missing_file", "summary.json")}
    assert found(tmp_path / "nowhere") == {("missing_file", "summary.json")}


def test_figures_within_the_tolerance_pass_and_beyond_it_fail(run: Path) -> None:
    def by(share: float) -> Callable[[float], float]:
        return lambda old: old * (1 + share)

    row = {"from_id": "r1", "to_id": "n1"}
    change(run, "flows", row, saving_donor_eur=by(0.5 * TOLERANCE))
    assert verify_run(run).ok
    change(run, "flows", row, saving_donor_eur=by(2.0 * TOLERANCE))
    assert found(run) == {("saving_donor", "r1→n1")}


def test_without_prices_and_without_work_the_bound_rests_on_the_solver(run: Path) -> None:
    (run / "prices.csv").unlink()
    verdict = verify_run(run, resolve_bound=False)
    assert verdict.ok
    assert verdict.bound[0].source == "solver"
    assert verify_run(run, work=Work()).bound[0].source == "resolved"


def test_every_verdict_reads_in_french_and_english(run: Path) -> None:
    change(run, "flows", {"from_id": "r1", "to_id": "n1"}, quantity=130)
    verdict = verify_run(run)
    for lang in texts.LANGUAGES:
        lines = verdict.lines(lang)
        assert len(lines) == 1 + len(verdict.violations) + len(verdict.bound)
        assert all(line and "{" not in line for line in lines)


def test_every_check_is_documented_and_has_its_sentence() -> None:
    page = (Path(__file__).parent.parent / "docs" / "verify.md").read_text(encoding="utf-8")
    table = page.split("## What is checked")[1].split("##")[0]
    documented = set(re.findall(r"`(\w+)`", table))
    said = {
        key.removeprefix("verify.") for key in texts.catalogue("en") if key.startswith("verify.")
    }
    frame = {"ok", "wrong", "wrong_one", *(key for key in said if key.startswith("bound_"))}
    assert documented == said - frame
    for lang in texts.LANGUAGES:
        for check in documented:
            assert Violation(check, "a→b", 1.5, 1.0).text(lang)


def test_the_json_form_has_the_keys_of_the_contract(run: Path) -> None:
    change(run, "flows", {"from_id": "r1", "to_id": "n1"}, quantity=130)
    said = json.loads(json.dumps(verify_run(run).as_dict(), allow_nan=False))
    assert said["ok"] is False
    assert all(set(one) == {"check", "id", "found", "limit"} for one in said["violations"])


@pytest.mark.parametrize("seed", [5, 11, 17])
def test_a_year_of_months_with_storage_passes_and_fails_by_period(
    seed: int, tmp_path: Path
) -> None:
    write_territory(tmp_path / "in", seed, ("months", "shares"))
    territory = read_territory(tmp_path / "in")
    write_run(tmp_path / "run", match(territory).plan, territory)
    assert_ok(verify_run(tmp_path / "run"))
    flows = pd.read_csv(tmp_path / "run" / "flows.csv", dtype=str, keep_default_na=False)
    flows["quantity"] = flows["quantity"].astype(float) * 2
    flows.to_csv(tmp_path / "run" / "flows.csv", index=False, lineterminator="\n")
    checks = {check for check, _ in found(tmp_path / "run")}
    assert checks & {"supply", "need"}


def assert_ok(verdict: Verdict) -> None:
    """Fail with every sentence of a verdict that is not well."""
    assert verdict.ok, "\n".join(verdict.lines("en"))
