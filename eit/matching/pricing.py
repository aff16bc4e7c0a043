"""What one unit along each lane costs, saves and emits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from eit.matching.arrays import (
    Bools,
    Floats,
    Ints,
    chosen,
    chunks,
    condensed,
    constant,
    looked_up,
    taken,
)
from eit.matching.carriage import Carrier
from eit.matching.ends import Ends
from eit.matching.lanes import Lanes
from eit.matching.links import Links
from eit.matching.partners import Partners
from eit.matching.tariff import Tariff


@dataclass(frozen=True, slots=True)
class Prices:
    """Figures per unit that leaves the origin, shape (k,) each.

    Attributes
    ----------
    transport_eur
        Without whole trips.
    treatment_eur
        The rule's, or the recipe's into a hub.
    saving_donor_eur, saving_receiver_eur
        Current cost of the residue; of the need, for what is delivered.
    t_km
        Tonne-kilometres.
    co2e_kg
        Avoided by the substitution, less what the transport emits.
    ratio
        Delivered per unit shipped: the rule's, less what a pipe loses on its way to a need.
    laid_eur
        What the lane's own pipe costs per year, once used.
    """

    transport_eur: Floats
    treatment_eur: Floats
    saving_donor_eur: Floats
    saving_receiver_eur: Floats
    t_km: Floats
    co2e_kg: Floats
    ratio: Floats
    laid_eur: Floats

    @property
    def value_eur(self) -> Floats:
        """What one unit is worth to donor and receiver together, shape (k,)."""
        saved = self.saving_donor_eur + self.saving_receiver_eur
        return np.asarray(saved - self.transport_eur - self.treatment_eur)


@dataclass(frozen=True, slots=True)
class PriceList:
    """What the figures of lanes rest on; they are worked out when asked for, and take no memory.

    The properties are those of `Prices` for all lanes, shape (k,).
    """

    lanes: Lanes
    ends: Ends
    partners: Partners
    links: Links
    tariff: Tariff
    carriers: Sequence[Carrier] = ()

    def of(self, rows: Ints | slice) -> Prices:
        """Figures of some lanes."""
        lanes = self.lanes.take(rows)
        rates = _Rates.of(self.ends, self.partners, self.links, self.tariff)
        return _by_carrier(rates.price(lanes), lanes, self)

    def _column(self, name: str) -> Floats:
        column = np.empty(len(self.lanes))
        rates = _Rates.of(self.ends, self.partners, self.links, self.tariff)
        for part in chunks(len(column)):
            lanes = self.lanes.take(part)
            prices = _by_carrier(rates.price(lanes), lanes, self)
            column[part] = getattr(prices, name)
        return column

    @property
    def transport_eur(self) -> Floats:
        """Transport, without whole trips."""
        return self._column("transport_eur")

    @property
    def treatment_eur(self) -> Floats:
        """Treatment by the rule, or by the recipe into a hub."""
        return self._column("treatment_eur")

    @property
    def t_km(self) -> Floats:
        """Tonne-kilometres."""
        return self._column("t_km")

    @property
    def co2e_kg(self) -> Floats:
        """Avoided by the substitution, less what the transport emits."""
        return self._column("co2e_kg")

    @property
    def ratio(self) -> Floats:
        """Delivered per unit shipped; without memory where it is one throughout."""
        one = not self.carriers and bool((self.partners.met["ratio"] == 1.0).all())
        return constant(1.0, len(self.lanes)) if one else self._column("ratio")

    @property
    def laid_eur(self) -> Floats:
        """Cost per year of each lane's own pipe."""
        return self._column("laid_eur") if self.carriers else constant(0.0, len(self.lanes))

    @property
    def value_eur(self) -> Floats:
        """What one unit is worth to donor and receiver together."""
        return self._column("value_eur")


def _by_carrier(prices: Prices, lanes: Lanes, rest: PriceList) -> Prices:
    """Price anew what is carried by a mode beside the road."""
    for carrier in rest.carriers:
        prices = _carried(prices, carrier, lanes, rest.ends, rest.partners)
    return prices


