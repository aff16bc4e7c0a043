"""Parks of 30, 50 and 100 firms with a fixed cost per link: optimal, or with a proven bound."""

from pathlib import Path

import pytest

import eit
from bench.parks import large_m, write_park
from eit.results import Plan, write_run
from eit.study import match
from eit.territory import read_territory
from eit.verify import Work, verify_run


def solved(folder: Path, firms: int, *, seconds: float | None, gap: float) -> Plan:
    """The plan of a park, written and rechecked."""
    territory = read_territory(write_park(folder / "park", firms, 0))
    solver = {"gap": gap, "threads": 1} | ({} if seconds is None else {"time_limit_s": seconds})
    plan = match(territory, eit.Scenario(solver=solver)).plan
    write_run(folder / "run", plan, territory)
    verdict = verify_run(folder / "run", work=Work(seconds=1.0))
    assert verdict.ok, verdict.lines("en")
    return plan


def test_a_park_of_30_firms_is_solved_to_the_optimum(tmp_path: Path) -> None:
    plan = solved(tmp_path, 30, seconds=None, gap=0.0)
    assert plan.status == "optimal"
    goal = plan.objective[0]
    # The large-M model of the same park, solved by CBC: here it is small enough to be right.
    beside = large_m(read_territory(tmp_path / "park"), 60.0)
    assert beside.ending == "optimal"
    assert goal["value"] == pytest.approx(beside.value, rel=1e-6)
    assert goal["bound"] >= beside.value * (1 - 1e-9)


@pytest.mark.long
@pytest.mark.parametrize(("firms", "widest"), [(50, 0.03), (100, 0.08)])
def test_larger_parks_have_a_plan_and_a_proven_bound(
    firms: int, widest: float, tmp_path: Path
) -> None:
    plan = solved(tmp_path, firms, seconds=12.0, gap=1e-4)
    goal = plan.objective[0]
    assert plan.status in ("optimal", "feasible")
    assert goal["bound"] >= goal["value"] > 0
    assert goal["gap"] <= widest
