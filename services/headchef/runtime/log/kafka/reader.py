"""Reads chosen partitions through an aiokafka consumer without a group."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from typing import Any, cast

from aiokafka import AIOKafkaConsumer
from aiokafka import errors as driver
from aiokafka.structs import ConsumerRecord, TopicPartition

from headchef.runtime.clock import Clock
from headchef.runtime.errors import LogUnavailable, OffsetLost
from headchef.runtime.log.kafka import ending, internals
from headchef.runtime.log.kafka.connection import Connection
from headchef.runtime.log.kafka.errors import DRIVER_ERRORS, translated
from headchef.runtime.log.kafka.header_names import read_any_header_name
from headchef.runtime.log.kafka.settings import KafkaSettings
from headchef.runtime.log.port import Headers, Partition, Record

_UNREAD_HOLDS_BACK_S = 0.01
"""A partition with unread records holds back the fetching of its neighbours on the same broker for this long. Long
enough for all that is polled to be taken first: a fetch without those partitions would keep them waiting in turn."""

_STEADY_WAIT_S = 1.0
"""How long the broker holds an empty fetch of a steady reader. Each process has three to six of them: at a tenth of a
second the fetches of a deployment took a sixth of a core, its own and the broker's, and came back empty."""

Fetched = dict[TopicPartition, list[ConsumerRecord[Any, Any]]]
Bounds = Callable[[Collection[Partition]], Awaitable[Mapping[Partition, tuple[int, int]]]]


class KafkaReader:
    """A read_committed reader whose positions are set by the runtime alone.

    Args:
        connection: the cluster.
        name: client id.
        bounds: asks for the offsets at both ends, on a connection that no fetch keeps busy.
        clock: for waiting when nothing is polled.
        steady: whether each poll will be of all that is assigned, so that no partition waits behind an empty fetch.
    """

    def __init__(
        self, connection: Connection, name: str, bounds: Bounds, clock: Clock, *, steady: bool = False
    ) -> None:
        self._connection = connection
        self._name = name
        self._bounds = bounds
        self._clock = clock
        self._positions: dict[Partition, int] = {}
        self._polling: asyncio.Future[Fetched] | None = None
        self.closed = False
        read_any_header_name()
        self._consumer = AIOKafkaConsumer(
            **connection.arguments(name),
            isolation_level="read_committed",
            auto_offset_reset="none",
            enable_auto_commit=False,
            fetch_max_wait_ms=round(_fetch_wait_s(connection.settings, steady=steady) * 1000),
        )

    async def start(self) -> None:
        """Connect. Raises `LogUnavailable` or `LogRefused`."""
        try:
            await self._connection.whole(self._consumer.start(), lambda: ending.disconnect(self._consumer))
        except DRIVER_ERRORS as error:
            await ending.stop_consumer(self._consumer)
            raise await self._connection.why(error, f"reader {self._name}") from error
        internals.fetch_unread_after(self._consumer, _UNREAD_HOLDS_BACK_S)

    async def assign(self, positions: Mapping[Partition, int]) -> None:
        """Read exactly these partitions, each from its offset. Replaces what was assigned; drops what was fetched."""
        self._positions = dict(positions)
        internals.forget_fetched(self._consumer)
        self._consumer.assign([TopicPartition(*each) for each in positions])
        for partition, offset in positions.items():
            # Without an await in between: the fetcher must not meet a partition that has no position.
            self._consumer.seek(TopicPartition(*partition), offset)

    async def poll(
        self, partitions: Collection[Partition], *, max_records: int, timeout_s: float
    ) -> Mapping[Partition, Sequence[Record]]:
        """Give what has come for some of the assigned partitions, at once if there is something.

        Args:
            partitions: those to look at; the others keep what was fetched for them.
            max_records: of all partitions together.
            timeout_s: how long to wait for the first record.

        Raises:
            OffsetLost: a position is no longer in the log; names partition, wanted and earliest offset.
            LogUnavailable: the fetching has died.
            LogRefused: reading is not allowed.
        """
        wanted = [TopicPartition(*each) for each in partitions if each in self._positions]
        died = internals.fetching_ended(self._consumer)
        if died is not None:
            raise LogUnavailable(f"reader {self._name}: fetching has ended: {died.__cause__ or died}")
        try:
            fetched = await self._until_woken(self._get(wanted, max_records, timeout_s))
        except driver.OffsetOutOfRangeError as error:
            raise await self._lost(error) from error
        except DRIVER_ERRORS as error:
            raise translated(error, f"reader {self._name}") from error
        for each in wanted:
            if each in self._consumer.assignment():
                self._positions[Partition(each.topic, each.partition)] = await self._consumer.position(each)
        return {
            Partition(each.topic, each.partition): [
                # aiokafka declares the headers as a sequence, and makes a tuple.
                Record(it.topic, it.partition, it.offset, it.timestamp, it.key, it.value, cast("Headers", it.headers))
                for it in records
            ]
            for each, records in fetched.items()
        }

    def wake(self) -> None:
        """Have a poll under way end at once with what there is, which may be nothing; nothing is lost by it."""
        if self._polling is not None:
            self._polling.cancel()

    async def _get(self, wanted: Sequence[TopicPartition], max_records: int, timeout_s: float) -> Fetched:
        if not wanted:
            # For aiokafka no partition means all of them.
            await self._clock.sleep(timeout_s)
            return {}
        return await self._consumer.getmany(*wanted, timeout_ms=round(timeout_s * 1000), max_records=max_records)

    async def _until_woken(self, getting: Coroutine[Any, Any, Fetched]) -> Fetched:
        """Wait for records. After aiokafka has taken some it awaits nothing, so what is cancelled has taken none."""
        polling = self._polling = asyncio.ensure_future(getting)
        try:
            await asyncio.wait((polling,))
            return {} if polling.cancelled() else polling.result()
        finally:
            self._polling = None
            polling.cancel()

    async def _lost(self, error: driver.OffsetOutOfRangeError) -> OffsetLost:
        (found, wanted), *_ = error.args[0].items()
        partition = Partition(found.topic, found.partition)
        earliest, _ = (await self._bounds([partition]))[partition]
        return OffsetLost(partition, wanted, earliest)

    async def bounds(self, partitions: Collection[Partition]) -> Mapping[Partition, tuple[int, int]]:
        """Give for each partition its earliest offset and its end as a read_committed reader sees it."""
        return await self._bounds(partitions)

    def position(self, partition: Partition) -> int:
        """Give the next offset that `poll` would look at: past aborted records and markers already skipped."""
        return self._positions[partition]

    async def close(self) -> None:
        """Stop fetching."""
        self.closed = True
        await ending.stop_consumer(self._consumer)


def _fetch_wait_s(settings: KafkaSettings, *, steady: bool) -> float:
    """Give how long the broker holds an empty fetch, well within the time that it has for an answer."""
    if not steady:
        return settings.fetch_wait_s
    return max(settings.fetch_wait_s, min(_STEADY_WAIT_S, settings.request_timeout_s / 2))
