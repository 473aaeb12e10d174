"""Which questions may be answered by an earlier answer, so that at most a set share of those is wrong. Pure."""

from headchef.bound.bound import STATISTIC, Band, Bound, Choice
from headchef.bound.neighbours import FEATURES, MOST, Neighbour, features
from headchef.bound.pool import Label, Pool, new_pool, read_pool

__all__ = [
    "FEATURES",
    "MOST",
    "STATISTIC",
    "Band",
    "Bound",
    "Choice",
    "Label",
    "Neighbour",
    "Pool",
    "features",
    "new_pool",
    "read_pool",
]
