"""Gathers records into one batch a partition, so that a record costs an append and not a coroutine of its own.

aiokafka's `send` awaits, checks and makes a future for each record. Here all records of a batch share one future,
and batches that were not yet taken by the sender go on filling up: the busier the broker, the larger they get.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from zlib import crc32

from aiokafka.producer.message_accumulator import BatchBuilder

from headchef_contracts.placement import partition_for

from headchef.runtime.errors import LogError, LogUnavailable, ProducerBroken, SendFailed
from headchef.runtime.log.kafka.errors import translated
from headchef.runtime.log.port import NewRecord, Partition


class Batch:
    """Records of one partition that the broker takes or refuses together.

    Args:
        partition: where they go.
        builder: aiokafka's encoder.

    Attributes:
        acknowledged: ends when the broker has all of them; raises errors of `runtime/errors.py`.
        records: how many there are.
        refused: whether the broker would not take the batch for what is in it.
    """

    __slots__ = ("acknowledged", "builder", "partition", "records", "refused")

    def __init__(self, partition: Partition, builder: BatchBuilder) -> None:
        self.partition = partition
        self.builder = builder
        self.records = 0
        self.refused = False
        self.acknowledged: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def add(self, record: NewRecord) -> bool:
        """Append a record; False if it does not fit. The first one always fits."""
        added = self.builder.append(
            timestamp=record.timestamp_ms, key=record.key, value=record.value, headers=list(record.headers)
        )
        self.records += added is not None
        return added is not None

    def fail(self, error: LogError) -> None:
        """End `acknowledged` with an error, unless it has ended."""
        if not self.acknowledged.done():
            self.acknowledged.set_exception(error)
            # Whoever does not await it has learnt of the failure another way.
            self.acknowledged.exception()

    def settle(self, delivered: asyncio.Future[object]) -> None:
        """End `acknowledged` as the driver's future ended."""
        if delivered.cancelled():
            self.fail(ProducerBroken(f"{self._place()}: the producer was stopped"))
            return
        error = delivered.exception()
        if error is not None:
            self.fail(self._judged(error))
        elif not self.acknowledged.done():
            self.acknowledged.set_result(None)

    def expire(self, waited_s: float) -> None:
        """Give up waiting."""
        self.fail(LogUnavailable(f"{self._place()}: not acknowledged within {waited_s:g} s"))

    def _judged(self, error: BaseException) -> LogError:
        judged = translated(error, self._place())
        self.refused = isinstance(judged, SendFailed)
        if self.refused and self.records > 1:
            # One of them is at fault, and the broker does not say which: sent alone it will be known.
            return LogUnavailable(f"{judged}; {self.records} records of one batch go again one by one")
        return judged

    def _place(self) -> str:
        return f"{self.partition.topic}[{self.partition.number}]"


class Batches:
    """Batches that the driver has not taken yet, in order for each partition.

    Args:
        make: makes an empty encoder.
        alone: topics whose records go one by one, since a batch of them was refused; shared by a log's producers.
        name: sets where the turns of records without a key begin, so that many producers do not begin at the same.
    """

    def __init__(self, make: Callable[[], BatchBuilder], alone: set[str], name: str) -> None:
        self._make = make
        self._alone = alone
        self._first_turn = crc32(name.encode())
        self._turns: dict[str, int] = {}
        self._waiting: dict[tuple[str, int], deque[Batch]] = {}

    def add(self, records: Sequence[NewRecord], counts: Mapping[str, int]) -> list[Batch]:
        """Put records into batches.

        Args:
            records: in order.
            counts: partitions of each topic among them.

        Returns:
            The batch of each record.
        """
        batches = []
        for record in records:
            topic, number = record.topic, record.partition
            if number is None:
                count = min(counts[topic], record.among or counts[topic])
                number = self._turn(topic) % count if record.key is None else partition_for(record.key, count)
            queue = self._waiting.get((topic, number))
            if queue is None:
                queue = self._waiting[topic, number] = deque()
            if not queue or topic in self._alone or not queue[-1].add(record):
                batch = Batch(Partition(topic, number), self._make())
                batch.add(record)
                queue.append(batch)
            batches.append(queue[-1])
        return batches

    def take(self) -> list[Batch]:
        """Take the oldest batch of each partition; an empty list when none waits."""
        taken = []
        for place, queue in list(self._waiting.items()):
            taken.append(queue.popleft())
            if not queue:
                del self._waiting[place]
        return taken

    def _turn(self, topic: str) -> int:
        turn = self._turns.get(topic, self._first_turn)
        self._turns[topic] = turn + 1
        return turn
