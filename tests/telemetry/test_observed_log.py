"""What passes through a log is told as metrics and spans, and nothing else changes."""

import asyncio
from collections.abc import Sequence

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from headchef_contracts import topics

from headchef.runtime.errors import LogUnavailable
from headchef.runtime.log.memory import Cluster, MemoryLog
from headchef.runtime.log.port import NewRecord, Partition, Producer
from headchef.runtime.telemetry.observed_log import ObservedLog, ObservedProducer, Observer
from tests.support.recorded_metrics import RecordedMetrics
from tests.support.virtual_time import LoopClock

TOPIC = "headchef.steps.planned.v1"


class Away:
    """A producer whose commits fail."""

    async def begin(self) -> None: ...

    async def send(self, records: Sequence[NewRecord]) -> Sequence[asyncio.Future[None]]:
        return []

    async def commit(self) -> None:
        raise LogUnavailable("gone")


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def metrics() -> RecordedMetrics:
    return RecordedMetrics()


@pytest.fixture
def observer(metrics: RecordedMetrics, exporter: InMemorySpanExporter) -> Observer:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Observer(
        metrics, provider.get_tracer("test"), LoopClock(), lambda topic: topics.logical("headchef", topic) or topic
    )


async def write(producer: Producer, count: int) -> None:
    for acknowledged in await producer.send([NewRecord(TOPIC, b"x", partition=0)] * count):
        await acknowledged


async def test_a_transaction_and_a_poll(
    observer: Observer, metrics: RecordedMetrics, exporter: InMemorySpanExporter
) -> None:
    cluster = Cluster(LoopClock())
    cluster.create_topic(TOPIC, 1)
    log = ObservedLog(MemoryLog(cluster), observer)
    producer = log.producer("router-0", "headchef.router.0")
    await producer.start()
    await producer.begin()
    await write(producer, 3)
    assert metrics.total("messaging.client.sent.messages") == 0
    await producer.commit()
    await producer.begin()
    await write(producer, 1)
    await producer.abort()
    await producer.close()
    reader = await log.reader("reader")
    await reader.assign({Partition(TOPIC, 0): 0})
    polled = await reader.poll([Partition(TOPIC, 0)], max_records=10, timeout_s=1)
    await reader.close()
    await log.close()

    assert [record.value for record in polled[Partition(TOPIC, 0)]] == [b"x"] * 3
    assert metrics.total("messaging.client.sent.messages", messaging_destination_name="steps.planned") == 3
    assert metrics.recorded("headchef.transaction.records") == [3]
    assert metrics.total("headchef.aborts") == 1
    assert len(metrics.recorded("messaging.client.operation.duration")) == 2
    commit, poll = exporter.get_finished_spans()
    assert (commit.name, (commit.attributes or {})["messaging.client.id"]) == ("commit", "router-0")
    assert (poll.name, (poll.attributes or {})["messaging.batch.message_count"]) == ("poll", 3)


async def test_records_outside_of_transactions_are_counted_as_they_are_sent(
    observer: Observer, metrics: RecordedMetrics
) -> None:
    cluster = Cluster(LoopClock())
    cluster.create_topic(TOPIC, 1)
    log = ObservedLog(MemoryLog(cluster), observer)
    producer = log.producer("router-0", None)
    await producer.start()
    await write(producer, 2)
    await producer.close()
    await log.close()
    assert metrics.total("messaging.client.sent.messages") == 2


async def test_a_failed_commit_is_told_by_its_kind(
    observer: Observer, metrics: RecordedMetrics, exporter: InMemorySpanExporter
) -> None:
    producer = ObservedProducer(Away(), "router-0", observer)  # type: ignore[arg-type]  # only these are called
    await producer.begin()
    await producer.send([NewRecord(TOPIC, b"x")])
    with pytest.raises(LogUnavailable):
        await producer.commit()

    assert metrics.total("messaging.client.sent.messages") == 0
    [span] = exporter.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "LogUnavailable"
