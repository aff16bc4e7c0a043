"""A whole folder becomes one territory, or the list of everything that stands in its way."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from eit.declarations import Ledger, read_declarations
from eit.faults import DeclarationError, Fault, Notice, in_order
from eit.places import Bounds, locate
from eit.places.addresses import trusted, with_positions
from eit.places.telling import records
from eit.roads import Network, read_roads
from eit.scenario import SCENARIO_KEYS, TERRITORY_KEYS, read_settings
from eit.tables import Table, read_table, schema
from eit.territory.folder import ROADS, TABLES, Folder, list_folder, sha256
from eit.territory.hubs import arrange_hubs
from eit.territory.links import arrange_links
from eit.territory.model import Reading, Territory, without_faulty
from eit.territory.parks import assign_parks, no_parks, read_parks
from eit.territory.roads import off_roads
from eit.territory.rules import about_needs

DEFAULTS: Mapping[str, Any] = {
    "crs": "EPSG:2154",
    "year": 2026,
    "builtin_rules": True,
    "links_only": False,
}
"""Of ``territory.toml``, where it does not say."""
POOLING = ("services", "service_offers", "pickups", "vehicles")
WORLD: Bounds = (-180.0, -90.0, 180.0, 90.0)


def read_territory(folder: str | Path, *, sound_only: bool = False) -> Territory:
    """Read a territory folder.

    Parameters
    ----------
    folder
        As described in the documentation: ``territory.toml``, ``sites.csv``, ``declarations/``, …
    sound_only
        Leave out what is faulty, and what hangs on it, instead of raising.

    Raises
    ------
    DeclarationError
        With all faults of all files; with `sound_only` only if there is no such folder.
    """
    reading = check_territory(folder)
    if reading.territory is None or (reading.faults and not sound_only):
        raise DeclarationError(reading.faults, reading.notices)
    return reading.territory


def check_territory(folder: str | Path) -> Reading:
    """Read a territory folder, with all its faults and notices.

    Parameters
    ----------
    folder
        As for `read_territory`.
    """
    root = Path(folder)
    try:
        listed = list_folder(root)
    except OSError:
        return Reading(None, (Fault(root.name, 0, "", str(root), "no_folder"),), (), 0)
    said: list[Fault | Notice] = [*listed.faults, *listed.notices]
    toml, wrong = _toml(listed, "territory", TERRITORY_KEYS)
    scenario, also_wrong = _toml(listed, "scenario", SCENARIO_KEYS)
    said += [*wrong, *also_wrong]
    stated = toml.get("territory", {})
    if "name" not in stated and not wrong and "territory" in listed.single:
        said.append(Fault("territory.toml", 0, "territory.name", "", "missing_name"))
    basis = _basis({**DEFAULTS, "name": root.resolve().name, **stated})
    tables = {name: _table(listed, name) for name in TABLES}
    for table in tables.values():
        said += [*table.faults, *table.notices]
    rows, ledger = _rows(basis, listed, tables, said)
    parks = _parks(basis, listed, rows.sites, said)
    roads = _roads(basis, listed, rows, said)
    faults = in_order(one for one in said if isinstance(one, Fault))
    notices = [one for one in said if isinstance(one, Notice)]
    sound = _sound(rows, list(faults), notices)
    territory = Territory(
        **basis.stated,
        folder=root,
        toml=toml,
        scenario=scenario,
        sites=sound.sites,
        parks=parks,
        declarations=sound.declarations,
        rules=sound.rules.set_index("rule_id"),
        hubs=sound.hubs,
        links=sound.links,
        pooling={name: tables[name].frame for name in POOLING if name in listed.single},
        files=tuple((listed.name(path), sha256(path)) for path in _read_files(listed)),
        notices=in_order(notices),
        roads=roads,
    )
    return Reading(territory, faults, in_order(notices), ledger.sound)


@dataclass(frozen=True, slots=True)
class _Basis:
    """Settings that the tables are read by."""

    stated: Mapping[str, Any]
    area: Bounds
    epsg: int


@dataclass(frozen=True, slots=True)
class _Rows:
    """Tables that refer to each other, faulty rows and all, or their sound part."""

    sites: pd.DataFrame
    declarations: pd.DataFrame
    rules: pd.DataFrame
    hubs: pd.DataFrame
    links: pd.DataFrame


def _toml(listed: Folder, name: str, keys: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    if name not in listed.single:
        return {}, []
    path = listed.single[name]
    return read_settings(path, keys=keys, file=listed.name(path))


def _basis(stated: Mapping[str, Any]) -> _Basis:
    crs = CRS.from_user_input(stated["crs"])
    area = crs.area_of_use.bounds if crs.area_of_use else WORLD
    return _Basis(stated, area, crs.to_epsg() or 0)


def _table(listed: Folder, name: str) -> Table:
    """A table of the folder; where it has none, one without rows."""
    if name in listed.single:
        path = listed.single[name]
        return read_table(path, name, file=listed.name(path))
    return read_table((",".join(schema(name).names) + "\n").encode(), name)


def _read_files(listed: Folder) -> list[Path]:
    return sorted([*listed.single.values(), *listed.declarations], key=listed.name)


def _rows(
    basis: _Basis, listed: Folder, tables: Mapping[str, Table], said: list[Fault | Notice]
) -> tuple[_Rows, Ledger]:
    """Every table with what it says of the others; adds to `said`."""
    sites = _sites(basis, tables["sites"], tables["positions"], said)
    hubs, of_hubs = arrange_hubs(
        tables["hubs"].rows, tables["positions"].rows, area=basis.area, likely=basis.epsg
    )
    said += of_hubs
    said += _outside(basis, hubs.drop_duplicates("hub_id"), "hub_id")
    rules = tables["rules"].rows
    rules = rules[(rules["rule_id"] != "") & ~rules["rule_id"].duplicated()]
    ledger = read_declarations(
        [read_table(path, "declarations", file=listed.name(path)) for path in listed.declarations],
        sites=sites,
        known_resources={*rules["residue"], *rules["need"], *hubs["takes"], *hubs["gives"]} - {""},
        year=basis.stated["year"],
        builtin_rules=basis.stated["builtin_rules"],
    )
    said += [*ledger.faults, *ledger.notices]
    if listed.declarations and ledger.history.empty:
        said.append(Notice("declarations/", 0, "", "", "empty_territory"))
    live = ledger.live
    if inferred := int((live["data_quality"] == "inferred").sum()):
        counted = {"number": str(inferred), "all": str(len(live))}
        said.append(Notice("declarations/", 0, "data_quality", "inferred", "inferred", counted))
    if basis.stated["builtin_rules"]:
        said += about_needs(rules, live, hubs)
    said += _about_ids(sites, live, hubs)
    kinds = _kinds(sites, live, hubs)
    seen = ledger.history["declaration_id"]
    passed_over = pd.Index(seen[~seen.isin(live.index)])
    links, of_links = arrange_links(tables["links"].rows, kinds, passed_over)
    said += of_links
    return _Rows(sites, live, rules, hubs, links), ledger


def _sites(
    basis: _Basis, table: Table, positions: Table, said: list[Fault | Notice]
) -> pd.DataFrame:
    """Sites by id, each in its place."""
    rows = table.rows
    rows = rows[(rows["site_id"] != "") & ~rows["site_id"].duplicated()].set_index("site_id")
    placed = rows.index.isin(trusted(rows, positions.rows)[0].index)
    located = locate(
        rows, area=basis.area, likely=basis.epsg, placed=pd.Series(placed, index=rows.index)
    )
    said += [*located.faults, *located.notices]
    places = located.places
    sites = rows.assign(**{str(column): values for column, values in places.items()})
    sites, of_positions = with_positions(sites, positions.rows)
    said += of_positions
    said += _outside(basis, sites.reset_index(), "site_id")
    order = [c for c in sites.columns if c not in ("x", "y", "crs", "file", "line")]
    return sites[[*order, "file", "line"]].sort_index()


def _outside(basis: _Basis, rows: pd.DataFrame, column: str) -> Iterator[Fault]:
    """Places where the territory's metric system is not to be used."""
    west, south, east, north = basis.area
    inside = rows["lon"].between(west, east) & rows["lat"].between(south, north)
    for row in records(rows[rows["lon"].notna() & ~inside]):
        said = {"crs": str(basis.stated["crs"])}
        yield Fault(row["file"], row["line"], column, row[column], "outside_crs", said)


