"""Rights at the core's addresses: whom the table lets gets in, all others learn nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import func, select
from support.portal.opened import FOLDER, Portal, open_portal
from support.portal.pictures import picture_of, put_back

from eit.portal import invitations, sessions
from eit.portal.invitations import Post
from eit.portal.rights import RIGHTS
from eit.store.models import AuditRow, FileRow, MembershipRow, TokenRow

PEOPLE = (
    *("firm", "other_firm", "manager", "other_manager", "facilitator", "administrator"),
    *("firm_elsewhere", "facilitator_elsewhere", "nobody"),
)
"""Who knocks: of the firm Acme and of another, of the park nord and of another, and so on."""

NAMES = ("Acme", "Béton Fictif", "Parc Nord", "firm@firme.example", "Deux Parcs")
"""What an answer to someone who may not know must not hold."""


@dataclass
class World:
    """One territory with people of every kind, and another elsewhere."""

    portal: Portal
    accounts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        portal = self.portal
        self.here, elsewhere = portal.territory(), portal.territory("ailleurs")
        self.acme = portal.firm(self.here, "Acme")
        beton = portal.firm(self.here, "Béton Fictif")
        there = portal.firm(elsewhere, "Acme")
        posts: Mapping[str, list[Post]] = {
            "firm": [Post("firm", self.here.id, firm_id=self.acme.id)],
            "other_firm": [Post("firm", self.here.id, firm_id=beton.id)],
            "manager": [Post("manager", self.here.id, park_id="nord")],
            "other_manager": [Post("manager", self.here.id, park_id="sud")],
            "facilitator": [Post("facilitator", self.here.id)],
            "administrator": [],
            "firm_elsewhere": [Post("firm", elsewhere.id, firm_id=there.id)],
            "facilitator_elsewhere": [Post("facilitator", elsewhere.id)],
            "spare": [Post("firm", self.here.id, firm_id=self.acme.id)],
            "second": [Post("facilitator", self.here.id)],
        }
        for who, held in posts.items():
            chief = who == "administrator"
            self.accounts[who] = portal.account(f"{who}@firme.example", *held, administrator=chief)

        self.homes: dict[str, str] = {}
        self.beginning = picture_of(portal.data / "portal.sqlite")

    def reset(self) -> None:
        """Put everything back as it was at the beginning."""
        put_back(self.beginning, self.portal.data / "portal.sqlite")

    def client(self, who: str):
        return self.portal.client(self.accounts.get(who))

    def home(self, who: str) -> str:
        """What someone sees of the territory anyway."""
        if who not in self.homes:
            self.homes[who] = self.client(who).get(f"{T}/").text
        return self.homes[who]

    def membership(self, who: str) -> str:
        rows = select(MembershipRow.id).where(MembershipRow.account_id == self.accounts[who])
        with self.portal.store.reading() as session:
            return session.scalars(rows).one()

    def file(self, path: str) -> str:
        rows = select(FileRow.id).where(FileRow.path == path, FileRow.territory_id == self.here.id)
        with self.portal.store.reading() as session:
            return session.scalars(rows).one()

    def invitation(self, role: str, **places: str) -> str:
        with self.portal.store.changing() as session:
            secret = invitations.invite(session, None, "x@firme.example", Post(role, **places))
            return sessions.digest(secret)


@dataclass(frozen=True)
class Case:
    """One request, and who alone may make it."""

    right: str
    method: str
    url: str | Callable[[World], str]
    allowed: str
    form: Any = None
    json: Any = None
    files: Any = None

    def ask(self, world: World, who: str):
        url = self.url if isinstance(self.url, str) else self.url(world)
        form = self.form(world) if callable(self.form) else self.form
        kind = "content" if isinstance(form, bytes) else "data"
        given = {kind: form, "json": self.json, "files": self.files}
        sent = {name: value for name, value in given.items() if value is not None}
        return world.client(who).request(self.method, url, **sent)


T, API = "/t/deux-parcs", "/api/v1/territories/deux-parcs"
STEERING, CHIEF = "facilitator administrator", "administrator"
HERE = "firm other_firm manager other_manager facilitator administrator"
ALL = f"{HERE} firm_elsewhere facilitator_elsewhere"
SITES = {"file": ("sites.csv", FOLDER["sites.csv"])}
SURE, PATH = {"sure": "yes"}, {"path": "sites.csv"}


def person(suffix: str = "") -> Callable[[World], str]:
    return lambda world: f"/admin/accounts/{world.accounts['spare']}{suffix}"


def firm(suffix: str = "") -> Callable[[World], str]:
    return lambda world: f"{T}/firms/{world.acme.id}{suffix}"


CASES = [
    Case("accounts list", "GET", "/admin", CHIEF),
    Case("accounts list", "GET", "/admin/accounts", CHIEF),
    Case("accounts read", "GET", person(), CHIEF),
    Case("accounts disable", "POST", person("/disable"), CHIEF),
    Case("accounts disable", "POST", person("/enable"), CHIEF),
    Case("accounts reset", "POST", person("/reset"), CHIEF),
    Case("accounts export", "GET", person("/export"), CHIEF),
    Case("accounts erase", "POST", person("/erase"), CHIEF, form=SURE),
    Case("account read", "GET", "/account", ALL),
    Case("account export", "GET", "/account/export", ALL),
    Case("account change", "POST", "/account", ALL, form={"name": "Autre", "lang": "fr"}),
    Case(
        "tokens create",
        "POST",
        "/account/tokens",
        "firm",
        form=lambda world: {"membership_id": world.membership("firm"), "label": "x"},
    ),
    Case("memberships list", "GET", f"{T}/people", STEERING),
    Case(
        "memberships remove",
        "POST",
        lambda world: f"{T}/people/{world.membership('spare')}/remove",
        STEERING,
    ),
    Case(
        "steering_memberships remove",
        "POST",
        lambda world: f"{T}/people/{world.membership('second')}/remove",
        CHIEF,
    ),
    Case(
        "invitations create",
        "POST",
        f"{T}/people/invite",
        STEERING,
        form={"email": "x@firme.example", "post": "manager:nord"},
    ),
    Case(
        "steering_invitations create",
        "POST",
        f"{T}/people/invite",
        CHIEF,
        form={"email": "x@firme.example", "post": "facilitator:"},
    ),
    Case(
        "steering_invitations create",
        "POST",
        "/admin/invitations",
        CHIEF,
        form={"email": "x@firme.example"},
    ),
    Case(
        "invitations withdraw",
        "POST",
        lambda w: (
            f"{T}/people/invitations/"
            f"{w.invitation('manager', territory_id=w.here.id, park_id='nord')}/withdraw"
        ),
        STEERING,
    ),
    Case(
        "steering_invitations withdraw",
        "POST",
        lambda w: (
            f"{T}/people/invitations/{w.invitation('facilitator', territory_id=w.here.id)}/withdraw"
        ),
        CHIEF,
    ),
    Case(
        "steering_invitations withdraw",
        "POST",
        lambda w: f"/admin/invitations/{w.invitation('administrator')}/withdraw",
        CHIEF,
    ),
    Case("audit list", "GET", "/admin/audit", CHIEF),
    Case("audit export", "GET", "/admin/audit.csv", CHIEF),
    Case("audit list", "GET", f"{T}/audit", STEERING),
    Case("audit export", "GET", f"{T}/audit.csv", STEERING),
    Case("territories list", "GET", "/admin/territories", CHIEF),
    Case(
        "territories create",
        "POST",
        "/admin/territories",
        CHIEF,
        form={"name": "Neuf", "demo": "yes"},
    ),
    Case("territories close", "POST", "/admin/territories/deux-parcs/open", CHIEF),
    Case("territory read", "GET", f"{T}/", HERE),
    Case("territory read", "GET", API, HERE),
    Case("territory_files list", "GET", f"{T}/files", STEERING),
    Case("territory_files list", "GET", f"{API}/files", STEERING),
    Case("territory_files check", "GET", f"{T}/files/check", STEERING),
    Case("territory_files check", "GET", f"{API}/check", STEERING),
    Case("territory_files write", "POST", f"{T}/files", STEERING, files=SITES),
    Case("territory_files write", "PUT", f"{API}/files/rules.csv", STEERING, form=b"rule_id\n"),
    Case("territory_files write", "POST", f"{T}/files/remove", STEERING, form=PATH),
    Case("territory_files write", "DELETE", f"{API}/files/sites.csv", STEERING),
    Case(
        "territory_files read",
        "GET",
        lambda world: f"{T}/files/versions/{world.file('sites.csv')}",
        "facilitator",
    ),
    Case("firms list", "GET", f"{T}/firms", STEERING),
    Case("firms list", "GET", f"{API}/firms", STEERING),
    Case("firms create", "POST", f"{T}/firms", STEERING, form={"name": "Neuve"}),
    Case("firms create", "POST", f"{API}/firms", STEERING, json={"name": "Neuve"}),
    Case("firms read", "GET", firm(), "firm facilitator administrator"),
    Case("firms change", "POST", firm("/name"), STEERING, form={"name": "Autre"}),
    Case("firms erase", "POST", firm("/erase"), "firm administrator", form={"sure": "Acme"}),
    Case(
        "sites assign",
        "POST",
        f"{T}/firms/sites",
        STEERING,
        form=lambda world: {"site_id": ["z9"], "firm_id": [world.acme.id]},
    ),
    Case("sites assign", "PATCH", f"{API}/sites", STEERING, json={"sites": {"z9": ""}}),
]


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One world for all cases, put back to its beginning by `World.reset`."""
    with open_portal(tmp_path_factory.mktemp("rights")) as portal:
        yield World(portal)


