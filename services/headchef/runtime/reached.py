"""How far this process has seen its tasks come: a committed place never goes back, unless the log has lost a commit."""

from collections.abc import Mapping

from headchef.runtime.errors import PlaceUnknown
from headchef.runtime.log.port import Commit, Partition


class Reached:
    """The furthest committed place of each partition, whoever has committed it."""

    def __init__(self) -> None:
        self._furthest: dict[Partition, int] = {}

    def note(self, places: Mapping[Partition, Commit]) -> None:
        """Note what is committed.

        Raises:
            PlaceUnknown: a place lies behind where it has been; to go on from there would do work twice.
        """
        for partition, place in places.items():
            furthest = self._furthest.get(partition, 0)
            if place.offset < furthest:
                raise PlaceUnknown(
                    f"the committed place of {partition.topic}[{partition.number}] has gone back from {furthest} to "
                    f"{place.offset}: the cluster has lost a commit, or somebody has set it. Going on from there "
                    f"would answer jobs twice. Set it to {furthest} (kafka-consumer-groups --reset-offsets), or start "
                    "again to go on from where it is"
                )
            self._furthest[partition] = place.offset
