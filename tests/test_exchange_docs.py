"""docs/solver.md names what builds the model; the example of `solve` runs."""

import doctest
import importlib
import re
from pathlib import Path

from solvers.exchange import build, solver

DOCS = (Path(__file__).parents[1] / "docs" / "solver.md").read_text(encoding="utf-8")


def test_every_family_of_rows_is_documented() -> None:
    missing = [rows.__name__ for rows in build.FAMILIES.values() if rows.__name__ not in DOCS]
    assert missing == []


def test_every_function_named_in_the_docs_exists() -> None:
    for module, name in re.findall(r"`([a-z]+)\.([A-Za-z_]+)", DOCS):
        place = importlib.import_module(f"solvers.exchange.{module}")
        assert hasattr(place, name), f"{module}.{name}"


def test_the_example_runs() -> None:
    result = doctest.testmod(solver)
    assert result.attempted > 0
    assert result.failed == 0
