"""``positions.csv``: where the addresses of a territory's sites are, and what is to be settled."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from eit import texts
from eit.faults import DeclarationError, Fault, Notice
from eit.places.addresses.finding import Answer, find_addresses
from eit.places.addresses.index import open_index
from eit.places.addresses.online import SERVICE, ask_online
from eit.places.locating import locate
from eit.tables import read_table, schema
from eit.tables.guarding import guard

FILE = "positions.csv"
USED = ("housenumber", "street", "locality")
"""Precisions that place a site better than its commune does."""


@dataclass(frozen=True, slots=True)
class LocateReport:
    """What came of looking addresses up.

    Attributes
    ----------
    path
        The file written.
    sites
        Sites of the territory without coordinates of their own.
    kept
        Of these, how many had been settled before and were left as they stand.
    found
        Addresses taken, by precision.
    to_settle
        Addresses that a person is to settle.
    """

    path: Path
    sites: int
    kept: int
    found: Mapping[str, int]
    to_settle: int

    def as_dict(self) -> dict[str, object]:
        """Everything, as JSON holds it."""
        return {
            "path": str(self.path),
            "sites": self.sites,
            "kept": self.kept,
            "found": dict(self.found),
            "to_settle": self.to_settle,
        }

    def lines(self, lang: str) -> dict[str, str]:
        """Label and figure of each line that a person reads, in order."""
        figures = {"sites": self.sites, "kept": self.kept}
        figures |= {name: number for name, number in self.found.items()}
        figures["to_settle"] = self.to_settle
        return {texts.say(f"places.located_{k}", lang): str(n) for k, n in figures.items()}


def locate_addresses(
    territory: str | Path,
    gazetteer: str | Path | None = None,
    *,
    online: bool = False,
    service: str = SERVICE,
    lang: str = "fr",
) -> LocateReport:
    """Look up the addresses of sites without coordinates, and write ``positions.csv``.

    Offline first; the national service is asked only with `online`, and only for what is not
    sure. What was settled before stays as it is, as long as the site keeps its address: the
    command can be run again, after a stop or with more address files.

    Parameters
    ----------
    territory
        A territory folder.
    gazetteer
        A folder of address files, as for `open_index`; None if there is none.
    online
        Send the addresses that are not sure (and nothing else) to the service.
    service
        Where a CSV search in the manner of addok answers.
    lang
        Language of the titles of the file.

    Raises
    ------
    DeclarationError
        If there is no ``sites.csv``, or no address file and `online` is not asked.
    ServiceError
        If the service does not answer; what was found before is written.
    """
    folder = Path(territory)
    sites = _sites(folder)
    path = folder / FILE
    before = _before(path)
    given = _given(sites)
    settled = before[(before["use"] != "") & (before["given"] == given.reindex(before.index))]
    asked = sites.loc[sites.index.difference(settled.index)]
    answers = _offline(asked, gazetteer, online)
    rows = _rows(answers, given)
    _write(settled, rows, path, lang)
    if online:
        doubtful = [not (answer.sure and answer.precision in USED) for answer in answers]
        for found in ask_online(asked[doubtful], service=service):
            better = [
                max(pair, key=_worth) for pair in zip(answers[found.index], found, strict=True)
            ]
            answers = pd.Series(
                {**dict(answers.items()), **dict(zip(found.index, better, strict=True))},
                dtype=object,
            )
            rows = _rows(answers, given)
            _write(settled, rows, path, lang)
    taken = rows[rows["use"] == "yes"]["precision"].value_counts()
    counts = {name: int(taken.get(name, 0)) for name in USED}
    to_settle = int((rows["use"] == "").sum())
    return LocateReport(path, len(sites), len(settled), MappingProxyType(counts), to_settle)


def _offline(asked: pd.DataFrame, gazetteer: str | Path | None, online: bool) -> pd.Series:
    """Answers of the address files; none of them without any."""
    if gazetteer is None:
        if not online:
            raise DeclarationError([Fault("", 0, "", "", "no_addresses")])
        return pd.Series([Answer()] * len(asked), index=asked.index, dtype=object)
    with closing(open_index(gazetteer)) as index:
        return find_addresses(index, asked)


def _worth(answer: Answer) -> tuple[bool, float]:
    return answer.sure and answer.precision in USED, answer.score


def _rows(answers: pd.Series, given: pd.Series) -> pd.DataFrame:
    """Rows of ``positions.csv``; those that nobody need look at are to be used."""
    rows = [
        {
            "site_id": site,
            "given": given[site],
            "found": answer.found,
            "lon": answer.lon,
            "lat": answer.lat,
            "score": answer.score,
            "precision": answer.precision,
            "source": f"BAN ({answer.source})" if answer.source else "",
            "use": "yes" if answer.sure and answer.precision in USED else "",
            "candidates": answer.rivals,
        }
        for site, answer in zip(answers.index.astype(str), answers, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(schema("positions").names))


def with_positions(
    sites: pd.DataFrame, positions: pd.DataFrame
) -> tuple[pd.DataFrame, list[Notice]]:
    """Put sites that stand at their commune, or nowhere, where ``positions.csv`` says.

    Parameters
    ----------
    sites
        Index site_id; address, postcode, city, insee as written, lon, lat, position_quality,
        commune_area_km2.
    positions
        Rows of ``positions.csv`` as read; only those with ``use = yes`` count.

    Returns
    -------
    sites, notices
        With position_quality ``address`` where a position was taken; a word on each one whose
        site has another address by now, or is none of the territory's.
    """
    rows = positions[(positions["site_id"] != "") & (positions["use"] == "yes")]
    rows = rows[rows["lon"].notna() & rows["lat"].notna()].drop_duplicates("site_id")
    rows = rows.set_index("site_id", drop=False)
    here = rows.index.isin(sites.index)
    given = _given(sites).reindex(rows.index)
    stale = here & (rows["given"] != "") & (rows["given"] != given)
    notices = [
        Notice(str(row["file"]), int(row["line"]), "site_id", str(row["site_id"]), code)
        for code, which in (("position_stranger", ~here), ("position_stale", stale))
        for row in rows[which].to_dict("records")
    ]
    better = rows.index[here & ~stale]
    better = better[sites.loc[better, "position_quality"].isin(["commune", "none"])]
    placed = sites.copy()
    placed.loc[better, ["lon", "lat"]] = rows.loc[better, ["lon", "lat"]].astype(float)
    placed.loc[better, "position_quality"] = "address"
    placed.loc[better, "commune_area_km2"] = float("nan")
    return placed, notices


def _sites(folder: Path) -> pd.DataFrame:
    """Sites without coordinates that can be read, by id."""
    found = [p for p in sorted(folder.glob("sites.*")) if p.suffix.lower() in (".csv", ".xlsx")]
    if not found:
        missing = read_table(b"", "sites", file="sites.csv")
        raise DeclarationError(missing.faults)
    rows = read_table(found[0], "sites").rows
    rows = rows[(rows["site_id"] != "") & ~rows["site_id"].duplicated()].set_index("site_id")
    quality = locate(rows).places["position_quality"]
    return rows[quality != "exact"].sort_index()


def _given(sites: pd.DataFrame) -> pd.Series:
    """The address as it is looked for, in one line."""
    town = (sites["postcode"] + " " + sites["city"]).str.strip()
    town = town.where(town != "", sites["insee"])
    whole = (sites["address"].str.strip() + ", " + town).str.strip(", ")
    return whole.str.replace(r"\s+", " ", regex=True).rename("given")


def _before(path: Path) -> pd.DataFrame:
    """Positions of an earlier run, by site."""
    if not path.exists():
        return pd.DataFrame(columns=list(schema("positions").names)).set_index("site_id")
    table = read_table(path, "positions")
    if table.faults:
        raise DeclarationError(table.faults)
    rows = table.rows[list(schema("positions").names)]
    return rows[rows["site_id"] != ""].drop_duplicates("site_id").set_index("site_id")


def _write(settled: pd.DataFrame, rows: pd.DataFrame, path: Path, lang: str) -> None:
    """What was settled before and what was found now, by site."""
    declared = schema("positions")
    rows = pd.concat([settled.reset_index(), rows]) if len(settled) else rows
    rows = rows.sort_values("site_id", ignore_index=True)
    words = ("site_id", "given", "found", "source", "candidates")
    rows = rows.assign(**{name: rows[name].map(guard) for name in words})
    rows = rows[list(declared.names)]
    rows.columns = pd.Index([declared[name].header(lang) for name in declared.names])
    unfinished = path.with_name(path.name + ".tmp")
    rows.to_csv(unfinished, index=False, lineterminator="\n")
    unfinished.replace(path)
