"""Who may write under a transactional id: a second owner, a time-out, a late zombie; each followed by progress."""

import gc

import pytest

from headchef.runtime.errors import ProducerBroken, ProducerFenced
from headchef.runtime.log.port import Commit, Partition
from tests.support.backends import Backend
from tests.support.eventually import eventually_async
from tests.support.log_client import bodies, commit_records, read_to_end, started_producer, values, write
from tests.support.unseen_errors import collect_unseen

DEAD = (ProducerFenced, ProducerBroken)
TIMED_OUT_S = 5.0
"""Of a transaction that is to end by time, and not before a busy machine has begun it."""


async def test_a_second_owner_fences_the_first_and_aborts_its_transaction(backend: Backend) -> None:
    topic, transactional_id = await backend.make_topic(), backend.name("task")
    old_log, new_log, partition = backend.process("old"), backend.process("new"), Partition(topic, 0)
    async with started_producer(old_log, transactional_id) as old:
        await old.begin()
        await write(old, values(topic, "void"))
        async with started_producer(new_log, transactional_id) as new:
            with pytest.raises(ProducerFenced):
                await old.commit()
            await commit_records(new, values(topic, "kept"))
            reader = await new_log.reader("r")
            await reader.assign({partition: 0})
            assert bodies(await read_to_end(reader, partition)) == ["kept"]


async def test_a_fenced_producer_writes_nothing_more(backend: Backend) -> None:
    topic, transactional_id = await backend.make_topic(), backend.name("task")
    log = backend.process("p")
    async with started_producer(log, transactional_id) as old, started_producer(log, transactional_id) as new:
        await old.begin()
        with pytest.raises(ProducerFenced):
            await write(old, values(topic, "void"))
        with pytest.raises(DEAD):
            await old.commit()
        with pytest.raises(DEAD):
            await old.begin()
        await commit_records(new, values(topic, "kept"))
    assert bodies(await eventually_async(lambda: backend.read_all(topic))) == ["kept"]


async def test_a_producer_that_was_fenced_amid_a_transaction_says_so_from_then_on(backend: Backend) -> None:
    topic, transactional_id = await backend.make_topic(), backend.name("task")
    log = backend.process("p")
    async with started_producer(log, transactional_id) as old:
        await old.begin()
        await write(old, values(topic, "void"))
        async with started_producer(log, transactional_id):
            with pytest.raises(ProducerFenced):
                await write(old, values(topic, "void"))
            with pytest.raises(ProducerFenced):
                await old.commit()
            with pytest.raises(ProducerFenced):
                await old.begin()


async def test_a_fenced_producer_that_is_dropped_is_only_a_dropped_one(backend: Backend) -> None:
    topic, transactional_id = await backend.make_topic(), backend.name("task")
    log = backend.process("p")
    olds = [log.producer("abandoned", transactional_id), log.producer("closed", transactional_id)]
    for old in olds:
        await old.start()
        await old.begin()
    async with started_producer(log, transactional_id):
        for old in olds:
            with pytest.raises(ProducerFenced):
                await write(old, values(topic, "void"))
    olds[0].abandon()
    await olds[1].close()
    for old in olds:
        with pytest.raises(ProducerBroken):
            await old.commit()


@pytest.mark.parametrize("what", ["records", "offsets"])
async def test_a_fenced_producer_that_is_dropped_leaves_no_error_behind(backend: Backend, what: str) -> None:
    topic, transactional_id, unseen = await backend.make_topic(), backend.name("task"), collect_unseen()
    log, other = backend.process("p"), backend.process("other")
    async with started_producer(log, transactional_id) as old, started_producer(other, transactional_id):
        await old.begin()
        places = {Partition(topic, 0): Commit(1)}
        with pytest.raises(ProducerFenced):
            await (write(old, values(topic, "void")) if what == "records" else old.send_offsets("group", places))
        old.abandon()
    del old
    await log.close()
    gc.collect()
    assert not unseen


