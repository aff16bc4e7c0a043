"""Small territory folders written from the tables that a test spells out."""

from pathlib import Path

from eit.matching import match
from eit.results import Plan
from eit.scenario import Scenario, Settings, resolve
from eit.territory import Territory, read_territory

PLAIN = """
[territory]
name = "Trial"
crs = "EPSG:2154"
year = 2026
builtin_rules = false
{territory}
[transport]
circuity = 1.0
cost_eur_per_t_km = 0.1
co2e_kg_per_t_km = 0.1
[factors]
assume_costs = false
"""

SITES = """
site_id,lon,lat
A,2.80,50.40
B,2.90,50.40
C,3.00,50.40
D,3.10,50.40
"""
"""Four sites in a row on one parallel, a tenth of a degree apart (7.11 km)."""


def write_folder(
    folder: Path,
    declarations: str,
    *,
    sites: str = SITES,
    territory: str = "",
    toml: str = PLAIN,
    **tables: str,
) -> Path:
    """Write a territory folder; each further table by its name, as CSV text."""
    (folder / "declarations").mkdir(parents=True)
    (folder / "territory.toml").write_text(toml.format(territory=territory), encoding="utf-8")
    (folder / "sites.csv").write_text(sites.lstrip(), encoding="utf-8")
    (folder / "declarations" / "all.csv").write_text(declarations.lstrip(), encoding="utf-8")
    for name, table in tables.items():
        (folder / f"{name}.csv").write_text(table.lstrip(), encoding="utf-8")
    return folder


def territory_of(folder: Path, declarations: str, **tables: str) -> Territory:
    """Write a territory folder and read it."""
    return read_territory(write_folder(folder, declarations, **tables))


def settings_of(territory: Territory, **sections: dict[str, object]) -> Settings:
    """Settings of a run of this territory under a scenario."""
    return resolve(territory.toml, territory.scenario, Scenario(**sections))


def plan_of(folder: Path, declarations: str, *, lang: str = "en", **tables: object) -> Plan:
    """Match a territory; tables named like a section of a scenario are its settings."""
    sections = {name: of for name, of in tables.items() if isinstance(of, dict)}
    texts = {name: of for name, of in tables.items() if isinstance(of, str)}
    territory = territory_of(folder / "territory", declarations, **texts)
    return match(territory, settings_of(territory, **sections), lang=lang)


def shipped(plan: Plan) -> dict[tuple[str, str], float]:
    """Quantity of the year between two ids."""
    total = plan.flows.groupby(["from_id", "to_id"])["quantity"].sum()
    return {key: round(of, 6) for key, of in total.items()}
