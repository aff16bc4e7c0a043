"""The addresses of a territory looked up: offline first, then by a service if that is asked."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from eit import texts
from eit.faults import DeclarationError, Fault
from eit.places.addresses.finding import Answer, find_addresses
from eit.places.addresses.index import open_index
from eit.places.addresses.online import ask_online
from eit.places.addresses.positions import (
    FILE,
    KEYS,
    USED,
    found_rows,
    given_address,
    is_taken,
    read_positions,
    write_positions,
)
from eit.places.addresses.posting import Service
from eit.places.locating import locate
from eit.tables import read_table

BEST = ("exact", "commune", "none")
"""Of several rows of one hub, the one that is placed best says where it is."""
TABLES = (".csv", ".xlsx")
ASKED = ["of", "site_id", "address", "postcode", "city", "insee"]


@dataclass(frozen=True, slots=True)
class LocateReport:
    """What came of looking addresses up.

    Attributes
    ----------
    path
        The file written.
    sites
        Sites and hubs of the territory without coordinates of their own.
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
    service: Service | str = "",
    lang: str = "fr",
    progress: Callable[[str, float, float], None] | None = None,
) -> LocateReport:
    """Look up the addresses of sites and hubs without coordinates, and write ``positions.csv``.

    Offline first; the national service is asked only with `online`, and only for what is not
    sure. What was settled before stays as it is, as long as the place keeps its address: the
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
        As for `ask_online`.
    lang
        Language of the titles of the file.
    progress
        Told after each answer of the service ``"locate"``, the part that has been asked, 0 to
        1, and NaN (there is no gap to close).

    Raises
    ------
    DeclarationError
        If there is no ``sites.csv``, or no address file and `online` is not asked.
    ServiceError
        If the service does not answer; what was found before is written.
    """
    folder = Path(territory)
    places = _unplaced(folder)
    path = folder / FILE
    before = read_positions(path)
    names = pd.MultiIndex.from_frame(places[["of", "site_id"]])
    given = pd.Series(places["given"].to_numpy(), index=names, dtype=object)
    settled = before[(before["use"] != "") & (before["given"] == given.reindex(before.index))]
    asked = places[~names.isin(settled.index)]
    answers = _offline(asked, gazetteer, online)
    rows = found_rows(asked, answers)
    write_positions(settled, rows, path, lang)
    answered = 0
    if online:
        doubtful = asked.index[[not is_taken(answer) for answer in answers]]
        for found in ask_online(asked.loc[doubtful], service):
            pairs = zip(found.index, answers[found.index], found, strict=True)
            better = {at: max(mine, theirs, key=_worth) for at, mine, theirs in pairs}
            answers = pd.Series({**dict(answers.items()), **better}, dtype=object)
            rows = found_rows(asked, answers)
            write_positions(settled, rows, path, lang)
            answered += len(found)
            if progress is not None:
                progress("locate", answered / len(doubtful), float("nan"))
    taken = rows[rows["use"] == "yes"]["precision"].value_counts()
    counts = {name: int(taken.get(name, 0)) for name in USED}
    to_settle = int((rows["use"] == "").sum())
    return LocateReport(path, len(places), len(settled), MappingProxyType(counts), to_settle)


def _unplaced(folder: Path) -> pd.DataFrame:
    """Sites and hubs without coordinates that can be read: `ASKED` as written, and given."""
    parts = []
    for kind, key in KEYS.items():
        found = [p for p in sorted(folder.glob(f"{kind}s.*")) if p.suffix.lower() in TABLES]
        if not found and kind == "site":
            raise DeclarationError(read_table(b"", "sites", file="sites.csv").faults)
        if found:
            rows = read_table(found[0], f"{kind}s").rows
            quality = locate(rows).places["position_quality"]
            rows = rows.assign(rank=quality.map(BEST.index), of=kind, site_id=rows[key])
            best = rows[rows[key] != ""].sort_values([key, "rank", "line"]).drop_duplicates(key)
            parts.append(best.loc[best["rank"] > 0, ASKED])
    places = pd.concat(parts, ignore_index=True)
    return places.assign(given=given_address(places))


def _offline(asked: pd.DataFrame, gazetteer: str | Path | None, online: bool) -> pd.Series:
    """Answers of the address files; none of them without any."""
    if gazetteer is None:
        if not online:
            raise DeclarationError([Fault("", 0, "", "", "no_addresses")])
        return pd.Series([Answer()] * len(asked), index=asked.index, dtype=object)
    with closing(open_index(gazetteer)) as index:
        return find_addresses(index, asked)


def _worth(answer: Answer) -> tuple[bool, float]:
    return is_taken(answer), answer.score
