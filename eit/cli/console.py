"""What every command prints: results on stdout, everything else on stderr, JSON when asked."""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from eit.faults import Fault, Notice, lines
from eit.texts import LANGUAGES, say

errors = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
output = Console(highlight=False, soft_wrap=True, markup=False)

Report = Callable[[str, float, float], None]


def language(arguments: Sequence[str]) -> str:
    """Language of the messages: ``--lang``, else EIT_LANG, else the locale's, else English."""
    for position, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name == "--lang":
            value = value or (arguments[position + 1] if position + 1 < len(arguments) else "")
            return value if value in LANGUAGES else "en"
    settings = ("EIT_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    first = next((os.environ[name] for name in settings if os.environ.get(name)), "")
    return "fr" if first.lower().startswith("fr") else "en"


def print_json(value: object) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def print_faults(faults: Sequence[Fault], notices: Sequence[Notice], lang: str) -> None:
    """Faults file by file, then notices, one line each, on stderr."""
    for line in [*lines(faults, lang), *lines(notices, lang)]:
        errors.print(line)


def number(value: float | None, lang: str, digits: int = 0) -> str:
    """A figure as people of that language write it; a dash where there is none."""
    if value is None:
        return "–"
    from babel.numbers import format_decimal

    tidy = round(value, digits) + 0.0  # no -0
    return str(format_decimal(tidy, format=f"#,##0.{'0' * digits}", locale=lang))


def print_pairs(title: str, pairs: Mapping[str, str]) -> None:
    """A title and aligned lines of label and value on stdout."""
    output.print(title)
    width = max((len(label) for label in pairs), default=0)
    for label, value in pairs.items():
        output.print(f"  {label:<{width}}  {value}")


@contextmanager
def progress(lang: str) -> Iterator[Report | None]:
    """Progress on a terminal, silence in a pipe; yields what long work reports to."""
    if not errors.is_terminal:
        yield None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[gap]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=errors, transient=True) as bars:
        task = bars.add_task("", total=1.0, gap="")

        def report(stage: str, fraction: float, gap: float = float("nan")) -> None:
            shown = f"{say('cli.gap', lang)} {gap:.2%}" if gap == gap else ""
            described = say(f"cli.stage.{stage}", lang)
            bars.update(task, description=described, completed=fraction, gap=shown)

        yield report


@contextmanager
def stopping(lang: str) -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C end a solve with the best plan so far; yields what the solve asks.

    A second Ctrl-C, or one while nothing is being solved, ends the command as usual.
    """
    solving, asked = threading.Event(), threading.Event()

    def interrupted(_sign: int, _frame: object) -> None:
        if asked.is_set() or not solving.is_set():
            raise KeyboardInterrupt
        asked.set()
        errors.print(say("cli.stopping", lang))

    def stop() -> bool:
        solving.set()
        return asked.is_set()

    previous = signal.signal(signal.SIGINT, interrupted)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, previous)
