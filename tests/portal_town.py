"""A portal with everything in it that rights are about, for tests that knock at each door.

The firms are those of `portal_world`, with figures that occur nowhere else. Alpha (park Est)
gives offcuts to Beta (park Est), Gamma gives film to Delta (park Ouest). By hand, at zero
transport: Alpha saves 71.3 t at 61.73 €/t, 4401.35 €; Beta 71.3 t at 43.19 €/t, 3079.45 €;
together 7480.80 €. Gamma saves 33.9 t at 58.27 €/t, 1975.35 €; Delta, at 37.61 €/t, 1274.98 €.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from portal import PASSWORD, quick_passwords
from portal_world import FILES, World, make_world
from sqlalchemy import select
from starlette.testclient import TestClient

from eit.portal import invitations, sessions, tokens
from eit.portal.invitations import Post, add_member
from eit.portal.runs.tickets import give_ticket
from eit.portal.viewer import view
from eit.store.models import (
    AccountRow,
    AnswerRow,
    AuditRow,
    DelegationRow,
    FileRow,
    FirmRow,
    JobRow,
    MembershipRow,
    NoteRow,
    SynergyRow,
    TerritoryRow,
)

DECLARED = (
    "declaration_id,site_id,kind,resource,quantity,current_cost_eur_per_unit,"
    "confidentiality,data_quality\n"
    "A-R1,a1,residue,chutes,102.7,61.73,restricted,measured\n"
    "B-N1,b1,need,chutes,71.3,43.19,park,measured\n"
    "C-R1,c1,residue,film,33.9,58.27,open,estimated\n"
    "D-N1,d1,need,film,51.7,37.61,open,measured\n"
)
TOWN_FILES = {**FILES, "declarations/base.csv": DECLARED}
HEAD = "declaration_id;site_id;kind;resource;quantity;current_cost_eur_per_unit\n"
LIVE = HEAD + "F1;a1;residue;gravats;88,8;91,37\n"
DRAFT = HEAD + "F2;a1;need;sable;5,1;92,46\nF3;a1;need;sable;-3;\n"
PROXY = HEAD + "F4;a1;residue;gravats;7,7;93,58\nF5;a1;need;sable;-4;\n"
NOTE, REASON, LABEL = "rappeler après les congés", "quai trop court", "clef du silo"

KINDS = {
    "stranger": "stranger",
    "elsewhere": "elsewhere",
    "administrator": "administrator",
    "facilitator": "facilitator",
    "firm": "alpha",
    "partner": "beta",
    "other": "gamma",
    "manager": "east",
    "beside": "west",
}
"""People by what they are to the things asked for: those of Alpha, of the park Est, and of the
synergy between Alpha and Beta. ``beside`` manages the other park."""

STATES = ("plain", "delegated", "agreed")


@dataclass
class Town:
    """A portal, who is in it, and what its things are called in addresses.

    Attributes
    ----------
    names
        Identifiers by what stands for them in `portal_doors`.
    secrets
        Session cookies and, by ``<kind> key``, tokens.
    pictures
        The database of each state.
    """

    world: World
    names: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, sqlite3.Connection] = field(default_factory=dict)
    state: str = ""

    def client(self, who: str) -> TestClient:
        """A browser of somebody's, a program with somebody's key, or nobody's browser."""
        host = "http://localhost:8000"
        client = TestClient(self.world.app, base_url=host, follow_redirects=False)
        client.headers["origin"] = host
        if who.endswith(" key"):
            client.headers["authorization"] = f"Bearer {self.secrets[who]}"
        elif who in self.secrets:
            client.cookies.set("eit_session", self.secrets[who])
        return client

    def picture(self) -> sqlite3.Connection:
        """Remember the database as it is now."""
        kept = sqlite3.connect(":memory:", check_same_thread=False)
        with closing(self._database()) as source:
            source.backup(kept)
        return kept

    def reset(self, state: str) -> None:
        """Put everything back as it was in a state."""
        with closing(self._database()) as target:
            self.pictures[state].backup(target)
        self.state = state

    def rows(self) -> dict[str, int]:
        """A fingerprint of every table but those that note that somebody was there."""
        with closing(self._database()) as database:
            wanted = "SELECT name FROM sqlite_master WHERE type = 'table'"
            tables = [name for (name,) in database.execute(wanted)]
            return {
                name: hash(frozenset(database.execute(f'SELECT * FROM "{name}"')))
                for name in tables
                if name not in ("token", "session", "attempt")
            }

    def _database(self) -> sqlite3.Connection:
        return sqlite3.connect(self.world.data / "portal.sqlite")


@cache
def _built(folder: Path) -> Town:
    return town_in(folder, TOWN_FILES)


def town_in(folder: Path, files: Mapping[str, str]) -> Town:
    """Build a town in a folder: people, a published plan, declarations, invitations."""
    world = make_world(folder, files)
    world.app.state.passwords = quick_passwords()
    town = Town(world)
    _people(town)
    _runs(town)
    _declarations(town)
    _links(town)
    town.pictures["plain"] = town.picture()
    with world.store.changing() as session:
        session.add(DelegationRow(firm_id=town.names["firm"]))
    town.pictures["delegated"] = town.picture()
    town.reset("plain")
    with world.store.changing() as session:
        for firm in ("firm", "partner firm"):
            answer = {"firm_id": town.names[firm], "interested": True, "why": REASON}
            session.add(AnswerRow(synergy_id=town.names["synergy"], **answer))
    town.pictures["agreed"] = town.picture()
    town.reset("plain")
    return town


