"""Writes docs/columns.md from the schema, docs/cli.md from --help, docs/rights.md from RIGHTS."""

import csv
from pathlib import Path

import typer

from eit import data
from eit.checking import TABLES
from eit.cli.main import application, translate
from eit.portal.rights import BY_PERSON_ONLY, FIELDS, RIGHTS, ROLES

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


def rights() -> str:
    """Who may do what in the portal, and who sees which field."""
    lines = ["# Rights in the portal", "", "Made from the portal's own tables by `make docs`.", ""]
    lines += [f"| thing | act | {' | '.join(ROLES)} |", f"|---|---|{'---|' * len(ROLES)}"]
    for resource, actions in RIGHTS.items():
        for action, granted in actions.items():
            scopes = " | ".join(granted.get(role, "") for role in ROLES)
            lines.append(f"| {resource} | {action} | {scopes} |")
    lines += [
        "",
        "## Fields",
        "",
        "Fields not named here are seen by whoever may read the record.",
        "",
    ]
    lines += [f"| record | field | {' | '.join(ROLES)} |", f"|---|---|{'---|' * len(ROLES)}"]
    for record, columns_of in FIELDS.items():
        for name, granted in columns_of.items():
            scopes = " | ".join(granted.get(role, "") for role in ROLES)
            lines.append(f"| {record} | `{name}` | {scopes} |")
    persons = ", ".join(sorted(BY_PERSON_ONLY))
    lines += ["", f"A program's key never opens: {persons}.", ""]
    return "\n".join(lines)


def main() -> None:
    """Write the made pages."""
    (DOCS / "columns.md").write_text(columns() + "\n", encoding="utf-8", newline="\n")
    (DOCS / "rights.md").write_text(rights() + "\n", encoding="utf-8", newline="\n")
    (DOCS / "cli.md").write_text(commands() + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