async def test_a_late_zombie_cannot_commit_offsets(backend: Backend) -> None:
    topic, transactional_id, group = await backend.make_topic(), backend.name("task"), backend.name("group")
    log, partition = backend.process("p"), Partition(topic, 0)
    async with started_producer(log, transactional_id) as old:
        await old.begin()
        await old.send_offsets(group, {partition: Commit(7)})
        async with started_producer(log, transactional_id) as new:
            assert await log.committed(group, [partition]) == {}
            await new.begin()
            await new.send_offsets(group, {partition: Commit(2)})
            await new.commit()
            with pytest.raises(DEAD):
                await old.commit()
        async with started_producer(log, transactional_id):
            assert await log.committed(group, [partition]) == {partition: Commit(2)}


async def test_a_new_owner_sees_all_that_the_former_committed(backend: Backend) -> None:
    topic, transactional_id, group = await backend.make_topic(), backend.name("task"), backend.name("group")
    log, partition = backend.process("p"), Partition(topic, 0)
    for number in range(1, 6):
        async with started_producer(log, transactional_id) as producer:
            expected = {partition: Commit(number - 1)} if number > 1 else {}
            assert await log.committed(group, [partition]) == expected
            await producer.begin()
            await write(producer, values(topic, str(number)))
            await producer.send_offsets(group, {partition: Commit(number)})
            await producer.commit()


async def test_a_transaction_that_takes_too_long_is_aborted_and_its_producer_fenced(backend: Backend) -> None:
    topic, transactional_id = await backend.make_topic(), backend.name("task")
    log, partition = backend.process("p", transaction_timeout_s=TIMED_OUT_S), Partition(topic, 0)
    reader = await log.reader("r")
    await reader.assign({partition: 0})
    async with started_producer(log, transactional_id) as producer:
        await producer.begin()
        await write(producer, values(topic, "void"))

        async def aborted() -> bool:
            return (await reader.bounds([partition]))[partition][1] == 2

        await eventually_async(aborted)
        with pytest.raises(DEAD):
            await producer.commit()
    async with started_producer(backend.process("q"), transactional_id) as producer:
        await commit_records(producer, values(topic, "kept"))
    assert bodies(await read_to_end(reader, partition)) == ["kept"]


async def test_an_abandoned_transaction_ends_with_the_next_owner(backend: Backend) -> None:
    topic, transactional_id = await backend.make_topic(), backend.name("task")
    log, partition = backend.process("p"), Partition(topic, 0)
    first = log.producer("first", transactional_id)
    await first.start()
    await first.begin()
    await write(first, values(topic, "void"))
    first.abandon()
    with pytest.raises(DEAD):
        await first.begin()
    async with started_producer(log, transactional_id) as second:
        await commit_records(second, values(topic, "kept"))
    reader = await log.reader("r")
    await reader.assign({partition: 0})
    assert bodies(await read_to_end(reader, partition)) == ["kept"]


async def test_a_killed_owners_transaction_ends_by_its_timeout(backend: Backend) -> None:
    topic, transactional_id = await backend.make_topic(), backend.name("task")
    victim, witness = backend.process("victim", transaction_timeout_s=TIMED_OUT_S), backend.process("witness")
    partition = Partition(topic, 0)
    producer = victim.producer("test", transactional_id)
    await producer.start()
    await producer.begin()
    await write(producer, values(topic, "void"))
    await backend.kill(victim)
    reader = await witness.reader("r")
    await reader.assign({partition: 0})

    async def aborted() -> bool:
        return (await reader.bounds([partition]))[partition][1] == 2

    await eventually_async(aborted)
    assert await read_to_end(reader, partition) == []


async def test_two_transactional_ids_do_not_disturb_each_other(backend: Backend) -> None:
    topic, log = await backend.make_topic(), backend.process("p")
    first_id, second_id = backend.name("task"), backend.name("task")
    async with started_producer(log, first_id) as first, started_producer(log, second_id) as second:
        await first.begin()
        await write(first, values(topic, "a"))
        await commit_records(second, values(topic, "b"))
        await first.commit()

    async def both() -> bool:
        return sorted(bodies(await backend.read_committed(topic))) == ["a", "b"]

    await eventually_async(both)
