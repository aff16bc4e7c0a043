"""Create, replace, cancel: which row of each declaration holds in the end."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from eit.declarations.rows import Flags, Positions, Remark, Rows

LIVE, REPLACED, CANCELLED, CANCELS, FAULTY = "live", "replaced", "cancelled", "cancels", "faulty"

Words = np.ndarray[tuple[int], np.dtype[np.object_]]

_PROBLEMS: Mapping[tuple[str, str], str] = {
    ("never", "replace"): "replace_unknown",
    ("never", "cancel"): "cancel_unknown",
    ("live", "create"): "create_live",
    ("cancelled", "replace"): "cancelled_before",
    ("cancelled", "cancel"): "cancelled_before",
}
"""What is wrong with an action on a declaration in a state; in doubt, nothing is."""


class Applied(NamedTuple):
    """What became of each row, one of the words above, shape (rows,); and what is wrong."""

    outcome: Words
    remarks: list[Remark]


class _Problem(NamedTuple):
    position: int
    code: str
    because_of: int


def apply_actions(rows: Rows, sound: Flags) -> Applied:
    """Apply every row in the order of ``declared_at``, file name and line.

    A row with a fault takes part in nothing, but those after it are judged as if its identifier
    had been declared.
    """
    outcome = np.where(sound, LIVE, FAULTY).astype(object)
    problems: list[_Problem] = []
    for positions, actions in _stories(rows):
        problems += _tell(positions, actions, sound, outcome)
    found: dict[str, list[_Problem]] = {}
    for problem in problems:
        found.setdefault(problem.code, []).append(problem)
    return Applied(outcome, [_remark(rows, code, same) for code, same in found.items()])


def _stories(rows: Rows) -> Iterator[tuple[Positions, Sequence[str]]]:
    """Rows of each declaration in order, but for those created once and never touched again.

    The action of a row that cannot be read is ``""``.
    """
    identifier = rows["declaration_id"]
    alone = ~identifier.duplicated(keep=False) & (rows["action"] == "create")
    kept = np.flatnonzero(~alone & (identifier != ""))
    order = ["declaration_id", "declared_at", "file", "line"]
    told = rows.frame[order].iloc[kept].sort_values(order)
    positions = told.index.to_numpy()
    judged = ~(rows.damaged | rows.unread_in("action") | rows.unread_in("declared_at"))
    actions = rows["action"].where(judged, "").to_numpy(dtype=object)[positions]
    identifiers = told["declaration_id"].to_numpy(dtype=object)
    ends = np.flatnonzero(identifiers[1:] != identifiers[:-1]) + 1
    for start, end in zip([0, *ends], [*ends, len(positions)], strict=True):
        if end > start:
            yield positions[start:end], actions[start:end].tolist()


def _tell(
    positions: Positions, actions: Sequence[str], sound: Flags, outcome: Words
) -> Iterator[_Problem]:
    """Apply the rows of one declaration in turn; their outcomes are set in place."""
    state, holds, because_of = "never", -1, -1
    for place, (position, action) in enumerate(zip(positions.tolist(), actions, strict=True)):
        code = _PROBLEMS.get((state, action), "")
        if code:
            if state == "never":
                because_of = _next_creation(positions, actions, place)
                code = code if because_of < 0 else "too_early"
                state = "doubtful" if because_of < 0 else "never"
            outcome[position] = FAULTY
            yield _Problem(position, code, because_of)
        elif action == "" or (action == "cancel" and not sound[position]):
            state = "doubtful"
        else:
            state = "cancelled" if action == "cancel" else "live"
            because_of = because_of if action == "replace" else position
            if sound[position]:
                holds = _take(position, action, holds, outcome)


def _take(position: int, action: str, holds: int, outcome: Words) -> int:
    """Let a sound row take the place of the one that held; the position of what holds now."""
    if holds >= 0:
        outcome[holds] = CANCELLED if action == "cancel" else REPLACED
    if action == "cancel":
        outcome[position] = CANCELS
        return -1
    return position


def _next_creation(positions: Positions, actions: Sequence[str], place: int) -> int:
    after = (int(positions[at]) for at in range(place, len(actions)) if actions[at] == "create")
    return next(after, -1)


def _remark(rows: Rows, code: str, problems: Sequence[_Problem]) -> Remark:
    details = [
        {"where": rows.where(one.because_of)} if one.because_of >= 0 else {} for one in problems
    ]
    positions = np.array([one.position for one in problems], dtype=np.intp)
    return Remark(positions, "declaration_id", code, details)
