"""Reads stretches of topics from the log, each to the end that it had when the reading began."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from headchef.runtime.log.port import Log, Partition, Reader, Record

_POLL_RECORDS = 2_000
_POLL_S = 1.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which part of a partition is read.

    Attributes:
        partition: where.
        start: first offset that is looked at.
        end: the offset behind the last one.
        skipped: older records that are there and not looked at.
    """

    partition: Partition
    start: int
    end: int
    skipped: int


async def stretches(reader: Reader, partitions: Collection[Partition], max_records: int) -> list[Stretch]:
    """Find out what there is to read, at most the newest `max_records` offsets of each partition."""
    bounds = await reader.bounds(partitions) if partitions else {}
    found = []
    for partition, (earliest, end) in sorted(bounds.items()):
        start = max(earliest, end - max_records)
        found.append(Stretch(partition, start, end, start - earliest))
    return found


async def scan(
    reader: Reader, parts: Collection[Stretch], progress: Callable[[int], None] | None = None
) -> AsyncIterator[Record]:
    """Read stretches to their ends; records of one partition come in order.

    Args:
        reader: its former assignment is replaced.
        parts: what to read.
        progress: told how many offsets have been passed.
    """
    open_parts = {part.partition: part for part in parts if part.start < part.end}
    total = sum(part.end - part.start for part in open_parts.values())
    if open_parts:
        await reader.assign({partition: part.start for partition, part in open_parts.items()})
    while open_parts:
        for records in (await reader.poll(list(open_parts), max_records=_POLL_RECORDS, timeout_s=_POLL_S)).values():
            for record in records:
                part = open_parts.get(Partition(record.topic, record.partition))
                if part is not None and record.offset < part.end:
                    yield record
        left = {each: part.end - reader.position(each) for each, part in open_parts.items()}
        open_parts = {each: part for each, part in open_parts.items() if left[each] > 0}
        if progress is not None:
            progress(total - sum(left[each] for each in open_parts))


async def newest_of(records: AsyncIterator[Record]) -> dict[bytes, bytes]:
    """Give what a changelog says is in a store: the newest value of each key, without those that were deleted.

    Args:
        records: of the changelog; those of one key in order.
    """
    newest: dict[bytes, bytes] = {}
    async for record in records:
        if record.key is None:
            continue
        if record.value is None:
            newest.pop(record.key, None)
        else:
            newest[record.key] = record.value
    return newest


async def partitions_of(log: Log, topics: Iterable[str]) -> Mapping[str, list[Partition]]:
    """Give the partitions of each topic; topics that do not exist are left out."""
    counts = await log.partition_counts(list(topics))
    return {topic: [Partition(topic, number) for number in range(count)] for topic, count in counts.items()}
