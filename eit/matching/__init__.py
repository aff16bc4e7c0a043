"""From declarations to a plan: who may meet, at what price, what is best, and why not more."""

from eit.matching.matcher import Market, find_market, match

__all__ = ["Market", "find_market", "match"]
