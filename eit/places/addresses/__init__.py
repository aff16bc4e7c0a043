"""Addresses found offline in a folder of the national address base, or by a service if asked to."""

from eit.places.addresses.finding import Answer, find_addresses
from eit.places.addresses.index import open_index
from eit.places.addresses.looking import LocateReport, locate_addresses
from eit.places.addresses.online import ask_online
from eit.places.addresses.positions import trusted, with_positions
from eit.places.addresses.posting import Service, ServiceError

__all__ = [
    "Answer",
    "LocateReport",
    "Service",
    "ServiceError",
    "ask_online",
    "find_addresses",
    "locate_addresses",
    "open_index",
    "trusted",
    "with_positions",
]
