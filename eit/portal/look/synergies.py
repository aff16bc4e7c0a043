"""A synergy as each person may see it, what firms answer, and the stages it goes through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from eit import nomenclature
from eit.portal.refusals import Hidden, Unsound
from eit.portal.rights import Place, fields, permits
from eit.portal.viewer import Viewer
from eit.store.columns import now
from eit.store.models import (
    AccountRow,
    AnswerRow,
    FirmRow,
    MembershipRow,
    NoteRow,
    PublicationRow,
    SynergyRow,
)

STAGES = ("detected", "qualified", "discussion", "studied", "decided", "running", "stopped")
"""Stages of a synergy, in order; the last one only with a reason."""

STOPPED = "stopped"
LONGEST_TEXT = 4_000
SIDES = ("donor", "receiver")
AROUND_KM = 5
"""Before both firms agree, a distance is told in steps of so many kilometres."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A synergy, as one person may see it.

    Attributes
    ----------
    id, resource, stage, reason, next_date, changed_at
        As the territory follows it; ``resource`` is a code or identifier.
    sides
        Sides the person speaks for: ``donor``, ``receiver``, both or neither.
    agreed
        Whether both firms said that they are interested: names are shown from then on.
    figures
        What the person may see of the figures and names; absent is what they may not.
    unknown
        What has still to be found out, as keys.
    answers
        Latest answer by side: of the person's own firm, and of both for a facilitator.
    current
        Whether the run that is published now holds it.
    """

    id: str
    resource: str
    stage: str
    reason: str
    next_date: date | None
    changed_at: datetime
    sides: tuple[str, ...]
    agreed: bool
    figures: Mapping[str, Any]
    unknown: tuple[str, ...]
    answers: Mapping[str, AnswerRow]
    current: bool

    def label(self, lang: str) -> str:
        """Name of the resource, with a capital."""
        name = nomenclature.label(self.resource, lang)
        return name[:1].upper() + name[1:]


def list_synergies(
    session: Session, viewer: Viewer, territory_id: str, *, stage: str = ""
) -> Sequence[Seen]:
    """Synergies that a person may see: those of the own firm, all for a facilitator.

    Parameters
    ----------
    stage
        Only those at this stage; empty for all.

    Returns
    -------
    seen
        Those of the published run first, the largest gain first for a facilitator, else by
        resource.
    """
    query = select(SynergyRow).where(SynergyRow.territory_id == territory_id)
    if not viewer.has_role("facilitator", territory_id):
        own = viewer.firm_ids(territory_id)
        query = query.where(
            or_(SynergyRow.donor_firm_id.in_(own), SynergyRow.receiver_firm_id.in_(own))
        )
    if stage:
        query = query.where(SynergyRow.stage == stage)
    rows = session.scalars(query.options(selectinload(SynergyRow.answers))).all()
    shown = _job_shown(session, territory_id)
    seen = [
        _seen(session, viewer, row, shown)
        for row in rows
        if permits(viewer, "list", "synergies", _place(row))
    ]
    return sorted(
        seen,
        key=lambda one: (not one.current, -one.figures.get("value_eur", 0.0), one.resource, one.id),
    )


def find_synergy(session: Session, viewer: Viewer, territory_id: str, synergy_id: str) -> Seen:
    """One synergy, as a person may see it.

    Raises
    ------
    Hidden
        If there is none, or it is none of the person's.
    """
    row = _row(session, viewer, territory_id, synergy_id)
    return _seen(session, viewer, row, _job_shown(session, territory_id))


def answer(
    session: Session,
    viewer: Viewer,
    territory_id: str,
    synergy_id: str,
    *,
    interested: bool,
    why: str = "",
    contact: bool = False,
) -> None:
    """Keep what a firm says of a synergy; with both of its sides, it answers for both.

    Raises
    ------
    Hidden, Refused
        As the table of rights says.
    Unsound
        If the reason is too long.
    """
    row = _row(session, viewer, territory_id, synergy_id)
    _check_text(why)
    own = viewer.firm_ids(territory_id)
    for firm_id in sorted(own_id for own_id in own if own_id in _ends(row)):
        session.add(
            AnswerRow(
                synergy_id=row.id,
                firm_id=firm_id,
                account_id=viewer.account_id,
                interested=interested,
                why=why.strip(),
                contact=contact and interested,
            )
        )


def follow(
    session: Session,
    viewer: Viewer,
    territory_id: str,
    synergy_id: str,
    *,
    stage: str,
    text: str = "",
    next_date: date | None = None,
) -> None:
    """Take a synergy to a stage, or leave it there, with a note and the next date.

    Raises
    ------
    Unsound
        If there is no such stage, if it is stopped without a reason, or the note is too long.
    """
    row = _row(session, viewer, territory_id, synergy_id)
    _check_text(text)
    if stage not in STAGES:
        raise Unsound("stage")
    if stage == STOPPED and not text.strip():
        raise Unsound("stop_reason")
    row.stage, row.next_date, row.changed_at = stage, next_date, now()
    row.reason = text.strip() if stage == STOPPED else ""
    session.add(
        NoteRow(
            synergy_id=row.id,
            account_id=viewer.account_id,
            stage=stage,
            text=text.strip(),
            next_date=next_date,
        )
    )


def list_notes(session: Session, synergy_id: str) -> Sequence[tuple[NoteRow, str]]:
    """Notes on a synergy, the latest first, each with its author's name."""
    query = (
        select(NoteRow, AccountRow.name)
        .outerjoin(AccountRow, AccountRow.id == NoteRow.account_id)
        .where(NoteRow.synergy_id == synergy_id)
        .order_by(NoteRow.at.desc(), NoteRow.id)
    )
    return [(note, name or "") for note, name in session.execute(query)]


