"""Communes of France, found by code, or by postcode and name however they are written."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from eit import data

ALIKE, VERY_ALIKE = 85.0, 93.0
"""Likeness (0 to 100, `rapidfuzz.fuzz.ratio` of normal forms) from which two names are one,
within a postcode and within a département."""
SHOWN = 5
"""Most candidates that a notice names."""

_SPELLED_OUT = (
    (r"\bCEDEX\b.*$", ""),
    (r"\bST\b", "SAINT"),
    (r"\bSTE\b", "SAINTE"),
    (r"\bS\b(?= )", "SUR"),
    (r"\b(?:LEZ|LES)\b", "LES"),
    (r"\b0*(\d+) ?(?:E|EME|ER|ERE)?(?: ARR.*)?$", r"\1"),
    (r"^(?:LE|LA|LES|L) (?=\w)", ""),
    (r"\s+", " "),
)


@dataclass(frozen=True, slots=True)
class Found:
    """Commune of each row, how it was found, and what else it might have been.

    Attributes
    ----------
    insee
        Code, ``""`` where none was found.
    how
        ``insee``, ``name`` (with its postcode, or the only one of that name), ``postcode`` (no
        name, and the only one of its postcode), ``alike`` (misspelt, or cut short), ``elsewhere``
        (the postcode is a firm's, or of another commune of the département), ``misnamed`` (the
        only one of its postcode, under another name), ``ambiguous``, ``unknown``, or ``""``
        (nothing to look for).
    candidates
        Names and codes to choose from, ``""`` where the commune was found.
    """

    insee: pd.Series
    how: pd.Series
    candidates: pd.Series


@cache
def communes() -> pd.DataFrame:
    """Every commune, by INSEE code: name, postcodes, lon, lat (degrees), area_km2, area_year."""
    table = data.read_csv("places/communes.csv").set_index("insee")
    for column in ("lon", "lat", "area_km2"):
        table[column] = pd.to_numeric(table[column])
    return table


def describe_communes(insee: pd.Series) -> pd.DataFrame:
    """Name, lon, lat (degrees) and area_km2 of the commune of each row, on their index.

    ``""`` and NaN where there is none; where no row has one, the gazetteer is not read.
    """
    if (insee == "").all():
        blank = dict.fromkeys(("lon", "lat", "area_km2"), np.nan)
        return pd.DataFrame({"name": "", **blank}, index=insee.index)
    known = communes()[["name", "lon", "lat", "area_km2"]].reindex(insee)
    return known.set_axis(insee.index).fillna({"name": ""})


def normal_name(names: pd.Series) -> pd.Series:
    """One spelling of every commune name: capitals, no accent, no first article, Saint in full.

    Examples
    --------
    >>> normal_name(pd.Series(["Le Portel", "St-Étienne CEDEX 2", "Paris 12e"])).tolist()
    ['PORTEL', 'SAINT ETIENNE', 'PARIS 12']
    """
    places, different = pd.factorize(names)
    plain = pd.Series([_unaccented(name) for name in different], dtype="str")
    plain = plain.str.replace(r"[^A-Z0-9]+", " ", regex=True).str.strip()
    for written, meant in _SPELLED_OUT:
        plain = plain.str.replace(written, meant, regex=True)
    return plain.str.strip().take(places).set_axis(names.index)


def find_communes(insee: pd.Series, postcode: pd.Series, city: pd.Series) -> Found:
    """Find the commune of each row by its code, else by postcode and name.

    Parameters
    ----------
    insee, postcode, city
        As written, blank where not known, on one index.
    """
    code = insee.astype(str).str.strip().str.upper().str.zfill(5).where(insee != "", "")
    post = postcode.astype(str).str.replace(r"\D", "", regex=True)
    post = post.str.zfill(5).where(post != "", "")
    asked = pd.DataFrame({"insee": code, "postcode": post, "name": normal_name(city)})
    different = asked.drop_duplicates()
    answers = [_find_one(*row) for row in different.itertuples(index=False, name=None)]
    found = pd.DataFrame(answers, different.index, columns=["code", "how", "choice"], dtype=object)
    keys = ["insee", "postcode", "name"]
    joined = asked.merge(different.join(found), how="left", on=keys).set_index(asked.index)
    return Found(joined["code"], joined["how"], joined["choice"])


def nearest_communes(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> list[str]:
    """Code of the commune whose point is nearest to each place, given in degrees."""
    known = communes()[["lon", "lat"]].dropna()
    east, north = known["lon"].to_numpy(), known["lat"].to_numpy()
    return [
        str(known.index[int(np.argmin(np.hypot((east - x) * np.cos(np.radians(y)), north - y)))])
        for x, y in zip(lon, lat, strict=True)
    ]


def _unaccented(name: object) -> str:
    text = str(name).upper().replace("Œ", "OE").replace("Æ", "AE")
    return unicodedata.normalize("NFD", text).encode("ascii", "ignore").decode()


@cache
def _names() -> pd.DataFrame:
    """Each normal name or alias with its commune and postcode; own names first."""
    table = communes().reset_index()
    own = table[["insee", "postcodes", "name"]].assign(own=True)
    alias = table.loc[table["aliases"] != "", ["insee", "postcodes", "aliases"]]
    alias = alias.assign(name=alias["aliases"].str.split("|"), own=False).explode("name")
    names = pd.concat([own, alias[["insee", "postcodes", "name", "own"]]], ignore_index=True)
    names = names.assign(postcode=names["postcodes"].str.split("|")).explode("postcode")
    names["name"] = normal_name(names["name"])
    return names.drop(columns="postcodes").drop_duplicates(ignore_index=True)


@cache
def _index(by: str) -> dict[str, list[tuple[str, str]]]:
    """Normal names and their communes by postcode, department or name; own names first."""
    names = _names()
    departments = (
        names["postcode"].str[:3].where(names["postcode"].str[:2] > "96", names["postcode"].str[:2])
    )
    key = departments if by == "department" else names[by]
    index: dict[str, list[tuple[str, str]]] = {}
    for group, name, insee in zip(key, names["name"], names["insee"], strict=True):
        index.setdefault(group, []).append((name, insee))
    return index


def _find_one(insee: str, postcode: str, name: str) -> tuple[str, str, str]:
    """Commune, how it was found, and what else it might have been."""
    if insee and insee in communes().index:
        return insee, "insee", ""
    if not postcode and not name:
        return "", "unknown" if insee else "", ""
    if not postcode:
        return _one_of(_index("name").get(name, []), "name", name)
    here = _index("postcode").get(postcode, [])
    if not name:
        return _one_of(here, "postcode", name)
    department = _index("department").get(postcode[: 3 if postcode[:2] > "96" else 2], [])
    for pool, how in ((here, "name"), (department, "elsewhere")):
        if same := [place for place in pool if place[0] == name]:
            return _one_of(same, how, name)
    begins = [place for place in here if _begins(name, place[0])]
    if len({insee for _, insee in begins}) == 1:
        return begins[0][1], "alike", ""
    if alike := _most_alike(name, here):
        return alike[1], "alike", ""
    found = _one_of(here, "misnamed", name)
    if not found[0] and (alike := _most_alike(name, department, least=VERY_ALIKE)):
        return alike[1], "alike", ""
    return found if found[0] else ("", "unknown", found[2])


def _begins(name: str, other: str) -> bool:
    """Whether one name is the beginning of the other, by whole words."""
    return f"{name} ".startswith(f"{other} ") or f"{other} ".startswith(f"{name} ")


def _one_of(places: list[tuple[str, str]], how: str, name: str) -> tuple[str, str, str]:
    """The one commune of the list, or all of them as candidates."""
    codes = list(dict.fromkeys(insee for _, insee in places))
    if len(codes) == 1:
        return codes[0], how, ""
    own = [code for code in codes if normal_name(communes().loc[[code], "name"]).iloc[0] == name]
    if len(own) == 1:
        return own[0], how, ""
    return "", "ambiguous" if codes else "unknown", ", ".join(_named(codes[:SHOWN]))


def _most_alike(
    name: str, places: list[tuple[str, str]], *, least: float = ALIKE
) -> tuple[str, str] | None:
    """The place whose name is spelt most like this one, if it is like enough and alone so."""
    best = process.extract(
        name, [place[0] for place in places], scorer=fuzz.ratio, score_cutoff=least, limit=2
    )
    found = [places[position] for _, _, position in best]
    rivals = len(best) == 2 and best[0][1] == best[1][1] and found[0][1] != found[1][1]
    return found[0] if found and not rivals else None


def _named(codes: Iterable[str]) -> list[str]:
    named = communes().loc[list(codes), "name"]
    return [f"{name} ({code})" for code, name in named.items()]
