"""What a producer has handed over and the in-memory log has not yet acknowledged."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Protocol

from headchef_contracts.placement import partition_for

from headchef.runtime.errors import LogError, LogRefused, LogUnavailable, ProducerBroken, ProducerFenced, SendFailed
from headchef.runtime.log.memory.cluster import Cluster
from headchef.runtime.log.memory.process import Process
from headchef.runtime.log.memory.transaction import Transaction
from headchef.runtime.log.port import NewRecord, Partition

# Kafka's record batch header, and the most that a record and a header add to their bytes (message format 2).
_BATCH_OVERHEAD_BYTES = 61
_RECORD_OVERHEAD_BYTES = 21
_HEADER_OVERHEAD_BYTES = 10

BATCH_BYTES = 131_072
"""Default of the Kafka adapter's `batch_bytes`: more records are more batches, each taken or refused on its own."""

LATEST_AHEAD_MS = 3_600_000
"""Kafka's default of `message.timestamp.after.max.ms`."""

_Waiting = tuple[NewRecord, Partition, asyncio.Future[object]]


class Permission(Protocol):
    """What a sender asks of its producer before it writes."""

    async def former_finished(self) -> None:
        """Wait until nothing of an earlier transaction is under way."""
        ...

    def transaction(self) -> Transaction | None:
        """Give the transaction to write in, if any. Raises ProducerFenced for a former owner."""
        ...


