"""Short ways to write to and read from a log under test."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager

from headchef.runtime.log.port import Log, NewRecord, Partition, Producer, Reader, Record
from tests.support.eventually import PATIENCE_S


@asynccontextmanager
async def started_producer(log: Log, transactional_id: str | None = None) -> AsyncIterator[Producer]:
    """Start a producer, and drop it at the end."""
    producer = log.producer("test", transactional_id)
    await producer.start()
    try:
        yield producer
    finally:
        producer.abandon()


async def write(producer: Producer, records: Sequence[NewRecord]) -> None:
    """Send records and await that each is acknowledged."""
    for acknowledged in await producer.send(records):
        await acknowledged


async def publish(log: Log, records: Sequence[NewRecord]) -> None:
    """Write records without a transaction."""
    producer = log.producer("publisher", None)
    await producer.start()
    await write(producer, records)
    await producer.close()


async def commit_records(producer: Producer, records: Sequence[NewRecord]) -> None:
    """Write records in a transaction of their own."""
    await producer.begin()
    await write(producer, records)
    await producer.commit()


def values(topic: str, *bodies: str, partition: int = 0) -> list[NewRecord]:
    """Make records with these values for one partition."""
    return [NewRecord(topic, body.encode(), partition=partition) for body in bodies]


async def take(
    reader: Reader, partitions: Collection[Partition], count: int, *, max_records: int = 100
) -> list[Record]:
    """Poll until this many records have come, and give them in the order of each partition."""
    found: dict[Partition, list[Record]] = {partition: [] for partition in partitions}
    async with asyncio.timeout(PATIENCE_S):
        while sum(map(len, found.values())) < count:
            polled = await reader.poll(partitions, max_records=max_records, timeout_s=1.0)
            for partition, records in polled.items():
                found[partition].extend(records)
    return [record for partition in partitions for record in found[partition]]


async def read_to_end(reader: Reader, partition: Partition) -> list[Record]:
    """Poll until the position has reached the end as it is now, the way a restore does."""
    found: list[Record] = []
    async with asyncio.timeout(PATIENCE_S):
        end = (await reader.bounds([partition]))[partition][1]
        while reader.position(partition) < end:
            polled = await reader.poll([partition], max_records=100, timeout_s=0.2)
            found.extend(polled.get(partition, ()))
    return found


def bodies(records: Sequence[Record]) -> list[str]:
    """Give the values as text."""
    return [(record.value or b"").decode() for record in records]
