"""Reads whole topics of a Kafka cluster with clients that are not those under test."""

from collections.abc import Collection, Sequence
from typing import Any, Literal

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from headchef.runtime.log.port import Partition, Record

Isolation = Literal["read_committed", "read_uncommitted"]

_FETCH_WAIT_MS = 50
_POLL_MS = 20
_RETRY_MS = 10
"""A client waits so long at the first question about a topic; the driver's 100 ms, topic by topic, took half a test."""


class KafkaWitness:
    """A client for each isolation, connected when it is first asked.

    Args:
        bootstrap: the cluster's address.
    """

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._connected: dict[Isolation, AIOKafkaConsumer] = {}

    async def ends(self, partitions: Collection[Partition], isolation: Isolation) -> dict[Partition, int]:
        """Give the offset that each partition's next entry will get, or that its oldest open transaction begins at."""
        consumer = await self._consumer(isolation)
        found = await consumer.end_offsets([TopicPartition(*each) for each in partitions])
        return {Partition(*each): offset for each, offset in found.items()}

    async def read(self, partitions: Collection[Partition], isolation: Isolation) -> Sequence[Record]:
        """Read partitions one after the other, from their start to their end as it is now."""
        consumer = await self._consumer(isolation)
        asked = [TopicPartition(*each) for each in partitions]
        ends, starts = await consumer.end_offsets(asked), await consumer.beginning_offsets(asked)
        # An empty one would have the broker wait for what does not come.
        asked = [each for each in asked if starts[each] < ends[each]]
        consumer.assign(asked)
        for each in asked:
            consumer.seek(each, starts[each])
        found: list[Record] = []
        for each in asked:
            while await consumer.position(each) < ends[each]:
                for got in (await consumer.getmany(each, timeout_ms=_POLL_MS)).values():
                    found += [_record(it) for it in got if it.offset < ends[each]]
        consumer.assign([])
        return found

    async def close(self) -> None:
        """Disconnect, and forget the topics, which may be deleted then; the next question connects anew."""
        while self._connected:
            _, consumer = self._connected.popitem()
            await consumer.stop()

    async def _consumer(self, isolation: Isolation) -> AIOKafkaConsumer:
        if isolation not in self._connected:
            consumer = AIOKafkaConsumer(
                bootstrap_servers=self._bootstrap,
                isolation_level=isolation,
                fetch_max_wait_ms=_FETCH_WAIT_MS,
                retry_backoff_ms=_RETRY_MS,
            )
            await consumer.start()
            self._connected[isolation] = consumer
        return self._connected[isolation]


def _record(it: Any) -> Record:
    return Record(it.topic, it.partition, it.offset, it.timestamp, it.key, it.value, tuple(it.headers))
