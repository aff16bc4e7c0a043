"""Pages: a template, the viewer's language, and what every page can say."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from eit.portal.rights import Place, permits
from eit.portal.rooms import rooms
from eit.portal.viewer import Viewer
from eit.texts import LANGUAGES, catalogue, say

TEMPLATES = Path(__file__).parent / "templates"
ZONE = ZoneInfo("Europe/Paris")
LANG_COOKIE = "eit_lang"


@cache
def environment() -> Environment:
    """Templates with everything escaped; a name that is missing is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["Place"] = Place
    return made


def language(request: Request, viewer: Viewer | None) -> str:
    """Language of a page: of the account, else of the cookie, the browser, the portal."""
    if viewer is not None:
        return viewer.lang
    chosen = request.cookies.get(LANG_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    for part in request.headers.get("accept-language", "").lower().split(","):
        if part.strip()[:2] in LANGUAGES:
            return part.strip()[:2]
    return str(request.app.state.settings.lang)


def page(
    request: Request,
    viewer: Viewer | None,
    template_name: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """Render a template for a viewer.

    Templates have ``say(key, **values)``, ``number(value, digits)``, ``amount(value, unit)``,
    ``moment(value)``, ``day(value)``, ``url(name, **path)``, ``may(action, resource, **place)``,
    ``viewer``, ``has(key)``, ``lang``, ``path`` and ``done`` (the sentence of
    ``?done=room.word``: key ``room.done.word``).
    """
    lang = language(request, viewer)
    settings = request.app.state.settings
    words: dict[str, Any] = {
        "say": lambda key, **values: say(key, lang, **values),
        "number": partial(number, lang=lang),
        "amount": partial(amount, lang=lang),
        "moment": partial(moment, lang=lang),
        "day": partial(day, lang=lang),
        "url": lambda name, **path: request.app.url_path_for(name, **path),
        "may": partial(_may, viewer),
        "has": lambda key: key in catalogue(lang),
        "rooms": rooms,
        "viewer": viewer,
        "lang": lang,
        "path": request.url.path,
        "oidc_label": settings.oidc_label or settings.oidc_issuer,
        "done": _done(request, lang),
    }
    html = environment().get_template(template_name).render(words | context)
    return HTMLResponse(html, status, headers)


def number(value: float | None, digits: int = 0, *, lang: str) -> str:
    """A figure as people of that language write it; a dash where there is none."""
    if value is None:
        return "–"
    tidy = round(value, digits) + 0.0  # no -0
    return str(format_decimal(tidy, format=f"#,##0.{'0' * digits}", locale=lang))


def amount(value: float, unit: str, *, lang: str) -> str:
    """A quantity with its unit in words; one decimal below a hundred."""
    named = catalogue(lang).get(f"map.unit.{unit}", unit)
    return f"{number(value, 0 if abs(value) >= 100 else 1, lang=lang)} {named}"


def moment(value: datetime | None, *, lang: str) -> str:
    """A moment on the clocks of France; a dash where there is none."""
    if value is None:
        return "–"
    return str(format_datetime(value.astimezone(ZONE), "d MMM y, HH:mm", locale=lang))


def day(value: date | None, *, lang: str) -> str:
    """A day as people write it; a dash where there is none."""
    return "–" if value is None else str(format_date(value, "d MMM y", locale=lang))


def _may(viewer: Viewer | None, action: str, resource: str, **place: Any) -> bool:
    return viewer is not None and permits(viewer, action, resource, Place(**place))


def _done(request: Request, lang: str) -> str:
    """What was just done, where the address says so in a word that we know."""
    room, _, word = request.query_params.get("done", "").partition(".")
    text = catalogue(lang).get(f"{room}.done.{word}", "")
    return "" if "{" in text else text
