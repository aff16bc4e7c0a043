"""The pooling problem: hubs mix what they take, and what they give has the mean of it."""

from solvers.pooling.mixing import feed_quality, mix_breaches, mix_excess, pool_quality
from solvers.pooling.problem import Pooling
from solvers.pooling.solver import solve_pooling

__all__ = [
    "Pooling",
    "feed_quality",
    "mix_breaches",
    "mix_excess",
    "pool_quality",
    "solve_pooling",
]
