"""Writes docs/columns.md from the schema and docs/cli.md from the commands' own help."""

import csv
from pathlib import Path

import typer

from eit import data
from eit.checking import TABLES
from eit.cli.main import application, translate

DOCS = Path(__file__).parent


def columns() -> str:
    """Every column of every table, as the schema declares it."""
    lines = ["# Columns", "", "Made from `datasets/schema/` by `make docs`.", ""]
    for table in TABLES:
        lines += [f"## {table}", "", "| column | en français | type | required | default | |"]
        lines += ["|---|---|---|---|---|---|"]
        with data.path("schema", f"{table}.csv").open(encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows):
                required = "yes" if row["required"] == "yes" else ""
                alias = row["alias_fr"].replace("|", ", ")
                text = row["description_en"].replace("|", "\\|")
                lines.append(
                    f"| `{row['column']}` | {alias} | {row['type']} | {required} "
                    f"| {row['default']} | {text} |"
                )
        lines.append("")
    return "\n".join(lines)


def commands() -> str:
    """Every command with its arguments and options."""
    root = typer.main.get_command(application())
    translate(root, "en")
    lines = ["# Commands", "", "Made from `eit … --help` by `make docs`.", ""]

    def describe(command: object, name: str) -> None:
        children = getattr(command, "commands", {})
        if not children:
            lines.extend([f"## {name}", "", command.help, ""])  # type: ignore[attr-defined]
            for parameter in command.params:  # type: ignore[attr-defined]
                text = getattr(parameter, "help", "") or ""
                shown = ", ".join(f"`{flag}`" for flag in parameter.opts) or parameter.name
                lines.append(f"- {shown}: {text}")
            lines.append("")
        for child, inner in sorted(children.items()):
            describe(inner, f"{name} {child}")

    describe(root, "eit")
    return "\n".join(lines)


def main() -> None:
    """Write both pages."""
    (DOCS / "columns.md").write_text(columns() + "\n", encoding="utf-8", newline="\n")
    (DOCS / "cli.md").write_text(commands() + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
