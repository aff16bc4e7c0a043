"""A town in which everything that people can name bears a name that wants to run."""

import csv
import io
from pathlib import Path

from eit.store.models import (
    AccountRow,
    AnswerRow,
    AuditRow,
    FirmRow,
    JobRow,
    NoteRow,
    SubmissionRow,
    SynergyRow,
    TerritoryRow,
    TokenRow,
)
from support.portal.furnished import FURNISHED_FILES, furnished_town
from support.portal.town import Town

MARKUP = "\"'></textarea><img src=x onerror=window.hit=1><script>window.hit=1</script>{{7*7}}"
HOSTILE = f"=1+1{MARKUP}"
"""A formula for a spreadsheet, markup for a page, an expression for a template, all in one."""

TEXTS = (
    (TerritoryRow, "name"),
    (FirmRow, "name"),
    (AccountRow, "name"),
    (JobRow, "name"),
    (NoteRow, "text"),
    (AnswerRow, "why"),
    (AuditRow, "detail"),
    (AuditRow, "subject"),
    (TokenRow, "label"),
    (SubmissionRow, "filename"),
    (SynergyRow, "reason"),
)
"""Every text that somebody can write and that is not read as anything else."""


def hostile_town(folder: Path) -> Town:
    """A town of its own, renamed throughout."""
    town = furnished_town(folder, _files())
    for state in town.pictures:
        town.reset(state)
        with town.store.changing() as session:
            for table, column in TEXTS:
                for row in session.query(table):
                    setattr(row, column, HOSTILE)
        town.pictures[state] = town.picture()
    town.reset("plain")
    return town


def _files() -> dict[str, str]:
    """Files of the town: each site and each declaration has a name that wants to run."""
    named = {
        "sites.csv": ("name",),
        "declarations/base.csv": ("label", "comment"),
    }
    files = dict(FURNISHED_FILES)
    for path, columns in named.items():
        rows = list(csv.DictReader(io.StringIO(files[path])))
        for row in rows:
            row.update(dict.fromkeys(columns, HOSTILE))
        text = io.StringIO()
        writer = csv.DictWriter(text, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        files[path] = text.getvalue()
    return files
