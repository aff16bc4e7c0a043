"""``eit``: the commands, their language, and what an error becomes at the door."""

import logging
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import typer

from eit.cli import console, intake, portal, registers, runs
from eit.faults import DeclarationError
from eit.texts import say

FAULTS, USAGE, INTERRUPTED, BUG = 1, 2, 130, 70


def application() -> typer.Typer:
    """Every command under its name; help texts are keys, translated in `main`."""
    app = typer.Typer(
        help="cli.help",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(root)
    app.command("demo", help="cli.demo")(runs.demo)
    app.command("new", help="cli.new")(intake.new)
    app.command("template", help="cli.template")(intake.template)
    app.command("check", help="cli.check")(intake.check)
    app.command("match", help="cli.match")(runs.match)
    app.command("verify", help="cli.verify")(runs.verify)
    app.command("map", help="cli.map")(runs.render)
    app.command("locate", help="cli.locate")(registers.locate)
    app.command("serve", help="cli.serve")(portal.serve)
    app.command("backup", help="cli.backup")(portal.backup)
    app.command("restore", help="cli.restore")(portal.restore)
    people: dict[str, Callable[..., None]] = {
        "add": portal.add,
        "list": portal.show,
        "invite": portal.invite,
        "disable": portal.disable,
        "erase": portal.erase,
    }
    app.add_typer(group("user", people), name="user")
    imports: dict[str, Callable[..., None]] = {
        "irep": registers.irep,
        "sirene": registers.sirene,
        "trackdechets": registers.trackdechets,
        "cnig": registers.cnig,
        "layer": registers.layer,
    }
    app.add_typer(group("import", imports), name="import")
    app.add_typer(group("export", {"cnig": registers.export_cnig}), name="export")
    return app


def group(name: str, commands: Mapping[str, Callable[..., None]]) -> typer.Typer:
    """Commands under a common name, such as ``eit import irep``."""
    app = typer.Typer(help=f"cli.{name}", no_args_is_help=True, rich_markup_mode=None)
    app.callback()(root)
    for command, function in commands.items():
        app.command(command, help=f"cli.{name}.{command}")(function)
    return app


def root(lang: intake.Lang = intake.DEFAULT_LANG) -> None:
    """Take ``--lang`` before the command as well as after it."""
    intake.chosen(lang)


def spoken(command: Any, lang: str) -> dict[str, Any]:
    """Default language of a command and of all below it."""
    children = getattr(command, "commands", {})
    return {"lang": lang, **{name: spoken(child, lang) for name, child in children.items()}}


def translate(command: Any, lang: str) -> None:
    """Put the sentence of each help key in its place, through the whole tree of commands."""
    if command.help:
        command.help = say(command.help, lang)
    for parameter in command.params:
        text = getattr(parameter, "help", None)
        if text and text.startswith("cli."):
            parameter.help = say(text, lang)
    for child in getattr(command, "commands", {}).values():
        translate(child, lang)


def run() -> None:
    """Run ``eit`` with stdout to itself: solvers' libraries write there too, in mid-table."""
    kept = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.stdout = os.fdopen(kept, "w", encoding=sys.stdout.encoding, errors=sys.stdout.errors)
    try:
        main()
    finally:
        sys.stdout.flush()


def main(arguments: list[str] | None = None) -> None:
    """Run one command and leave with the contract's exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    lang = console.language(given)
    debug = "--debug" in given
    given = [argument for argument in given if argument != "--debug"]
    logging.basicConfig(level=logging.DEBUG if debug else logging.WARNING, stream=sys.stderr)
    command = typer.main.get_command(application())
    translate(command, lang)
    try:
        command.main(args=given, prog_name="eit", default_map=spoken(command, lang))
    except DeclarationError as error:
        console.print_faults(error.faults, error.notices, lang)
        sys.exit(FAULTS)
    except OSError as error:
        text = error.text(lang) if hasattr(error, "text") else error
        console.errors.print(say("cli.error", lang, error=text))
        sys.exit(USAGE)
    except KeyboardInterrupt:
        console.errors.print(say("cli.interrupted", lang))
        sys.exit(INTERRUPTED)
    except Exception as error:
        console.errors.print(say("cli.bug", lang, error=f"{type(error).__name__}: {error}"))
        if debug:
            traceback.print_exc()
        sys.exit(BUG)
