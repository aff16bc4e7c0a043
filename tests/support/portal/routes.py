"""Every address that the portal answers to, with what it takes, from the application itself."""

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import FastAPI


@dataclass(frozen=True)
class Route:
    """One address and method.

    Attributes
    ----------
    method, path
        As the application has them; the path with names in braces.
    asked, sent
        Names of what it takes in its address after ``?``, and in a form.
    """

    method: str
    path: str
    asked: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()


def routes_of(app: FastAPI) -> list[Route]:
    """Every address but those of the static files."""
    return [route for one in app.routes for route in _routes(one)]


def _routes(one) -> Iterator[Route]:
    if hasattr(one, "effective_route_contexts"):
        for known in one.effective_route_contexts():
            needs = known.dependant
            asked = tuple(param.alias for param in needs.query_params)
            sent = tuple(param.alias for param in needs.body_params)
            for method in sorted(known.methods):
                yield Route(method, known.path, asked, sent)
    elif getattr(one, "path", "") != "/static":
        yield Route("GET", one.path)