def _parks(
    basis: _Basis, listed: Folder, sites: pd.DataFrame, said: list[Fault | Notice]
) -> gpd.GeoDataFrame:
    """Parks, and the sites that lie in them; adds to `said`."""
    parks = no_parks()
    if "parks" in listed.single:
        path = listed.single["parks"]
        parks, of_parks = read_parks(path, area=basis.area, file=listed.name(path))
        said += of_parks
    sites["park_id"], of_sites = assign_parks(sites, parks)
    said += of_sites
    return parks


def _roads(
    basis: _Basis, listed: Folder, rows: _Rows, said: list[Fault | Notice]
) -> Network | None:
    """The road network, and the places it does not serve; adds to `said`."""
    if ROADS not in listed.single:
        return None
    path = listed.single[ROADS]
    roads, of_roads = read_roads(path, crs=str(basis.stated["crs"]), file=listed.name(path))
    said += of_roads
    if roads is not None:
        said += off_roads(roads, rows.sites.reset_index(), "site_id")
        said += off_roads(roads, rows.hubs.drop_duplicates("hub_id"), "hub_id")
    return roads


def _about_ids(
    sites: pd.DataFrame, declarations: pd.DataFrame, hubs: pd.DataFrame
) -> Iterator[Fault | Notice]:
    """Ids that two kinds of things bear."""
    rows = hubs.drop_duplicates("hub_id")
    for row in records(rows[rows["hub_id"].isin(declarations.index)]):
        yield Fault(row["file"], row["line"], "hub_id", row["hub_id"], "hub_is_declaration")
    declared = sites[sites.index.isin(declarations.index)]
    a_hub = {"kind_en": "hub", "kind_fr": "la plateforme"}
    a_declaration = {"kind_en": "declaration", "kind_fr": "la déclaration"}
    served = sites[sites.index.isin(hubs["hub_id"])]
    for both, said in ((declared, a_declaration), (served, a_hub)):
        for row in records(both.reset_index()):
            place = row["file"], row["line"], "site_id", row["site_id"]
            yield Notice(*place, "id_of_site_too", said)


