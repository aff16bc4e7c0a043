"""The town with everything in it that rights are about, for tests that knock at each door.

The firms are those of `town`, with figures that occur nowhere else. Alpha (park Est)
gives offcuts to Beta (park Est), Gamma gives film to Delta (park Ouest). By hand, at zero
transport: Alpha saves 71.3 t at 61.73 €/t, 4401.35 €; Beta 71.3 t at 43.19 €/t, 3079.45 €;
together 7480.80 €. Gamma saves 33.9 t at 58.27 €/t, 1975.35 €; Delta, at 37.61 €/t, 1274.98 €.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from eit.portal import invitations, sessions
from eit.portal.invitations import Post
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
from support.portal.town import FILES, Town, town_in

DECLARED = (
    "declaration_id,site_id,kind,resource,quantity,current_cost_eur_per_unit,"
    "confidentiality,data_quality\n"
    "A-R1,a1,residue,chutes,102.7,61.73,restricted,measured\n"
    "B-N1,b1,need,chutes,71.3,43.19,park,measured\n"
    "C-R1,c1,residue,film,33.9,58.27,open,estimated\n"
    "D-N1,d1,need,film,51.7,37.61,open,measured\n"
)
FURNISHED_FILES = {**FILES, "declarations/base.csv": DECLARED}
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


@cache
def _built(folder: Path) -> Town:
    return furnished_town(folder, FURNISHED_FILES)


def furnished_town(folder: Path, files: Mapping[str, str]) -> Town:
    """Build the town in a folder: more people, a published plan, declarations, invitations."""
    town = town_in(folder, files)
    _people(town)
    _runs(town)
    _declarations(town)
    _links(town)
    town.pictures["plain"] = town.picture()
    with town.store.changing() as session:
        session.add(DelegationRow(firm_id=town.names["firm"]))
    town.pictures["delegated"] = town.picture()
    town.reset("plain")
    with town.store.changing() as session:
        for firm in ("firm", "partner firm"):
            answer = {"firm_id": town.names[firm], "interested": True, "why": REASON}
            session.add(AnswerRow(synergy_id=town.names["synergy"], **answer))
    town.pictures["agreed"] = town.picture()
    town.reset("plain")
    return town


def copied_town(tmp_path_factory: pytest.TempPathFactory, name: str) -> Town:
    """A furnished town of one's own; they are all copies of one that is built once."""
    town = _built(tmp_path_factory.getbasetemp() / "portal-town")
    town.reset("plain")
    return town.copy(tmp_path_factory.mktemp(name))


def _people(town: Town) -> None:
    """A firm elsewhere, people besides, and a session and a key for each kind of person."""
    with town.store.changing() as session:
        away = session.scalars(select(TerritoryRow).where(TerritoryRow.slug == "ailleurs")).one()
        away_firm = FirmRow(territory_id=away.id, slug="omega", name="Omega")
        session.add(away_firm)
        session.flush()
        posts = {
            "elsewhere": [Post("firm", away.id, firm_id=away_firm.id)],
            "second": [Post("facilitator", town.territory_id)],
            "spare": [Post("firm", town.territory_id, firm_id=town.firm_id("Alpha"))],
            "chief": [],
        }
    for who, held in posts.items():
        email, chief = f"{who}@example.org", who == "chief"
        account = town.portal.account(email, *held, name=f"Mx {who}", administrator=chief)
        town.accounts[who] = account
    for kind, person in KINDS.items():
        with town.store.changing() as session:
            town.secrets[kind] = sessions.start(session, town.accounts[person])
        if kind != "administrator":
            town.secrets[f"{kind} key"] = town.portal.key(town.accounts[person], label=LABEL)
    town.names["spare"] = town.accounts["spare"]
    with town.store.reading() as session:
        for who, name in (("alpha", "own"), ("spare", ""), ("second", "steering")):
            town.names[f"{name} membership".strip()] = _membership(session, town.accounts[who])


def _membership(session: Session, account_id: str) -> str:
    rows = select(MembershipRow.id).where(MembershipRow.account_id == account_id)
    return session.scalars(rows).one()


def _runs(town: Town) -> None:
    names = town.names
    names["job"] = town.run(name="plan commun")
    town.publish(names["job"])
    names["waiting job"] = town.ask(name="plan en attente")
    with town.store.changing() as session:
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
    names = town.names
    names["firm"], names["partner firm"] = town.firm_id("Alpha"), town.firm_id("Beta")
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
    names = town.names
    here = town.territory_id
    posts = {
        "invitation": Post("manager", here, park_id="est"),
        "steering invitation": Post("facilitator", here),
        "chief invitation": Post("administrator"),
    }
    with town.store.changing() as session:
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
            created_by=town.accounts["facilitator"],
        )
        session.add(sent)
        session.flush()
        names["declarations file"] = sent.id
        facilitator = view(session.get_one(AccountRow, town.accounts["facilitator"]))
        session.add(AuditRow(territory_id=here, action="job.create", detail="trace-essai"))
    names["key"] = sessions.digest(town.secrets["firm key"])
    names["ticket"] = give_ticket(facilitator, "essai", names["job"])
