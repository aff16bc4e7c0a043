"""A park as its manager sees it in the published run: a page with its map, a table, indicators."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from eit import atlas
from eit.portal.refusals import Hidden
from eit.results import Run, read_run
from eit.store.models import JobRow, PublicationRow, SynergyRow
from eit.texts import LANGUAGES

PORTAL = "portal"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange that a manager may see; quantities a year, ``certainty`` of the figures."""

    giver: str
    taker: str
    resource: str
    code: str
    quantity: float
    unit: str
    distance_km: float | None
    co2e_t: float
    certainty: str


@dataclass(frozen=True, slots=True)
class Park:
    """A park in a run.

    Attributes
    ----------
    park_id, name
        As in the territory.
    site_ids
        Sites in the park.
    residues, needs
        What they declared: counts.
    exchanges
        Those that the manager may see.
    quantity_t, co2e_t, t_km
        Of these exchanges, a year: mass given a second use, CO2e avoided, transport.
    """

    park_id: str
    name: str
    site_ids: tuple[str, ...]
    residues: int
    needs: int
    exchanges: tuple[Exchange, ...]
    quantity_t: float
    co2e_t: float
    t_km: float


@dataclass(frozen=True)
class ParkFiles:
    """Where what is told of a park is kept, beside the run it was drawn from.

    It is drawn when somebody first looks, and read from then on: a run never changes.
    """

    run_folder: Path
    park_id: str

    @cached_property
    def _stem(self) -> str:
        return Path(atlas.page_names([self.park_id])[self.park_id]).stem

    def page(self, lang: str) -> Path:
        """The page with the map."""
        return self.run_folder / PORTAL / f"{self._stem}.{lang}.html"

    def figures(self, lang: str) -> Path:
        """Table and indicators."""
        return self.run_folder / PORTAL / f"{self._stem}.{lang}.json"


def published_run(session: Session, territory_id: str) -> JobRow | None:
    """The job whose run is shown in a territory; None before anything was published."""
    query = (
        select(JobRow)
        .join(PublicationRow, PublicationRow.job_id == JobRow.id)
        .where(JobRow.territory_id == territory_id, PublicationRow.withdrawn_at.is_(None))
    )
    return session.scalar(query)


def list_parks(run_folder: Path) -> Mapping[str, str]:
    """Name of each park of a run, by its id."""
    kept = run_folder / PORTAL / "parks.json"
    if not kept.exists():
        run = read_run(run_folder)
        named = dict(zip(run.territory.parks["park_id"], run.territory.parks["name"], strict=True))
        ids = sorted({*named, *run.territory.sites["park_id"]} - {""})
        _keep(kept, json.dumps({key: named.get(key) or key for key in ids}, ensure_ascii=False))
    return cast("dict[str, str]", json.loads(kept.read_text(encoding="utf-8")))


def show_park(run_folder: Path, park_id: str, lang: str) -> tuple[Park, Path]:
    """What is told of a park, and the page with its map.

    Parameters
    ----------
    run_folder
        Folder of the published run.
    park_id
        The park.
    lang
        Language of the page.

    Raises
    ------
    Hidden
        If the run knows no such park.
    """
    if park_id not in list_parks(run_folder):
        raise Hidden
    files = ParkFiles(run_folder, park_id)
    if not files.figures(lang).exists():
        _draw(read_run(run_folder), files)
    told: dict[str, Any] = json.loads(files.figures(lang).read_text(encoding="utf-8"))
    rows = tuple(Exchange(**row) for row in told.pop("exchanges"))
    sites = tuple(told.pop("site_ids"))
    return Park(**told, site_ids=sites, exchanges=rows), files.page(lang)


def count_stages(session: Session, territory_id: str, site_ids: Sequence[str]) -> Mapping[str, int]:
    """How many synergies that touch some sites stand at each stage."""
    query = select(SynergyRow).where(SynergyRow.territory_id == territory_id)
    own = set(site_ids)
    found: dict[str, int] = {}
    for row in session.scalars(query):
        if row.donor_site in own or row.receiver_site in own:
            found[row.stage] = found.get(row.stage, 0) + 1
    return found


def _draw(run: Run, files: ParkFiles) -> None:
    """Draw the pages of a park in every language, figures last: they say that it is whole."""
    (files.run_folder / PORTAL).mkdir(exist_ok=True)
    for lang in LANGUAGES:
        page = files.page(lang)
        atlas.write_park_page(run.territory, run.plan, files.park_id, page, lang=lang)
        park = _park(run, files.park_id, lang)
        _keep(files.figures(lang), json.dumps(asdict(park), ensure_ascii=False))


def _keep(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _park(run: Run, park_id: str, lang: str) -> Park:
    """Table and indicators from the sheet that the page is drawn from."""
    sheet = atlas.tell_park(run.territory, run.plan, park_id, lang)
    names = sheet.nodes["name"].to_dict()
    quantity_t, _co2e_t, t_km = sheet.totals["value"]
    here = run.territory.sites.index[run.territory.sites["park_id"] == park_id]
    declared = run.territory.declarations
    kinds = declared.loc[declared["site_id"].isin(here), "kind"]
    rows = cast("list[dict[str, Any]]", sheet.exchanges.to_dict("records"))
    return Park(
        park_id=park_id,
        name=sheet.title,
        site_ids=tuple(sorted(here)),
        residues=int((kinds == "residue").sum()),
        needs=int((kinds == "need").sum()),
        exchanges=tuple(_exchange(row, names) for row in rows),
        quantity_t=float(quantity_t),
        co2e_t=sum(row["co2e_t"] for row in rows),
        t_km=float(t_km),
    )


def _exchange(row: Mapping[str, Any], names: Mapping[Any, str]) -> Exchange:
    km = float(row["distance_km"])
    return Exchange(
        giver=names[row["source"]],
        taker=names[row["target"]],
        resource=row["resource"],
        code=row["code"],
        quantity=float(row["quantity"]),
        unit=row["unit"],
        distance_km=None if km != km else km,
        co2e_t=float(row["co2e_t"]),
        certainty=row["certainty"],
    )
