"""What holds of every plan: volumes, sums, and that the order of rows means nothing."""

import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.random_territories import some_features, write_territory
from support.territories import plan_of

from eit.matching import match
from eit.results import HAS_PLAN, Plan, write_run
from eit.scenario import Scenario, resolve
from eit.territory import Territory, read_territory

HEAD = "declaration_id,site_id,kind,resource,quantity,unit,current_cost_eur_per_unit"
FIGURE = st.integers(1, 400).map(lambda tenths: tenths / 10)
DECLARED = st.tuples(
    st.sampled_from("ABCD"),
    st.sampled_from(["residue", "need"]),
    st.sampled_from(["alder", "birch"]),
    FIGURE,
    FIGURE,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(DECLARED, min_size=2, max_size=12))
def test_no_volume_is_passed_and_rows_add_up(
    rows: list[tuple[str, str, str, float, float]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = "".join(
        f"D{at},{site},{kind},{good},{quantity},t,{cost}\n"
        for at, (site, kind, good, quantity, cost) in enumerate(rows)
    )
    plan = plan_of(tmp_path_factory.mktemp("law"), f"{HEAD}\n{text}")
    flows = plan.flows
    offered = {f"D{at}": row[3] for at, row in enumerate(rows)}
    for column in ("from_id", "to_id"):
        moved = flows.groupby(column)["quantity"].sum()
        assert all(of <= offered[id_] * (1 + 1e-9) for id_, of in moved.items())
    assert plan.totals["value_eur"] == pytest.approx(flows["value_eur"].sum(), abs=1e-9)
    assert (flows["value_eur"] > -1e-9).all()  # alone, no lane is used at a loss
    left = plan.unmatched.set_index("declaration_id")["quantity_left"]
    moved = pd.concat([flows.set_index(end)["quantity"] for end in ("from_id", "to_id")])
    total = moved.groupby(level=0).sum().reindex(list(offered)).fillna(0.0)
    expected = pd.Series(offered) - total
    assert np.allclose(left.reindex(expected.index).fillna(0.0), expected, atol=1e-5)


def solved(folder: Path) -> tuple[Territory, Plan]:
    """Read and match a folder under its own settings."""
    territory = read_territory(folder)
    plan = match(territory, resolve(territory.toml, territory.scenario, Scenario()))
    return territory, plan


@pytest.mark.parametrize("seed", [3, 7, 11, 19])
def test_every_feature_at_once_adds_up(seed: int, tmp_path: Path) -> None:
    _, plan = solved(write_territory(tmp_path, seed, some_features(seed)))
    if plan.status not in HAS_PLAN:
        assert plan.reasons
        return
    fixed = plan.hubs["opening_cost_eur"].sum() + plan.groups["fixed_cost_eur"].sum()
    total = plan.flows["value_eur"].sum() - fixed
    assert plan.totals["value_eur"] == pytest.approx(total, rel=1e-9, abs=1e-9)
    for one in plan.objective:
        assert one["bound"] >= one["value"]
        gap = (one["bound"] - one["value"]) / max(1.0, abs(one["value"]))
        assert one["gap"] == pytest.approx(gap, rel=1e-9)
    keys = ["from_id", "to_id", "mode", "recipe", "period"]
    ranked = plan.flows.fillna({"recipe": -1})
    assert ranked[keys].equals(ranked[keys].sort_values(keys, kind="stable"))


@pytest.mark.parametrize("seed", [2, 5])
def test_the_order_of_declarations_changes_no_byte_of_the_plan(seed: int, tmp_path: Path) -> None:
    folder = write_territory(tmp_path / "territory", seed, some_features(seed))
    territory, plan = solved(folder)
    write_run(tmp_path / "first", plan, territory)
    for file in sorted(folder.glob("declarations/*.csv")):
        head, *rows = file.read_text(encoding="utf-8").splitlines()
        random.Random(seed).shuffle(rows)
        file.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    territory, plan = solved(folder)
    write_run(tmp_path / "second", plan, territory)
    for name in ("flows", "synergies", "unmatched", "hubs", "groups", "prices"):
        first, second = (tmp_path / run / f"{name}.csv" for run in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()
