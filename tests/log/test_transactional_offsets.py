"""Offsets in transactions: when they become a group's places, with their metadata, and when they never do."""

import pytest

from headchef.runtime.log.port import Commit, Partition
from tests.support.backends import Backend
from tests.support.eventually import eventually_async
from tests.support.log_client import started_producer, values, write


async def test_offsets_and_their_metadata_wait_for_the_commit(backend: Backend) -> None:
    topic, group = await backend.make_topic(2), backend.name("group")
    log, partitions = backend.process("p"), [Partition(topic, 0), Partition(topic, 1)]
    async with started_producer(log, backend.name("task")) as producer:
        await producer.begin()
        await write(producer, values(topic, "a"))
        await producer.send_offsets(group, {partitions[0]: Commit(5, "seen: 7 9")})
        assert await log.committed(group, partitions) == {}
        await producer.commit()

        async def committed() -> bool:
            return await log.committed(group, partitions) == {partitions[0]: Commit(5, "seen: 7 9")}

        await eventually_async(committed)


async def test_an_abort_voids_offsets_too(backend: Backend) -> None:
    topic, group = await backend.make_topic(), backend.name("group")
    log, partition = backend.process("p"), Partition(topic, 0)
    transactional_id = backend.name("task")
    async with started_producer(log, transactional_id) as producer:
        await producer.begin()
        await producer.send_offsets(group, {partition: Commit(5)})
        await producer.abort()
        await producer.begin()
        await producer.send_offsets(group, {partition: Commit(3, "m")})
        await producer.commit()
    async with started_producer(log, transactional_id):
        assert await log.committed(group, [partition]) == {partition: Commit(3, "m")}


async def test_metadata_is_taken_up_to_four_thousand_characters(backend: Backend) -> None:
    topic, group = await backend.make_topic(), backend.name("group")
    log, partition = backend.process("p"), Partition(topic, 0)
    transactional_id = backend.name("task")
    async with started_producer(log, transactional_id) as producer:
        await producer.begin()
        with pytest.raises(ValueError, match="4000"):
            await producer.send_offsets(group, {partition: Commit(1, "x" * 4001)})
        await producer.send_offsets(group, {partition: Commit(1, "x" * 4000)})
        await producer.commit()
    async with started_producer(log, transactional_id):
        assert await log.committed(group, [partition]) == {partition: Commit(1, "x" * 4000)}


async def test_offsets_of_a_group_without_members_can_be_lost(backend: Backend) -> None:
    topic, group = await backend.make_topic(), backend.name("group")
    log, partition = backend.process("p"), Partition(topic, 0)
    transactional_id = backend.name("task")
    async with started_producer(log, transactional_id) as producer:
        await producer.begin()
        await producer.send_offsets(group, {partition: Commit(3)})
        await producer.commit()
    async with started_producer(log, transactional_id):
        assert await log.committed(group, [partition]) == {partition: Commit(3)}
        await backend.delete_group_offsets(group)
        assert await log.committed(group, [partition]) == {}


async def test_deleting_a_groups_offsets_takes_them_out_of_open_transactions_too(backend: Backend) -> None:
    topic, group, log = await backend.make_topic(2), backend.name("group"), backend.process("p")
    partitions, ids = [Partition(topic, 0), Partition(topic, 1)], [backend.name("task"), backend.name("task")]
    async with started_producer(log, ids[0]) as first, started_producer(log, ids[1]) as second:
        for producer, partition in zip((first, second), partitions, strict=True):
            await producer.begin()
            await producer.send_offsets(group, {partition: Commit(3)})
        await first.commit()

        async def placed() -> bool:
            return await log.committed(group, partitions) == {partitions[0]: Commit(3)}

        await eventually_async(placed)
        await backend.delete_group_offsets(group)
        await second.commit()
    async with started_producer(log, ids[1]):
        assert await log.committed(group, partitions) == {}


async def test_a_transaction_has_offsets_of_one_group(backend: Backend) -> None:
    topic, first, second = await backend.make_topic(), backend.name("group"), backend.name("group")
    log, partition = backend.process("p"), Partition(topic, 0)
    transactional_id = backend.name("task")
    async with started_producer(log, transactional_id) as producer:
        await producer.begin()
        await producer.send_offsets(first, {partition: Commit(1)})
        with pytest.raises(ValueError, match="one group"):
            await producer.send_offsets(second, {partition: Commit(2)})
        await producer.commit()
        await producer.begin()
        await producer.send_offsets(second, {partition: Commit(2)})
        await producer.commit()
    async with started_producer(log, transactional_id):
        assert await log.committed(first, [partition]) == {partition: Commit(1)}
        assert await log.committed(second, [partition]) == {partition: Commit(2)}


async def test_of_two_transactions_the_offsets_that_were_sent_last_stay(backend: Backend) -> None:
    topic, group, log = await backend.make_topic(), backend.name("group"), backend.process("p")
    ids, partition = [backend.name("task"), backend.name("task")], Partition(topic, 0)
    async with started_producer(log, ids[0]) as earlier, started_producer(log, ids[1]) as later:
        for producer, offset in ((earlier, 1), (later, 2)):
            await producer.begin()
            await producer.send_offsets(group, {partition: Commit(offset)})
        await later.commit()
        await earlier.commit()
    async with started_producer(log, ids[0]), started_producer(log, ids[1]):
        assert await log.committed(group, [partition]) == {partition: Commit(2)}
