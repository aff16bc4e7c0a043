"""Addresses found offline in a folder of the national address base.

`looking.locate_addresses` writes what is found to a territory, asking a service if told to.
"""

from eit.places.addresses.finding import Answer, find_addresses
from eit.places.addresses.index import open_index
from eit.places.addresses.positions import trusted, with_positions

__all__ = ["Answer", "find_addresses", "open_index", "trusted", "with_positions"]
