"""Writing without transactions: placement, order, and records that the log does not take."""

import asyncio
from collections.abc import Awaitable

import pytest

from headchef_contracts.placement import partition_for

from headchef.runtime.errors import LogRefused, LogUnavailable, ProducerBroken, SendFailed
from headchef.runtime.log.port import NewRecord
from tests.support.backends import Backend
from tests.support.log_client import bodies, publish, started_producer, values, write
from tests.support.unseen_errors import collect_unseen


async def test_a_key_decides_the_partition_as_javas_clients_do(backend: Backend) -> None:
    topic = await backend.make_topic(4)
    keys = [f"job-{number}".encode() for number in range(20)]
    await publish(backend.process("p"), [NewRecord(topic, key, key=key) for key in keys])
    placed = {record.key: record.partition for record in await backend.read_committed(topic)}
    assert placed == {key: partition_for(key, 4) for key in keys}


async def test_without_a_key_any_partition_will_do(backend: Backend) -> None:
    topic = await backend.make_topic(2)
    await publish(backend.process("p"), [NewRecord(topic, str(number).encode()) for number in range(40)])
    records = await backend.read_committed(topic)
    assert sorted(int(body) for body in bodies(records)) == list(range(40))
    assert {record.partition for record in records} == {0, 1}


@pytest.mark.parametrize(("among", "used"), [(1, {0}), (2, {0, 1}), (4, {0, 1, 2, 3}), (9, {0, 1, 2, 3})])
async def test_a_record_may_be_kept_to_the_first_partitions(backend: Backend, among: int, used: set[int]) -> None:
    topic = await backend.make_topic(4)
    anywhere = [NewRecord(topic, b"%d" % number, among=among) for number in range(40)]
    keyed = [NewRecord(topic, b"%d" % number, key=b"job-%d" % number, among=among) for number in range(40, 80)]
    await publish(backend.process("p"), [*anywhere, *keyed, NewRecord(topic, b"80", partition=3, among=1)])
    records = await backend.read_committed(topic)
    assert sorted(int(body) for body in bodies(records)) == list(range(81))
    placed = {int(record.value or b""): record.partition for record in records}
    assert {placed[number] for number in range(40)} == used
    assert all(placed[number] == partition_for(b"job-%d" % number, len(used)) for number in range(40, 80))
    assert placed[80] == 3, "a partition that is named is taken as it is"


async def test_records_keep_their_order_in_a_partition_over_several_sends(backend: Backend) -> None:
    topic = await backend.make_topic()
    async with started_producer(backend.process("p")) as producer:
        waiting: list[Awaitable[object]] = []
        for number in range(30):
            waiting += await producer.send(values(topic, str(number)))
        for each in waiting:
            await each
    assert bodies(await backend.read_committed(topic)) == [str(number) for number in range(30)]


async def test_who_stops_waiting_for_a_record_leaves_no_error_and_no_record_behind(backend: Backend) -> None:
    topic, unseen = await backend.make_topic(), collect_unseen()
    async with started_producer(backend.process("p")) as producer:
        [waiting] = await producer.send(values(topic, "sent"))
        asyncio.ensure_future(waiting).cancel()
        [after] = await producer.send(values(topic, "after"))
        await after
    assert bodies(await backend.read_committed(topic)) == ["sent", "after"]
    assert not unseen


async def test_a_record_without_a_partition_of_a_topic_that_does_not_exist_is_refused(backend: Backend) -> None:
    async with started_producer(backend.process("p")) as producer:
        with pytest.raises(LogRefused):
            await write(producer, [NewRecord("no-such-topic", b"x")])


async def test_a_record_that_is_too_large_fails_alone(backend: Backend) -> None:
    topic = await backend.make_topic(2, max_message_bytes=2000)
    async with started_producer(backend.process("p")) as producer:
        small = await producer.send(values(topic, "small"))
        [large] = await producer.send([NewRecord(topic, b"x" * 5000, partition=1)])
        await small[0]
        with pytest.raises(SendFailed):
            await large
    assert bodies(await backend.read_committed(topic)) == ["small"]


