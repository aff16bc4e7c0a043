"""Addresses found offline in a folder of the national address base (Base Adresse Nationale)."""

from eit.places.addresses.finding import Answer, find_addresses
from eit.places.addresses.index import open_index
from eit.places.addresses.online import SERVICE, ServiceError, ask_online
from eit.places.addresses.positions import LocateReport, locate_addresses, with_positions

__all__ = [
    "SERVICE",
    "Answer",
    "LocateReport",
    "ServiceError",
    "ask_online",
    "find_addresses",
    "locate_addresses",
    "open_index",
    "with_positions",
]
