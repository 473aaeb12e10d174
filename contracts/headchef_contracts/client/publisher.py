"""Publishes jobs: checked, with CloudEvents headers, in the partition where they belong, each one acknowledged."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from pydantic_core import PydanticSerializationError, to_json

from headchef_contracts import cloudevents, placement, registry, topics
from headchef_contracts.errors import BrokenContract, ContractError
from headchef_contracts.events.common import Event
from headchef_contracts.events.jobs import JobSubmitted

_TOPIC = "jobs.submitted"
"""The entry of interactive jobs; bulk jobs have one beside it that takes as large ones."""

_HEADER_ROOM_BYTES = 2_048
_AWAITED_TOGETHER = 1_000
_DEFAULTS: Mapping[str, Any] = {"acks": "all", "enable_idempotence": True, "linger_ms": 2}


class NotDelivered(ContractError):
    """Kafka did not acknowledge a job. It may have it nevertheless: publish it again, with the same job id.

    Args:
        job_ids: those without an acknowledgement, in the order in which they were given.
        cause: what the driver said about the first of them.
    """

    def __init__(self, job_ids: Sequence[str], cause: BaseException) -> None:
        shown = ", ".join(job_ids[:5]) + (f" and {len(job_ids) - 5} more" if len(job_ids) > 5 else "")
        super().__init__(f"not acknowledged: {shown} ({type(cause).__name__}: {cause}); publish again, same job ids")
        self.job_ids = tuple(job_ids)


@dataclass(frozen=True, slots=True)
class Published:
    """Where a job lies.

    Attributes:
        job_id: as it was given.
        event_id: the `ce_id` of its record.
        partition: of the entry of the job's class.
        offset: in that partition.
    """

    job_id: str
    event_id: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class _Sent:
    job_id: str
    event_id: str
    acknowledged: Awaitable[Any]


class Publisher:
    """Publishes jobs to `jobs.submitted`, bulk ones to `jobs.submitted.bulk`; use it with `async with`.

    Args:
        bootstrap: Kafka's address, `host:port`, several with commas between.
        source: who publishes, a URI reference such as `/shop/catalogue`, for `ce_source`.
        namespace: the environment on the cluster.
        new_id: gives the id of each event.
        now: gives the time of each event, aware.
        kafka: settings for aiokafka's producer, such as `security_protocol`, `ssl_context`, `sasl_mechanism`.
            A broker without idempotent producers, such as the embedded one, wants `enable_idempotence=False`.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        source: str,
        namespace: str = "headchef",
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        **kafka: Any,
    ) -> None:
        self._namespace = namespace
        self._max_bytes = topics.topic(_TOPIC).max_message_bytes
        self._source = source
        self._new_id = new_id
        self._now = now
        self._settings = {"bootstrap_servers": bootstrap, "max_request_size": self._max_bytes, **_DEFAULTS, **kafka}
        self._producer: AIOKafkaProducer | None = None

    async def __aenter__(self) -> Self:
        """Connect."""
        await self._connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Send what is left, and disconnect."""
        await self._disconnect()

    async def publish(
        self,
        job: JobSubmitted | Mapping[str, Any],
        *,
        traceparent: str | None = None,
        tracestate: str | None = None,
    ) -> Published:
        """Publish one job, and wait until Kafka has it.

        Args:
            job: the job, or the JSON object of one.
            traceparent: W3C trace context, to be carried through every hop.
            tracestate: what belongs to it.

        Returns:
            Where it lies.

        Raises:
            BrokenContract: the job breaks the contract; names the field. Nothing was sent.
            NotDelivered: Kafka did not acknowledge it in time.
        """
        return (await self.publish_many([job], traceparent=traceparent, tracestate=tracestate))[0]

    async def publish_many(
        self,
        jobs: Sequence[JobSubmitted | Mapping[str, Any]],
        *,
        traceparent: str | None = None,
        tracestate: str | None = None,
    ) -> list[Published]:
        """Publish several jobs at once: much faster than one after the other.

        Args:
            jobs: the jobs, or the JSON objects of them; all are checked before the first is sent.
            traceparent: W3C trace context, to be carried through every hop.
            tracestate: what belongs to it.

        Returns:
            Where they lie, in their order.

        Raises:
            BrokenContract: a job breaks the contract; names its place and field. Nothing was sent.
            NotDelivered: some were not acknowledged; names them. The others are published.
        """
        checked = [self._checked(job, f"jobs.{place}" if len(jobs) > 1 else "") for place, job in enumerate(jobs)]
        names = (("traceparent", traceparent), ("tracestate", tracestate))
        trace = [(name, value.encode()) for name, value in names if value is not None]
        published: list[Published] = []
        missing: list[tuple[str, BaseException]] = []
        for start in range(0, len(checked), _AWAITED_TOGETHER):
            sent = [
                await self._send(job, written, trace) for job, written in checked[start : start + _AWAITED_TOGETHER]
            ]
            results = await asyncio.gather(*(each.acknowledged for each in sent), return_exceptions=True)
            for each, result in zip(sent, results, strict=True):
                if isinstance(result, BaseException):
                    missing.append((each.job_id, result))
                else:
                    published.append(Published(each.job_id, each.event_id, result.partition, result.offset))
        if missing:
            await self._disconnect()  # an idempotent producer is of no use to a partition that refused a batch of it
            await self._connect()
            raise NotDelivered([job_id for job_id, _ in missing], missing[0][1]) from missing[0][1]
        return published

    async def _connect(self) -> None:
        producer = AIOKafkaProducer(**self._settings)
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        self._producer = producer

    async def _disconnect(self) -> None:
        if self._producer is not None:
            producer, self._producer = self._producer, None
            await producer.stop()

    def _checked(self, job: JobSubmitted | Mapping[str, Any], place: str) -> tuple[JobSubmitted, registry.Written]:
        try:
            event = self._read(job)
            written = registry.write(event)
            if len(written.data) > self._max_bytes - _HEADER_ROOM_BYTES:
                room = self._max_bytes - _HEADER_ROOM_BYTES
                raise BrokenContract(
                    None, f"the job has {len(written.data)} bytes, {_TOPIC} takes {room}: carry large bodies by ref"
                )
        except BrokenContract as broken:
            field = ".".join(part for part in (place, broken.field) if part)
            raise BrokenContract(field or None, broken.message, broken.reason) from None
        return event, written

    def _read(self, job: JobSubmitted | Mapping[str, Any]) -> JobSubmitted:
        try:
            data = (
                registry.encode(job) if isinstance(job, JobSubmitted) else to_json(dict(job), inf_nan_mode="constants")
            )
        except PydanticSerializationError as error:
            raise BrokenContract(None, f"not JSON: {error}", "not_json") from None
        event: Event = registry.decode(JobSubmitted.event_type, JobSubmitted.version, data)
        if not isinstance(event, JobSubmitted):
            raise TypeError(f"{JobSubmitted.event_type} is read as {type(event).__name__}: this client is too old")
        return event

    async def _send(self, job: JobSubmitted, written: registry.Written, trace: Iterable[cloudevents.Header]) -> _Sent:
        if self._producer is None:
            raise RuntimeError("use the publisher with `async with`")
        event_id = self._new_id()
        attributes = cloudevents.Attributes(
            event_id, self._source, job.event_type, written.version, self._now(), subject=job.job_id
        )
        headers = list(cloudevents.to_headers(attributes, trace))
        entry = topics.of_class(_TOPIC, job.job_class)
        topic = topics.physical(self._namespace, entry)
        try:
            partitions = len(await self._producer.partitions_for(topic))
            home = placement.home_partition(job.job_id, job.conversation_id, partitions)
            key = topics.key_of(entry, job)
            future = await self._producer.send(topic, written.data, key, partition=home, headers=headers)
        except KafkaError as error:
            raise NotDelivered([job.job_id], error) from error
        return _Sent(job.job_id, event_id, future)
