"""What an operator does when a processor halts, as docs/how-to.md says; who halts for another reason has failed."""

from headchef.runtime.errors import OffsetLost, PlaceUnknown
from headchef.runtime.log.memory import Cluster
from headchef.runtime.log.port import Commit, Partition
from tests.simulation.process import SimulatedProcess
from tests.simulation.trail import Spot, topic_of


class Operator:
    """Looks after the processes of a world in which things expire.

    Args:
        cluster: the log.

    Attributes:
        named: every record that a process has named as lost.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.named: set[Spot] = set()
        self._cluster = cluster
        self._noted: dict[str, dict[Partition, Commit]] = {}

    def heard(self, loss: OffsetLost) -> None:
        """Note what was lost."""
        topic = topic_of(loss.partition.topic)
        self.named.update(Spot(topic, loss.partition.number, offset) for offset in range(loss.wanted, loss.earliest))

    def expire(self, group: str, partitions: list[Partition]) -> None:
        """Note a group's places, as a monitoring system has them, and let them expire."""
        offsets = self._cluster.group(group).offsets
        self._noted[group] = self._noted.get(group, {}) | offsets.of(partitions)
        offsets.delete()

    def halted(self, process: SimulatedProcess, group: str, error: BaseException | None) -> bool:
        """Do what the message asks for; False if there is nothing to be done about it."""
        if isinstance(error, OffsetLost) and error.wanted < error.earliest:
            self.heard(error)
            process.after_loss = "earliest"
            return True
        if isinstance(error, PlaceUnknown) and group in self._noted:
            noted = self._noted[group]
            offsets = self._cluster.group(group).offsets
            there = offsets.of(list(noted))
            offsets.place(offsets.write({each: commit for each, commit in noted.items() if each not in there}))
            return True
        return False
