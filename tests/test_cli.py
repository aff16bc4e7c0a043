"""The command line: exit statuses of the contract, what goes to which stream, two languages."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from eit import data
from eit.cli.main import main

SITES = "site_id,firm,lon,lat\nA,Acme,2.80,50.43\nB,Béton Fictif,2.82,50.43\n"
HEAD = "declaration_id,site_id,kind,resource,quantity,unit,current_cost_eur_per_unit,required\n"
PAIR = "r,A,residue,15 01 01,100,t,80,no\nn,B,need,15 01 01,60,t,40,no\n"


def make(folder: Path, declarations: str = PAIR, **files: str) -> Path:
    """A territory of two sites a short way apart."""
    (folder / "declarations").mkdir(parents=True)
    (folder / "territory.toml").write_text('[territory]\nname = "Deux sites"\nyear = 2026\n')
    (folder / "sites.csv").write_text(SITES, encoding="utf-8")
    (folder / "declarations" / "all.csv").write_text(HEAD + declarations, encoding="utf-8")
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def eit(capsys: pytest.CaptureFixture[str]):
    """Run a command; give back its exit status, what it printed and what it said on stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


def test_every_command_has_help_in_both_languages(eit):
    commands = [["demo"], ["new"], ["template"], ["check"], ["match"], ["verify"], ["map"]]
    for command in [[], *commands, ["import"], ["import", "irep"]]:
        pages = {lang: eit(*command, "--help", "--lang", lang) for lang in ("fr", "en")}
        assert {page[0] for page in pages.values()} == {0}
        assert pages["fr"][1] != pages["en"][1]
        assert "cli." not in pages["fr"][1] + pages["en"][1]


def test_wrong_usage_leaves_with_2(eit, tmp_path):
    assert eit("match")[0] == 2
    assert eit("no-such-command")[0] == 2
    assert eit("match", tmp_path / "missing", "-o", tmp_path / "run")[0] == 2
    assert eit("check", tmp_path / "missing.csv")[0] == 2
    assert eit("template", "no-such-table")[0] == 2
    assert eit("check", make(tmp_path / "t"), "--lang", "de")[0] == 2


def test_a_pair_is_matched_proven_and_written(eit, tmp_path):
    run = tmp_path / "run"
    code, out, _ = eit("match", make(tmp_path / "t"), "-o", run, "--json")
    summary = json.loads(out)
    assert code == 0
    assert summary["status"] == "optimal"
    flows = pd.read_csv(run / "flows.csv")
    assert flows[["from_id", "to_id", "quantity"]].to_numpy().tolist() == [["r", "n", 60.0]]
    savings = 60 * (80 + 40)
    assert flows["value_eur"].sum() == pytest.approx(savings - flows["transport_cost_eur"].sum())
    for name in (
        "report.html",
        "plan.gpkg",
        "unmatched.csv",
        "maps/index.html",
        "inputs/sites.csv",
    ):
        assert (run / name).exists(), name
    assert eit("verify", run)[0] == 0
    assert json.loads(eit("verify", run, "--json")[1])["ok"] is True


def test_faults_leave_with_1_and_all_of_them_are_said(eit, tmp_path):
    bad = (
        "r,A,residue,15 01 01,-1,t,80,no\n"
        "n,Z,need,15 01 01,60,t,40,maybe\n"
        "r2,A,residue,15 01 01,5,t,1,no\n"
    )
    territory = make(tmp_path / "t", bad)
    code, out, _ = eit("check", territory, "--json")
    checked = json.loads(out)
    assert code == 1
    assert sorted((f["line"], f["column"]) for f in checked["faults"]) == [
        (2, "quantity"),
        (3, "required"),
        (3, "site_id"),
    ]
    assert checked["sound"] == 1
    assert set(checked["faults"][0]) == {
        "file",
        "line",
        "column",
        "value",
        "wanted",
        "mend",
        "code",
    }
    code, out, err = eit("match", territory, "-o", tmp_path / "run")
    assert (code, out) == (1, "")
    assert "quantity" in err
    assert not (tmp_path / "run").exists()


def test_sound_only_goes_on_and_lists_what_was_left_out(eit, tmp_path):
    territory = make(tmp_path / "t", PAIR + "x,A,residue,15 01 01,-1,t,80,no\n")
    code, out, _ = eit("match", territory, "-o", tmp_path / "run", "--sound-only", "--json")
    summary = json.loads(out)
    assert code == 0
    assert [left["line"] for left in summary["left_out"]] == [4]
    assert summary["totals"]["quantity_t"] == 60
    assert eit("verify", tmp_path / "run")[0] == 0


def test_what_cannot_hold_leaves_with_3_and_says_by_how_much(eit, tmp_path):
    territory = make(
        tmp_path / "t", "r,A,residue,15 01 01,100,t,80,yes\nn,B,need,15 01 01,60,t,40,no\n"
    )
    code, _, _ = eit("match", territory, "-o", tmp_path / "run")
    summary = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))
    assert code == 3
    assert summary["status"] == "infeasible"
    assert [(s["id"], s["short"]) for s in summary["shortfalls"]] == [("r", 40.0)]
    assert any("r" in reason and "40" in reason for reason in summary["reasons"])


