"""Hubs that pass on what they mix: lanes, plans, reasons, and the recheck from the files alone."""

from pathlib import Path

import pandas as pd
import pytest
from support.hub_quality_cases import TOML, write_case, write_random
from support.pooling_cases import CASES
from support.territories import PLAIN, plan_of, shipped, write_folder

import eit
from eit.results import Plan, read_run, write_run
from eit.study import match
from eit.territory import read_territory
from eit.verify import Ending, optimum, verify_run

MIXED: dict[str, object] = {"hub_quality": "mixed"}
PROVEN = ("haverly1", "haverly2", "haverly3", "bental4")

DIRTY_AND_CLEAN = """
declaration_id,site_id,kind,resource,quantity,unit,current_cost_eur_per_unit,quality
dirty,A,residue,sludge,30,t,20,chlorine_ppm=900
clean,B,residue,sludge,90,t,5,chlorine_ppm=100
kiln,C,need,fuel,200,t,10,chlorine_ppm<=400
"""
MIXER = """
hub_id,lon,lat,takes,gives,yield,unit_cost_eur,quality
mixer,2.95,50.41,sludge,blend,1,1,
"""
BLEND_IS_FUEL = """
rule_id,residue,need,ratio,treatment_cost_eur_per_unit
r,blend,fuel,1,0
"""


def mixed_plan(folder: Path, declarations: str = DIRTY_AND_CLEAN, **changes: object) -> Plan:
    tables: dict[str, object] = {"hubs": MIXER, "rules": BLEND_IS_FUEL, "objective": MIXED}
    return plan_of(folder, declarations, toml=FREE, **(tables | changes))


FREE = PLAIN.replace("cost_eur_per_t_km = 0.1", "cost_eur_per_t_km = 0.0")


def reason(plan: Plan, name: str) -> pd.Series:
    return plan.unmatched.set_index("declaration_id").loc[name]


@pytest.mark.parametrize("name", PROVEN)
def test_a_pooling_problem_of_the_literature_is_matched_to_its_optimum(
    name: str, tmp_path: Path
) -> None:
    territory = read_territory(write_case(tmp_path / "folder", CASES[name]))
    study = eit.match(territory, eit.Scenario(solver={"gap": 0.0}))
    assert study.plan.status == "optimal"
    assert study.plan.totals["value_eur"] == pytest.approx(CASES[name].optimum, rel=1e-9)
    assert study.plan.solver["hub_quality"]["method"] == "global"
    write_run(tmp_path / "run", study.plan, territory)
    verdict = verify_run(tmp_path / "run")
    assert verdict.ok, verdict.lines("en")
    assert verdict.bound[0].source == "resolved"


@pytest.mark.parametrize("name", ["haverly1", "bental4"])
def test_the_independent_model_reaches_the_optimum_of_the_literature(
    name: str, tmp_path: Path
) -> None:
    found = optimum(read_territory(write_case(tmp_path, CASES[name])))
    assert found.ending == Ending.OPTIMAL
    assert found.values[0] == pytest.approx(CASES[name].optimum, rel=1e-6)


@pytest.mark.parametrize("seed", [100, 101])
def test_small_territories_agree_with_the_independent_model(seed: int, tmp_path: Path) -> None:
    agrees(tmp_path, seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(200, 230))
def test_more_territories_agree_with_the_independent_model(seed: int, tmp_path: Path) -> None:
    agrees(tmp_path, seed)


def agrees(tmp_path: Path, seed: int) -> None:
    """Match and the independent model find the same value; the run passes its recheck."""
    territory = read_territory(write_random(tmp_path / "folder", seed))
    plan = match(territory, eit.Scenario(solver={"gap": 0.0})).plan
    found = optimum(territory)
    value = plan.totals["value_eur"]
    assert found.ending == Ending.OPTIMAL
    assert value == pytest.approx(found.values[0], rel=2e-6, abs=1e-5)
    assert plan.objective[0]["bound"] >= found.values[0] - 2e-6 * max(1.0, abs(value))
    write_run(tmp_path / "run", plan, territory)
    verdict = verify_run(tmp_path / "run")
    assert verdict.ok, verdict.lines("en")


def test_by_default_a_hub_states_nothing(tmp_path: Path) -> None:
    plan = mixed_plan(tmp_path, objective={})
    assert shipped(plan) == {}
    assert reason(plan, "kiln")["reason"] == "quality_unknown"
    assert "hub_quality" not in plan.solver


def test_a_hub_passes_on_the_mean_of_what_it_took(tmp_path: Path) -> None:
    # 90 t at 100 ppm carry x t at 900 ppm up to 400 ppm: 300 x 90 / 500 = 54 t; all 30 t go.
    plan = mixed_plan(tmp_path)
    assert plan.status == "optimal"
    assert shipped(plan) == {("dirty", "mixer"): 30, ("clean", "mixer"): 90, ("mixer", "kiln"): 120}
    assert plan.totals["value_eur"] == pytest.approx(30 * 20 + 90 * 5 + 120 * 10 - 120)


