"""Quality as declared: what a residue holds (``p=v``), what a need accepts (``p<=v``, ``p>=v``)."""

import re
from dataclasses import dataclass
from typing import Literal

from eit.tables.cell import Cell
from eit.tables.numbers import read_number
from eit.tables.schema import key_of

_TERM = re.compile(r"\s*([^\W\d][^<>=≤≥]*?)\s*(<=|>=|=<|=>|≤|≥|==|=|<|>)\s*([^<>=≤≥]+?)\s*")
_SIGN = {"<=": "<=", "=<": "<=", "≤": "<=", ">=": ">=", "=>": ">=", "≥": ">=", "=": "=", "==": "="}


@dataclass(frozen=True, slots=True)
class Term:
    """One property with its value (``=``) or its limit (``<=``, ``>=``)."""

    name: str
    sign: Literal["=", "<=", ">="]
    value: float

    def __str__(self) -> str:
        return f"{self.name}{self.sign}{self.value:.15g}"


def quality_terms(text: str) -> tuple[Term, ...]:
    """Terms of a quality in normal form, as `read_quality` gives it.

    Examples
    --------
    >>> quality_terms("moisture_pct<=15; lhv_mj_per_kg>=14")[1].value
    14.0
    """
    terms = (_TERM.fullmatch(part) for part in text.split(";") if part.strip())
    return tuple(Term(t[1], t[2], float(t[3])) for t in terms if t)  # type: ignore[arg-type]


def read_quality(text: str) -> Cell:
    """Read a quality; the value is its terms in normal form, separated by ``"; "``."""
    terms: list[Term] = []
    for part in re.split(r"[;|\n]", text):
        if not part.strip():
            continue
        found = _TERM.fullmatch(part)
        number = read_number(found[3], comma_decimal=True) if found else Cell(fault="number")
        if not found or number.fault:
            return Cell(fault="quality", detail={"term": part.strip()})
        if found[2] not in _SIGN:
            return Cell(fault="quality_strict", detail={"term": part.strip()})
        terms.append(Term(_name(found[1]), _SIGN[found[2]], float(number.value)))  # type: ignore[arg-type]
    return _consistent(terms)


def read_limits(text: str) -> Cell:
    """Read a quality that may hold limits only."""
    cell = read_quality(text)
    for term in quality_terms(str(cell.value)):
        if term.sign == "=":
            return Cell(fault="quality_value", detail={"term": str(term), "name": term.name})
    return cell


def _consistent(terms: list[Term]) -> Cell:
    """Refuse a property told twice in the same way, and limits that leave nothing between them."""
    seen: dict[tuple[str, str], float] = {}
    for term in terms:
        if (term.name, term.sign) in seen:
            return Cell(fault="quality_twice", detail={"name": term.name})
        seen[term.name, term.sign] = term.value
    for (name, sign), most in seen.items():
        if sign == "<=" and seen.get((name, ">="), most) > most:
            return Cell(fault="quality_contradiction", detail={"name": name})
    return Cell("; ".join(map(str, terms)))


def _name(text: str) -> str:
    """Name of a property: lower case, without accents, words joined by underscores."""
    words = re.split(r"[\W_]+", text.strip().replace("%", " pct "))
    return "_".join(key for word in words if (key := key_of(word)))
