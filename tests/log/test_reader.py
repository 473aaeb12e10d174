"""Reading chosen partitions: order, patience, positions, bounds and lost offsets."""

import asyncio
import itertools

import pytest

from headchef.runtime.errors import LogRefused, OffsetLost
from headchef.runtime.log.port import NewRecord, Partition
from tests.support.backends import Backend
from tests.support.eventually import PATIENCE_S
from tests.support.log_client import bodies, publish, read_to_end, started_producer, take, values, write


async def test_a_record_comes_back_whole(backend: Backend) -> None:
    topic = await backend.make_topic()
    log = backend.process("p")
    written = NewRecord(topic, b"body", key=b"key", partition=0, headers=(("a", b"1"), ("a", b"")), timestamp_ms=12345)
    await publish(log, [written])
    reader = await log.reader("r")
    await reader.assign({Partition(topic, 0): 0})
    [record] = await take(reader, [Partition(topic, 0)], 1)
    assert record == (topic, 0, 0, 12345, b"key", b"body", (("a", b"1"), ("a", b"")))


async def test_a_tombstone_is_a_record_without_a_value(backend: Backend) -> None:
    topic = await backend.make_topic(compacted=True)
    log = backend.process("p")
    await publish(log, [NewRecord(topic, b"1", key=b"k"), NewRecord(topic, None, key=b"k")])
    reader = await log.reader("r")
    await reader.assign({Partition(topic, 0): 0})
    assert [record.value for record in await take(reader, [Partition(topic, 0)], 2)] == [b"1", None]


async def test_polls_give_a_partition_in_order_and_no_more_than_asked_for(backend: Backend) -> None:
    topic = await backend.make_topic()
    log = backend.process("p")
    await publish(log, values(topic, *"abcdefg"))
    reader = await log.reader("r")
    partition = Partition(topic, 0)
    await reader.assign({partition: 0})
    sizes: list[int] = []
    seen: list[str] = []
    while len(seen) < 7:
        polled = (await reader.poll([partition], max_records=3, timeout_s=PATIENCE_S)).get(partition, ())
        sizes.append(len(polled))
        seen += bodies(polled)
    assert "".join(seen) == "abcdefg"
    assert max(sizes) <= 3
    assert reader.position(partition) == 7


async def test_a_poll_waits_for_what_is_still_to_come(backend: Backend) -> None:
    topic = await backend.make_topic()
    log = backend.process("p")
    reader = await log.reader("r")
    partition = Partition(topic, 0)
    await reader.assign({partition: 0})
    polling = asyncio.ensure_future(reader.poll([partition], max_records=10, timeout_s=PATIENCE_S))
    await publish(log, values(topic, "late"))
    assert bodies((await polling)[partition]) == ["late"]


async def test_a_poll_without_records_ends_at_its_timeout(backend: Backend) -> None:
    topic = await backend.make_topic()
    reader = await backend.process("p").reader("r")
    partition = Partition(topic, 0)
    await reader.assign({partition: 0})
    started_s = asyncio.get_running_loop().time()
    assert not await reader.poll([partition], max_records=10, timeout_s=0.3)
    assert 0.25 < asyncio.get_running_loop().time() - started_s < PATIENCE_S


async def test_a_poll_that_is_woken_ends_at_once(backend: Backend) -> None:
    topic = await backend.make_topic()
    log = backend.process("p")
    reader = await log.reader("r")
    partition = Partition(topic, 0)
    await reader.assign({partition: 0})
    started_s = asyncio.get_running_loop().time()
    polling = asyncio.ensure_future(reader.poll([partition], max_records=10, timeout_s=PATIENCE_S))
    await asyncio.sleep(0)
    reader.wake()
    assert not await polling
    assert asyncio.get_running_loop().time() - started_s < PATIENCE_S
    await publish(log, values(topic, "later"))
    assert bodies(await take(reader, [partition], 1)) == ["later"]


async def test_polls_that_are_woken_all_the_time_lose_nothing(backend: Backend) -> None:
    topic = await backend.make_topic()
    log = backend.process("p")
    reader = await log.reader("r")
    partition = Partition(topic, 0)
    await reader.assign({partition: 0})
    sent, seen = [str(number) for number in range(200)], list[str]()
    publishing = asyncio.ensure_future(publish(log, values(topic, *sent)))
    async with asyncio.timeout(PATIENCE_S):
        for waits in itertools.cycle(range(8)):
            polling = asyncio.ensure_future(reader.poll([partition], max_records=7, timeout_s=0.1))
            for _ in range(waits):
                await asyncio.sleep(0)
            reader.wake()
            seen += bodies((await polling).get(partition, ()))
            if len(seen) >= len(sent):
                break
    await publishing
    assert seen == sent


async def test_a_partition_that_is_not_asked_for_keeps_its_records(backend: Backend) -> None:
    topic = await backend.make_topic(2)
    log = backend.process("p")
    first, second = Partition(topic, 0), Partition(topic, 1)
    await publish(log, [*values(topic, "a", "b"), *values(topic, "x", partition=1)])
    reader = await log.reader("r")
    await reader.assign({first: 0, second: 0})
    assert bodies(await take(reader, [second], 1)) == ["x"]
    assert bodies(await take(reader, [first], 2)) == ["a", "b"]


