"""Tables of the portal. What a firm sent is never changed: corrections are new rows beside it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, MetaData, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from eit.store.columns import Moment, new_id, now

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """All tables."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: Moment, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012


class TerritoryRow(Base):
    """A territory that the portal keeps; its folder is made of `FileRow` and of what firms sent."""

    __tablename__ = "territory"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    closed_at: Mapped[datetime | None]


class FileRow(Base):
    """One version of one file of a territory's folder: sites.csv, hubs.csv, parks.geojson.

    The latest version of a path holds; older ones stay readable. ``removed`` marks a version
    from which on the path is gone.
    """

    __tablename__ = "file"
    __table_args__ = (Index(None, "territory_id", "path", "created_at"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    territory_id: Mapped[str] = mapped_column(ForeignKey("territory.id"))
    path: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str]
    removed: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by: Mapped[str | None] = mapped_column(ForeignKey("account.id"))


class FirmRow(Base):
    """A firm of a territory; ``slug`` begins the identifiers of its declarations in a run."""

    __tablename__ = "firm"
    __table_args__ = (UniqueConstraint("territory_id", "slug"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    territory_id: Mapped[str] = mapped_column(ForeignKey("territory.id"))
    slug: Mapped[str]
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    erased_at: Mapped[datetime | None]

    sites: Mapped[list["SiteRow"]] = relationship(order_by="SiteRow.site_id")


class SiteRow(Base):
    """Which firm a site of sites.csv belongs to."""

    __tablename__ = "site"
    __table_args__ = (UniqueConstraint("territory_id", "site_id"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    territory_id: Mapped[str] = mapped_column(ForeignKey("territory.id"))
    firm_id: Mapped[str] = mapped_column(ForeignKey("firm.id"))
    site_id: Mapped[str]


class AccountRow(Base):
    """A person who may sign in. Erased accounts keep their row, without name, address, password."""

    __tablename__ = "account"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str | None]
    oidc_subject: Mapped[str | None] = mapped_column(unique=True)
    lang: Mapped[str] = mapped_column(default="fr")
    is_administrator: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    disabled_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]

    memberships: Mapped[list["MembershipRow"]] = relationship(back_populates="account")


class MembershipRow(Base):
    """What an account is in a territory: firm (of one firm), manager (of one park), facilitator."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("account_id", "territory_id", "role", "firm_id", "park_id"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    territory_id: Mapped[str] = mapped_column(ForeignKey("territory.id"))
    role: Mapped[str]
    firm_id: Mapped[str | None] = mapped_column(ForeignKey("firm.id"))
    park_id: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    account: Mapped[AccountRow] = relationship(back_populates="memberships")


class SessionRow(Base):
    """A browser that is signed in; only the digest of its secret is kept."""

    __tablename__ = "session"

    digest: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class TokenRow(Base):
    """A program's key; it acts for one account, in one of its memberships."""

    __tablename__ = "token"

    digest: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    membership_id: Mapped[str] = mapped_column(ForeignKey("membership.id"))
    label: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class InvitationRow(Base):
    """A link by which someone becomes a member; it works once."""

    __tablename__ = "invitation"

    digest: Mapped[str] = mapped_column(primary_key=True)
    territory_id: Mapped[str | None] = mapped_column(ForeignKey("territory.id"))
    role: Mapped[str]
    firm_id: Mapped[str | None] = mapped_column(ForeignKey("firm.id"))
    park_id: Mapped[str | None]
    email: Mapped[str]
    created_by: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class AttemptRow(Base):
    """One failed sign-in, counted by address and by account name."""

    __tablename__ = "attempt"
    __table_args__ = (Index(None, "subject", "at"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    subject: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=now)


class DelegationRow(Base):
    """A firm lets the territory's facilitators declare for it, until it withdraws that."""

    __tablename__ = "delegation"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firm.id"), index=True)
    granted_by: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    granted_at: Mapped[datetime] = mapped_column(default=now)
    revoked_at: Mapped[datetime | None]


class SubmissionRow(Base):
    """A table as a firm sent it: a file, a form, a correction. Its bytes are never changed.

    ``state``: received (stored, not yet checked), draft (checked, not declared), declared,
    withdrawn (the firm took a draft back), replaced (a correction of it took its place).
    """

    __tablename__ = "submission"
    __table_args__ = (Index(None, "firm_id", "received_at"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    territory_id: Mapped[str] = mapped_column(ForeignKey("territory.id"))
    firm_id: Mapped[str] = mapped_column(ForeignKey("firm.id"))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    corrects_id: Mapped[str | None] = mapped_column(ForeignKey("submission.id"))
    kind: Mapped[str]  # file, form, correction, cancel
    filename: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    sha256: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(default=now)
    replaces_known: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(default="received")
    declared_at: Mapped[datetime | None]
    declared_by: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    sound: Mapped[int] = mapped_column(default=0)
    faulty: Mapped[int] = mapped_column(default=0)
    checked_rows: Mapped[int] = mapped_column(default=0)
    total_rows: Mapped[int] = mapped_column(default=0)

    rows: Mapped[list["LineRow"]] = relationship(order_by="LineRow.line")


class LineRow(Base):
    """One line of a submission: its cells as sent, by column, and what is wrong with them."""

    __tablename__ = "line"
    __table_args__ = (UniqueConstraint("submission_id", "line"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"))
    line: Mapped[int]
    declaration_id: Mapped[str] = mapped_column(default="")
    cells: Mapped[dict[str, Any]]
    faults: Mapped[list[Any]] = mapped_column(default=list)


class JobRow(Base):
    """One optimisation asked for. The row is the truth; the queue only says that one waits.

    ``state``: queued, running, done, failed, cancelled. ``claim`` is the worker's mark: only
    the worker whose claim stands may end the job.
    """

    __tablename__ = "job"
    __table_args__ = (Index(None, "territory_id", "created_at"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    territory_id: Mapped[str] = mapped_column(ForeignKey("territory.id"))
    name: Mapped[str] = mapped_column(default="")
    scenario: Mapped[str] = mapped_column(default="")  # TOML
    as_of: Mapped[datetime]  # what was declared by then counts
    lang: Mapped[str] = mapped_column(default="fr")
    state: Mapped[str] = mapped_column(default="queued")
    stage: Mapped[str] = mapped_column(default="")
    fraction: Mapped[float] = mapped_column(default=0.0)
    gap: Mapped[float | None]
    claim: Mapped[str | None]
    heartbeat_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    cancel_asked: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    folder: Mapped[str | None]  # of the run, below the data folder
    summary: Mapped[dict[str, Any] | None]
    message: Mapped[str] = mapped_column(default="")
    faults: Mapped[list[Any]] = mapped_column(default=list)


class PublicationRow(Base):
    """A run shown to those it concerns: firms see their own synergies, managers their park."""

    __tablename__ = "publication"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"), unique=True)
    territory_id: Mapped[str] = mapped_column(ForeignKey("territory.id"), index=True)
    published_by: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    published_at: Mapped[datetime] = mapped_column(default=now)
    withdrawn_at: Mapped[datetime | None]


class SynergyRow(Base):
    """A donor, a receiver and what goes between them, followed from one run to the next.

    ``stage``: detected, qualified, discussion, studied, decided, running, stopped (with a reason).
    """

    __tablename__ = "synergy"
    __table_args__ = (UniqueConstraint("territory_id", "donor_key", "receiver_key"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    territory_id: Mapped[str] = mapped_column(ForeignKey("territory.id"))
    donor_key: Mapped[str]  # declaration id in the run
    receiver_key: Mapped[str]
    donor_firm_id: Mapped[str | None] = mapped_column(ForeignKey("firm.id"), index=True)
    receiver_firm_id: Mapped[str | None] = mapped_column(ForeignKey("firm.id"), index=True)
    donor_site: Mapped[str]
    receiver_site: Mapped[str]
    resource: Mapped[str]
    first_job_id: Mapped[str] = mapped_column(ForeignKey("job.id"))
    last_job_id: Mapped[str] = mapped_column(ForeignKey("job.id"))
    figures: Mapped[dict[str, Any]]  # of the last published run
    stage: Mapped[str] = mapped_column(default="detected")
    reason: Mapped[str] = mapped_column(default="")
    next_date: Mapped[date | None]
    changed_at: Mapped[datetime] = mapped_column(default=now)

    answers: Mapped[list["AnswerRow"]] = relationship(order_by="AnswerRow.at")
    notes: Mapped[list["NoteRow"]] = relationship(order_by="NoteRow.at")


class AnswerRow(Base):
    """What one of the two firms says of a synergy; its latest answer holds."""

    __tablename__ = "answer"
    __table_args__ = (Index(None, "synergy_id", "firm_id", "at"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    synergy_id: Mapped[str] = mapped_column(ForeignKey("synergy.id"))
    firm_id: Mapped[str] = mapped_column(ForeignKey("firm.id"))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    interested: Mapped[bool]
    why: Mapped[str] = mapped_column(default="")
    contact: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime] = mapped_column(default=now)


class NoteRow(Base):
    """A facilitator's note on a synergy, and each change of its stage."""

    __tablename__ = "note"
    __table_args__ = (Index(None, "synergy_id", "at"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    synergy_id: Mapped[str] = mapped_column(ForeignKey("synergy.id"))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    stage: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
    next_date: Mapped[date | None]
    at: Mapped[datetime] = mapped_column(default=now)


class AuditRow(Base):
    """Who did what, when, to what. Never a figure, never a secret."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "territory_id", "at"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(default=now)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    territory_id: Mapped[str | None] = mapped_column(ForeignKey("territory.id"))
    action: Mapped[str]
    subject: Mapped[str] = mapped_column(default="")
    detail: Mapped[str] = mapped_column(default="")
