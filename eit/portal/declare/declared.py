"""What the firms of a territory declared, as files of declarations for a territory folder."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from eit.portal.declare.context import context_of
from eit.portal.declare.heads import Head, heads_of
from eit.portal.declare.walking import CANCEL, Step, Walk, declared_submissions, walk
from eit.store.models import FirmRow, SubmissionRow
from eit.tables import schema
from eit.tables.codes import read_siret
from eit.tables.guarding import guard

NAMES = schema("declarations").names


def declared_tables(session: Session, territory_id: str, as_of: datetime) -> list[tuple[str, str]]:
    """Everything that was declared in a territory by a moment, one file for each submission.

    Each file holds the sound lines of its submission: the identifier begins with the firm's slug,
    ``declared_at`` is filled in, a line that took the place of a live declaration says
    ``replace``, and the site stands there even where only its SIRET was given.

    Returns
    -------
    files
        Name and CSV text (UTF-8), sorted by name.
    """
    firms = session.scalars(
        select(FirmRow).where(FirmRow.territory_id == territory_id).order_by(FirmRow.slug)
    ).all()
    slugs = [firm.slug for firm in firms]
    files = [
        file
        for firm in firms
        if firm.erased_at is None
        for file in _files(session, firm, as_of, slugs)
    ]
    return sorted(files)


def run_id(slug: str, declaration_id: str, slugs: Iterable[str]) -> str:
    """Identifier of a firm's declaration in a run, which no other firm's can equal.

    It is the slug, ``-`` and the firm's own identifier; with ``--`` where it could be taken for
    that of a firm with a longer slug.

    Examples
    --------
    >>> run_id("acier", "R1", ["acier", "acier-nord"])
    'acier-R1'
    >>> run_id("acier", "nord-R1", ["acier", "acier-nord"])
    'acier--nord-R1'
    """
    usual = f"{slug}-{declaration_id}"
    others = (f"{other}-" for other in slugs if other != slug and len(other) > len(slug))
    doubtful = declaration_id.startswith("-") or usual.startswith(tuple(others))
    return f"{slug}--{declaration_id}" if doubtful else usual


def submission_lines(
    steps: Sequence[Step], cells: Mapping[tuple[str, int], Mapping[str, str]]
) -> list[dict[str, str]]:
    """Cells of the steps of one submission, with what they do and from when on."""
    return [
        {
            **cells[one.submission_id, one.line],
            "declaration_id": one.declaration_id,
            "action": one.action,
            "declared_at": one.moment,
        }
        for one in steps
    ]


def table_text(lines: Sequence[Mapping[str, str]], *, separator: str) -> str:
    """Lines as CSV: the declared columns that any of them fills, in order; formulas guarded."""
    filled = {name for line in lines for name, text in line.items() if text}
    columns = [name for name in NAMES if name in filled or name == "declaration_id"]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([guard(line.get(name, "")) for name in columns] for line in lines)
    return text.getvalue()


def separator_of(kept: str) -> str:
    """Separator under which the numbers of a file mean what they meant in it."""
    return ";" if kept == ";" else ","


def _files(
    session: Session, firm: FirmRow, as_of: datetime, slugs: Sequence[str]
) -> list[tuple[str, str]]:
    walked = walk(session, firm.id, as_of=as_of)
    submissions = declared_submissions(session, firm.id, as_of)
    heads = heads_of(session, [one.id for one in submissions])
    by_siret = _sites_by_siret(session, firm)
    steps = walked.by_submission()
    files = []
    for submission in submissions:
        if submission.id in steps:
            lines = _lines(steps[submission.id], walked, by_siret)
            for line in lines:
                line["declaration_id"] = run_id(firm.slug, line["declaration_id"], slugs)
            separator = separator_of(heads.get(submission.id, Head()).separator)
            files.append((_name(firm.slug, submission), table_text(lines, separator=separator)))
    return files


def _lines(
    steps: Sequence[Step], walked: Walk, by_siret: Mapping[str, str]
) -> list[dict[str, str]]:
    """Lines of one submission, each with its site."""
    lines = submission_lines(steps, walked.cells)
    for line in lines:
        if not line.get("site_id") and line["action"] != CANCEL:
            line["site_id"] = by_siret.get(str(read_siret(line.get("siret", "")).value), "")
    return lines


def _sites_by_siret(session: Session, firm: FirmRow) -> Mapping[str, str]:
    """The firm's sites by SIRET, where one of them alone bears it."""
    sites = context_of(session, firm).sites
    bearers = sites["siret"].value_counts()
    sure = sites[(sites["siret"] != "") & (sites["siret"].map(bearers) == 1)]
    return {siret: str(site) for site, siret in sure["siret"].items()}


def _name(slug: str, submission: SubmissionRow) -> str:
    assert submission.declared_at is not None
    return f"{slug}-{submission.declared_at:%Y%m%dT%H%M%S%f}-{submission.id}.csv"
