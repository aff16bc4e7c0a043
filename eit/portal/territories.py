"""Territories the portal keeps: their files in versions, their firms, whose site is whose."""

import hashlib
import json
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from eit.portal import audit
from eit.portal.accounts import tidy_name
from eit.portal.folders import refuse_bomb, tidy_path
from eit.portal.refusals import Hidden, Impossible, Unsound
from eit.portal.viewer import Viewer
from eit.store.columns import now
from eit.store.models import FileRow, FirmRow, SiteRow, TerritoryRow
from eit.tables import read_table
from eit.territory.model import Reading
from eit.territory.reading import check_territory

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
LONGEST_SLUG = 40


@dataclass(frozen=True, slots=True)
class Site:
    """A site as sites.csv names it."""

    site_id: str
    name: str
    firm: str
    park_id: str


def slugged(name: str, taken: Iterable[str] = ()) -> str:
    """A short name for addresses and identifiers: letters without accents, digits, dashes.

    >>> slugged("Béton & Fils (fictif)"), slugged("Béton", {"beton"}), slugged("…")
    ('beton-fils-fictif', 'beton-2', 'x')
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: LONGEST_SLUG - 4].strip("-") or "x"
    known, found, number = set(taken), stem, 1
    while found in known:
        number += 1
        found = f"{stem}-{number}"
    return found


def create(
    session: Session, viewer: Viewer | None, name: str, slug: str, files: Mapping[str, bytes]
) -> TerritoryRow:
    """Make a territory of the files of a folder; its firms are those that sites.csv names.

    Raises
    ------
    Unsound
        If the short name is not made of letters, digits and dashes.
    Impossible
        If the short name is taken.
    """
    if not SLUG.fullmatch(slug):
        raise Unsound("slug")
    if session.scalar(select(TerritoryRow.id).where(TerritoryRow.slug == slug)) is not None:
        raise Impossible("slug_taken")
    territory = TerritoryRow(slug=slug, name=tidy_name(name))
    session.add(territory)
    session.flush()
    for path, content in files.items():
        put_file(session, viewer, territory.id, path, content)
    audit.record(session, viewer, "territory.create", territory.id, territory.id, slug)
    return territory


def put_file(
    session: Session, viewer: Viewer | None, territory_id: str, path: str, content: bytes
) -> bool:
    """Keep a new version of a file, unless it is the one that holds; whether it was new.

    New firms of sites.csv are made, and sites that nobody has are given to them.

    Raises
    ------
    Unsound
        If no territory folder has such a file, or it is a workbook that fills the memory.
    """
    refuse_bomb(path, content)
    digest = hashlib.sha256(content).hexdigest()
    holding = version_of(session, territory_id, tidy_path(path))
    if holding is not None and holding.sha256 == digest and not holding.removed:
        return False
    row = FileRow(
        territory_id=territory_id,
        path=path,
        content=content,
        sha256=digest,
        created_by=viewer.account_id if viewer else None,
    )
    session.add(row)
    session.flush()
    audit.record(session, viewer, "file.write", row.id, territory_id, path)
    if path.startswith("sites."):
        follow_sites(session, territory_id)
    return True


def remove_file(session: Session, viewer: Viewer, territory_id: str, path: str) -> None:
    """Let a file be gone from now on; its versions stay readable.

    Raises
    ------
    Hidden
        If there is no such file.
    """
    holding = version_of(session, territory_id, path)
    if holding is None or holding.removed:
        raise Hidden
    gone = FileRow(
        territory_id=territory_id,
        path=path,
        content=b"",
        sha256=hashlib.sha256(b"").hexdigest(),
        removed=True,
        created_by=viewer.account_id,
    )
    session.add(gone)
    audit.record(session, viewer, "file.remove", holding.id, territory_id, path)


def versions(session: Session, territory_id: str, path: str | None = None) -> list[FileRow]:
    """Versions of a territory's files (or of one), newest first, without their contents."""
    rows = select(FileRow).where(FileRow.territory_id == territory_id)
    if path is not None:
        rows = rows.where(FileRow.path == path)
    order = rows.order_by(FileRow.created_at.desc(), FileRow.id.desc())
    return list(session.scalars(order.options(defer(FileRow.content, raiseload=True))))


def version_of(session: Session, territory_id: str, path: str) -> FileRow | None:
    """The version of a file that holds, without its content."""
    return next(iter(versions(session, territory_id, path)), None)


def content_of(session: Session, territory_id: str, path: str) -> bytes | None:
    """What a file holds; None where there is none."""
    holding = version_of(session, territory_id, path)
    if holding is None or holding.removed:
        return None
    return session.scalar(select(FileRow.content).where(FileRow.id == holding.id))