async def test_after_a_failed_record_its_partition_takes_no_more_from_this_producer(backend: Backend) -> None:
    topic = await backend.make_topic(2, max_message_bytes=2000)
    log = backend.process("p")
    async with started_producer(log) as producer:
        await write(producer, values(topic, "before", partition=1))
        with pytest.raises(SendFailed):
            await write(producer, [NewRecord(topic, b"x" * 5000, partition=1)])
        with pytest.raises((SendFailed, ProducerBroken)):
            await write(producer, values(topic, "refused", partition=1))
    async with started_producer(log) as producer:
        await write(producer, values(topic, "after", partition=1))
    assert bodies(await backend.read_committed(topic)) == ["before", "after"]


async def test_after_a_failed_record_another_is_still_told_to_be_at_fault(backend: Backend) -> None:
    topic = await backend.make_topic(max_message_bytes=2000)
    async with started_producer(backend.process("p")) as producer:
        await write(producer, values(topic, "before"))
        for _ in range(2):
            with pytest.raises(SendFailed):
                await write(producer, values(topic, "x" * 5000))


async def test_records_refused_together_go_alone_on_the_next_producer(backend: Backend) -> None:
    topic = await backend.make_topic(max_message_bytes=2000)
    log = backend.process("p")
    records = [*values(topic, "small"), NewRecord(topic, b"x" * 5000, partition=0)]
    async with started_producer(log) as producer:
        for each in await producer.send(records):
            with pytest.raises(LogUnavailable):
                await each
    async with started_producer(log) as producer:
        small, large = await producer.send(records)
        await small
        with pytest.raises(SendFailed):
            await large
    assert bodies(await backend.read_committed(topic)) == ["small"]


async def test_records_that_are_too_large_together_are_refused_together_and_go_alone(backend: Backend) -> None:
    topic = await backend.make_topic(max_message_bytes=2000)
    log = backend.process("p")
    halves = values(topic, "a" * 1200, "b" * 1200)
    async with started_producer(log) as producer:
        for each in await producer.send(halves):
            with pytest.raises(LogUnavailable):
                await each
    async with started_producer(log) as producer:
        await write(producer, halves)
    assert [len(body) for body in bodies(await backend.read_committed(topic))] == [1200, 1200]


async def test_more_records_than_a_batch_holds_are_taken_though_too_large_together(backend: Backend) -> None:
    topic = await backend.make_topic(max_message_bytes=200_000)
    async with started_producer(backend.process("p")) as producer:
        await write(producer, values(topic, *("x" * 50_000 for _ in range(8))))
    assert len(await backend.read_committed(topic)) == 8


async def test_a_timestamp_far_ahead_is_the_fault_of_a_clock_and_not_of_the_record(backend: Backend) -> None:
    topic, year_2100_ms = await backend.make_topic(), 4_102_444_800_000
    async with started_producer(backend.process("p")) as producer:
        ahead = NewRecord(topic, b"x", partition=0, timestamp_ms=year_2100_ms)
        for records in ([ahead], [*values(topic, "good"), ahead]):
            with pytest.raises(LogRefused, match="clock"):
                await write(producer, records)
    assert not await backend.read_all(topic)


async def test_a_compacted_topic_takes_no_record_without_a_key(backend: Backend) -> None:
    topic = await backend.make_topic(compacted=True)
    async with started_producer(backend.process("p")) as producer:
        with pytest.raises(SendFailed):
            await write(producer, values(topic, "keyless"))
    assert not await backend.read_all(topic)


async def test_closing_sends_what_is_still_under_way(backend: Backend) -> None:
    topic = await backend.make_topic()
    producer = backend.process("p").producer("test", None)
    await producer.start()
    await producer.send([NewRecord(topic, str(number).encode(), partition=0) for number in range(10)])
    await producer.close()
    assert len(await backend.read_committed(topic)) == 10


async def test_partitions_that_do_not_exist_are_refused(backend: Backend) -> None:
    topic = await backend.make_topic(2)
    async with started_producer(backend.process("p")) as producer:
        with pytest.raises((LogRefused, ProducerBroken)):
            await write(producer, values(topic, "x", partition=7))
