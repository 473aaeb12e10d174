"""A broker that is away: at the start, in the middle, and for a producer that is dropped."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka.errors import UnknownError
from aiokafka.producer.sender import TxnOffsetCommitHandler

from headchef.runtime.errors import LogUnavailable, ProducerBroken
from headchef.runtime.log.kafka.admin import WantedTopic, administration
from headchef.runtime.log.kafka.log import KafkaLog
from headchef.runtime.log.kafka.settings import KafkaSettings
from headchef.runtime.log.port import Commit, MemberSettings, Membership, Partition
from tests.support.eventually import PATIENCE_S, eventually, eventually_async
from tests.support.kafka_server import KafkaServer
from tests.support.log_client import bodies, commit_records, started_producer, take, values, write
from tests.support.ports import free_ports
from tests.support.recording_member import RecordingMember

TOPIC, PARTITION = "jobs", Partition("jobs", 0)
BOUND_S = 5.0
"""Short enough to be waited out, and long enough for a busy broker's answer."""


@asynccontextmanager
async def opened(address: str, bound_s: float = 15.0) -> AsyncIterator[KafkaLog]:
    bounds = {"transaction_timeout_s": bound_s, "delivery_timeout_s": bound_s}
    log = KafkaLog(KafkaSettings.model_validate({"bootstrap": address, **bounds}))
    try:
        yield log
    finally:
        await log.close()


@pytest.fixture
async def topic(own_kafka: KafkaServer) -> None:
    async with administration(KafkaSettings(bootstrap=own_kafka.bootstrap)) as admin:
        await admin.create([WantedTopic(TOPIC, 1, 1, {})])


async def test_a_broker_that_is_down_at_the_start_is_named_with_the_setting() -> None:
    [port] = free_ports(1)
    async with opened(f"127.0.0.1:{port}") as log:
        member = log.membership(MemberSettings("g", "a", (TOPIC,), 6.0, 0.5), RecordingMember())
        for asked in (
            log.partition_counts([TOPIC]),
            log.committed("g", [PARTITION]),
            log.bounds([PARTITION]),
            log.reader("r"),
            log.producer("p", None).start(),
            log.producer("p", "task").start(),
            member.join(),
        ):
            with pytest.raises(LogUnavailable, match=rf"127\.0\.0\.1:{port} \(HEADCHEF_KAFKA\) does not answer"):
                await asked


async def test_a_listener_of_another_protocol_is_reported_with_the_setting(kafka: str) -> None:
    log = KafkaLog(KafkaSettings(bootstrap=kafka, security_protocol="SSL"))
    with pytest.raises(LogUnavailable, match="HEADCHEF_KAFKA_SECURITY_PROTOCOL"):
        await log.partition_counts([TOPIC])
    await log.close()


@pytest.mark.usefixtures("topic")
async def test_an_error_without_a_name_ends_a_producer_and_is_no_fault_of_a_record(
    own_kafka: KafkaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object) -> None:
        raise UnknownError

    monkeypatch.setattr(TxnOffsetCommitHandler, "handle_response", unknown)
    async with opened(own_kafka.bootstrap) as log, started_producer(log, "task") as producer:
        await producer.begin()
        with pytest.raises(ProducerBroken, match="offsets of g"):
            await producer.send_offsets("g", {PARTITION: Commit(1)})
        with pytest.raises(ProducerBroken):
            await write(producer, values(TOPIC, "after"))


@pytest.mark.usefixtures("topic")
async def test_all_go_on_after_the_broker_was_killed_and_came_back(own_kafka: KafkaServer) -> None:
    # What is being written waits for as long as a broker takes to start.
    async with opened(own_kafka.bootstrap, bound_s=2 * PATIENCE_S) as log:
        member = RecordingMember()
        membership = log.membership(MemberSettings("g", "a", (TOPIC,), 6.0, 0.2), member)
        await membership.join()
        producer, reader = log.producer("p", "task"), await log.reader("r")
        await producer.start()
        await reader.assign({PARTITION: 0})
        await commit_records(producer, values(TOPIC, "before"))
        assert bodies(await take(reader, [PARTITION], 1)) == ["before"]
        own_kafka.kill()
        await producer.begin()
        writing = asyncio.create_task(write(producer, values(TOPIC, "during")))
        assert not await reader.poll([PARTITION], max_records=10, timeout_s=0.5)
        own_kafka.start()
        await writing
        await producer.send_offsets("g", {PARTITION: Commit(1, "kept")})
        await producer.commit()
        assert bodies(await take(reader, [PARTITION], 1)) == ["during"]
        assert await log.committed("g", [PARTITION]) == {PARTITION: Commit(1, "kept")}
        await gets_a_share(membership, member)
        assert membership.failure() is None