NUMBERED = [pytest.param(case, id=f"{case.right} {n}") for n, case in enumerate(CASES)]


@pytest.mark.parametrize("case", NUMBERED)
def test_whom_the_table_lets_gets_in_and_all_others_learn_nothing(case, shared):
    allowed = case.allowed.split()
    shared.reset()
    before = acts(shared.portal)
    for who in PEOPLE:
        if who not in allowed:
            refused(case, shared, who)
    assert acts(shared.portal) == before
    for who in allowed:
        shared.reset()
        answer = case.ask(shared, who)
        assert answer.status_code in (200, 201, 204, 303), (who, answer.text)
        assert "sign-in" not in answer.headers.get("location", ""), who


def refused(case: Case, world: World, who: str) -> None:
    """Someone who may not gets 403 or 404, or is asked to sign in, and learns no name."""
    answer = case.ask(world, who)
    asked = str(answer.request.url)
    if who == "nobody":
        assert answer.status_code == (401 if "/api/" in asked else 303)
    else:
        assert answer.status_code in (403, 404), (who, answer.status_code)
    known = world.home(who) if who != "nobody" else ""
    for name in NAMES:
        assert name not in answer.text or name in known, (who, name)


def acts(portal: Portal) -> int:
    with portal.store.reading() as session:
        done = select(func.count()).where(AuditRow.account_id.is_not(None))
        tokens = select(func.count()).select_from(TokenRow)
        return (session.scalar(done) or 0) + (session.scalar(tokens) or 0)


