"""At which site each declaration stands."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from eit.declarations.rows import Flags, Remark, Rows
from eit.tables import nearest_of


def find_sites(rows: Rows, sites: pd.DataFrame | None) -> tuple[pd.Series, list[Remark]]:
    """Site of each row, by its own ``site_id`` or by its SIRET.

    Parameters
    ----------
    sites
        The known sites by ``site_id``, with ``siret``; None where they are not known, and no
        reference is checked.

    Returns
    -------
    site_id, remarks
        ``site_id`` is blank where only a SIRET is given that names no site, or several.
    """
    site, siret = rows["site_id"], rows["siret"]
    unread = rows.unread_in("siret") | rows.unread_in("site_id")
    told = rows.declares & (rows.given("site_id") | rows.given("siret")) & ~unread
    missing = np.flatnonzero((site == "") & (siret == "") & told)
    remarks = [Remark(missing, "site_id", "site_missing")]
    if sites is None:
        return site, remarks
    remarks += _unknown_sites(rows, sites, told)
    remarks += _disagreements(rows, sites, told)
    by_siret, doubtful = _by_siret(rows, sites, told & (site == "").to_numpy())
    return site.where(site != "", by_siret), [*remarks, *doubtful]


def _unknown_sites(rows: Rows, sites: pd.DataFrame, told: Flags) -> Iterator[Remark]:
    site = rows["site_id"]
    unknown = np.flatnonzero((site != "") & ~site.isin(sites.index) & told)
    closest = nearest_of(site.iloc[unknown], sites.index)
    yield Remark(unknown, "site_id", "site", [{"nearest": closest[s]} for s in site.iloc[unknown]])


def _disagreements(rows: Rows, sites: pd.DataFrame, told: Flags) -> Iterator[Remark]:
    known = _looked_up(rows["site_id"], dict(zip(sites.index, sites["siret"], strict=True)))
    siret = rows["siret"]
    wrong = np.flatnonzero((known != "") & (siret != "") & (known != siret) & told)
    pairs = zip(rows["site_id"].iloc[wrong], known.iloc[wrong], strict=True)
    details = [{"site_id": site, "siret": number} for site, number in pairs]
    yield Remark(wrong, "siret", "site_disagrees", details)


def _by_siret(rows: Rows, sites: pd.DataFrame, asked: Flags) -> tuple[pd.Series, list[Remark]]:
    """Site of each row that is asked for, by its SIRET."""
    siret = rows["siret"]
    asked = asked & (siret != "").to_numpy()
    wanted = set(siret[asked])
    bearers: dict[str, list[str]] = {}
    for number, site in zip(sites["siret"], sites.index, strict=True):
        if number in wanted:
            bearers.setdefault(number, []).append(str(site))
    shared = {number for number, found in bearers.items() if len(found) > 1}
    unknown = np.flatnonzero(asked & ~siret.isin(list(bearers)))
    several = np.flatnonzero(asked & siret.isin(list(shared)))
    named = [{"sites": _named(bearers[number])} for number in siret.iloc[several]]
    one = {number: found[0] for number, found in bearers.items() if number not in shared}
    return _looked_up(siret, one), [
        Remark(unknown, "siret", "siret_unknown"),
        Remark(several, "siret", "siret_ambiguous", named),
    ]


def _looked_up(keys: pd.Series, values: Mapping[str, str]) -> pd.Series:
    """Value of each key, blank where there is none."""
    places, distinct = pd.factorize(keys)
    found = pd.Series([values.get(key, "") for key in distinct], dtype="str")
    return found.take(places).set_axis(keys.index)


def _named(sites: Sequence[str]) -> str:
    shown = ", ".join(sorted(sites)[:5])
    return shown if len(sites) <= 5 else f"{shown}…"
