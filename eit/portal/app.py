"""The application: rooms, walls, errors, put together from settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata
from pathlib import Path

from fastapi import APIRouter, FastAPI, Security
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from sqlalchemy.exc import DataError, OperationalError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from eit.faults import DeclarationError
from eit.portal import errors
from eit.portal.admin import api as admin_api
from eit.portal.admin import routes as admin
from eit.portal.declare import api as declare_api
from eit.portal.declare import routes as declare
from eit.portal.entry import api as entry_api
from eit.portal.entry import routes as entry
from eit.portal.guards import Guards
from eit.portal.jobs.queue import open_queue
from eit.portal.look import api as look_api
from eit.portal.look import routes as look
from eit.portal.oidc import open_provider
from eit.portal.passwords import Passwords
from eit.portal.refusals import PortalError
from eit.portal.runs import api as runs_api
from eit.portal.runs import routes as runs
from eit.portal.settings import Settings
from eit.portal.shapes import ERRORS
from eit.portal.sweeping import sweep
from eit.store.database import open_store
from eit.store.migrations import upgrade

STATIC = Path(__file__).parent / "static"

PAGES: tuple[APIRouter, ...] = (
    entry.router,
    admin.router,
    declare.router,
    runs.router,
    runs.framed,
    look.router,
)
"""Routers of pages; each holds its whole addresses."""

BEARER = HTTPBearer(auto_error=False, description="A key of eit_…, from the account's page")

INTERFACES: tuple[APIRouter, ...] = (
    entry_api.router,
    admin_api.router,
    declare_api.router,
    runs_api.router,
    look_api.router,
)
"""Routers of the HTTP interface, below /api/v1; they make the OpenAPI document."""


def create_app(settings: Settings) -> FastAPI:
    """Put the portal together; its database is made or brought up to date on the way."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = open_store(settings.database_url)
    upgrade(store)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(sweep, store)
        yield
        store.engine.dispose()

    app = FastAPI(
        title="eit",
        version=metadata.version("eit"),
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.store = store
    app.state.settings = settings
    app.state.queue = open_queue(settings.data, settings.database_url)
    app.state.passwords = Passwords()
    app.state.oidc = open_provider(settings)
    app.add_middleware(Guards, settings=settings)
    app.add_exception_handler(PortalError, errors.refused)
    app.add_exception_handler(HTTPException, errors.http)
    app.add_exception_handler(RequestValidationError, errors.unsound)
    app.add_exception_handler(DeclarationError, errors.faulty)
    app.add_exception_handler(DataError, errors.unsound)
    app.add_exception_handler(UnicodeEncodeError, errors.unsound)
    app.add_exception_handler(OperationalError, errors.unkept)
    app.add_exception_handler(Exception, errors.broken)
    for router in PAGES:
        app.include_router(router, include_in_schema=False)
    for router in INTERFACES:
        app.include_router(router, responses=ERRORS, dependencies=[Security(BEARER)])
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app
