"""Infeasible territories: what cannot hold together, told in two languages and rechecked."""

import json
from pathlib import Path

import pytest
from support.random_territories import some_features, write_territory
from support.territories import plan_of, territory_of

import eit
from eit.cli.main import main
from eit.results import Plan, read_run, say_conflicts, write_run
from eit.study import match, run
from eit.territory import read_territory
from eit.verify import verify_run

HEAD = "declaration_id,site_id,kind,resource,quantity,unit,current_cost_eur_per_unit,required"
MUST_LEAVE = f"{HEAD}\nR,A,residue,alder,100,t,20,yes\nN,B,need,alder,90,t,30,\n"
TWO_OUT = MUST_LEAVE + "M,C,need,alder,60,t,30,\n"
HUB = "hub_id,takes,gives,capacity,lon,lat\nH,alder,,{capacity},2.85,50.40\n"


def members(plan: Plan) -> list[list[tuple[str, str]]]:
    return [[(m["kind"], m["id"]) for m in each["members"]] for each in plan.conflicts]


def alone(plan: Plan) -> list[float | None]:
    return [member["alone"] for member in plan.conflicts[0]["members"]]


def test_a_residue_that_has_nowhere_to_go_is_named_by_itself(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, MUST_LEAVE)
    assert members(plan) == [[("residue", "R")]]
    assert plan.conflicts[0] == {
        "members": [
            {
                "kind": "residue",
                "id": "R",
                "stated": 100.0,
                "unit": "t",
                "gives": 10.0,
                "alone": 10.0,
                "suffices": True,
            }
        ],
        "irreducible": True,
        "minimum": True,
        "proof": "prices",
        "relaxation": [{"kind": "residue", "id": "R", "stated": 100.0, "unit": "t", "gives": 10.0}],
    }


def test_the_fleet_that_stands_in_the_way_is_named_with_what_it_lacks(tmp_path: Path) -> None:
    # 90 t over 10 km and 10 t over 20 km are 1100 t·km; with 1000, R keeps 5 t.
    links = "from_id,to_id,distance_km\nR,N,10\nR,M,20\n"
    plan = plan_of(tmp_path, TWO_OUT, links=links, limits={"fleet_t_km": 1000.0})
    assert members(plan) == [[("residue", "R"), ("fleet_t_km", "fleet_t_km")]]
    assert alone(plan) == pytest.approx([5.0, 100.0])


def test_the_budget_that_stands_in_the_way_is_named_with_what_it_lacks(tmp_path: Path) -> None:
    links = "from_id,to_id,cost_eur_per_unit,fixed_cost_eur\nR,N,1,50\nR,M,2,70\n"
    plan = plan_of(tmp_path, TWO_OUT, links=links, limits={"budget_eur": 200.0})
    assert members(plan) == [[("residue", "R"), ("budget_eur", "budget_eur")]]
    # All 100 t: 50 + 90 and 70 + 20 are 230. For 200, R to N alone carries 90 for 140.
    assert alone(plan)[1] == pytest.approx(30.0)
    assert alone(plan)[0] == pytest.approx(10.0)


def test_exchanges_and_partners_give_way_by_whole_numbers(tmp_path: Path) -> None:
    links = "from_id,to_id,distance_km\nR,N,10\nR,M,20\n"
    plan = plan_of(tmp_path / "a", TWO_OUT, links=links, limits={"max_exchanges": 1})
    assert members(plan) == [[("residue", "R"), ("max_exchanges", "max_exchanges")]]
    assert alone(plan) == pytest.approx([10.0, 1.0])
    rows = TWO_OUT.replace("required", "required,max_partners").replace("20,yes", "20,yes,1")
    plan = plan_of(tmp_path / "b", rows, links=links)
    assert members(plan) == [[("residue", "R"), ("max_partners", "R")]]
    assert alone(plan) == pytest.approx([10.0, 1.0])


