"""Asks for the offsets at both ends of partitions, on a connection that no fetch keeps busy."""

import asyncio
from collections.abc import Collection, Mapping

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from headchef.runtime.log.kafka import ending
from headchef.runtime.log.kafka.connection import Connection
from headchef.runtime.log.kafka.errors import DRIVER_ERRORS
from headchef.runtime.log.port import Partition

_FETCH_MS = 1000


class Bounds:
    """Earliest offsets and ends, as a read_committed reader sees them.

    On a reader's own connection the answer would wait behind a fetch that the broker holds.

    Args:
        connection: the cluster.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._consumer: AIOKafkaConsumer | None = None
        self._one_at_a_time = asyncio.Lock()

    async def ask(self, partitions: Collection[Partition]) -> dict[Partition, tuple[int, int]]:
        """Ask once. Raises the driver's errors, and ours when there is no connection."""
        wanted = [TopicPartition(*each) for each in partitions]
        async with self._one_at_a_time:
            consumer = await self._connected()
            earliest, end = await asyncio.gather(consumer.beginning_offsets(wanted), consumer.end_offsets(wanted))
            if not self._connection.settings.idempotence:
                written = [each for each in wanted if end[each] > earliest[each]]
                end = {**end, **await self._fetched_ends(consumer, {each: end[each] - 1 for each in written})}
        return {Partition(*each): (earliest[each], end[each]) for each in wanted}

    async def close(self) -> None:
        """Disconnect."""
        if self._consumer is not None:
            await ending.stop_consumer(self._consumer)
            self._consumer = None

    async def _connected(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(
                **self._connection.arguments("headchef-offsets"),
                isolation_level="read_committed",
                auto_offset_reset="none",
                enable_auto_commit=False,
            )
            try:
                await self._connection.whole(consumer.start(), lambda: ending.disconnect(consumer))
            except DRIVER_ERRORS as error:
                await ending.stop_consumer(consumer)
                raise await self._connection.why(error, "the offsets' client") from error
            self._consumer = consumer
        return self._consumer

    async def _fetched_ends(
        self, consumer: AIOKafkaConsumer, positions: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, int]:
        """Give the ends that a fetch shows: asked for them, the embedded broker counts the last batch as one record."""
        consumer.assign(list(positions))
        for each, position in positions.items():
            consumer.seek(each, position)
        ends: dict[TopicPartition, int] = {}
        while len(ends) < len(positions):
            await consumer.getmany(*(each for each in positions if each not in ends), timeout_ms=_FETCH_MS)
            for each in positions:
                highest = consumer.highwater(each)
                if highest is not None:
                    ends[each] = highest
        consumer.assign([])
        return ends