def test_every_right_of_the_core_is_tried_above():
    core = {
        *("accounts", "account", "tokens", "memberships", "invitations", "audit", "territories"),
        *("steering_memberships", "steering_invitations", "territory", "territory_files"),
        *("firms", "sites"),
    }
    tried = {case.right for case in CASES}
    elsewhere = {"account erase", "tokens revoke"}  # in test_portal_accounts
    aside = {"tokens list", "invitations list", "steering_invitations list", "sites list"}
    aside |= {"steering_memberships list"}  # parts of the pages above
    known = {f"{resource} {action}" for resource in core for action in RIGHTS[resource]}
    assert known - tried == elsewhere | aside


def test_what_does_not_exist_and_what_is_not_ones_own_are_answered_alike(tmp_path):
    with open_portal(tmp_path) as portal:
        world = World(portal)
        for who in ("firm_elsewhere", "facilitator_elsewhere"):
            client = world.client(who)
            for there, nowhere in (
                (API, "/api/v1/territories/nowhere"),
                (f"{API}/files", "/api/v1/territories/nowhere/files"),
                (f"{T}/firms/{world.acme.id}", f"{T}/firms/nowhere"),
                (f"{T}/files/versions/{world.file('sites.csv')}", f"{T}/files/versions/x"),
                ("/admin/accounts/" + world.accounts["spare"], "/admin/accounts/nowhere"),
            ):
                one, other = client.get(there), client.get(nowhere)
                assert (one.status_code, one.text) == (other.status_code, other.text), there


def test_declarations_of_a_folder_are_read_again_by_their_sender_alone(tmp_path):
    with open_portal(tmp_path) as portal:
        world = World(portal)
        sent = {"file": ("a.csv", b"declaration_id,current_cost_eur_per_unit\nR1,12\n")}
        form = {"path": "declarations/a.csv"}
        world.client("facilitator").post(f"{T}/files", data=form, files=sent)
        url = f"{T}/files/versions/{world.file('declarations/a.csv')}"
        statuses = {who: world.client(who).get(url).status_code for who in (*PEOPLE, "second")}
    assert {who for who, status in statuses.items() if status == 200} == {"facilitator"}


def test_a_closed_territory_is_gone_for_its_members(tmp_path):
    with open_portal(tmp_path) as portal:
        world = World(portal)
        chief = world.client("administrator")
        assert chief.post("/admin/territories/deux-parcs/close").status_code == 303
        assert world.client("facilitator").get(f"{T}/").status_code == 404
        assert world.client("firm").get(API).status_code == 404
        assert chief.post("/admin/territories/deux-parcs/open").status_code == 303
        assert world.client("facilitator").get(f"{T}/").status_code == 200
