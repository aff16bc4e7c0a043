"""Small exchange problems written as lists, solved exactly, and what their plans are worth."""

from typing import Any

import numpy as np
import pytest

from solvers.exchange import Exchange, Outcome, Status, solve
from solvers.exchange.schema import COLUMNS


def run(**arrays: Any) -> Outcome:
    """Solve exactly; lists become arrays, and a list of gains is one objective."""
    options = {name: arrays.pop(name) for name in ("time_limit_s", "threads") if name in arrays}
    made = {
        name: np.array(value) if name in COLUMNS and isinstance(value, list) else value
        for name, value in arrays.items()
    }
    return solve(Exchange(**made), gap=0.0, **options)


def assert_worth(outcome: Outcome, *values: float) -> None:
    """The plan is optimal and has these values."""
    assert outcome.status is Status.OPTIMAL, outcome.message
    assert outcome.values == pytest.approx(np.array(values), rel=1e-9, abs=1e-6)
    assert np.all(outcome.bounds >= outcome.values)


ONE = {"origin": [0], "destination": [0]}