class Sender:
    """Sends in the background what a producer hands over, in order, and settles a future for each record.

    A record that fails leaves a gap in its partition's sequence numbers. Where Kafka knows the producer, by a record
    before it or by a transaction, every later record of this producer for that partition is refused.

    Args:
        cluster: the log.
        process: whose sender it is.
        permission: the producer.
        alone: topics whose records go one by one, since a batch of them was refused; shared by a log's producers.

    Attributes:
        failure: what the first record got that failed, until the producer forgets it.
    """

    def __init__(self, cluster: Cluster, process: Process, permission: Permission, alone: dict[str, None]) -> None:
        self.failure: LogError | None = None
        self._cluster = cluster
        self._process = process
        self._permission = permission
        self._alone = alone
        self._queue: list[_Waiting] = []
        self._under_way: list[_Waiting] = []
        self._task: asyncio.Task[None] | None = None
        self._known: dict[Partition, None] = {}
        self._gaps: dict[Partition, None] = {}
        self._keyless = 0

    def put(self, records: Sequence[NewRecord]) -> list[asyncio.Future[object]]:
        """Queue records. Raises LogRefused, and queues none, if a topic or partition does not exist."""
        placed = [(record, self._place(record)) for record in records]
        loop = asyncio.get_running_loop()
        waiting: list[_Waiting] = [(record, partition, loop.create_future()) for record, partition in placed]
        self._queue.extend(waiting)
        if self._queue and (self._task is None or self._task.done()):
            self._task = self._process.spawn(self._run())
        return [future for _, _, future in waiting]

    def ended(self, transaction: Transaction) -> None:
        """Take note that the partitions of a transaction get its marker."""
        self._known.update(transaction.partitions)

    async def flush(self) -> None:
        """Wait until all that was queued has an outcome."""
        if self._task is not None:
            await asyncio.wait((self._task,))
        await self._process.running()

    def drop(self, error: Exception) -> None:
        """Stop sending; what has no outcome yet gets this error."""
        if self._task is not None:
            self._task.cancel()
        for _, _, future in self._under_way + self._queue:
            _settle(future, error)
        self._under_way, self._queue = [], []

    async def _run(self) -> None:
        while self._queue:
            self._under_way, self._queue = self._queue, []
            for request in self._requests(self._under_way):
                outcomes = await self._outcomes(request)
                for (_, _, future), outcome in zip(request, outcomes, strict=True):
                    if isinstance(outcome, LogError):
                        self.failure = self.failure or outcome
                    _settle(future, outcome)
            self._under_way = []

    def _requests(self, batch: Sequence[_Waiting]) -> Collection[Sequence[_Waiting]]:
        """Divide a batch by the broker that leads each partition: any of the requests may come through alone."""
        requests: dict[int, list[_Waiting]] = {}
        for waiting in batch:
            requests.setdefault(self._cluster.leader(waiting[1]), []).append(waiting)
        return requests.values()

    async def _outcomes(self, batch: Sequence[_Waiting]) -> Sequence[object]:
        try:
            await self._permission.former_finished()
            return await self._process.request("produce", lambda: self._append_all(batch))
        except LogUnavailable as error:
            self._gaps.update(dict.fromkeys(partition for _, partition, _ in batch))
            return [error] * len(batch)
        except (ProducerFenced, ProducerBroken) as error:
            return [error] * len(batch)

    def _append_all(self, waiting: Sequence[_Waiting]) -> list[object]:
        transaction = self._permission.transaction()
        if transaction is not None:
            transaction.partitions.update(dict.fromkeys(partition for _, partition, _ in waiting))
        outcomes: list[object] = [None] * len(waiting)
        for partition, batch, size_bytes in self._batched(waiting):
            refusal = self._refusal([waiting[place][0] for place in batch], size_bytes, partition)
            refused = self._refused_together(partition, refusal) if refusal is not None and len(batch) > 1 else None
            for place in batch:
                outcomes[place] = refused or self._append(waiting[place][0], partition, refusal, transaction)
            if transaction is not None:
                self._known[partition] = None
        return outcomes

    def _batched(self, waiting: Sequence[_Waiting]) -> list[tuple[Partition, list[int], int]]:
        """Put what waits into batches of one partition, each of which the log takes or refuses as one.

        Returns:
            For each its partition, the places of its records in what waits, and its size.
        """
        filling: dict[Partition, list[tuple[list[int], int]]] = {}
        for place, (record, partition, _) in enumerate(waiting):
            size_bytes = _size_bytes(record)
            batches = filling.setdefault(partition, [])
            if batches and partition.topic not in self._alone and batches[-1][1] + size_bytes <= BATCH_BYTES:
                places, filled_bytes = batches[-1]
                places.append(place)
                batches[-1] = places, filled_bytes + size_bytes
            else:
                batches.append(([place], _BATCH_OVERHEAD_BYTES + size_bytes))
        return [(partition, *batch) for partition, batches in filling.items() for batch in batches]

    def _refused_together(self, partition: Partition, refusal: SendFailed | LogRefused) -> LogError:
        """Refuse a batch for one of its records or for its size: the real log does not say which is at fault."""
        self._gaps[partition] = None
        if isinstance(refusal, LogRefused):
            return refusal
        self._alone[partition.topic] = None
        return LogUnavailable(f"{_where(partition)}: a batch was refused; its records go alone")

    def _append(
        self,
        record: NewRecord,
        partition: Partition,
        refusal: SendFailed | LogRefused | None,
        transaction: Transaction | None,
    ) -> object:
        # Kafka looks at the record first, and at its number in the sequence then.
        if refusal is None and partition in self._gaps and partition in self._known:
            return ProducerBroken(f"{_where(partition)}: out of order sequence number, after a record that failed")
        if refusal is None and (words := self._process.refusal(record)) is not None:
            refusal = SendFailed(f"{_where(partition)}: {words}")
        if refusal is not None:
            self._gaps[partition] = None
            if isinstance(refusal, SendFailed):
                self._alone.pop(partition.topic, None)
            return refusal
        timestamp_ms = record.timestamp_ms
        if timestamp_ms is None:
            timestamp_ms = self._now_ms()
        self._gaps.pop(partition, None)
        self._known[partition] = None
        return self._cluster.partition(partition).append(record, timestamp_ms, transaction)

    def _refusal(
        self, batch: Sequence[NewRecord], size_bytes: int, partition: Partition
    ) -> SendFailed | LogRefused | None:
        topic = self._cluster.topic(partition.topic)
        if size_bytes > topic.max_message_bytes:
            return SendFailed(
                f"{_where(partition)}: {size_bytes} bytes are more than the topic's max.message.bytes"
                f" of {topic.max_message_bytes}"
            )
        latest_ms = self._now_ms() + LATEST_AHEAD_MS
        keyed = [record for record in batch if record.key is not None or not topic.compacted]
        if any(record.timestamp_ms is not None and record.timestamp_ms > latest_ms for record in keyed):
            return LogRefused(f"{_where(partition)}: a timestamp more than an hour ahead: set this machine's clock")
        if len(keyed) < len(batch):
            return SendFailed(f"{_where(partition)}: a compacted topic takes no record without a key")
        return None

    def _now_ms(self) -> int:
        return int(self._cluster.clock.now().timestamp() * 1000)

    def _place(self, record: NewRecord) -> Partition:
        count = len(self._cluster.topic(record.topic).partitions)
        count = min(count, record.among or count)
        number = record.partition
        if number is None and record.key is not None:
            number = partition_for(record.key, count)
        elif number is None:
            self._keyless += 1
            number = self._keyless % count
        partition = Partition(record.topic, number)
        self._cluster.partition(partition)
        return partition


def _where(partition: Partition) -> str:
    return f"{partition.topic}[{partition.number}]"


def _size_bytes(record: NewRecord) -> int:
    headers_bytes = sum(len(name) + len(value or b"") + _HEADER_OVERHEAD_BYTES for name, value in record.headers)
    return _RECORD_OVERHEAD_BYTES + len(record.key or b"") + len(record.value or b"") + headers_bytes


def _settle(future: asyncio.Future[object], outcome: object) -> None:
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
        # Whoever drops a future has said that its outcome does not matter; asyncio would log it.
        future.exception()
    else:
        future.set_result(outcome)