def test_hubs_groups_and_lanes_are_named_by_what_they_carry(tmp_path: Path) -> None:
    rows = f"{HEAD}\nR,A,residue,alder,100,t,20,yes\n"
    plan = plan_of(tmp_path / "hub", rows, hubs=HUB.format(capacity=70))
    assert members(plan) == [[("residue", "R"), ("hub_capacity", "H")]]
    assert alone(plan) == pytest.approx([30.0, 30.0])
    links = (
        "from_id,to_id,distance_km,capacity_group,group_capacity\nR,N,10,quay,40\nR,M,20,quay,40\n"
    )
    plan = plan_of(tmp_path / "group", TWO_OUT, links=links)
    assert members(plan) == [[("residue", "R"), ("group_capacity", "quay")]]
    assert alone(plan) == pytest.approx([60.0, 60.0])
    links = "from_id,to_id,distance_km,max_quantity\nR,N,10,30\nR,M,20,50\n"
    plan = plan_of(tmp_path / "lane", TWO_OUT, links=links)
    assert members(plan)[0][0] == ("residue", "R")
    assert {kind for kind, _ in members(plan)[0][1:]} == {"max_quantity"}
    assert alone(plan)[0] == pytest.approx(20.0)


def test_lanes_that_must_flow_past_what_there_is_are_named(tmp_path: Path) -> None:
    rows = TWO_OUT.replace("20,yes", "20,")
    links = "from_id,to_id,distance_km,min_quantity,required\nR,N,10,60,yes\nR,M,20,50,yes\n"
    plan = plan_of(tmp_path, rows, links=links)
    assert members(plan) == [[("link", "R→M"), ("link", "R→N")]]
    assert alone(plan) == pytest.approx([10.0, 10.0])


def test_a_limit_on_quality_is_named_without_an_amount(tmp_path: Path) -> None:
    rows = (
        f"{HEAD},quality\nR,A,residue,alder,100,t,20,yes,ash_pct=9\n"
        "N,B,need,alder,200,t,30,,ash_pct<=5\n"
    )
    plan = plan_of(tmp_path, rows)
    assert members(plan) == [[("residue", "R"), ("quality", "N|ash_pct<=5")]]
    assert plan.conflicts[0]["members"][1]["suffices"] is True
    assert alone(plan) == [pytest.approx(100.0), None]


def test_a_link_without_a_lane_is_a_conflict_of_its_own(tmp_path: Path) -> None:
    links = "from_id,to_id,distance_km,min_quantity,required\nR,N,999,7,yes\n"
    plan = plan_of(tmp_path, TWO_OUT.replace("20,yes", "20,"), links=links)
    assert members(plan) == [[("link", "R→N")]]
    assert plan.conflicts[0]["proof"] == "no_lane"


