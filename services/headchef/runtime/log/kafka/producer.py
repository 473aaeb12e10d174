"""Writes records through an aiokafka producer: acknowledged by all in-sync replicas, in transactions if asked to."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from headchef.runtime.clock import Clock
from headchef.runtime.errors import LogError, LogRefused, LogUnavailable, ProducerBroken, ProducerFenced, SendFailed
from headchef.runtime.log.kafka import ending, internals
from headchef.runtime.log.kafka.batches import Batch, Batches
from headchef.runtime.log.kafka.connection import Connection
from headchef.runtime.log.kafka.errors import DRIVER_ERRORS, translated
from headchef.runtime.log.limits import check_group, check_metadata
from headchef.runtime.log.port import Commit, NewRecord, Partition

_UNKNOWN_TOPIC_S = 2.0
_RETRY_PAUSE_S = 0.05

Counts = Callable[[Collection[str]], Awaitable[Mapping[str, int]]]

_T = TypeVar("_T")


class KafkaProducer:
    """One producer.

    Args:
        connection: the cluster.
        name: client id.
        transactional_id: of the task, or None for a producer without transactions.
        counts: asks for the partitions of topics.
        clock: for pauses.
        alone: see `Batches`.
    """

    def __init__(
        self,
        connection: Connection,
        name: str,
        transactional_id: str | None,
        *,
        counts: Counts,
        clock: Clock,
        alone: set[str],
    ) -> None:
        self._connection = connection
        self._settings = connection.settings
        self._name = name
        self._transactional_id = transactional_id
        self._counts = counts
        self._clock = clock
        self._alone = alone
        self._driver: AIOKafkaProducer | None = None
        self._producer: AIOKafkaProducer | None = None
        self._starting: asyncio.Future[None] | None = None
        self._batches = Batches(self._make_batch, alone, name)
        self._turn = asyncio.Lock()
        self._asking = asyncio.Lock()
        self._undelivered: dict[Batch, asyncio.TimerHandle] = {}
        self._failed: LogError | None = None
        self._group: str | None = None
        self.closed = False

    @property
    def identity(self) -> str:
        """The id and the epoch that the coordinator gave it."""
        if self._producer is None or self._transactional_id is None:
            return ""
        return internals.identity(self._producer)

    async def start(self) -> None:
        """Connect; with a transactional id fence the former owner and end its open transaction.

        Raises:
            LogUnavailable: no answer within the transaction time-out.
            LogRefused: the broker keeps no transactions, or does not let us.
        """
        settings, transactional_id = self._settings, self._transactional_id
        if transactional_id is not None and not settings.idempotence:
            raise LogRefused(self._no_transactions("HEADCHEF_KAFKA_IDEMPOTENCE is false"))
        transactional: dict[str, Any] = {}
        if transactional_id is not None:
            transactional["transactional_id"] = transactional_id
            transactional["transaction_timeout_ms"] = round(settings.transaction_timeout_s * 1000)
        producer = AIOKafkaProducer(
            **self._connection.arguments(self._name),
            **transactional,
            acks="all",
            enable_idempotence=settings.idempotence,
            max_batch_size=settings.batch_bytes,
        )
        self._driver = producer
        try:
            async with asyncio.timeout(settings.transaction_timeout_s):
                await self._connection.whole(producer.client.bootstrap(), producer.client.close)
                # A task of its own, for `abandon` to cancel: going on, it would fence our successor.
                self._starting = asyncio.ensure_future(internals.start_sending(producer))
                await self._starting
        except DRIVER_ERRORS as error:
            self._drop(producer)
            raise await self._why_not_started(error) from error
        except asyncio.CancelledError:
            abandoned = self._driver is not producer
            self._drop(producer)
            if abandoned:
                raise ProducerBroken(f"{self._name}: abandoned while it started") from None
            raise
        self._producer = producer

    async def begin(self) -> None:
        """Open a transaction."""
        await self._asked(self._started().begin_transaction(), "begin")
        self._failed = self._group = None

    async def send(self, records: Sequence[NewRecord]) -> Sequence[Awaitable[object]]:
        """Hand records over, in order a partition; each awaitable ends when its record is acknowledged.

        Waits while the broker is slower than the caller. An awaitable raises `SendFailed` for its record alone, and
        `LogUnavailable`, `ProducerFenced` or `ProducerBroken` for what is not its record's fault.

        Raises:
            LogRefused: a topic does not exist.
        """
        producer = self._started()
        counts = {topic: await self._partitions(producer, topic) for topic in {record.topic for record in records}}
        added = self._batches.add(records, counts)
        async with self._turn:
            # What others added while somebody was sending has been sent by them.
            while taken := self._batches.take():
                for batch in taken:
                    await self._submit(producer, batch)
        return [batch.acknowledged for batch in added]

    async def send_offsets(self, group: str, offsets: Mapping[Partition, Commit]) -> None:
        """Put a group's offsets into the transaction.

        Raises:
            ValueError: metadata over 4,000 characters, which the broker would not take either, or a second group.
        """
        check_metadata(offsets)
        check_group(group, self._group)
        places = {
            TopicPartition(*partition): OffsetAndMetadata(place.offset, place.metadata)
            for partition, place in offsets.items()
        }
        if places:
            await self._asked(self._started().send_offsets_to_transaction(places, group), f"offsets of {group}")
            self._group = group

    async def commit(self) -> None:
        """Make all of the transaction visible at once.

        Raises:
            SendFailed: a record was not taken; aiokafka would commit the rest without a word.
            LogUnavailable: no answer in time; whether it was committed is not known.
        """
        producer = self._started()
        if self._undelivered:
            # What fails later than this the driver would not tell.
            await asyncio.wait([each.acknowledged for each in self._undelivered])
        # A failure that came in this turn of the loop is noted in the next.
        await asyncio.sleep(0)
        if self._failed is not None:
            died = internals.cause_of_death(producer)
            raise self._failed if died is None else self._judged(died, "commit")
        await self._asked(producer.commit_transaction(), "commit")

    async def abort(self) -> None:
        """Make all of the transaction void."""
        await self._asked(self._started().abort_transaction(), "abort")
        self._failed = None

    def abandon(self) -> None:
        """Drop the producer without waiting and without a word to the log."""
        self.closed = True
        if self._driver is not None:
            self._drop(self._driver)
        for batch in list(self._undelivered):
            batch.fail(ProducerBroken(f"{self._name}: abandoned"))

    async def close(self) -> None:
        """Flush and disconnect."""
        self.closed = True
        if (producer := self._producer) is None:
            return
        try:
            await asyncio.wait_for(producer.stop(), self._settings.transaction_timeout_s)
        except DRIVER_ERRORS:
            # Nothing is left to be told: what was not acknowledged has said so by its own awaitable.
            self.abandon()
        self._driver = self._producer = None

    def _drop(self, producer: AIOKafkaProducer) -> None:
        self._driver = self._producer = None
        if self._starting is not None:
            self._starting.cancel()
        self._connection.clear_up_later(ending.drop_producer(producer))

    def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise ProducerBroken(f"{self._name}: not started, or already dropped")
        return self._producer

    def _make_batch(self) -> BatchBuilder:
        made: BatchBuilder = self._started().create_batch()
        return made

    async def _partitions(self, producer: AIOKafkaProducer, topic: str) -> int:
        """Count a topic's partitions, as the client knows them. Raises `LogRefused` if there is no such topic."""
        known: set[int] | None = producer.client.cluster.partitions_for_topic(topic)
        if known is None:
            async with self._asking:
                known = await self._asked_partitions(producer, topic)
        return len(known)

    async def _asked_partitions(self, producer: AIOKafkaProducer, topic: str) -> set[int]:
        known: set[int] | None
        deadline_s = self._clock.monotonic() + _UNKNOWN_TOPIC_S
        while (known := producer.client.cluster.partitions_for_topic(topic)) is None:
            # A topic made just now may not be known yet. One that is not there must not be asked for by the client:
            # a broker that creates topics by itself would make it, with settings that nobody has reviewed.
            if topic in await self._counts([topic]):
                await producer.client.add_topic(topic)
                await producer.client.force_metadata_update()
            elif self._clock.monotonic() > deadline_s:
                raise LogRefused(f"topic {topic} does not exist: run `headchef topics create`")
            if producer.client.cluster.partitions_for_topic(topic) is None:
                await self._clock.sleep(_RETRY_PAUSE_S)
        return known

    async def _submit(self, producer: AIOKafkaProducer, batch: Batch) -> None:
        if producer is not self._producer:
            batch.fail(ProducerBroken(f"{self._name}: abandoned"))
            return
        topic, number = batch.partition
        waiting_s = self._settings.delivery_timeout_s
        self._undelivered[batch] = asyncio.get_running_loop().call_later(waiting_s, batch.expire, waiting_s)
        batch.acknowledged.add_done_callback(lambda ended: self._settled(batch, ended))
        try:
            delivered = await producer.send_batch(batch.builder, topic, partition=number)
        except DRIVER_ERRORS as error:
            batch.fail(self._judged(error, f"{topic}[{number}]", of_records=True))
        else:
            delivered.add_done_callback(batch.settle)

    def _settled(self, batch: Batch, ended: asyncio.Future[None]) -> None:
        self._undelivered.pop(batch).cancel()
        error = None if ended.cancelled() else ended.exception()
        if error is None:
            return
        says_more = not self._failed or isinstance(error, ProducerFenced)
        if self._transactional_id and isinstance(error, LogError) and says_more:
            self._failed = error
        if isinstance(error, SendFailed):
            self._alone.discard(batch.partition.topic)
        elif batch.refused:
            self._alone.add(batch.partition.topic)

    async def _asked(self, answer: Awaitable[_T], doing: str) -> _T:
        """Await the driver within the transaction time-out, and raise in our words."""
        try:
            async with asyncio.timeout(self._settings.transaction_timeout_s):
                return await answer
        except DRIVER_ERRORS as error:
            raise self._judged(error, doing) from error

    def _judged(self, error: BaseException, doing: str, *, of_records: bool = False) -> LogError:
        said = f"{self._transactional_id or self._name}: {doing}"
        died = internals.cause_of_death(self._producer) if self._producer is not None else None
        if died is None and isinstance(self._failed, ProducerFenced):
            # The answer to a record said so, which the driver takes for that record's misfortune.
            return self._failed
        if died is None and isinstance(error, asyncio.TimeoutError):
            return LogUnavailable(f"{said}: no answer within {self._settings.transaction_timeout_s:g} s")
        # The states of a dead producer do not fit; what killed it says more, and is no fault of a record.
        judged = translated(died or error, said, otherwise=ProducerBroken)
        no_records = isinstance(judged, SendFailed) and (died is not None or not of_records)
        return ProducerBroken(str(judged)) if no_records else judged

    async def _why_not_started(self, error: BaseException) -> LogError:
        reason = await self._connection.why(error, f"producer {self._name}")
        if isinstance(reason, LogRefused | LogUnavailable):
            return reason
        # A broker without producer ids answers the first question of a producer with an error of no meaning.
        if self._transactional_id is not None:
            return LogRefused(self._no_transactions(str(reason)))
        return LogRefused(
            f"Kafka at {self._settings.bootstrap} keeps no producer ids ({reason}):"
            " set HEADCHEF_KAFKA_IDEMPOTENCE=false, and have records twice after a lost answer"
        )

    def _no_transactions(self, reason: str) -> str:
        return (
            f"Kafka at {self._settings.bootstrap} keeps no transactions ({reason}): use a broker that does,"
            " or set HEADCHEF_PROCESSING_GUARANTEE=at_least_once"
        )
