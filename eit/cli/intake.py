"""Commands around files that come in: a new folder, an empty table, the check."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Protocol

import typer

from eit.cli import console
from eit.texts import LANGUAGES, say

Lang = Annotated[str, typer.Option("--lang", help="cli.option.lang", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="cli.option.json")]
Folder = Annotated[Path, typer.Argument(help="cli.argument.new", show_default=False)]
DEFAULT_LANG = ""


def chosen(lang: str) -> str:
    """The language asked for, or the one of the environment."""
    if lang and lang not in LANGUAGES:
        raise typer.BadParameter(f"{lang!r}: fr, en", param_hint="--lang")
    return lang or console.language(())


class Report(Protocol):
    """What every import gives: figures for a program, and for a person."""

    def as_dict(self) -> dict[str, object]:
        """Figures as plain values."""

    def lines(self, lang: str) -> Mapping[str, str]:
        """Figures by label."""


def listed(text: str) -> tuple[str, ...]:
    """Parts of an option that takes several values, with commas between."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def show_report(report: Report, folder: Path, lang: str, *, as_json: bool) -> None:
    """Print what an import came to."""
    if as_json:
        console.print_json(report.as_dict())
        return
    console.print_pairs(say("cli.import.done", lang, folder=folder), report.lines(lang))


def new(
    folder: Folder,
    communes: Annotated[str, typer.Option("--communes", help="cli.option.communes")] = "",
    sources: Annotated[
        list[Path] | None, typer.Option("--from", help="cli.option.from", exists=True)
    ] = None,
    lang: Lang = DEFAULT_LANG,
    as_json: AsJson = False,
) -> None:
    """Write a new territory folder that `eit check` accepts, empty or from imported ones."""
    if communes or sources:
        from eit.registers import new_territory_from

        report = new_territory_from(folder, listed(communes), sources or (), lang=chosen(lang))
        show_report(report, folder, chosen(lang), as_json=as_json)
        return
    from eit.territory import new_territory

    written = new_territory(folder, chosen(lang))
    if as_json:
        console.print_json({"written": [str(path) for path in written]})
        return
    console.output.print(say("cli.new.done", chosen(lang), folder=folder, count=len(written)))
    for path in written:
        console.output.print(f"  {path}")


def template(
    table: Annotated[str, typer.Argument(help="cli.argument.table")] = "declarations",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="cli.option.template")] = None,
    lang: Lang = DEFAULT_LANG,
    as_json: AsJson = False,
) -> None:
    """Write an empty table, its columns explained."""
    from eit import tables
    from eit.checking import TABLES

    if table not in TABLES:
        names = ", ".join(TABLES)
        raise typer.BadParameter(
            say("cli.template.unknown", chosen(lang), table=table, names=names), param_hint="TABLE"
        )
    columns = tables.explain(table, chosen(lang))
    if out is not None:
        tables.write_template(table, out, chosen(lang))
    if as_json:
        console.print_json({"table": table, "columns": columns, "written": out and str(out)})
        return
    for column in columns:
        need = say("cli.template.required", chosen(lang)) if column["required"] else ""
        console.errors.print(f"  {column['column']}{need}: {column['description']}")
    if out is None:
        console.output.print(",".join(column["column"] for column in columns))
    else:
        console.output.print(say("cli.written", chosen(lang), path=out))


def check(
    paths: Annotated[
        list[Path], typer.Argument(help="cli.argument.check", show_default=False, exists=True)
    ],
    corrected: Annotated[Path | None, typer.Option("--corrected", help="cli.option.corrected")] = (
        None
    ),
    lang: Lang = DEFAULT_LANG,
    as_json: AsJson = False,
) -> None:
    """Say every fault and notice of territory folders and tables, at once."""
    from eit.checking import check_paths

    checked = check_paths(paths)
    if corrected is not None:
        checked.write_corrected(corrected, chosen(lang))
    if as_json:
        console.print_json(checked.as_dict(chosen(lang)))
    else:
        console.print_faults(checked.faults, checked.notices, chosen(lang))
        key = "cli.check.faults" if checked.faults else "cli.check.sound"
        counts = {"faults": len(checked.faults), "sound": checked.sound}
        console.output.print(say(key, chosen(lang), notices=len(checked.notices), **counts))
        if corrected is not None:
            console.output.print(say("cli.written", chosen(lang), path=corrected))
    raise typer.Exit(1 if checked.faults else 0)
