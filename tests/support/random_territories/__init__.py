"""Small random territory folders, with every feature of the contract switched on at will.

A folder is drawn from a seed and a set of features, and is the same for the same two.
Figures are whole or short decimals, so that a plan can be redone by hand.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

from support.random_territories import carried, declared, steered
from support.random_territories.draft import GOODS, Draft, some_place
from support.random_territories.folder import write_folder

FEATURES: Mapping[str, Callable[[Draft], None]] = {
    "rules": carried.with_rules,
    "hubs": carried.with_hubs,
    "codes": declared.with_codes,
    "quotes": carried.with_quotes,
    "modes": carried.with_modes,
    "site_links": carried.with_site_links,
    "fixed_costs": carried.with_fixed_costs,
    "amounts": carried.with_amounts,
    "trips": carried.with_trips,
    "groups": carried.with_groups,
    "months": declared.with_months,
    "lots": declared.with_lots,
    "partners": declared.with_partners,
    "required": declared.with_required,
    "quality": declared.with_quality,
    "hazard": declared.with_hazard,
    "shares": declared.with_shares,
    "distances": declared.with_distances,
    "limits": steered.with_limits,
    "hierarchy": steered.with_hierarchy,
    "objectives": steered.with_objectives,
    "exclusions": steered.with_exclusions,
    "units": declared.with_units,
    "communes": declared.with_communes,
    "factors": declared.with_factors,
    "demanding_rules": carried.with_demanding_rules,
    "same_site": declared.with_same_site,
    "links_only": carried.with_links_only,
    "access": carried.with_access,
    "pipes": carried.with_pipes,
}
"""What can be switched on, in the order in which it is drawn."""


def write_territory(
    folder: Path, seed: int, features: Iterable[str] = (), *, most: int = 5
) -> Path:
    """Write one random territory folder.

    Parameters
    ----------
    folder
        Where to write; made if need be.
    seed
        Same seed and features, same folder.
    features
        Names from `FEATURES`.
    most
        Most declarations of each kind, at least 2.
    """
    draft = Draft(np.random.default_rng(seed))
    _draw_declarations(draft, most)
    wanted = frozenset(features)
    for name, apply in FEATURES.items():
        if name in wanted:
            apply(draft)
    write_folder(draft, folder)
    return folder


def some_features(seed: int) -> tuple[str, ...]:
    """A random choice of features, from few to nearly all."""
    rng = np.random.default_rng((seed, 1))
    share = rng.choice([0.15, 0.35, 0.6, 0.9])
    return tuple(name for name in FEATURES if rng.random() < share)


def _draw_declarations(draft: Draft, most: int) -> None:
    """Sites with one declaration each: goods, quantities and today's costs."""
    for kind, rows, letter in (
        ("residue", draft.residues, "a"),
        ("need", draft.needs, "b"),
    ):
        for number in range(draft.whole(2, most)):
            name = f"{letter}{number}"
            draft.sites.append(
                {"site_id": f"s_{name}", "firm": f"Firm {name}", **some_place(draft)}
            )
            rows.append(
                {
                    "declaration_id": name,
                    "site_id": f"s_{name}",
                    "kind": kind,
                    "resource": draft.pick(GOODS[:2]),
                    "quantity": draft.whole(3, 60),
                    "unit": "t",
                    "current_cost_eur_per_unit": draft.whole(-5, 40),
                }
            )
