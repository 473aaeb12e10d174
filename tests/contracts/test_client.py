"""The client on a real Kafka: jobs go where they belong, results come committed, once, and from the place asked for."""

import asyncio
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic

from headchef_contracts import cloudevents, registry, topics
from headchef_contracts.client import NotDelivered, Publisher, Result, Results
from headchef_contracts.errors import ContractError
from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import JobFinished, JobSubmitted
from headchef_contracts.generate import PACKAGE
from headchef_contracts.placement import home_partition, partition_for

from tests.support.eventually import PATIENCE_S

NAMES = ("jobs.submitted", "jobs.submitted.bulk", "jobs.finished", "jobs.refused")
FINISHED = (PACKAGE / "schemas/headchef.job.finished/1/examples/ok_text.json").read_bytes()
PARTITIONS = 3


@pytest.fixture
async def namespace(kafka: str) -> AsyncIterator[str]:
    own = f"client-{uuid.uuid4().hex[:8]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    names = [topics.physical(own, name) for name in NAMES]
    await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in names])
    # The controller knows them at once, the broker a moment later.
    while any(each["error_code"] for each in await admin.describe_topics(names)):
        pass
    yield own
    await admin.delete_topics(names)
    await admin.close()


def finished(job_id: str) -> JobFinished:
    event = registry.decode("headchef.job.finished", 1, FINISHED)
    assert isinstance(event, JobFinished)
    return event.model_copy(update={"job": event.job.model_copy(update={"job_id": job_id})})


class Kitchen:
    """Writes results as the processors do."""

    def __init__(self, kafka: str, namespace: str, transactional_id: str | None = None) -> None:
        self.producer = AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=transactional_id)
        self.topic = topics.physical(namespace, "jobs.finished")

    async def __aenter__(self) -> Self:
        await self.producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.producer.stop()

    async def serve(self, job_ids: Iterable[str], partition: int | None = None, time: datetime | None = None) -> None:
        time_ms = None if time is None else int(time.timestamp() * 1_000)
        for job_id in job_ids:
            event = finished(job_id)
            attributes = cloudevents.Attributes(f"id-{job_id}", "/test", event.event_type, 1, subject=job_id)
            headers = list(cloudevents.to_headers(attributes))
            key = None if partition is not None else job_id.encode()
            value = registry.encode(event)
            await self.producer.send_and_wait(self.topic, value, key, partition, time_ms, headers)


async def take(results: Results, count: int) -> list[str]:
    taken: list[Result] = []
    async with asyncio.timeout(PATIENCE_S):
        async for result in results:
            taken.append(result)
            if len(taken) == count:
                break
    return sorted(result.event.job.job_id for result in taken if isinstance(result.event, JobFinished))


