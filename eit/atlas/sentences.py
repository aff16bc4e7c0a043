"""Reasons of a plan as a page tells them: firms by their names, in the page's language."""

import re
from collections.abc import Collection, Mapping
from functools import cache

from eit.texts import LANGUAGES, catalogue, say

_DETAIL = re.compile(r"reason\.(.+)\.detail")
_CHANGE = "reason.{cause}.change"
OWN_COSTS = {"not_worth"}
"""Causes whose figure, beside a treatment site, would be one firm's own costs."""


def reworded(
    detail: str, change: str, lang: str, *, names: Mapping[str, str], hubs: Collection[str]
) -> tuple[str, str]:
    """Both sentences of a reason with the partner's name beside its id, in another language.

    A sentence that no template of the catalogue explains comes back as it is.

    Parameters
    ----------
    names
        What the site or hub behind each id is called.
    hubs
        Ids of hubs: a figure of money beside one is left out.
    """
    for language in (lang, *(other for other in LANGUAGES if other != lang)):
        for cause, pattern in _patterns(language):
            found = pattern.fullmatch(detail)
            partner = found.groupdict().get("partner", "") if found else ""
            if not found or (partner and partner not in names):
                continue
            if cause in OWN_COSTS and partner in hubs:
                called = {"partner": names[partner]}
                return say("map.reason.hub", lang, **called), say("map.reason.hub.change", lang)
            told = found.groupdict() | ({"partner": _called(partner, names)} if partner else {})
            second = _second(change, cause, language, lang)
            return say(f"reason.{cause}.detail", lang, **told), second
    return detail, change


def _called(partner: str, names: Mapping[str, str]) -> str:
    """A name with the id behind it, where it says more than the name."""
    name = names[partner]
    return name if name.casefold() == partner.casefold() else f"{name} ({partner})"


def _second(change: str, cause: str, written: str, lang: str) -> str:
    """The sentence on what would change it, in the language of the page."""
    if written == lang:
        return change
    found = _pattern(catalogue(written)[_CHANGE.format(cause=cause)]).fullmatch(change)
    return say(_CHANGE.format(cause=cause), lang, **found.groupdict()) if found else change


@cache
def _patterns(lang: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Cause and pattern of every reason, those with most words of their own first."""
    keys = {found[1]: key for key in catalogue(lang) if (found := _DETAIL.fullmatch(key))}
    texts = [(cause, catalogue(lang)[key]) for cause, key in keys.items()]
    fixed = sorted(texts, key=lambda one: (-len(re.sub(r"\{\w+\}", "", one[1])), one[0]))
    return tuple((cause, _pattern(text)) for cause, text in fixed)


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """What any sentence made of a template looks like, its values by name."""
    pieces = re.split(r"\{(\w+)\}", template)
    seen: set[str] = set()
    made = []
    for at, piece in enumerate(pieces):
        if at % 2 == 0:
            made.append(re.escape(piece))
        else:
            made.append(f"(?P={piece})" if piece in seen else f"(?P<{piece}>.+?)")
            seen.add(piece)
    return re.compile("".join(made), re.DOTALL)
