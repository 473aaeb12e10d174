"""Reads partitions to the ends that they had, and gives a reader up that brings nothing."""

from collections.abc import Mapping

from headchef.runtime.errors import LogUnavailable
from headchef.runtime.log.port import Partition, Reader, Record

_POLL_S = 0.5
_POLL_RECORDS = 5_000

_IDLE_POLLS = 20
"""Ten seconds: aiokafka's fetching can stop for good after a broker's restart, and a new reader goes on."""


async def read_to(reader: Reader, ends: Mapping[Partition, int]) -> dict[Partition, list[Record]]:
    """Read on until every partition has come to its end.

    Args:
        reader: with these partitions assigned.
        ends: the offset before which to read, by partition.

    Returns:
        The records of each partition, in order.

    Raises:
        LogUnavailable: nothing came for a while, though something is there.
    """
    found: dict[Partition, list[Record]] = {partition: [] for partition in ends}
    idle = 0
    while behind := {each: at for each, end in ends.items() if (at := reader.position(each)) < end}:
        polled = await reader.poll(list(behind), max_records=_POLL_RECORDS, timeout_s=_POLL_S)
        for partition, records in polled.items():
            found[partition].extend(records)
        idle = idle + 1 if all(reader.position(each) == at for each, at in behind.items()) else 0
        if idle == _IDLE_POLLS:
            named = ", ".join(f"{topic}[{number}]" for topic, number in behind)
            raise LogUnavailable(f"{named}: nothing comes for {_IDLE_POLLS * _POLL_S:g} s, though there is more")
    return found
