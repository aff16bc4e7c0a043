"""Which street and house of the address base a written address means, and how sure that is."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rapidfuzz import fuzz

from eit.places.addresses.spelling import Asked, Street, readings
from eit.places.gazetteer import communes, find_communes
from eit.places.systems import apart_km

SURE = 0.8
"""Score from which an address is taken without a person's word."""
WORTH_SHOWING = 0.55
"""Score from which an address is worth a person's look."""
CLOSE = 0.04
"""Two answers whose scores differ by less, and whose places by more than `APART_KM`, are rivals."""
APART_KM = 0.3
SHOWN = 4
NEAR_NUMBERS = 10
"""A number that the base lacks is placed by the next one of its street, if they differ by less."""
ZONE_FOR_STREET, OTHER_KIND, KIND_UNTOLD, OTHER_COMMUNE, OTHER_NUMERAL = 25, 12, 4, 6, 40
PART_OF_NAME, INITIALS = 86, 92
"""Likeness of a name to one that has more words (Jaurès for Jean Jaurès), or some in full
(J. Jaurès)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Where an address is.

    Attributes
    ----------
    lon, lat
        Degrees, NaN where nothing was found.
    score
        Likeness of what was asked and found, 0 to 1.
    precision
        ``housenumber``, ``street`` (its number is not known, or none was asked), ``locality``
        (a place without numbers), ``municipality`` or ``none``.
    found
        The address found.
    source
        File it stands in.
    sure
        Whether nobody needs look at it.
    rivals
        Other addresses that it may be.
    """

    lon: float = np.nan
    lat: float = np.nan
    score: float = 0.0
    precision: str = "none"
    found: str = ""
    source: str = ""
    sure: bool = False
    rivals: str = ""


def find_addresses(index: sqlite3.Connection, rows: pd.DataFrame) -> pd.Series:
    """Look addresses up.

    Parameters
    ----------
    index
        As `eit.places.addresses.open_index` gives it.
    rows
        address, postcode, city, insee as written, blank where not known.

    Returns
    -------
    answers
        An `Answer` for each row, on its index.
    """
    found = find_communes(rows["insee"], rows["postcode"], rows["city"])
    answers: list[Answer] = []
    streets: dict[str, pd.DataFrame] = {}
    for home, how, address, postcode in zip(
        found.insee, found.how, rows["address"], rows["postcode"], strict=True
    ):
        nearby = _streets(index, streets, home, postcode if how != "insee" or not home else "")
        best = _best(index, nearby, home, address)
        answers.append(best or _municipality(home))
    return pd.Series(answers, index=rows.index, dtype=object)


def _streets(
    index: sqlite3.Connection, known: dict[str, pd.DataFrame], home: str, postcode: str
) -> pd.DataFrame:
    """Streets of a commune, and of the others of its postcode where it may be another."""
    key = f"{home}|{postcode}"
    if key not in known:
        query = "SELECT * FROM street WHERE insee = ? OR (? != '' AND postcode = ?) ORDER BY street"
        known[key] = pd.read_sql_query(query, index, params=(home, postcode, postcode))
    return known[key]


def _best(
    index: sqlite3.Connection, streets: pd.DataFrame, home: str, address: str
) -> Answer | None:
    """The likeliest street of all readings of an address; None if none is worth a look."""
    candidates: list[tuple[float, Asked, Mapping[str, object]]] = []
    for asked in readings(address):
        scores = _scores(asked.street, streets, home)
        for at in np.argsort(-scores, kind="stable")[:SHOWN]:
            if scores[at] >= WORTH_SHOWING:
                row = {str(name): value for name, value in streets.iloc[at].items()}
                candidates.append((float(scores[at]), asked, row))
    if not candidates:
        return None
    candidates.sort(key=lambda one: (-one[0], one[1].number == 0))
    score, asked, street = candidates[0]
    lon, lat, precision = _house(index, asked, street)
    alike = [c for c in candidates[1:] if c[1] == asked or not asked.number]
    rivals = [other for other in alike if _differs(other[2], street)]
    close = any(score - other[0] < CLOSE for other in rivals)
    named = dict.fromkeys(_named(None, other[2]) for other in rivals)
    return Answer(
        lon=round(lon, 6),
        lat=round(lat, 6),
        score=round(score, 3),
        precision=precision,
        found=_named(asked if precision == "housenumber" else None, street),
        source=str(street["source"]),
        sure=score >= SURE and not close,
        rivals="; ".join(list(named)[:SHOWN]),
    )


