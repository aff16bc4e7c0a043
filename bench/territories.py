"""Generated territories of any size: clustered parks, log-normal quantities, ten families of flows.

The density of firms is constant, so that the number of partners within reach of a firm
does not grow with the territory. Every figure is invented; no firm of the real world is meant.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

FLOWS_PER_FIRM = 6
FIRMS_PER_PARK = 35
KM2_PER_FIRM = 18.0
PARK_SHARE = 0.75
PARK_SIGMA_KM = 0.9
RESIDUE_SHARE = 0.55
KM_PER_DEGREE = 111.2
WIDE = 200_000
"""Declarations from which on a territory is larger than a country: all Europe's system is taken."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a territory lies, and in which metric system."""

    crs: str
    lon: float
    lat: float

    @classmethod
    def of(cls, count: int) -> "Ground":
        """France, or the middle of Europe where that is too small."""
        return cls("EPSG:3035", 10.0, 52.0) if count >= WIDE else cls("EPSG:2154", 2.0, 47.0)


@dataclass(frozen=True, slots=True)
class Family:
    """One family of flows: how far it goes, what it costs and weighs (medians)."""

    name: str
    reach_km: float
    disposal_eur: float
    price_eur: float
    quantity_t: float
    share: float


FAMILIES = (
    Family("heat", 2, 2, 35, 3000, 0.04),
    Family("steam", 4, 2, 45, 2500, 0.02),
    Family("water", 8, 3, 4, 8000, 0.06),
    Family("inert", 30, 12, 14, 4000, 0.12),
    Family("organic", 60, 60, 25, 900, 0.16),
    Family("wood", 90, 55, 40, 600, 0.12),
    Family("paper", 120, 80, 90, 350, 0.10),
    Family("plastic", 180, 120, 450, 150, 0.14),
    Family("chemical", 150, 280, 380, 80, 0.14),
    Family("metal", 250, 30, 320, 250, 0.10),
)


def write_territory(folder: Path, count: int, *, resources: int = 0, seed: int = 0) -> None:
    """Write a territory folder with ``count`` declarations, all met by identity.

    Parameters
    ----------
    folder
        Where to write ``territory.toml``, ``sites.csv`` and ``declarations/all.csv``.
    count
        Number of declarations, residues and needs together.
    resources
        Number of distinct resources; 0 takes 60 up to 1,000 declarations and 200 above.
    seed
        Of the random generator: equal seeds give equal files.
    """
    draw, ground = np.random.default_rng(seed), Ground.of(count)
    (folder / "declarations").mkdir(parents=True, exist_ok=True)
    (folder / "territory.toml").write_text(
        f'[territory]\nname = "Generated, {count} declarations"\ncrs = "{ground.crs}"\n'
        "year = 2026\nbuiltin_rules = false\n",
        encoding="utf-8",
    )
    sites = _sites(draw, max(20, count // FLOWS_PER_FIRM), ground)
    sites.to_csv(folder / "sites.csv", index=False, float_format="%.6f")
    flows = _declarations(draw, count, sites["site_id"].to_numpy(), resources or _usual(count))
    flows.to_csv(folder / "declarations" / "all.csv", index=False, float_format="%.3f")


def _usual(count: int) -> int:
    return 60 if count <= 1000 else 200


def _sites(draw: np.random.Generator, firms: int, ground: Ground) -> pd.DataFrame:
    """Firms in parks whose sizes follow Zipf's law, the rest scattered; as dense everywhere."""
    side = np.sqrt(firms * KM2_PER_FIRM)
    parks = max(3, firms // FIRMS_PER_PARK)
    weight = np.arange(1, parks + 1) ** -0.7
    park = draw.choice(parks, firms, p=weight / weight.sum())
    centre = draw.uniform(0, side, (parks, 2))
    clustered = draw.random(firms) < PARK_SHARE
    near = centre[park] + draw.normal(0, PARK_SIGMA_KM, (firms, 2))
    place = np.where(clustered[:, None], near, draw.uniform(0, side, (firms, 2)))
    lat = ground.lat + (place[:, 1] - side / 2) / KM_PER_DEGREE
    lon = ground.lon + (place[:, 0] - side / 2) / (KM_PER_DEGREE * np.cos(np.radians(lat)))
    names = [f"S{number:07d}" for number in range(firms)]
    return pd.DataFrame({"site_id": names, "firm": names, "lon": lon, "lat": lat})


def _declarations(
    draw: np.random.Generator, count: int, sites: np.ndarray, resources: int
) -> pd.DataFrame:
    """Residues and needs with their cost of today and their reach."""
    share = np.array([family.share for family in FAMILIES])
    kinds = np.maximum(1, np.round(share / share.sum() * resources).astype(int))
    family_of = np.repeat(np.arange(len(FAMILIES)), kinds)
    popularity = draw.permutation(np.arange(1, len(family_of) + 1) ** -0.5)
    resource = draw.choice(len(family_of), count, p=popularity / popularity.sum())
    family = family_of[resource]
    median = np.array([[f.quantity_t, f.disposal_eur, f.price_eur, f.reach_km] for f in FAMILIES])
    residue = draw.random(count) < RESIDUE_SHARE
    spread = draw.normal(0, 1, (count, 2))
    cost = np.where(
        residue,
        median[family, 1] * np.exp(0.35 * spread[:, 1]),
        0.75 * median[family, 2] * np.exp(0.25 * spread[:, 1]),
    )
    names = np.array(
        [f"{f.name}_{n}" for f, k in zip(FAMILIES, kinds, strict=True) for n in range(k)]
    )
    return pd.DataFrame(
        {
            "declaration_id": [f"D{number:08d}" for number in range(count)],
            "site_id": sites[draw.integers(0, len(sites), count)],
            "kind": np.where(residue, "residue", "need"),
            "resource": names[resource],
            "quantity": median[family, 0] * np.exp(1.1 * spread[:, 0]) + 0.001,
            "unit": "t",
            "current_cost_eur_per_unit": cost,
            "max_share": np.where(
                residue, "", np.round(draw.uniform(0.2, 1, count), 3).astype(str)
            ),
            "max_distance_km": median[family, 3],
        }
    )
