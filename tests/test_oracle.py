"""Plans of `eit.match` against the independent model, and that model against enumeration."""

import itertools
import math
from pathlib import Path

import pytest
from support.random_territories import FEATURES, some_features, write_territory
from support.random_territories.folder import write_rows

import eit
from eit.study import match
from eit.territory import read_territory
from eit.verify import Ending, optimum, verify_run
from eit.verify.oracle import Optimum

SUPPORT = {
    "hierarchy": ("rules", "hubs"),
    "hazard": ("hubs",),
    "quality": ("hubs",),
    "demanding_rules": ("rules", "quality"),
    "communes": ("hubs",),
}
"""Features that say little without others."""

TELLING = (40, 506, 664)
"""A year without a lane; one pair with and without a hub; a tolerance before whole trips."""


def agree(folder: Path, oracle: Optimum) -> None:
    """The plan of a folder and the oracle end alike and reach the same values."""
    plan = match(read_territory(folder), eit.Scenario()).plan
    if oracle.ending == Ending.INFEASIBLE:
        assert plan.status == "infeasible"
        return
    assert plan.status == "optimal"
    values = {row["name"]: row["value"] for row in plan.objective}
    last = len(oracle.order) - 1
    for at, (name, best) in enumerate(zip(oracle.order, oracle.bests, strict=True)):
        # The slack by which an earlier objective is held, 1e-9 of it, moves a later one by more.
        slack = (1e-6 if at == 0 else 1e-4) * max(1.0, abs(best))
        given_up = plan.settings.tolerance * abs(best) if at < last else 0.0
        assert best - given_up - slack <= values[name] <= best + slack, name


def agree_on(feature: str, seed: int, folder: Path) -> None:
    """A territory with one feature, and those it needs to say anything."""
    write_territory(folder, seed, (*SUPPORT.get(feature, ()), feature))
    agree(folder, optimum(read_territory(folder)))


@pytest.mark.parametrize("feature", FEATURES)
def test_each_feature_alone_agrees_with_the_oracle(feature: str, tmp_path: Path) -> None:
    agree_on(feature, 2, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3, 8))
@pytest.mark.parametrize("feature", FEATURES)
def test_each_feature_alone_agrees_many_times(feature: str, seed: int, tmp_path: Path) -> None:
    agree_on(feature, seed, tmp_path)


@pytest.mark.parametrize("seed", [*range(24), *TELLING])
def test_features_together_agree_with_the_oracle(seed: int, tmp_path: Path) -> None:
    folder = write_territory(tmp_path, seed, some_features(seed))
    agree(folder, optimum(read_territory(folder)))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1000, 1400))
def test_hundreds_of_territories_agree_with_the_oracle(seed: int, tmp_path: Path) -> None:
    folder = write_territory(tmp_path, seed, some_features(seed), most=2 + seed % 6)
    agree(folder, optimum(read_territory(folder)))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4000, 4080))
def test_many_written_runs_pass_the_recheck(seed: int, tmp_path: Path) -> None:
    write_territory(tmp_path / "in", seed, some_features(seed), most=2 + seed % 6)
    eit.run(tmp_path / "in", tmp_path / "run")
    verdict = verify_run(tmp_path / "run")
    assert verdict.ok, verdict.lines("en")


@pytest.mark.parametrize("seed", range(12))
def test_the_oracle_agrees_with_enumeration_over_whole_quantities(
    seed: int, tmp_path: Path
) -> None:
    tiny = Tiny(seed)
    tiny.write(tmp_path)
    assert optimum(read_territory(tmp_path)).values[0] == pytest.approx(tiny.best(), abs=1e-6)


def test_an_empty_territory_has_the_empty_plan(tmp_path: Path) -> None:
    write_territory(tmp_path, 0, ("links_only",))
    (tmp_path / "links.csv").write_text("from_id,to_id,allowed\n", encoding="utf-8")
    found = optimum(read_territory(tmp_path))
    assert (found.ending, found.values, len(found.lanes)) == (Ending.OPTIMAL, (0.0,), 0)


