"""A town of the portal: four fictitious firms in two parks, a person of each kind, one plan.

Alpha (park Est) gives offcuts that Beta (park Est) takes; Gamma (park Ouest) gives film that
Delta (park Ouest) takes. Alpha keeps its figures restricted, Beta shows them to its park,
Gamma and Delta to everybody. Money: each donor pays 60 €/t to be rid of it, each receiver
pays 40 €/t to buy it; transport is free, as links.csv says, so a pair gains 100 €/t.
"""

import shutil
import sqlite3
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import select
from starlette.testclient import TestClient

from eit.portal.invitations import Post
from eit.portal.jobs import ledger
from eit.portal.jobs.supervising import Bench, see_through
from eit.portal.runs.publishing import pairs_of, publish
from eit.store.columns import now
from eit.store.database import Store
from eit.store.models import FirmRow, JobRow, TerritoryRow
from support.portal.opened import Portal, portal_in
from support.portal.pictures import fingerprint, picture_of, put_back

FILES = {
    "territory.toml": '[territory]\nname = "Essai"\nyear = 2026\nbuiltin_rules = false\n',
    "sites.csv": (
        "site_id,firm,name,x,y,crs,park_id\n"
        "a1,Alpha,Alpha,2.80,50.40,EPSG:4326,est\n"
        "b1,Beta,Beta,2.81,50.40,EPSG:4326,est\n"
        "c1,Gamma,Gamma,2.50,50.50,EPSG:4326,ouest\n"
        "d1,Delta,Delta,2.51,50.50,EPSG:4326,ouest\n"
    ),
    "links.csv": (
        "from_id,to_id,mode,distance_km,cost_eur_per_unit\na1,b1,road,0.9,0\nc1,d1,road,0.8,0\n"
    ),
    "declarations/base.csv": (
        "declaration_id,site_id,kind,resource,quantity,current_cost_eur_per_unit,"
        "confidentiality,data_quality\n"
        "A-R1,a1,residue,chutes,100,60,restricted,measured\n"
        "B-N1,b1,need,chutes,70,40,park,measured\n"
        "C-R1,c1,residue,film,30,60,open,estimated\n"
        "D-N1,d1,need,film,50,40,open,measured\n"
    ),
    "scenario_sans_alpha.toml": '[exclude]\nsites = ["a1"]\n',
}
PEOPLE = {
    "alpha": ("firm", "Alpha", None),
    "beta": ("firm", "Beta", None),
    "gamma": ("firm", "Gamma", None),
    "east": ("manager", None, "est"),
    "west": ("manager", None, "ouest"),
    "facilitator": ("facilitator", None, None),
}
NOBODY = ("", "nobody")


@dataclass
class Town:
    """A portal, who is in it, and where it is furnished, what its things are called.

    Attributes
    ----------
    accounts
        Identifiers of the people.
    names
        Identifiers by what stands for them in `doors`.
    secrets
        Session cookies by kind of person and, by ``<kind> key``, tokens.
    pictures
        The database of each state.
    """

    portal: Portal
    territory_id: str
    accounts: dict[str, str]
    names: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, sqlite3.Connection] = field(default_factory=dict)
    state: str = ""

    @property
    def app(self) -> FastAPI:
        """Its application."""
        return self.portal.app

    @property
    def data(self) -> Path:
        """Its folder."""
        return self.portal.data

    @property
    def store(self) -> Store:
        """Its database."""
        return self.portal.store

    def copy(self, folder: Path) -> "Town":
        """The same town once more, in another folder."""
        shutil.copytree(self.data, folder, dirs_exist_ok=True)
        return replace(self, portal=portal_in(folder))

    def client(self, who: str = "") -> TestClient:
        """A browser of somebody's, a program with somebody's key, or nobody's browser."""
        if who.endswith(" key"):
            return self.portal.client(authorization=f"Bearer {self.secrets[who]}")
        if who not in self.secrets:
            return self.portal.client(None if who in NOBODY else self.accounts[who])
        client = self.portal.client()
        client.cookies.set("eit_session", self.secrets[who])
        return client

    def key(self, person: str) -> str:
        """A key of a person's."""
        return self.portal.key(self.accounts[person])

    def ask(self, scenario: str = "", name: str = "plan") -> str:
        """Ask for a plan of everything declared by now."""
        with self.store.changing() as session:
            job = ledger.ask(
                session,
                territory_id=self.territory_id,
                account_id=self.accounts["facilitator"],
                as_of=now(),
                name=name,
                scenario=scenario,
            )
            return job.id

    def run(self, scenario: str = "", name: str = "plan") -> str:
        """Compute a plan here and now."""
        job_id = self.ask(scenario, name)
        see_through(Bench(self.store, self.data, threading.Event()), job_id)
        return job_id

    def publish(self, job_id: str) -> None:
        """Publish the run of a job."""
        with self.store.changing() as session:
            job = session.get_one(JobRow, job_id)
            publish(session, job, pairs_of(self.data / job.folder), None)

    def firm_id(self, name: str) -> str:
        """Identifier of a firm by its name."""
        with self.store.reading() as session:
            return session.scalars(select(FirmRow.id).where(FirmRow.name == name)).one()

    def picture(self) -> sqlite3.Connection:
        """Remember the database as it is now."""
        return picture_of(self.data / "portal.sqlite")

    def reset(self, state: str) -> None:
        """Put everything back as it was in a state."""
        put_back(self.pictures[state], self.data / "portal.sqlite")
        self.state = state

    def rows(self) -> dict[str, int]:
        """A fingerprint of every table but those that note that somebody was there."""
        noting = ("token", "session", "attempt")
        return fingerprint(self.data / "portal.sqlite", without=noting)


def town_in(folder: Path, files: Mapping[str, str] = FILES, **settings: object) -> Town:
    """Make the town in a folder: its firms, and a person of each kind."""
    portal = portal_in(folder, **settings)
    given = {path: text.encode() for path, text in files.items()}
    territory = portal.territory("essai", given)
    accounts = {}
    for person, (role, firm, park) in PEOPLE.items():
        firm_id = portal.firm(territory, firm).id if firm else None
        post = Post(role, territory.id, firm_id=firm_id, park_id=park)
        accounts[person] = portal.account(f"{person}@example.org", post, name=f"Mx {person}")
    with portal.store.changing() as session:
        elsewhere = TerritoryRow(slug="ailleurs", name="Ailleurs")
        session.add(elsewhere)
        session.flush()
        there = Post("facilitator", elsewhere.id)
    accounts["stranger"] = portal.account("stranger@example.org", there, name="Mx stranger")
    accounts["administrator"] = portal.account(
        "admin@example.org", name="Mx admin", administrator=True
    )
    return Town(portal, territory.id, accounts)
