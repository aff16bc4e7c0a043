"""A small portal for tests: four fictitious firms in two parks, a person of each kind, one plan.

Alpha (park Est) gives offcuts that Beta (park Est) takes; Gamma (park Ouest) gives film that
Delta (park Ouest) takes. Alpha keeps its figures restricted, Beta shows them to its park,
Gamma and Delta to everybody. Money: each donor pays 60 €/t to be rid of it, each receiver
pays 40 €/t to buy it; transport is free, as links.csv says, so a pair gains 100 €/t.
"""

import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from starlette.testclient import TestClient

from eit.portal import sessions, territories
from eit.portal.app import create_app
from eit.portal.jobs import ledger
from eit.portal.jobs.supervising import Bench, see_through
from eit.portal.runs.publishing import pairs_of, publish
from eit.portal.settings import Settings
from eit.store.columns import now
from eit.store.models import AccountRow, FirmRow, JobRow, MembershipRow, TerritoryRow

HOST = "http://localhost:8000"
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


@dataclass(frozen=True)
class World:
    """A portal with people who are signed in."""

    app: object
    data: Path
    territory_id: str
    accounts: dict[str, str]

    @property
    def store(self):
        """Its database."""
        return self.app.state.store

    def copy(self, folder: Path) -> "World":
        """The same portal once more, in another folder."""
        shutil.copytree(self.data, folder, dirs_exist_ok=True)
        app = create_app(Settings(data=folder))
        return World(app, folder, self.territory_id, self.accounts)

    def client(self, person: str = "") -> TestClient:
        """A browser of a person's; of nobody's for an empty name."""
        client = TestClient(self.app, base_url=HOST, follow_redirects=False)
        if person:
            with self.store.changing() as session:
                secret = sessions.start(session, self.accounts[person])
            client.cookies.set(sessions.cookie_name(self.app.state.settings), secret)
        return client

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


def make_world(folder: Path, given: Mapping[str, str] = FILES, **settings) -> World:
    """Make the portal in a folder."""
    app = create_app(Settings(data=folder, **settings))
    accounts = {}
    with app.state.store.changing() as session:
        files = {path: text.encode() for path, text in given.items()}
        territory = territories.create(session, None, "Essai", "essai", files)
        firms = {firm.name: firm.id for firm in territories.firms(session, territory.id)}
        for person, (role, firm, park) in PEOPLE.items():
            account = AccountRow(email=f"{person}@example.org", name=f"Mx {person}", lang="fr")
            session.add(account)
            session.flush()
            accounts[person] = account.id
            membership = MembershipRow(
                account_id=account.id,
                territory_id=territory.id,
                role=role,
                firm_id=firms.get(firm),
                park_id=park,
            )
            session.add(membership)
        stranger = AccountRow(email="stranger@example.org", name="Mx stranger", lang="fr")
        elsewhere = TerritoryRow(slug="ailleurs", name="Ailleurs")
        administrator = AccountRow(
            email="admin@example.org", name="Mx admin", lang="fr", is_administrator=True
        )
        session.add_all([stranger, elsewhere, administrator])
        session.flush()
        session.add(
            MembershipRow(account_id=stranger.id, territory_id=elsewhere.id, role="facilitator")
        )
        accounts |= {"stranger": stranger.id, "administrator": administrator.id}
        return World(app, folder, territory.id, accounts)
