"""All that the invariants may look at, gathered once from a world that has come to rest."""

from collections.abc import Mapping, Sequence

from headchef.runtime.log.port import Record
from tests.simulation.faults import Faults
from tests.simulation.history import EVENT_TOPICS, Happened, dead_letters, events
from tests.simulation.oracle import expect
from tests.simulation.provider import Billed
from tests.simulation.world import PARTITIONS, World, name_of


class Evidence:
    """What is left of a world.

    Args:
        world: at rest, or past its time.
        in_time: whether it came to rest within the bound.
        bound_s: virtual seconds that it had.

    Attributes:
        submitted: the records of `jobs.submitted`.
        expected: what must have come of them.
        letters: dead letters by the topic that they come from.
        poison: what was put into internal topics and must be in their dead letters.
        bill: of the provider, by request id.
        stray_calls: calls that a process began after a freeze, before it was in its group again.
        unhandled: partitions that are not read to their end.
        failures: what processes failed with, and what reached the loop.
    """

    def __init__(self, world: World, *, in_time: bool, bound_s: float) -> None:
        cluster = world.cluster
        self.faults: Faults = world.faults
        self.in_time = in_time
        self.bound_s = bound_s
        self.submitted: Sequence[Record] = cluster.read_committed(name_of("jobs.submitted"))
        self.expected = expect(self.submitted, world.submissions, PARTITIONS)
        self.letters = dead_letters(cluster)
        self.poison: Mapping[str, Sequence[bytes]] = world.poison
        self.bill: Mapping[str, Billed] = world.provider.bill
        self.unhandled = world.unhandled()
        self.failures = [*world.loop.faults, *(failure for each in world.processes for failure in each.failures)]
        self.stray_calls: Sequence[str] = world.stray_calls
        self._events = {topic: events(cluster, topic) for topic in EVENT_TOPICS}

    def events(self, topic: str) -> Sequence[Happened]:
        """Give the events of a topic, by its logical name."""
        return self._events[topic]
