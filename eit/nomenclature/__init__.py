"""What is known of resources: waste codes, inputs, built-in rules, operations and factors.

Everything comes from the tables below ``datasets/nomenclature`` and ``datasets/factors``, read
once when first asked for. Frames that are given out are the caller's own.
"""

from eit.nomenclature.codes import (
    chapters,
    is_hazardous,
    is_waste_code,
    naf,
    normalise_resource,
    normalise_resources,
    waste_codes,
)
from eit.nomenclature.factors import Factor, default_cost, factor, factors
from eit.nomenclature.resources import (
    families,
    family,
    label,
    mass_t_per_unit,
    resources,
    unit_of,
)
from eit.nomenclature.rules import builtin_rules, hierarchy_of_operation, operations

__all__ = [
    "Factor",
    "builtin_rules",
    "chapters",
    "default_cost",
    "factor",
    "factors",
    "families",
    "family",
    "hierarchy_of_operation",
    "is_hazardous",
    "is_waste_code",
    "label",
    "mass_t_per_unit",
    "naf",
    "normalise_resource",
    "normalise_resources",
    "operations",
    "resources",
    "unit_of",
    "waste_codes",
]
