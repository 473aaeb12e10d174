"""Transactions: what is visible when, and records that fail in them."""

import pytest

from headchef.runtime.errors import ProducerBroken, ProducerFenced, SendFailed
from headchef.runtime.log.port import Commit, NewRecord, Partition
from tests.support.backends import Backend
from tests.support.eventually import eventually_async
from tests.support.log_client import (
    bodies,
    commit_records,
    publish,
    read_to_end,
    started_producer,
    take,
    values,
    write,
)


async def test_records_become_visible_with_the_commit_and_markers_take_offsets(backend: Backend) -> None:
    topic = await backend.make_topic()
    log, partition = backend.process("p"), Partition(topic, 0)
    reader = await log.reader("r")
    await reader.assign({partition: 0})
    async with started_producer(log, backend.name("task")) as producer:
        await producer.begin()
        await write(producer, values(topic, "a", "b"))
        assert not await reader.poll([partition], max_records=10, timeout_s=0.3)
        assert await reader.bounds([partition]) == {partition: (0, 0)}
        await producer.commit()
        assert bodies(await take(reader, [partition], 2)) == ["a", "b"]
        await commit_records(producer, values(topic, "c"))
        [third] = await take(reader, [partition], 1)
    assert (third.offset, third.value) == (3, b"c")


async def test_aborted_records_are_never_seen(backend: Backend) -> None:
    topic = await backend.make_topic()
    log, partition = backend.process("p"), Partition(topic, 0)
    async with started_producer(log, backend.name("task")) as producer:
        await producer.begin()
        await write(producer, values(topic, "void"))
        await producer.abort()
        await commit_records(producer, values(topic, "kept"))
    reader = await log.reader("r")
    await reader.assign({partition: 0})
    assert bodies(await take(reader, [partition], 1)) == ["kept"]
    assert bodies(await backend.read_all(topic)) == ["void", "kept"]


async def test_an_open_transaction_holds_back_what_others_wrote_after_it(backend: Backend) -> None:
    topic = await backend.make_topic()
    log, partition = backend.process("p"), Partition(topic, 0)
    reader = await log.reader("r")
    await reader.assign({partition: 0})
    async with started_producer(log, backend.name("task")) as producer:
        await producer.begin()
        await write(producer, values(topic, "first"))
        await publish(log, values(topic, "second"))
        assert not await reader.poll([partition], max_records=10, timeout_s=0.3)
        await producer.commit()
    assert bodies(await take(reader, [partition], 2)) == ["first", "second"]


async def test_one_commit_covers_several_topics_and_partitions(backend: Backend) -> None:
    first, second = await backend.make_topic(2), await backend.make_topic()
    async with started_producer(backend.process("p"), backend.name("task")) as producer:
        await producer.begin()
        await write(producer, [*values(first, "a"), *values(first, "b", partition=1), *values(second, "c")])
        assert not [*await backend.read_committed(first), *await backend.read_committed(second)]
        await producer.commit()

        async def visible() -> bool:
            return len([*await backend.read_committed(first), *await backend.read_committed(second)]) == 3

        await eventually_async(visible)


async def test_an_empty_transaction_commits(backend: Backend) -> None:
    topic = await backend.make_topic()
    async with started_producer(backend.process("p"), backend.name("task")) as producer:
        await producer.begin()
        await producer.commit()
        await producer.begin()
        await producer.abort()
        await commit_records(producer, values(topic, "a"))


async def test_transactions_follow_each_other_on_one_producer(backend: Backend) -> None:
    topic, group = await backend.make_topic(), backend.name("group")
    log, partition = backend.process("p"), Partition(topic, 0)
    async with started_producer(log, backend.name("task")) as producer:
        for number in range(20):
            await producer.begin()
            await write(producer, values(topic, str(number)))
            await producer.send_offsets(group, {partition: Commit(number)})
            await producer.commit()
    reader = await log.reader("r")
    await reader.assign({partition: 0})
    assert bodies(await take(reader, [partition], 20)) == [str(number) for number in range(20)]