class Tiny:
    """Two residues, two needs and four lanes whose best plan lies on whole quantities.

    Fixed costs, lots, least quantities, partner limits, trips and groups, each drawn from a
    few whole figures: for a given choice of switches what is left is a transportation
    problem in whole numbers, whose vertices are whole.
    """

    def __init__(self, seed: int) -> None:
        import random

        draw = random.Random(seed)
        self.offered = [draw.randint(1, 5) for _ in range(2)]
        self.wanted = [draw.randint(1, 5) for _ in range(2)]
        self.saving = [draw.randint(2, 12) for _ in range(2)]
        self.partners = [draw.choice([1, 2]) for _ in range(4)]
        self.lot = [draw.choice([0, 0, 2]) for _ in range(4)]
        self.cost = [draw.randint(0, 6) for _ in range(4)]
        self.fixed = [draw.choice([0, 5, 9]) for _ in range(4)]
        self.least = [draw.choice([0, 0, 3]) for _ in range(4)]
        self.payload = [draw.choice([0, 2, 3]) for _ in range(4)]
        self.trip = [draw.randint(1, 5) for _ in range(4)]
        self.group = [draw.choice([True, False]) for _ in range(4)]
        self.group_most, self.group_cost = draw.randint(2, 6), draw.choice([0, 7])

    def write(self, folder: Path) -> None:
        """As a territory folder."""
        (folder / "territory.toml").write_text(
            '[territory]\nname = "tiny"\nbuiltin_rules = false\nlinks_only = true\n'
            "[factors]\nassume_costs = false\n",
            encoding="utf-8",
        )
        names = ["a0", "a1", "b0", "b1"]
        write_rows(folder / "sites.csv", [{"site_id": f"s_{name}"} for name in names])
        rows = [
            {
                "declaration_id": name,
                "site_id": f"s_{name}",
                "kind": "residue" if at < 2 else "need",
                "resource": "goods",
                "quantity": (self.offered + self.wanted)[at],
                "current_cost_eur_per_unit": self.saving[at] if at < 2 else 0,
                "max_partners": self.partners[at],
                "min_lot": self.lot[at],
            }
            for at, name in enumerate(names)
        ]
        write_rows(folder / "declarations" / "all.csv", rows)
        write_rows(folder / "links.csv", [self._link(at) for at in range(4)])

    def _link(self, at: int) -> dict[str, object]:
        grouped = self.group[at]
        return {
            "from_id": f"a{at // 2}",
            "to_id": f"b{at % 2}",
            "cost_eur_per_unit": self.cost[at],
            "fixed_cost_eur": self.fixed[at],
            "min_quantity": self.least[at] or "",
            "trip_payload": self.payload[at] or "",
            "trip_cost_eur": self.trip[at] if self.payload[at] else "",
            "capacity_group": "g" if grouped else "",
            "group_capacity": self.group_most if grouped else "",
            "group_fixed_cost_eur": self.group_cost if grouped else "",
        }

    def best(self) -> float:
        """The best value over all whole quantities, by trying them."""
        plans = itertools.product(range(6), repeat=4)
        return max(self._value(plan) for plan in plans if self._holds(plan))

    def _holds(self, plan: tuple[int, ...]) -> bool:
        sides = [(plan[0], plan[1]), (plan[2], plan[3]), (plan[0], plan[2]), (plan[1], plan[3])]
        volumes = zip(sides, self.offered + self.wanted, self.partners, strict=True)
        if any(sum(x) > most or sum(q > 0 for q in x) > few for x, most, few in volumes):
            return False
        if sum(q for q, grouped in zip(plan, self.group, strict=True) if grouped) > self.group_most:
            return False
        lots = [max(self.lot[at // 2], self.lot[2 + at % 2], self.least[at]) for at in range(4)]
        return all(q == 0 or q >= lot for q, lot in zip(plan, lots, strict=True))

    def _value(self, plan: tuple[int, ...]) -> float:
        value = 0.0
        for at, quantity in enumerate(plan):
            value += quantity * (self.saving[at // 2] - self.cost[at])
            value -= self.fixed[at] * (quantity > 0)
            if self.payload[at]:
                value -= self.trip[at] * math.ceil(quantity / self.payload[at])
        grouped = any(q > 0 for q, member in zip(plan, self.group, strict=True) if member)
        return value - self.group_cost * grouped