@pytest.mark.usefixtures("topic")
async def test_all_go_on_after_the_broker_stood_still_until_it_was_given_up(own_kafka: KafkaServer) -> None:
    """For a while after it goes on, the metadata name no broker, and every session has ended."""
    async with opened(own_kafka.bootstrap, bound_s=BOUND_S) as log:
        member = RecordingMember()
        membership = log.membership(MemberSettings("g", "a", (TOPIC,), BOUND_S / 2, 0.2), member)
        await membership.join()
        for _ in range(3):
            own_kafka.freeze()
            with pytest.raises(LogUnavailable):
                await log.producer("p", "task").start()
            own_kafka.thaw()
            await eventually_async(lambda: starts(log))
            await gets_a_share(membership, member)
        assert membership.failure() is None


async def gets_a_share(membership: Membership, member: RecordingMember) -> None:
    given = len(member.payloads)
    membership.rejoin()
    await eventually(lambda: len(member.payloads) > given)


async def starts(log: KafkaLog) -> bool:
    """Say whether a task's producer can start; to be told that the log is away is no harm."""
    producer = log.producer("p", "task")
    try:
        await producer.start()
    except LogUnavailable:
        return False
    await producer.close()
    return True


@pytest.mark.usefixtures("topic")
async def test_a_frozen_broker_is_reported_within_the_time_bound(own_kafka: KafkaServer) -> None:
    async with opened(own_kafka.bootstrap, bound_s=BOUND_S) as log:
        producer, plain = log.producer("p", "task"), log.producer("p", None)
        await producer.start()
        await plain.start()
        await commit_records(producer, values(TOPIC, "a"))
        await write(plain, values(TOPIC, "b"))
        await producer.begin()
        await write(producer, values(TOPIC, "c"))
        own_kafka.freeze()
        with pytest.raises(LogUnavailable):
            await write(plain, values(TOPIC, "d"))
        with pytest.raises(LogUnavailable):
            await producer.commit()
        with pytest.raises(LogUnavailable):
            await log.producer("q", "task").start()
        plain.abandon()
        producer.abandon()
        own_kafka.thaw()


@pytest.mark.usefixtures("topic")
async def test_what_an_abandoned_producer_had_not_delivered_fails_at_once(own_kafka: KafkaServer) -> None:
    async with opened(own_kafka.bootstrap) as log:
        producer = log.producer("p", None)
        await producer.start()
        await write(producer, values(TOPIC, "delivered"))
        own_kafka.freeze()
        [waiting] = await producer.send(values(TOPIC, "stuck"))
        producer.abandon()
        with pytest.raises(ProducerBroken, match="abandoned"):
            await waiting
        with pytest.raises(ProducerBroken):
            await producer.send(values(TOPIC, "more"))
        own_kafka.thaw()


@pytest.mark.usefixtures("topic")
async def test_starts_that_are_given_up_leave_nothing_open_and_fence_nobody(own_kafka: KafkaServer) -> None:
    async with opened(own_kafka.bootstrap) as log:
        for _ in range(10):
            given_up = log.producer("p", "task")
            starts = [asyncio.create_task(given_up.start()), asyncio.create_task(log.reader("r"))]
            for _ in range(10):
                await log.committed("g", [PARTITION])
                if starts[0].done():
                    break
            given_up.abandon()
            starts[1].cancel()
            await asyncio.gather(*starts, return_exceptions=True)
        async with started_producer(log, "task") as producer:
            await commit_records(producer, values(TOPIC, "ours"))