def test_a_folder_that_is_no_run_is_never_touched(eit, tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "letter.txt").write_text("dear")
    code, _, err = eit("match", make(tmp_path / "t"), "-o", precious)
    assert code == 2
    assert "precious" in err
    assert [path.name for path in precious.iterdir()] == ["letter.txt"]
    assert eit("verify", precious)[0] != 0


def test_verify_leaves_with_5_when_a_flow_was_changed(eit, tmp_path):
    run = tmp_path / "run"
    eit("match", make(tmp_path / "t"), "-o", run)
    flows = (run / "flows.csv").read_text().replace(",60,", ",600,")
    (run / "flows.csv").write_text(flows)
    code, out, _ = eit("verify", run, "--json")
    assert code == 5
    assert "supply" in {violation["check"] for violation in json.loads(out)["violations"]}


def test_the_same_input_gives_the_same_plan_whatever_the_order_of_rows(eit, tmp_path):
    demo = data.path("demo", "artois")
    shutil.copytree(demo, tmp_path / "a")
    shutil.copytree(demo, tmp_path / "b")
    for file in (tmp_path / "b" / "declarations").glob("*.csv"):
        head, *rows = file.read_bytes().splitlines(keepends=True)
        if b'"' not in b"".join(rows):
            rows = [row.rstrip(b"\r\n") + b"\n" for row in reversed(rows)]
            file.write_bytes(head.rstrip(b"\r\n") + b"\n" + b"".join(rows))
    runs = [tmp_path / f"run-{n}" for n in range(3)]
    for source, run in zip(("a", "a", "b"), runs, strict=True):
        assert eit("match", tmp_path / source, "-o", run)[0] == 0
    plans = {(run / "flows.csv").read_bytes() for run in runs}
    assert len(plans) == 1
    assert len(plans.pop().splitlines()) > 50


def test_new_writes_a_folder_that_checks_and_never_overwrites_one(eit, tmp_path):
    assert eit("new", tmp_path / "mine", "--lang", "fr")[0] == 0
    assert eit("check", tmp_path / "mine")[0] == 0
    assert eit("new", tmp_path / "mine")[0] == 2


def test_a_template_comes_back_filled_in(eit, tmp_path):
    code, out, err = eit("template", "declarations", "--lang", "en")
    assert code == 0
    assert out.startswith("declaration_id,action,")
    assert "waste code" in err
    for name in ("declarations.csv", "declarations.xlsx"):
        assert eit("template", "declarations", "-o", tmp_path / name)[0] == 0
        assert eit("check", tmp_path / name)[0] == 0


def test_the_corrected_file_is_the_same_table_with_a_column_of_faults(eit, tmp_path):
    table = tmp_path / "acme.csv"
    table.write_text(HEAD + "r,A,residue,15 01 01,-1,t,80,no\n" + PAIR[PAIR.index("n,") :])
    code, _, _ = eit("check", table, "--corrected", tmp_path / "out.csv", "--lang", "fr")
    again = pd.read_csv(tmp_path / "out.csv", dtype=str, keep_default_na=False)
    assert code == 1
    assert again["declaration_id"].tolist() == ["r", "n"]
    assert "-1" in again["fault"][0]
    assert again["fault"][1] == ""


def test_maps_are_drawn_again_from_the_run_alone(eit, tmp_path):
    run = tmp_path / "run"
    eit("match", make(tmp_path / "t"), "-o", run, "--lang", "en")
    first = (run / "maps" / "index.html").read_bytes()
    shutil.rmtree(tmp_path / "t")
    shutil.rmtree(run / "maps")
    assert eit("map", run, "--lang", "en")[0] == 0
    assert (run / "maps" / "index.html").read_bytes() == first


def test_public_pages_stand_apart_and_say_nothing_of_money(eit, tmp_path):
    run = tmp_path / "run"
    eit("match", make(tmp_path / "t"), "-o", run)
    code, out, _ = eit("map", run, "--public", "--lang", "en")
    page = (run / "public" / "index.html").read_text(encoding="utf-8")
    assert code == 0
    assert "public" in out
    assert "€" not in page
    assert "Béton Fictif" not in page  # restricted, as everything is by default


def test_what_is_not_modelled_yet_is_refused_by_name(eit, tmp_path):
    territory = make(tmp_path / "t", scenario_toml='[solver]\nengine = "dask"\n')
    code, _, err = eit("match", territory, "-o", tmp_path / "run")
    assert code == 1
    assert "engine" in err


def test_a_road_network_without_a_road_is_a_fault(eit, tmp_path):
    roads = make(tmp_path / "u", roads_graphml="this is no road network")
    code, _, err = eit("check", roads)
    assert code == 1
    assert "roads.graphml" in err


def test_a_bug_of_ours_leaves_with_70_and_no_traceback(eit, monkeypatch, tmp_path):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("eit.study.match", broken)
    code, _, err = eit("match", make(tmp_path / "t"), "-o", tmp_path / "run", "--lang", "en")
    assert code == 70
    assert "boom" in err
    assert "Traceback" not in err


def test_help_is_quick_because_nothing_heavy_is_imported():
    heavy = "{'pandas', 'ortools', 'folium'}"
    code = f"import eit.cli.main, sys; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
