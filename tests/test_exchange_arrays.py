"""What is done to arrays everywhere: rows, what repeats itself, groups spread over members."""

import numpy as np
import pytest

from solvers.exchange import arrays
from solvers.exchange.arrays import any_period, rows, spread, varied


def test_of_what_repeats_itself_one_is_looked_at() -> None:
    assert varied(np.broadcast_to(3.0, (1000,))).tolist() == [3.0]
    row = np.array([1.0, 2.0])
    assert varied(np.broadcast_to(row, (5, 2))).tolist() == [[1.0, 2.0]]
    assert varied(np.zeros((0, 3))).size == 0
    assert varied(np.broadcast_to(1.0, (0,))).size == 0


@pytest.mark.parametrize("periods", [1, 2])
def test_rows_and_flags_of_periods_are_those_of_numpy(periods: int) -> None:
    table = np.arange(4.0 * periods).reshape(4, periods)
    at = np.array([3, 0, 0])
    assert rows(table, at).tolist() == table[at].tolist()
    assert any_period(table % 3 == 1).tolist() == (table % 3 == 1).any(axis=1).tolist()


def test_groups_are_spread_over_their_members_however_they_are_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arrays, "CHUNK", 4)
    each, sizes = np.array([1.0, 2.0, 3.0, 4.0, 5.0]), [0, 3, 0, 6, 2]
    found = np.full(11, np.nan)
    for part, value in spread(each, np.append(0, np.cumsum(sizes))):
        found[part] = value
    assert found.tolist() == [2.0] * 3 + [4.0] * 6 + [5.0] * 2