def test_no_more_goes_in_than_the_mean_allows_and_the_reason_says_so(tmp_path: Path) -> None:
    declared = DIRTY_AND_CLEAN.replace("dirty,A,residue,sludge,30", "dirty,A,residue,sludge,80")
    plan = mixed_plan(tmp_path, declared)
    assert shipped(plan)[("dirty", "mixer")] == pytest.approx(54.0, rel=1e-6)
    assert reason(plan, "dirty")["reason"] == "quality"
    assert "mixer" in reason(plan, "dirty")["detail"]


def test_content_is_kept_so_that_drying_concentrates(tmp_path: Path) -> None:
    # Half the mass leaves: 30 t at 900 and y t at 100 hold 400 ppm of what is left if
    # 900 x 30 + 100 y <= 400 x 0.5 x (30 + y): y >= 210; of 90 t only 90 / 7 t can be matched.
    hubs = MIXER.replace("blend,1,1", "blend,0.5,1")
    plan = mixed_plan(tmp_path, hubs=hubs)
    assert shipped(plan)[("dirty", "mixer")] == pytest.approx(90 / 7, rel=1e-6)


def test_one_silent_residue_makes_the_product_unknown_and_the_reason_names_the_hub(
    tmp_path: Path,
) -> None:
    declared = DIRTY_AND_CLEAN + "silent,D,residue,sludge,10,t,1,\n"
    plan = mixed_plan(tmp_path, declared)
    assert shipped(plan) == {}
    row = reason(plan, "kiln")
    assert row["reason"] == "quality_unknown"
    assert "mixer" in row["detail"]
    assert "chlorine_ppm" in row["detail"]


def test_a_limit_of_the_hub_keeps_the_silent_out(tmp_path: Path) -> None:
    declared = DIRTY_AND_CLEAN + "silent,D,residue,sludge,10,t,1,\n"
    hubs = MIXER.replace("blend,1,1,", "blend,1,1,chlorine_ppm<=5000")
    plan = mixed_plan(tmp_path, declared, hubs=hubs)
    assert shipped(plan)[("mixer", "kiln")] == 120
    assert reason(plan, "silent")["reason"] == "quality_unknown"


def test_a_hub_fed_by_a_hub_states_nothing(tmp_path: Path) -> None:
    hubs = MIXER + "dryer,2.96,50.42,blend,pellets,1,1,\n"
    rules = BLEND_IS_FUEL.replace("r,blend", "r,pellets")
    plan = mixed_plan(tmp_path, hubs=hubs, rules=rules)
    assert shipped(plan) == {}
    assert reason(plan, "kiln")["reason"] == "quality_unknown"


def test_what_a_hub_gives_meets_the_limits_of_another_hub(tmp_path: Path) -> None:
    hubs = MIXER + "burner,2.96,50.42,blend,,,0,chlorine_ppm<=400\n"
    lines = [line for line in DIRTY_AND_CLEAN.splitlines() if "kiln" not in line]
    declared = "\n".join(lines).replace("sludge,30", "sludge,80") + "\n"
    plan = mixed_plan(tmp_path, declared, hubs=hubs)
    assert shipped(plan)[("dirty", "mixer")] == pytest.approx(54.0, rel=1e-6)


def test_without_mass_on_one_side_nothing_is_known(tmp_path: Path) -> None:
    declared = DIRTY_AND_CLEAN.replace("sludge,90,t", "sludge,90,m3")
    plan = mixed_plan(tmp_path, declared)
    assert ("mixer", "kiln") not in shipped(plan)


@pytest.mark.parametrize("how", ["lane", "rule"])
def test_a_limit_on_each_lane_alone_holds_for_what_a_hub_gives(how: str, tmp_path: Path) -> None:
    # Clean fuel beside the hub could thin the mean at the kiln; each lane alone, it does not help.
    declared = DIRTY_AND_CLEAN.replace("sludge,30", "sludge,80") + (
        "pure,D,residue,pellets,100,t,0,chlorine_ppm=0\n"
    )
    rules = BLEND_IS_FUEL + "s,pellets,fuel,1,0\n"
    changes: dict[str, object] = {"objective": MIXED | {"quality_mode": "lane"}}
    if how == "rule":
        rules = rules.replace("cost_eur_per_unit\n", "cost_eur_per_unit,quality\n")
        rules = rules.replace("fuel,1,0\n", "fuel,1,0,chlorine_ppm<=400\n")
        changes = {}
    alone = mixed_plan(tmp_path / "alone", declared, rules=rules, **changes)
    assert shipped(alone)[("dirty", "mixer")] == pytest.approx(54.0, rel=1e-6)
    together = mixed_plan(
        tmp_path / "together", declared, rules=BLEND_IS_FUEL + "s,pellets,fuel,1,0\n"
    )
    assert shipped(together)[("dirty", "mixer")] > 55