async def published(kafka: str, namespace: str, count: int, entry: str = "jobs.submitted") -> Sequence[Any]:
    consumer = AIOKafkaConsumer(
        topics.physical(namespace, entry), bootstrap_servers=kafka, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        async with asyncio.timeout(PATIENCE_S):
            return [await consumer.getone() for _ in range(count)]
    finally:
        await consumer.stop()


async def test_a_published_job_has_headers_key_and_home(kafka: str, namespace: str) -> None:
    async with Publisher(kafka, source="/shop", namespace=namespace) as publisher:
        job = {"job_id": "job-ü", "prompt": "hi", "conversation_id": "talk"}
        done = await publisher.publish(job, traceparent="00-1-2-01", tracestate="a=b")
    (record,) = await published(kafka, namespace, 1)
    attributes = cloudevents.from_headers(record.headers)
    assert attributes is not None
    assert (attributes.id, attributes.source, attributes.subject) == (done.event_id, "/shop", "job-ü")
    assert (attributes.type, attributes.version) == ("headchef.job.submitted", 1)
    assert dict(record.headers)["traceparent"] == b"00-1-2-01"
    assert dict(record.headers)["tracestate"] == b"a=b"
    assert record.key == "job-ü".encode()
    assert (record.partition, record.offset) == (done.partition, done.offset)
    assert record.partition == home_partition("job-ü", "talk", PARTITIONS) == partition_for(b"talk", PARTITIONS)
    assert registry.decode(attributes.type, 1, record.value) == JobSubmitted.model_validate(job)


async def test_bulk_jobs_have_an_entry_of_their_own(kafka: str, namespace: str) -> None:
    jobs = [{"job_id": f"job-{each}", "prompt": "hi", "class": each} for each in ("bulk", "interactive")]
    async with Publisher(kafka, source="/shop", namespace=namespace) as publisher:
        done = await publisher.publish_many(jobs)
    for entry, place in (("jobs.submitted.bulk", done[0]), ("jobs.submitted", done[1])):
        (record,) = await published(kafka, namespace, 1, entry)
        assert (record.key.decode(), record.partition, record.offset) == (place.job_id, place.partition, place.offset)
        assert place.partition == home_partition(place.job_id, None, PARTITIONS)


async def test_many_jobs_come_back_in_their_order(kafka: str, namespace: str) -> None:
    jobs = [JobSubmitted(job_id=f"job-{number}", prompt=Inline(inline="hi")) for number in range(2_500)]
    async with Publisher(kafka, source="/shop", namespace=namespace) as publisher:
        done = await publisher.publish_many(jobs)
    assert [each.job_id for each in done] == [job.job_id for job in jobs]
    assert len(await published(kafka, namespace, len(jobs))) == len(jobs)


async def test_a_wrong_job_is_refused_before_any_is_sent(kafka: str, namespace: str) -> None:
    async with Publisher(kafka, source="/shop", namespace=namespace) as publisher:
        with pytest.raises(registry.BrokenContract) as broken:
            await publisher.publish_many([{"job_id": "a", "prompt": "hi"}, {"job_id": "b", "promt": "hi"}])
        assert (broken.value.field, broken.value.message) == ("jobs.1.promt", "unknown field; did you mean `prompt`?")
        with pytest.raises(registry.BrokenContract, match=r"jobs\.submitted takes"):
            await publisher.publish({"job_id": "a", "prompt": "x" * 1_048_576})
        with pytest.raises(registry.BrokenContract, match="not JSON"):
            await publisher.publish({"job_id": "a", "prompt": "hi", "input": {"price": float("nan")}})
        with pytest.raises(registry.BrokenContract, match="not JSON"):
            await publisher.publish({"job_id": "a", "prompt": object()})
        first = await publisher.publish({"job_id": "a", "prompt": "hi"})
    assert first.offset == 0


async def test_what_is_not_acknowledged_is_named_and_the_rest_is_published(kafka: str) -> None:
    namespace = f"client-{uuid.uuid4().hex[:8]}"
    small = next(f"small-{number}" for number in range(99) if home_partition(f"small-{number}", None, PARTITIONS) == 0)
    large = next(f"large-{number}" for number in range(99) if home_partition(f"large-{number}", None, PARTITIONS) == 1)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    topic = topics.physical(namespace, "jobs.submitted")
    await admin.create_topics([NewTopic(topic, PARTITIONS, 1, topic_configs={"max.message.bytes": "2000"})])
    await admin.close()
    async with Publisher(kafka, source="/shop", namespace=namespace) as publisher:
        with pytest.raises(
            NotDelivered, match=f"not acknowledged: {large} .*MessageSizeTooLarge.*publish again"
        ) as caught:
            await publisher.publish_many([{"job_id": large, "prompt": "x" * 3_000}, {"job_id": small, "prompt": "hi"}])
        assert caught.value.job_ids == (large,)
        again = await publisher.publish({"job_id": large, "prompt": "short"})
        assert again.partition == 1
    assert {record.key.decode() for record in await published(kafka, namespace, 2)} == {small, large}


async def test_from_now_on_nothing_is_missed(kafka: str, namespace: str) -> None:
    async with Kitchen(kafka, namespace) as kitchen:
        await kitchen.serve(["before"])
        async with Results(kafka, namespace=namespace) as results:
            await kitchen.serve(["after-1", "after-2"])
            assert await take(results, 2) == ["after-1", "after-2"]


async def test_from_the_beginning_and_from_a_time(kafka: str, namespace: str) -> None:
    async with Kitchen(kafka, namespace) as kitchen:
        noted = datetime.now(UTC)
        await kitchen.serve(["early-1", "early-2"], time=noted - timedelta(seconds=1))
        await kitchen.serve(["late"], time=noted)
        async with Results(kafka, namespace=namespace, only=["jobs.finished"], start="beginning") as results:
            assert await take(results, 3) == ["early-1", "early-2", "late"]
        async with Results(kafka, namespace=namespace, start=noted) as results:
            assert await take(results, 1) == ["late"]


async def test_aborted_results_are_not_seen(kafka: str, namespace: str) -> None:
    async with Kitchen(kafka, namespace, transactional_id=namespace) as kitchen:
        await kitchen.producer.begin_transaction()
        await kitchen.serve(["aborted"], partition=0)
        await kitchen.producer.abort_transaction()
        await kitchen.producer.begin_transaction()
        await kitchen.serve(["committed"], partition=0)
        await kitchen.producer.commit_transaction()
    async with Results(kafka, namespace=namespace, start="beginning") as results:
        assert await take(results, 1) == ["committed"]


async def test_a_repeated_event_id_is_dropped(kafka: str, namespace: str) -> None:
    async with Kitchen(kafka, namespace) as kitchen:
        await kitchen.serve(["a", "b", "a", "b", "c"], partition=0)
    async with Results(kafka, namespace=namespace, start="beginning") as results:
        assert await take(results, 3) == ["a", "b", "c"]
    async with Results(kafka, namespace=namespace, start="beginning", remembered=0) as results:
        assert await take(results, 5) == ["a", "a", "b", "b", "c"]


async def test_a_group_goes_on_behind_what_it_committed(kafka: str, namespace: str) -> None:
    def reader() -> Results:
        return Results(kafka, namespace=namespace, start="beginning", group=f"{namespace}.readers")

    async with Kitchen(kafka, namespace) as kitchen:
        await kitchen.serve(["a", "b", "c"], partition=0)
    async with reader() as results:
        assert await take(results, 2) == ["a", "b"]
        await results.commit()
        assert await take(results, 1) == ["c"]
    async with reader() as results:
        assert await take(results, 1) == ["c"]


async def test_a_new_group_may_start_now(kafka: str, namespace: str) -> None:
    async with Kitchen(kafka, namespace) as kitchen:
        await kitchen.serve(["before"])
        async with Results(kafka, namespace=namespace, group=f"{namespace}.new") as results:
            await kitchen.serve(["after"])
            assert await take(results, 1) == ["after"]


async def test_a_topic_that_grows_is_read_in_its_new_partitions(kafka: str, namespace: str) -> None:
    async with Results(kafka, namespace=namespace, metadata_max_age_ms=100) as results:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
        await admin.start()
        name = topics.physical(namespace, "jobs.finished")
        await admin.create_partitions({name: NewPartitions(PARTITIONS + 1)})
        while len((await admin.describe_topics([name]))[0]["partitions"]) <= PARTITIONS:
            pass
        await admin.close()
        async with Kitchen(kafka, namespace) as kitchen:
            await kitchen.serve(["in-the-new-one"], partition=PARTITIONS)
        assert await take(results, 1) == ["in-the-new-one"]


async def test_missing_topics_are_named(kafka: str) -> None:
    with pytest.raises(ContractError, match=r"no topic nowhere\.jobs\.finished\.v1: `headchef topics create`"):
        async with Results(kafka, namespace="nowhere"):
            raise AssertionError("must not come here")


def test_a_start_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="needs its zone"):
        Results("localhost:9092", start=datetime(2026, 11, 22))  # noqa: DTZ001 - what is refused


def test_the_events_need_no_aiokafka_and_the_client_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['aiokafka'] = None\n"
        "import headchef_contracts.registry, headchef_contracts.topics, headchef_contracts.cloudevents\n"
        "import headchef_contracts.client"
    )
    paths = {"PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | paths, check=False
    )
    assert "headchef_contracts.client needs aiokafka: pip install 'headchef-contracts[client]'" in done.stderr
