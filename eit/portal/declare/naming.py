"""Resources by their names: what a person may choose from, and what their words may mean."""

from collections.abc import Collection
from functools import cache

from eit import nomenclature
from eit.tables import key_of

MOST_FOUND = 12


@cache
def offered(lang: str) -> tuple[tuple[str, str], ...]:
    """Every entry of the waste list and every resource of the nomenclature, with its name."""
    label = f"label_{lang}"
    waste = nomenclature.waste_codes()[label]
    others = nomenclature.resources()[label].sort_values()
    return (*map(_pair, others.items()), *map(_pair, waste.items()))


def search(words: str, lang: str, known: Collection[str] = ()) -> list[tuple[str, str]]:
    """Resources whose name or code holds every word, shortest names first.

    Parameters
    ----------
    known
        Resources that the territory names besides; they have no other name.
    """
    parts = [part for word in words.split() if (part := _stem(key_of(word)))]
    if not parts:
        return []
    own = tuple((name, name) for name in sorted(known))
    found = [
        (len(label), name, label)
        for name, label in dict((*own, *offered(lang))).items()
        if all(part in key_of(f"{name} {label}") for part in parts)
    ]
    return [(name, label) for _, name, label in sorted(found)[:MOST_FOUND]]


def resource_meant(text: str, lang: str) -> str:
    """The resource that a text names by its whole name; else the text."""
    key = key_of(text)
    return _by_label(lang).get(key, text) if key else text


@cache
def _by_label(lang: str) -> dict[str, str]:
    pairs = [(key_of(label), name) for name, label in offered(lang)]
    keys = [key for key, _ in pairs]
    return {key: name for key, name in pairs if keys.count(key) == 1}


def _pair(named: tuple[object, object]) -> tuple[str, str]:
    return str(named[0]), str(named[1])


def _stem(key: str) -> str:
    """A word without the ending of its plural."""
    return key.removesuffix("s") if len(key) > 3 and not key.isdigit() else key
