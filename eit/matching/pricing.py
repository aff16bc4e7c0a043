"""What one unit along each lane costs, saves and emits."""

from dataclasses import dataclass

import numpy as np

from eit.matching.arrays import Floats
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
    """

    transport_eur: Floats
    treatment_eur: Floats
    saving_donor_eur: Floats
    saving_receiver_eur: Floats
    t_km: Floats
    co2e_kg: Floats

    @property
    def value_eur(self) -> Floats:
        """What one unit is worth to donor and receiver together, shape (k,)."""
        saved = self.saving_donor_eur + self.saving_receiver_eur
        return np.asarray(saved - self.transport_eur - self.treatment_eur)


def price_lanes(
    lanes: Lanes, ends: Ends, partners: Partners, links: Links, tariff: Tariff
) -> Prices:
    """Price every lane per unit shipped."""
    terms = links.terms
    distance = np.nan_to_num(lanes.distance_km)
    t_km = ends.origins["mass_t"].to_numpy()[lanes.origin] * distance
    quoted = np.nan_to_num(terms["cost_eur"].to_numpy())[lanes.link]
    priced = terms["priced"].to_numpy()[lanes.link]
    emitted = terms["co2e_kg"].to_numpy()[lanes.link]
    by_distance = t_km * tariff.co2e_kg_per_t_km[lanes.mode]
    met = partners.met
    ratio = met["ratio"].to_numpy()[lanes.met]
    rule_cost = met["treatment_eur"].to_numpy()[lanes.met]
    return Prices(
        transport_eur=np.where(priced, quoted, t_km * tariff.cost_eur_per_t_km[lanes.mode]),
        treatment_eur=rule_cost + ends.destinations["treatment_eur"].to_numpy()[lanes.end],
        saving_donor_eur=tariff.donor_eur[lanes.origin],
        saving_receiver_eur=ratio * tariff.receiver_eur[lanes.end],
        t_km=t_km,
        co2e_kg=met["avoided_kg"].to_numpy()[lanes.met]
        - np.where(np.isnan(emitted), by_distance, emitted),
    )
