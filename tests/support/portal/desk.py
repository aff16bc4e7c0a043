"""A firm at its desk, for tests: what it sends, what stands then."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from starlette.testclient import TestClient

from eit.portal.declare.access import Actor
from eit.portal.declare.checking import check_submission
from eit.portal.declare.drafts import Outcome, declare
from eit.portal.declare.intake import FILE, Sent, receive
from eit.portal.declare.walking import walk
from eit.portal.invitations import Post
from eit.portal.viewer import Viewer, view
from eit.store.models import AccountRow, FirmRow, LineRow, SubmissionRow, TerritoryRow
from support.portal.opened import Portal

HEADER = "declaration_id;site_id;kind;resource;quantity;unit;current_cost_eur_per_unit\n"
MIXED = (
    HEADER + "R1;a1;residue;19 12 01;12,5;t;45\n"
    "R2;a1;residue;19 12 01;-3;t;\n"
    "R3;;need;;5;t;\n"
    "R4;a2;need;sand;400;t;18\n"
)
"""Lines 2 and 5 are sound; line 3 has a quantity below 0, line 4 neither site nor resource."""


@dataclass(frozen=True)
class Firms:
    """Two firms of a territory, a person of each, a facilitator, a manager, an administrator."""

    portal: Portal
    territory: TerritoryRow
    acme: FirmRow
    beton: FirmRow
    people: dict[str, str]

    @property
    def store(self):
        """The portal's database."""
        return self.portal.store

    @property
    def base(self) -> str:
        """Address of Acme's pages."""
        return f"/t/{self.territory.slug}/firms/{self.acme.id}"

    @property
    def api(self) -> str:
        """Address of Acme's interface."""
        return f"/api/v1/territories/{self.territory.slug}/firms/{self.acme.id}"

    def client(self, person: str = "acme") -> TestClient:
        """A browser of somebody's."""
        return self.portal.client(self.people[person])

    def viewer(self, person: str = "acme") -> Viewer:
        """Somebody, as the portal sees them."""
        with self.store.reading() as session:
            return view(session.get_one(AccountRow, self.people[person]))

    def actor(self, person: str = "acme", by: str = "firm") -> Actor:
        """Somebody who changes something."""
        return Actor(self.viewer(person), by)

    def send(self, text: str | bytes, name: str = "flux.csv", **options) -> str:
        """Send a file as Acme and have it checked; the number of the submission."""
        content = text.encode() if isinstance(text, str) else text
        actor = options.pop("actor", None) or self.actor()
        firm = options.pop("firm", self.acme)
        kind = options.pop("kind", FILE)
        receipt = receive(self.store, Sent(firm.id, actor, kind, name, content, **options))
        check_submission(self.store, receipt.submission_id)
        return receipt.submission_id

    def declare(self, text: str | bytes, **options) -> Outcome:
        """Send a file and declare it."""
        return declare(self.store, self.send(text, **options), self.actor())

    def row(self, submission_id: str) -> SubmissionRow:
        """A submission as it stands."""
        with self.store.reading() as session:
            return session.get_one(SubmissionRow, submission_id)

    def lines(self, submission_id: str) -> dict[int, LineRow]:
        """Lines of a submission by number, the head apart."""
        wanted = select(LineRow).where(LineRow.submission_id == submission_id, LineRow.line > 0)
        with self.store.reading() as session:
            return {line.line: line for line in session.scalars(wanted)}

    def codes(self, submission_id: str) -> dict[int, list[str]]:
        """Codes of the faults of each line."""
        found = self.lines(submission_id)
        return {line: [one["code"] for one in row.faults] for line, row in found.items()}

    def live(self, firm: FirmRow | None = None) -> list[str]:
        """Identifiers of the live declarations of a firm."""
        with self.store.reading() as session:
            return sorted(walk(session, (firm or self.acme).id).live())


def two_firms(portal: Portal) -> Firms:
    """Acme with sites a1 and a2, Béton Fictif with b1, and people of each kind."""
    territory = portal.territory()
    acme, beton = portal.firm(territory, "Acme"), portal.firm(territory, "Béton Fictif")
    people = {
        "acme": portal.account("marie@acme.test", Post("firm", territory.id, acme.id)),
        "beton": portal.account("bruno@beton.test", Post("firm", territory.id, beton.id)),
        "facilitator": portal.account("fanny@eit.test", Post("facilitator", territory.id)),
        "manager": portal.account("gael@parc.test", Post("manager", territory.id, None, "nord")),
        "administrator": portal.account("ada@eit.test", administrator=True),
    }
    return Firms(portal, territory, acme, beton, people)


def folder_of(path: Path, files: dict[str, bytes]) -> Path:
    """Files written below a folder."""
    for name, content in files.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return path