def check(session: Session, territory_id: str) -> Reading:
    """Faults and notices of a territory's own files, as ``eit check`` finds them."""
    from eit.portal.jobs.materialise import files_at

    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "territory"
        for path, content in files_at(session, territory_id, now()).items():
            target = root.joinpath(*tidy_path(path).split("/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        root.mkdir(exist_ok=True)
        return check_territory(root)


def park_names(session: Session, territory_id: str) -> dict[str, str]:
    """Names of a territory's parks by park_id, as parks.geojson gives them."""
    content = content_of(session, territory_id, "parks.geojson")
    try:
        features = json.loads((content or b"{}").decode("utf-8-sig")).get("features", [])
        found = [feature["properties"] for feature in features]
        return {
            str(one["park_id"]): str(one.get("name") or one["park_id"])
            for one in sorted(found, key=lambda one: str(one["park_id"]))
        }
    except (ValueError, KeyError, TypeError, AttributeError):  # `check` says what is wrong
        return {}


def parks(session: Session, territory_id: str) -> dict[str, str]:
    """Names of a territory's parks by park_id: those that are drawn, and those that sites name."""
    drawn = park_names(session, territory_id)
    named = {site.park_id for site in sites(session, territory_id)} - {""}
    return {park_id: drawn.get(park_id, park_id) for park_id in sorted({*drawn, *named})}


def sites(session: Session, territory_id: str) -> list[Site]:
    """Sites that sites.csv names, by site_id."""
    for ending in ("csv", "xlsx"):
        content = content_of(session, territory_id, f"sites.{ending}")
        if content is not None:
            rows = read_table(content, "sites", file=f"sites.{ending}").rows
            texts = rows[["site_id", "name", "firm", "park_id"]].fillna("").astype(str)
            known = texts[texts["site_id"] != ""].drop_duplicates("site_id").sort_values("site_id")
            return [Site(*row) for row in known.itertuples(index=False)]
    return []


def firms(session: Session, territory_id: str) -> list[FirmRow]:
    """Firms of a territory by name, erased ones left out."""
    rows = select(FirmRow).where(FirmRow.territory_id == territory_id, FirmRow.erased_at.is_(None))
    return list(session.scalars(rows.order_by(FirmRow.name, FirmRow.id)))


def add_firm(session: Session, territory_id: str, name: str) -> FirmRow:
    """Make a firm, its short name taken from its name."""
    taken = session.scalars(select(FirmRow.slug).where(FirmRow.territory_id == territory_id))
    tidy = tidy_name(name)
    firm = FirmRow(territory_id=territory_id, name=tidy, slug=slugged(tidy, taken))
    session.add(firm)
    session.flush()
    return firm


def assignments(session: Session, territory_id: str) -> dict[str, str]:
    """Firm of each site that has one, by site_id."""
    rows = select(SiteRow.site_id, SiteRow.firm_id).where(SiteRow.territory_id == territory_id)
    return {site_id: firm_id for site_id, firm_id in session.execute(rows)}


def assign(
    session: Session, viewer: Viewer | None, territory_id: str, wanted: Mapping[str, str]
) -> int:
    """Give sites to firms.

    Parameters
    ----------
    wanted
        Identifier of a firm by site_id; blank takes the site away from its firm.

    Returns
    -------
    changed
        Sites that changed hands.

    Raises
    ------
    Unsound
        If a firm is not one of the territory.
    """
    known = {firm.id for firm in firms(session, territory_id)}
    if not set(wanted.values()) <= known | {""}:
        raise Unsound
    rows = select(SiteRow).where(SiteRow.territory_id == territory_id)
    held = {row.site_id: row for row in session.scalars(rows)}
    changed = 0
    for site_id, firm_id in wanted.items():
        row = held.get(site_id)
        if (row.firm_id if row else "") == firm_id:
            continue
        changed += 1
        if row is None:
            session.add(SiteRow(territory_id=territory_id, site_id=site_id, firm_id=firm_id))
        elif firm_id:
            row.firm_id = firm_id
        else:
            session.delete(row)
        audit.record(session, viewer, "site.assign", firm_id, territory_id, site_id)
    session.flush()
    return changed


def follow_sites(session: Session, territory_id: str) -> None:
    """Make the firms that sites.csv names, and give them the sites that nobody has.

    What was assigned by hand holds; a site that left the file leaves its firm.
    """
    named = {site.site_id: site for site in sites(session, territory_id)}
    rows: Sequence[SiteRow] = list(
        session.scalars(select(SiteRow).where(SiteRow.territory_id == territory_id))
    )
    for row in rows:
        if row.site_id not in named:
            session.delete(row)
    held = {row.site_id for row in rows}
    by_name = {firm.name: firm for firm in firms(session, territory_id)}
    for site in named.values():
        if not site.firm.strip() or site.site_id in held:
            continue
        name = tidy_name(site.firm)
        firm = by_name.get(name) or add_firm(session, territory_id, name)
        by_name[name] = firm
        session.add(SiteRow(territory_id=territory_id, firm_id=firm.id, site_id=site.site_id))
    session.flush()
