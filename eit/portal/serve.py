"""Run the portal: database, web server and job worker together, stopped together."""

import contextlib
import logging
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from eit import data
from eit.portal import accounts, folders, invitations, territories
from eit.portal.invitations import Post, add_member
from eit.portal.passwords import Passwords
from eit.portal.settings import Settings
from eit.store.database import Store
from eit.store.models import AccountRow, FirmRow, InvitationRow, TerritoryRow

log = logging.getLogger(__name__)

RESTART_S = 2.0
STOP_S = 20.0
GRACE_S = 10
DEMO = "artois"
DEMO_NAME = "Artois illustratif (entreprises fictives)"
DEMO_PARK = "cavaliers"
DEMO_FIRM = "Menuiseries Clairpan"


@dataclass(frozen=True, slots=True)
class Person:
    """Someone of the demonstration, with the password of this start."""

    role: str
    name: str
    email: str
    password: str


def run(app: FastAPI, host: str, port: int) -> None:
    """Serve until told to stop (Ctrl-C, SIGTERM); the worker stops too.

    Raises
    ------
    OSError
        If the address cannot be listened on.
    """
    settings: Settings = app.state.settings
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,  # addresses of invitations are secrets
        log_level="warning",
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.proxies,
        timeout_graceful_shutdown=GRACE_S,
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with worker(settings), contextlib.suppress(KeyboardInterrupt):
        try:
            uvicorn.Server(config).run()
        except SystemExit as ended:  # as uvicorn leaves when it cannot listen
            raise OSError(f"{host}:{port}") from ended


@contextmanager
def worker(settings: Settings) -> Iterator[None]:
    """Keep the job worker running meanwhile: a new one takes the place of one that died."""
    stopping = threading.Event()
    keeper = threading.Thread(target=_keep, args=(worker_command(settings), stopping))
    keeper.start()
    try:
        yield
    finally:
        stopping.set()
        keeper.join()


def worker_command(settings: Settings) -> list[str]:
    """How the worker is started."""
    return [
        *(sys.executable, "-m", "eit.portal.tether", "--data", str(settings.data)),
        *("--database", settings.database_url, "--workers", str(settings.workers)),
    ]


def _keep(command: list[str], stopping: threading.Event) -> None:
    while not stopping.is_set():
        with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as process:
            while process.poll() is None and not stopping.wait(0.2):
                pass
            if stopping.is_set():
                process.terminate()
                try:
                    process.wait(STOP_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                return
        log.warning("the job worker ended with status %s; a new one starts", process.returncode)
        stopping.wait(RESTART_S)


def first_invitation(store: Store) -> str | None:
    """Secret of an administrator's invitation, where there is no administrator yet.

    Earlier ones made by an earlier start are worth nothing any more.
    """
    with store.changing() as session:
        known = select(AccountRow.id).where(
            AccountRow.is_administrator.is_(True), AccountRow.disabled_at.is_(None)
        )
        if session.scalar(known.limit(1)) is not None:
            return None
        waiting = select(InvitationRow).where(
            InvitationRow.role == "administrator", InvitationRow.created_by.is_(None)
        )
        for row in session.scalars(waiting):
            invitations.withdraw(session, None, row)
        return invitations.invite(session, None, "", Post("administrator"))


def demonstrate(store: Store, passwords: Passwords) -> list[Person]:
    """Make the demonstration territory and its people; their passwords are new at each start."""
    with store.changing() as session:
        territory = _territory(session)
        people = [
            (Person(role, name, email, secrets.token_urlsafe(9)), post)
            for role, (name, email, post) in _cast(session, territory).items()
        ]
    hashes = [passwords.hash(person.password) for person, _ in people]
    with store.changing() as session:
        for (person, post), kept in zip(people, hashes, strict=True):
            account = accounts.find_account(session, person.email) or AccountRow(
                email=person.email, name=person.name
            )
            session.add(account)
            session.flush()
            account.password_hash = kept
            account.is_administrator = post is None
            if post is not None:
                add_member(session, account, post)
    return [person for person, _ in people]


def _territory(session: Session) -> TerritoryRow:
    known = session.scalar(select(TerritoryRow).where(TerritoryRow.slug == DEMO))
    if known is not None:
        return known
    files = folders.read_folder(data.path("demo", DEMO))
    return territories.create(session, None, DEMO_NAME, DEMO, files)


def _cast(session: Session, territory: TerritoryRow) -> Mapping[str, tuple[str, str, Post | None]]:
    """Fictitious people of each role: name, address, what they are."""
    firm = session.scalar(
        select(FirmRow).where(FirmRow.territory_id == territory.id, FirmRow.name == DEMO_FIRM)
    )
    here = territory.id
    return {
        "administrator": ("Camille Exemple", "admin@portail.example", None),
        "facilitator": ("Dominique Fictif", "animation@portail.example", Post("facilitator", here)),
        "manager": (
            "Sacha Modèle",
            "zone@portail.example",
            Post("manager", here, park_id=DEMO_PARK),
        ),
        "firm": (
            "Alix Illustre",
            "entreprise@portail.example",
            Post("firm", here, firm_id=firm.id if firm else None),
        ),
    }