async def test_a_failed_record_leaves_the_rest_of_its_transaction_to_be_aborted(backend: Backend) -> None:
    topic, log = await backend.make_topic(2, max_message_bytes=2000), backend.process("p")
    transactional_id, partition = backend.name("task"), Partition(topic, 0)
    async with started_producer(log, transactional_id) as producer:
        await producer.begin()
        sent = await producer.send([*values(topic, "a"), NewRecord(topic, b"x" * 5000, partition=1)])
        await sent[0]
        with pytest.raises(SendFailed):
            await sent[1]
        with pytest.raises(SendFailed):
            await producer.commit()
        await producer.abort()
    async with started_producer(log, transactional_id) as producer:
        await commit_records(producer, [*values(topic, "a again"), *values(topic, "b", partition=1)])
    reader = await log.reader("r")
    await reader.assign({partition: 0})
    assert bodies(await read_to_end(reader, partition)) == ["a again"]


async def test_a_transaction_takes_no_more_for_a_partition_where_its_first_record_failed(backend: Backend) -> None:
    topic = await backend.make_topic(max_message_bytes=2000)
    async with started_producer(backend.process("p"), backend.name("task")) as producer:
        await producer.begin()
        with pytest.raises(SendFailed):
            await write(producer, [NewRecord(topic, b"x" * 5000, partition=0)])
        with pytest.raises(ProducerBroken):
            await write(producer, values(topic, "refused"))


async def test_a_producer_with_a_failed_record_is_no_good_even_after_the_abort(backend: Backend) -> None:
    topic = await backend.make_topic(max_message_bytes=2000)
    async with started_producer(backend.process("p"), backend.name("task")) as producer:
        await producer.begin()
        with pytest.raises(SendFailed):
            await write(producer, [NewRecord(topic, b"x" * 5000, partition=0)])
        await producer.abort()
        with pytest.raises((SendFailed, ProducerBroken)):
            await commit_records(producer, values(topic, "refused"))
    assert not await backend.read_committed(topic)


async def test_a_commit_waits_for_records_and_tells_of_one_that_failed(backend: Backend) -> None:
    topic, group = await backend.make_topic(max_message_bytes=2000), backend.name("group")
    log, partition = backend.process("p"), Partition(topic, 0)
    async with started_producer(log, backend.name("task")) as producer:
        await producer.begin()
        await producer.send_offsets(group, {partition: Commit(1)})
        await producer.send([NewRecord(topic, b"x" * 5000, partition=0)])
        with pytest.raises(SendFailed):
            await producer.commit()
        await producer.abort()
    assert await log.committed(group, [partition]) == {}


async def test_a_second_begin_does_not_make_a_failed_record_forgotten(backend: Backend) -> None:
    topic = await backend.make_topic(max_message_bytes=2000)
    async with started_producer(backend.process("p"), backend.name("task")) as producer:
        await producer.begin()
        with pytest.raises(SendFailed):
            await write(producer, [NewRecord(topic, b"x" * 5000, partition=0)])
        with pytest.raises(ProducerBroken):
            await producer.begin()
        with pytest.raises(SendFailed):
            await producer.commit()


async def test_after_the_abort_a_failed_record_is_no_longer_told_of(backend: Backend) -> None:
    topic = await backend.make_topic(max_message_bytes=2000)
    async with started_producer(backend.process("p"), backend.name("task")) as producer:
        await producer.begin()
        with pytest.raises(SendFailed):
            await write(producer, [NewRecord(topic, b"x" * 5000, partition=0)])
        await producer.abort()
        with pytest.raises(ProducerBroken):
            await producer.commit()
        producer.abandon()
        with pytest.raises(ProducerBroken):
            await producer.commit()


@pytest.mark.parametrize("found_by", ["a record", "an offset"])
async def test_that_it_was_fenced_says_more_than_that_a_record_failed(backend: Backend, found_by: str) -> None:
    topic, transactional_id = await backend.make_topic(max_message_bytes=2000), backend.name("task")
    log = backend.process("p")
    async with started_producer(log, transactional_id) as old:
        await old.begin()
        with pytest.raises(SendFailed):
            await write(old, [NewRecord(topic, b"x" * 5000, partition=0)])
        async with started_producer(log, transactional_id):
            if found_by == "a record":
                await old.send([NewRecord(await backend.make_topic(), b"x", partition=0)])
            else:
                with pytest.raises(ProducerFenced):
                    await old.send_offsets(backend.name("group"), {Partition(topic, 0): Commit(1)})
            with pytest.raises(ProducerFenced):
                await old.commit()


async def test_nothing_can_be_sent_outside_a_transaction(backend: Backend) -> None:
    topic = await backend.make_topic()
    async with started_producer(backend.process("p"), backend.name("task")) as producer:
        with pytest.raises(ProducerBroken):
            await write(producer, values(topic, "x"))
