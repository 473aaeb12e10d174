"""A task's ledger: the newest entry is found from the end, past all that was aborted, and births without one."""

import json

import pytest

from headchef.runtime.errors import UnknownVersion
from headchef.runtime.ledger import Entry, Ledger, Told
from headchef.runtime.log.memory import MemoryLog
from headchef.runtime.log.port import Commit, NewRecord, Partition
from tests.support.log_client import commit_records, publish, started_producer, write
from tests.support.memory_backend import MemoryBackend

TASK, OTHER_TASK = Partition("tasks", 1), Partition("tasks", 0)
PLACES = {Partition("in", 1): Commit(7, "a map"), Partition("timers", 1): Commit(3)}
FIRST, SECOND = Entry(Commit(1, "7/0"), {Partition("in", 1): Commit(5)}), Entry(Commit(2, "7/0"), PLACES)


async def a_log() -> MemoryLog:
    """Make a log with the changelog."""
    backend = MemoryBackend()
    await backend.make_topic(2, name=TASK.topic, compacted=True)
    return backend.process("process")


def ledger(log: MemoryLog, partition: Partition = TASK) -> Ledger:
    """Give a task's ledger."""
    return Ledger(log, "reader", partition)


async def test_of_a_task_that_nobody_has_begun_it_tells_nothing() -> None:
    log = await a_log()
    await publish(log, [ledger(log, OTHER_TASK).entry(FIRST)])
    assert await ledger(log).read() == Told(None, frozenset())


async def test_before_the_first_entry_it_tells_what_was_begun() -> None:
    log = await a_log()
    own = ledger(log)
    await publish(log, [own.birth("in", "2026-11-26T00:00:00+00:00"), own.birth("other", "2026-11-26T00:00:00+00:00")])
    assert await own.read() == Told(None, frozenset({"in", "other"}))


async def test_the_newest_entry_tells_where_the_task_is_and_what_was_begun() -> None:
    log = await a_log()
    own = ledger(log)
    await publish(log, [own.birth("in", "2026-11-26T00:00:00+00:00"), own.entry(FIRST), own.entry(SECOND)])
    assert await own.read() == Told(SECOND, frozenset({"in", "timers"}))


@pytest.mark.parametrize("aborted", [0, 10, 100, 2_000])
async def test_what_was_aborted_since_is_passed_over(aborted: int) -> None:
    log = await a_log()
    own = ledger(log)
    async with started_producer(log, "task") as producer:
        await commit_records(producer, [own.entry(FIRST)])
        for _ in range(aborted):
            await producer.begin()
            await write(producer, [own.entry(SECOND)])
            await producer.abort()
    assert (await own.read()).entry == FIRST


async def test_an_entry_of_a_newer_program_is_refused() -> None:
    log = await a_log()
    record = ledger(log).entry(FIRST)
    newer = {**json.loads(record.value or b""), "v": 2}
    await publish(log, [NewRecord(record.topic, json.dumps(newer).encode(), record.key, record.partition)])
    with pytest.raises(UnknownVersion, match="version 2"):
        await ledger(log).read()