def place_of(session: Session, viewer: Viewer, territory_id: str, synergy_id: str) -> Place:
    """Whose a synergy is, for the table of rights."""
    return _place(_row(session, viewer, territory_id, synergy_id))


def _row(session: Session, viewer: Viewer, territory_id: str, synergy_id: str) -> SynergyRow:
    row = session.get(SynergyRow, synergy_id)
    if row is None or row.territory_id != territory_id:
        raise Hidden
    if not permits(viewer, "read", "synergies", _place(row)):
        raise Hidden
    return row


def _place(row: SynergyRow) -> Place:
    return Place(row.territory_id, _ends(row), agreed=agreed(row))


def _ends(row: SynergyRow) -> tuple[str, ...]:
    """Firms at the two ends, where they are known."""
    return tuple(firm for firm in (row.donor_firm_id, row.receiver_firm_id) if firm)


def latest_answers(row: SynergyRow) -> Mapping[str, AnswerRow]:
    """The answer that holds, by side."""
    by_firm = {one.firm_id: one for one in row.answers}
    ends = {"donor": row.donor_firm_id, "receiver": row.receiver_firm_id}
    return {side: by_firm[firm] for side, firm in ends.items() if firm in by_firm}


def agreed(row: SynergyRow) -> bool:
    """Whether both firms' latest answers say that they are interested."""
    found = latest_answers(row)
    return all(side in found and found[side].interested for side in SIDES)


def _job_shown(session: Session, territory_id: str) -> str | None:
    query = select(PublicationRow.job_id).where(
        PublicationRow.territory_id == territory_id, PublicationRow.withdrawn_at.is_(None)
    )
    return session.scalar(query)


def _seen(session: Session, viewer: Viewer, row: SynergyRow, shown: str | None) -> Seen:
    own = viewer.firm_ids(row.territory_id)
    ends = {"donor": row.donor_firm_id, "receiver": row.receiver_firm_id}
    sides = tuple(side for side in SIDES if ends[side] in own)
    both = agreed(row)
    is_facilitator = viewer.has_role("facilitator", row.territory_id)
    found = latest_answers(row)
    figures = fields(
        viewer,
        "synergy",
        _told(session, row, exactly=both or is_facilitator),
        territory_id=row.territory_id,
        donor_firm_id=row.donor_firm_id,
        receiver_firm_id=row.receiver_firm_id,
        agreed=both,
    )
    return Seen(
        id=row.id,
        resource=row.resource,
        stage=row.stage,
        reason=row.reason if is_facilitator else "",
        next_date=row.next_date,
        changed_at=row.changed_at,
        sides=sides,
        agreed=both,
        figures=figures,
        unknown=_unknown(row, sides, everything=is_facilitator),
        answers={side: one for side, one in found.items() if is_facilitator or side in sides},
        current=row.last_job_id == shown,
    )


def _told(session: Session, row: SynergyRow, *, exactly: bool) -> dict[str, Any]:
    """Figures of a synergy with the names of both sides; the distance blurred till they agree."""
    kept = {k: v for k, v in row.figures.items() if k not in ("unknown", "confidentiality")}
    if not exactly:
        kept |= _blurred(kept["distance_km"], kept["shared_costs_eur"])
    for side, firm_id, site in (
        ("donor", row.donor_firm_id, row.donor_site),
        ("receiver", row.receiver_firm_id, row.receiver_site),
    ):
        firm = session.get(FirmRow, firm_id) if firm_id else None
        kept[f"{side}_name"] = firm.name if firm and not firm.erased_at else ""
        kept[f"{side}_site"] = site
        kept[f"{side}_contact"] = _contacts(session, row, side, firm_id)
    return kept


def _blurred(distance_km: float | None, costs_eur: float) -> dict[str, float | None]:
    """Distance and costs in round figures: exact ones would tell which firm it is."""
    around = None if distance_km is None else AROUND_KM * max(1, round(distance_km / AROUND_KM))
    return {"distance_km": around, "shared_costs_eur": float(f"{costs_eur:.1g}")}


def _contacts(session: Session, row: SynergyRow, side: str, firm_id: str | None) -> Sequence[str]:
    """People of a firm who may be written to, once it asked for contact."""
    said = latest_answers(row).get(side)
    if firm_id is None or said is None or not said.contact:
        return ()
    query = (
        select(AccountRow.name, AccountRow.email)
        .join(MembershipRow, MembershipRow.account_id == AccountRow.id)
        .where(
            MembershipRow.firm_id == firm_id,
            AccountRow.disabled_at.is_(None),
            AccountRow.erased_at.is_(None),
        )
        .order_by(AccountRow.email)
    )
    return [f"{name} <{email}>" for name, email in session.execute(query)]


def _unknown(row: SynergyRow, sides: Sequence[str], *, everything: bool) -> tuple[str, ...]:
    """What has still to be found out; of the other side's cost a firm hears nothing."""
    return tuple(
        key
        for key in row.figures.get("unknown", ())
        if everything or key.partition(".")[2] in sides or not key.startswith("cost.")
    )


def _check_text(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise Unsound("too_long")
