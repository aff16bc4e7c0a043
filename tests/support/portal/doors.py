"""A request for each address of the portal, and whom `promises` lets through."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.testclient import TestClient

from support.portal.furnished import DRAFT, NOTE, PROXY
from support.portal.opened import FOLDER, PASSWORD
from support.portal.promises import CHIEF, HAND, NOBODY, PERSONS_ALONE
from support.portal.town import Town

DEFAULTS: Mapping[str, str] = {
    "slug": "=essai",
    "firm_id": "firm",
    "submission_id": "draft",
    "job_id": "job",
    "synergy_id": "synergy",
    "park_id": "=est",
    "account_id": "spare",
    "membership_id": "membership",
    "file_id": "file",
    "digest": "invitation",
    "ending": "=csv",
    "line": "=3",
    "sheet": "=index.html",
    "path": "=rules.csv",
    "ticket": "ticket",
}
"""What stands in an address: a name of the town, or after ``=`` a word as it is."""

Sent = Mapping[str, object]


@dataclass(frozen=True)
class Door:
    """One request, the right it is about, and whom it is for if not everybody in `HAND`.

    Attributes
    ----------
    right
        Key of `HAND`; blank for what is open to anybody, signed in or not.
    path
        Address as the application has it, with names in braces.
    sends
        What the request brings, beside its address.
    at
        What stands in the address where it is not that of `DEFAULTS`.
    who
        For whom the request works, where the right is wider than the thing asked for.
    marked
        Text that shows the right at work, on a page that others may open without it.
    """

    right: str
    method: str
    path: str
    sends: Sent | Callable[[Town], Sent] = field(default_factory=dict)
    at: Mapping[str, str] = field(default_factory=dict)
    who: str | None = None
    marked: str = ""

    @property
    def allowed(self) -> frozenset[str]:
        """Kinds of people for whom it works."""
        if self.who is not None:
            return frozenset(self.who.split())
        return frozenset(HAND[self.right].split() if self.right else ())

    def lets(self, who: str, state: str) -> bool:
        """Whether somebody, or a key of theirs, may do it in a state of the town."""
        kind, _, key = who.partition(" ")
        if not self.right:
            return True
        if key and self.right.partition(" ")[0] in PERSONS_ALONE and not self.is_programs:
            return False
        roles = {kind}
        if state == "delegated" and kind == "facilitator":
            roles.add("delegate")
        if state == "agreed" and kind in ("firm", "partner"):
            roles.add("agreed")
        return bool(self.allowed & roles)

    @property
    def is_programs(self) -> bool:
        """Whether it is an address of the interface for programs."""
        return self.path.startswith("/api/")

    def address(self, town: Town, *, invented: bool = False) -> str:
        """Where it is sent; with every identifier an invented one, if asked."""
        filled = {}
        for name, word in (DEFAULTS | dict(self.at)).items():
            known = word[1:] if word.startswith("=") else town.names.get(word, word)
            kept = word.startswith("=") and name not in ("slug", "park_id")
            filled[name] = known if kept or not invented else "0" * 32
        return self.path.replace(":path}", "}").format(**filled)

    def knock(self, town: Town, client: TestClient, *, invented: bool = False):
        """Send it."""
        given = self.sends(town) if callable(self.sends) else self.sends
        return client.request(self.method, self.address(town, invented=invented), **given)


def table(town: Town, text: str = PROXY, name: str = "neuf.csv") -> Sent:
    """A file in a form."""
    return {"files": {"file": (name, text.encode())}, "data": {"again": "yes"}}


T, API = "/t/{slug}", "/api/v1/territories/{slug}"
DESK, DESK_API = f"{T}/firms/{{firm_id}}", f"{API}/firms/{{firm_id}}"
SENT, SENT_API = (
    f"{DESK}/submissions/{{submission_id}}",
    f"{DESK_API}/submissions/{{submission_id}}",
)
PROXY_SENT = {"submission_id": "proxy"}
LIVE_SENT = {"submission_id": "declared"}
WAITING = {"job_id": "waiting job"}
CSV = {"content": DRAFT.replace("F", "N").encode(), "headers": {"content-type": "text/csv"}}
FORM = {
    "declaration_id": "N9",
    "site_id": "a1",
    "kind": "need",
    "resource": "sable",
    "quantity": "3",
    "then": "declare",
}
CELL = {"cell-3-quantity": "4"}
CORRECTION = {"json": {"rows": [{"line": 3, "cells": {"quantity": "4"}}]}}
F1 = {"declaration_id": "F1"}
YES, NO = {"granted": True}, {"granted": False}
GRANT = {"data": {"granted": "yes"}}
STEP = {"stage": "qualified", "text": "vu", "next_date": "2027-01-04"}
SITES = {"files": {"file": ("sites.csv", FOLDER["sites.csv"])}}
NEW_PASSWORD = {"current": PASSWORD, "password": "gaillette-mauve-84-terril"}

DOORS = (
    # what anybody may open
    Door("", "GET", "/"),
    Door("", "GET", "/sign-in"),
    Door("", "POST", "/sign-in", {"data": {"email": "alpha@example.org", "password": PASSWORD}}),
    Door("", "POST", "/sign-out"),
    Door("", "GET", "/language/{lang}", at={"lang": "=en"}),
    Door("", "GET", "/help"),
    Door("", "GET", "/help/{role}", at={"role": "=firm"}),
    Door("", "GET", "/maps/{ticket}/{sheet}"),
    Door("", "GET", "/api/v1/openapi.json"),
    Door("", "GET", "/invitation/{secret}", at={"secret": "invitation link"}),
    # the door of a provider that is not configured is there for nobody
    Door("account read", "GET", "/oidc/start", who=NOBODY),
    Door("account read", "GET", "/oidc/return", who=NOBODY),
    # an invitation to somebody else is nobody's who is signed in
    Door(
        "account read",
        "POST",
        "/invitation/{secret}",
        {"data": {"name": "Mx Neuf", "password": "gaillette-mauve-84-terril"}},
        at={"secret": "invitation link"},
        who="nobody",
    ),
    # one's own account
    Door("account read", "GET", "/account"),
    Door("account read", "GET", "/api/v1/me"),
    Door("account read", "GET", "/api/v1/territories"),
    Door("account change", "POST", "/account", {"data": {"name": "Mx Neuf", "lang": "fr"}}),
    Door("account change", "POST", "/account/password", {"data": NEW_PASSWORD}),
    Door("account export", "GET", "/account/export"),
    Door("account erase", "POST", "/account/erase", {"data": {"sure": "yes"}}),
    Door(
        "tokens create",
        "POST",
        "/account/tokens",
        lambda town: {"data": {"membership_id": town.names["own membership"], "label": "x"}},
    ),
    Door("tokens list", "GET", "/account", marked="{key}"),
    Door("tokens revoke", "POST", "/account/tokens/{digest}/revoke", at={"digest": "key"}),
    # accounts and territories
    Door("accounts list", "GET", "/admin"),
    Door("accounts list", "GET", "/admin/accounts"),
    Door("accounts read", "GET", "/admin/accounts/{account_id}"),
    Door("accounts disable", "POST", "/admin/accounts/{account_id}/disable"),
    Door("accounts disable", "POST", "/admin/accounts/{account_id}/enable"),
    Door("accounts reset", "POST", "/admin/accounts/{account_id}/reset"),
    Door("accounts export", "GET", "/admin/accounts/{account_id}/export"),
    Door("accounts erase", "POST", "/admin/accounts/{account_id}/erase", {"data": {"sure": "yes"}}),
    Door(
        "steering_invitations create",
        "POST",
        "/admin/invitations",
        {"data": {"email": "neuf@example.org"}},
    ),
    Door(
        "steering_invitations withdraw",
        "POST",
        "/admin/invitations/{digest}/withdraw",
        at={"digest": "chief invitation"},
    ),
    Door(
        "steering_invitations list", "GET", "/admin/accounts", marked="chief-invitation@", who=CHIEF
    ),
    Door("territories list", "GET", "/admin/territories"),
    Door(
        "territories create",
        "POST",
        "/admin/territories",
        {"data": {"name": "Neuf", "demo": "yes"}},
    ),
    Door("territories close", "POST", "/admin/territories/{slug}/close"),
    Door("territories close", "POST", "/admin/territories/{slug}/open"),
    Door("audit list", "GET", "/admin/audit", who=CHIEF),
    Door("audit export", "GET", "/admin/audit.csv", who=CHIEF),
    Door("audit list", "GET", f"{T}/audit"),
    Door("audit export", "GET", f"{T}/audit.csv"),
    # a territory's people
    Door("memberships list", "GET", f"{T}/people"),
    Door("memberships remove", "POST", f"{T}/people/{{membership_id}}/remove"),
    Door(
        "steering_memberships remove",
        "POST",
        f"{T}/people/{{membership_id}}/remove",
        at={"membership_id": "steering membership"},
    ),
    Door("steering_memberships list", "GET", f"{T}/people", marked="second@example.org"),
    Door("invitations list", "GET", f"{T}/people", marked="invitation@example.org"),
    Door("steering_invitations list", "GET", f"{T}/people", marked="steering-invitation@"),
    Door(
        "invitations create",
        "POST",
        f"{T}/people/invite",
        {"data": {"email": "neuf@example.org", "post": "manager:est"}},
    ),
    Door(
        "steering_invitations create",
        "POST",
        f"{T}/people/invite",
        {"data": {"email": "neuf@example.org", "post": "facilitator:"}},
    ),
    Door("invitations withdraw", "POST", f"{T}/people/invitations/{{digest}}/withdraw"),
    Door(
        "steering_invitations withdraw",
        "POST",
        f"{T}/people/invitations/{{digest}}/withdraw",
        at={"digest": "steering invitation"},
    ),
    # a territory, its files, firms and sites
    Door("territory read", "GET", f"{T}/"),
    Door("territory read", "GET", API),
    Door("territory read", "GET", f"{T}/parks"),
    Door("publications read", "GET", f"{T}/", marked="Dernier résultat publié"),
    Door("territory_files list", "GET", f"{T}/files"),
    Door("territory_files list", "GET", f"{API}/files"),
    Door("territory_files check", "GET", f"{T}/files/check"),
    Door("territory_files check", "GET", f"{API}/check"),
    Door("territory_files write", "POST", f"{T}/files", SITES),
    Door("territory_files write", "POST", f"{T}/files/remove", {"data": {"path": "links.csv"}}),
    Door("territory_files write", "PUT", f"{API}/files/{{path:path}}", {"content": b"rule_id\n"}),
    Door(
        "territory_files write", "DELETE", f"{API}/files/{{path:path}}", at={"path": "=links.csv"}
    ),
    Door("territory_files read", "GET", f"{T}/files/versions/{{file_id}}"),
    Door(
        "territory_declarations read",
        "GET",
        f"{T}/files/versions/{{file_id}}",
        at={"file_id": "declarations file"},
        who="facilitator",  # who sent this one
    ),
    Door("firms list", "GET", f"{T}/firms"),
    Door("firms list", "GET", f"{API}/firms"),
    Door("firms create", "POST", f"{T}/firms", {"data": {"name": "Neuve"}}),
    Door("firms create", "POST", f"{API}/firms", {"json": {"name": "Neuve"}}),
    Door("firms read", "GET", DESK),
    Door("sites list", "GET", DESK, marked='<code class="soft">a1</code>'),
    Door("firms change", "POST", f"{DESK}/name", {"data": {"name": "Alpha Deux"}}),
    Door("firms erase", "POST", f"{DESK}/erase", {"data": {"sure": "Alpha"}}),
    Door(
        "sites assign",
        "POST",
        f"{T}/firms/sites",
        lambda town: {"data": {"site_id": ["b1"], "firm_id": [town.names["firm"]]}},
    ),
    Door("sites assign", "PATCH", f"{API}/sites", {"json": {"sites": {"b1": ""}}}),
    # declarations of Alpha
    Door("lines read", "GET", f"{DESK}/declarations"),
    Door("lines read", "GET", f"{DESK_API}/declarations"),
    Door("lines read", "GET", f"{DESK}/declarations/history", {"params": {"id": "F1"}}),
    Door(
        "lines read",
        "GET",
        f"{DESK_API}/declarations/history",
        {"params": F1},
    ),
    Door("lines read", "GET", f"{SENT_API}/rows"),
    Door("lines read", "GET", f"{SENT_API}/rows", at=PROXY_SENT),
    Door("lines cancel", "GET", f"{DESK}/declarations/cancel", {"params": {"id": "F1"}}),
    Door("lines cancel", "POST", f"{DESK}/declarations/cancel", {"data": {"id": "F1"}}),
    Door(
        "lines cancel",
        "POST",
        f"{DESK_API}/declarations/cancel",
        {"json": F1},
    ),
    Door("template read", "GET", f"{DESK}/declarations/template.{{ending}}"),
    Door(
        "template read",
        "GET",
        f"{DESK}/declarations/template.{{ending}}",
        {"params": {"filled": "yes"}},
        at={"ending": "=xlsx"},
    ),
    Door("template read", "GET", f"{DESK_API}/template.{{ending}}", {"params": {"filled": "yes"}}),
    Door("exports read", "GET", f"{DESK}/declarations/export.zip"),
    Door("exports read", "GET", f"{DESK_API}/export"),
    Door("delegations read", "GET", f"{DESK_API}/delegation"),
    Door(
        "delegations grant", "POST", f"{DESK}/declarations/delegation", {"data": {"granted": "yes"}}
    ),
    Door("delegations withdraw", "POST", f"{DESK}/declarations/delegation", {"data": {}}),
    Door("delegations grant", "PUT", f"{DESK_API}/delegation", {"json": YES}),
    Door("delegations withdraw", "PUT", f"{DESK_API}/delegation", {"json": NO}),
    Door("submissions list", "GET", f"{DESK}/submissions"),
    Door("submissions list", "GET", f"{DESK_API}/submissions"),
    Door("submissions read", "GET", SENT),
    Door("submissions read", "GET", SENT, at=LIVE_SENT),
    Door("submissions read", "GET", SENT, at=PROXY_SENT),
    Door("submissions read", "GET", SENT_API),
    Door("submissions read", "GET", SENT_API, at=PROXY_SENT),
    Door("submissions read", "GET", f"{SENT}/progress"),
    Door("submissions create", "POST", f"{DESK}/declarations", lambda town: table(town)),
    Door("submissions create", "POST", f"{DESK_API}/submissions", CSV),
    Door("submissions create", "GET", f"{DESK}/declarations/new"),
    Door("submissions create", "GET", f"{DESK}/declarations/new", {"params": {"id": "F1"}}),
    Door("submissions create", "POST", f"{DESK}/declarations/new", {"data": FORM}),
    Door("submissions correct", "POST", f"{SENT}/correct", {"data": CELL}, who="firm"),
    Door("submissions correct", "POST", f"{SENT}/correct", {"data": CELL}, at=PROXY_SENT),
    Door("submissions correct", "POST", f"{SENT_API}/corrections", CORRECTION, who="firm"),
    Door(
        "submissions correct",
        "POST",
        f"{SENT_API}/corrections",
        CORRECTION,
        at=PROXY_SENT,
    ),
    Door("submissions correct", "GET", f"{SENT}/rows/{{line}}", who="firm"),
    Door("submissions correct", "GET", f"{SENT}/rows/{{line}}", at=PROXY_SENT),
    Door("submissions correct", "POST", f"{SENT}/rows/{{line}}", {"data": FORM}, who="firm"),
    Door("submissions correct", "POST", f"{SENT}/rows/{{line}}", {"data": FORM}, at=PROXY_SENT),
    Door("submissions declare", "POST", f"{SENT}/declare"),
    Door("submissions declare", "POST", f"{SENT_API}/declare"),
    Door("submissions withdraw", "POST", f"{SENT}/withdraw"),
    Door("submissions withdraw", "POST", f"{SENT_API}/withdraw"),
    Door("submissions download", "GET", f"{SENT}/corrected.{{ending}}", who="firm"),
    Door("submissions download", "GET", f"{SENT}/corrected.{{ending}}", at=PROXY_SENT),
    Door("submissions download", "GET", f"{SENT_API}/corrected.{{ending}}", who="firm"),
    Door(
        "submissions download",
        "GET",
        f"{SENT_API}/corrected.{{ending}}",
        at={**PROXY_SENT, "ending": "=xlsx"},
    ),
    Door("submissions download", "GET", f"{SENT}/original", who="firm"),
    Door("submissions download", "GET", f"{SENT}/original", at=PROXY_SENT),
    Door("submissions download", "GET", f"{SENT_API}/original", who="firm"),
    Door("submissions download", "GET", f"{SENT_API}/original", at=PROXY_SENT),
    # jobs, runs and what is published
    Door("jobs list", "GET", f"{T}/jobs"),
    Door("jobs list", "GET", f"{API}/jobs"),
    Door("runs list", "GET", f"{T}/jobs", marked="plan commun"),
    Door("jobs create", "POST", f"{T}/jobs", {"data": {"name": "neuf"}}),
    Door("jobs create", "POST", f"{API}/jobs", {"json": {"name": "neuf"}}),
    Door("jobs read", "GET", f"{T}/jobs/{{job_id}}", at=WAITING),
    Door("jobs read", "GET", f"{API}/jobs/{{job_id}}"),
    Door("jobs cancel", "POST", f"{T}/jobs/{{job_id}}/cancel", at=WAITING),
    Door("jobs cancel", "POST", f"{API}/jobs/{{job_id}}/cancel", at=WAITING),
    Door("runs read", "GET", f"{T}/runs/{{job_id}}"),
    Door(
        "runs compare",
        "GET",
        f"{T}/compare",
        lambda town: {"params": {"run": [town.names["job"], town.names["second job"]]}},
    ),
    Door("territory_map read", "GET", f"{T}/runs/{{job_id}}/maps/{{sheet}}"),
    Door("publications create", "POST", f"{T}/runs/{{job_id}}/publish"),
    Door("publications create", "POST", f"{API}/jobs/{{job_id}}/publish"),
    Door("publications withdraw", "POST", f"{T}/runs/{{job_id}}/withdraw"),
    Door("publications withdraw", "POST", f"{API}/jobs/{{job_id}}/withdraw"),
    # parks
    Door("park_table read", "GET", f"{T}/parks/{{park_id}}"),
    Door("park_indicators read", "GET", f"{T}/parks/{{park_id}}", marked="<strong>2</strong>"),
    Door("park_indicators export", "GET", f"{API}/parks/{{park_id}}"),
    Door("park_map read", "GET", f"{T}/parks/{{park_id}}/map"),
    Door("park_table export", "GET", f"{T}/parks/{{park_id}}/exchanges.csv"),
    # synergies
    Door("synergies list", "GET", f"{T}/synergies"),
    Door("synergies list", "GET", f"{API}/synergies"),
    Door("synergies export", "GET", f"{T}/synergies.csv"),
    Door("synergies read", "GET", f"{T}/synergies/{{synergy_id}}"),
    Door("synergies read", "GET", f"{API}/synergies/{{synergy_id}}"),
    Door("answers read", "GET", f"{API}/synergies/{{synergy_id}}", marked='"answers":'),
    Door("stages read", "GET", f"{T}/synergies/{{synergy_id}}", marked="détectée"),
    Door("notes read", "GET", f"{T}/synergies/{{synergy_id}}", marked=NOTE),
    Door(
        "answers create",
        "POST",
        f"{T}/synergies/{{synergy_id}}/answer",
        {"data": {"interested": "no"}},
    ),
    Door(
        "answers create",
        "POST",
        f"{API}/synergies/{{synergy_id}}/answers",
        {"json": {"interested": False}},
    ),
    Door("stages change", "POST", f"{T}/synergies/{{synergy_id}}/stage", {"data": STEP}),
    Door("stages change", "POST", f"{API}/synergies/{{synergy_id}}/steps", {"json": STEP}),
    Door("notes create", "POST", f"{T}/synergies/{{synergy_id}}/stage", {"data": STEP}),
)
