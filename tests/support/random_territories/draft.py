"""A territory while it is drawn."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

Row = dict[str, object]
GOODS = ("gypsum", "sand", "clay")
WIDTH_DEG = 0.25
CENTRE = (2.83, 50.43)


@dataclass
class Draft:
    """A territory while it is drawn."""

    rng: np.random.Generator
    sites: list[Row] = field(default_factory=list)
    residues: list[Row] = field(default_factory=list)
    needs: list[Row] = field(default_factory=list)
    rules: list[Row] = field(default_factory=list)
    hubs: list[Row] = field(default_factory=list)
    links: dict[tuple[str, str, str], Row] = field(default_factory=dict)
    territory: dict[str, object] = field(default_factory=dict)
    scenario: dict[str, dict[str, object]] = field(default_factory=dict)

    def chance(self, share: float) -> bool:
        """True with a given probability."""
        return bool(self.rng.random() < share)

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high."""
        return int(self.rng.integers(low, high + 1))

    def pick(self, items: Iterable[object]) -> object:
        """One of several."""
        choices = list(items)
        return choices[self.whole(0, len(choices) - 1)]

    def declarations(self) -> list[Row]:
        """Residues and needs."""
        return self.residues + self.needs

    def pairs(self, share: float) -> list[tuple[str, str]]:
        """Some pairs of an origin and an end: declarations and hubs."""
        starts = [str(row["declaration_id"]) for row in self.residues] + self.hub_ids()
        ends = [str(row["declaration_id"]) for row in self.needs] + self.hub_ids()
        return [(a, b) for a in starts for b in ends if a != b and self.chance(share)]

    def hub_ids(self) -> list[str]:
        """Ids of the hubs, each once."""
        return list(dict.fromkeys(str(row["hub_id"]) for row in self.hubs))

    def link(self, pair: tuple[str, str], **terms: object) -> None:
        """Say something of a pair; of what is said twice the first stands."""
        key = (*pair, str(terms.get("mode", "road")))
        row = self.links.setdefault(key, {"from_id": pair[0], "to_id": pair[1], "mode": key[2]})
        for name, value in terms.items():
            row.setdefault(name, value)


def some_place(draft: Draft) -> Row:
    """A place within some ten kilometres of the centre."""
    lon, lat = draft.rng.uniform(-WIDTH_DEG / 2, WIDTH_DEG / 2, 2)
    return {"lon": round(CENTRE[0] + lon, 5), "lat": round(CENTRE[1] + lat / 2, 5)}
