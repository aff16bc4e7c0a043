"""A portal in a folder of its own, with people of each role, seen through its own addresses."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import FastAPI
from pwdlib.hashers.argon2 import Argon2Hasher
from starlette.testclient import TestClient

from eit.portal import sessions, territories, tokens
from eit.portal.app import create_app
from eit.portal.invitations import Post, add_member
from eit.portal.passwords import Passwords
from eit.portal.settings import Settings
from eit.portal.viewer import view
from eit.store.database import Store, open_store
from eit.store.migrations import upgrade
from eit.store.models import AccountRow, DelegationRow, FirmRow, TerritoryRow

ORIGIN = "http://localhost"
PASSWORD = "terril-mauve-42-gaillette"
SITES = (
    "site_id,firm,name,lon,lat,park_id\n"
    "a1,Acme,Acme Lens,2.80,50.43,nord\n"
    "a2,Acme,Acme Liévin,2.78,50.42,sud\n"
    "b1,Béton Fictif,Béton Fictif,2.82,50.43,nord\n"
    "z9,,Sans entreprise,2.83,50.44,\n"
)
PARKS = (
    '{"type":"FeatureCollection","features":['
    '{"type":"Feature","properties":{"park_id":"nord","name":"Parc Nord"},"geometry":'
    '{"type":"Polygon","coordinates":[[[2.79,50.425],[2.83,50.425],[2.83,50.435],[2.79,50.435],'
    "[2.79,50.425]]]}},"
    '{"type":"Feature","properties":{"park_id":"sud","name":"Parc Sud"},"geometry":'
    '{"type":"Polygon","coordinates":[[[2.77,50.415],[2.785,50.415],[2.785,50.424],[2.77,50.424],'
    "[2.77,50.415]]]}}]}"
)
FOLDER: Mapping[str, bytes] = {
    "territory.toml": b'[territory]\nname = "Deux parcs"\nyear = 2026\n',
    "sites.csv": SITES.encode(),
    "parks.geojson": PARKS.encode(),
}


def quick_passwords() -> Passwords:
    """Argon2 at its cheapest, so that tests are quick."""
    return Passwords(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1))


@dataclass(frozen=True)
class Portal:
    """A running portal and the means to look at it as somebody."""

    app: FastAPI
    data: Path

    @property
    def store(self) -> Store:
        return self.app.state.store

    def client(self, account_id: str | None = None, **headers: str) -> TestClient:
        """A browser, signed in where an account is given; redirects are not followed."""
        client = TestClient(
            self.app, base_url=ORIGIN, follow_redirects=False, headers={"origin": ORIGIN, **headers}
        )
        if account_id is not None:
            with self.store.changing() as session:
                secret = sessions.start(session, account_id)
            client.cookies.set("eit_session", secret)
        return client

    def key(self, account_id: str, *, label: str = "test") -> str:
        """A key of the first of an account's memberships."""
        with self.store.changing() as session:
            viewer = view(session.get_one(AccountRow, account_id))
            return tokens.create(session, viewer, viewer.memberships[0].id, label)

    def bearer(self, account_id: str) -> TestClient:
        """A program with a key of the first of an account's memberships."""
        return self.client(authorization=f"Bearer {self.key(account_id)}")

    def account(self, email: str, *posts: Post, name: str = "", administrator: bool = False) -> str:
        """A person with some roles; gives back the identifier of the account."""
        with self.store.changing() as session:
            row = AccountRow(
                email=email,
                name=name or email.partition("@")[0].title(),
                is_administrator=administrator,
                password_hash=self.app.state.passwords.hash(PASSWORD),
            )
            session.add(row)
            session.flush()
            for post in posts:
                add_member(session, row, post)
            return row.id

    def territory(
        self, slug: str = "deux-parcs", files: Mapping[str, bytes] = FOLDER
    ) -> TerritoryRow:
        """A territory of two parks; Acme has a site in each, Béton Fictif one."""
        with self.store.changing() as session:
            return territories.create(session, None, slug.replace("-", " ").title(), slug, files)

    def firm(self, territory: TerritoryRow, name: str) -> FirmRow:
        """A firm of a territory by its name."""
        with self.store.reading() as session:
            return next(f for f in territories.firms(session, territory.id) if f.name == name)

    def delegate(self, firm: FirmRow) -> None:
        """Let facilitators declare for a firm."""
        with self.store.changing() as session:
            session.add(DelegationRow(firm_id=firm.id))


@cache
def empty_database() -> bytes:
    """A SQLite database with today's tables and no rows."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "empty.sqlite"
        store = open_store(f"sqlite:///{file}")
        upgrade(store)
        with store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        store.engine.dispose()
        return file.read_bytes()


def portal_in(data: Path, **settings: object) -> Portal:
    """A portal on a database of its own in a folder, or on the one that is there."""
    data.mkdir(parents=True, exist_ok=True)
    if "database_url" not in settings and not (data / "portal.sqlite").exists():
        (data / "portal.sqlite").write_bytes(empty_database())
    app = create_app(Settings(data=data, **settings))  # type: ignore[arg-type]
    app.state.passwords = quick_passwords()
    return Portal(app, data)


@contextmanager
def open_portal(data: Path, **settings: object) -> Iterator[Portal]:
    """A portal in a folder, closed afterwards."""
    portal = portal_in(data, **settings)
    yield portal
    portal.store.engine.dispose()