def _carried(
    prices: Prices, carrier: Carrier, lanes: Lanes, ends: Ends, partners: Partners
) -> Prices:
    """Price the default lanes of one mode beside the road anew."""
    at = carrier.among(lanes.link, lanes.mode)
    origin, end = lanes.origin[at], lanes.end[at]
    legs = carrier.legs_km(origin, end)
    haul = lanes.distance_km[at] - legs
    kept = np.where(end < ends.needs, (1 - carrier.loss_per_km[origin]) ** haul, 1.0)
    emitted = carrier.co2e_kg_per_km[origin] * haul + carrier.leg_kg_per_km[origin] * legs
    carried = carrier.once_eur[origin] + carrier.cost_eur_per_km[origin] * haul
    figures = {
        "transport_eur": carried + carrier.leg_eur_per_km[origin] * legs,
        "saving_receiver_eur": kept * prices.saving_receiver_eur[at],
        "co2e_kg": kept * partners.met["avoided_kg"].to_numpy()[lanes.met[at]] - emitted,
        "ratio": kept * prices.ratio[at],
        "laid_eur": carrier.laid_eur_per_km[origin] * haul,
    }
    changed = {name: np.array(getattr(prices, name)) for name in figures}
    for name, figure in figures.items():
        changed[name][at] = figure
    return replace(prices, **changed)


@dataclass(frozen=True, slots=True)
class _Rates:
    """Figures of origins, ends, rules, rows of links.csv and modes, as arrays.

    They are taken from their tables once for all lanes; those that are one figure throughout
    are not looked up lane by lane.
    """

    mass_t: Floats
    donor_eur: Floats
    receiver_eur: Floats
    treatment_eur: Floats
    rule_eur: Floats
    avoided_kg: Floats
    ratio: Floats
    quoted_eur: Floats
    quoted_kg: Floats
    priced: Bools
    tariff: Tariff

    @classmethod
    def of(cls, ends: Ends, partners: Partners, links: Links, tariff: Tariff) -> "_Rates":
        met, terms = partners.met, links.terms
        return cls(
            mass_t=condensed(ends.origins["mass_t"].to_numpy()),
            donor_eur=tariff.donor_eur,
            receiver_eur=tariff.receiver_eur,
            treatment_eur=condensed(ends.destinations["treatment_eur"].to_numpy()),
            rule_eur=condensed(met["treatment_eur"].to_numpy()),
            avoided_kg=met["avoided_kg"].to_numpy(),
            ratio=condensed(met["ratio"].to_numpy()),
            quoted_eur=np.nan_to_num(terms["cost_eur"].to_numpy()),
            quoted_kg=terms["co2e_kg"].to_numpy(),
            priced=terms["priced"].to_numpy(dtype=bool),
            tariff=tariff,
        )

    def price(self, lanes: Lanes) -> Prices:
        """Prices by what links.csv says, else by the mode's cost of a tonne-kilometre."""
        distance = lanes.distance_km
        if not np.isfinite(distance).all():
            distance = np.nan_to_num(distance)
        t_km = taken(self.mass_t, lanes.origin) * distance
        by_tariff = t_km * looked_up(self.tariff.cost_eur_per_t_km, lanes.mode)
        by_distance = t_km * looked_up(self.tariff.co2e_kg_per_t_km, lanes.mode)
        quoted_eur, quoted_kg, priced = (
            looked_up(figures, lanes.link)
            for figures in (self.quoted_eur, self.quoted_kg, self.priced)
        )
        emitted = chosen(looked_up(np.isnan(self.quoted_kg), lanes.link), by_distance, quoted_kg)
        ratio = taken(self.ratio, lanes.met)
        rule_eur = taken(self.rule_eur, lanes.met)
        return Prices(
            transport_eur=chosen(priced, quoted_eur, by_tariff),
            treatment_eur=rule_eur + taken(self.treatment_eur, lanes.end),
            saving_donor_eur=taken(self.donor_eur, lanes.origin),
            saving_receiver_eur=ratio * taken(self.receiver_eur, lanes.end),
            t_km=t_km,
            co2e_kg=taken(self.avoided_kg, lanes.met) - emitted,
            ratio=ratio,
            laid_eur=constant(0.0, len(lanes)),
        )
