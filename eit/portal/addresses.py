"""Addresses that a request names: where to go on, and how links look from outside."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse


def local(path: str) -> str:
    """A way to go on that stays in the portal; anything else leads to its first page.

    >>> local("/t/artois/"), local("//elsewhere.example"), local("https://elsewhere.example/")
    ('/t/artois/', '/', '/')
    """
    parts = urlsplit(path)
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if plain and not parts.scheme and not parts.netloc and "\\" not in path else "/"


def onward(path: str, done: str = "") -> RedirectResponse:
    """Go on to a page after something was done, which that page then says."""
    mark = "&" if "?" in path else "?"
    return RedirectResponse(f"{path}{mark}done={done}" if done else path, 303)


def outside(request: Request, name: str, **path: str) -> str:
    """Whole address of a page, to be copied into a message."""
    return str(request.url_for(name, **path))


def caller(request: Request) -> str:
    """Where a request comes from."""
    return request.client.host if request.client else ""