async def test_reading_starts_where_it_is_told_to(backend: Backend) -> None:
    topic = await backend.make_topic()
    log = backend.process("p")
    await publish(log, values(topic, *"abcd"))
    reader = await log.reader("r")
    partition = Partition(topic, 0)
    await reader.assign({partition: 2})
    assert reader.position(partition) == 2
    assert bodies(await take(reader, [partition], 2)) == ["c", "d"]


async def test_another_assignment_replaces_positions_and_what_was_fetched(backend: Backend) -> None:
    topic = await backend.make_topic(2)
    log = backend.process("p")
    first, second = Partition(topic, 0), Partition(topic, 1)
    await publish(log, [*values(topic, *"abc"), *values(topic, "x", partition=1)])
    reader = await log.reader("r")
    await reader.assign({first: 0, second: 0})
    await reader.poll([first], max_records=1, timeout_s=PATIENCE_S)
    await reader.assign({first: 1})
    assert bodies(await take(reader, [first], 2)) == ["b", "c"]
    assert not await reader.poll([second], max_records=1, timeout_s=0.1)


async def test_bounds_grow_with_the_records(backend: Backend) -> None:
    topic = await backend.make_topic(2)
    log = backend.process("p")
    reader = await log.reader("r")
    first, second = Partition(topic, 0), Partition(topic, 1)
    assert await reader.bounds([first, second]) == {first: (0, 0), second: (0, 0)}
    await publish(log, values(topic, *"abc"))
    assert await reader.bounds([first, second]) == {first: (0, 3), second: (0, 0)}


async def test_a_deleted_offset_is_reported_with_what_is_lost(backend: Backend) -> None:
    topic = await backend.make_topic()
    log = backend.process("p")
    partition = Partition(topic, 0)
    await publish(log, values(topic, *"abcdef"))
    await backend.delete_records(partition, 4)
    reader = await log.reader("r")
    assert await reader.bounds([partition]) == {partition: (4, 6)}
    await reader.assign({partition: 1})
    with pytest.raises(OffsetLost) as lost:
        await take(reader, [partition], 1)
    assert (lost.value.partition, lost.value.wanted, lost.value.earliest) == (partition, 1, 4)
    await reader.assign({partition: 4})
    assert bodies(await take(reader, [partition], 2)) == ["e", "f"]


async def test_records_past_the_end_or_of_a_compacted_topic_cannot_be_deleted(backend: Backend) -> None:
    topic, compacted = await backend.make_topic(), await backend.make_topic(compacted=True)
    log = backend.process("p")
    await publish(log, [*values(topic, "a"), NewRecord(compacted, b"a", key=b"k")])
    for partition, before_offset in ((Partition(topic, 0), 2), (Partition(compacted, 0), 1)):
        with pytest.raises(LogRefused):
            await backend.delete_records(partition, before_offset)
    assert bodies([*await backend.read_all(topic), *await backend.read_all(compacted)]) == ["a", "a"]


async def test_records_of_an_open_transaction_can_be_deleted(backend: Backend) -> None:
    topic, log = await backend.make_topic(), backend.process("p")
    partition = Partition(topic, 0)
    reader = await log.reader("r")
    async with started_producer(log, backend.name("task")) as producer:
        await producer.begin()
        for each in values(topic, *"abc"):
            await write(producer, [each])
        await backend.delete_records(partition, 2)
        assert await reader.bounds([partition]) == {partition: (2, 2)}
        await producer.commit()
        await reader.assign({partition: 2})
        assert bodies(await take(reader, [partition], 1)) == ["c"]


async def test_an_offset_past_the_end_is_reported(backend: Backend) -> None:
    topic = await backend.make_topic()
    log = backend.process("p")
    partition = Partition(topic, 0)
    await publish(log, values(topic, "a"))
    reader = await log.reader("r")
    await reader.assign({partition: 9})
    with pytest.raises(OffsetLost) as lost:
        await take(reader, [partition], 1)
    assert lost.value.wanted == 9


async def test_a_restore_ends_at_markers_and_aborted_records(backend: Backend) -> None:
    topic = await backend.make_topic()
    log = backend.process("p")
    partition = Partition(topic, 0)
    async with started_producer(log, backend.name("task")) as producer:
        await producer.begin()
        await write(producer, values(topic, "kept"))
        await producer.commit()
        await producer.begin()
        await write(producer, values(topic, "void", "void"))
        await producer.abort()
        # A third transaction is decided only when the markers of the second are written.
        await producer.begin()
        await write(producer, values(topic, "void"))
        await producer.abort()
    reader = await log.reader("r")
    await reader.assign({partition: 0})
    assert bodies(await read_to_end(reader, partition)) == ["kept"]


async def test_topics_that_do_not_exist_are_left_out(backend: Backend) -> None:
    topic = await backend.make_topic()
    assert await backend.process("p").partition_counts([topic, "no-such-topic"]) == {topic: 1}


async def test_retentions_are_told_in_seconds(backend: Backend) -> None:
    week, ever = await backend.make_topic(retention_s=604_800), await backend.make_topic()
    log = backend.process("p")
    assert await log.retentions([week, ever]) == {week: 604_800}
    with pytest.raises(LogRefused, match="no-such-topic"):
        await log.retentions([week, "no-such-topic"])


async def test_a_topic_can_grow(backend: Backend) -> None:
    topic = await backend.make_topic(2)
    log = backend.process("p")
    assert await log.partition_counts([topic]) == {topic: 2}
    await backend.grow_topic(topic, 3)
    assert await log.partition_counts([topic]) == {topic: 3}