def make_town(tmp_path_factory, name: str) -> Town:
    """A town of one's own; they are all copies of one that is built once."""
    town = _built(tmp_path_factory.getbasetemp() / "portal-town")
    town.reset("plain")
    world = town.world.copy(tmp_path_factory.mktemp(name))
    world.app.state.passwords = quick_passwords()
    return replace(town, world=world)


def _people(town: Town) -> None:
    world = town.world
    with world.store.changing() as session:
        away = session.scalars(select(TerritoryRow).where(TerritoryRow.slug == "ailleurs")).one()
        away_firm = FirmRow(territory_id=away.id, slug="omega", name="Omega")
        session.add(away_firm)
        session.flush()
        alpha = world.firm_id("Alpha")
        here = world.territory_id
        posts = {
            "elsewhere": Post("firm", away.id, firm_id=away_firm.id),
            "second": Post("facilitator", here),
            "spare": Post("firm", here, firm_id=alpha),
            "chief": None,
        }
        for who, post in posts.items():
            account = AccountRow(email=f"{who}@example.org", name=f"Mx {who}", lang="fr")
            session.add(account)
            session.flush()
            account.is_administrator = post is None
            if post is not None:
                add_member(session, account, post)
            world.accounts[who] = account.id
        kept = world.app.state.passwords.hash(PASSWORD)
        for account_id in world.accounts.values():
            session.get_one(AccountRow, account_id).password_hash = kept
    with world.store.changing() as session:
        for kind, person in KINDS.items():
            viewer = view(session.get_one(AccountRow, world.accounts[person]))
            town.secrets[kind] = sessions.start(session, viewer.account_id)
            if viewer.memberships:
                held = viewer.memberships[0].id
                town.secrets[f"{kind} key"] = tokens.create(session, viewer, held, LABEL)
        town.names["spare"] = world.accounts["spare"]
        for who, name in (("alpha", "own membership"), ("spare", "membership")):
            town.names[name] = _membership(session, world.accounts[who])
        town.names["steering membership"] = _membership(session, world.accounts["second"])


def _membership(session, account_id: str) -> str:
    rows = select(MembershipRow.id).where(MembershipRow.account_id == account_id)
    return session.scalars(rows).one()


def _runs(town: Town) -> None:
    world, names = town.world, town.names
    names["job"] = world.run(name="plan commun")
    world.publish(names["job"])
    names["waiting job"] = world.ask(name="plan en attente")
    with world.store.changing() as session:
        done = session.get_one(JobRow, names["job"])
        again = JobRow(
            territory_id=done.territory_id,
            name="plan bis",
            as_of=done.as_of,
            state="done",
            folder=done.folder,
            summary=done.summary,
        )
        session.add(again)
        session.flush()
        names["second job"] = again.id
        keys = {row.donor_key: row.id for row in session.query(SynergyRow)}
        names["synergy"], names["open synergy"] = keys["A-R1"], keys["C-R1"]
        session.add(NoteRow(synergy_id=keys["A-R1"], stage="detected", text=NOTE))


def _declarations(town: Town) -> None:
    world, names = town.world, town.names
    names["firm"], names["partner firm"] = world.firm_id("Alpha"), world.firm_id("Beta")
    desk = f"/api/v1/territories/essai/firms/{names['firm']}"

    def send(who: str, text: str, filename: str) -> str:
        sent = {"content": text.encode(), "headers": {"content-type": "text/csv"}}
        answer = town.client(who).post(f"{desk}/submissions?filename={filename}", **sent)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    names["declared"] = send("firm", LIVE, "vivant.csv")
    town.client("firm").post(f"{desk}/submissions/{names['declared']}/declare")
    names["draft"] = send("firm", DRAFT, "brouillon.csv")
    town.client("firm").put(f"{desk}/delegation", json={"granted": True})
    names["proxy"] = send("facilitator", PROXY, "mandat.csv")
    town.client("firm").put(f"{desk}/delegation", json={"granted": False})


def _links(town: Town) -> None:
    world, names = town.world, town.names
    here = world.territory_id
    posts = {
        "invitation": Post("manager", here, park_id="est"),
        "steering invitation": Post("facilitator", here),
        "chief invitation": Post("administrator"),
    }
    with world.store.changing() as session:
        for name, post in posts.items():
            address = f"{name.replace(' ', '-')}@example.org"
            secret = invitations.invite(session, None, address, post)
            names[name], names[f"{name} link"] = sessions.digest(secret), secret
        files = {row.path: row.id for row in session.scalars(select(FileRow))}
        names["file"] = files["sites.csv"]
        sent = FileRow(
            territory_id=here,
            path="declarations/envoi.csv",
            content=DECLARED.encode(),
            sha256="",
            removed=True,
            created_by=world.accounts["facilitator"],
        )
        session.add(sent)
        session.flush()
        names["declarations file"] = sent.id
        facilitator = view(session.get_one(AccountRow, world.accounts["facilitator"]))
        session.add(AuditRow(territory_id=here, action="job.create", detail="trace-essai"))
    names["key"] = sessions.digest(town.secrets["firm key"])
    names["ticket"] = give_ticket(facilitator, "essai", names["job"])