def test_every_kind_of_member_is_told_in_both_languages() -> None:
    kinds = (
        *("residue", "need", "link", "hub_capacity", "group_capacity", "max_quantity"),
        *("min_quantity", "min_lot", "max_partners", "budget_eur", "fleet_t_km", "max_exchanges"),
    )
    limits = ("budget_eur", "fleet_t_km", "max_exchanges")
    told = [
        {
            "kind": kind,
            "id": kind if kind in limits else "X1",
            "stated": 12.5,
            "unit": "t",
            "gives": 2.5,
            "alone": None,
            "suffices": False,
        }
        for kind in kinds
    ]
    quality = {**told[0], "kind": "quality", "id": "N|ash<=5", "stated": None, "gives": None}
    conflict = {
        "members": [*told, quality],
        "irreducible": False,
        "minimum": False,
        "proof": "solver",
        "relaxation": told[:1],
    }
    english, french = (say_conflicts([conflict], lang)[0] for lang in ("en", "fr"))
    assert len(english) == len(french) == len(kinds) + 3
    assert all("{" not in line and "conflict." not in line for line in english + french)
    assert all(a != b for a, b in zip(english, french, strict=True))
    assert "12,5" in french[1]
    assert "12.5" in english[1]


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_terminal_the_summary_and_the_report_name_the_same(
    lang: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    territory_of(tmp_path / "t", TWO_OUT, scenario="")
    (tmp_path / "t" / "scenario.csv").unlink()
    (tmp_path / "t" / "scenario.toml").write_text("[limits]\nmax_exchanges = 1\n", encoding="utf-8")
    out = tmp_path / "run"
    with pytest.raises(SystemExit) as ended:
        main(["match", str(tmp_path / "t"), "-o", str(out), "--lang", lang])
    assert ended.value.code == 3
    told = capsys.readouterr().err
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert list(summary)[-1] == "conflicts"
    lines = say_conflicts(summary["conflicts"], lang)[0]
    page = (out / "report.html").read_text(encoding="utf-8")
    for line in lines:
        assert line in told
        assert line in page
    assert "R" in lines[1]
    assert read_run(out).plan.conflicts == tuple(summary["conflicts"])


def test_the_recheck_asks_again_and_finds_what_was_changed(tmp_path: Path) -> None:
    links = "from_id,to_id,distance_km\nR,N,10\nR,M,20\n"
    territory_of(tmp_path / "t", TWO_OUT, links=links)
    (tmp_path / "t" / "scenario.toml").write_text("[limits]\nfleet_t_km = 1000\n", encoding="utf-8")
    out = tmp_path / "run"
    run(tmp_path / "t", out)
    verdict = verify_run(out)
    assert verdict.ok
    assert verdict.as_dict()["refusal"] == {
        "sets": 1,
        "members": 2,
        "amounts": 2,
        "shortfall": True,
        "unproven": 0,
    }
    for change, check in (
        (lambda said: said["conflicts"][0]["members"].pop(), "conflict"),
        (lambda said: said["conflicts"][0]["members"][0].update(alone=4.0), "conflict_amount"),
        (lambda said: said["conflicts"][0]["members"][1].update(alone=90.0), "conflict_amount"),
        (lambda said: said["shortfalls"][0].update(short=6.0), "shortfall"),
    ):
        summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
        whole = json.dumps(summary)
        change(summary)
        (out / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
        found = verify_run(out)
        (out / "summary.json").write_text(whole, encoding="utf-8")
        assert [violation.check for violation in found.violations] == [check]
        assert check.split("_")[0] not in "".join(found.lines("fr")[:1])


def test_a_member_too_many_is_found_by_the_recheck(tmp_path: Path) -> None:
    rows = MUST_LEAVE + "S,C,residue,alder,10,t,20,yes\nK,D,need,alder,10,t,30,\n"
    territory_of(tmp_path / "t", rows, links="from_id,to_id\nR,N\nS,K\n")
    (tmp_path / "t" / "territory.toml").write_text(
        '[territory]\nname = "T"\nbuiltin_rules = false\nlinks_only = true\n', encoding="utf-8"
    )
    out = tmp_path / "run"
    run(tmp_path / "t", out)
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    member = summary["conflicts"][0]["members"][0]
    summary["conflicts"][0]["members"].append({**member, "id": "S", "alone": None})
    (out / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    violations = verify_run(out).violations
    assert [(found.check, found.id) for found in violations] == [("conflict_member", "S")]


def check_random(seed: int, folder: Path) -> int:
    """Where a random territory is infeasible, the recheck agrees with all that is named."""
    write_territory(folder, seed, {*some_features(seed), "required", "amounts"})
    territory = read_territory(folder)
    plan = match(territory, eit.Scenario()).plan
    if plan.status != "infeasible":
        return 0
    write_run(folder / "run", plan, territory)
    verdict = verify_run(folder / "run")
    assert verdict.ok, (seed, verdict.lines("en"))
    assert all(each["minimum"] for each in plan.conflicts), seed
    return 1


def test_random_infeasible_territories_pass_the_recheck(tmp_path: Path) -> None:
    found = [check_random(seed, tmp_path / str(seed)) for seed in range(8)]
    assert sum(found) >= 3


@pytest.mark.long
def test_many_random_infeasible_territories_pass_the_recheck(tmp_path: Path) -> None:
    found = [check_random(seed, tmp_path / str(seed)) for seed in range(100, 130)]
    assert sum(found) >= 10
