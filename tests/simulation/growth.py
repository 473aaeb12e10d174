"""Gives every topic more partitions while a world runs, in the order that docs/how-to.md asks for."""

from collections.abc import Iterable
from itertools import accumulate
from random import Random

from headchef_contracts import topics

from headchef.runtime.log.memory import Cluster
from tests.simulation.loop import SeededLoop
from tests.simulation.process import NAMESPACE
from tests.simulation.services import LANES
from tests.simulation.trail import FRONT_DOORS

_BEGINS_S = (0.3, 4.0)
_LONGEST_PAUSE_S = 0.15


def grow(cluster: Cluster, loop: SeededLoop, partitions: int, chance: Random) -> None:
    """Let all topics grow, one after the other.

    What belongs to the tasks comes first, then what lies between the processors, and the front doors last: whoever gets
    a record of a new partition can then write whatever follows from it.

    Args:
        cluster: the log.
        loop: its time.
        partitions: of each topic afterwards.
        chance: when, and in which order within a stage.
    """
    names = [topic.logical for topic in topics.required(LANES)]
    own = [name for name in names if name.endswith((".changelog", ".dlq"))]
    between = [name for name in names if name not in (*own, *FRONT_DOORS)]
    order = [*_mixed(own, chance), *_mixed(between, chance), *_mixed(FRONT_DOORS, chance)]
    pauses = [chance.uniform(*_BEGINS_S), *(chance.uniform(0, _LONGEST_PAUSE_S) for _ in order[1:])]
    for name, after_s in zip(order, accumulate(pauses), strict=True):
        loop.call_later(after_s, cluster.grow_topic, topics.physical(NAMESPACE, name), partitions)


def _mixed(names: Iterable[str], chance: Random) -> list[str]:
    mixed = list(names)
    chance.shuffle(mixed)
    return mixed
