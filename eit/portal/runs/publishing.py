"""Publish a run: its synergies join those that the territory follows from run to run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from eit.results import HAS_PLAN, Run, read_run
from eit.store.columns import now
from eit.store.models import FirmRow, JobRow, PublicationRow, SiteRow, SynergyRow, TerritoryRow
from eit.territory import Territory

PLACED = ("exact", "address")
"""Positions that stand for a site itself."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One synergy of a run, ready to be followed.

    Attributes
    ----------
    donor, receiver
        Declarations in the run.
    donor_site, receiver_site
        Their sites.
    resource
        What the donor declared.
    figures
        See `figures_of`.
    """

    donor: str
    receiver: str
    donor_site: str
    receiver_site: str
    resource: str
    figures: Mapping[str, Any]


def publish(
    session: Session, job: JobRow, pairs: Sequence[Pair], account_id: str | None
) -> PublicationRow:
    """Show a run to those whom it concerns, in the place of the one shown before.

    A synergy that was followed before keeps its stage, answers and notes; its figures are
    those of this run. One that this run does not hold keeps the figures of the last that did.

    Raises
    ------
    ValueError
        If the job has no run with a plan.
    """
    if job.summary is None or job.summary.get("status") not in HAS_PLAN:
        raise ValueError(f"job must have a run with a plan; got {job.id} in state {job.state}")
    session.get_one(TerritoryRow, job.territory_id, with_for_update=True)  # one at a time
    for earlier in shown_publications(session, job.territory_id):
        earlier.withdrawn_at = now()
    firms = firms_of_sites(session, job.territory_id)
    query = select(SynergyRow).where(SynergyRow.territory_id == job.territory_id)
    followed = {(row.donor_key, row.receiver_key): row for row in session.scalars(query)}
    for pair in pairs:
        row = followed.get((pair.donor, pair.receiver))
        if row is None:
            session.add(_followed(pair, job, firms))
        else:
            row.figures, row.last_job_id = dict(pair.figures), job.id
    return _shown(session, job, account_id)


def _shown(session: Session, job: JobRow, account_id: str | None) -> PublicationRow:
    """The publication of a job; one that was withdrawn comes back."""
    row = session.scalar(select(PublicationRow).where(PublicationRow.job_id == job.id))
    if row is None:
        row = PublicationRow(job_id=job.id, territory_id=job.territory_id)
        session.add(row)
    row.withdrawn_at, row.published_at, row.published_by = None, now(), account_id
    session.flush()
    return row


def shown_publications(session: Session, territory_id: str) -> Sequence[PublicationRow]:
    """Publications of a territory that have not been withdrawn; one at most."""
    query = select(PublicationRow).where(
        PublicationRow.territory_id == territory_id, PublicationRow.withdrawn_at.is_(None)
    )
    return session.scalars(query).all()


def firms_of_sites(session: Session, territory_id: str) -> Mapping[str, FirmRow]:
    """Firm of each site."""
    query = (
        select(SiteRow.site_id, FirmRow)
        .join(FirmRow, FirmRow.id == SiteRow.firm_id)
        .where(SiteRow.territory_id == territory_id)
    )
    return {site_id: firm for site_id, firm in session.execute(query)}


def _followed(pair: Pair, job: JobRow, firms: Mapping[str, FirmRow]) -> SynergyRow:
    donor, receiver = firms.get(pair.donor_site), firms.get(pair.receiver_site)
    return SynergyRow(
        territory_id=job.territory_id,
        donor_key=pair.donor,
        receiver_key=pair.receiver,
        donor_firm_id=donor.id if donor else None,
        receiver_firm_id=receiver.id if receiver else None,
        donor_site=pair.donor_site,
        receiver_site=pair.receiver_site,
        resource=pair.resource,
        first_job_id=job.id,
        last_job_id=job.id,
        figures=dict(pair.figures),
    )


def pairs_of(run_folder: Path) -> Sequence[Pair]:
    """Read the synergies of a run folder, with what each side saves."""
    run = read_run(run_folder)
    declared = run.territory.declarations
    figures = figures_of(run)
    return [
        Pair(
            donor=donor,
            receiver=receiver,
            donor_site=str(declared["site_id"][donor]),
            receiver_site=str(declared["site_id"][receiver]),
            resource=str(declared["resource"][donor]),
            figures=of_pair,
        )
        for (donor, receiver), of_pair in figures.items()
        if donor in declared.index and receiver in declared.index
    ]


def figures_of(run: Run) -> Mapping[tuple[str, str], Mapping[str, Any]]:
    """Figures of each synergy of a run, by donor and receiver.

    Returns
    -------
    figures
        ``quantity`` and ``unit`` that leave the donor, ``delivered`` and ``delivered_unit``,
        ``via`` (hubs), ``distance_km`` (None if unknown); euros a year: ``saving_donor_eur``,
        ``saving_receiver_eur`` (each side's saving on what it pays today),
        ``shared_costs_eur`` (transport, treatment and fixed costs), ``value_eur`` (savings less
        costs); ``unknown``: what has still to be found out, as keys; ``confidentiality`` of
        both ends.
    """
    rows = run.plan.synergies
    donors, receivers = rows["donor_id"], rows["receiver_id"]
    saved = _per_unit(run.plan.flows, "from_id", "quantity", "saving_donor_eur")
    spared = _per_unit(run.plan.flows, "to_id", "delivered", "saving_receiver_eur")
    donor_eur = rows["quantity"] * donors.map(saved).fillna(0.0)
    receiver_eur = rows["delivered"] * receivers.map(spared).fillna(0.0)
    shown = rows[["quantity", "unit", "delivered", "via"]].assign(
        delivered_unit=receivers.map(run.territory.declarations["unit"]).fillna(rows["unit"]),
        distance_km=rows["distance_km"].astype(object).where(rows["distance_km"].notna(), None),
        saving_donor_eur=donor_eur,
        saving_receiver_eur=receiver_eur,
        shared_costs_eur=donor_eur + receiver_eur - rows["value_eur"],
        value_eur=rows["value_eur"],
    )
    records = cast("list[dict[str, Any]]", shown.to_dict("records"))
    declared = run.territory.declarations["confidentiality"].to_dict()
    return {
        (donor, receiver): {
            **figures,
            "unknown": _unknown(run.territory, donor, receiver),
            "confidentiality": [declared.get(end, "restricted") for end in (donor, receiver)],
        }
        for donor, receiver, figures in zip(donors, receivers, records, strict=True)
    }


def _per_unit(flows: pd.DataFrame, end: str, quantity: str, euros: str) -> pd.Series:
    """Euros per unit at each end of the flows of a year."""
    sums = flows.groupby(end)[[quantity, euros]].sum()
    return sums[euros] / sums[quantity].where(sums[quantity] > 0)


def _unknown(territory: Territory, donor: str, receiver: str) -> list[str]:
    """What has still to be found out about a pair, as keys of sentences."""
    found = []
    for side, end in (("donor", donor), ("receiver", receiver)):
        if end not in territory.declarations.index:
            continue
        row = cast("dict[str, Any]", territory.declarations.loc[end].to_dict())
        place = territory.sites["position_quality"].to_dict().get(row["site_id"], "")
        gaps = {
            "quantity": row["data_quality"] != "measured",
            "cost": np.isnan(row["current_cost_eur_per_unit"]),
            "quality": side == "donor" and not row["quality"],
            "place": place not in PLACED,
        }
        found += [f"{what}.{side}" for what, unknown in gaps.items() if unknown]
    return found
