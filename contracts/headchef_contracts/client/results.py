"""Reads results: jobs finished and refused, committed ones only, from a place of your choice, each one once."""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition

from headchef_contracts import cloudevents, registry, topics
from headchef_contracts.errors import BrokenContract, ContractError
from headchef_contracts.events.jobs import JobFinished, JobRefused

ResultTopic = Literal["jobs.finished", "jobs.refused"]
Start = Literal["now", "beginning"] | datetime

_POLL_MS = 500
_DEFAULTS: Mapping[str, Any] = {
    "isolation_level": "read_committed",
    "enable_auto_commit": False,
    "metadata_max_age_ms": 30_000,
}


class Result(NamedTuple):
    """One result.

    Attributes:
        event: what happened to the job.
        attributes: the event's id, time and job id (`subject`).
    """

    event: JobFinished | JobRefused
    attributes: cloudevents.Attributes


class Results:
    """An endless `async for` over results; use it with `async with`.

    From `async with` on nothing is missed: the place to start is fixed there. Without a group every reader sees all
    results. With a group its members share them; call `commit` after you have dealt with what you were given, and a
    member that starts anew goes on behind it (results given but not committed come again).

    Args:
        bootstrap: Kafka's address, `host:port`, several with commas between.
        namespace: the environment on the cluster.
        only: the topics to read.
        start: `now`, `beginning`, or the time of the first result; with a group only where it has committed nothing.
        group: name of a consumer group of your own.
        remembered: how many event ids are kept to drop repetitions, which at-least-once processing makes; 0 for none.
        kafka: settings for aiokafka's consumer, such as `security_protocol`, `ssl_context`, `sasl_mechanism`.

    Raises:
        ContractError: while reading, where a result cannot be read, such as one of a newer version than this client.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        namespace: str = "headchef",
        only: Sequence[ResultTopic] = ("jobs.finished", "jobs.refused"),
        start: Start = "now",
        group: str | None = None,
        remembered: int = 100_000,
        **kafka: Any,
    ) -> None:
        if isinstance(start, datetime) and start.tzinfo is None:
            raise ValueError("start: a time needs its zone, such as datetime.now(UTC)")
        self._topics = [topics.physical(namespace, each) for each in only]
        self._start = start
        self._group = group
        self._seen = _Remembered(remembered)
        without_a_place = "none" if group is None else "latest" if start == "now" else "earliest"
        own = {"bootstrap_servers": bootstrap, "group_id": group, "auto_offset_reset": without_a_place}
        self._settings = {**own, **_DEFAULTS, **kafka}
        self._consumer: AIOKafkaConsumer | None = None
        self._ready: deque[ConsumerRecord[bytes, bytes]] = deque()
        self._given: dict[TopicPartition, int] = {}

    async def __aenter__(self) -> Self:
        """Connect, and fix the place to start."""
        consumer = AIOKafkaConsumer(**self._settings)
        try:
            await consumer.start()
            if self._group is None:
                await self._read_all(consumer)
            else:
                await self._join(consumer)
        except BaseException:
            await consumer.stop()
            raise
        self._consumer = consumer
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect; nothing is committed that `commit` has not."""
        if self._consumer is not None:
            consumer, self._consumer = self._consumer, None
            await consumer.stop()

    def __aiter__(self) -> Self:
        """Give the reader itself."""
        return self

    async def __anext__(self) -> Result:
        """Wait for the next result."""
        while True:
            record = await self._next_record()
            result = _read(record)
            self._given[TopicPartition(record.topic, record.partition)] = record.offset + 1
            if self._seen.is_new(result.attributes.id):
                return result

    async def commit(self) -> None:
        """Commit, for the group, all results that were given so far."""
        if self._group is None:
            raise RuntimeError("only a reader with a group commits")
        given, self._given = self._given, {}
        if given:
            await self._running().commit(given)

    def _running(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            raise RuntimeError("use the reader with `async with`")
        return self._consumer

    async def _next_record(self) -> "ConsumerRecord[bytes, bytes]":
        while not self._ready:
            consumer = self._running()
            if self._group is None:
                await self._take_new_partitions(consumer)
            batches = await consumer.getmany(timeout_ms=_POLL_MS)
            self._ready.extend(record for records in batches.values() for record in records)
        return self._ready.popleft()

    def _forget(self, revoked: Iterable[TopicPartition]) -> None:
        """Drop what was fetched from partitions that another member reads from now on."""
        gone = set(revoked)
        self._ready = deque(it for it in self._ready if TopicPartition(it.topic, it.partition) not in gone)
        self._given = {partition: offset for partition, offset in self._given.items() if partition not in gone}

    async def _read_all(self, consumer: AIOKafkaConsumer) -> None:
        await _check_topics(consumer, self._topics)
        await consumer.end_offsets([TopicPartition(name, 0) for name in self._topics])  # the client knows them from now
        partitions = self._partitions(consumer)
        consumer.assign(sorted(partitions))
        for partition, offset in (await _places(consumer, partitions, self._start)).items():
            consumer.seek(partition, offset)

    def _partitions(self, consumer: AIOKafkaConsumer) -> set[TopicPartition]:
        return {TopicPartition(name, it) for name in self._topics for it in consumer.partitions_for_topic(name) or ()}

    async def _join(self, consumer: AIOKafkaConsumer) -> None:
        await _check_topics(consumer, self._topics)
        listener = _Assigned(consumer, self._start, self._forget)
        consumer.subscribe(self._topics, listener=listener)
        while not listener.joined:
            batches = await consumer.getmany(timeout_ms=_POLL_MS)
            self._ready.extend(record for records in batches.values() for record in records)

    async def _take_new_partitions(self, consumer: AIOKafkaConsumer) -> None:
        """Read a topic that grew from the beginning of its new partitions: they are younger than this reader."""
        known = consumer.assignment()
        found = self._partitions(consumer)
        if found <= known:
            return
        places = {partition: await consumer.position(partition) for partition in known}
        places |= await _places(consumer, found - known, "beginning")
        consumer.assign(sorted(places))
        for partition, offset in places.items():
            consumer.seek(partition, offset)


class _Remembered:
    """The last ids that were seen, to know one that comes again."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._ids: OrderedDict[str, None] = OrderedDict()

    def is_new(self, event_id: str) -> bool:
        """Remember an id; says whether it was not known."""
        if event_id in self._ids:
            return False
        self._ids[event_id] = None
        if len(self._ids) > self._most:
            self._ids.popitem(last=False)
        return True


class _Assigned(ConsumerRebalanceListener):
    """Sets the place to start in partitions where the group has committed nothing."""

    def __init__(
        self, consumer: AIOKafkaConsumer, start: Start, forget: Callable[[Iterable[TopicPartition]], None]
    ) -> None:
        self._consumer = consumer
        self._start = start
        self._forget = forget
        self.joined = False

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        self._forget(revoked)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        fresh = {partition for partition in assigned if await self._consumer.committed(partition) is None}
        for partition, offset in (await _places(self._consumer, fresh, self._start)).items():
            self._consumer.seek(partition, offset)
        self._forget(fresh)
        self.joined = True


async def _check_topics(consumer: AIOKafkaConsumer, names: Iterable[str]) -> None:
    known = await consumer.topics()
    for name in names:
        if name not in known:
            raise ContractError(f"the cluster has no topic {name}: `headchef topics create` makes it")


async def _places(
    consumer: AIOKafkaConsumer, partitions: Iterable[TopicPartition], start: Start
) -> dict[TopicPartition, int]:
    """Give the offset where to start in each partition; one without anything so late starts at its end."""
    wanted = list(partitions)
    if not wanted:
        return {}
    if start == "beginning":
        return dict(await consumer.beginning_offsets(wanted))
    places = dict(await consumer.end_offsets(wanted))
    if isinstance(start, datetime):
        since_ms = int(start.timestamp() * 1_000)
        found = await consumer.offsets_for_times(dict.fromkeys(wanted, since_ms))
        places |= {partition: place.offset for partition, place in found.items() if place is not None}
    return places


def _read(record: "ConsumerRecord[bytes, bytes]") -> Result:
    place = f"{record.topic}[{record.partition}] offset {record.offset}"
    attributes = cloudevents.from_headers(record.headers)
    if attributes is None or record.value is None:
        raise BrokenContract(None, f"{place} is no event of Headchef")
    event = registry.decode(attributes.type, attributes.version, record.value)
    if not isinstance(event, JobFinished | JobRefused):
        raise BrokenContract("ce_type", f"{place} holds {attributes.type}, which is no result")
    return Result(event, attributes)
