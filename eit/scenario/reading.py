"""A settings file, read and checked: every fault at once, with the line where it stands."""

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rapidfuzz import process

from eit.faults import Fault
from eit.scenario.keys import KINDS, NOT_MODELLED, Key, known_keys

Keys = Mapping[str, Mapping[str, Key]]
Wrong = tuple[str, object, str, Mapping[str, str]]
"""Column, value, code and detail of something that may not stand."""


def read_settings(
    path: str | Path, *, keys: Keys, file: str = ""
) -> tuple[dict[str, dict[str, Any]], list[Fault]]:
    """Read and check a TOML file; what is faulty is left out of the sections.

    Parameters
    ----------
    path
        The file.
    keys
        What may stand there: `SCENARIO_KEYS` or `TERRITORY_KEYS`.
    file
        Name by which faults call the file; its own name if empty.

    Returns
    -------
    sections, faults
        Sound keys by section, and what is wrong with the others.
    """
    path = Path(path)
    file = file or path.name
    try:
        text = path.read_bytes().decode("utf-8-sig")
        content = tomllib.loads(text)
    except OSError as error:
        said = {"why": error.strerror or str(error)}
        return {}, [Fault(file, 0, "", str(path), "unreadable_file", said)]
    except UnicodeDecodeError as error:
        return {}, [Fault(file, 0, "", "", "toml_encoding", {"byte": str(error.start)})]
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        where = int(line[1]) if line else len(text.splitlines())
        return {}, [Fault(file, where, "", "", "toml_syntax", {"why": str(error)})]
    faults = check_settings(content, keys=keys, file=file, text=text)
    faulty = {fault.column for fault in faults}
    sections = {
        section: {key: value for key, value in values.items() if f"{section}.{key}" not in faulty}
        for section, values in content.items()
        if section not in faulty
    }
    return sections, faults


def check_settings(
    content: Mapping[str, Any], *, keys: Keys, file: str = "", text: str = ""
) -> list[Fault]:
    """All faults of a settings table, in the order in which it is written.

    Parameters
    ----------
    content
        Sections and their keys, as read from TOML or given in Python.
    keys
        What may stand there.
    file, text
        Name and source of the file, where there is one, to say the line of each fault.
    """
    lines = _lines(text)
    return [
        Fault(file, lines.get(column, 0), column, str(value), code, detail)
        for column, value, code, detail in _wrong(content, keys)
    ]


def _wrong(content: Mapping[str, Any], keys: Keys) -> Iterator[Wrong]:
    for section, values in content.items():
        if section not in keys:
            yield section, section, "unknown_section", {"nearest": nearest(section, keys)}
        elif not isinstance(values, Mapping):
            yield section, values, "setting_section", {"section": section}
        else:
            yield from _wrong_keys(section, values, known_keys(section, keys))


def _wrong_keys(
    section: str, values: Mapping[str, Any], known: Mapping[str, Key]
) -> Iterator[Wrong]:
    for name, value in values.items():
        column = f"{section}.{name}"
        if name not in known:
            said = {"section": section, "nearest": nearest(name, known)}
            yield column, name, "unknown_key", said
        elif (refused := NOT_MODELLED.get(column)) is not None and (
            not refused or value in refused
        ):
            yield column, value, "not_modelled", {}
        elif wrong := _wrong_value(value, known[name]):
            yield column, value, *wrong


def _wrong_value(value: Any, key: Key) -> tuple[str, Mapping[str, str]] | None:
    choices = {"choices": ", ".join(key.choices)}
    if not KINDS[key.kind](value):
        return f"setting_{key.kind}", choices
    if key.kind in ("number", "whole"):
        return None if key.low <= value <= key.high and value > key.over else _out_of_range(key)
    if key.choices:
        named = [str(name) for name in (value if isinstance(value, list | tuple) else [value])]
        if not set(named) <= set(key.choices):
            return "setting_choice", choices
        if len(set(named)) < len(named):
            return "setting_repeated", {}
        if key.needed and key.needed not in named:
            return "setting_needed", {"needed": key.needed}
    return None


def _out_of_range(key: Key) -> tuple[str, Mapping[str, str]]:
    if math.isfinite(key.high):
        return "setting_range", {"low": f"{key.low:g}", "high": f"{key.high:.12g}"}
    if math.isfinite(key.over):
        return "setting_over", {"over": f"{key.over:g}"}
    return "setting_floor", {"low": f"{key.low:g}"}


def nearest(name: str, known: Mapping[str, object]) -> str:
    """Known name that looks most like another."""
    found = process.extractOne(name, list(known))
    return found[0] if found else ""


def _lines(text: str) -> dict[str, int]:
    """Line, from 1, on which each section and ``section.key`` of a TOML text is first written."""
    lines: dict[str, int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[+\s*([^\]#]+?)\s*\]", line):
            section = header[1].strip("\"'")
            lines.setdefault(section, number)
        elif key := re.match(r"\s*([\w.\"'-]+)\s*=", line):
            name = key[1].replace('"', "").replace("'", "")
            path = f"{section}.{name}" if section else name
            lines.setdefault(path, number)
            lines.setdefault(path.partition(".")[0], number)
    return lines
