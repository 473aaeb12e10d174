"""Records in batches: which record is at fault when a batch is refused, how they spread, and who waits for whom."""

import asyncio
from collections.abc import Awaitable

import pytest
from aiokafka.consumer.fetcher import Fetcher

from headchef.runtime.errors import LogError, LogUnavailable, SendFailed
from headchef.runtime.log.port import NewRecord, Partition
from tests.support.backends import Backend
from tests.support.eventually import PATIENCE_S
from tests.support.log_client import bodies, publish, started_producer, take, values, write


async def failure(sent: Awaitable[object]) -> BaseException | None:
    try:
        await sent
    except LogError as error:
        return error
    return None


async def test_of_a_refused_batch_the_record_at_fault_is_found_by_sending_them_one_by_one(backend: Backend) -> None:
    topic, log = await backend.make_topic(compacted=True), backend.process("p")
    records = [NewRecord(topic, b"1", b"key"), NewRecord(topic, b"2", partition=0), NewRecord(topic, b"3", b"key")]
    async with started_producer(log) as producer:
        together = await asyncio.gather(*map(failure, await producer.send(records)))
    assert [type(each) for each in together] == [LogUnavailable] * 3
    async with started_producer(log) as producer:
        [first, second, _] = await asyncio.gather(*map(failure, await producer.send(records)))
    assert first is None
    assert isinstance(second, SendFailed)
    async with started_producer(log) as producer:
        await write(producer, [records[0], records[2]])


async def test_records_without_a_key_are_spread_evenly(backend: Backend) -> None:
    topic = await backend.make_topic(4)
    await publish(backend.process("p"), [NewRecord(topic, b"x") for _ in range(100)])
    found = await backend.read_committed(topic)
    assert [sum(each.partition == number for each in found) for number in range(4)] == [25, 25, 25, 25]


async def test_records_larger_than_a_batch_are_sent(backend: Backend) -> None:
    topic, log = await backend.make_topic(), backend.process("p")
    large = b"x" * 500_000
    await publish(log, [*values(topic, "a"), NewRecord(topic, large, partition=0), *values(topic, "b")])
    assert [each.value for each in await backend.read_committed(topic)] == [b"a", large, b"b"]


async def test_senders_at_the_same_time_share_batches_and_keep_their_order(backend: Backend) -> None:
    topic = await backend.make_topic()
    async with started_producer(backend.process("p")) as producer:
        await asyncio.gather(*(write(producer, values(topic, f"{each}a", f"{each}b")) for each in range(200)))
    found = bodies(await backend.read_committed(topic))
    assert len(found) == 400
    assert all(found.index(f"{each}a") < found.index(f"{each}b") for each in range(200))


async def test_a_partition_that_is_not_polled_does_not_hold_the_others_back(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    # For which the driver holds them back, unless it is told otherwise.
    defaults = Fetcher.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "prefetch_backoff", 2 * PATIENCE_S)
    topic, log = await backend.make_topic(2), backend.process("p")
    idle, busy = Partition(topic, 0), Partition(topic, 1)
    reader = await log.reader("r")
    await reader.assign({idle: 0, busy: 0})
    await publish(log, values(topic, "unread"))
    async with started_producer(log) as producer:
        for number in range(20):
            await write(producer, values(topic, str(number), partition=1))
            assert bodies(await take(reader, [busy], 1)) == [str(number)]
    assert bodies(await take(reader, [idle], 1)) == ["unread"]
