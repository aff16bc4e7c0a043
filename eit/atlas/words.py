"""Words of the pages, by audience."""

from eit.texts import catalogue

_PREFIX = "map."
_PUBLIC = "public."
_MONEY = {"value", "eur", "meur"}
"""A label with one of these in its key speaks of money: no public page holds it."""


def inner_labels(lang: str) -> dict[str, str]:
    """Words of the pages for those who plan."""
    return {key: text for key, text in _of_maps(lang).items() if not key.startswith(_PUBLIC)}


def public_labels(lang: str) -> dict[str, str]:
    """Words of the pages for everybody: their own where there are some, none about money."""
    own = {k.removeprefix(_PUBLIC): t for k, t in _of_maps(lang).items() if k.startswith(_PUBLIC)}
    inner = inner_labels(lang)
    return {key: text for key, text in inner.items() if not _MONEY & {*key.split(".")}} | own


def _of_maps(lang: str) -> dict[str, str]:
    """Every text of this room, without the room's own prefix."""
    texts = catalogue(lang)
    return {key.removeprefix(_PREFIX): texts[key] for key in texts if key.startswith(_PREFIX)}
