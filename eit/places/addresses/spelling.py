"""French addresses as people write them, brought to one spelling."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

KINDS = {
    **{"R": "RUE", "RU": "RUE", "BD": "BOULEVARD", "BLD": "BOULEVARD", "BLVD": "BOULEVARD"},
    **{"BVD": "BOULEVARD", "BOUL": "BOULEVARD", "AV": "AVENUE", "AVE": "AVENUE"},
    **{"RTE": "ROUTE", "PL": "PLACE", "PLCE": "PLACE", "CHE": "CHEMIN", "CHEM": "CHEMIN"},
    **{"CH": "CHEMIN", "CHM": "CHEMIN", "IMP": "IMPASSE", "ALL": "ALLEE", "ALLEES": "ALLEE"},
    **{"SQ": "SQUARE", "QU": "QUAI", "Q": "QUAI", "FG": "FAUBOURG", "FBG": "FAUBOURG"},
    **{"CRS": "COURS", "LOT": "LOTISSEMENT", "RES": "RESIDENCE", "HAM": "HAMEAU"},
    **{"PAS": "PASSAGE", "PASS": "PASSAGE", "SEN": "SENTIER", "VLA": "VILLA", "ESP": "ESPLANADE"},
    **{"RPT": "ROND POINT", "CITE": "CITE", "VOIE": "VOIE", "MTE": "MONTEE", "COTE": "COTE"},
}
"""Kinds of streets by their abbreviation."""
WORDS = {
    **{"ST": "SAINT", "STE": "SAINTE", "GAL": "GENERAL", "GEN": "GENERAL", "GL": "GENERAL"},
    **{"MAL": "MARECHAL", "MCHL": "MARECHAL", "COL": "COLONEL", "CDT": "COMMANDANT"},
    **{"CAP": "CAPITAINE", "CNE": "CAPITAINE", "LT": "LIEUTENANT", "SGT": "SERGENT"},
    **{"DR": "DOCTEUR", "PDT": "PRESIDENT", "PROF": "PROFESSEUR"},
    **{"PR": "PROFESSEUR", "ND": "NOTRE DAME", "MGR": "MONSEIGNEUR", "ABBE": "ABBE"},
    **{"GD": "GRAND", "GDE": "GRANDE", "PT": "PETIT", "PTE": "PETITE", "RN": "NATIONALE"},
    **{"RD": "DEPARTEMENTALE", "SS": "SOUS", "CHT": "CHATEAU", "CIM": "CIMETIERE"},
}
"""Words of street names by their abbreviation."""
ZONE = re.compile(
    r"\b(?:Z ?I|Z ?A|Z ?A ?C|Z ?A ?E|Z ?A ?L|ZONE(?: D)? (?:INDUSTRIELLE|ARTISANALE|COMMERCIALE"
    r"|ACTIVITES?(?: ECONOMIQUES?)?|AMENAGEMENT CONCERTE)|P ?A ?E|PARC (?:D )?ACTIVITES?"
    r"|PARC INDUSTRIEL|P ?A(?= D(?:E|ES|U)?\b))\b"
)
"""Business parks, however their kind is called: people do not keep ZI, ZA and ZAC apart."""
SMALL = {"DE", "DU", "DES", "D", "LA", "LE", "LES", "L", "A", "AU", "AUX", "ET", "EN"}
POST = re.compile(r"\b(?:BP|B P|CS|TSA|CEDEX)\b ?\d*(?: CEDEX ?\d*)?")
TAIL = re.compile(r"\s\d{5}\s+\D.*$")
NUMBER = re.compile(
    r"(?:N ?O? )?(\d{1,4}) ?(?:(BIS|TER|QUATER|[A-D])\b)? ?(?:A \d+ |\d+ (?=[A-Z]))?(.*)"
)


@dataclass(frozen=True, slots=True)
class Street:
    """A street as it is compared: its kind (``""`` if none is told) and the words of its name."""

    kind: str
    words: tuple[str, ...]

    @property
    def core(self) -> str:
        """The words as one text."""
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class Asked:
    """One reading of an address: number (0 for none), suffix and street."""

    number: int
    suffix: str
    street: Street


def plain(text: str) -> str:
    """Capitals, digits and single spaces; no accents.

    Examples
    --------
    >>> plain(" Bd. de l'Égalité ")
    'BD DE L EGALITE'
    """
    spelled = text.upper().replace("Œ", "OE").replace("Æ", "AE")
    bare = unicodedata.normalize("NFD", spelled).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Z0-9]+", " ", bare).strip()


@lru_cache(maxsize=200_000)
def street_of(text: str) -> Street:
    """A street's kind and words, abbreviations in full.

    Examples
    --------
    >>> street_of("Bd du Gal. de Gaulle")
    Street(kind='BOULEVARD', words=('GENERAL', 'GAULLE'))
    >>> street_of("Z.I. de la Gare")
    Street(kind='ZONE', words=('GARE',))
    """
    found = ZONE.sub(" ZONE ", plain(text)).split()
    kind = ""
    if found and (found[0] == "ZONE" or found[0] in KINDS or found[0] in KINDS.values()):
        kind = KINDS.get(found[0], found[0])
        found = found[1:]
    words = [WORDS.get(word, word) for word in found if word not in SMALL and word != "ZONE"]
    if not words:  # a street called by its kind alone, as Grand Place or Le Quai
        words = [kind or " ".join(found)]
    return Street(kind, tuple(" ".join(words).split()))


def readings(address: str) -> tuple[Asked, ...]:
    """Ways to read an address: as a whole, and each part between commas by itself.

    Examples
    --------
    >>> [(a.number, a.suffix, a.street.core) for a in readings("12 bis, rue du Puits, ZI Nord")]
    [(12, 'BIS', 'PUITS'), (0, '', 'NORD')]
    """
    joined = re.sub(
        r"^\s*(\d{1,4}\s*(?:bis|ter|quater|[a-d])?)\s*[,;]", r"\1 ", address, flags=re.I
    )
    parts = [part for part in re.split(r"[,;\n/]| - ", joined) if part.strip()]
    found: dict[Asked, None] = {}
    for part in [*parts, " ".join(parts)] if len(parts) == 1 else parts:
        text = POST.sub(" ", plain(TAIL.sub("", part)))
        text = " ".join(text.split())
        if not re.search(r"[A-Z]{2}", text):
            continue
        match = NUMBER.fullmatch(text)
        if match and match[3].strip():
            asked = Asked(int(match[1]), match[2] or "", street_of(match[3]))
        else:
            asked = Asked(0, "", street_of(text))
        found.setdefault(asked)
    return tuple(found)