def test_months_are_mixed_apart(tmp_path: Path) -> None:
    declared = DIRTY_AND_CLEAN.replace("quality\n", "quality,months\n", 1)
    declared = declared.replace("=900", "=900,1-6").replace("=100", "=100,7-12")
    declared = declared.replace("<=400", "<=400,all")
    plan = mixed_plan(tmp_path, declared, periods={"count": 12})
    assert ("dirty", "mixer") not in shipped(plan)
    assert plan.flows["period"].min() == 7


def test_a_required_need_that_no_mixture_fills_is_infeasible(tmp_path: Path) -> None:
    declared = DIRTY_AND_CLEAN.replace("quality\n", "quality,required\n", 1)
    declared = declared.replace("clean,B,residue,sludge,90", "clean,B,residue,sludge,5")
    declared = declared.replace("<=400", "<=400,yes").replace("fuel,200", "fuel,30")
    plan = mixed_plan(tmp_path, declared)
    assert plan.status == "infeasible"
    # 5 t at 100 ppm carry 3 t at 900 ppm: 22 t are missing
    assert plan.shortfalls[0]["id"] == "kiln"
    assert plan.shortfalls[0]["short"] == pytest.approx(22.0, rel=1e-5)
    assert plan.reasons


def test_the_run_says_which_method_proved_it(tmp_path: Path) -> None:
    territory = read_territory(write_case(tmp_path / "folder", CASES["haverly1"]))
    plan = match(territory, eit.Scenario()).plan
    summary = write_run(tmp_path / "run", plan, territory)
    told = summary["solver"]["hub_quality"]
    assert told["method"] == "global"
    assert told["pools"] == 1
    assert told["bound"] == pytest.approx(400.0)
    said = [notice for notice in plan.notices if notice.code.startswith("hub_quality")]
    assert "global" in said[0].text("en")
    assert "globale" in said[0].text("fr")
    assert read_run(tmp_path / "run").settings.hub_quality == "mixed"


def _tamper(run: Path, taken: float) -> None:
    """Take more of the first component and less of the second, the rest as it was."""
    flows = pd.read_csv(run / "flows.csv", dtype=str, keep_default_na=False)
    for recipe, (origin, amount) in enumerate((("c0", taken), ("c1", 100.0 - taken))):
        row = flows.index[flows["from_id"] == origin]
        if not len(row):
            flows.loc[len(flows)] = flows[flows["from_id"] == "c1"].iloc[0]
            row = flows.index[-1:]
        flows.loc[row, ["from_id", "resource"]] = [origin, f"component_{origin[1]}"]
        flows.loc[row, "recipe"] = str(recipe)
        flows.loc[row, ["quantity", "delivered"]] = str(amount)
    flows.to_csv(run / "flows.csv", index=False)


def test_the_recheck_finds_a_mixture_that_breaks_a_limit(tmp_path: Path) -> None:
    territory = read_territory(write_case(tmp_path / "folder", CASES["haverly1"]))
    write_run(tmp_path / "run", match(territory, eit.Scenario()).plan, territory)
    _tamper(tmp_path / "run", 20.0)
    broken = {violation.check: violation for violation in verify_run(tmp_path / "run").violations}
    # 20 t at 3 %, 80 t at 1 % and 100 t at 2 %: 1.7 % for 1.5 %
    assert broken["quality"].found == pytest.approx(1.7)
    assert broken["quality"].limit == 1.5


def test_the_recheck_refutes_a_bound_that_a_plan_passes(tmp_path: Path) -> None:
    territory = read_territory(write_case(tmp_path / "folder", CASES["haverly1"]))
    write_run(tmp_path / "run", match(territory, eit.Scenario()).plan, territory)
    flows = pd.read_csv(tmp_path / "run" / "flows.csv", dtype=str, keep_default_na=False)
    flows.iloc[:0].to_csv(tmp_path / "run" / "flows.csv", index=False)
    text = (tmp_path / "run" / "summary.json").read_text(encoding="utf-8")
    (tmp_path / "run" / "summary.json").write_text(text.replace("400.0", "300.0"), encoding="utf-8")
    broken = {violation.check for violation in verify_run(tmp_path / "run").violations}
    assert "bound" in broken


def test_the_setting_is_read_from_the_folder_and_checked(tmp_path: Path) -> None:
    write_folder(tmp_path / "good", DIRTY_AND_CLEAN, toml=TOML, hubs=MIXER, rules=BLEND_IS_FUEL)
    assert match(read_territory(tmp_path / "good")).plan.settings.hub_quality == "mixed"
    with pytest.raises(eit.DeclarationError):
        eit.Scenario(objective={"hub_quality": "average"})