def _kinds(sites: pd.DataFrame, declarations: pd.DataFrame, hubs: pd.DataFrame) -> pd.Series:
    """What every id is; of equal ids a declaration comes before a hub, and a hub before a site."""
    kinds: pd.Series = pd.concat(
        [
            declarations["kind"].astype(object),
            pd.Series("hub", index=hubs["hub_id"].unique(), dtype=object),
            pd.Series("site", index=sites.index, dtype=object),
        ]
    )
    return kinds[~kinds.index.duplicated()]


def _sound(rows: _Rows, faults: list[Fault], notices: list[Notice]) -> _Rows:
    """Rows without a fault whose ends and sites have none; adds to `notices`."""
    sites, hubs, rules, links = (
        without_faulty(table, faults) for table in (rows.sites, rows.hubs, rows.rules, rows.links)
    )
    declarations = without_faulty(rows.declarations, faults)
    placed = declarations[declarations["site_id"].isin(sites.index)]
    if lost := len(declarations) - len(placed):
        said = {"number": str(lost)}
        notices.append(Notice("sites.csv", 0, "", "", "left_out_with_site", said))
    ends = pd.Index([]).append([sites.index, placed.index, pd.Index(hubs["hub_id"])])
    joined = links[links["from_id"].isin(ends) & links["to_id"].isin(ends)]
    if lost := len(links) - len(joined):
        notices.append(Notice("links.csv", 0, "", "", "links_left_out", {"number": str(lost)}))
    return _Rows(sites, placed, rules, hubs, joined.reset_index(drop=True))
