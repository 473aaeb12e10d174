"""A log that tells what passes through it: polls, sends and commits as metrics and spans."""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer

from headchef.runtime.clock import Clock
from headchef.runtime.log.port import (
    Commit,
    GroupMember,
    Log,
    MemberSettings,
    Membership,
    NewRecord,
    Partition,
    Producer,
    Reader,
    Record,
)
from headchef.runtime.telemetry.metrics import Metrics


class Observer:
    """Takes what a client of the log did.

    Args:
        metrics: for durations and counts.
        spans: for spans, or None.
        clock: measures.
        logical: gives a topic's name without namespace and version.
    """

    def __init__(self, metrics: Metrics, spans: Tracer | None, clock: Clock, logical: Callable[[str], str]) -> None:
        self.metrics = metrics
        self._spans = spans
        self._clock = clock
        self.logical = logical

    def now_s(self) -> float:
        """Give seconds of the monotonic clock."""
        return self._clock.monotonic()

    def did(self, operation: str, client_id: str, began_s: float, records: int, error: Exception | None = None) -> None:
        """Note an operation that has just ended."""
        duration_s = self._clock.monotonic() - began_s
        failed = {} if error is None else {"error.type": type(error).__qualname__}
        about = {"messaging.system": "kafka", "messaging.operation.name": operation}
        self.metrics.record("messaging.client.operation.duration", duration_s, {**about, **failed})
        if self._spans is None:
            return
        attributes = {
            **about,
            **failed,
            "messaging.operation.type": "receive" if operation == "poll" else "settle",
            "messaging.client.id": client_id,
            "messaging.batch.message_count": records,
        }
        began_ns = int((self._clock.now().timestamp() - duration_s) * 1e9)
        span = self._spans.start_span(operation, Context(), SpanKind.CLIENT, attributes, start_time=began_ns)
        if error is not None:
            span.set_status(Status(StatusCode.ERROR))
        span.end()

    def sent(self, destinations: Mapping[str, int]) -> None:
        """Count acknowledged records by the full names of their topics."""
        for topic, records in destinations.items():
            attributes = {"messaging.destination.name": self.logical(topic)}
            self.metrics.count("messaging.client.sent.messages", records, attributes)


class ObservedLog(Log):
    """Wraps a log.

    Args:
        log: does the work.
        observer: is told.
    """

    def __init__(self, log: Log, observer: Observer) -> None:
        self._log = log
        self._observer = observer

    @property
    def transactional(self) -> bool:
        """Whether the log keeps transactions."""
        return self._log.transactional

    def membership(self, settings: MemberSettings, member: GroupMember) -> Membership:
        """Make a place in a group."""
        return self._log.membership(settings, member)

    async def reader(self, name: str, *, steady: bool = False) -> Reader:
        """Make a reader whose polls are told."""
        return ObservedReader(await self._log.reader(name, steady=steady), name, self._observer)

    def producer(self, name: str, transactional_id: str | None) -> Producer:
        """Make a producer whose sends and commits are told."""
        return ObservedProducer(self._log.producer(name, transactional_id), name, self._observer)

    async def committed(self, group: str, partitions: Collection[Partition]) -> Mapping[Partition, Commit]:
        """Give a group's committed places."""
        return await self._log.committed(group, partitions)

    async def partition_counts(self, topics: Collection[str]) -> Mapping[str, int]:
        """Give each topic's number of partitions."""
        return await self._log.partition_counts(topics)

    async def retentions(self, topics: Collection[str]) -> Mapping[str, float]:
        """Give how long each topic keeps a record."""
        return await self._log.retentions(topics)

    async def close(self) -> None:
        """Disconnect."""
        await self._log.close()


class ObservedReader(Reader):
    """Wraps a reader; a poll that brings nothing is not worth telling."""

    def __init__(self, reader: Reader, name: str, observer: Observer) -> None:
        self._reader = reader
        self._name = name
        self._observer = observer

    async def assign(self, positions: Mapping[Partition, int]) -> None:
        """Read exactly these partitions."""
        await self._reader.assign(positions)

    async def poll(
        self, partitions: Collection[Partition], *, max_records: int, timeout_s: float
    ) -> Mapping[Partition, Sequence[Record]]:
        """Give what has come."""
        began_s = self._observer.now_s()
        polled = await self._reader.poll(partitions, max_records=max_records, timeout_s=timeout_s)
        if records := sum(map(len, polled.values())):
            self._observer.did("poll", self._name, began_s, records)
        return polled

    def wake(self) -> None:
        """Have a poll under way end at once."""
        self._reader.wake()

    async def bounds(self, partitions: Collection[Partition]) -> Mapping[Partition, tuple[int, int]]:
        """Give the earliest offset and the end of each partition."""
        return await self._reader.bounds(partitions)

    def position(self, partition: Partition) -> int:
        """Give the next offset that `poll` would look at."""
        return self._reader.position(partition)

    async def close(self) -> None:
        """Stop fetching."""
        await self._reader.close()


class ObservedProducer(Producer):
    """Wraps a producer."""

    def __init__(self, producer: Producer, name: str, observer: Observer) -> None:
        self._producer = producer
        self._name = name
        self._observer = observer
        self._open: Counter[str] | None = None

    @property
    def identity(self) -> str:
        """What no other producer has ever had."""
        return self._producer.identity

    async def start(self) -> None:
        """Connect."""
        await self._producer.start()

    async def begin(self) -> None:
        """Open a transaction."""
        await self._producer.begin()
        self._open = Counter()

    async def send(self, records: Sequence[NewRecord]) -> Sequence[Awaitable[object]]:
        """Hand records over; outside of a transaction they are counted at once."""
        acknowledgements = await self._producer.send(records)
        destinations = Counter(record.topic for record in records)
        if self._open is None:
            self._observer.sent(destinations)
        else:
            self._open.update(destinations)
        return acknowledgements

    async def send_offsets(self, group: str, offsets: Mapping[Partition, Commit]) -> None:
        """Put a group's offsets into the transaction."""
        await self._producer.send_offsets(group, offsets)

    async def commit(self) -> None:
        """Make all of the transaction visible, and count its records."""
        sent, self._open = self._open or Counter(), None
        began_s = self._observer.now_s()
        try:
            await self._producer.commit()
        except Exception as error:
            self._observer.did("commit", self._name, began_s, sent.total(), error)
            raise
        self._observer.did("commit", self._name, began_s, sent.total())
        self._observer.metrics.record("headchef.transaction.records", sent.total())
        self._observer.sent(sent)

    async def abort(self) -> None:
        """Make all of the transaction void."""
        self._given_up()
        await self._producer.abort()

    def abandon(self) -> None:
        """Drop the producer; a transaction that is open becomes void."""
        self._given_up()
        self._producer.abandon()

    async def close(self) -> None:
        """Flush and disconnect."""
        await self._producer.close()

    def _given_up(self) -> None:
        if self._open is not None:
            self._open = None
            self._observer.metrics.count("headchef.aborts")
