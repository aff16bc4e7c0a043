"""The exchange problem: who ships what to whom, for the greatest gain within the limits."""

from solvers.exchange.outcome import Outcome, Prices, Shortfalls, Status
from solvers.exchange.problem import Exchange, Limit
from solvers.exchange.solver import solve

__all__ = ["Exchange", "Limit", "Outcome", "Prices", "Shortfalls", "Status", "solve"]
