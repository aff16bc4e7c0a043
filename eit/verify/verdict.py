"""What a recheck says: the violations it found, and how far the bound is proven."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from eit.texts import say

TOLERANCE = 1e-6
"""Relative: a figure may differ from another by `TOLERANCE` x max(1, the other)."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Something in a run folder that does not hold.

    Attributes
    ----------
    check
        Name of the check, stable, as listed in the documentation.
    id
        "from→to", the id of a declaration or hub, or the name of a file or of a figure.
    found, limit
        What stands there, and what may: a figure, a word, or "" where there is nothing to say.
    """

    check: str
    id: str
    found: float | str
    limit: float | str

    def as_dict(self) -> dict[str, Any]:
        """The keys that ``eit verify --json`` prints."""
        return {
            "check": self.check,
            "id": self.id,
            "found": _plain(self.found),
            "limit": _plain(self.limit),
        }

    def text(self, lang: str) -> str:
        """One sentence."""
        words = {"id": self.id, "found": _shown(self.found), "limit": _shown(self.limit)}
        return say(f"verify.{self.check}", lang, **words)


@dataclass(frozen=True, slots=True)
class Proof:
    """How far the bound of one objective is proven, and by what.

    The territory falls into parts that share nothing; each part's bound comes from the
    certificate, from solving it again, or from the solver's word alone.

    Attributes
    ----------
    objective
        Its name.
    value, claimed
        Value of the plan, recomputed, and the bound that the run claims.
    proven
        What no plan can pass, as proven here; infinite where a part rests on the solver's word.
    found
        Value of the best plan found here; NaN if nothing was solved again.
    certificate, resolved, unproven
        Number of parts proven by the certificate, by solving again, and not proven.
    """

    objective: str
    value: float
    claimed: float
    proven: float
    found: float
    certificate: int
    resolved: int
    unproven: int

    @property
    def source(self) -> str:
        """What the bound rests on: "certificate", "resolved", "both" or "solver"."""
        if self.unproven:
            return "solver"
        if self.certificate and self.resolved:
            return "both"
        return "resolved" if self.resolved else "certificate"

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; what is unknown is None."""
        figures = ("value", "claimed", "proven", "found")
        counts = ("certificate", "resolved", "unproven")
        return {
            "objective": self.objective,
            **{name: _plain(getattr(self, name)) for name in figures},
            **{name: getattr(self, name) for name in counts},
            "source": self.source,
        }

    def text(self, lang: str) -> str:
        """One sentence."""
        words = {name: _shown(getattr(self, name)) for name in ("value", "claimed", "proven")}
        counts = {name: getattr(self, name) for name in ("certificate", "resolved", "unproven")}
        return say(f"verify.bound_{self.source}", lang, objective=self.objective, **words, **counts)


class Telling(Protocol):
    """What can be told in JSON and in a sentence."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""

    def text(self, lang: str) -> str:
        """One sentence."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a recheck.

    Attributes
    ----------
    ok
        Whether nothing was found wrong.
    violations
        What was found, in the order of the checks.
    bound
        How far the bound of each objective is proven.
    refusal
        Of an infeasible run, how much of what it names was asked again; else None.
    """

    ok: bool
    violations: tuple[Violation, ...]
    bound: tuple[Proof, ...] = field(default=())
    refusal: Telling | None = None

    def as_dict(self) -> dict[str, Any]:
        """The JSON of ``eit verify --json``."""
        more = {} if self.refusal is None else {"refusal": self.refusal.as_dict()}
        return {
            "ok": self.ok,
            "violations": [violation.as_dict() for violation in self.violations],
            "bound": [proof.as_dict() for proof in self.bound],
            "tolerance": TOLERANCE,
            **more,
        }

    def lines(self, lang: str) -> list[str]:
        """Sentences to print: the outcome, then each violation, then the bounds."""
        count = len(self.violations)
        key = "verify.ok" if self.ok else "verify.wrong_one" if count == 1 else "verify.wrong"
        said = [say(key, lang, count=count, tolerance=f"{TOLERANCE:g}")]
        said += [violation.text(lang) for violation in self.violations]
        said += [proof.text(lang) for proof in self.bound]
        return said if self.refusal is None else [*said, self.refusal.text(lang)]


def above(
    check: str, ids: Iterable[str], found: npt.ArrayLike, limit: npt.ArrayLike
) -> list[Violation]:
    """Violations where `found` passes `limit`."""
    figure, most = _figures(found, limit)
    return _where(check, ids, figure, most, figure > most + slack(most))


def below(
    check: str, ids: Iterable[str], found: npt.ArrayLike, limit: npt.ArrayLike
) -> list[Violation]:
    """Violations where `found` stays under `limit`."""
    figure, least = _figures(found, limit)
    return _where(check, ids, figure, least, figure < least - slack(least))


def unlike(
    check: str, ids: Iterable[str], found: npt.ArrayLike, expected: npt.ArrayLike
) -> list[Violation]:
    """Violations where `found` is not `expected`; blank against blank is alike."""
    figure, wanted = _figures(found, expected)
    with np.errstate(invalid="ignore"):
        apart = ~(np.abs(figure - wanted) <= slack(wanted))
    apart &= ~(np.isnan(figure) & np.isnan(wanted))
    return _where(check, ids, figure, wanted, apart)


def wordwise(
    check: str, ids: Iterable[str], found: npt.ArrayLike, expected: npt.ArrayLike
) -> list[Violation]:
    """Violations where one word is not the other."""
    words, wanted = (np.asarray(side, dtype=object) for side in (found, expected))
    apart = words != wanted
    names = np.asarray(list(ids), dtype=object)
    rows = zip(names[apart], words[apart], wanted[apart], strict=True)
    return [Violation(check, str(id_), str(a), str(b)) for id_, a, b in rows]


def slack(limit: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """How far a figure may lie from `limit`."""
    size = np.abs(np.asarray(limit, dtype=float))
    return TOLERANCE * np.maximum(1.0, np.where(np.isfinite(size), size, 1.0))


def _figures(
    found: npt.ArrayLike, limit: npt.ArrayLike
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Both as arrays of one shape."""
    pair = np.broadcast_arrays(np.asarray(found, dtype=float), np.asarray(limit, dtype=float))
    return pair[0], pair[1]


def _where(
    check: str,
    ids: Iterable[str],
    found: npt.NDArray[np.float64],
    limit: npt.NDArray[np.float64],
    broken: npt.NDArray[np.bool_],
) -> list[Violation]:
    if not broken.any():
        return []
    names = np.asarray(list(ids), dtype=object)
    rows = zip(names[broken], found[broken], limit[broken], strict=True)
    return [Violation(check, str(id_), float(a), float(b)) for id_, a, b in rows]


def _plain(cell: float | str) -> float | str | None:
    return cell if isinstance(cell, str) or math.isfinite(cell) else None


def _shown(cell: float | str) -> str:
    if isinstance(cell, str):
        return cell or "–"
    return f"{cell:.10g}" if math.isfinite(cell) else "–"
