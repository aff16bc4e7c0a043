"""What firms take away: a table to fill in, a file with its faults beside the rows, everything."""

import csv
import io
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from eit.faults import Fault
from eit.portal.declare.access import Desk
from eit.portal.declare.context import context_of
from eit.portal.declare.heads import LINE, Head, heads_of
from eit.portal.declare.judging import read_sent
from eit.portal.declare.plain import file_name
from eit.portal.declare.showing import line_of, live_rows, names_of
from eit.portal.declare.walking import REPLACE
from eit.store.models import LineRow, SubmissionRow
from eit.tables import schema, write_corrected, write_template
from eit.tables.guarding import guard

ENDINGS = ("csv", "xlsx")
ABOUT = (
    *("submission", "kind", "state", "file", "received_at", "sent_by", "sent_as"),
    *("declared_at", "declared_by", "corrects", "line", "faults"),
)
"""Columns of the table of all versions before those of the declarations."""
_IN_MEMORY_BYTES = 8 << 20
_NAMES = schema("declarations").names


def template(session: Session, desk: Desk, *, ending: str, filled: bool, lang: str) -> bytes:
    """A table to fill in: one row for each site, or every live declaration, to be replaced.

    Parameters
    ----------
    ending
        ``csv`` or ``xlsx``.
    filled
        Whether the live declarations stand in it.
    """
    sites = list(context_of(session, desk.firm).sites.index)
    rows = _live_rows(session, desk, lang) if filled else []
    rows = rows or [{"site_id": site} for site in sites]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"template.{ending}"
        write_template("declarations", path, lang, rows=rows, lists={"site_id": sites})
        return path.read_bytes()


def corrected(
    content: bytes, filename: str, faults: Sequence[Fault], *, ending: str, lang: str
) -> bytes:
    """A file as it was sent, each row beside its faults; sent back, that column is passed over."""
    table = read_sent(content, filename)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"corrected.{ending}"
        write_corrected(table, path, lang, faults=faults)
        return path.read_bytes()


def content_of(session: Session, submission_id: str) -> bytes:
    """A submission's file, as it was sent."""
    return session.get_one(
        SubmissionRow, submission_id, options=[undefer(SubmissionRow.content)]
    ).content


def free_identifier(session: Session, firm_id: str) -> str:
    """An identifier, as ``F1``, that the firm has not used."""
    used = set(
        session.scalars(
            select(LineRow.declaration_id)
            .join(SubmissionRow, SubmissionRow.id == LineRow.submission_id)
            .where(SubmissionRow.firm_id == firm_id, LineRow.declaration_id.like("F%"))
        )
    )
    return next(name for at in range(1, len(used) + 2) if (name := f"F{at}") not in used)


def everything(session: Session, desk: Desk, lang: str) -> IO[bytes]:
    """All that was ever sent for a firm: its files as they came, and one table of all versions.

    Returns
    -------
    archive
        A zip file, open at its start; it is gone once it is closed.
    """
    rows = session.scalars(
        select(SubmissionRow)
        .where(SubmissionRow.firm_id == desk.firm.id)
        .order_by(SubmissionRow.received_at, SubmissionRow.id)
    ).all()
    heads = heads_of(session, [row.id for row in rows])
    archive = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 -- sent on
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as parts:
        for row in rows:
            parts.writestr(archive_name(row), content_of(session, row.id))
            session.expire(row, ["content"])
        with parts.open("versions.csv", "w") as member:
            text = io.TextIOWrapper(member, encoding="utf-8-sig", newline="")
            writer = csv.writer(text, delimiter=";" if lang == "fr" else ",")
            writer.writerow([*ABOUT, *_NAMES])
            for line in _versions(session, desk, rows, heads, lang):
                writer.writerow([guard(cell) for cell in line])
            text.flush()
            text.detach()
    archive.seek(0)
    return archive


def archive_name(row: SubmissionRow) -> str:
    """Name of a submission's file in an archive: never a path that its sender chose."""
    return f"files/{row.received_at:%Y%m%dT%H%M%S}-{row.id}-{file_name(row.filename)}"


def _versions(
    session: Session,
    desk: Desk,
    rows: Sequence[SubmissionRow],
    heads: Mapping[str, Head],
    lang: str,
) -> Iterator[list[str]]:
    """Every line of every submission, with who sent it, when, and what was wrong with it."""
    people = names_of(session, [one for row in rows for one in (row.account_id, row.declared_by)])
    for row in rows:
        head = heads.get(row.id, Head())
        about = [
            *(row.id, row.kind, row.state, row.filename, _iso(row.received_at)),
            *(people[row.account_id], head.by, _iso(row.declared_at), people[row.declared_by]),
            row.corrects_id or "",
        ]
        lines = (
            select(LineRow)
            .where(LineRow.submission_id == row.id, LineRow.line != LINE)
            .order_by(LineRow.line)
        )
        for kept in session.scalars(lines):
            line = line_of(desk, row, head, kept)
            said = " | ".join(fault.remark(lang) for fault in line.faults)
            yield [*about, str(line.line), said, *(line.cells.get(name, "") for name in _NAMES)]


def _iso(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


def _live_rows(session: Session, desk: Desk, lang: str) -> list[dict[str, str]]:
    """Live declarations as rows that replace them."""
    action = schema("declarations")["action"]
    words = dict(zip(action.choices, action.choice_names(lang), strict=True))
    told = {"action": words[REPLACE], "declared_at": ""}
    rows = []
    for live in live_rows(session, desk):
        siret = "" if live.cells.get("site_id") else live.cells.get("siret", "")
        rows.append({**live.cells, **told, "siret": siret, "declaration_id": live.declaration_id})
    return rows
