"""What kinds of world there are: what is promised in each, and what happens there beside the faults."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from headchef.runtime.settings import Guarantee


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of world.

    Attributes:
        guarantee: of all processors.
        transactional: whether the log keeps transactions, and what is committed beside an offset.
        brokers: that lead the partitions: a batch for several of them may come through in part.
        expires: whether records and places expire before they are used.
        grows: whether the topics get more partitions on the way.
        asks: whether people are asked for sure; else in some worlds.
    """

    guarantee: Guarantee = "exactly_once"
    transactional: bool = True
    brokers: int = 1
    expires: bool = False
    grows: bool = False
    asks: bool = False


EXACTLY_ONCE = Kind()
AT_LEAST_ONCE = Kind("at_least_once", brokers=3)
BARE_LOG = Kind("at_least_once", transactional=False, brokers=3)
EXPIRING = Kind(expires=True)
GROWING = Kind(grows=True)
ASKING = Kind(asks=True)

KINDS: Mapping[Kind, int] = {EXACTLY_ONCE: 8, AT_LEAST_ONCE: 2, BARE_LOG: 2, EXPIRING: 2, GROWING: 2}
"""All of them, and how often a seed draws each."""


def drawn_kind(chance: Random) -> Kind:
    """Draw the kind of a world."""
    return chance.choices(list(KINDS), list(KINDS.values()))[0]