def _scores(asked: Street, streets: pd.DataFrame, home: str) -> np.ndarray:
    """Likeness of a street to every other, 0 to 1."""
    names = _likeness(asked, streets["core"].tolist())
    kinds = streets["kind"].to_numpy(dtype=object)
    zone = (kinds == "ZONE") != (asked.kind == "ZONE")
    told = (kinds != "") & (asked.kind != "")
    loss = np.where(zone, ZONE_FOR_STREET, np.where(told & (kinds != asked.kind), OTHER_KIND, 0))
    loss = loss + np.where(~zone & ~told & (kinds != asked.kind), KIND_UNTOLD, 0)
    elsewhere = streets["insee"].to_numpy(dtype=object) != home
    loss = loss + np.where(elsewhere & (home != ""), OTHER_COMMUNE, 0)
    return np.asarray(np.clip(names - loss, 0, 100) / 100)


def _likeness(asked: Street, cores: Sequence[str]) -> np.ndarray:
    """Likeness of names, 0 to 100; a numeral (8 MAI, 11 NOVEMBRE) must be the same."""
    words, core = set(asked.words), asked.core
    numerals = {word for word in words if word.isdigit()}
    initials = any(len(word) == 1 and not word.isdigit() for word in words)
    scores = np.zeros(len(cores))
    for at, other in enumerate(cores):
        theirs = set(other.split())
        score = max(fuzz.ratio(core, other), fuzz.token_sort_ratio(core, other))
        shared = words & theirs
        telling = any(len(word) > 3 and not word.isdigit() for word in shared)
        if telling and (words <= theirs or theirs <= words):
            score = max(score, PART_OF_NAME)
        if initials and _abbreviates(asked.words, other.split()):
            score = max(score, INITIALS)
        if numerals != {word for word in theirs if word.isdigit()}:
            score -= OTHER_NUMERAL
        if len(core) <= 3 and core != other:
            score = min(score, 50)
        scores[at] = score
    return scores


def _abbreviates(short: Sequence[str], full: Sequence[str]) -> bool:
    """Whether every word is that of the other name, or its first letter."""
    pairs = zip(short, full, strict=False)
    return len(short) == len(full) and all(a in (b, b[0]) for a, b in pairs)


def _house(
    index: sqlite3.Connection, asked: Asked, street: Mapping[str, object]
) -> tuple[float, float, str]:
    """Position of the number asked, else of the next one that there is, else of the street."""
    query = "SELECT number, suffix, lon, lat FROM house WHERE street = ? ORDER BY number, suffix"
    houses = index.execute(query, (int(str(street["street"])),)).fetchall()
    if not houses:
        return float(str(street["lon"])), float(str(street["lat"])), "locality"
    if asked.number:
        same = [house for house in houses if house[0] == asked.number]
        exact = [house for house in same if house[1] == asked.suffix] or same
        if exact:
            return exact[0][2], exact[0][3], "housenumber"
        near = min(houses, key=lambda h: (abs(h[0] - asked.number), (h[0] - asked.number) % 2))
        if abs(near[0] - asked.number) <= NEAR_NUMBERS:
            return near[2], near[3], "street"
    return float(str(street["lon"])), float(str(street["lat"])), "street"


def _differs(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Whether two streets lie apart."""
    pairs = [np.array([float(str(street[c]))]) for street in (one, other) for c in ("lon", "lat")]
    return one["street"] != other["street"] and bool(apart_km(*pairs)[0] > APART_KM)


def _named(asked: Asked | None, street: Mapping[str, object]) -> str:
    number = f"{asked.number} {asked.suffix.lower()}".strip() + " " if asked else ""
    return f"{number}{street['name']}, {street['postcode']} {street['city']}".strip()


def _municipality(home: str) -> Answer:
    if not home:
        return Answer()
    known = communes()
    lon, lat = (float(known[column].loc[home]) for column in ("lon", "lat"))
    return Answer(lon, lat, 0.0, "municipality", f"{known['name'].loc[home]} ({home})")
