"""Commands around runs: the demonstration, the main job, its recheck, its maps."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from eit import data
from eit.cli import console
from eit.cli.intake import DEFAULT_LANG, AsJson, Lang, chosen
from eit.texts import say

EXIT_OF_STATUS = {"optimal": 0, "feasible": 0, "infeasible": 3, "no_plan": 4}
VIOLATION = 5
Run = Annotated[Path, typer.Argument(help="cli.argument.run", show_default=False)]
ScenarioFile = Annotated[Path | None, typer.Option("--scenario", help="cli.option.scenario")]
Background = Annotated[str | None, typer.Option("--background", help="cli.option.background")]


def demo(
    folder: Annotated[Path, typer.Argument(help="cli.argument.demo")] = Path("eit-demo"),
    lang: Lang = DEFAULT_LANG,
    as_json: AsJson = False,
) -> None:
    """Copy the demonstration territory, run the whole on it, say where to look."""
    territory = folder / "artois"
    if not territory.exists():
        shutil.copytree(data.path("demo", "artois"), territory)
    if not as_json:
        console.output.print(say("cli.demo.copied", chosen(lang), folder=territory))
    match(territory, folder / "run", lang=lang, as_json=as_json)


def match(
    territory: Annotated[
        Path, typer.Argument(help="cli.argument.territory", show_default=False, exists=True)
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="cli.option.run")],
    scenario: ScenarioFile = None,
    sound_only: Annotated[bool, typer.Option("--sound-only", help="cli.option.sound")] = False,
    background: Background = None,
    lang: Lang = DEFAULT_LANG,
    as_json: AsJson = False,
) -> None:
    """Run the main job: territory folder in, run folder out."""
    from eit.study import run

    tongue = chosen(lang)
    with console.progress(tongue) as report, console.stopping(tongue) as stop:
        study = run(
            territory,
            out,
            scenario_file=scenario,
            sound_only=sound_only,
            lang=tongue,
            background=background,
            progress=report,
            stop=stop,
        )
    if as_json:
        console.print_json(study.summary)
    else:
        _print_ending(study.summary, out, tongue)
    _print_conflicts(study.summary, tongue)
    raise typer.Exit(EXIT_OF_STATUS[study.summary["status"]])


def _print_ending(summary: Mapping[str, Any], out: Path, lang: str) -> None:
    """How the solve ended, what the plan brings, where to look."""
    status = summary["status"]
    console.output.print(say(f"cli.match.{status}", lang))
    for line in summary.get("reasons", []):
        console.output.print(f"  {line}")
    if status in ("optimal", "feasible"):
        for goal in summary["objective"]:
            name = say(f"report.objective.{goal['name']}", lang)
            value, bound = (console.number(goal[key], lang, 2) for key in ("value", "bound"))
            gap = console.number(goal["gap"] and 100 * goal["gap"], lang, 4)
            line = say("cli.match.objective", lang, name=name, value=value, bound=bound, gap=gap)
            console.output.print(f"  {line}")
        totals = {
            key: console.number(total, lang)
            for key, total in summary["totals"].items()
            if key != "quantity_by_unit"
        }
        console.output.print("  " + say("cli.match.totals", lang, **totals))
        for name in ("maps/index.html", "report.html", "flows.csv"):
            console.output.print(f"  {out / name}")


def _print_conflicts(summary: Mapping[str, Any], lang: str) -> None:
    """What cannot hold together, on stderr."""
    from eit.results import say_conflicts

    for head, *rest in say_conflicts(summary["conflicts"], lang):
        console.errors.print(head)
        for line in rest:
            console.errors.print(f"  {line}")


def verify(run: Run, lang: Lang = DEFAULT_LANG, as_json: AsJson = False) -> None:
    """Recheck a run from its files alone."""
    from eit.verify import verify_run

    verdict = verify_run(run)
    if as_json:
        console.print_json(verdict.as_dict())
    else:
        for line in verdict.lines(chosen(lang)):
            console.output.print(line)
    raise typer.Exit(0 if verdict.ok else VIOLATION)


def render(
    run: Run,
    public: Annotated[bool, typer.Option("--public", help="cli.option.public")] = False,
    background: Background = None,
    lang: Lang = DEFAULT_LANG,
    as_json: AsJson = False,
) -> None:
    """Draw the maps of a run again."""
    from eit.study import draw

    written = draw(run, public=public, lang=chosen(lang), background=background)
    if as_json:
        console.print_json({"written": [str(path) for path in written]})
        return
    for path in written:
        console.output.print(str(path))
