"""What a firm's table is judged by: its own sites, the territory's resources and year."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from eit.scenario import TERRITORY_KEYS, check_settings
from eit.store.models import FileRow, FirmRow, SiteRow
from eit.tables import no_rows, read_table, schema
from eit.territory.reading import DEFAULTS

TABLES = ("sites", "rules", "hubs")
PATHS = (*(f"{name}{ending}" for name in TABLES for ending in (".csv", ".xlsx")), "territory.toml")


@dataclass(frozen=True, slots=True)
class Context:
    """What a firm's table is judged by.

    Attributes
    ----------
    sites
        The firm's own, by ``site_id``: ``siret``, ``name``. Nobody else's are known here, so that
        no fault can tell whether another firm's site exists.
    resources
        What the territory's rules and hubs name.
    year, builtin_rules
        Of ``territory.toml``.
    basis
        Tells one state of all that from another.
    """

    sites: pd.DataFrame
    resources: frozenset[str]
    year: int
    builtin_rules: bool
    basis: str


def context_of(session: Session, firm: FirmRow) -> Context:
    """What a table of this firm is judged by today."""
    files = latest_files(session, firm.territory_id)
    frames = {name: _frame(files, name) for name in TABLES}
    rules, hubs = frames["rules"], frames["hubs"]
    stated = {**DEFAULTS, **_stated(files.get("territory.toml"))}
    own = site_ids(session, firm.id)
    named = {*rules["residue"], *rules["need"], *hubs["takes"], *hubs["gives"]} - {""}
    return Context(
        sites=_own_sites(frames["sites"], own),
        resources=frozenset(named),
        year=int(stated["year"]),
        builtin_rules=bool(stated["builtin_rules"]),
        basis="|".join([*(file.id for file in files.values()), *own]),
    )


def site_ids(session: Session, firm_id: str) -> Sequence[str]:
    """Sites of a firm, in order."""
    own = select(SiteRow.site_id).where(SiteRow.firm_id == firm_id).order_by(SiteRow.site_id)
    return session.scalars(own).all()


def latest_files(session: Session, territory_id: str) -> Mapping[str, FileRow]:
    """Latest version of the files that tables are judged by, by path; without those removed."""
    versions = (
        select(FileRow)
        .where(FileRow.territory_id == territory_id, FileRow.path.in_(PATHS))
        .order_by(FileRow.created_at, FileRow.id)
    )
    latest = {version.path: version for version in session.scalars(versions)}
    return {path: file for path, file in sorted(latest.items()) if not file.removed}


def _frame(files: Mapping[str, FileRow], name: str) -> pd.DataFrame:
    for ending in (".csv", ".xlsx"):
        if file := files.get(f"{name}{ending}"):
            return read_table(file.content, name).rows
    return no_rows(schema(name))


def _own_sites(sites: pd.DataFrame, own: Sequence[str]) -> pd.DataFrame:
    """Siret and name of each own site; blank where the territory's table lacks it."""
    listed = sites[["site_id", "siret", "name", "city"]].drop_duplicates("site_id")
    known = listed.set_index("site_id")
    return known.reindex(pd.Index(list(own), dtype="str")).fillna("")


def _stated(file: FileRow | None) -> Mapping[str, Any]:
    """Section ``territory`` of ``territory.toml``, without what is faulty in it."""
    if file is None:
        return {}
    try:
        content = tomllib.loads(file.content.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
    wrong = {fault.column for fault in check_settings(content, keys=TERRITORY_KEYS)}
    section = content.get("territory", {})
    if "territory" in wrong or not isinstance(section, dict):
        return {}
    return {key: value for key, value in section.items() if f"territory.{key}" not in wrong}
